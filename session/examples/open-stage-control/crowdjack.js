// SPDX-License-Identifier: GPL-3.0-or-later
// What Open Stage Control needs to show how crowdjack stands: its custom module, beside the layout crowdjack.json.
// Runs once in Open Stage Control's server, whatever the number of phones.
//
//     open-stage-control --load crowdjack.json --custom-module crowdjack.js --send 127.0.0.1:57120 --osc-port 9000
//
// A fader that another hand moves is no event of the suite. So the module asks mixer and decks twice a second and a moment
// after each touch. A widget under a finger keeps its place: Open Stage Control sees to that.
"use strict";

const askEvery = 500;           // ms
const askAfterTouch = 100;      // ms: a fader's ramp has ended
const subscribeEvery = 20000;   // ms: a subscription lasts 60 s
const sayFor = 10000;           // ms: how long a refusal stands
const parts = {gain: "gain", low: "eq/low", mid: "eq/mid", high: "eq/high", mute: "mute", pfl: "pfl"};

const door = String([].concat(settings.read("send") || "127.0.0.1:57120")[0]).split(":");
const decks = new Set();        // that have told their state
const shown = new Map();        // what each address was last shown
let touch = null, silence = null;

// Host and port one by one: given as one text, Open Stage Control adds an argument.
function tell(address) { send(door[0], Number(door[1]), address); }

// Both take names of widgets (name_A, said) or addresses of the suite.
function show(address, value) {
    shown.set(address, value);
    receive(address, value);
}

function showOnce(address, value) {
    if (shown.get(address) !== value) { show(address, value); }
}

function ask() {
    tell("/mixer/state");
    tell("/tempo/hold");
    tell("/tempo/state");
    decks.forEach(function (deck) { tell("/deck/" + deck + "/state"); });
}

// name value name value …: every strip's faders, EQ and switches; the master.
function showMixer(values) {
    for (let i = 0; i + 1 < values.length; i += 2) {
        const [strip, part] = String(values[i]).split(".");
        if (values[i] === "master") { show("/mixer/master", values[i + 1]); }
        if (parts[part]) { show("/mixer/" + strip + "/" + parts[part], values[i + 1]); }
    }
}

function showDeck(deck, state, path) {
    decks.add(deck);
    const file = String(path).split("/").pop();
    showOnce("/name_" + deck, deck + " " + state + (file ? "\n" + file : ""));
}

function sayRefusal(text) {
    show("/said", text);
    clearTimeout(silence);
    silence = setTimeout(function () { show("/said", ""); }, sayFor);
}

module.exports = {

    init: function () {
        tell("/subscribe");
        ask();
        setInterval(ask, askEvery);
        setInterval(function () { tell("/subscribe"); }, subscribeEvery);
        // A page that opens has seen nothing yet.
        app.on("sessionOpened", function () { shown.forEach(function (value, address) { receive(address, value); }); });
    },

    // What the suite says. What is shown here goes no further.
    oscInFilter: function (data) {
        const values = data.args.map(function (each) { return each.value; });
        const deck = /^\/deck\/([^/]+)\/state$/.exec(data.address);
        if (data.address === "/mixer/state") { showMixer(values); }
        else if (data.address === "/tempo/hold") { show("/tempo/hold", values[0] ? 1 : 0); }
        else if (data.address === "/tempo/state") { showOnce("/name_master", "Master\n" + values[0].toFixed(1) + " BPM"); }
        else if (deck) { showDeck(deck[1], values[0], values[1]); }
        else if (data.address === "/error") { sayRefusal(values[0] + ": " + values[2]); }
        else if (data.address !== "/reply") { return data; }
        return undefined;
    },

    oscOutFilter: function (data) {
        clearTimeout(touch);
        touch = setTimeout(ask, askAfterTouch);
        return data;
    }

};
