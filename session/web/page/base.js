// SPDX-License-Identifier: GPL-3.0-or-later
// Small helpers. Whatever a file or a tag is called is text and never markup: nothing on this page but textContent puts
// words on it.
"use strict";

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
