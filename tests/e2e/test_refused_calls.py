# SPDX-License-Identifier: MIT
"""Calls that an older kernel does not have, or a filter refuses: another way,
or an error at the start; never a promise that is silently not kept."""
import os
import re
import resource
import subprocess

import pytest

from harness import (descriptors, echo, eventually, exchange, needs,
                     needs_root, release_only)

pytestmark = needs("strace")


def refused(call, error="EPERM", when="1+"):
    return ["-e", f"trace={call}",
            "-e", f"inject={call}:error={error}:when={when}"]


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_without_close_range_no_child_keeps_a_listener(
        fork_server, tmp_path, error):
    fork_server.start(listen=("127.0.0.1:0", f"unix:{tmp_path}/s"),
                      strace=refused("close_range", error))
    socks = fork_server.connected(3)
    for pid in fork_server.children():
        eventually(lambda: sum(what.startswith("socket:") for what in
                               descriptors(pid).values()) == 1,
                   "its connection is all that it has")
    for sock in socks:
        echo(sock)


@needs_root
@pytest.mark.parametrize("error", ["ENOSYS", "EPERM", "EINVAL"])
def test_without_pwritev2_a_pipe_of_another_user_gets_the_log(server, error):
    read_end, write_end = os.pipe()
    server.start(stderr=write_end, user=server.for_a_stranger(),
                 strace=refused("pwritev2", error))
    os.close(write_end)
    echo(server.connect())
    server.close_clients()
    assert server.stop() == 0
    with open(read_end, encoding="utf-8") as pipe:
        log = pipe.read()
    assert "listening on " in log and "draining" in log


def fails_to_start(server, call, *options):
    """Its words, when CALL is refused from the start."""
    found = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", *refused(call),
         server.program, *(options or ("-l", "127.0.0.1:0"))],
        capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 1, found.stderr
    return found.stderr


def test_without_a_timer_no_idle_timeout_is_promised(fork_server):
    assert "setitimer: Operation not permitted" in \
        fails_to_start(fork_server, "setitimer")


@pytest.mark.parametrize("call", ["signalfd4", "rt_sigprocmask", "pipe2"])
def test_what_it_cannot_do_without_is_an_error_at_the_start(server, call):
    assert re.search("error: |cannot start: |server_",
                     fails_to_start(server, call))


@pytest.mark.parametrize("call", ["setsockopt", "getsockname"])
@pytest.mark.parametrize("listen", ["127.0.0.1:0", "udp:127.0.0.1:0"])
def test_a_listener_that_is_not_as_promised_is_an_error_at_the_start(
        server, call, listen):
    assert f"{listen}: Operation not permitted" in \
        fails_to_start(server, call, "-l", listen)


@release_only
def test_without_madvise_a_parent_does_not_start_unprotected(server):
    assert "cannot start" in fails_to_start(server, "madvise")


@release_only
def test_a_soft_limit_that_cannot_be_raised_is_the_limit(
        thread_server, tmp_path):
    def lower():
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

    # How often libc asks for limits before us is its own affair.
    trace = tmp_path / "trace"
    thread_server.another().start(
        preexec=lower, strace=["-o", trace, "-e", "trace=prlimit64"])
    calls = trace.read_text().splitlines()
    first = 1 + next(i for i, call in enumerate(calls)
                     if "RLIMIT_NOFILE, {" in call)
    thread_server.start(preexec=lower, strace=[
        "-e", "trace=prlimit64",
        "-e", f"inject=prlimit64:error=EPERM:when={first}+"])
    number = re.search(r"at most (\d+) connections", thread_server.log())
    assert int(number[1]) < 64


def test_a_ready_line_that_cannot_be_written_is_said(server, tmp_path):
    """Whoever waits for it would not know why it does not come."""
    with open("/dev/full", "wb") as full:
        process = subprocess.Popen(
            [server.program, "-l", "127.0.0.1:0", "--ready-fd",
             str(full.fileno())],
            stderr=subprocess.PIPE, pass_fds=(full.fileno(),), text=True)
    try:
        lines = iter(process.stderr.readline, "")
        assert any("--ready-fd" in line and "No space left" in line
                   for line in lines)
    finally:
        process.kill()
        process.communicate()


# ---- an end that is not announced ----

@release_only
def test_a_worker_that_cannot_announce_its_end_is_collected(server):
    """Else a stop would wait for it, and a thread's stack be lost."""
    server.start("-s", "hello", "-m", 2, "--drain-timeout", "1h", ledger=None,
                 strace=["-e", "trace=write",
                         "-e", "inject=write:error=EIO:when=5+"])
    for _ in range(6):
        exchange(server.connect(), b"hi")
    assert server.stop() == 0
