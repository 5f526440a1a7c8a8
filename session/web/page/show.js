// SPDX-License-Identifier: GPL-3.0-or-later
// What is shown of each section of the feed.
"use strict";

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
  ["do-next", "do-pause", "do-stop-set"].forEach(function (id) { $(id).hidden = !state.set.runs; });
  $("do-pause").setAttribute("aria-pressed", state.set.pause_after ? "true" : "false");
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
