# SPDX-License-Identifier: MIT
"""Two images of each server: the plain one becomes the full one by itself."""
import os
import shutil
import subprocess

import pytest

from harness import (BIN, DEADLINE, ROOT, SANITIZER, Server, connect,
                     descriptors, echo, needs, read_all, release_only)

HAS_FULL = (BIN / "server_thread-full").exists()
needs_full = pytest.mark.skipif(
    not HAS_FULL, reason="no full image: OpenSSL was missing at build time")
PLAIN_SERVICES = ["echo", "hello", "counter", "counter:unlocked", "spin:1ms",
                  "sleep:1ms"]
FULL_SERVICES = ["http", "chat"]


def image_of(server):
    return os.path.basename(os.readlink(f"/proc/{server.pid}/exe"))


def alone(server):
    """The plain image where no full one is beside it."""
    place = server.directory / "bin"
    place.mkdir()
    server.program = shutil.copy(server.program, place)
    return server


def make(where, *arguments):
    """Not with the variables of the make that may be running these tests."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES")}
    result = subprocess.run(
        ["make", "-C", where, *arguments], capture_output=True, text=True,
        timeout=300, env=env, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


# ---- which one runs ----

@pytest.mark.parametrize("service", PLAIN_SERVICES)
def test_what_needs_libc_alone_runs_in_the_plain_image(server, service):
    server.start("-s", service)
    assert image_of(server) == f"server_{server.name}"
    linking = "dynamic" if SANITIZER else "static PIE"
    assert f"plain image, linked {linking}" in server.log()


@needs_full
@pytest.mark.parametrize("service", FULL_SERVICES)
def test_what_speaks_websocket_runs_in_the_full_image(server, service):
    """start() finds the pid and the ready descriptor as they were."""
    server.start("-s", service)
    assert image_of(server) == f"server_{server.name}-full"
    assert server.log().count("full image, linked dynamic") == 1
    assert "plain image" not in server.log()


@needs_full
def test_tls_runs_in_the_full_image(server, tmp_path):
    """A certificate that is not there is its first complaint."""
    result = server.run("--tls-cert", tmp_path / "none", "--tls-key",
                        tmp_path / "none", "-l", "127.0.0.1:0")
    assert result.returncode == 1
    assert b"full image, linked dynamic" in result.stderr


@needs_full
def test_the_full_image_can_be_called_by_name(server):
    server.program = BIN / f"server_{server.name}-full"
    server.start("-s", "http")
    assert image_of(server) == f"server_{server.name}-full"


@needs_full
def test_the_full_image_has_no_other_descriptors_than_the_plain_one(
        server, tmp_path):
    server.start("-s", "chat", listen="127.0.0.1:0")
    other = server.another()
    other.start("-s", "echo", listen="127.0.0.1:0")
    assert len(descriptors(server.pid)) == len(descriptors(other.pid))


@needs_full
def test_the_arguments_arrive_as_they_were(server, tmp_path):
    """Also those that are empty words to a shell."""
    server.start("-s", "http", "-m", "7", "--when-full", "refuse",
                 listen=("127.0.0.1:0", f"unix:{tmp_path}/a b'c"))
    assert "at most 7 connections" in server.log()
    assert server.targets[1] == f"unix:{tmp_path}/a b'c"


@needs_full
def test_a_link_to_the_program_finds_the_full_image(server, tmp_path):
    link = tmp_path / "elsewhere"
    link.symlink_to(server.program)
    server.program = link
    server.start("-s", "http")
    assert image_of(server).endswith("-full")


# ---- where there is none ----

@pytest.mark.parametrize("service", FULL_SERVICES)
def test_without_a_full_image_it_serves_without_websocket(server, service):
    alone(server).start("-s", service)
    assert image_of(server) == server.program.rpartition("/")[2]
    assert server.log().count(f"{service} without WebSocket") == 1
    assert "plain image" in server.log()


def test_without_a_full_image_tls_is_a_clear_refusal(server, tmp_path):
    result = alone(server).run("--tls-cert", tmp_path / "c", "--tls-key",
                               tmp_path / "k", "-l", "127.0.0.1:0")
    assert result.returncode == 1
    line = result.stderr.decode()
    assert line.count("\n") == 1
    assert "--tls-cert" in line and "OpenSSL" in line
    assert b"listening" not in result.stderr


def test_a_full_image_that_cannot_be_run_is_said(server):
    alone(server)
    full = server.program + "-full"
    with open(full, "w", encoding="ascii") as file:
        file.write("no program\n")
    os.chmod(full, 0o755)
    server.start("-s", "http")
    assert "-full: Exec format error" in server.log()
    assert "http without WebSocket" in server.log()


def test_a_full_image_that_is_none_does_not_start_over_for_ever(server):
    """Somebody has linked the name to the plain one."""
    alone(server)
    os.symlink(server.program, server.program + "-full")
    server.start("-s", "http")
    assert "http without WebSocket" in server.log()


# ---- options that belong together ----

@pytest.mark.parametrize("options, words", [
    (["--tls-cert", "f"], ["--tls-cert", "--tls-key"]),
    (["--tls-key", "f"], ["--tls-cert", "--tls-key"]),
    (["--tls-client-ca", "f"], ["--tls-client-ca", "--tls-cert"]),
    (["--tls-cert", "f", "--tls-key", "f", "-l", "udp:127.0.0.1:0"],
     ["--tls-cert", "udp:"]),
])
def test_half_of_tls_is_wrong_usage(server, options, words):
    result = server.run(*options)
    assert result.returncode == 2
    line = result.stderr.decode()
    assert line.count("\n") == 1 and all(word in line for word in words)


# ---- installed ----

@needs_full
@release_only
def test_installed_it_finds_the_full_image_in_libexec(server, tmp_path):
    if BIN != ROOT:
        pytest.skip("the release programs are what is installed")
    make(ROOT, "-o", "all", "install", f"DESTDIR={tmp_path}", "PREFIX=/p")
    program = tmp_path / f"p/bin/perconn-server-{server.name}"
    server.program = program
    server.start("-s", "chat")
    assert os.readlink(f"/proc/{server.pid}/exe") == str(
        tmp_path / f"p/libexec/perconn/perconn-server-{server.name}-full")
    assert "full image, linked dynamic" in server.log()


# ---- built without the libraries ----

@release_only
@needs("gcc")
def test_without_openssl_the_rest_is_built_and_works(tmp_path):
    """One test, because it compiles everything."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(
        "build", ".git", "server_thread", "server_fork", "*-full", "client",
        "*.pyc", "docs", "tests"))
    (copy / "server_thread-full").write_text("left over")
    out = make(copy, "-j2", "HAVE_TLS=", "HAVE_WS=", "CFLAGS=-O1",
               "DEV=1")
    assert out.count("no OpenSSL 3: built without TLS and WebSocket\n") == 1
    assert not (copy / "server_thread-full").exists()
    # Without wslay alone it is the other half that is missing.
    out = make(copy, "-n", "HAVE_TLS=yes", "HAVE_WS=")
    assert out.count("no wslay: built without WebSocket") == 1
    for name in ("server_thread", "server_fork"):
        (tmp_path / name).mkdir()
        serve_without(Server(copy / name, tmp_path / name))
    listed = subprocess.run([copy / "client", "list"], check=True,
                            capture_output=True, timeout=DEADLINE)
    assert b"echo" in listed.stdout


def serve_without(server):
    try:
        server.start("-s", "echo")
        with connect(server.address) as sock:
            echo(sock)
        assert server.stop() == 0
        server.check()
        result = server.run("--tls-cert", "c", "--tls-key", "k")
        assert result.returncode == 1 and b"OpenSSL" in result.stderr
    finally:
        server.kill()
