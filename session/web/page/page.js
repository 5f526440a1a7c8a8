// SPDX-License-Identifier: GPL-3.0-or-later
// What buttons do, and the beginning.
"use strict";

function press(id, action) { $(id).addEventListener("click", action); }

press("do-next", function () { say("/setlist/next"); });
press("do-pause", function () { say("/setlist/pause_after", [$("do-pause").getAttribute("aria-pressed") !== "true"]); });
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
function takeTokenOfLink() {
  const given = /^#token=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (given) {
    localStorage.setItem("crowdjack-token", given[1]);
    history.replaceState(null, "", location.pathname);
  }
  return given && given[1];
}

window.addEventListener("hashchange", function () {
  const token = takeTokenOfLink();
  if (token) { tryToken(token, true); }
});
takeTokenOfLink();

$("record-path").value = newName();
setTrusted(false);
connect();
window.addEventListener("resize", drawHistory);
window.crowdjack = { say: say, el: el, state: state };
