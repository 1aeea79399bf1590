# SPDX-License-Identifier: MIT
"""Memory that runs out: who pays for it."""
import pytest

from harness import DEADLINE, echo, in_group, release_only

pytestmark = release_only  # a sanitizer needs more than the groups here have

SMALL = 8 << 20


def crowd(servers, count):
    """So many clients of each, who say something and stay."""
    socks = []
    for _ in range(count):
        for server in servers:
            sock = server.connect()
            sock.settimeout(DEADLINE)
            sock.sendall(b"ping\n")
            socks.append(sock)
    return socks


def overfill(servers, enough=5):
    """Clients, until the kernel has killed ENOUGH workers for their memory."""
    for _ in range(100):
        crowd(servers, 10)
        assert all(server.process.poll() is None for server in servers), \
            "a parent was killed"
        if sum(server.ledger_now()["crashed"] for server in servers) >= enough:
            return
    pytest.skip("this system kills nobody for memory")


def serves_again(server):
    server.close_clients()
    server.wait_ledger(active=0)
    sock = server.connect()
    echo(sock)
    sock.close()


@pytest.mark.parametrize("options", [
    ["-m", 1000], ["-m", 1000, "-s", "chat"], ["-m", 1000, "-s", "http"]],
    ids=["echo", "chat", "http"])
def test_a_forking_parent_outlives_its_children_when_memory_runs_out(
        control_groups, fork_server, options):
    group = control_groups.of_memory(SMALL)
    fork_server.start(*options, preexec=in_group(group))
    overfill([fork_server])
    if len(options) == 2:
        serves_again(fork_server)


def test_two_forking_servers_in_one_small_group_both_live(
        control_groups, fork_server):
    group = control_groups.of_memory(SMALL)
    servers = [fork_server, fork_server.another()]
    for server in servers:
        server.start("-m", 1000, preexec=in_group(group))
    overfill(servers, 10)
    for server in servers:
        serves_again(server)
