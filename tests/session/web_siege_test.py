#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Those who mean no good, and those who are merely slow: nothing gets in, nothing stops."""
import contextlib
import json
import select
import socket
import struct
import sys
import time

from web_tools import PATIENCE, Room, WebSocket, ask, eventually, named, osc_parsed, run, write_track

VIEWERS, STALLED = 20, 5


def answers_soon(room):
    begin = time.monotonic()
    assert room.get("/nowplaying.json")[0] == 200
    return time.monotonic() - begin


def raw(room, data, wait=2.0):
    """What comes back for these bytes."""
    with socket.create_connection(("127.0.0.1", room.port), timeout=wait) as own:
        with contextlib.suppress(OSError):
            own.sendall(data)
        came = b""
        with contextlib.suppress(OSError):
            while more := own.recv(65536):
                came += more
        return came


def gain():
    return ask("mixer-bus", "/mixer/gain", "A")[1][1]


def refuses_foreign_hosts(room):
    """a name that is pointed at this machine reaches nothing (DNS rebinding)"""
    for host in ("evil.example", f"evil.example:{room.port}", f"127.0.0.1.evil.example:{room.port}", ""):
        for path in ("/", "/nowplaying.json", "/oscquery", "/metrics"):
            status, _, body = room.get(path, {"Host": host})
            assert status == 421 and "playing" not in body, (host, path, status)
    assert WebSocket(room.port, host=f"evil.example:{room.port}").status == 421
    assert room.get("/", {"Host": f"localhost:{room.port}"})[0] == 200


def refuses_foreign_pages(room):
    """a page of another site neither posts nor opens a WebSocket (CSRF)"""
    before = gain()
    body = json.dumps({"address": "/mixer/gain", "args": ["A", 0.125]})
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{room.port + 1}"):
        status = room.get("/send", {"Origin": origin, "Content-Type": "application/json", "Authorization": f"Bearer {room.token}"}, "POST", body)[0]
        assert status == 403, (origin, status)
        assert WebSocket(room.port, origin=origin).status == 403
    # What a form can send without asking, with nobody's token.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert room.get("/send", {"Content-Type": kind}, "POST", body)[0] == 415
    assert room.get("/send", {}, "OPTIONS")[0] == 405
    assert WebSocket(room.port, origin=f"http://127.0.0.1:{room.port}").status == 101
    assert gain() == before


def refuses_without_the_token(room):
    """nothing acts without the token; asking needs none"""
    before = gain()
    body = json.dumps({"address": "/mixer/gain", "args": ["A", 0.125]})
    assert room.get("/send", {"Content-Type": "application/json"}, "POST", body)[0] == 401
    asked = room.get("/send", {"Content-Type": "application/json"}, "POST", json.dumps({"address": "/mixer/A/gain"}))
    assert asked[0] == 200 and json.loads(asked[2])["values"][0] == before, asked
    viewer = WebSocket(room.port)
    for address, arguments in (("/mixer/gain", ["A", 0.125]), ("/session/quit", []), ("/mixer/record/start", ["x.wav"]), ("/dance/total_movement", [0.9])):
        answer = viewer.answer_to({"say": address, "args": arguments})
        assert not answer["ok"] and "token" in answer["error"], answer
    # By OSC over the OSCQuery socket neither.
    from web_tools import osc_message
    query = WebSocket(room.port, "/")
    query.send_frame(2, osc_message("/mixer/gain", ["A", 0.125]))
    assert query.answer_to is not None and answers_soon(room) < PATIENCE
    assert gain() == before
    assert viewer.answer_to({"token": room.token})["ok"]
    assert viewer.answer_to({"say": "/mixer/gain", "args": ["A", 0.75]})["ok"]
    assert gain() == 0.75


def bears_guessing(room):
    """a guesser is not listened to after ten tries, and those who are in go on"""
    viewer = WebSocket(room.port)
    assert viewer.answer_to({"token": room.token})["ok"]
    statuses = [room.say("/mixer/gain", "A", 0.1, token=f"{number:026}")[0] for number in range(30)]
    assert statuses[:8].count(401) >= 7 and statuses[-1] == 429, statuses
    with contextlib.suppress(ConnectionError, OSError):
        other = WebSocket(room.port)
        assert not other.answer_to({"token": room.token})["ok"]  # not even the right one, for a minute
    assert viewer.answer_to({"say": "/mixer/gain", "args": ["A", 0.5]})["ok"]
    assert gain() == 0.5


def bears_malformed_requests(room):
    """malformed requests and frames are refused, and nothing stops"""
    host = f"Host: 127.0.0.1:{room.port}\r\n".encode()
    for data in (b"\r\n\r\n", b"GET\r\n\r\n", b"\0" * 4096, b"\xff" * 70000, b"GET / HTTP/9.9\r\n" + host + b"\r\n",
                 b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + host + b"\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
                 b"POST /send HTTP/1.1\r\n" + host + b"Content-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n",
                 b"POST /send HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\n",
                 b"POST /send HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                 b"POST /send HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 b"GET /../../../etc/passwd HTTP/1.1\r\n" + host + b"\r\n", b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + host + b"\r\n",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"):
        assert b"root:" not in raw(room, data)
    for path, body in (("/send", "[" * 60000), ("/send", "{" * 30000), ("/send", '{"address":' + "[" * 30000), ("/send", "\xff\xfe"), ("/send", '{"address":"/mixer/gain","args":[[[]]]}')):
        status = room.get(path, {"Content-Type": "application/json", "Authorization": f"Bearer {room.token}"}, "POST", body.encode("latin1"))[0]
        assert 400 <= status < 500, (body[:20], status)
    frames = (b"\xff" * 64, b"\x81\x7f" + b"\xff" * 8, b"\x81\xff\x7f" + b"\xff" * 7, b"\x83\x80\1\2\3\4", b"\x81\x05hello", b"\xf1\x80\1\2\3\4",
              b"\x89\xfe\x01\x00\1\2\3\4" + b"x" * 256, b"\x01\x81\1\2\3\4a" * 3, b"\x80\x81\1\2\3\4a", b"\x88\x81\1\2\3\4a")
    for frame in frames:
        for path in ("/ws", "/"):
            viewer = WebSocket(room.port, path)
            with contextlib.suppress(OSError):
                viewer.socket.sendall(frame)
            viewer.close()
    for text in ("", "null", "[]", "{", '{"id":1}', '{"id":{},"say":1}', '{"say":"/mixer/gain","args":"x"}', '{"say":"' + "/" * 5000 + '"}', '{"token":' + "[" * 5000, "\xe9"):
        viewer = WebSocket(room.port)
        viewer.send_frame(1, text.encode("latin1"))
        viewer.close()
    viewer = WebSocket(room.port)
    with contextlib.suppress(OSError):
        viewer.send_frame(1, b"x" * 200000)  # more than a message may be
    assert room.alive()


def bears_floods_of_one(room):
    """a viewer that sends without end is shown the door, others see no difference"""
    flooder = WebSocket(room.port)
    with contextlib.suppress(OSError):
        for _ in range(5000):
            flooder.send({"say": "/mixer/gain", "args": ["A", 0.1], "id": 1})
    flooder.socket.settimeout(PATIENCE)
    closed = False
    with contextlib.suppress(socket.timeout):
        try:
            while flooder.receive():
                pass
        except OSError:
            closed = True
    assert closed
    assert answers_soon(room) < PATIENCE


def bears_slow_loris(room):
    """a thousand connections that send a byte at a time keep nobody out"""
    slow = []
    for _ in range(1000):
        own = socket.socket()
        own.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            own.connect(("127.0.0.1", room.port))
        slow.append(own)
    for byte in (b"G", b"E", b"T"):
        for own in slow:
            with contextlib.suppress(OSError):
                own.send(byte)
        assert answers_soon(room) < PATIENCE
        time.sleep(0.2)  # slowness is what is tried here
    for own in slow:
        own.close()
    assert answers_soon(room) < PATIENCE


def bears_ten_thousand(room):
    """ten thousand connections one after the other leave no trace"""
    before = room.memory()
    for _ in range(20):
        crowd = []
        for _ in range(500):
            own = socket.socket()
            own.setblocking(False)
            with contextlib.suppress(BlockingIOError, OSError):
                own.connect(("127.0.0.1", room.port))
            crowd.append(own)
        for own in crowd:
            with contextlib.suppress(OSError):
                own.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        for own in crowd:
            own.close()
    assert room.alive()
    eventually(lambda: "crowdjack_web_connections 1\n" in room.get("/metrics")[2], "no connection but ours")
    grown = room.memory() - before
    assert grown < 32e6, grown


def feeds_twenty_viewers(room):
    """twenty viewers are fed ten times a second, five that stall are skipped, and no sample is lost"""
    starved = [named(deck, "/deck/health", "starved_frames") for deck in ("deck-A", "deck-B")]
    viewers = [WebSocket(room.port) for _ in range(VIEWERS - STALLED)]
    stalled = [WebSocket(room.port, receive_buffer=2048) for _ in range(STALLED)]
    assert all(viewer.status == 101 for viewer in viewers + stalled)
    counts = [0] * len(viewers)
    before, seconds = room.memory(), 20.0
    end = time.monotonic() + seconds
    for viewer in viewers:
        viewer.socket.setblocking(True)
    while time.monotonic() < end:
        ready, _, _ = select.select([viewer.socket for viewer in viewers], [], [], 1.0)
        for number, viewer in enumerate(viewers):
            if viewer.socket in ready or viewer.buffer:
                assert json.loads(viewer.receive())
                counts[number] += 1
    metrics = room.get("/metrics")[2]
    print("    feed messages per viewer and second:", round(min(counts) / seconds, 1), "to", round(max(counts) / seconds, 1),
          "; memory", before // 1000, "to", room.memory() // 1000, "kB")
    assert min(counts) > seconds * 3, counts  # ten a second on a machine that is not busy with other tests
    assert [named(deck, "/deck/health", "starved_frames") for deck in ("deck-A", "deck-B")] == starved
    assert room.memory() - before < 16e6
    skipped = next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("crowdjack_web_feed_skipped_total"))
    assert skipped > 0, metrics
    for viewer in viewers + stalled:
        viewer.close()
    eventually(lambda: "crowdjack_web_viewers 0\n" in room.get("/metrics")[2], "all viewers gone")


def speaks_oscquery(room):
    """OSCQuery: every parameter with its value, HOST_INFO, attributes, and changes by LISTEN"""
    info = room.json("/?HOST_INFO")
    assert info["OSC_PORT"] == 57120 and info["OSC_TRANSPORT"] == "UDP" and info["EXTENSIONS"]["LISTEN"], info
    for tree in (room.json("/oscquery"), room.json("/", headers={"Accept": "application/json"})):
        mixer = tree["CONTENTS"]["mixer"]["CONTENTS"]
        assert mixer["A"]["CONTENTS"]["gain"]["VALUE"] == [gain()]
        assert mixer["A"]["CONTENTS"]["gain"]["RANGE"] == [{"MIN": 0.0, "MAX": 4.0}]
        assert tree["CONTENTS"]["deck"]["CONTENTS"]["A"]["CONTENTS"]["state"]["VALUE"][0] == "playing"
    assert room.json("/mixer/A/gain?VALUE") == {"VALUE": [gain()]}
    assert room.json("/oscquery/mixer/A/gain?TYPE") == {"TYPE": "f"}
    assert room.get("/mixer/nothing")[0] == 404
    assert room.get("/mixer/A/gain?NOSUCH")[0] == 400
    assert room.get("/mixer?VALUE")[0] == 204
    listener = WebSocket(room.port, "/")
    listener.send({"COMMAND": "LISTEN", "DATA": "/mixer/B/gain"})
    eventually(lambda: room.json("/mixer/B/gain?VALUE")["VALUE"], "a value")
    time.sleep(0.5)  # a first look of the listener's, which is no change
    ask("mixer-bus", "/mixer/gain", "B", 0.375)
    address, values = osc_parsed(listener.receive())
    assert address == "/mixer/B/gain" and abs(values[0] - 0.375) < 1e-6, (address, values)
    listener.send({"COMMAND": "IGNORE", "DATA": "/mixer/B/gain"})
    listener.close()


def tells_its_health(room):
    """health is 200 while all is well, and metrics say so"""
    eventually(lambda: room.get("/health")[0] == 200, "good health")
    eventually(lambda: 'crowdjack_deck_playing{deck="deck-A"} 1\n' in room.get("/metrics")[2], "a playing deck")
    assert "crowdjack_up 1\n" in room.get("/metrics")[2]


def takes_no_set_for_a_hanging_client(room):
    """a set list has no audio thread, and nothing says that it hangs"""
    music = room.folder / "music"
    music.mkdir()
    for name in ("one", "other"):
        write_track(music / (name + ".wav"), 30.0)
    assert room.say("/setlist/start", str(music))[0] == 200
    eventually(lambda: ask("setlist", "/setlist/state"), "a set list that answers")
    eventually(lambda: 'client="setlist"' in room.get("/metrics")[2], "the page to know of it")
    end = time.monotonic() + 3.0  # a pulse stands still after half a second
    while time.monotonic() < end:
        assert "hangs" not in room.get("/health")[2], room.get("/health")[2]
        time.sleep(0.1)
    assert room.say("/setlist/stop")[0] == 200


def tells_that_it_is_down(room):
    """health is 503, with the reason, when the suite is gone"""
    room.session.terminate()
    room.session.wait(20)
    status, body = eventually(lambda: (lambda answer: answer[0] == 503 and (answer[0], answer[2]))(room.get("/health")), "bad health")
    assert json.loads(body)["why"], body
    assert "crowdjack_up 0\n" in room.get("/metrics")[2]
    assert status == 503 and room.get("/")[0] == 200


def main():
    assert struct.calcsize(">i") == 4
    with Room() as room:
        try:
            track = write_track(room.folder / "long.wav", 600.0)
            assert any(line.startswith("█") for line in room.invitation), "a QR code"
            for deck in "AB":
                assert room.say(f"/deck/{deck}/cue", track)[0] == 200
                assert room.say(f"/deck/{deck}/start")[0] == 200
            one = (room,)
            return run([(tells_its_health, one), (speaks_oscquery, one), (feeds_twenty_viewers, one), (refuses_foreign_hosts, one),
                        (refuses_foreign_pages, one), (refuses_without_the_token, one), (bears_malformed_requests, one),
                        (bears_floods_of_one, one), (bears_slow_loris, one), (bears_ten_thousand, one),
                        (takes_no_set_for_a_hanging_client, one), (bears_guessing, one), (tells_that_it_is_down, one)])
        finally:
            print((room.folder / "log").read_text(errors="replace")[-3000:], file=sys.stderr)


sys.exit(main())
