// SPDX-License-Identifier: GPL-3.0-or-later
// Every address of the suite, from its OSCQuery tree: to search, to ask, to try.
"use strict";
(function () {

const el = window.crowdjack.el, say = window.crowdjack.say;
const box = document.getElementById("try"), list = document.getElementById("try-list");
const search = document.getElementById("try-search"), count = document.getElementById("try-count");
const most = 40;
let nodes = [];

function collect(node) {
  if (node.ACCESS) { nodes.push(node); }
  Object.keys(node.CONTENTS || {}).forEach(function (name) { collect(node.CONTENTS[name]); });
}

function rangeWords(range) {
  if (!range) { return ""; }
  return range.VALS ? range.VALS.join(" | ") : range.MIN + " … " + range.MAX;
}

// As it is typed: a number, true or false where the address wants one, else a text.
function typed(text, type) {
  if (type === "s") { return text; }
  if (/^(true|T)$/.test(text)) { return true; }
  if (/^(false|F)$/.test(text)) { return false; }
  const number = Number(text.replace(",", "."));
  return text.trim() !== "" && !isNaN(number) ? number : text;
}

function entry(node) {
  const output = el("output", {});
  const tell = function (answer) {
    output.classList.toggle("wrong", !answer.ok);
    output.textContent = answer.ok ? (answer.values && answer.values.length ? answer.values.join("  ") : "done") : answer.error;
  };
  const types = node.RANGE ? node.TYPE : "";
  const fields = (node.RANGE || []).map(function (range, i) {
    const unit = (node.UNIT || [])[i] || "";
    return el("input", { "aria-label": node.FULL_PATH + " argument " + (i + 1), placeholder: (rangeWords(range) + " " + unit).trim() || "text",
                         value: node.VALUE && node.VALUE[i] !== undefined && node.VALUE[i] !== null ? node.VALUE[i] : null });
  });
  const buttons = [];
  if (node.ACCESS & 2) {
    buttons.push(el("button", { type: "button", text: "Send", "aria-label": "Send " + node.FULL_PATH, onclick: function () {
      const args = fields.map(function (field, i) { return typed(field.value, types[i]); });
      while (args.length && args[args.length - 1] === "") { args.pop(); }
      say(node.FULL_PATH, args, tell);
    } }));
  }
  if (node.ACCESS & 1 && node.VALUE !== undefined) {
    buttons.push(el("button", { type: "button", text: "Ask", "aria-label": "Ask " + node.FULL_PATH, onclick: function () { say(node.FULL_PATH, [], tell); } }));
  }
  return el("li", {}, [el("code", { text: node.FULL_PATH + (node.USAGE && node.USAGE !== "no arguments" ? "  " + node.USAGE : "") }),
                       el("p", { "class": "facts", text: node.DESCRIPTION || "" }),
                       el("div", { "class": "row" }, fields.concat(buttons)), output]);
}

function showFound() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = nodes.filter(function (node) {
    const text = (node.FULL_PATH + " " + (node.DESCRIPTION || "")).toLowerCase();
    return words.every(function (word) { return text.indexOf(word) >= 0; });
  });
  list.textContent = "";
  found.slice(0, most).forEach(function (node) { list.appendChild(entry(node)); });
  count.textContent = found.length + " of " + nodes.length + " addresses" + (found.length > most ? "; the first " + most + " are shown" : "");
}

function load() {
  fetch("/oscquery", { headers: { Accept: "application/json" } }).then(function (answer) { return answer.json(); }).then(function (tree) {
    nodes = [];
    collect(tree);
    showFound();
  }).catch(function () { count.textContent = "the addresses could not be loaded"; });
}

box.addEventListener("toggle", function () { if (box.open) { load(); } });
search.addEventListener("input", showFound);

})();
