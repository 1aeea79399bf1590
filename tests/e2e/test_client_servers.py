# SPDX-License-Identifier: MIT
"""How `client compare` starts, watches and ends servers: as the user's shell
would, and without harm to anything that it has not started."""
import contextlib
import ctypes
import os
import re
import resource
import shlex
import signal
import subprocess
import sys

import pytest

from comparing import first_blocks
from harness import (
    DEADLINE, eventually, every_process, needs, proc_stat)
from known_servers import (
    CLIENT, SMALL, THREAD, client, compare, flat, interrupt_twice, ratio_of,
    result_of, rows_of, running_client, servers_of, value_of, words_of)

pytestmark = pytest.mark.timed

STRANGERS = 3000  # their numbers fill more than 16 KiB
DAEMONS = 20


# ---- strangers ----

def interrupt_once(process):
    process.send_signal(signal.SIGINT)


def members(group):
    return [pid for pid, fields in every_process()
            if int(fields[2]) == group and fields[0] != "Z"]


@pytest.mark.parametrize("end", [interrupt_once, interrupt_twice])
def test_background_jobs_of_the_shell_survive_a_comparison(
        groups, tmp_path, end):
    """They became the client's children when the shell executed it; and some
    of them become daemons while servers run, and so somebody's children."""
    daemons = tmp_path / "daemons"
    go = tmp_path / "go"
    command = words_of([CLIENT, "compare", "--quick", "--blocks", "200",
                        *servers_of(groups, {"a": THREAD}), "steady"])
    script = f"""
        for i in $(seq {STRANGERS}); do sleep 600 & done
        for i in $(seq {DAEMONS}); do
            (for j in $(seq 1200); do
                test ! -e '{go}' || break; sleep 0.1
             done
             setsid sh -c 'echo $$ >>{daemons}; exec sleep 600' &) &
        done
        exec {" ".join(shlex.quote(os.fsdecode(word)) for word in command)}
    """
    process = subprocess.Popen(
        ["sh", "-c", script], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True)
    with contextlib.ExitStack() as after:
        after.callback(process.wait)
        after.callback(os.killpg, process.pid, signal.SIGKILL)
        eventually(lambda: len(groups.numbers()) >= 3, "three servers",
                   6 * DEADLINE)
        go.touch()
        eventually(lambda: daemons.exists() and
                   daemons.read_text().count("\n") == DAEMONS, "daemons")
        numbers = [int(line) for line in daemons.read_text().split()]
        for pid in numbers:
            after.callback(lambda pid=pid: is_leader(pid) and
                           os.kill(pid, signal.SIGKILL))
        before = len(groups.numbers())
        eventually(lambda: len(groups.numbers()) >= before + 2, "more servers")
        end(process)
        assert process.wait(6 * DEADLINE) == 130
        assert len(members(process.pid)) == STRANGERS
        assert all(is_leader(pid) for pid in numbers)
    assert groups.alive() == []


def is_leader(pid):
    """Still the process that has made a session of its own."""
    fields = proc_stat(pid)
    return fields and int(fields[3]) == pid and fields[0] != "Z"


# It hands its listener to a process that somebody else has started, as a
# front of a container or a service manager does. Nobody listens before it has
# closed its own copy.
FRONT = """
import socket, sys, time
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
with socket.socket(socket.AF_UNIX) as sock:
    sock.connect(sys.argv[2])
    socket.send_fds(sock, [b"x"], [listener.fileno()])
    listener.close()
time.sleep(1000)
"""
BEHIND = """
import socket, sys, threading
def serve(sock):
    while data := sock.recv(65536):
        sock.sendall(data)
def accept(listener):
    while True:
        threading.Thread(target=serve, args=listener.accept()[:1]).start()
with socket.socket(socket.AF_UNIX) as sock:
    sock.bind(sys.argv[1])
    sock.listen()
    print(flush=True)
    while True:
        front = sock.accept()[0]
        listener = socket.socket(fileno=socket.recv_fds(front, 1, 1)[1][0])
        front.recv(1)
        listener.listen(100)
        threading.Thread(target=accept, args=[listener]).start()
"""


def test_a_worker_that_the_command_has_not_started_is_not_crashed(
        groups, tmp_path):
    path = tmp_path / "front"
    behind = subprocess.Popen([sys.executable, "-S", "-c", BEHIND, path],
                              stdout=subprocess.PIPE)
    try:
        behind.stdout.readline()
        front = shlex.join(["exec", sys.executable, "-S", "-c", FRONT])
        report = compare(
            groups, {"base": THREAD, "front": f"{front} {{port}} '{path}'"},
            "crash", code=1)
        assert behind.poll() is None
    finally:
        behind.kill()
        behind.wait()
    assert f"process {behind.pid} serves the connections, but the command " \
        "did not start it" in ratio_of(report, "crash", "front")["reason"]
    assert re.search(f"process {behind.pid} listens in place of front",
                     report["words"])


@needs("strace")
def test_without_a_hold_on_a_process_none_is_crashed():
    """An older kernel has no pidfd_open(2): nobody is signalled unchecked."""
    result = client("compare", *SMALL, "crash", wrap=[
        "strace", "-qq", "-o", os.devnull, "-e", "trace=pidfd_open",
        "-e", "inject=pidfd_open:error=ENOSYS"],
        env=dict(os.environ, ASAN_OPTIONS="detect_leaks=0"))
    assert result.code == 1
    assert "could not be killed: Function not implemented (this needs" in \
        flat(result.out)


# ---- what a server is given ----

# What a shell hands on, but for the CPUs, which the placement says.
GIVEN = ("cat /proc/self/limits; grep -E '^(Sig(Blk|Ign)|NoNewPrivs)' "
         "/proc/self/status; cat /proc/self/timerslack_ns "
         "/proc/self/oom_score_adj; umask; pwd; nice; "
         "env | grep -v ^PERCONN_PADDING= | sort; ls /proc/self/fd")


def strange():
    """Not what anybody has by default."""
    PR_SET_TIMERSLACK = 29
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 123456)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (321, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, (4321, 54321))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGUSR1})
    os.nice(3)
    os.umask(0o027)
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("7")


def plain():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


@pytest.mark.parametrize("prepare", [strange, plain])
def test_a_server_is_given_what_the_shell_gave_the_client(
        groups, tmp_path, prepare):
    """Its descriptors, too: what the user has opened for it, and none of the
    client's."""
    path = tmp_path / "given"
    with open(os.devnull) as opened:
        options = {"preexec_fn": prepare, "pass_fds": [opened.fileno()],
                   "cwd": tmp_path, "env": dict(os.environ, CHEESE="blue")}
        wanted = subprocess.run(
            ["sh", "-c", f"({GIVEN})"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, check=True, **options).stdout
        with running_client(
                "compare", *SMALL, "--json", "-", *servers_of(groups, {
                    "a": f"({GIVEN}) >{path}.new; mv {path}.new {path}; "
                         f"{THREAD}"}), "steady", **options) as process:
            eventually(path.exists, "a server")
            process.send_signal(signal.SIGTERM)
            result_of(process)
    assert path.read_text().splitlines() == wanted.splitlines()


# ---- a loud one ----

def test_a_loud_server_does_not_fill_memory(groups, tmp_path):
    """It says gigabytes, of which its last words are kept."""
    path = tmp_path / "loud"
    loud = f"sh -c 'echo $$ >{path}; exec yes' & {THREAD}"
    with running_client("compare", *SMALL, *servers_of(groups, {"a": loud}),
                        "steady") as process:
        eventually(lambda: path.exists() and path.read_text(), "yes")

        def said():
            """The bytes, and those that are kept; each block starts another."""
            try:
                process = f"/proc/{int(path.read_text())}"
                with open(f"{process}/io") as io:
                    wrote = int(re.search(r"wchar: (\d+)", io.read())[1])
                kept = os.stat(f"{process}/fd/1").st_blocks * 512
            except (FileNotFoundError, ProcessLookupError, ValueError):
                return 0
            assert kept < 16 << 20
            return wrote
        eventually(lambda: said() > 200 << 20, "200 MiB")
        process.send_signal(signal.SIGINT)
        assert result_of(process).code == 130


# ---- what cannot work ----

def test_a_baseline_that_cannot_start_is_told_at_once(groups):
    """And not after two minutes in which another server was measured."""
    result = client("compare", *servers_of(groups, {
        "a": "/no/such/server {port}", "b": THREAD}))
    assert result.code == 1
    assert result.seconds < DEADLINE
    assert "steady: a is not measured: ended with status 127 (no such " \
        "command" in result.err
    assert "/no/such/server" in result.err, "its last words"


def test_a_baseline_that_does_not_come_up_is_waited_for_once(groups):
    """And not again for the control, which is the same command."""
    result = client("compare", "--start-timeout", "300ms", *servers_of(
        groups, {"a": "exec sleep 1000; : {port}"}), "steady", "crash")
    assert result.code == 1
    assert result.err.count("a is not measured: did not accept") == 2
    # On a busy machine a shell may be ended before it has told its number.
    assert len(groups.numbers()) <= 2, "one in each scenario"


@pytest.mark.parametrize("command", [
    f"{THREAD.replace('exec ', '')} & sleep 0.5; exit 0",
    "exec socat TCP4-LISTEN:{port},bind={host} EXEC:cat"],
    ids=["daemon", "one connection"])
def test_a_server_that_accepts_and_then_leaves_is_told_at_once(
        groups, command):
    """When it could still be started: a daemon whose parent waits until it
    listens, a server of one connection."""
    result = client("compare", *SMALL, *servers_of(
        groups, {"a": command, "b": THREAD}), "steady")
    assert result.code == 1
    assert "steady: a is not measured: ended with status 0" in result.err
    assert len(groups.numbers()) <= 3, "one block"


def test_a_server_that_needs_longer_to_start_is_given_it(groups):
    report = compare(groups, {
        "a": THREAD, "slow": f"sleep 0.7; {THREAD}",
        "never": "exec sleep 1000; : {port}"},
        "crash", "--start-timeout", "3s", code=1)
    assert value_of(report, "crash", "slow")["value"] is not None
    reason = ratio_of(report, "crash", "never")["reason"]
    assert "within 3 s (--start-timeout" in reason


def test_a_server_gets_the_signal_that_asks_it_to_stop(groups, tmp_path):
    """And no other: it ends by this one, within its time."""
    told = tmp_path / "told"
    server = f"trap 'echo USR1 >>{told}; kill $!; wait; exit' USR1; " \
        f"trap 'echo TERM >>{told}; exit' TERM; {THREAD} & wait"
    result, _ = first_blocks(
        tmp_path, rows_of, "--stop-signal", "SIGUSR1", "steady",
        *servers_of(groups, {"a": server}))
    assert set(told.read_text().split()) == {"USR1"}
    assert "was killed" not in result.err
    assert groups.alive() == []


def test_a_server_that_ignores_sigterm_is_told_of(groups):
    deaf = f"trap '' TERM; sleep 1000 & {THREAD}"
    with running_client("compare", *SMALL,
                        *servers_of(groups, {"a": THREAD, "b": deaf}),
                        "steady") as process:
        line = next(line for line in process.stderr if b"SIGTERM" in line)
        process.send_signal(signal.SIGINT)
        result_of(process)
    assert b"steady: b did not end within 5 s of SIGTERM" in line
