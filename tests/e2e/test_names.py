# SPDX-License-Identifier: MIT
"""What the programs call themselves, and what ps, top and ss call them."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness import BIN, HAS_FULL, echo

FULL = pytest.param(("-s", "http"), id="full", marks=pytest.mark.skipif(
    not HAS_FULL, reason="built without OpenSSL"))


@pytest.fixture
def installed(server, tmp_path):
    """The server as `make install` puts it: in two folders, by other names."""
    name = server.program.name.replace("server_", "perconn-server-")
    for folder in ("bin", "libexec/perconn"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(server.program, tmp_path / "bin" / name)
    if HAS_FULL:
        shutil.copy(f"{server.program}-full",
                    tmp_path / "libexec/perconn" / f"{name}-full")
    server.program = tmp_path / "bin" / name
    return server


def comms(server):
    """The names of its tasks and of its children."""
    names = {Path(f"/proc/{server.pid}/task/{task}/comm").read_text().strip()
             for task in os.listdir(f"/proc/{server.pid}/task")}
    return names | {Path(f"/proc/{pid}/comm").read_text().strip()
                    for pid in server.children()}


def test_an_installed_server_calls_itself_by_its_name(installed):
    name = installed.program.name
    text = installed.run("--help").stdout.decode()
    assert text.startswith(f"usage: {name} [options]\n")
    assert installed.run("--version").stdout.decode().startswith(f"{name} (")
    done = installed.run("--nonsense")
    assert done.stderr.decode().startswith(f"{name}: ")
    installed.start()
    for line in installed.log().splitlines():
        assert f" {name}[{installed.pid}] " in line


@pytest.mark.parametrize("options", [(), FULL])
def test_ps_can_tell_the_installed_models_apart(installed, options):
    installed.start(*options)
    sock = installed.connect()
    if not options:
        echo(sock)
    assert comms(installed) == {f"perconn-{installed.name.rpartition('-')[2]}"}
    assert installed.program.name in installed.log()


@pytest.mark.parametrize("options", [(), FULL])
def test_ps_shows_the_name_of_the_program_whatever_the_image(server, options):
    server.start(*options)
    assert comms(server) == {server.program.name}


@pytest.mark.skipif(not HAS_FULL, reason="built without OpenSSL")
def test_a_full_image_that_is_started_by_itself_can_be_told_too(server):
    server.program = Path(f"{server.program}-full")
    server.start()
    assert comms(server) == {f"perconn-{server.program.name[7:-5]}"}


@pytest.mark.parametrize("name", ["\x1b[31m", "", "two words", "x" * 50])
def test_a_name_that_cannot_stand_in_the_log_is_not_taken(server, name):
    # posix_spawn(), which Python takes where it may, refuses an empty name.
    done = subprocess.run([name, "--nonsense"], executable=server.program,
                          preexec_fn=lambda: None,
                          capture_output=True, timeout=60, check=False)
    assert done.stderr.decode().startswith(f"{server.program.name}: ")


def test_an_installed_client_calls_itself_by_its_name(tmp_path):
    client = tmp_path / "perconn-client"
    shutil.copy(BIN / "client", client)

    def run(*arguments):
        done = subprocess.run([client, *arguments], capture_output=True,
                              text=True, timeout=60, check=False)
        return done.stdout + done.stderr
    assert run("--help").startswith("usage: perconn-client VERB")
    for verb in ("talk", "load", "compare", "trace", "list"):
        assert run(verb, "--help").startswith(f"usage: perconn-client {verb}")
    assert run("--version").startswith("perconn-client (perconn) ")
    assert "perconn-client --help" in run()
    assert run("nonsense").startswith("perconn-client: ")
