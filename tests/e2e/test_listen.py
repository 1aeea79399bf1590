# SPDX-License-Identifier: MIT
"""Where a server listens, and how it says so."""
import fcntl
import os
import re
import signal
import socket
import stat
import subprocess

import pytest

from harness import (DEADLINE, connect, descriptors, echo, eventually, needs,
                     needs_ipv6, read_all)


def test_it_listens_on_ipv4(server):
    server.start(listen="127.0.0.1:0")
    assert re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", server.address)
    echo(server.connect())


@needs_ipv6
def test_it_listens_on_ipv6(server):
    server.start(listen="[::1]:0")
    assert re.fullmatch(r"\[::1\]:[1-9]\d*", server.address)
    echo(server.connect())


@needs_ipv6
def test_an_ipv6_address_does_not_take_ipv4_clients(server):
    """Of an address at which nobody else listens, whatever the port."""
    server.start(listen="[::1]:0")
    with pytest.raises(ConnectionRefusedError):
        connect(f"127.4.6.4:{server.port}")


@needs_ipv6
def test_localhost_is_both_families_on_one_port(server):
    server.start(listen="localhost:0")
    assert server.targets == [f"127.0.0.1:{server.port}",
                              f"[::1]:{server.port}"]
    for target in server.targets:
        echo(server.connect(target))


@needs_ipv6
def test_a_bare_port_is_one_dual_stack_socket(server):
    server.start(listen=":0")
    assert server.targets == [f"[::]:{server.port}"]
    for host in ("127.0.0.1", "127.0.0.2", "[::1]"):
        echo(server.connect(f"{host}:{server.port}"))


def test_it_listens_on_a_unix_socket(server, tmp_path):
    path = tmp_path / "socket"
    server.start(listen=f"unix:{path}")
    assert server.targets == [f"unix:{path}"]
    echo(server.connect())


def test_the_longest_unix_path_works(server, tmp_path, monkeypatch):
    server.start(listen="unix:" + "s" * 107)  # relative to tmp_path
    sock = socket.socket(socket.AF_UNIX)
    server.sockets.append(sock)
    monkeypatch.chdir(tmp_path)
    sock.connect("s" * 107)
    echo(sock)


@needs_ipv6
def test_ready_lines_come_in_the_order_of_the_options(server, tmp_path):
    server.start(listen=("unix:b", "127.0.0.1:0", "[::1]:0", "localhost:0",
                         "unix:a", ":0"))
    kinds = [re.sub(r"\d+$", "PORT", target) for target in server.targets]
    assert kinds == ["unix:b", "127.0.0.1:PORT", "[::1]:PORT",
                     "127.0.0.1:PORT", "[::1]:PORT", "unix:a", "[::]:PORT"]
    assert server.targets[3].rpartition(":")[2] == \
        server.targets[4].rpartition(":")[2]
    for target in server.targets:
        echo(server.connect(target.replace("unix:", f"unix:{tmp_path}/")))


def test_sixteen_listeners_serve_at_once(server):
    server.start(listen=("127.0.0.1:0",) * 16)
    assert len(set(server.targets)) == 16
    for sock in [server.connect(target) for target in server.targets]:
        echo(sock)


def test_the_ready_descriptor_is_closed(server):
    server.start()  # returns at end of file, so the parent has closed it
    echo(server.connect())
    for pid in [server.pid, *server.children()]:
        for link in descriptors(pid).values():
            assert not link.startswith("pipe:") or pipe_is_wake(server, link)


def test_a_refused_client_is_not_kept_open_by_later_workers(server):
    """--ready-fd had the lowest number, which the refused client got when it
    was closed, and every child that was forked then inherited."""
    server.start("-s", "chat", "--max-per-source", 1, ready_fd=3)
    server.connect().sendall(b"first\n")
    server.wait_ledger(active=1)
    refused = server.connect()  # says nothing, so it is told nothing
    server.wait_ledger(refused=1)
    server.connect(source="127.0.0.2")
    server.wait_ledger(active=2)
    assert read_all(refused) == b""
    server.wait_ledger(active=2)


def pipe_is_wake(server, link):
    """The one pipe that may be open is the workers' own: both its ends."""
    return list(descriptors(server.pid).values()).count(link) == 2


@pytest.mark.parametrize("quiet", [(), ("-q",)], ids=["plain", "quiet"])
def test_the_log_says_listening_on_each_address(server, quiet):
    server.start(*quiet, listen=("127.0.0.1:0", "unix:s"))
    for target in server.targets:
        assert f"listening on {target}\n" in server.log()


def test_the_default_address_is_in_the_help(server):
    assert "127.0.0.1:7007" in server.run("--help").stdout.decode()


@needs("ss")
def test_the_backlog_is_as_told(server):
    server.start("--backlog", 77)
    lines = subprocess.run(
        ["ss", "-Hltn", "sport", "=", str(server.port)],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    assert lines.split()[2] == "77"


# ---- addresses that are taken ----

def test_an_address_in_use_is_exit_1(server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        target = "127.0.0.1:%d" % taken.getsockname()[1]
        done = server.run("-l", target)
    assert done.returncode == 1
    assert f"cannot listen on {target}: " in done.stderr.decode()


def test_a_failed_start_removes_the_sockets_it_made(server, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = server.run("-l", "unix:made", "-l", f"127.0.0.1:{port}",
                          cwd=tmp_path)
    assert done.returncode == 1
    assert not (tmp_path / "made").exists()


def test_an_address_of_another_machine_is_exit_1(server):
    done = server.run("-l", "198.51.100.1:0")
    assert done.returncode == 1
    assert b"cannot listen on 198.51.100.1:0: " in done.stderr
    assert b"choose an address of this machine" in done.stderr


def test_a_stale_unix_socket_is_replaced(server, tmp_path):
    path = tmp_path / "stale"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server.start(listen=f"unix:{path}")
    echo(server.connect())


def test_the_unix_socket_of_a_killed_server_is_replaced(server, tmp_path):
    killed = server.another().start(listen=f"unix:{tmp_path}/s")
    echo(killed.connect())
    killed.expected_exit = -signal.SIGKILL
    killed.stop(signal.SIGKILL)
    server.start(listen=killed.address)
    echo(server.connect())


def test_a_live_unix_socket_is_an_error_and_lives_on(server, tmp_path):
    server.start(listen=f"unix:{tmp_path}/live")
    done = server.run("-l", server.address)
    assert done.returncode == 1
    assert f"cannot listen on {server.address}: " in done.stderr.decode()
    echo(server.connect())


def test_a_live_unix_socket_with_a_full_backlog_is_an_error(server, tmp_path):
    path = str(tmp_path / "busy")
    with socket.socket(socket.AF_UNIX) as live, \
            socket.socket(socket.AF_UNIX) as waiting:
        live.bind(path)
        live.listen(0)
        waiting.connect(path)
        done = server.run("-l", f"unix:{path}")
        assert done.returncode == 1
        assert os.path.exists(path)


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_what_is_not_a_socket_is_never_removed(server, tmp_path, kind):
    path = tmp_path / "precious"
    if kind == "file":
        path.write_text("precious")
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("nowhere")
    before = path.lstat()
    done = server.run("-l", f"unix:{path}")
    assert done.returncode == 1
    assert path.lstat().st_ino == before.st_ino
    assert path.lstat().st_size == before.st_size


def test_the_same_unix_path_twice_is_an_error(server, tmp_path):
    done = server.run("-l", "unix:s", "-l", "unix:s", cwd=tmp_path)
    assert done.returncode == 1
    assert b"cannot listen on unix:s: " in done.stderr


@needs("strace")
def test_of_two_servers_on_one_stale_unix_path_one_listens(server, tmp_path):
    """Both find it stale before either removes it, unless they take turns."""
    path = tmp_path / "stale"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    both = [subprocess.Popen(
        ["strace", "-D", "-f", "-qq", "-o", "/dev/null",
         "-e", "trace=unlink,unlinkat",
         "-e", "inject=unlink,unlinkat:delay_enter=400000",
         server.program, "-l", f"unix:{path}", "--ready-fd", "1"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE) for _ in range(2)]
    try:
        ready = [one.stdout.readline() for one in both]
        assert sorted(ready) == [b"", f"unix:{path}\n".encode()]
        loser = both[ready.index(b"")]
        assert loser.wait(DEADLINE) == 1
        assert b"cannot listen on unix:" in loser.stderr.read()
        with connect(f"unix:{path}") as sock:
            echo(sock)
    finally:
        for one in both:
            one.terminate()
            one.wait(DEADLINE)
            one.stdout.close()
            one.stderr.close()


@pytest.mark.parametrize("shared", [True, False], ids=["shared", "exclusive"])
def test_a_strangers_lock_on_the_folder_is_no_reason_not_to_start(
        server, tmp_path, shared):
    """A lock that is held tells systemd-tmpfiles to leave a folder alone."""
    (tmp_path / "folder").mkdir()
    folder = os.open(tmp_path / "folder", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    server.start(listen=f"unix:{tmp_path}/folder/s")
    echo(server.connect())
    os.close(folder)


# ---- the file of a unix socket ----

def test_a_stop_leaves_the_socket_that_another_server_has_put_there(
        server, tmp_path):
    path = tmp_path / "s"
    server.start(listen=f"unix:{path}")
    path.unlink()
    other = server.another().start(listen=f"unix:{path}")
    assert server.stop() == 0
    echo(other.connect())


def test_the_socket_file_is_removed_at_exit(server, tmp_path):
    path = tmp_path / "s"
    server.start(listen=f"unix:{path}")
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert server.stop() == 0
    assert not path.exists()


def test_the_end_of_a_worker_leaves_the_socket_file(server, tmp_path):
    path = tmp_path / "s"
    server.start(listen=f"unix:{path}")
    sock = server.connect()
    echo(sock)
    sock.close()
    server.back_to_start()
    assert path.exists()
    echo(server.connect())


def test_a_killed_child_leaves_the_socket_file(fork_server, tmp_path):
    path = tmp_path / "s"
    fork_server.start(listen=f"unix:{path}")
    sock = fork_server.connect()
    echo(sock)
    os.kill(fork_server.children()[0], signal.SIGKILL)
    fork_server.wait_ledger(crashed=1)
    assert path.exists()
    echo(fork_server.connect())


# ---- --ready-fd ----

def test_a_ready_descriptor_that_nobody_reads_is_not_fatal(server):
    """The starter has left; the server goes on."""
    server.start()
    other = server.another()
    read_end, write_end = os.pipe()
    os.close(read_end)
    other.process = subprocess.Popen(
        [str(server.program), "-l", "127.0.0.1:0", "--ready-fd",
         str(write_end)],
        pass_fds=(write_end,), start_new_session=True,
        stderr=open(other.directory / "stderr", "wb"))
    os.close(write_end)
    other.uses_stdout_ledger = False
    eventually(lambda: "listening on " in other.log() or not other.is_alive(),
               "it listens")
    target = other.log().partition("listening on ")[2].split()[0]
    echo(other.connect(target))


@pytest.mark.parametrize("number", [3, 5, 200])
def test_a_ready_descriptor_that_is_not_open_is_an_error(server, number):
    """Else its number becomes one of the server's own descriptors, which then
    gets the ready lines and is closed."""
    with open(server.directory / "stderr", "wb") as err:
        process = subprocess.Popen(
            [str(server.program), "-l", "127.0.0.1:0", "--ready-fd",
             str(number)], stderr=err, start_new_session=True)
    try:
        eventually(lambda: process.poll() is not None
                   or "listening on" in server.log(), "an end or a start")
        eventually(lambda: process.poll() is not None, "it ends", 1)
        assert process.returncode in (1, 2)
        assert "ready-fd" in server.log()
    finally:
        process.kill()
        process.wait()
