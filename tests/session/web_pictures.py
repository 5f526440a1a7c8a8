#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the page in the manual: a set that plays by itself, before a crowd that warms up.

usage: web_pictures.py SONG_CRATE FOLDER   (the program song_crate of tests/bench; needs chromium and ffmpeg)
"""
import os
import pathlib
import subprocess
import sys

from web_tools import Browser, Room, eventually, osc_send

NAMES = [("Some Crew", "Long Night"), ("Les Autres", "Other Side"), ("Nachtbus", "Linie 7"), ("Some Crew", "Dawn")]


def write_music(crate, folder):
    """Made-up songs with the names above."""
    made = folder / "made"
    subprocess.run([crate, str(made), str(len(NAMES)), "64", "5"], check=True)
    music = folder / "music"
    music.mkdir()
    for song, (artist, title) in zip(sorted(made.glob("T*")), NAMES):
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(song), "-map_metadata", "-1", "-metadata", f"artist={artist}",
                        "-metadata", f"title={title}", str(music / (title + ".flac"))], check=True)
    return music


def hurry(process):
    """Waveforms are drawn when the machine has nothing better to do, which on a busy one is never."""
    for thread in os.listdir(f"/proc/{process}/task"):
        os.sched_setscheduler(int(thread), os.SCHED_OTHER, os.sched_param(0))
        os.setpriority(os.PRIO_PROCESS, int(thread), 0)


def picture(browser, path):
    """With 200 colours: half the bytes, and nobody sees it."""
    whole = path.with_suffix(".whole.png")
    browser.picture(whole)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(whole), "-vf",
                    "split[a][b];[a]palettegen=max_colors=200:reserve_transparent=0[p];[b][p]paletteuse=dither=none",
                    "-pred", "mixed", "-compression_level", "9", str(path)], check=True)
    whole.unlink()


def main():
    crate, pictures = sys.argv[1], pathlib.Path(sys.argv[2])
    pictures.mkdir(parents=True, exist_ok=True)
    with Room() as room:
        music = write_music(crate, room.folder)
        browser = Browser()
        try:
            def rest(seconds):
                browser.value(f"new Promise(done => setTimeout(done, {int(seconds * 1000)}))")

            def dance(seconds, least, most):
                steps = int(seconds * 4)
                for number in range(steps):
                    osc_send(57122, "/dance/total_movement", least + (most - least) * number / steps)
                    rest(0.25)
            hurry(room.web.pid)
            status, _, answer = room.say("/setlist/start", str(music))
            assert status == 200, answer
            browser.open(room.link)
            eventually(lambda: browser.value("!document.getElementById('do-pause').hidden"), "a set that runs", 120)
            eventually(lambda: browser.value("document.getElementById('now-title').textContent.length") > 3, "a title")
            browser.value("setTheme('dark')")
            dance(40, 0.05, 0.6)
            hurry(room.web.pid)
            eventually(lambda: browser.value("(tracks['deck-A'] || tracks['deck-B']).waveform.length") > 0, "a waveform", 120)
            for name, width, height, ratio, mobile in (("page-phone", 390, 844, 2, True),
                                                       ("page-desktop", 1440, 900, 1, False)):
                browser.size(width, height, ratio, mobile)
                browser.value("window.scrollTo(0, 0)")
                dance(2, 0.6, 0.6)
                assert browser.value("document.documentElement.scrollWidth <= window.innerWidth"), name
                picture(browser, pictures / (name + ".png"))
            browser.value("setTheme('light')")
            browser.size(390, 844, 2, True)
            dance(1, 0.6, 0.6)
            picture(browser, pictures / "page-phone-light.png")
            browser.value("setTheme('dark'); document.getElementById('mixer').scrollIntoView()")
            dance(1, 0.6, 0.6)
            picture(browser, pictures / "page-phone-mixer.png")
        finally:
            browser.close()
            print((room.folder / "log").read_text(errors="replace")[-3000:], file=sys.stderr)


main()
