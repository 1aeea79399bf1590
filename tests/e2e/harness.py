# SPDX-License-Identifier: MIT
"""Runs the real servers and looks at them from outside.

Nothing here sleeps to be lucky: a server is ready when it says so on
--ready-fd, and every other condition is polled until a generous deadline.
"""
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from known_servers import has_pending

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("PERCONN_BIN", ROOT)).resolve()
BENCH = Path(os.environ.get(
    "PERCONN_BENCH", ROOT / "build/release/tests/bench")).resolve()
DEADLINE = 60.0  # nothing that works takes so long, even beside others

ENDS = ("served", "refused", "timed_out", "failed", "crashed")
SANITIZER_REPORT = re.compile(
    r"(Address|Thread|Leak|UndefinedBehavior)Sanitizer|runtime error:")


# ---- what this machine has ----

def sanitizer():
    """The sanitizer that the programs were built with, or None."""
    program = BIN / "server_thread"
    image = program.read_bytes() if program.exists() else b""
    for name in ("asan", "tsan", "ubsan"):
        if b"__%s_" % name.encode() in image:
            return name
    return None


SANITIZER = sanitizer()


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


def needs(tool):
    return pytest.mark.skipif(
        not shutil.which(tool), reason=f"{tool} is not installed")


HAS_FULL = (BIN / "server_thread-full").exists()


def has_websocket():
    """The full image may be one with TLS alone."""
    if not HAS_FULL:
        return False
    linked = subprocess.run(
        ["ldd", BIN / "server_thread-full"], capture_output=True, text=True,
        timeout=DEADLINE, check=False)
    return "libwslay" in linked.stdout


needs_full = pytest.mark.skipif(not HAS_FULL, reason="built without OpenSSL")
needs_websocket = pytest.mark.skipif(
    not has_websocket(), reason="built without wslay")
needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on loopback")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="not run as root")
release_only = pytest.mark.skipif(
    SANITIZER is not None, reason="a sanitizer build")


# ---- waiting ----

def eventually(condition, what, deadline=DEADLINE):
    """Polls CONDITION until it is true; returns its value."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            what = what() if callable(what) else what
            pytest.fail(f"not within {deadline:g} s: {what}")
        time.sleep(0.005)


# ---- /proc ----

def proc_stat(pid):
    """The fields after the name: state, ppid, pgrp, session, ...; or None."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text.rpartition(")")[2].split()


def every_process():
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = proc_stat(name)
            if fields:
                yield int(name), fields


def cpu_seconds(pid, children=False):
    fields = proc_stat(pid)
    ticks = sum(map(int, fields[11:15 if children else 13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def cpu_share(pid, seconds=0.5):
    """How much of one CPU PID uses during a window of SECONDS."""
    before, start = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - start)


def descriptors(pid):
    """{number: what it is} of an open process."""
    links = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            links[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass
    return links


# ---- clients ----

def parse_target(target):
    """(family, address) of a line from --ready-fd."""
    if target.startswith("unix:"):
        return socket.AF_UNIX, target[5:]
    host, _, port = target.rpartition(":")
    if host.startswith("["):
        host, _, zone = host[1:-1].partition("%")
        rest = (0, socket.if_nametoindex(zone)) if zone else ()
        return socket.AF_INET6, (host, int(port), *rest)
    return socket.AF_INET, (host, int(port))


def connect(target, source=None):
    family, address = parse_target(target)
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(DEADLINE)
    try:
        if source:
            sock.bind((source, 0))
        sock.connect(address)
        if family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        piece = sock.recv(size - len(data))
        if not piece:
            break
        data += piece
    return data


def read_all(sock):
    """All up to the end of file. A reset is an OSError, as it should be."""
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def echo(sock, data=b"ping\n"):
    """One message there and back."""
    sock.sendall(data)
    assert read_exactly(sock, len(data)) == data


def echoes(sock, data=b"ping\n"):
    """Whether the connection still answers."""
    try:
        sock.sendall(data)
        return read_exactly(sock, len(data)) == data
    except (ConnectionError, BrokenPipeError):
        return False


def exchange(sock, data, piece=None):
    """Sends DATA, half closes, and meanwhile reads to the end of file."""
    piece = piece or len(data) or 1

    def send():
        for at in range(0, len(data), piece):
            sock.sendall(data[at:at + piece])
        sock.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        return read_all(sock)
    finally:
        sender.join()


def answer_of(sock, data=b"ping\n"):
    """"echo" or "busy", for a client that is either served or refused."""
    sock.sendall(data)
    got = read_exactly(sock, len(data))
    if got == data:
        return "echo"
    rest = got + read_all(sock)
    assert rest.endswith(b"\n") and len(rest) > 1, rest
    return "busy"


def send_until_full(sock):
    """Sends, and never reads, until nothing more goes for half a second."""
    sock.settimeout(0.5)
    try:
        while True:
            sock.send(b"x" * 65536)
    except TimeoutError:
        pass


def send_what_goes(sock, data=b"x" * 65536):
    """Sends as much as there is room for at once, and never reads."""
    sock.setblocking(False)
    try:
        while True:
            sock.send(data)
    except BlockingIOError:
        pass


def reset(sock):
    """Closes with a RST instead of a FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    b"\1\0\0\0\0\0\0\0")
    sock.close()


def in_parallel(function, arguments):
    """FUNCTION for each argument in a thread of its own; the results."""
    arguments = list(arguments)
    results = [None] * len(arguments)

    def run(i, argument):
        try:
            results[i] = function(argument)
        except BaseException as error:  # handed to the test below
            results[i] = error

    threads = [threading.Thread(target=run, args=pair)
               for pair in enumerate(arguments)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


# ---- a server ----

def preparation(limits, preexec):
    """What the child does before it becomes the server."""
    def prepare():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for which, value in (limits or {}).items():
            resource.setrlimit(which, (value, value))
        if preexec:
            preexec()
    return prepare


def with_signals(dispositions):
    """For Server.start(preexec=): {number: SIG_DFL or SIG_IGN}; whoever runs
    the tests may ignore some, and that is inherited."""
    def prepare():
        for number, disposition in dispositions.items():
            signal.signal(number, disposition)
    return prepare


# Moves a descriptor and becomes another program, as the same process.
MOVE = ("import os, sys; source, target = map(int, sys.argv[1:3]); "
        "source != target and (os.dup2(source, target), os.close(source)); "
        "os.execv(sys.argv[3], sys.argv[3:])")


def injection(calls, error, when):
    """For Server.start(strace=): CALLS fail with ERROR, WHEN says which."""
    return ["-e", f"trace={calls}",
            "-e", f"inject={calls}:error={error}:when={when}"]


def in_group(folder):
    """For Server.start(preexec=): inside the control group at FOLDER."""
    def join():
        with open(folder / "cgroup.procs", "w") as procs:
            procs.write("0")
    return join


class Server:
    """One run of a server program. start() it; stop() is called anyway."""

    def __init__(self, program, directory):
        self.program = Path(program)
        self.name = self.program.name.removeprefix("server_")
        self.directory = Path(directory)
        self.process = None
        self.targets = []
        self.exit_code = None
        self.expected_exit = 0
        self.told_to_stop = False
        self.ledger = None
        self.sockets = []
        self.others = []
        self.public = None

    # -- start --

    def start(self, *options, listen="127.0.0.1:0", limits=None, preexec=None,
              env=None, strace=None, user=None, stderr=None, ledger="-",
              ready_fd=None):
        """Returns when the server listens. LIMITS: {RLIMIT_...: value};
        STRACE: its options, e.g. an injection; USER: a numeric uid;
        READY_FD: the number that --ready-fd shall have."""
        listen = (listen,) if isinstance(listen, str) else listen
        ready, ours = os.pipe()
        command = [str(self.program), "--ready-fd", str(ours)]
        command += [word for one in listen for word in ("-l", one)]
        command += ["--ledger", ledger] if ledger else []
        command += [str(option) for option in options]
        env = dict(os.environ, **(env or {}))
        if strace:
            # -D: the tracer is the grandchild and our child the server.
            command = ["strace", "-D", "-f", "-qq", "-o", "/dev/null",
                       *strace, *command]
        if ready_fd is not None:
            command[2] = str(ready_fd)
            command = [sys.executable, "-S", "-c", MOVE, str(ours),
                       str(ready_fd), *command]
        if strace or user:
            env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
        self.uses_stdout_ledger = ledger == "-"
        self.looked_to, self.ledgers = 0, []
        with open(self.directory / "stdout", "wb") as out, \
                open(self.directory / "stderr", "wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out,
                stderr=err if stderr is None else stderr, pass_fds=(ours,),
                start_new_session=True, cwd=self.directory, env=env,
                user=user, group=user, extra_groups=[] if user else None,
                preexec_fn=preparation(limits, preexec))
        os.close(ours)
        pipe = f"pipe:[{os.fstat(ready).st_ino}]"
        # A tracer keeps its copy of the pipe open: count lines then.
        self.targets = self._read_ready(ready, len(listen) if strace else None)
        eventually(lambda: pipe not in descriptors(self.pid).values(),
                   "the ready descriptor is closed")
        self.at_start = self.resources()
        return self

    def _read_ready(self, ready, lines):
        text = b""
        end = time.monotonic() + DEADLINE
        with open(ready, "rb", buffering=0) as pipe:
            while lines is None or text.count(b"\n") < lines:
                left = end - time.monotonic()
                if not select.select([pipe], [], [], max(left, 0))[0]:
                    pytest.fail(f"not ready in time: {self.log()}")
                piece = pipe.read(4096)
                if not piece:
                    break
                text += piece
        if not text:
            code = self.process.wait(DEADLINE)
            pytest.fail(f"did not start, status {code}: {self.log()}")
        return os.fsdecode(text).splitlines()

    def run(self, *arguments, **options):
        """Runs the program to its end, for what exits at once."""
        return subprocess.run(
            [str(self.program), *arguments], stdin=subprocess.DEVNULL,
            stdout=options.pop("stdout", subprocess.PIPE),
            stderr=subprocess.PIPE, timeout=DEADLINE, **options)

    def for_a_stranger(self):
        """Copies the program to where another user may run it. Returns a uid
        of this process alone, because a limit of processes counts by uid."""
        self.public = Path(tempfile.mkdtemp())
        self.public.chmod(0o755)
        self.program = Path(shutil.copy(self.program, self.public))
        self.program.chmod(0o755)
        self.directory = self.public
        return 100_000 + os.getpid()

    def another(self):
        """A second server of the same program, ended with this one."""
        directory = self.directory / f"other{len(self.others)}"
        directory.mkdir()
        self.others.append(Server(self.program, directory))
        return self.others[-1]

    # -- talk --

    @property
    def pid(self):
        return self.process.pid

    @property
    def address(self):
        """Of the first listener."""
        return self.targets[0]

    @property
    def port(self):
        return int(self.address.rpartition(":")[2])

    def connect(self, target=None, **options):
        """A connection that teardown closes."""
        sock = connect(target or self.address, **options)
        self.sockets.append(sock)
        return sock

    def connected(self, count, **where):
        """COUNT connections, each with a worker that has answered."""
        socks = [self.connect(**where) for _ in range(count)]
        for sock in socks:
            echo(sock)
        return socks

    def send_signal(self, number):
        os.kill(self.pid, number)
        # A second one would end it at once: stop() must not send that.
        self.told_to_stop |= number in (signal.SIGTERM, signal.SIGINT,
                                        signal.SIGHUP, signal.SIGQUIT)

    def wait_taken(self, number):
        """Until the server has read this signal. One that is sent before is the
        same one; and SIGUSR1 may be read first, having the lower number: its
        ledger line says nothing of a SIGTERM."""
        eventually(lambda: not has_pending(self.pid, number),
                   f"signal {int(number)} is taken")

    # -- look --

    def log(self):
        path = self.directory / "stderr"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_log(self, words):
        eventually(lambda: words in self.log(), f"{words!r} in the log")

    def ledger_now(self):
        """What SIGUSR1 makes it log."""
        before = len(self.ledger_lines())
        self.send_signal(signal.SIGUSR1)
        eventually(lambda: len(self.ledger_lines()) > before, "a ledger line")
        return self.ledger_lines()[-1]

    def ledger_lines(self):
        """All that the log has of them. Each look goes on where the last one
        ended: there may be thousands."""
        with open(self.directory / "stderr", "rb") as log:
            log.seek(self.looked_to)
            whole, end, _ = log.read().rpartition(b"\n")
        self.looked_to += len(whole + end)
        for line in whole.decode(errors="replace").splitlines():
            if "ledger: accepted" in line:
                self.ledgers.append(
                    {word: int(number) for word, number in re.findall(
                        r"(\w+) (\d+)(?=[,;])", line.partition("ledger: ")[2])})
        return self.ledgers

    def wait_ledger(self, **wanted):
        """Polls by SIGUSR1 until the ledger says what is wanted."""
        def reached():
            now = self.ledger_now()
            return all(now[key] == value for key, value in wanted.items())
        eventually(
            reached, lambda: f"{wanted}, last {self.ledger_lines()[-1:]}")

    def wait_served(self, count):
        eventually(lambda: self.ledger_now()["served"] >= count,
                   f"{count} served")

    def children(self, states="RSDTt"):
        """From the kernel's own list where it keeps one: a walk over /proc
        is long enough to see a child and its successor."""
        try:
            text = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
            listed = [(int(pid), proc_stat(pid)) for pid in text.split()]
        except OSError:
            listed = every_process()
        return [pid for pid, fields in listed
                if fields and int(fields[1]) == self.pid
                and fields[0] in states]

    def zombies(self):
        return self.children("Z")

    def tasks(self):
        count = len(os.listdir(f"/proc/{self.pid}/task"))
        # That sanitizer adds a thread of its own, with the first of ours.
        return max(count, 2) if SANITIZER == "tsan" else count

    def workers(self):
        """Threads or children beyond those at start."""
        return self.tasks() - self.at_start["tasks"] + len(self.children())

    def resources(self):
        return {"descriptors": len(descriptors(self.pid)),
                "tasks": self.tasks(),
                "children": len(self.children("RSDTtZ"))}

    def back_to_start(self):
        eventually(lambda: self.resources() == self.at_start,
                   lambda: f"{self.at_start}, still {self.resources()}")

    def is_alive(self):
        return self.process.poll() is None

    # -- stop --

    def wait(self):
        """Waits for the exit; returns the status and reads the ledger."""
        try:
            self.exit_code = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            pytest.fail(f"does not end: {self.log()[-2000:]}")
        if self.uses_stdout_ledger and self.exit_code >= 0:
            self.ledger = json.loads(
                (self.directory / "stdout").read_text() or "null")
        return self.exit_code

    def close_clients(self):
        for sock in self.sockets:
            sock.close()

    def stop(self, number=signal.SIGTERM):
        """SIGTERM, as from a service manager, after the clients have gone."""
        self.close_clients()
        if self.exit_code is None:
            if self.is_alive() and not self.told_to_stop:
                self.send_signal(number)
            self.wait()
        return self.exit_code

    def check(self):
        """What holds at the end of any run."""
        assert self.exit_code == self.expected_exit, self.log()[-2000:]
        report = SANITIZER_REPORT.search(self.log())
        assert not report, self.log()
        if self.ledger is not None:
            assert_exact(self.ledger)
            assert self.ledger["active"] == 0
        eventually(lambda: not self.survivors(), "no process of it is left")

    def survivors(self):
        """Processes of its session: its children, whoever owns them now."""
        return [pid for pid, fields in every_process()
                if int(fields[3]) == self.pid and fields[0] != "Z"]

    def kill(self):
        """For a run that has gone wrong: leave nothing behind."""
        self.close_clients()
        if self.process:
            self._kill_processes()
        if self.public:
            shutil.rmtree(self.public)

    def _kill_processes(self):
        if self.is_alive():
            self.process.kill()
        self.process.wait(DEADLINE)
        for pid in self.survivors():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def assert_exact(ledger):
    ends = sum(ledger[end] for end in ENDS)
    assert ledger["accepted"] == ledger["active"] + ends, ledger
