#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an installation has besides the programs is whole and valid. usage: packaging_test.py BUILD_FOLDER

A check whose tool is not installed is passed over, and says so. The whole package is session/packaging/deb's business.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1]).resolve()
MADE, SOURCE = BUILD / "session" / "packaging", PROJECT / "session" / "packaging"
SESSION = BUILD / "session" / "crowdjack-session"
PROGRAMS = ("deck", "mixer-bus", "bpm-follower", "struct-export", "session")


class Missing(Exception):
    """A tool that is not here."""


def output_of(*command, code=0, **more):
    if not shutil.which(str(command[0])):
        raise Missing(command[0])
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False, **more)
    assert done.returncode == code, (command, done.returncode, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout + done.stderr


def subcommands():
    return re.findall(r"^  ([a-z-]+) ", output_of(SESSION, "--help"), re.MULTILINE)


def man_pages_are_there():
    """every program and every subcommand has a man page, and so have the session file, OSC and the whole"""
    pages = {page.name for page in MADE.glob("*.[1-8]")}
    if not shutil.which("help2man") or not shutil.which("lowdown"):
        raise Missing("help2man or lowdown")
    wanted = {f"crowdjack-{program}.1" for program in PROGRAMS} | {f"crowdjack-session-{name}.1" for name in subcommands()}
    wanted |= {"crowdjack-struct-export-analyse.1", "crowdjack.7", "crowdjack-osc.7", "crowdjack-session-file.5"}
    assert wanted <= pages, wanted - pages


def man_pages_are_well_formed():
    """man finds nothing to warn of in them, and whatis finds their names"""
    for page in sorted(MADE.glob("*.[1-8]")):
        warnings = output_of("man", "--warnings", "--encoding=UTF-8", "--local-file", "-Tutf8", "--ditroff", page,
                             env=dict(os.environ, LC_ALL="C.UTF-8", MANROFFSEQ="", MANWIDTH="80"))
        warnings = "".join(line for line in warnings.splitlines(True) if line.startswith(("troff:", "man:", "<standard")))
        assert not warnings, (page.name, warnings)
        assert "???" not in page.read_text(), page  # letters that were lost on the way
        name = page.name.rsplit(".", 1)[0]
        assert output_of("lexgrog", page).split('"')[1].startswith(name + " - "), page


def desktop_files_are_valid():
    """menu entries are valid, and only what does something by itself is shown"""
    files = sorted((SOURCE / "desktop").glob("*.desktop"))
    assert len(files) == len(PROGRAMS)
    for file in files:
        assert output_of("desktop-file-validate", "--warn-kde", file) == "", file
        text = file.read_text()
        assert ("NoDisplay=true" in text) == (file.name != "org.crowdjack.crowdjack.desktop"), file
        assert "Icon=org.crowdjack.crowdjack\n" in text


def metainfo_is_valid():
    """software centres take the description"""
    output_of("appstreamcli", "validate", "--no-net", "--no-color", SOURCE / "desktop" / "org.crowdjack.crowdjack.metainfo.xml")


def versions_agree():
    """the package, the description and the programs are of one version"""
    version = re.search(r"^  version: '(.*)',", (PROJECT / "meson.build").read_text(), re.MULTILINE)[1]
    assert (SOURCE / "debian" / "changelog").read_text().startswith(f"crowdjack ({version}) ")
    metainfo = xml.etree.ElementTree.parse(SOURCE / "desktop" / "org.crowdjack.crowdjack.metainfo.xml")
    assert metainfo.find("releases/release").get("version") == version
    assert output_of(SESSION, "--version").strip().endswith(version)
    xml.etree.ElementTree.parse(SOURCE / "desktop" / "org.crowdjack.crowdjack.svg")


def build_needs_are_listed():
    """the package is built with what session/packages lists"""
    listed = set((PROJECT / "session" / "packages").read_text().split("\n"))
    control = (SOURCE / "debian" / "control").read_text()
    needs = set(re.split(r"[,\s]+", re.search(r"Build-Depends:((?:.*\n)(?: .*\n)*)", control)[1]))
    libraries = {name for name in listed if name.endswith("-dev") and name != "doctest-dev"}  # of the tests only
    assert libraries <= needs, libraries - needs
    assert {name for name in needs if name.endswith("-dev")} <= libraries, needs - libraries


def completed_by_bash(file, line):
    script = (f"source '{file}'; COMP_WORDS=({line} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); "
              f"$(complete -p {line.split()[0]} | sed 's/.*-F \\([^ ]*\\).*/\\1/'); printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    return output_of("bash", "--norc", "-c", script).split()


def bash_completes():
    """bash completes commands and options"""
    file = MADE / "crowdjack-session"
    assert set(subcommands()) <= set(completed_by_bash(file, "crowdjack-session"))
    assert "--http-port" in completed_by_bash(file, "crowdjack-session web")
    assert {"analyse", "--bpm"} <= set(completed_by_bash(file, "crowdjack-struct-export"))
    assert "--into-cache" in completed_by_bash(file, "crowdjack-struct-export analyse")
    assert "--stream-bitrate" in completed_by_bash(file, "crowdjack-mixer-bus")


def zsh_completes():
    """zsh reads its completions"""
    with tempfile.TemporaryDirectory() as home:
        shutil.copy(MADE / "_crowdjack", home)
        script = f"fpath=({home} $fpath); autoload -Uz compinit; compinit -u -d {home}/dump; print -r -- $_comps[crowdjack-session] $_comps[crowdjack-deck]"
        assert output_of("zsh", "-f", "-c", script, env=dict(os.environ, HOME=home)).split() == ["_crowdjack", "_crowdjack"]
        output_of("zsh", "-n", MADE / "_crowdjack")
        assert re.search(r"'--record-split\[[^]]*\]:value:_files'", (MADE / "_crowdjack").read_text()), "it takes a value"


def fish_completes():
    """fish completes commands and options"""
    with tempfile.TemporaryDirectory() as home:
        def completed(line):
            return output_of("fish", "--no-config", "-c", f"source {MADE}/crowdjack-session.fish; complete -C '{line}'",
                             env=dict(os.environ, HOME=home, XDG_DATA_HOME=home))
        found = completed("crowdjack-session ")
        assert all(re.search(rf"^{name}\t", found, re.MULTILINE) for name in subcommands()), found
        assert "--http-port" in completed("crowdjack-session web --http")
        assert "-l record-split -r " in (MADE / "crowdjack-session.fish").read_text(), "it takes a value"


def systemd_takes_the_unit():
    """systemd finds nothing wrong with the unit"""
    unit = (BUILD / "session" / "crowdjack@.service").read_text()
    for line in ("Type=notify", "WatchdogSec=", "Restart=on-failure", "KillMode=process", "LimitRTPRIO="):
        assert line in unit, line
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "crowdjack@x.service"
        file.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={SESSION}", unit, flags=re.MULTILINE))
        said = output_of("systemd-analyze", "--user", "--man=no", "verify", file, env=dict(os.environ, XDG_RUNTIME_DIR=folder))
        assert "crowdjack@x.service:" not in said, said


def readme_is_of_an_installation():
    """the README of an installation names nothing that only the source has, and its links lead somewhere"""
    text = (MADE / "README.md").read_text()
    only_source = re.findall(r"(?:build|session|tests|common)/\S+", text)
    assert not only_source, only_source
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert len(links) > 20 and all((PROJECT / "session" / link).exists() for link in links), links
    assert "1. " in text and "crowdjack-session play" in text


def pictures_are_small():
    """the manual's pictures are there, and small enough for a page"""
    for page in (PROJECT / "session" / "manual").glob("*.md"):
        for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text()):
            assert (page.parent / name).stat().st_size <= 150_000, (page, name)


def main():
    failed = passed_over = 0
    checks = (man_pages_are_there, man_pages_are_well_formed, desktop_files_are_valid, metainfo_is_valid, versions_agree,
              build_needs_are_listed, bash_completes, zsh_completes, fish_completes, systemd_takes_the_unit, readme_is_of_an_installation,
              pictures_are_small)
    for check in checks:
        try:
            check()
            print(f"ok      {check.__doc__}", flush=True)
        except Missing as missing:
            passed_over += 1
            print(f"-       {check.__doc__}: there is no {missing} here", flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print(f"FAILED  {check.__doc__}: {type(error).__name__}: {error}", flush=True)
    print(f"{len(checks) - failed - passed_over} of {len(checks)} passed, {passed_over} passed over")
    return 1 if failed else 0


sys.exit(main())
