// SPDX-License-Identifier: GPL-3.0-or-later
// The page: takes the feed, shows it, sends what is wanted. Whatever a file or a tag is called is text and never markup:
// nothing here but textContent puts words on the page.
"use strict";
(function () {

const $ = function (id) { return document.getElementById(id); };

function el(tag, attributes, children) {
  const node = document.createElement(tag);
  Object.keys(attributes || {}).forEach(function (name) {
    const value = attributes[name];
    if (name === "text") { node.textContent = value; }
    else if (name.slice(0, 2) === "on") { node.addEventListener(name.slice(2), value); }
    else if (value === true) { node.setAttribute(name, ""); }
    else if (value !== false && value !== null && value !== undefined) { node.setAttribute(name, value); }
  });
  (children || []).forEach(function (child) { node.appendChild(child); });
  return node;
}

function setText(node, text) { if (node.textContent !== text) { node.textContent = text; } }

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return Math.floor(whole / 60) + ":" + ("0" + whole % 60).slice(-2);
}

function timeOf(unix) { const d = new Date(unix * 1000); return ("0" + d.getHours()).slice(-2) + ":" + ("0" + d.getMinutes()).slice(-2); }

// ---- the feed, and what is sent

const state = { now: {}, decks: {}, desk: { strips: {} }, lamps: [], clients: [], set: {}, warnings: [], played: [], access: {} };
let socket = null, wait = 500, nextId = 1, trusted = false;
const open = new Map();

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
  if (done) { open.set(message.id, done); }
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
  $("token-section").hidden = on && !$("do-forget").dataset.keep;
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
      const done = open.get(message.re);
      open.delete(message.re);
      if (done) { done(message); }
      return;
    }
    Object.keys(message).forEach(function (name) { state[name] = message[name]; });
    Object.keys(message).forEach(function (name) { if (show[name]) { show[name](); } });
  };
  socket.onclose = function () {
    setTrusted(false);
    open.forEach(function (done) { done({ ok: false, error: "the connection was lost" }); });
    open.clear();
    $("banner").hidden = false;
    setText($("banner"), "Not connected: what you see is old. Trying again.");
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 5000);
  };
}

// ---- drawing

function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

function sized(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const brush = canvas.getContext("2d");
  brush.setTransform(ratio, 0, 0, ratio, 0, 0);
  brush.clearRect(0, 0, canvas.clientWidth, canvas.clientHeight);
  return brush;
}

const tracks = {};  // by deck: what /track.json said of its present path
const shades = ["#4cc9f022", "#ffd16622", "#3ddc8422", "#ff6b6b22", "#b197fc22"];

function fetchTrack(deck) {
  const facts = state.decks[deck];
  const known = tracks[deck];
  if (!facts || !facts.path || (known && known.path === facts.path && known.drawn === facts.drawn)) { return; }
  tracks[deck] = { path: facts.path, drawn: facts.drawn, waveform: [], segments: [] };
  fetch("/track.json?deck=" + encodeURIComponent(deck)).then(function (answer) { return answer.ok ? answer.json() : null; })
    .then(function (track) {
      if (track && tracks[deck] && tracks[deck].path === facts.path) {
        tracks[deck].waveform = track.waveform; tracks[deck].segments = track.segments;
      }
    }).catch(function () {});
}

function drawWave(canvas, deck) {
  const brush = sized(canvas), width = canvas.clientWidth, height = canvas.clientHeight;
  const facts = state.decks[deck], now = (state.now.decks || {})[deck], track = tracks[deck];
  if (!facts || !now || !facts.length) { return; }
  const at = width * Math.min(1, now.position / facts.length);
  const labels = height > 60;
  const kinds = [];
  ((track && track.segments) || []).forEach(function (segment) {
    let kind = kinds.indexOf(segment[2]);
    if (kind < 0) { kind = kinds.push(segment[2]) - 1; }
    const x = width * segment[0] / facts.length;
    brush.fillStyle = shades[kind % shades.length];
    brush.fillRect(x, 0, width * (segment[1] - segment[0]) / facts.length, height);
    if (labels) {
      brush.fillStyle = colour("--soft"); brush.font = "11px system-ui, sans-serif";
      brush.fillText(segment[2], x + 3, 11, Math.max(8, width * (segment[1] - segment[0]) / facts.length - 4));
    }
  });
  const peaks = (track && track.waveform) || [];
  const middle = labels ? height / 2 + 6 : height / 2, most = labels ? height / 2 - 8 : height / 2 - 3;
  const gone = colour("--line"), ahead = colour("--main");
  for (let i = 0; i < peaks.length; i++) {
    const x = width * i / peaks.length, tall = Math.max(1, most * peaks[i] / 255);
    brush.fillStyle = x < at ? gone : ahead;
    brush.fillRect(x, middle - tall, Math.max(1, width / peaks.length - .4), 2 * tall);
  }
  if (!peaks.length) { brush.fillStyle = ahead; brush.fillRect(0, height - 6, at, 6); }
  brush.fillStyle = colour("--text");
  brush.fillRect(Math.max(0, at - 1), 0, 2, height);
}

let past = [];

function fetchHistory() {
  fetch("/history.json").then(function (answer) { return answer.json(); }).then(function (document) {
    past = document.points;
    drawHistory();
  }).catch(function () {});
}

function remember() {
  const tempo = state.now.tempo, at = Date.now() / 1000;
  if (!tempo || (past.length && at - past[past.length - 1][0] < 1)) { return; }
  past.push([at, tempo.bpm, tempo.target, tempo.movement, {}]);
  while (past.length && past[0][0] < at - 900) { past.shift(); }
  drawHistory();
}

function drawHistory() {
  const canvas = $("history"), brush = sized(canvas), width = canvas.clientWidth, height = canvas.clientHeight;
  if (!past.length) { return; }
  const end = past[past.length - 1][0], begin = end - 900;
  let low = 1000, high = 0;
  past.forEach(function (p) { low = Math.min(low, p[1], p[2]); high = Math.max(high, p[1], p[2]); });
  low = Math.floor(low - 2); high = Math.ceil(high + 2);
  const x = function (p) { return 30 + (width - 34) * (p[0] - begin) / 900; };
  const y = function (bpm) { return 6 + (height - 20) * (high - bpm) / (high - low); };
  brush.font = "11px system-ui, sans-serif";
  brush.fillStyle = colour("--soft");
  brush.strokeStyle = colour("--line");
  brush.lineWidth = 1;
  const step = high - low > 24 ? 10 : 5;
  for (let bpm = Math.ceil(low / step) * step; bpm <= high; bpm += step) {
    brush.fillText(String(bpm), 2, y(bpm) + 4);
    brush.beginPath(); brush.moveTo(28, y(bpm)); brush.lineTo(width, y(bpm)); brush.stroke();
  }
  [15, 10, 5].forEach(function (minutes) { brush.fillText("−" + minutes + " min", x([end - minutes * 60]) + 2, height - 3); });
  const line = function (value, ink, thick, dash) {
    brush.strokeStyle = ink; brush.lineWidth = thick; brush.setLineDash(dash); brush.beginPath();
    past.forEach(function (p, i) {
      if (i && p[0] - past[i - 1][0] < 10) { brush.lineTo(x(p), value(p)); } else { brush.moveTo(x(p), value(p)); }
    });
    brush.stroke(); brush.setLineDash([]);
  };
  const moved = function (movement) { return height - 14 - (height - 20) * Math.min(1, movement); };
  const names = {};
  past.forEach(function (p) { Object.keys(p[4] || {}).forEach(function (zone) { names[zone] = true; }); });
  Object.keys(names).slice(0, 6).forEach(function (zone) {
    line(function (p) { return moved((p[4] || {})[zone] || 0); }, colour("--second") + "66", 1, []);
  });
  setText($("zones"), Object.keys(names).length > 1 ? "zones: " + Object.keys(names).slice(0, 6).join(", ") : "");
  line(function (p) { return moved(p[3]); }, colour("--second"), 1.5, []);
  line(function (p) { return y(p[2]); }, colour("--soft"), 1.5, [4, 4]);
  line(function (p) { return y(p[1]); }, colour("--main"), 2.5, []);
}

// ---- sliders that send at most 20 times a second and do not fight with the feed

function slider(options) {
  const output = el("output", {});
  const input = el("input", { type: "range", min: 0, max: options.steps, step: 1, "aria-label": options.label, "data-address": options.address, "data-key": options.key });
  let touched = 0, sent = 0, timer = 0;
  const shown = function () {
    const text = options.words(options.value(Number(input.value)));
    setText(output, text);
    input.setAttribute("aria-valuetext", text);
    if (options.shown) { setText(options.shown, text); }
  };
  const push = function () {
    timer = 0; sent = Date.now();
    say(options.address, options.args.concat([options.value(Number(input.value))]));
  };
  input.addEventListener("input", function () {
    touched = Date.now();
    shown();
    if (!timer) { timer = setTimeout(push, Math.max(0, 50 - (Date.now() - sent))); }
  });
  input.addEventListener("dblclick", function () {
    input.value = options.position(options.rest); touched = Date.now(); shown(); push();
  });
  return {
    node: input, output: output,
    show: function (value) {
      if (typeof value !== "number" || Date.now() - touched < 800) { return; }
      const position = String(Math.round(options.position(value)));
      if (input.value !== position || !output.textContent) { input.value = position; shown(); }
    }
  };
}

// -60 dB to +12 dB along the way, silence at its end.
const fader = {
  value: function (p) { return p <= 0 ? 0 : Math.min(4, Math.round(Math.pow(10, (-60 + 72 * p / 720) / 20) * 1e5) / 1e5); },
  position: function (gain) { return gain <= 0.001 ? 0 : Math.max(0, Math.min(720, (20 * Math.log10(gain) + 60) * 10)); },
  words: function (gain) { return gain <= 0 ? "−∞ dB" : (20 * Math.log10(gain)).toFixed(1).replace("-", "−") + " dB"; }
};
const plain = function (steps, low, high, words) {
  return {
    value: function (p) { return Math.round((low + (high - low) * p / steps) * 1e4) / 1e4; },
    position: function (value) { return steps * (value - low) / (high - low); },
    words: words
  };
};
const percent = plain(100, 0, 100, function (v) { return Math.round(v) + " %"; });
const panning = plain(40, -1, 1, function (v) { return Math.abs(v) < .02 ? "middle" : Math.round(Math.abs(v) * 100) + (v < 0 ? " left" : " right"); });
const share = plain(100, 0, 1, function (v) { return Math.round(v * 100) + " %"; });

function make(scale, steps, rest, label, address, args, key, shown) {
  return slider({ steps: steps, rest: rest, label: label, address: address, args: args, key: key, shown: shown,
                  value: scale.value, position: scale.position, words: scale.words });
}

function control(name, made) {
  return el("div", { "class": "control" }, [el("span", { text: name }), made.node, made.output]);
}

function toggle(text, label, address, args, css) {
  const button = el("button", { type: "button", text: text, "aria-label": label, "aria-pressed": "false", "class": css || null, "data-address": address });
  button.addEventListener("click", function () {
    const on = button.getAttribute("aria-pressed") !== "true";
    say(address, args.concat([on]));
  });
  return { node: button, show: function (on) { button.setAttribute("aria-pressed", on ? "true" : "false"); } };
}

function meter(label) {
  const left = el("i", {}), right = el("i", {}), clip = el("span", { "class": "clip" });
  const node = el("div", { "class": "meter", role: "meter", "aria-label": label, "aria-valuemin": -60, "aria-valuemax": 0 }, [left, right, clip]);
  let clips = null, lit = 0;
  const width = function (bar, db) {
    const hidden = "inset(0 " + (100 - Math.max(0, Math.min(100, (db + 60) / 60 * 100))).toFixed(1) + "% 0 0)";
    bar.style.clipPath = hidden; bar.style.webkitClipPath = hidden;
  };
  return { node: node, show: function (values) {
    width(left, values[0]); width(right, values[1]);
    node.setAttribute("aria-valuenow", Math.max(-60, Math.round(Math.max(values[0], values[1]))));
    if (clips !== null && values[4] > clips) { lit = Date.now(); }
    clips = values[4];
    clip.classList.toggle("lit", Date.now() - lit < 1500);
  } };
}

// ---- what is shown of each section of the feed

const strips = {};
let order = "", master = null;

function buildStrip(name) {
  const db = el("span", { "class": "db" });
  const parts = {
    meter: meter("Level of " + name),
    gain: make(fader, 720, 1, "Fader of " + name, "/mixer/gain", [name], "gain", db),
    low: make(percent, 100, 50, "Low of " + name, "/mixer/eq", [name, "low"], "low"),
    mid: make(percent, 100, 50, "Mid of " + name, "/mixer/eq", [name, "mid"], "mid"),
    high: make(percent, 100, 50, "High of " + name, "/mixer/eq", [name, "high"], "high"),
    trim: make(fader, 720, 1, "Trim of " + name, "/mixer/trim", [name], "trim"),
    pan: make(panning, 40, 0, "Pan of " + name, "/mixer/pan", [name], "pan"),
    mute: toggle("Mute", "Mute " + name, "/mixer/mute", [name], "mute"),
    pfl: toggle("PFL", "Listen to " + name + " in the phones", "/mixer/pfl", [name]),
    solo: toggle("Solo", "Solo " + name, "/mixer/solo", [name])
  };
  const pan = control("Pan", parts.pan);
  const first = state.desk.strips[name] || {};
  pan.hidden = first.pan === undefined;
  parts.solo.node.hidden = first.solo === undefined;
  const node = el("div", { "class": "strip needs-token", "data-strip": name, role: "group", "aria-label": "Strip " + name }, [
    el("h3", { text: name }), el("div", { "class": "fader" }, [parts.gain.node, parts.gain.output]), db,
    parts.meter.node,
    control("High", parts.high), control("Mid", parts.mid), control("Low", parts.low),
    el("details", {}, [el("summary", { text: "More" }), control("Trim", parts.trim), pan]),
    el("div", { "class": "switches" }, [parts.pfl.node, parts.mute.node, parts.solo.node])
  ]);
  node.querySelector(".switches").style.gridColumn = "1 / -1";
  return { node: node, parts: parts };
}

const show = {};

show.desk = function () {
  const desk = state.desk, names = desk.order || [];
  if (names.join() !== order) {
    order = names.join();
    $("strips").textContent = "";
    names.forEach(function (name) { strips[name] = buildStrip(name); $("strips").appendChild(strips[name].node); });
    if (!master && names.length) { addMaster(); }
    setTrusted(trusted);
  }
  names.forEach(function (name) {
    const values = desk.strips[name] || {}, parts = strips[name].parts;
    ["gain", "trim", "low", "mid", "high", "pan"].forEach(function (key) { parts[key].show(values[key]); });
    parts.mute.show(values.mute > .5); parts.pfl.show(values.pfl > .5); parts.solo.show(values.solo > .5);
  });
  if (master) {
    master.master.show(desk.master); master.phones.show(desk.phones); master.cue_mix.show(desk.cue_mix);
    master.limiter.show(desk.limiter > .5);
  }
  setText($("recording"), desk.recording ? "recording into " + desk.recording : "not recording");
  setText($("streaming"), desk.streaming ? "streaming to " + desk.streaming : "not streaming");
};

function addMaster() {
  const db = el("span", { "class": "db" });
  master = {
    meter: meter("Level of the master"),
    master: make(fader, 720, 1, "Master fader", "/mixer/master", [], "master", db),
    phones: make(fader, 720, 1, "Phones level", "/mixer/phones", [], "phones"),
    cue_mix: slider({ steps: 100, rest: 0, label: "Phones, from PFL to master", address: "/mixer/phones", key: "cue_mix",
                      get args() { return [state.desk.phones]; }, value: share.value, position: share.position, words: share.words }),
    limiter: toggle("Limiter", "Limiter", "/mixer/limiter", []),
    lufs: el("b", { text: "–" })
  };
  const box = $("master");
  box.classList.add("needs-token");
  [el("h3", { text: "Main" }), el("div", { "class": "fader" }, [master.master.node, master.master.output]), db, master.meter.node,
   control("Phones", master.phones), control("Cue mix", master.cue_mix),
   el("div", { "class": "switches" }, [master.limiter.node]),
   el("p", { "class": "facts" }, [master.lufs, document.createTextNode(" LUFS")])].forEach(function (node) { box.appendChild(node); });
}

show.now = function () {
  const now = state.now, tempo = now.tempo, meters = now.meters || {};
  if (tempo) {
    setText($("bpm"), tempo.bpm.toFixed(1));
    setText($("target"), tempo.target.toFixed(1));
    setText($("movement"), (tempo.movement * 100).toFixed(1) + " %");
    setText($("mode"), { follow: "crowd leads", hold: "held", manual: "by hand", stale: "no movement heard" }[tempo.mode] || tempo.mode);
    $("do-hold").setAttribute("aria-pressed", tempo.mode === "hold" ? "true" : "false");
    $("movement-bar").style.transform = "scaleX(" + Math.min(1, tempo.movement) + ")";
    remember();
  }
  Object.keys(strips).forEach(function (name) { if (meters[name]) { strips[name].parts.meter.show(meters[name]); } });
  if (master && meters.master) { master.meter.show(meters.master); setText(master.lufs, now.lufs > -119 ? now.lufs.toFixed(1) : "−∞"); }
  showPlaying();
  showDecks();
};

function showPlaying() {
  const leading = state.set.current, facts = state.decks[leading], now = (state.now.decks || {})[leading];
  setText($("now-title"), facts ? facts.title || facts.name || "untitled" : "nothing");
  setText($("now-artist"), facts ? facts.artist : "");
  [["now-deck", facts ? leading : ""], ["now-key", facts ? facts.key : ""], ["now-bpm", facts && facts.bpm ? facts.bpm + " BPM" : ""]]
    .forEach(function (chip) { $(chip[0]).hidden = !chip[1]; setText($(chip[0]), chip[1] || ""); });
  if (facts && now) {
    setText($("now-position"), clock(now.position) + " of " + clock(facts.length));
    setText($("now-left"), "−" + clock((facts.length - now.position) / (now.rate || 1)) + " left");
  } else { setText($("now-position"), "0:00"); setText($("now-left"), ""); }
  drawWave($("now-wave"), leading);
  const next = state.set.next_track || state.decks[state.set.next];
  setText($("next"), next && next.name ? "Next: " + next.name + (state.now.next_in !== undefined ? ", in " + clock(state.now.next_in) : "") : "");
}

show.set = function () {
  $("do-next").hidden = !state.set.runs; $("do-stop-set").hidden = !state.set.runs;
  showPlaying();
};

const cards = {};

function buildDeck(name) {
  const parts = { state: el("span", { "class": "chip" }), title: el("p", { "class": "name" }), wave: el("canvas", { "class": "wave", height: 44, role: "img", "aria-label": "Waveform of " + name }), time: el("span", { "class": "facts" }) };
  const letter = /^deck-.$/.test(name) ? name.slice(5) : name;
  const button = function (text, address, args) {
    return el("button", { type: "button", text: text, "aria-label": text + " " + name, "data-address": address, onclick: function () { say(address, args || []); } });
  };
  const back = el("button", { type: "button", text: "⟲ beat", "aria-label": "Push " + name + " back by 10 ms", onclick: function () { say("/deck/" + letter + "/nudge", [-10]); } });
  const on = el("button", { type: "button", text: "beat ⟳", "aria-label": "Push " + name + " on by 10 ms", onclick: function () { say("/deck/" + letter + "/nudge", [10]); } });
  const node = el("div", { "class": "deck needs-token", "data-deck": name }, [
    el("div", { "class": "head" }, [el("b", { text: letter }), parts.state, parts.time]), parts.title, parts.wave,
    el("div", { "class": "buttons" }, [button("Start", "/deck/" + letter + "/start"), button("Stop", "/deck/" + letter + "/stop"), back, on])
  ]);
  return { node: node, parts: parts };
}

function showDecks() {
  const names = Object.keys(state.decks).sort();
  let changed = false;
  Object.keys(cards).forEach(function (name) { if (names.indexOf(name) < 0) { cards[name].node.remove(); delete cards[name]; } });
  names.forEach(function (name) {
    if (!cards[name]) { cards[name] = buildDeck(name); $("decks").appendChild(cards[name].node); changed = true; }
    const facts = state.decks[name], now = (state.now.decks || {})[name] || {}, parts = cards[name].parts;
    setText(parts.state, now.state || "");
    parts.state.classList.toggle("good", now.state === "playing");
    setText(parts.title, facts.name || (facts.path ? facts.path : "no track"));
    setText(parts.time, facts.length ? clock(now.position) + " / " + clock(facts.length) : "");
    fetchTrack(name);
    drawWave(parts.wave, name);
  });
  if (changed) { setTrusted(trusted); }
}

show.lamps = function () {
  const list = $("lamps");
  list.textContent = "";
  state.lamps.forEach(function (lamp, i) {
    if (i === 0) {
      $("suite").dataset.colour = lamp.colour;
      setText($("suite"), lamp.text);
    }
    list.appendChild(el("li", { "class": "lamp", "data-colour": lamp.colour }, [el("b", { text: lamp.name }), el("span", { text: lamp.text })]));
  });
};

function showLog(list, entries, none, words) {
  list.textContent = "";
  if (!entries.length) { list.appendChild(el("li", { "class": "quiet", text: none })); }
  entries.forEach(function (entry) {
    list.appendChild(el("li", {}, [el("time", { text: timeOf(entry.at) }), el("span", { text: words(entry) })]));
  });
}

show.warnings = function () { showLog($("warnings"), state.warnings, "none", function (entry) { return entry.text; }); };
show.played = function () { showLog($("played"), state.played, "nothing yet", function (entry) { return entry.name + "  (" + entry.deck + ")"; }); };
show.access = function () {
  setText($("version"), state.access.version || "");
  if (state.access.read_only) { setText($("token-words"), "This page only shows: it was opened to the network without a token. Start it with --token-file to let viewers act."); $("token-form").hidden = true; }
};

show.clients = function () {
  const list = $("clients");
  const key = JSON.stringify(state.clients.map(function (c) { return [c.name, c.phase, c.answers, c.hangs, c.starts]; }));
  if (list.dataset.key === key) { return; }
  list.dataset.key = key;
  list.textContent = "";
  state.clients.forEach(function (client) {
    const words = client.hangs ? "hangs" : !client.answers ? "does not answer" : client.phase || "runs";
    const restart = el("button", { type: "button", text: "Restart", "aria-label": "Restart " + client.name, "data-client": client.name, onclick: function () {
      if (confirm("Restart " + client.name + "? What it plays is silent for a moment.")) { send({ restart: client.name }, function (answer) { if (!answer.ok) { toast(answer.error); } }); }
    } });
    restart.hidden = !client.phase || client.phase === "foreign";
    list.appendChild(el("li", { "class": "needs-token" }, [
      el("span", { text: client.name + ": " + words + (client.starts > 1 ? ", started " + client.starts + " times" : "") }), restart]));
  });
  setTrusted(trusted);
};

// ---- what buttons do

function press(id, action) { $(id).addEventListener("click", action); }

press("do-next", function () { say("/setlist/next"); });
press("do-stop-set", function () { if (confirm("Fade out and end the set?")) { say("/setlist/stop"); } });
function tempoBy(step) { const tempo = state.now.tempo; if (tempo) { say("/tempo/set", [Math.round((tempo.target + step) * 10) / 10, 2]); } }
press("do-slower", function () { tempoBy(-1); });
press("do-faster", function () { tempoBy(1); });
press("do-tap", function () { say("/tempo/tap"); });
press("do-hold", function () { say("/tempo/hold", [$("do-hold").getAttribute("aria-pressed") !== "true"]); });
press("do-crowd", function () { say("/tempo/hold", [false]); });
press("do-record-stop", function () { say("/mixer/record/stop"); });
press("do-stream-stop", function () { say("/mixer/stream/stop"); });

function onSubmit(id, action) { $(id).addEventListener("submit", function (event) { event.preventDefault(); action(); }); }

onSubmit("record-form", function () { say("/mixer/record/start", [$("record-path").value || newName()]); $("record-path").value = newName(); });
onSubmit("stream-form", function () { say("/mixer/stream/start", [$("stream-url").value]); $("stream-url").value = ""; });
onSubmit("set-form", function () { say("/setlist/start", [$("set-path").value]); });
onSubmit("token-form", function () { tryToken($("token").value.trim(), true); $("token").value = ""; });
press("do-forget", function () { localStorage.removeItem("crowdjack-token"); setTrusted(false); toast("The token is forgotten here."); });

function newName() {
  const d = new Date(), two = function (n) { return ("0" + n).slice(-2); };
  return "set-" + d.getFullYear() + two(d.getMonth() + 1) + two(d.getDate()) + "-" + two(d.getHours()) + two(d.getMinutes()) + two(d.getSeconds()) + ".flac";
}

function setTheme(name) { document.documentElement.dataset.theme = name; localStorage.setItem("crowdjack-theme", name); }
press("theme", function () { setTheme(document.documentElement.dataset.theme === "light" ? "dark" : "light"); drawHistory(); });
setTheme(localStorage.getItem("crowdjack-theme") || (window.matchMedia && matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark"));

// The token of the link goes from the address bar into this browser's memory.
const given = /^#token=([A-Za-z0-9_-]+)$/.exec(location.hash);
if (given) { localStorage.setItem("crowdjack-token", given[1]); history.replaceState(null, "", location.pathname); }

$("record-path").value = newName();
setTrusted(false);
connect();
window.addEventListener("resize", drawHistory);
window.crowdjack = { say: say, el: el, state: state };

})();
