#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page in a real browser: what it shows, and that each control does what it says."""
import json
import shutil
import sys

from web_tools import Browser, Room, ask, eventually, named, registry_entry, run, write_track

HOSTILE = [
    "<script>window.owned=1</script>",
    "<img src=x onerror=window.owned=1>",
    "<svg onload=window.owned=1>",
    "\"><script>window.owned=1</script>",
    "'><img src=x onerror='window.owned=1'>",
    "javascript:window.owned=1",
    "<iframe src=javascript:parent.owned=1>",
    "<body onload=window.owned=1>",
    "{{constructor.constructor('window.owned=1')()}}",
    "${window.owned=1}",
    "</title><script>window.owned=1</script>",
    "<a href=javascript:window.owned=1>press</a>",
    "<style>@import 'http://evil.example/x'</style>",
    "<base href=http://evil.example/>",
    "<meta http-equiv=refresh content=0;url=http://evil.example/>",
    "&lt;script&gt;window.owned=1&lt;/script&gt;",
    "<math><mtext><script>window.owned=1</script></mtext></math>",
    "\\u003cscript\\u003ewindow.owned=1\\u003c/script\\u003e",
    "--><script>window.owned=1</script><!--",
    "<input autofocus onfocus=window.owned=1>",
]


def near(came, wanted, tolerance):
    return came is not None and abs(came - wanted) <= tolerance


def strip_value(address, *selectors):
    answer = ask("mixer-bus", address, *selectors)
    return answer[1][len(selectors)] if answer and len(answer[1]) > len(selectors) else None


def state(name):
    return named("mixer-bus", "/mixer/state", name)


def shows_what_plays(room, browser):
    """the page shows what plays: title, artist and time left, from the file's tags"""
    eventually(lambda: browser.value("document.getElementById('now-title').textContent") == "Long Night", "the title")
    assert browser.value("document.getElementById('now-artist').textContent") == "Some Crew"
    eventually(lambda: browser.value("document.getElementById('now-left').textContent").startswith("−"), "time left")
    left = browser.value("document.getElementById('now-left').textContent")
    eventually(lambda: browser.value("document.getElementById('now-left').textContent") != left, "time going by")
    playing = room.json("/nowplaying.json")
    assert playing["playing"] and playing["title"] == "Long Night" and playing["artist"] == "Some Crew", playing


def looks_without_a_token(room, browser):
    """without the token everything can be seen and nothing moved"""
    eventually(lambda: browser.value("document.querySelectorAll('.strip[data-strip]').length") == 5, "five strips")
    assert browser.value("Array.from(document.querySelectorAll('.needs-token button, .needs-token input')).every(n => n.disabled)")
    # Not only the page: the server itself.
    answer = browser.value("new Promise(done => crowdjack.say('/mixer/gain', ['A', 0.1], done))")
    assert not answer["ok"] and "token" in answer["error"], answer
    assert near(strip_value("/mixer/gain", "A"), 1.0, 1e-6)


def takes_the_token_of_the_link(room, browser):
    """the link's token lets the page act, and leaves the address bar"""
    browser.call("Page.navigate", url=room.link)
    eventually(lambda: browser.value("document.readyState === 'complete' && document.getElementById('may').textContent") == "may act", "leave to act")
    assert "token" not in browser.value("location.href")


def every_fader_and_band(room, browser):
    """every fader, trim and band of every strip moves what it says"""
    eventually(lambda: browser.value("document.querySelectorAll('.strip[data-strip]').length") == 5, "five strips")
    for number, strip in enumerate(("A", "B", "C", "D", "mic")):
        box = f'[data-strip="{strip}"] '
        position = 300 + 40 * number
        gain = 10 ** ((-60 + 72 * position / 720) / 20)
        browser.slide(box + '[data-key="gain"]', position)
        browser.slide(box + '[data-key="trim"]', position + 10)
        for offset, band in enumerate(("low", "mid", "high")):
            browser.slide(box + f'[data-key="{band}"]', 10 + number + offset)
        eventually(lambda: near(strip_value("/mixer/gain", strip), gain, 1e-3), f"the fader of {strip}")
        trim = 10 ** ((-60 + 72 * (position + 10) / 720) / 20)
        eventually(lambda: near(strip_value("/mixer/trim", strip), trim, 1e-3), f"the trim of {strip}")
        for offset, band in enumerate(("low", "mid", "high")):
            eventually(lambda: near(state(f"{strip}.{band}"), 10 + number + offset, 0.1), f"{band} of {strip}")
    # And back, by the fader's double click.
    browser.value("document.querySelectorAll('[data-key=gain]').forEach(n => n.dispatchEvent(new Event('dblclick')))")
    eventually(lambda: near(strip_value("/mixer/gain", "mic"), 1.0, 1e-3), "the fader at 0 dB")


def every_switch(room, browser):
    """mute, PFL and limiter go on and off, and show it"""
    for strip in ("A", "mic"):
        for switch in ("mute", "pfl"):
            selector = f'[data-strip="{strip}"] [data-address="/mixer/{switch}"]'
            for on in (1.0, 0.0):
                browser.click(selector)
                eventually(lambda: state(f"{strip}.{switch}") == on, f"{switch} of {strip} {on}")
                pressed = "true" if on else "false"
                eventually(lambda: browser.value(f"document.querySelector({json.dumps(selector)}).getAttribute('aria-pressed')") == pressed, "the button's state")
    browser.click('[data-address="/mixer/limiter"]')
    eventually(lambda: state("limiter") == 0.0, "the limiter off")
    browser.click('[data-address="/mixer/limiter"]')
    eventually(lambda: state("limiter") == 1.0, "the limiter on")


def master_and_phones(room, browser):
    """master, phones and cue mix move"""
    browser.slide('#master [data-key="master"]', 500)
    eventually(lambda: near(state("master"), 10 ** (-10 / 20), 1e-3), "the master")
    browser.slide('#master [data-key="phones"]', 540)
    eventually(lambda: near(state("phones"), 10 ** (-6 / 20), 1e-3), "the phones")
    browser.value("new Promise(done => setTimeout(done, 300))")  # the feed brings the level that goes with the mix
    browser.slide('#master [data-key="cue_mix"]', 70)
    eventually(lambda: near(state("cue_mix"), 0.7, 1e-3), "the cue mix")
    assert near(state("phones"), 10 ** (-6 / 20), 2e-2)
    browser.slide('#master [data-key="master"]', 600)


def tempo_by_hand(room, browser):
    """faster, slower, hold, tap and giving the lead back"""
    def tempo():
        answer = ask("bpm-follower", "/tempo/state")
        return answer[1] if answer else [0, 0, 0, 0, ""]
    target = eventually(lambda: tempo()[1], "a tempo")
    eventually(lambda: browser.value("parseFloat(document.getElementById('target').textContent)") == target, "the target")
    browser.click("#do-faster")
    eventually(lambda: near(tempo()[1], target + 1, 0.01), "1 BPM more")
    eventually(lambda: browser.value("parseFloat(document.getElementById('target').textContent)") == target + 1, "the new target")
    browser.click("#do-slower")
    eventually(lambda: near(tempo()[1], target, 0.01), "1 BPM less")
    browser.click("#do-crowd")
    eventually(lambda: tempo()[4] not in ("manual", "hold"), "the crowd's lead")
    browser.click("#do-hold")
    eventually(lambda: tempo()[4] == "hold", "a held tempo")
    eventually(lambda: browser.value("document.getElementById('do-hold').getAttribute('aria-pressed')") == "true", "a pressed hold")
    for _ in range(4):
        browser.click("#do-tap")
        browser.value("new Promise(done => setTimeout(done, 500))")  # a tapped tempo is a matter of time
    eventually(lambda: tempo()[4] == "manual", "a tapped tempo")
    browser.click("#do-crowd")


def decks_start_and_stop(room, browser):
    """a deck starts and stops"""
    def deck_state():
        answer = ask("deck-B", "/deck/state")
        return answer[1][0] if answer else ""
    browser.click('[data-deck="deck-B"] [data-address="/deck/B/start"]')
    eventually(lambda: deck_state() == "playing", "deck B playing")
    browser.click('[data-deck="deck-B"] [data-address="/deck/B/stop"]')
    eventually(lambda: deck_state() == "stopped", "deck B stopped")


def records(room, browser):
    """a recording begins and ends"""
    browser.value("document.getElementById('record-path').value = 'page.wav'")
    browser.click("#do-record")
    eventually(lambda: (state("recording") or "").endswith("page.wav"), "a recording")
    eventually(lambda: "page.wav" in browser.value("document.getElementById('recording').textContent"), "its name")
    eventually(lambda: browser.value("Array.from(document.querySelectorAll('.lamp')).some(n => n.textContent.startsWith('recorder') && n.dataset.colour === 'good')"), "its lamp")
    browser.click("#do-record-stop")
    eventually(lambda: state("recording") == "", "the recording's end")
    assert (room.folder / "page.wav").stat().st_size > 10000


def streams(room, browser):
    """a stream's address reaches the mixer, and its password stays out of sight"""
    browser.value("document.getElementById('stream-url').value = 'icecast://source:secret@127.0.0.1:9/x.ogg'")
    browser.click("#do-stream")
    eventually(lambda: "127.0.0.1:9" in (state("streaming") or ""), "a stream")
    eventually(lambda: "127.0.0.1:9" in browser.value("document.getElementById('streaming').textContent"), "its address")
    assert "secret" not in browser.value("document.documentElement.outerHTML")
    browser.click("#do-stream-stop")
    eventually(lambda: state("streaming") == "", "the stream's end")


def tries_an_address(room, browser):
    """an address is found by words, sent and asked"""
    browser.value("document.getElementById('try').open = true")
    eventually(lambda: browser.value("document.querySelectorAll('#try-list li').length") > 10, "addresses")
    browser.value("(function () { const s = document.getElementById('try-search'); s.value = '/mixer/c/gain'; s.dispatchEvent(new Event('input')); })()")
    eventually(lambda: browser.value("document.querySelectorAll('#try-list li').length") == 1, "one address")
    browser.value("document.querySelector('#try-list input').value = '0.25'")
    browser.click('#try-list button[aria-label="Send /mixer/C/gain"]')
    eventually(lambda: near(strip_value("/mixer/gain", "C"), 0.25, 1e-6), "a quarter")
    eventually(lambda: browser.value("document.querySelector('#try-list output').textContent") == "done", "an answer")
    browser.click('#try-list button[aria-label="Ask /mixer/C/gain"]')
    eventually(lambda: browser.value("document.querySelector('#try-list output').textContent").startswith("0.25"), "the value")
    browser.value("(function () { document.querySelector('#try-list input').value = '9'; })()")
    browser.click('#try-list button[aria-label="Send /mixer/C/gain"]')
    eventually(lambda: browser.value("document.querySelector('#try-list output').classList.contains('wrong')"), "a refusal in words")


def says_what_is_refused(room, browser):
    """what the suite refuses is said on the page"""
    browser.value("document.getElementById('set-path').value = '/nowhere/at-all.csv'")
    browser.click("#do-set")
    eventually(lambda: browser.value("document.getElementById('toast').classList.contains('shown') && document.getElementById('toast').textContent").startswith("/setlist/start"), "the refusal")


def restarts_a_client(room, browser):
    """a client is started again, with its track"""
    before = ask("deck-B", "/deck/state")[1][1]
    pid = registry_entry("deck-B")["pid"]
    browser.click('[data-client="deck-B"]')
    eventually(lambda: registry_entry("deck-B").get("pid", pid) != pid, "another process")
    eventually(lambda: (ask("deck-B", "/deck/state") or ["", ["", ""]])[1][1] == before, "its track")
    eventually(lambda: browser.value("document.getElementById('warnings').textContent.includes('deck-B was started again')"), "a line about it")


def hostile_names(room, browser):
    """names and tags that are HTML are shown as they are written, and do nothing"""
    assert room.say("/deck/B/eject")[0] == 200  # what plays would go on until the next start
    assert room.say("/deck/A/stop")[0] == 200
    count = browser.value("document.querySelectorAll('script, img, svg, iframe, style, base, math, meta').length")
    for number, text in enumerate(HOSTILE):
        safe = text.replace("/", "∕") if number % 2 else f"plain{number}"  # a name holds no slash
        path = write_track(room.folder / (safe[:80] + ".wav"), 5.0, *((text, text) if number % 2 == 0 else ()))
        shown = text if number % 2 == 0 else safe[:80]
        assert room.say("/deck/B/cue", path)[0] == 200, path
        assert room.say("/deck/B/start")[0] == 200, path
        eventually(lambda: browser.value("document.getElementById('now-title').textContent").find(shown) >= 0, shown)
        eventually(lambda: browser.value("document.querySelector('[data-deck=\"deck-B\"] .name').textContent").find(shown) >= 0, shown)
    assert browser.value("window.owned === undefined")
    assert browser.value("document.querySelectorAll('script, img, svg, iframe, style, base, math, meta').length") == count
    broken = [event for event in browser.events if event.get("method") == "Log.entryAdded" and "Content Security" in event["params"]["entry"]["text"]]
    assert not broken, broken
    for path in ("/", "/nowplaying.json", "/metrics", "/oscquery"):
        status, headers, _ = room.get(path)
        assert status == 200 and headers["X-Content-Type-Options"] == "nosniff", path
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "Access-Control-Allow-Origin" not in headers


def keyboard_and_reader(room, browser):
    """every control has a name for a screen reader and can be reached by keyboard"""
    nameless = browser.value("""Array.from(document.querySelectorAll('button, input, canvas, [role=meter]')).filter(function (node) {
        return !(node.getAttribute('aria-label') || node.textContent.trim() || (node.labels && node.labels.length) || node.placeholder);
    }).map(function (node) { return node.outerHTML.slice(0, 80); })""")
    assert nameless == [], nameless
    assert browser.value("Array.from(document.querySelectorAll('button, input')).every(node => node.tabIndex >= 0)")
    wide = browser.value("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, wide


def main():
    if not shutil.which("chromium"):
        print("skipped: there is no chromium (tests/packages names it)", file=sys.stderr)
        return 77
    with Room() as room:
        long = write_track(room.folder / "long night.wav", 240.0, "Long Night", "Some Crew")
        other = write_track(room.folder / "other.wav", 120.0, "Other Side", "Les Autres")
        browser = Browser()
        try:
            assert room.say("/deck/A/cue", long)[0] == 200
            assert room.say("/deck/B/cue", other)[0] == 200
            assert room.say("/deck/A/start")[0] == 200
            browser.open(f"http://127.0.0.1:{room.port}/")
            both = (room, browser)
            tests = [(shows_what_plays, both), (looks_without_a_token, both), (takes_the_token_of_the_link, both),
                     (every_fader_and_band, both), (every_switch, both), (master_and_phones, both), (tempo_by_hand, both),
                     (decks_start_and_stop, both), (records, both), (streams, both), (tries_an_address, both),
                     (says_what_is_refused, both), (restarts_a_client, both), (keyboard_and_reader, both)]
            tests.append((hostile_names, both))
            return run(tests)
        finally:
            browser.close()
            print((room.folder / "log").read_text(errors="replace")[-3000:], file=sys.stderr)


sys.exit(main())
