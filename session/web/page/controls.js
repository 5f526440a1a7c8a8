// SPDX-License-Identifier: GPL-3.0-or-later
// Faders that send at most 20 times a second and do not fight with the feed; switches; meters.
"use strict";

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
  let touched = 0;
  const set = function (on) { button.setAttribute("aria-pressed", on ? "true" : "false"); };
  button.addEventListener("click", function () {
    const on = button.getAttribute("aria-pressed") !== "true";
    touched = Date.now();
    set(on);  // at once: a second press means the other way, however late the feed is
    say(address, args.concat([on]));
  });
  return { node: button, show: function (on) { if (Date.now() - touched > 800) { set(on); } } };
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
