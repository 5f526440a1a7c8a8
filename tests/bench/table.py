#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of figures: takes what benchmarks printed into BUILD/figures.json and figures.md, and prints the latter.

usage: table.py BUILD    (a build folder in which `meson test --benchmark --logbase bench` has run; a new one begins with
                          the rows of the manual's page)
"""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent
PAGE = SOURCE.parents[1] / "session" / "manual" / "figures.md"
PEERS = ["sndfile-tools", "jack-tools", "ecasound", "jack-mixer", "liquidsoap", "icecast2", "rubberband-cli",
         "soundstretch", "ffmpeg", "aubio-tools"]


def output_of(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
        return (done.stdout + done.stderr).strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def first_line(text):
    return text.splitlines()[0] if text else ""


def read(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def machine():
    model = re.search(r"^model name\s*: (.*)$", read("/proc/cpuinfo"), re.M)
    return {
        "cpu": model.group(1) if model else "unknown",
        "cores": os.cpu_count(),
        "governor": read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "none (the host's business)",
        "kernel": output_of("uname", "-sr"),
        "virtual": output_of("systemd-detect-virt") or ("yes" if "hypervisor" in read("/proc/cpuinfo") else "no"),
    }


def commit():
    return output_of("git", "-C", str(SOURCE), "describe", "--always", "--dirty")


def versions(build):
    options = json.loads(output_of("meson", "introspect", "--buildoptions", str(build)) or "[]")
    option = {each["name"]: each["value"] for each in options}
    found = {
        "build": f"{option.get('buildtype')}, optimization {option.get('optimization')}, "
                 f"{' '.join(option.get('cpp_args', [])) or 'no further options'}",
        "compiler": first_line(output_of("c++", "--version")),
        "jackd": next((line for line in output_of("jackd", "--version").splitlines() if "version" in line), ""),
    }
    for package in PEERS:
        version = output_of("dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Version}", package)
        found[package] = version.removeprefix("installed ") if version.startswith("installed ") else "not here"
    return found


def verdict(target, word):
    if word == "not here":
        return word
    if target.strip() in ("stated", ""):
        return "stated"
    return "met" if word == "met" else "missed"


def taken(log, now):
    """@returns the rows and the points of every benchmark that ran, by its name"""
    benchmarks = {}
    for line in read(log).splitlines():
        ran = json.loads(line)
        name = ran["name"].split(" / ")[-1].removeprefix("crowdjack:")
        rows, series = [], {}
        for row in ran.get("stdout", "").splitlines():
            if match := re.match(r"point (.*?) (\{.*\})$", row):
                series.setdefault(match.group(1), []).append(json.loads(match.group(2)))
            elif re.match(r"\| [A-Z]\d+ \|", row):
                ident, figure, measured, target, word = [part.strip() for part in row.strip("| ").split(" | ")]
                rows.append({"id": ident, "figure": figure, "measured": measured, "target": target,
                             "verdict": verdict(target, word), "command": f"tests/bench/run '{name}'"})
        benchmarks[name] = {"date": now, "commit": commit(), "cpu": machine()["cpu"], "result": ran["result"], "load_after": " ".join(read("/proc/loadavg").split()[:3]),
                            "rows": rows, "series": series}
    return benchmarks


def fuzzed():
    """@returns the row of what `tests/fuzz/hours` ran so far, as the benchmark that it is"""
    log = SOURCE.parent / "fuzz" / "hours.log"
    minutes, inputs = {}, 0
    for line in read(log).splitlines():
        if match := re.match(r"(\S+): (\d+) inputs from seed \d+ in ([\d.]+) s", line):
            minutes[match.group(1)] = minutes.get(match.group(1), 0.0) + float(match.group(3)) / 60.0
            inputs += int(match.group(2))
    if not minutes:
        return {}
    least = min(minutes.values())
    row = {"id": "R11", "figure": f"fuzzing of {len(minutes)} readers under AddressSanitizer and UBSan: CPU hours in all; "
                                  "least minutes of a reader; inputs",
           "measured": f"{sum(minutes.values()) / 60.0:.2f} h; {least:.1f} min; {inputs}",
           "target": "≥ 24 h over time; ≥ 30 min", "verdict": "met" if sum(minutes.values()) >= 1440 and least >= 30 else "missed",
           "command": "tests/fuzz/hours"}
    when = datetime.datetime.fromtimestamp(log.stat().st_mtime).astimezone().isoformat(timespec="seconds")
    return {row["command"]: {"date": when, "commit": "several", "cpu": machine()["cpu"], "result": "OK", "rows": [row], "series": {}}}


def published():
    """@returns what the manual's page holds, so that a new build folder adds to it: rows, and no points"""
    benchmarks = {}
    cpu = re.search(r"^\| cpu \| (.*) \|$", read(PAGE), re.M)
    for row in re.findall(r"^\| ([A-Z]\d+ \| .*) \|$", read(PAGE), re.M):
        ident, figure, measured, target, word, when, command = row.split(" | ")
        command = command.strip("`")
        name = command.removeprefix("tests/bench/run ").strip("'")
        date, of, *on = when.split(", ", 2)
        ran = benchmarks.setdefault(name, {"date": date, "commit": of, "cpu": on[0] if on else cpu.group(1), "result": "OK",
                                           "rows": [], "series": {}})
        ran["rows"].append({"id": ident, "figure": figure, "measured": measured, "target": target, "verdict": word, "command": command})
    return benchmarks


def natural(ident):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", ident)]


def markdown(figures):
    lines = ["| machine | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in {**figures["machine"], **figures["versions"]}.items()]
    lines += ["", "| | figure | measured | target | verdict | when, and which commit | again with |", "|---|---|---|---|---|---|---|"]
    here = figures["machine"]["cpu"]
    rows = [{**row, "when": f"{ran['date'][:10]}, {ran['commit']}" + ("" if ran["cpu"] == here else f", {ran['cpu']}")}
            for ran in figures["benchmarks"].values() for row in ran["rows"]]
    rows.sort(key=lambda row: natural(row["id"]))
    lines += [f"| {row['id']} | {row['figure']} | {row['measured']} | {row['target']} | {row['verdict']} | "
              f"{row['when']} | `{row['command']}` |" for row in rows]
    count = {word: sum(row["verdict"] == word for row in rows) for word in ("met", "missed", "stated", "not here")}
    lines += ["", ", ".join(f"{number} {word}" for word, number in count.items()) + "."]
    failed = [name for name, ran in figures["benchmarks"].items() if not ran["rows"]]
    if failed:
        lines += ["", "Without a figure: " + ", ".join(f"{name} ({figures['benchmarks'][name]['result']})" for name in failed) + "."]
    promised = re.findall(r"^\| ([A-Z]\d+) \|", read(SOURCE / "FIGURES.md"), re.M)
    missing = [ident for ident in promised if ident not in {row["id"] for row in rows}]
    lines += ["", "Promised and in no row here: " + (", ".join(missing) or "nothing") + "."]
    return "\n".join(lines) + "\n"


def main():
    build = pathlib.Path(sys.argv[1])
    kept = build / "figures.json"
    before = json.loads(kept.read_text(encoding="utf-8"))["benchmarks"] if kept.exists() else published()
    now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    # What failed without a figure takes no earlier one's place.
    ran = {name: each for name, each in taken(build / "meson-logs" / "bench.json", now).items() if each["rows"] or name not in before}
    figures = {"date": now, "machine": machine(), "versions": versions(build), "benchmarks": {**before, **ran, **fuzzed()}}
    kept.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    table = markdown(figures)
    (build / "figures.md").write_text(table, encoding="utf-8")
    print(table, end="")


if __name__ == "__main__":
    main()
