# SPDX-License-Identifier: MIT
"""Symptoms that were seen once, in states that are hard to reach."""
import json
import os
import resource
import select
import signal
import socket
import subprocess

import pytest

from harness import BIN, connect, echo, eventually, read_all


def answer(sock):
    """All that a client gets, or the name of the error."""
    try:
        return read_all(sock)
    except ConnectionResetError:
        return "reset"


def test_one_client_after_another_is_one_client_of_its_source(server):
    server.start("--max-per-source", 1)
    for _ in range(60):
        sock = connect(server.address)
        echo(sock, b"x")
        sock.shutdown(socket.SHUT_WR)
        assert read_all(sock) == b""
        sock.close()
    assert server.stop() == 0
    # The worker may not have announced itself yet when its client is back.
    assert server.ledger["refused"] <= 3


def test_a_stop_without_descriptors_resets_nobody(server):
    """In the thread model; a forking parent needs none for its clients."""
    server.start("--when-full", "refuse", "-m", 1000)
    held = server.connected(5)
    soft, hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (24, hard))
    os.kill(server.pid, signal.SIGSTOP)
    waiting = [connect(server.address) for _ in range(60)]
    os.kill(server.pid, signal.SIGTERM)
    os.kill(server.pid, signal.SIGCONT)
    for sock in [*held, *waiting]:
        sock.shutdown(socket.SHUT_WR)
    assert "reset" not in [answer(sock) for sock in waiting]
    server.close_clients()
    assert server.wait() == 0
    assert server.ledger["accepted"] == 65


def test_a_second_stop_waits_for_the_children_it_kills(fork_server):
    """Their CPU time is in the ledger line only if they are waited for; here
    they are counted by their zombies, which come to us."""
    fork_server.start()
    fork_server.connected(300)
    os.kill(fork_server.children()[0], signal.SIGKILL)
    fork_server.wait_ledger(crashed=1)
    children = fork_server.children()
    fork_server.send_signal(signal.SIGTERM)
    fork_server.wait_log("draining")
    fork_server.send_signal(signal.SIGTERM)
    fork_server.expected_exit = 1
    assert fork_server.wait() == 1
    assert fork_server.ledger["failed"] == 299
    assert not [pid for pid in children if os.path.exists(f"/proc/{pid}")]


@pytest.mark.parametrize("program", ["server_thread", "server_fork"])
def test_a_standard_descriptor_gets_the_addresses_and_then_the_end(program):
    process = subprocess.Popen(
        [BIN / program, "--listen", "127.0.0.1:0", "--ready-fd", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert select.select([process.stdout], [], [], 60)[0]
        assert process.stdout.read().startswith(b"127.0.0.1:")
        assert process.poll() is None, "it still serves"
    finally:
        process.terminate()
        assert process.wait(60) == 0


def test_unasked_bytes_before_any_request_are_wrong_and_exit_1():
    """Three of four connections get bytes before anything was asked on them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        target = "127.0.0.1:%d" % listener.getsockname()[1]
        process = subprocess.Popen(
            # Only the first request is due within the half second.
            [BIN / "client", "load", target, "-c", "4", "-r", "1", "-d", "500ms",
             "--json", "-"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        socks = [listener.accept()[0] for _ in range(4)]
        asking = select.select(socks, [], [], 60)[0][0]
        for sock in socks:
            if sock is not asking:
                sock.sendall(b"??")
        asking.sendall(asking.recv(100))
        for sock in socks:
            sock.shutdown(socket.SHUT_WR)
        out, _ = process.communicate(timeout=60)
        for sock in socks:
            sock.close()
    result = json.loads(out)
    assert process.returncode == 1
    assert result["requests"]["wrong"] >= 1
    assert "before any request" in result["first_wrong"]


def test_an_interrupted_comparison_calls_no_dead_server_equivalent(tmp_path):
    run = subprocess.Popen(
        [BIN / "client", "compare", "--quick", "--blocks", "30", "churn", "--json", "-",
         "--server", f"good=echo >>{tmp_path}/starts; exec "
         f"{BIN / 'server_thread'} -q -l {{address}}",
         "--server", "dead=exit 3; {port}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    starts = tmp_path / "starts"  # one a block, and one of its control
    eventually(lambda: starts.exists() and starts.stat().st_size >= 5,
               "two whole blocks")
    run.send_signal(signal.SIGINT)
    out, words = run.communicate(timeout=240)
    ratio = json.loads(out)["scenarios"][0]["points"][0]["ratios"][0]
    assert run.returncode == 130
    assert ratio["verdict"] == "invalid" and ratio["estimate"] is None
    assert "ended with status 3" in ratio["reason"]
    assert "1.000 times" not in words.split("control")[0]
