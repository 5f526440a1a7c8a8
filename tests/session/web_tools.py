# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with its page, and outsiders of it: an OSC controller, a WebSocket, a browser. Standard library only."""
import base64
import contextlib
import http.client
import json
import math
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import tempfile
import time

BUILD = pathlib.Path(os.environ["CROWDJACK_BUILD"])
PATIENCE = 40.0  # how long a broken program may hold up the tests; never a measurement


def eventually(condition, what, patience=PATIENCE):
    """The first true value of the condition."""
    end = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"this did not come: {what}")
        time.sleep(0.05)


def program(name):
    folder = name.removeprefix("crowdjack-").split("-")[0]
    for room in (name.removeprefix("crowdjack-"), folder):
        if (BUILD / room / name).exists():
            return str(BUILD / room / name)
    raise FileNotFoundError(name)


# ---- OSC

def osc_message(address, arguments):
    def padded(data):
        return data + b"\0" * (4 - len(data) % 4)
    tags, body = ",", b""
    for value in arguments:
        if isinstance(value, bool):
            tags += "T" if value else "F"
        elif isinstance(value, int):
            tags, body = tags + "i", body + struct.pack(">i", value)
        elif isinstance(value, float):
            tags, body = tags + "f", body + struct.pack(">f", value)
        else:
            tags, body = tags + "s", body + padded(value.encode())
    return padded(address.encode()) + padded(tags.encode()) + body


def osc_parsed(data):
    def text(at):
        end = data.index(b"\0", at)
        return data[at:end].decode(errors="replace"), (end + 4) & ~3
    address, at = text(0)
    tags, at = text(at)
    values = []
    for tag in tags[1:]:
        if tag in "sS":
            value, at = text(at)
        elif tag in "TF":
            value = tag == "T"
        elif tag == "N":
            value = None
        else:
            form, size = {"i": (">i", 4), "f": (">f", 4), "h": (">q", 8), "d": (">d", 8)}[tag]
            value, at = struct.unpack_from(form, data, at)[0], at + size
        values.append(value)
    return address, values


def registry_entry(client):
    file = pathlib.Path(os.environ["XDG_RUNTIME_DIR"]) / "crowdjack" / "test" / client
    if not file.exists():
        return {}
    return dict(line.split(" ", 1) for line in file.read_text().splitlines() if " " in line)


def osc_port(client):
    return int(registry_entry(client).get("url", "osc.udp://127.0.0.1:0/").rsplit(":", 1)[1].strip("/"))


def ask(client, address, *arguments):
    """What a client answers; None when it is not there, or nothing comes within a second."""
    port = osc_port(client)
    if not port:
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.settimeout(1.0)
        own.sendto(osc_message(address, arguments), ("127.0.0.1", port))
        with contextlib.suppress(socket.timeout):
            while True:
                came, values = osc_parsed(own.recv(65536))
                if came == address or (came in ("/reply", "/error") and values[0] == address):
                    return came, values
    return None


def osc_send(port, address, *arguments):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.sendto(osc_message(address, arguments), ("127.0.0.1", port))


def named(client, address, name):
    """One value of an answer of name/value pairs."""
    answer = ask(client, address)
    values = answer[1] if answer else []
    return next((values[i + 1] for i in range(0, len(values) - 1, 2) if values[i] == name), None)


# ---- sound files

def write_track(path, seconds=60.0, title="", artist=""):
    """A quiet tone of 16 bits that swells and fades, with an ID3 tag."""
    rate, frames = 48000, int(seconds * 48000)
    periods = [b"".join(struct.pack("<hh", *(2 * [int(level * math.sin(2 * math.pi * i / 120))])) for i in range(120))
               for level in (1500, 4000, 8000, 12000, 8000, 14000, 5000, 9000)]
    part = frames // 120 // len(periods)
    sound = b"".join(period * part for period in periods)
    def synchsafe(size):
        return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    tag = b"".join(name + synchsafe(len(text.encode()) + 1) + b"\0\0\3" + text.encode()
                   for name, text in ((b"TIT2", title), (b"TPE1", artist)) if text)
    chunks = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 2, rate, rate * 4, 4, 16)
    chunks += b"data" + struct.pack("<I", len(sound)) + sound
    if tag:
        tag = b"ID3\4\0\0" + synchsafe(len(tag)) + tag
        chunks += b"id3 " + struct.pack("<I", len(tag)) + tag + b"\0" * (len(tag) % 2)
    pathlib.Path(path).write_bytes(b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks)
    return str(path)


# ---- a WebSocket

class WebSocket:
    def __init__(self, port, path="/ws", host=None, origin=None, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", port))
        key = base64.b64encode(os.urandom(16)).decode()
        head = [f"GET {path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}", "Upgrade: websocket", "Connection: Upgrade",
                f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        if origin:
            head.append(f"Origin: {origin}")
        self.socket.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            more = self.socket.recv(4096)
            if not more:
                break
            self.buffer += more
        answer, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.status = int(answer.split()[1]) if answer else 0

    def take(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("closed")
            self.buffer += more
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def receive(self):
        """The next text or binary message; answers pings."""
        message = b""
        while True:
            first, second = self.take(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", self.take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self.take(8))[0]
            data = self.take(size)
            kind = first & 0x0F
            if kind == 8:
                raise ConnectionError("closed")
            if kind == 9:
                self.send_frame(10, data)
            elif kind < 3:
                message += data
                if first & 0x80:
                    return message

    def send_frame(self, kind, data, mask=b"\1\2\3\4", fin=0x80):
        size = len(data)
        head = bytes([fin | kind])
        head += bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack(">H", size) if size < 65536 \
            else bytes([0x80 | 127]) + struct.pack(">Q", size)
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))

    def send(self, document):
        self.send_frame(1, json.dumps(document).encode())

    def answer_to(self, document):
        """Sends a message with an id and waits for what answers it."""
        self.send({**document, "id": 7})
        while True:
            message = json.loads(self.receive())
            if message.get("re") == 7:
                return message

    def close(self):
        self.socket.close()


# ---- the session and its page

class Room:
    """Two decks and a mixer on a dummy server, the follower, and the page."""

    def __init__(self, web_options=()):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        (self.folder / "set.toml").write_text(f"""[jack]
server = "test"
autostart = true
driver = "dummy"
period = 1024
[osc]
ports = [57120, 57122]
[[client]]
name = "mixer-bus"
run = ["crowdjack-mixer-bus", "--music-dir", "{self.folder}"]
[[client]]
name = "deck-A"
run = ["crowdjack-deck", "--name", "A", "--music-dir", "{self.folder}"]
[[client]]
name = "deck-B"
run = ["crowdjack-deck", "--name", "B", "--music-dir", "{self.folder}"]
[[client]]
name = "bpm-follower"
run = ["crowdjack-bpm-follower", "--osc-port", "0"]
[patch]
connect = [
  "deck-A:out_* -> mixer-bus:A_*",
  "deck-B:out_* -> mixer-bus:B_*",
  "mixer-bus:master_l -> system:playback_1",
  "mixer-bus:master_r -> system:playback_2",
]
""")
        self.log = open(self.folder / "log", "wb")
        self.session = subprocess.Popen([program("crowdjack-session"), "run", str(self.folder / "set.toml")],
                                        cwd=self.folder, stdout=self.log, stderr=self.log)
        self.token_file = self.folder / "token"
        self.web = subprocess.Popen([program("crowdjack-session"), "web", "--server", "test", "--http-port", "0",
                                     "--token-file", str(self.token_file), *web_options],
                                    cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.invitation = []
        for line in self.web.stdout:
            self.invitation.append(line.rstrip("\n"))
            if line.startswith("Who has"):
                break
        self.link = next(line for line in self.invitation if line.startswith("Open ")).removeprefix("Open ")
        self.port = int(self.link.split(":")[2].split("/")[0])
        self.token = self.token_file.read_text().strip()
        eventually(lambda: named("session", "/session/state", "patch") == "complete", "a whole patch")

    def get(self, path, headers=None, method="GET", body=None, port=None):
        """Status, header fields and body."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()
        finally:
            connection.close()

    def json(self, path, **more):
        status, _, body = self.get(path, **more)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def say(self, address, *arguments, token=None):
        return self.get("/send", {"Content-Type": "application/json", "Authorization": f"Bearer {token or self.token}"},
                        "POST", json.dumps({"address": address, "args": arguments}))

    def alive(self):
        return self.web.poll() is None and self.get("/health")[0] in (200, 503)

    def memory(self):
        """Resident bytes of the page's process that are its own: the tracks it looks through are files, mapped."""
        status = pathlib.Path(f"/proc/{self.web.pid}/status").read_text()
        return int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1000

    def close(self):
        for process in (self.web, self.session):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


# ---- a browser, driven by its DevTools protocol

class Browser:
    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.process = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-extensions", "--disable-background-networking", "--mute-audio", "--remote-debugging-port=0",
             "--remote-allow-origins=*", f"--user-data-dir={self.folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = pathlib.Path(self.folder) / "DevToolsActivePort"
        eventually(lambda: port_file.exists() and "\n" in port_file.read_text(), "chromium's DevTools", 90)
        self.port = int(port_file.read_text().split()[0])
        self.number = 0
        self.events = []
        self.page = None

    def open(self, url):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", "/json")
        page = next(each for each in json.loads(connection.getresponse().read()) if each["type"] == "page")
        self.page = WebSocket(self.port, "/" + page["webSocketDebuggerUrl"].split("/", 3)[3])
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")
        self.call("Page.navigate", url=url)
        eventually(lambda: self.value("document.readyState") == "complete", "a loaded page", 90)

    def call(self, method, **parameters):
        self.number += 1
        number = self.number
        self.page.send_frame(1, json.dumps({"id": number, "method": method, "params": parameters}).encode())
        while True:
            message = json.loads(self.page.receive())
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)
            if message.get("method") == "Page.javascriptDialogOpening" and method != "Page.handleJavaScriptDialog":
                self.dialog()

    def dialog(self):
        """Says yes to what asks."""
        self.number += 1
        self.page.send_frame(1, json.dumps({"id": self.number, "method": "Page.handleJavaScriptDialog",
                                            "params": {"accept": True}}).encode())

    def value(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, (expression, result["exceptionDetails"])
        return result["result"].get("value")

    def click(self, selector):
        assert self.value(f"(function () {{ const node = document.querySelector({json.dumps(selector)}); "
                          "if (!node || node.disabled) { return false; } node.click(); return true; })()"), selector

    def slide(self, selector, position):
        """Moves a slider as a finger does: its value, then its event."""
        assert self.value(f"(function () {{ const node = document.querySelector({json.dumps(selector)}); "
                          f"if (!node || node.disabled) {{ return false; }} node.value = {position}; "
                          "node.dispatchEvent(new Event('input', {bubbles: true})); return true; })()"), selector

    def size(self, width, height, ratio=1, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=ratio, mobile=mobile)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def run(tests):
    """Runs functions whose docstrings are sentences; the exit code."""
    failed = 0
    for test, arguments in tests:
        begin = time.monotonic()
        try:
            test(*arguments)
            print(f"ok      {test.__doc__} ({time.monotonic() - begin:.1f} s)", flush=True)
        except Exception:  # pylint: disable=broad-except
            import traceback
            failed += 1
            print(f"FAILED  {test.__doc__}", flush=True)
            traceback.print_exc()
    print(f"{len(tests) - failed} of {len(tests)} passed", flush=True)
    return 1 if failed else 0
