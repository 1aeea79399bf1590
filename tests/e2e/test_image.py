# SPDX-License-Identifier: MIT
"""Three images of each server. The plain one becomes the full one by itself."""
import os
import shutil
import subprocess

import pytest

from harness import (BIN, DEADLINE, HAS_FULL, ROOT, SANITIZER, Server,
                     connect, descriptors, echo, needs, needs_full,
                     needs_websocket, read_all, release_only)
from known_servers import load

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


def make(where, *arguments, code=0):
    """What it says. Not with the variables of the make that may be running these tests."""
    env = {name: value for name, value in os.environ.items()
           if name not in ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES")}
    result = subprocess.run(
        ["make", "-C", where, *arguments], capture_output=True, text=True,
        timeout=1800, env=env, check=False)
    assert result.returncode == code, result.stderr
    return result.stdout if code == 0 else result.stderr


# ---- which one runs ----

@pytest.mark.parametrize("service", PLAIN_SERVICES)
def test_what_needs_libc_alone_runs_in_the_plain_image(server, service):
    server.start("-s", service)
    assert image_of(server) == f"server_{server.name}"
    linking = "dynamic" if SANITIZER else "static PIE"
    assert f"plain image, linked {linking}" in server.log()


@needs_websocket
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


@needs_websocket
def test_the_full_image_has_no_other_descriptors_than_the_plain_one(
        server, tmp_path):
    server.start("-s", "chat", listen="127.0.0.1:0")
    other = server.another()
    other.start("-s", "echo", listen="127.0.0.1:0")
    assert len(descriptors(server.pid)) == len(descriptors(other.pid))


@needs_websocket
def test_the_arguments_arrive_as_they_were(server, tmp_path):
    """Also those that are empty words to a shell."""
    server.start("-s", "http", "-m", "7", "--when-full", "refuse",
                 listen=("127.0.0.1:0", f"unix:{tmp_path}/a b'c"))
    assert "at most 7 connections" in server.log()
    assert server.targets[1] == f"unix:{tmp_path}/a b'c"


@needs_websocket
def test_a_link_to_the_program_finds_the_full_image(server, tmp_path):
    link = tmp_path / "elsewhere"
    link.symlink_to(server.program)
    server.program = link
    server.start("-s", "http")
    assert image_of(server).endswith("-full")


# ---- where there is none (or, made without it, none that would be tried) ----

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


@needs_websocket
def test_a_full_image_that_cannot_be_run_is_said(server):
    alone(server)
    full = server.program + "-full"
    with open(full, "w", encoding="ascii") as file:
        file.write("no program\n")
    os.chmod(full, 0o755)
    server.start("-s", "http")
    assert "-full: Exec format error" in server.log()
    assert "http without WebSocket" in server.log()


@needs_websocket
def test_a_full_image_that_is_none_does_not_start_over_for_ever(server):
    """Somebody has linked the name to the plain one."""
    alone(server)
    os.symlink(server.program, server.program + "-full")
    server.start("-s", "http")
    assert "http without WebSocket" in server.log()


@needs_websocket
def test_a_full_image_that_is_a_copy_of_the_plain_one_neither(server):
    alone(server)
    shutil.copy(server.program, server.program + "-full")
    server.start("-s", "http")
    assert "http without WebSocket" in server.log()
    assert f"{server.program}-full is the plain image" in server.log()


@needs_websocket
def test_nor_does_a_script_that_leads_back(server):
    alone(server)
    script(server.program + "-full", server.program)
    server.start("-s", "http")
    assert "http without WebSocket" in server.log()


def script(path, program):
    with open(path, "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\nexec {program} "$@"\n')
    os.chmod(path, 0o755)


# ---- --image ----

def suffix_of(image):
    return "" if image == "plain" else f"-{image}"


IMAGES = ["plain", "dynamic", pytest.param("full", marks=needs_full)]


@pytest.mark.parametrize("first", IMAGES)
@pytest.mark.parametrize("image", IMAGES)
def test_each_image_becomes_that_which_is_asked_for(server, first, image):
    """The one that is asked to be itself goes on as it is."""
    server.program = BIN / f"server_{server.name}{suffix_of(first)}"
    server.name = server.name.partition("-")[0]
    server.start("--image", image)
    assert image_of(server) == f"server_{server.name}{suffix_of(image)}"
    linking = ("static PIE" if image == "plain" and not SANITIZER
               else "dynamic")
    assert server.log().count(f"{image} image, linked {linking}") == 1
    assert server.log().count(" image, ") == 1
    echo(server.connect())


@needs_full
def test_the_full_image_has_libssl_mapped_and_the_others_have_not(server):
    server.start("--image", "full")
    other = server.another()
    other.start("--image", "dynamic")
    assert "/libssl" in maps(server) and "/libssl" not in maps(other)


@release_only
def test_a_static_program_maps_no_library(server):
    server.start("--image", "plain")
    other = server.another()
    other.start("--image", "dynamic")
    assert ".so" not in maps(server) and "/libc.so" in maps(other)


def maps(server):
    with open(f"/proc/{server.pid}/maps", encoding="ascii") as file:
        return file.read()


@release_only
@pytest.mark.parametrize("image, told", [
    ("plain", "static PIE"), ("dynamic", "dynamic"),
    pytest.param("full", "dynamic, with libssl", marks=needs_full)])
def test_the_client_tells_the_linking_from_outside(server, image, told):
    server.start("--image", image)
    assert load(server.address, "-n", 10)["image"] == told


def test_no_trace_of_the_change_is_left_in_the_environment(server):
    server.start("--image", "dynamic")
    with open(f"/proc/{server.pid}/environ", "rb") as file:
        assert b"PERCONN_IMAGE" in file.read()  # as execve(2) was given it
    other = server.another()
    other.start("--image", "plain", env={"PERCONN_IMAGE": "plain"})
    echo(other.connect())


@pytest.mark.parametrize("image", ["plain", "dynamic"])
@pytest.mark.parametrize("service", FULL_SERVICES)
def test_an_image_without_websocket_that_was_asked_for_says_so(
        server, image, service):
    server.start("--image", image, "-s", service)
    assert image_of(server) == f"server_{server.name}{suffix_of(image)}"
    assert server.log().count(f"{service} without WebSocket") == 1


@pytest.mark.parametrize("image", ["dynamic", "full"])
def test_an_image_that_is_missing_is_an_error(server, image):
    result = alone(server).run("--image", image)
    assert result.returncode == 1
    line = result.stderr.decode()
    assert line.count("\n") == 1
    assert f"--image {image}: there is no {image} image" in line


@pytest.mark.parametrize("image", ["dynamic", "full"])
@pytest.mark.parametrize("behind", ["link", "copy", "script", "nothing"])
def test_a_name_that_leads_to_another_image_is_an_error(server, image, behind):
    """And not a process that starts over for ever."""
    alone(server)
    name = f"{server.program}-{image}"
    if behind == "link":
        os.symlink(server.program, name)
    elif behind == "copy":
        shutil.copy(server.program, name)
    elif behind == "script":
        script(name, server.program)
    else:
        with open(name, "w", encoding="ascii") as file:
            file.write("no program\n")
        os.chmod(name, 0o755)
    result = server.run("--image", image)
    assert result.returncode == 1
    line = result.stderr.decode()
    assert line.count("\n") == 1 and line.count(f"--image {image}: ") == 1
    assert ("Exec format error" if behind == "nothing"
            else "is the plain image") in line


@pytest.mark.parametrize("options, words", [
    (["--image", "static"], ["--image", "static", "plain|dynamic|full"]),
    (["--image", ""], ["--image", "plain|dynamic|full"]),
    (["--image", "plain", "--tls-cert", "c", "--tls-key", "k"],
     ["--image plain", "full", "--tls-cert"]),
    (["--image", "dynamic", "--tls-cert", "c", "--tls-key", "k"],
     ["--image dynamic", "full", "--tls-cert"]),
])
def test_a_wrong_image_is_wrong_usage(server, options, words):
    result = server.run(*options)
    assert result.returncode == 2
    line = result.stderr.decode()
    assert line.count("\n") == 1 and all(word in line for word in words)


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

@pytest.fixture
def installed(server, tmp_path):
    """The place; SERVER is the program there."""
    if BIN != ROOT:
        pytest.skip("the release programs are what is installed")
    make(ROOT, "-o", "all", "install", f"DESTDIR={tmp_path}", "PREFIX=/p")
    server.program = tmp_path / f"p/bin/perconn-server-{server.name}"
    return tmp_path / "p"


@needs_websocket
@release_only
def test_installed_it_finds_the_full_image_in_libexec(server, installed):
    server.start("-s", "chat")
    assert os.readlink(f"/proc/{server.pid}/exe") == str(
        installed / f"libexec/perconn/perconn-server-{server.name}-full")
    assert "full image, linked dynamic" in server.log()


@needs_full
@release_only
def test_installed_each_image_finds_each_other(server, installed):
    plain = server.program
    folder = installed / "libexec/perconn"
    for first, image in (("", "dynamic"), ("dynamic", "full"),
                         ("full", "plain")):
        run = server.another()
        run.program = (folder / f"{plain.name}-{first}" if first else plain)
        run.start("--image", image)
        assert os.readlink(f"/proc/{run.pid}/exe") == str(
            plain if image == "plain" else folder / f"{plain.name}-{image}")


# ---- built without the libraries ----

@release_only
@needs("gcc")
def test_without_openssl_the_rest_is_built_and_works(tmp_path):
    """One test, because it compiles everything."""
    copy = tmp_path / "copy"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=shutil.ignore_patterns(
        "build", ".git", "server_thread", "server_fork", "*-full", "*-dynamic", "client",
        "*.pyc", "docs", "tests"))
    (copy / "server_thread-full").write_text("left over")
    without_jansson(copy, tmp_path)
    out = make(copy, "-j2", "HAVE_TLS=", "HAVE_WS=", "CFLAGS=-O1",
               "DEV=1")
    assert out.count("no OpenSSL 3: built without TLS and WebSocket\n") == 1
    assert not (copy / "server_thread-full").exists()
    for name in ("server_thread", "server_fork"):
        (tmp_path / name).mkdir()
        serve_without(Server(copy / name, tmp_path / name))
    if HAS_FULL:
        without_wslay(copy, tmp_path)
    listed = subprocess.run([copy / "client", "list"], check=True,
                            capture_output=True, timeout=DEADLINE)
    assert b"echo" in listed.stdout


def without_jansson(copy, tmp_path):
    """The servers are built, and need no byte of it."""
    (copy / "client").write_text("left over")
    (tmp_path / "jansson.h").write_text("#error the servers include it")
    line = "client not built: jansson is missing (make deps installs it)\n"
    no_json = ["HAVE_TLS=", "HAVE_WS=", "HAVE_JSON=", "DEV=1",
               f"CFLAGS=-O1 -I{tmp_path}"]
    out = make(copy, "-j2", *no_json)
    assert out.count(line) == 1
    assert not (copy / "client").exists()
    assert (copy / "server_thread").exists()
    for target in ("client", "check-e2e", "install"):
        assert make(copy, target, *no_json, code=2).startswith(line)
    (tmp_path / "jansson.h").unlink()


def without_wslay(copy, tmp_path):
    """Then the full image has nothing that http could use."""
    out = make(copy, "-j2", "HAVE_WS=", "CFLAGS=-O1", "DEV=1")
    assert out.count("no wslay: built without WebSocket") == 1
    assert (copy / "server_fork-full").exists()
    (tmp_path / "http").mkdir()
    server = Server(copy / "server_fork", tmp_path / "http")
    try:
        server.start("-s", "http")
        assert image_of(server) == "server_fork"
        assert server.log().count("http without WebSocket: built without "
                                  "wslay\n") == 1
        assert server.stop() == 0
    finally:
        server.kill()


def serve_without(server):
    try:
        server.start("-s", "chat")
        with connect(server.address) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert read_all(sock).startswith(b"HTTP/1.1 200 OK\r\n")
        assert server.stop() == 0
        server.check()
        assert "built without OpenSSL 3\n" in server.log()
        result = server.run("--tls-cert", "c", "--tls-key", "k")
        assert result.returncode == 1 and b"OpenSSL" in result.stderr
    finally:
        server.kill()
