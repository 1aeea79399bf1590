# SPDX-License-Identifier: MIT
"""Children that are no workers: of the program that became the server, or
orphans that come to it (PID 1 of a container)."""
import ctypes
import os
import signal

import pytest

from harness import echo, eventually


def subreaper():
    ctypes.CDLL(None).prctl(36, 1)


@pytest.mark.parametrize("script, preexec", [
    ("sleep 0.2 & exec \"$@\"", None),
    ("true & exec \"$@\"", None),
    ("(sleep 0.2 & sleep 0.3 & true); exec \"$@\"", subreaper)],
    ids=["child", "dead child", "orphans"])
def test_a_child_that_is_no_worker_leaves_no_zombie(server, script, preexec,
                                                    tmp_path):
    program = tmp_path / server.program.name
    program.write_text(f"#!/bin/sh\nset -- {server.program} \"$@\"\n{script}\n")
    program.chmod(0o755)
    server.program = program
    server.start(preexec=preexec)
    echo(server.connect())
    eventually(lambda: not server.zombies() and
               all(comm(pid) != "sleep" for pid in server.children()),
               "strangers are gone")
    server.close_clients()
    server.wait_ledger(active=0, served=1)


def comm(pid):
    try:
        with open(f"/proc/{pid}/comm") as file:
            return file.read().strip()
    except OSError:
        return ""


def runs(pid, other):
    """Whether both processes run the same program."""
    try:
        return os.path.samefile(f"/proc/{pid}/exe", f"/proc/{other}/exe")
    except OSError:
        return False


def test_strangers_do_not_take_the_workers_ends(fork_server, tmp_path):
    program = tmp_path / "server_fork"
    program.write_text(
        "#!/bin/sh\nfor i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.$i & done\n"
        f"exec {fork_server.program} \"$@\"\n")
    program.chmod(0o755)
    fork_server.program = program
    fork_server.start()
    for crashed in range(1, 6):
        fork_server.connected(10)
        # A stranger may not be sleep(1) yet, or be gone since it was listed.
        victims = [pid for pid in fork_server.children()
                   if runs(pid, fork_server.pid)]
        os.kill(victims[0], signal.SIGKILL)
        fork_server.wait_ledger(active=9, crashed=crashed)
        fork_server.close_clients()
        fork_server.wait_ledger(active=0, served=9 * crashed)
    eventually(lambda: not fork_server.children(), "all are gone")
