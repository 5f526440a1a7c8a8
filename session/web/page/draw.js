// SPDX-License-Identifier: GPL-3.0-or-later
// Waveforms and the tempo's last quarter of an hour.
"use strict";

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
