# SPDX-License-Identifier: MIT
"""Servers whose answers, delays and lies are known, to test the client on;
and what runs the client and looks at its result.

A server is a behaviour in a thread for each connection:

    with KnownServer(changed(at=3)) as server:
        result = load(server.target, "-n", 10)

A behaviour is called with each request and answers it, or raises Close. Run
as a program, this file is a server for `client compare`:

    known_servers.py NAME[:ARG] PORT
"""
import contextlib
import csv
import json
import math
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

DEADLINE = 60.0  # nothing that works takes so long, even beside others
GREETING = b"Hello, client!\n"


# ---- behaviours ----

class Close(Exception):
    """Ends the connection; RESET: by a RST."""

    def __init__(self, reset=False):
        super().__init__()
        self.reset = reset


class Request:
    """One request: its bytes, its number over all connections, from 1."""

    def __init__(self, server, sock, data, number):
        self.server, self.sock = server, sock
        self.data, self.number = data, number

    def send(self, data):
        self.sock.sendall(data)

    def echo(self):
        self.send(self.data)


def honest(request):
    request.echo()


def at_request(at, lie):
    """LIE to request number AT only; an honest echo otherwise."""
    def behave(request):
        if request.number == at:
            lie(request)
        else:
            request.echo()
    return behave


def changed(at=1, byte=0):
    def lie(request):
        data = bytearray(request.data)
        data[byte] ^= 0xff
        request.send(data)
    return at_request(at, lie)


def missing(at=1, byte=0):
    """All but one byte, and the connection stays open."""
    return at_request(at, lambda request: request.send(
        request.data[:byte] + request.data[byte + 1:]))


def doubled(at=1):
    """The reply twice, in one segment."""
    return at_request(at, lambda request: request.send(2 * request.data))


def doubled_later(at=1, pause=0.2):
    """The reply, and after a while once more."""
    def lie(request):
        request.echo()
        time.sleep(pause)
        request.echo()
    return at_request(at, lie)


def cut(at=1, keep=10):
    """A part of the reply, and the end of file."""
    def lie(request):
        request.send(request.data[:keep])
        raise Close
    return at_request(at, lie)


def resetting(at=1, keep=0):
    """A part of the reply, and a RST."""
    def lie(request):
        request.send(request.data[:keep])
        raise Close(reset=True)
    return at_request(at, lie)


def silent(at=None):
    """No reply to request number AT; to none if that is not given."""
    def behave(request):
        if at and request.number != at:
            request.echo()
    return behave


class Swapped:
    """From request number AT on, takes two requests of two connections and
    answers each with the other's bytes."""

    def __init__(self, at=1):
        self.at = at
        self.first = None
        self.lock = threading.Lock()

    def __call__(self, request):
        if request.number < self.at:
            request.echo()
            return
        with self.lock:
            first, self.first = self.first, request
            if first:
                self.first = None
                request.send(first.data)
                first.send(request.data)


def delayed(seconds):
    """A fixed time for each request."""
    def behave(request):
        time.sleep(seconds)
        request.echo()
    return behave


class Stalling:
    """An honest echo that freezes once, all connections of it, for SECONDS,
    when it has served AT requests."""

    def __init__(self, at, seconds):
        self.at, self.seconds = at, seconds
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            if request.number == self.at:
                time.sleep(self.seconds)
        request.echo()


def closing(request):
    """Closes when the request comes."""
    raise Close


def one_each(request):
    """One reply for each connection."""
    request.echo()
    raise Close


def saying(text):
    """Always TEXT, and closes."""
    def behave(request):
        request.send(text)
        raise Close
    return behave


# ---- behaviours of a chat room: each is called with a Post ----

class Post:
    """A line that one member sent, and the others: those that are to have it.

    NUMBER  of the message, from 1; None: not a message of a load
    """

    def __init__(self, room, sender, line, others):
        self.room, self.sender, self.line = room, sender, line
        self.others = others
        found = re.match(rb"[0-9a-f]{8}-m(\d{11}) ", line)
        self.number = int(found[1]) if found else None

    def send(self, line=None, to=None):
        """LINE, or that of this post, to some members, or all others."""
        for member in self.others if to is None else to:
            # A member may be gone: the others shall hear it still.
            with contextlib.suppress(OSError):
                member.sendall(self.line if line is None else line)


def chat_honest(post):
    post.send()


def at_post(at, lie):
    """LIE to message number AT only."""
    def behave(post):
        if post.number == at:
            lie(post)
        else:
            post.send()
    return behave


def chat_dropped(at, member=0):
    """One of the others does not get the line."""
    return at_post(at, lambda post: post.send(
        to=post.others[:member] + post.others[member + 1:]))


def chat_changed(at, byte=0, member=0):
    """One of the others gets a byte that is not the one that was sent."""
    def lie(post):
        line = bytearray(post.line)
        line[byte] ^= 1
        post.send(bytes(line), to=post.others[member:member + 1])
        post.send(to=post.others[:member] + post.others[member + 1:])
    return at_post(at, lie)


def chat_missing(at, byte=0):
    """All get all but one byte."""
    return at_post(at, lambda post: post.send(
        post.line[:byte] + post.line[byte + 1:]))


def chat_doubled(at, pause=0.0):
    """One of the others gets the line twice."""
    def lie(post):
        post.send()
        time.sleep(pause)
        post.send(to=post.others[:1])
    return at_post(at, lie)


def chat_echoed(at):
    """Its sender gets it, too."""
    return at_post(at, lambda post: post.send(
        to=[*post.others, post.sender]))


def chat_garbage(at, text=b"the cheese is out\n"):
    """All get a line that nobody sent, and then the one that was."""
    def lie(post):
        post.send(text)
        post.send()
    return at_post(at, lie)


class ChatSwapped:
    """One of the others gets message AT after the one that follows it."""

    def __init__(self, at):
        self.at = at
        self.held = None

    def __call__(self, post):
        if post.number == self.at:
            self.held = post.line
            post.send(to=post.others[1:])
            return
        post.send()
        if self.held:
            post.send(self.held, to=post.others[:1])
            self.held = None


def chat_delayed(seconds):
    def behave(post):
        if post.number:
            time.sleep(seconds)
        post.send()
    return behave


def chat_closing(at, reset=False):
    """Drops one of the others instead of sending the line to it."""
    def lie(post):
        gone, *others = post.others
        post.room.leave(gone)
        if reset:
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
        # Its own thread reads the end of file, and closes.
        gone.shutdown(socket.SHUT_RD)
        post.send(to=others)
    return at_post(at, lie)


def chat_refusing(at):
    """Drops the sender instead of sending its line to anybody."""
    def lie(post):
        raise Close
    return at_post(at, lie)


# ---- a server ----

class KnownServer:
    """Listens while its `with` lasts.

    SIZE       of a request; None: whatever one recv() gives is one; bytes:
               what ends one; a function: called with the socket for one
    WRAP       called with each socket for the one to use, e.g. for TLS
    ON_ACCEPT  called with the socket before any request; may raise Close
    STAYS      does not close when its client half-closes
    BACKLOG    of the listener
    ACCEPTS    an event: before it is set, connections are left in the queue

    PEERS are the addresses that connections came from, in their order.
    """

    def __init__(self, behave=honest, size=64, host="127.0.0.1", port=0,
                 path=None, on_accept=None, stays=False, wrap=None,
                 backlog=1024, accepts=None):
        self.behave, self.size = behave, size
        self.on_accept, self.stays = on_accept, stays
        self.wrap = wrap
        self.backlog, self.accepts = backlog, accepts
        self.peers = []
        self.connections = self.requests = 0
        self.received = 0  # bytes
        self.sockets = set()
        self.threads = []
        self.stopped = False
        self.changed = threading.Condition()
        if path:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(path))
            self.target = f"unix:{path}"
        else:
            ipv6 = ":" in host
            self.listener = socket.socket(
                socket.AF_INET6 if ipv6 else socket.AF_INET)
            self.listener.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.listener.bind((host, port))
            self.port = self.listener.getsockname()[1]
            self.target = f"[{host}]:{self.port}" if ipv6 else \
                f"{host}:{self.port}"

    def __enter__(self):
        self.listener.listen(self.backlog)
        self._run(self._accept)
        return self

    def __exit__(self, *unused):
        self.stopped = True
        for sock in [self.listener, *self.sockets]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.changed:
            self.changed.notify_all()
        for thread in self.threads:
            thread.join(DEADLINE)

    def _run(self, *call):
        thread = threading.Thread(target=call[0], args=call[1:], daemon=True)
        thread.start()
        self.threads.append(thread)

    def _accept(self):
        if self.accepts:
            self.accepts.wait(DEADLINE)
        while not self.stopped:
            try:
                sock, peer = self.listener.accept()
            except OSError:
                return
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.changed:
                self.connections += 1
                self.peers.append(peer)
                self.sockets.add(sock)
                self.changed.notify_all()
            self._run(self._serve, sock)

    def _serve(self, sock):
        reset = False
        try:
            if self.wrap:
                plain, sock = sock, self.wrap(sock)
                with self.changed:
                    self.sockets.discard(plain)
                    self.sockets.add(sock)
            if self.on_accept:
                self.on_accept(sock)
            while data := self._next(sock):
                with self.changed:
                    self.requests += 1
                    number = self.requests
                    self.changed.notify_all()
                self.behave(Request(self, sock, data, number))
            with self.changed:
                self.changed.wait_for(lambda: self.stopped or not self.stays)
        except Close as end:
            reset = end.reset
        except OSError:
            pass
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            b"\1\0\0\0\0\0\0\0")
        with self.changed:
            self.sockets.discard(sock)
        sock.close()

    def _next(self, sock):
        if self.size is None:
            data = sock.recv(65536)
            self.received += len(data)
            return data
        if callable(self.size):
            return self.size(sock)
        data = bytearray()
        if isinstance(self.size, bytes):
            while not data.endswith(self.size):
                piece = sock.recv(65536)
                if not piece:
                    return None
                data += piece
            return bytes(data)
        while len(data) < self.size:
            piece = sock.recv(self.size - len(data))
            if not piece:
                return None
            data += piece
            self.received += len(piece)
        return bytes(data)

    def wait_for(self, condition, what):
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE), \
                f"{what}: {self.connections} connections, " \
                f"{self.requests} requests"

    def wait_requests(self, count):
        self.wait_for(lambda: self.requests >= count, f"{count} requests")


class DatagramServer:
    """UDP: BEHAVE is called with each datagram as a Request, one after the
    other, while its `with` lasts."""

    def __init__(self, behave=honest):
        self.behave = behave
        self.requests = 0
        self.peers = set()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.target = "udp:127.0.0.1:%d" % self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"the end", self.sock.getsockname())
        self.thread.join(DEADLINE)
        self.sock.close()

    def _serve(self):
        while True:
            data, peer = self.sock.recvfrom(65536)
            if data == b"the end":
                return
            self.requests += 1
            self.peers.add(peer)
            self.behave(Datagram(self, peer, data, self.requests))


class Datagram(Request):
    """A request whose answers go where it came from."""

    def send(self, data):
        self.server.sock.sendto(data, self.sock)


@contextlib.contextmanager
def refusing_datagrams():
    """The target of a UDP port that takes none of them: its socket is
    connected to somebody else, so ICMP says that the port is closed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.connect(("127.0.0.1", 9))
        yield "udp:127.0.0.1:%d" % sock.getsockname()[1]


class ChatServer(KnownServer):
    """A room: each line of a member is a Post to its behaviour, one at a
    time, so that all members hear them in one order."""

    def __init__(self, behave=chat_honest, **options):
        super().__init__(behave, **options)
        self.members = []
        self.floor = threading.Lock()

    def leave(self, sock):
        if sock in self.members:
            self.members.remove(sock)

    def _hear(self, sock, line):
        with self.floor:
            if sock not in self.members:
                self.members.append(sock)
            if line == b"\n":
                return
            with self.changed:
                self.requests += 1
                self.changed.notify_all()
            self.behave(Post(self, sock, line, [
                one for one in self.members if one is not sock]))

    def _serve(self, sock):
        try:
            if self.on_accept:
                self.on_accept(sock)
            with sock.makefile("rb") as lines:
                for line in lines:
                    self._hear(sock, line)
            with self.changed:
                self.changed.wait_for(lambda: self.stopped or not self.stays)
        except (Close, OSError, ValueError):
            pass
        with self.floor:
            self.leave(sock)
        with self.changed:
            self.sockets.discard(sock)
        sock.close()


def waiting_to_connect(port):
    """How many sockets of this machine wait for an answer from that port
    (proc_net_tcp(5): SYN_SENT)."""
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(row.split()[2].endswith(f":{port:04X}") and
               row.split()[3] == "02" for row in rows)


@contextlib.contextmanager
def refusing():
    """The target of a port that is taken, where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield "127.0.0.1:%d" % sock.getsockname()[1]


@contextlib.contextmanager
def never_accepting():
    """The target of a listener whose queue is full: connecting hangs."""
    with contextlib.ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        while True:
            sock = open_sockets.enter_context(socket.socket())
            sock.settimeout(0.5)
            try:
                sock.connect(listener.getsockname())
            except TimeoutError:
                break
        yield "127.0.0.1:%d" % listener.getsockname()[1]


# ---- the client ----

BIN = Path(os.environ.get(
    "PERCONN_BIN", Path(__file__).resolve().parents[2])).resolve()
CLIENT = BIN / "client"
SANITIZER_REPORT = re.compile(
    r"(Address|Thread|Leak|UndefinedBehavior)Sanitizer|runtime error:")


def words_of(arguments):
    return [os.fsencode(a) if isinstance(a, (str, Path)) else
            a if isinstance(a, bytes) else str(a).encode() for a in arguments]


class Result:
    """How a run of the client ended."""

    def __init__(self, code, out, err, seconds=0.0):
        self.code, self.raw, self.seconds = code, out, seconds
        self.out = out.decode(errors="replace")
        self.err = err.decode(errors="replace")
        assert not SANITIZER_REPORT.search(self.err), self.err

    def __repr__(self):
        return f"status {self.code}\n-- out\n{self.out}\n-- err\n{self.err}"

    @property
    def json(self):
        """Standard output, which must be one JSON text in UTF-8."""
        return json.loads(self.raw.decode("utf-8"))

    @property
    def error_line(self):
        """Standard error, which must be one whole line."""
        assert self.err.endswith("\n") and self.err.count("\n") == 1, self
        return self.err[:-1]


def unbroken(out):
    """Its words, whatever the width of the lines."""
    return " ".join(out.split())


def client(*arguments, stdin=b"", stdout=subprocess.PIPE, wrap=(),
           deadline=3 * DEADLINE, **options):
    """Runs the client to its end. WRAP: a program to run it under."""
    start = time.monotonic()
    run = subprocess.run(
        words_of([*wrap, CLIENT, *arguments]),
        stdout=stdout, stderr=subprocess.PIPE, timeout=deadline,
        **({"stdin": stdin} if hasattr(stdin, "fileno") else
           {"input": stdin}), **options)
    return Result(run.returncode, run.stdout or b"", run.stderr,
                  time.monotonic() - start)


@contextlib.contextmanager
def running_client(*arguments, **options):
    """The client as a Popen that does not outlive the `with`."""
    process = subprocess.Popen(
        words_of([CLIENT, *arguments]),
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
           "stderr": subprocess.PIPE, **options})
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def result_of(process):
    """Waits for the end of a running_client()."""
    out, err = process.communicate(timeout=3 * DEADLINE)
    return Result(process.returncode, out, err)


def flat(words):
    """WORDS without the ends of lines at which a terminal's width folds them."""
    return " ".join(words.split())


def unfolded(words):
    """A load's WORDS with each line in one piece again."""
    return re.sub(r"\n {11}(?=\S)", " ", words)


def has_pending(pid, number):
    """Whether a signal to the process is still on its way to it."""
    status = Path(f"/proc/{pid}/status").read_text()
    pending = int(re.search(r"ShdPnd:\s*(\w+)", status)[1], 16)
    return bool(pending >> (number - 1) & 1)


def interrupt_twice(process):
    """So that the second one is not taken for the first."""
    process.send_signal(signal.SIGINT)
    end = time.monotonic() + DEADLINE
    while has_pending(process.pid, signal.SIGINT):
        assert time.monotonic() < end, "the first one is never taken"
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)


def rows_of(path):
    """Of a CSV file. Read at once: a reader of a file that is still written takes
    what comes after its first end of file for the head."""
    return list(csv.DictReader(path.read_text().splitlines()))


def load(target, *options, code=0, **more):
    """`client load TARGET OPTIONS --json -`: its checked JSON, with the words
    under "words"."""
    result = client("load", target, *options, "--json", "-", **more)
    assert result.code == code, result
    report = result.json
    check_load(report)
    report["words"] = unfolded(result.err)
    report["seconds"] = result.seconds
    return report


def counts(report):
    return tuple(report["requests"][key]
                 for key in ("ok", "wrong", "timed_out", "failed"))


# ---- the contract of the JSON ----

NUMBER = (int, float)
NULL = type(None)
LATENCY = {key: NUMBER for key in
           ("min", "mean", "p50", "p90", "p99", "p99.9", "max")}
FAIRNESS = {"min": int, "median": int, "max": int, "jain": NUMBER,
            "none": int}
LOAD = {
    "schema": str, "target": str, "protocol": str, "mode": str,
    "connections": int, "rate": (*NUMBER, NULL), "size": int,
    "placement": str, "duration_s": NUMBER, "image": (str, NULL),
    "path": (str, NULL),
    "http": ({"method": str, "headers": [str], "body_bytes": (int, NULL),
              "expect": str, "any_body": bool}, NULL),
    "insecure": bool, "first_wrong": (str, NULL),
    "first_failed": (str, NULL), "first_timed_out": (str, NULL),
    "lost_updates": (int, NULL), "unsent": int, "reconnects": int,
    "retries": int,
    "unclosed": int, "listen_overflows": (int, NULL),
    "backlog": ({"size": int, "full": int}, NULL),
    "sources": ([str], NULL), "fairness": (FAIRNESS, NULL),
    "udp": ({"lost": int, "late": int, "duplicated": int}, NULL),
    "requests": {"ok": int, "wrong": int, "timed_out": int, "failed": int},
    "errors": dict, "throughput": NUMBER, "latency_us": (LATENCY, NULL),
    "service_us": (LATENCY, NULL), "pacing_us": (LATENCY, NULL),
    "complete_us": (LATENCY, NULL), "connect_us": (LATENCY, NULL),
    "client": {"cpu_us_per_request": NUMBER, "busy": NUMBER,
               "limited": bool, "still_s": NUMBER, "throttled": int,
               "throttled_s": NUMBER},
}
RESULT = {
    "server": str, "value": (*NUMBER, NULL), "low": (*NUMBER, NULL),
    "high": (*NUMBER, NULL), "cpu_us_per_request": (*NUMBER, NULL),
    "latency_us": (LATENCY, NULL),
    "memory_kib_per_connection": (*NUMBER, NULL), "errors": int,
}
RATIO = {
    "of": str, "to": str, "estimate": (*NUMBER, NULL),
    "low": (*NUMBER, NULL), "high": (*NUMBER, NULL), "verdict": str,
    "reason": str, "basis": str,
}
CONTROL = {
    "server": str, "basis": str, "estimate": (*NUMBER, NULL), "low": (*NUMBER, NULL),
    "high": (*NUMBER, NULL),
}
COMPARE = {
    "schema": str, "machine": dict, "placement": str, "blocks": int,
    "servers": [{"name": str, "command": str, "image": (str, NULL)}],
    "scenarios": [{
        "name": str, "unit": str, "better": str,
        "points": [{"at": dict, "results": [RESULT], "ratios": [RATIO],
                    "controls": [CONTROL]}],
    }],
}
VERDICTS = ("faster", "slower", "equivalent", "undecided", "invalid")


def misfit(value, shape, where="$"):
    """What of VALUE is not as SHAPE says, or None. More keys are allowed."""
    if isinstance(shape, tuple):
        wrong = [misfit(value, one, where) for one in shape]
        return None if None in wrong else wrong[0]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return f"{where}: {value!r} is no object"
        for key, inner in shape.items():
            if key not in value:
                return f"{where}.{key} is left out"
            if bad := misfit(value[key], inner, f"{where}.{key}"):
                return bad
        return None
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{where}: {value!r} is no array"
        for i, one in enumerate(value):
            if bad := misfit(one, shape[0], f"{where}[{i}]"):
                return bad
        return None
    # bool is an int to Python, but not to JSON
    if type(value) is not shape:
        return f"{where}: {value!r} is no {shape.__name__}"
    return None


def in_order(*values):
    return all(a <= b for a, b in zip(values, values[1:]))


def check_latency(latency):
    if latency:
        assert in_order(0, *(latency[key] for key in (
            "min", "p50", "p90", "p99", "p99.9", "max"))), latency
        assert in_order(latency["min"], latency["mean"], latency["max"])


SWEEP = {"schema": str, "runs": [LOAD]}
INTERVAL = {
    "schema": str, "t_s": NUMBER, "duration_s": NUMBER,
    "rate": (*NUMBER, NULL), "begun": int, "ok": int, "wrong": int,
    "timed_out": int, "failed": int, "still_s": NUMBER, "throttled": int,
    "throttled_s": NUMBER, "throughput": (*NUMBER, NULL),
    "latency_us": (LATENCY, NULL), "service_us": (LATENCY, NULL),
}


def check_interval(line):
    assert misfit(line, INTERVAL) is None
    assert line["schema"] == "perconn.interval/1"
    check_latency(line["latency_us"])
    check_latency(line["service_us"])


def check_fairness(report):
    fairness, n = report["fairness"], report["connections"]
    assert in_order(0, fairness["min"], fairness["median"], fairness["max"])
    assert 0 <= fairness["none"] <= n
    assert (fairness["none"] > 0) == (fairness["min"] == 0)
    ok = report["requests"]["ok"]
    # A value that two threads got was right for each of them.
    right = ok + (report["lost_updates"] or 0)
    assert n * fairness["min"] <= right and ok <= n * fairness["max"]
    if ok:
        assert 1 / n - 1e-5 <= fairness["jain"] <= 1


def check_load(report):
    assert misfit(report, LOAD) is None
    assert report["schema"] == "perconn.load/1"
    assert report["mode"] in ("steady", "churn")
    assert report["placement"] in ("split", "shared", "free")
    assert 0 <= report["client"]["busy"] <= 1
    assert all(type(n) is int and n > 0 for n in report["errors"].values())
    assert sum(report["errors"].values()) == report["requests"]["failed"]
    check_latency(report["latency_us"])
    check_latency(report["service_us"])
    assert bool(report["udp"]) == report["target"].startswith("udp:")
    if report["udp"]:
        assert report["udp"]["lost"] == report["requests"]["timed_out"]
    assert (report["lost_updates"] is None) == \
        (report["protocol"] != "counter")
    if report["rate"] is None:
        assert report["service_us"] is None
    if report["mode"] == "churn" or report["protocol"] == "chat":
        assert report["fairness"] is None
    else:
        check_fairness(report)
    if report["requests"]["ok"]:
        assert report["latency_us"]


def check_compare(report):
    assert misfit(report, COMPARE) is None
    assert report["schema"] == "perconn.compare/1"
    assert report["placement"] in ("split", "shared", "free")
    names = [server["name"] for server in report["servers"]]
    for scenario in report["scenarios"]:
        assert scenario["better"] in ("higher", "lower")
        for point in scenario["points"]:
            check_point(point, names)


def check_estimate(one, key, blocks):
    """Six blocks, no fewer, have an interval of 95 %."""
    if sum(block is not None for block in blocks) < 6:
        assert one["low"] is one["high"] is None, one
    else:
        assert in_order(one["low"], one[key], one["high"]), one


def check_point(point, names):
    assert [one["server"] for one in point["results"]] == names
    assert [one["of"] for one in point["ratios"]] == names[1:]
    for one in point["results"]:
        check_latency(one["latency_us"])
        if one["value"] is not None:
            check_estimate(one, "value", one["values_by_block"])
    for one in point["ratios"]:
        assert one["to"] == names[0]
        assert one["verdict"] in VERDICTS
        if one["verdict"] == "invalid":
            assert one["reason"]
        if one["estimate"] is not None:
            check_estimate(one, "estimate", one["log_ratios_by_block"])
            assert one["estimate"] > 0
        check_basis(one, point)
    for one in point["controls"]:
        assert one["server"] == names[0]


def check_basis(ratio, point):
    """Where the client was the limit, CPU is compared, by block; nowhere else."""
    base, control = point["results"][0], point["controls"][0]["result"]
    own = next(one for one in point["results"] if one["server"] == ratio["of"])
    if ratio["basis"] == "metric":
        assert ratio["verdict"] == "invalid" or not (
            own["client_limited"] or base["client_limited"]), ratio
        return
    assert ratio["basis"] == "server_cpu"
    assert any(one["client_limited"] for one in (own, base, control)), ratio
    assert ratio["difference"]["value"] is None, "of figures that say nothing"
    for log, mine, its in zip(ratio["log_ratios_by_block"],
                              own["cpu_us_by_block"], base["cpu_us_by_block"]):
        if log is not None:
            assert math.isclose(log, math.log(its / mine), abs_tol=1e-6), ratio


# ---- comparisons ----

# The smallest comparison: 6 blocks of 2 rounds.
# Other tests share the machine: what they disturb has to count.
SMALL = ["--quick", "--blocks", "6", "--keep-disturbed"]
THREAD = f"exec {shlex.quote(str(BIN / 'server_thread'))} -q -l {{address}}"
FORK = f"exec {shlex.quote(str(BIN / 'server_fork'))} -q -l {{address}}"


class Groups:
    """The process groups of the servers that a comparison has started: the
    shell that writes its number here is the leader of its group."""

    def __init__(self, directory):
        self.path = directory / "groups"
        self.path.touch()

    def noted(self, what):
        """With the time of its start (proc_pid_stat(5)): numbers come again."""
        return "echo $$ $(cut -d' ' -f22 /proc/$$/stat) " \
            f">>{shlex.quote(str(self.path))}; {what}"

    def _leaders(self):
        return [(int(pid), start) for pid, start in
                map(str.split, self.path.read_text().splitlines())]

    def numbers(self):
        return [pid for pid, _ in self._leaders()]

    def alive(self):
        """Processes in any of them that are not over."""
        numbers, found = set(), []
        for pid, start in self._leaders():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{pid}/stat").read_text()
                if stat.rpartition(")")[2].split()[19] != start:
                    continue  # another's by now
            numbers.add(pid)
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{pid}/stat").read_text()
                state, _, group = stat.rpartition(")")[2].split()[:3]
                if int(group) in numbers and state != "Z":
                    found.append(int(pid))
        return found

    def check(self):
        """None is left within a moment; whoever is, is ended."""
        end = time.monotonic() + 5
        while (left := self.alive()) and time.monotonic() < end:
            time.sleep(0.01)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert not left, f"servers are still there: {left}"


@contextlib.contextmanager
def server_groups(directory):
    """For a fixture: none may be left at the end."""
    found = Groups(directory)
    yield found
    found.check()


def servers_of(groups, servers):
    return [word for name, what in servers.items()
            for word in ("--server", f"{name}={groups.noted(what)}")]


def compare(groups, servers, *arguments, code=0, **options):
    """The checked JSON of a small comparison; the words under "words"."""
    result = client("compare", *SMALL, *servers_of(groups, servers),
                    *arguments, "--json", "-", deadline=240, **options)
    report = result.json
    check_compare(report)
    assert result.code == (code or (1 if unsteady(result) else 0)), result
    assert [one["name"] for one in report["servers"]] == list(servers)
    report["words"] = result.err + flat(result.err)
    return report


# Reasons that are the machine's, not a server's.
UNSTEADY = ("control.* differs|other work on this machine|"
            "the client did not run|a quota of CPU time stopped the client|"
            "the client was the limit, not|other work had the client's CPU")


def unsteady(result):
    """This machine cannot tell at the moment, and says so."""
    return re.search(UNSTEADY, result.out + result.err)


def point_of(report, scenario):
    found = [one for one in report["scenarios"] if one["name"] == scenario]
    assert len(found) == 1
    assert len(found[0]["points"]) == 1
    return found[0]["points"][0]


def ratio_of(report, scenario, name):
    return next(one for one in point_of(report, scenario)["ratios"]
                if one["of"] == name)


def value_of(report, scenario, name):
    return next(one for one in point_of(report, scenario)["results"]
                if one["server"] == name)


# ---- as a program ----

def dying(count):
    """Serves COUNT requests, then ends the program with some last words."""
    def behave(request):
        if request.number > int(count):
            print("out of cheese", file=sys.stderr, flush=True)
            os._exit(3)
        request.echo()
    return behave


def serial(pause):
    """One request at a time, each PAUSE seconds."""
    lock = threading.Lock()

    def behave(request):
        with lock:
            time.sleep(float(pause))
        request.echo()
    return behave


def crashing(count):
    """Serves COUNT requests, then dies of a signal."""
    def behave(request):
        if request.number > int(count):
            os.kill(os.getpid(), signal.SIGKILL)
        request.echo()
    return behave


KEPT = 24 << 20


def told(seconds, service):
    """Takes SECONDS where its options end in small pieces or a private set;
    and keeps KEPT bytes from the first request on."""
    kept = []

    def behave(request):
        if request.number == 1:
            kept.append(b"x" * KEPT)
        if service.endswith((":4KiB", ":private")):
            time.sleep(float(seconds))
        request.echo()
    return behave


PROGRAMS = {
    "honest": lambda arg: honest,
    "delayed": lambda arg: delayed(float(arg)),
    "changed": lambda arg: changed(int(arg)),
    "resetting": lambda arg: resetting(int(arg)),
    "dying": dying,
    "crashing": crashing,
    "line": lambda arg: honest,
    "line_delayed": lambda arg: delayed(float(arg)),
    "line_serial": serial,
}
WHOLE = ("told",)  # what one recv() gives is a request
LINES = ("line", "line_delayed", "line_serial")  # the others take 64 bytes


def main(what, port, *options):
    name, _, arg = what.partition(":")
    signal.signal(signal.SIGTERM, lambda *unused: os._exit(0))
    size = b"\n" if name in LINES else None if name in WHOLE else 64
    behave = told(arg, options[-1]) if name == "told" else PROGRAMS[name](arg)
    with KnownServer(behave, port=int(port), size=size):
        threading.Event().wait()


def command(what):
    """A COMMAND for `client compare --server NAME=COMMAND`."""
    return f"exec '{sys.executable}' -S '{Path(__file__).resolve()}' " \
           f"{what} {{port}} {{options}}"


if __name__ == "__main__":
    main(*sys.argv[1:])
