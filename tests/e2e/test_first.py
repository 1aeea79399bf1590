# SPDX-License-Identifier: MIT
"""The pair of docs/labs/first, which fits a slide: both are whole servers, and the
page explains each line in which they differ."""
import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import sys

import pytest

from harness import (BENCH, DEADLINE, ROOT, SANITIZER, connect, descriptors, echo,
                     eventually, every_process, exchange, in_parallel, needs,
                     read_all, reset, send_until_full)

SOURCES = ROOT / "docs/labs/first"
PROGRAMS = BENCH.parents[1] / "docs/labs/first"
PAIR = [SOURCES / "thread.c", SOURCES / "fork.c"]
PAGES = sorted(SOURCES.glob("README*.md"))

counts_workers = pytest.mark.skipif(
    SANITIZER == "tsan", reason="ThreadSanitizer has a thread of its own")


class First:
    """One of the two, on a free port; in a with statement, it is stopped."""

    def __init__(self, command, limits=()):
        self.process = subprocess.Popen(
            [*command, "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: [resource.setrlimit(which, (value, value))
                                for which, value in limits])
        self.pid = self.process.pid
        line = self.process.stdout.readline().decode()
        self.target = line.removeprefix("listening on ").strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Children first: when their parent has gone, they are another's."""
        self.alive = self.process.poll() is None
        for pid in [*self.children(), self.pid] if self.alive else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.said = self.process.communicate(timeout=DEADLINE)[1].decode()

    def connect(self):
        return connect(self.target)

    def children(self):
        return [pid for pid, fields in every_process() if int(fields[1]) == self.pid]

    def workers(self):
        return len(os.listdir(f"/proc/{self.pid}/task")) - 1 + len(self.children())


@pytest.fixture(params=["thread", "fork"])
def first(request):
    program = PROGRAMS / request.param
    if not program.exists():
        pytest.fail(f"{program} is not built (make first)")
    with First([program]) as server:
        yield server
    assert server.alive and server.said == ""


def test_every_byte_comes_back(first):
    data = bytes(range(256)) * 40_000
    with first.connect() as sock:
        assert exchange(sock, data) == data


def test_a_half_closed_client_gets_the_rest_and_the_end(first):
    with first.connect() as sock:
        sock.sendall(b"last words")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b"last words"


@counts_workers
def test_50_clients_are_served_at_the_same_time_and_leave_no_worker(first):
    before = len(descriptors(first.pid))
    clients = [first.connect() for _ in range(50)]
    in_parallel(echo, clients)
    assert first.workers() == 50
    for sock in clients:
        sock.close()
    eventually(lambda: first.workers() == 0, "neither zombie nor thread is left")
    eventually(lambda: len(descriptors(first.pid)) == before,
               "no descriptor is left")


def test_a_burst_of_clients_is_served_each_by_its_own_worker(first):
    """What `&conn` instead of its value would not do."""
    def one(number):
        data = b"%d\n" % number * 100
        with first.connect() as sock:
            return exchange(sock, data) == data
    assert all(in_parallel(one, range(100)))


@counts_workers
def test_a_killed_client_ends_its_own_worker_alone(first):
    """It reads nothing, so that a write of the worker's fails."""
    other, killed = first.connect(), first.connect()
    echo(other)
    send_until_full(killed)
    reset(killed)
    eventually(lambda: first.workers() == 1, "the worker has ended")
    echo(other)
    other.close()


def test_a_write_to_a_client_that_has_gone_ends_no_other_worker(first):
    """The end of file, then a reset, while nobody reads: the write that comes
    next raises SIGPIPE."""
    other, gone = first.connect(), first.connect()
    echo(other)
    echo(gone)
    stopped = [first.pid, *first.children()]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    gone.sendall(b"ping\n")
    gone.shutdown(socket.SHUT_WR)
    reset(gone)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    echo(other)
    with first.connect() as third:
        echo(third)
    other.close()


def test_signals_without_a_handler_interrupt_nothing(first):
    with first.connect() as sock:
        echo(sock)
        for number in (signal.SIGSTOP, signal.SIGCONT, signal.SIGWINCH):
            os.kill(first.pid, number)
        echo(sock)
        with first.connect() as other:
            echo(other)


def test_an_idle_client_does_not_make_the_next_one_wait(first):
    with first.connect(), first.connect() as second:
        echo(second)


@pytest.mark.parametrize("name", ["thread", "fork"])
def test_a_server_without_descriptors_serves_again_when_one_is_free(name):
    with First([PROGRAMS / name], [(resource.RLIMIT_NOFILE, 8)]) as server:
        clients = [server.connect() for _ in range(8)]
        last = clients.pop()
        last.sendall(b"ping\n")
        if name == "thread":  # the other one's parent keeps none
            for sock in clients:
                sock.close()
        assert last.recv(5) == b"ping\n"


@needs("strace")
@pytest.mark.parametrize("name", ["thread", "fork"])
@pytest.mark.parametrize("error, waits", [("ENOMEM", True), ("ECONNABORTED", False)])
def test_only_a_client_that_has_gone_is_no_reason_to_wait(
        name, error, waits, tmp_path):
    log = tmp_path / "calls"
    # -D: the tracer is the grandchild and our child the server.
    with First(["strace", "-D", "-qq", "-o", log, "-e",
                "trace=accept,clock_nanosleep", "-e",
                f"inject=accept:error={error}:when=1", PROGRAMS / name]) as server:
        eventually(lambda: log.exists() and error in log.read_text(), "it has failed")
        if waits:
            eventually(lambda: "clock_nanosleep(" in log.read_text(), "it waits")
            return
        echo(server.connect())
    assert "clock_nanosleep(" not in log.read_text()


def test_a_port_that_is_taken_is_an_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for path in PAIR:
            run = subprocess.run(
                [PROGRAMS / path.stem, str(taken.getsockname()[1])],
                capture_output=True, text=True, timeout=DEADLINE)
            assert run.returncode == 1
            assert run.stderr == f"{path.stem}: listen: Address already in use\n"


# ---- the sources, and the page about them ----

def names(path):
    return re.findall(r"^(\w+)\([^;{]*\)\n\{", path.read_text(), flags=re.M)


def code_of(path):
    return [line for line in path.read_text().splitlines()
            if line and not re.match(r"/\*|#include", line)]


def test_both_define_the_same_names_in_the_same_order():
    assert names(PAIR[0]) == names(PAIR[1]) == ["echo", "worker", "start", "main"]


@pytest.mark.parametrize("path", PAIR, ids=lambda path: path.name)
def test_it_fits_a_slide(path):
    assert len(code_of(path)) <= 55
    assert len(path.read_text().splitlines()) <= 75


def changed(lines):
    return [line for line in lines if re.match(r"[-+](?![-+])", line)
            and line[1:].strip()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_explains_each_hunk_of_the_diff(page):
    blocks = re.findall(r"```diff\n(.*?)```\n\n(\S*)", page.read_text(), re.S)
    shown = [line for block, _ in blocks for line in changed(block.splitlines())]
    diff = subprocess.run(["diff", "-U0", *PAIR], capture_output=True, text=True)
    assert shown == changed(diff.stdout.splitlines()) and len(shown) > 20
    for block, after in blocks:
        assert after and not after.startswith("#"), f"no words about {block}"


@pytest.mark.parametrize("mixin", ["ThreadingMixIn", "ForkingMixIn"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pages_python_serves_as_well(page, mixin, tmp_path):
    script = re.search(r"```python\n(.*?)```", page.read_text(), re.S)[1]
    assert "7007" in script and "ThreadingMixIn" in script
    path = tmp_path / "pair.py"
    path.write_text(script.replace("7007", "0").replace("ThreadingMixIn", mixin))
    with First([sys.executable, path]) as server:
        clients = [server.connect() for _ in range(3)]
        for sock in reversed(clients):
            echo(sock)
            sock.close()
