// SPDX-License-Identifier: GPL-3.0-or-later
// The feed of the suite, the token, and what is sent.
"use strict";

const state = { now: {}, decks: {}, desk: { strips: {} }, lamps: [], clients: [], set: {}, warnings: [], played: [], access: {} };
let socket = null, wait = 500, nextId = 1, trusted = false;
const pending = new Map();

function toast(text) {
  const node = $("toast");
  node.textContent = text;
  node.classList.add("shown");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(function () { node.classList.remove("shown"); }, 4000);
}

function send(message, done) {
  if (!socket || socket.readyState !== 1) { if (done) { done({ ok: false, error: "not connected" }); } return; }
  message.id = nextId++;
  if (done) { pending.set(message.id, done); }
  socket.send(JSON.stringify(message));
}

function say(address, args, done) {
  send({ say: address, args: args || [] }, function (answer) {
    if (done) { done(answer); }
    else if (!answer.ok) { toast(address + ": " + answer.error); }
  });
}

function setTrusted(on) {
  trusted = on;
  document.querySelectorAll(".needs-token button, .needs-token input").forEach(function (node) { node.disabled = !on; });
  setText($("may"), on ? "may act" : "only showing");
  $("may").classList.toggle("good", on);
}

function tryToken(token, say_so) {
  send({ token: token }, function (answer) {
    if (answer.ok) { localStorage.setItem("crowdjack-token", token); setTrusted(true); return; }
    localStorage.removeItem("crowdjack-token");
    setTrusted(false);
    if (say_so) { toast(answer.error); }
  });
}

function connect() {
  socket = new WebSocket("ws://" + location.host + "/ws");
  socket.onopen = function () {
    wait = 500;
    $("banner").hidden = true;
    const token = localStorage.getItem("crowdjack-token");
    if (token) { tryToken(token, true); }
    fetchHistory();
  };
  socket.onmessage = function (event) {
    const message = JSON.parse(event.data);
    if ("re" in message) {
      const done = pending.get(message.re);
      pending.delete(message.re);
      if (done) { done(message); }
      return;
    }
    Object.keys(message).forEach(function (name) { state[name] = message[name]; });
    Object.keys(message).forEach(function (name) { if (show[name]) { show[name](); } });
  };
  socket.onclose = function () {
    setTrusted(false);
    pending.forEach(function (done) { done({ ok: false, error: "the connection was lost" }); });
    pending.clear();
    $("banner").hidden = false;
    setText($("banner"), "Not connected: what you see is old. Trying again.");
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 5000);
  };
}
