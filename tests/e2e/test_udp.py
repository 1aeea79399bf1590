# SPDX-License-Identifier: MIT
"""UDP: a datagram is a connection, with a worker of its own."""
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest

from harness import (DEADLINE, SANITIZER, cpu_share, echo, eventually,
                     in_parallel, injection, needs, needs_ipv6, needs_root,
                     parse_target, release_only)

NOFILE = resource.RLIMIT_NOFILE
LARGEST = 65507  # what IPv4's length field leaves
# Another machine's address: a run beside this one has another.
ELSEWHERE = f"127.77.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
FAMILIES = pytest.mark.parametrize("listen", [
    "udp:127.0.0.1:0", pytest.param("udp:[::1]:0", marks=needs_ipv6)])
MODES = pytest.mark.parametrize("mode", ["wait", "refuse"])
own_clones = pytest.mark.skipif(
    SANITIZER == "tsan", reason="the sanitizer's own thread would not start")


class Client:
    """A socket that knows whom it asks."""

    def __init__(self, target, source=None, port=0):
        assert target.startswith("udp:")
        family, self.address = parse_target(target[4:])
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.settimeout(DEADLINE)
        if source or port:
            self.sock.bind((source or "", port))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendto(data, self.address)

    def receive(self):
        data, sender = self.sock.recvfrom(65536)
        assert sender[:2] == self.address, "answered from elsewhere"
        return data

    def ask(self, data):
        self.send(data)
        return self.receive()


@pytest.fixture
def ask(server):
    """Asks the server's first listener; the client is closed at the end."""
    clients = []

    def one(data, target=None):
        clients.append(Client(target or server.address))
        return clients[-1].ask(data)
    yield one
    for client in clients:
        client.sock.close()


def pattern(size):
    return bytes((i * 7 + i // 251) % 256 for i in range(size))


def hold_worker(server, client, wanted=1):
    """A datagram whose worker sleeps."""
    client.send(b"held")
    server.wait_ledger(active=wanted)


# ---- the services ----

@FAMILIES
@pytest.mark.parametrize("service", ["echo", "spin:1us", "sleep:1us"])
def test_a_datagram_comes_back_whole(server, ask, listen, service):
    server.start("-s", service, listen=listen)
    sizes = (0, 1, 63, 64, 65, 1472, 4096, 4097, LARGEST)
    for size in sizes:
        assert ask(pattern(size)) == pattern(size), size
    assert server.stop() == 0
    assert server.ledger["served"] == server.ledger["accepted"] == len(sizes)


@FAMILIES
def test_hello_greets_a_datagram_of_any_size(server, ask, listen):
    server.start("-s", "hello", listen=listen)
    for size in (0, 1, 1000, LARGEST):
        assert ask(b"x" * size) == b"Hello, client!\n"


@FAMILIES
def test_counter_counts_the_lines_of_a_datagram(server, ask, listen):
    server.start("-s", "counter", listen=listen)
    assert ask(b"one\n") == b"1\n"
    assert ask(b"one\ntwo\nthree\n") == b"2\n3\n4\n"
    assert ask(b"no end") == b"5\n"
    assert ask(b"an end\nand none") == b"6\n7\n"
    assert ask(b"") == b""
    assert ask(b"\n") == b"8\n"


def test_many_clients_at_once_get_their_own_answers(server):
    server.start(listen="udp:127.0.0.1:0")

    def run(i):
        with Client(server.address) as client:
            for round_ in range(20):
                data = b"%d/%d " % (i, round_) + pattern(i * 37)
                assert client.ask(data) == data

    in_parallel(run, range(32))
    assert server.stop() == 0
    assert server.ledger["served"] == server.ledger["accepted"] == 32 * 20


def test_large_datagrams_of_many_clients_are_not_mixed_up(server):
    server.start(listen="udp:127.0.0.1:0")

    def run(i):
        with Client(server.address) as client:
            for _ in range(4):
                data = bytes([i]) * LARGEST
                # The kernel drops what does not fit: ask again, then.
                client.sock.settimeout(1)
                for _ in range(10):
                    try:
                        assert client.ask(data) == data
                        break
                    except TimeoutError:
                        continue
                else:
                    pytest.fail("never an answer")

    in_parallel(run, range(8))


@pytest.mark.timed
def test_a_worker_that_sleeps_keeps_no_other_datagram_waiting(server):
    server.start("-s", "sleep:700ms", listen="udp:127.0.0.1:0")
    began = time.monotonic()

    def run(i):
        with Client(server.address) as client:
            assert client.ask(b"%d" % i) == b"%d" % i

    in_parallel(run, range(20))
    assert time.monotonic() - began < 20 * 0.7 / 2


# ---- who listens where ----

def test_udp_and_tcp_are_served_side_by_side(server, ask):
    server.start(listen=("udp:127.0.0.1:0", "127.0.0.1:0"))
    udp, tcp = server.targets
    assert udp.startswith("udp:") and not tcp.startswith("udp:")
    sock = server.connect(tcp)
    for i in range(10):
        assert ask(b"%d" % i, udp) == b"%d" % i
        echo(sock)
    assert f"listening on {udp}" in server.log()
    server.close_clients()
    assert server.stop() == 0
    assert server.ledger["served"] == 11


@needs_ipv6
def test_localhost_is_one_port_in_both_families(server, ask):
    server.start(listen="udp:localhost:0")
    v4, v6 = server.targets
    assert v4.startswith("udp:127.0.0.1:") and v6.startswith("udp:[::1]:")
    assert v4.rpartition(":")[2] == v6.rpartition(":")[2]
    assert ask(b"4", v4) == b"4" and ask(b"6", v6) == b"6"


@pytest.mark.parametrize("listen", ["udp:0.0.0.0:0", "udp::0"])
@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "127.9.8.7"])
def test_the_answer_comes_from_the_address_that_was_asked(
        server, ask, listen, host):
    """A client that has connected its socket sees no other answer."""
    server.start(listen=listen)
    assert ask(b"who?", f"udp:{host}:{server.port}") == b"who?"


@needs_ipv6
def test_all_addresses_are_those_of_both_families(server, ask):
    server.start(listen="udp::0")
    assert ask(b"4", f"udp:127.0.0.1:{server.port}") == b"4"
    assert ask(b"6", f"udp:[::1]:{server.port}") == b"6"


def test_a_port_belongs_to_one_server(server):
    server.start(listen="udp:127.0.0.1:0")
    second = server.run("-l", server.address)
    assert second.returncode == 1
    assert b"cannot listen on " + server.address.encode() in second.stderr
    assert b"Address already in use" in second.stderr
    assert b"or choose another address" in second.stderr


def test_after_a_stop_the_port_is_free(server, ask):
    server.start(listen="udp:127.0.0.1:0")
    assert ask(b"first") == b"first"
    server.stop()
    other = server.another()
    other.start(listen=server.address)
    assert ask(b"again", other.address) == b"again"


@pytest.mark.parametrize("service", ["http", "chat"])
def test_a_service_that_needs_a_stream_is_refused(server, service):
    result = server.run("-s", service, "-l", "udp:127.0.0.1:0")
    assert result.returncode == 2
    line = result.stderr.decode()
    assert "--listen" in line and service in line and line.count("\n") == 1


@pytest.mark.parametrize("text", [
    "udp:", "udp:unix:/tmp/s", "udp:udp:127.0.0.1:0", "udp:127.0.0.1",
    "udp:example.com:7", "UDP:127.0.0.1:0", "udp 127.0.0.1:0"])
def test_an_address_that_is_none_is_wrong_usage(server, text):
    result = server.run("-l", text)
    assert result.returncode == 2
    assert b"--listen" in result.stderr and b"udp:" in result.stderr


# ---- what is answered to whom ----

@pytest.mark.parametrize("size", [0, 10, 64, 65, 20000])
def test_no_answer_is_larger_than_its_question_or_64_bytes(server, ask, size):
    server.start("-s", "counter", listen="udp:127.0.0.1:0")
    answer = ask(b"\n" * size)
    assert len(answer) <= max(size, 64)
    # What does not fit is left out by whole numbers, and counted all the same.
    numbers = [int(line) for line in answer.splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert answer == b"".join(b"%d\n" % i for i in numbers)
    assert len(answer) + len(b"%d\n" % (len(numbers) + 1)) > max(size, 64) \
        or len(numbers) == size
    assert ask(b"\n") == b"%d\n" % (size + 1)


def gets_no_answer(server, ask, port):
    """Whoever sends from that port of another machine."""
    with Client(server.address, ELSEWHERE, port) as other:
        other.send(b"again and again")
        server.wait_ledger(refused=1, accepted=1)
        assert ask(b"ordinary") == b"ordinary"
        other.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            other.receive()


@needs_root
@pytest.mark.parametrize("port", [7, 19])
def test_echo_and_chargen_get_no_answer(server, ask, port):
    server.start(listen="udp:127.0.0.1:0")
    gets_no_answer(server, ask, port)


def test_the_servers_own_port_gets_no_answer(server, ask):
    """Two servers on one port of two machines would never stop."""
    server.start(listen="udp:127.0.0.1:0")
    gets_no_answer(server, ask, server.port)


def test_two_listeners_do_not_talk_to_each_other_for_ever(server, ask):
    server.start(listen=("udp:127.0.0.1:0", "udp:127.0.0.2:0"))
    port = int(server.targets[1].rpartition(":")[2])
    # A forged source: the other listener's port, here on a third address.
    with Client(server.address, ELSEWHERE, port) as other:
        other.send(b"again and again")
        server.wait_ledger(refused=1, accepted=1)
        assert ask(b"ordinary") == b"ordinary"


def udp_from(source, target, data, ttl=64):
    """A datagram with a forged source, both (host, port) of IPv4."""
    udp = struct.pack("!HHHH", source[1], target[1], 8 + len(data), 0) + data
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, ttl,
        socket.IPPROTO_UDP, 0, socket.inet_aton(source[0]),
        socket.inet_aton(target[0]))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as raw:
        raw.sendto(header + udp, (target[0], 0))


@needs_root
@pytest.mark.parametrize("services", [
    ("echo", "echo"), ("hello", "counter"), ("sleep:1us", "hello")],
    ids="-".join)
def test_one_forged_datagram_does_not_keep_two_servers_busy_for_ever(
        server, services):
    """CVE-2024-2169. Each answer has a hop less, as if a router had been on
    the way."""
    servers = server, server.another()
    for one, service in zip(servers, services):
        one.start("-s", service, listen="udp:127.0.0.1:0")
    ends = [parse_target(one.address[4:])[1] for one in servers]
    udp_from(ends[1], ends[0], b"hello\n")
    servers[0].wait_ledger(accepted=32, served=32)
    servers[1].wait_ledger(accepted=32, served=31, refused=1)
    for one in servers:
        assert one.stop() == 0


@FAMILIES
def test_an_answer_has_one_hop_less_than_its_question(server, listen):
    server.start(listen=listen)
    ip6 = listen.startswith("udp:[")
    level = socket.IPPROTO_IPV6 if ip6 else socket.IPPROTO_IP
    hops = socket.IPV6_UNICAST_HOPS if ip6 else socket.IP_TTL
    receive = socket.IPV6_RECVHOPLIMIT if ip6 else 12  # IP_RECVTTL
    with Client(server.address) as client:
        client.sock.setsockopt(level, receive, 1)
        for left in (255, 64, 2):
            client.sock.setsockopt(level, hops, left)
            client.send(b"?")
            data, control, *_ = client.sock.recvmsg(100, 100)
            assert data == b"?"
            assert int.from_bytes(control[0][2], sys.byteorder) == left - 1
        client.sock.setsockopt(level, hops, 1)
        client.send(b"no way back")
        server.wait_ledger(accepted=4, refused=1)


def test_all_addresses_answer_with_one_hop_less_over_ipv4(server):
    """By a socket of IPv6."""
    server.start(listen="udp::0")
    with Client(f"udp:127.0.0.1:{server.port}") as client:
        client.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 1)
        client.send(b"no way back")
        server.wait_ledger(accepted=1, refused=1)
        client.sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 2)
        assert client.ask(b"?") == b"?"


@pytest.mark.parametrize("size", [64, 1400])
def test_a_hundred_clients_that_ask_and_wait_lose_no_answer(server, size):
    """All at once, and while the server does not run: what they ask waits."""
    server.start(listen="udp:127.0.0.1:0")
    clients = [Client(server.address) for _ in range(100)]
    os.kill(server.pid, signal.SIGSTOP)
    for client in clients:
        client.send(pattern(size))
    os.kill(server.pid, signal.SIGCONT)
    for client in clients:
        assert client.receive() == pattern(size)
        client.sock.close()


@pytest.mark.parametrize("listen", ["udp:0.0.0.0:0", "udp::0"])
def test_a_broadcast_gets_no_answer(server, ask, listen):
    """Or everybody on a network would answer one forged question."""
    server.start(listen=listen)
    with Client(f"udp:127.255.255.255:{server.port}") as client:
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.send(b"anybody?")
        server.wait_ledger(refused=1, accepted=1)
        ask(b"ordinary", f"udp:127.0.0.1:{server.port}")
        client.sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.sock.recvfrom(100)


ALL_NODES = "ff01::1"  # of an interface: none of it leaves this machine


def multicast_interface():
    """One on which a process hears what it sends to all nodes; or None. The
    loopback seldom is one."""
    for number, _ in socket.if_nameindex():
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.settimeout(1)
            try:
                sock.bind(("::", 0))
                sock.sendto(b"", (ALL_NODES, sock.getsockname()[1], 0, number))
                sock.recvfrom(1)
                return number
            except OSError:
                pass
    return None


@needs_ipv6
@pytest.mark.parametrize("service", ["echo", "hello"])
def test_an_ipv6_multicast_gets_no_answer(server, ask, service):
    interface = multicast_interface()
    if interface is None:
        pytest.skip("no interface on which an IPv6 multicast comes back")
    server.start("-s", service, listen="udp::0")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        sock.sendto(b"anybody?", (ALL_NODES, server.port, 0, interface))
        server.wait_ledger(refused=1, accepted=1)
        ask(b"ordinary", f"udp:[::1]:{server.port}")
        with pytest.raises(TimeoutError):
            sock.recvfrom(100)


# ---- at the limit ----

def test_at_the_limit_datagrams_wait_and_are_all_answered(server):
    server.start("-m", 1, "-s", "sleep:50ms", listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        for i in range(10):
            client.send(b"%d" % i)
        assert {client.receive() for _ in range(10)} == {
            b"%d" % i for i in range(10)}
    assert server.stop() == 0
    assert server.ledger["served"] == 10 and server.ledger["refused"] == 0


@pytest.mark.timed
def test_at_the_limit_datagrams_are_dropped_and_counted(server):
    server.start("-m", 1, "-s", "sleep:1s", "--when-full", "refuse",
                 listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        hold_worker(server, client)
        for _ in range(9):
            client.send(b"too many")
        server.wait_ledger(refused=9, active=1)
        assert client.receive() == b"held"
        server.wait_ledger(active=0)
        assert client.ask(b"room again") == b"room again"
        client.sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.receive()
    assert server.stop() == 0
    assert server.ledger["served"] == 2 and server.ledger["refused"] == 9


@pytest.mark.timed
def test_what_the_kernel_dropped_is_told(server):
    """Nobody else knows: the sender gets no word of it."""
    server.expected_exit = 1
    # The thread sanitizer takes a second to exit. A worker that ended in that
    # second would be reported as a thread that was never joined.
    server.start("-m", 1, "-s", "sleep:3s", "-q", "--drain-timeout", "300ms",
                 listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        hold_worker(server, client)
        for _ in range(1000):  # more than 8 MiB, and twice that
            client.send(b"x" * 32000)
        server.ledger_now()
        server.wait_log("datagrams dropped by the kernel")
        assert server.address in server.log().splitlines()[-1]
        before = server.log().count("dropped by the kernel")
        assert client.receive() == b"held"
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 1
        assert server.log().count("dropped by the kernel") > before


def test_without_a_drop_none_is_told(server, ask):
    server.start(listen="udp:127.0.0.1:0")
    assert ask(b"one") == b"one"
    server.ledger_now()
    server.stop()
    assert "dropped" not in server.log()


@pytest.mark.timed
@MODES
def test_a_source_has_its_share_of_datagrams(server, mode):
    server.start("--max-per-source", 2, "-s", "sleep:1s", "--when-full", mode,
                 listen="udp:127.0.0.1:0")
    with Client(server.address, "127.0.0.1") as greedy, \
            Client(server.address, "127.0.0.2") as other:
        for _ in range(5):
            greedy.send(b"more")
        server.wait_ledger(active=2, refused=3)
        assert other.ask(b"mine") == b"mine"
        assert [greedy.receive() for _ in range(2)] == [b"more"] * 2
        server.wait_ledger(active=0)
        assert greedy.ask(b"again") == b"again"


@release_only
def test_the_computed_limit_has_room_for_their_datagrams(server):
    """Each is kept, with room for its answer, while its worker lives."""
    space = 112 << 20
    server.start("-s", "sleep:1h", "--drain-timeout", "1ms",
                 listen="udp:127.0.0.1:0",
                 limits={resource.RLIMIT_AS: space})
    most, what = re.search(r"at most (\d+) connections at once \((.*)\)",
                           server.log()).groups()
    assert what == "address space" and int(most) * 2 * LARGEST < space

    with Client(server.address) as client:
        def all_have_workers():
            for _ in range(2):
                client.send(b"x" * LARGEST)
            return server.ledger_now()["active"] == int(most)
        eventually(all_have_workers, "a worker for each that may be")
    assert "receive:" not in server.log() and "worker:" not in server.log()
    server.expected_exit = 1


def test_who_asks_again_at_once_is_not_a_second_one_of_its_source(server):
    """Its last worker has announced its end before the answer leaves."""
    server.start("--max-per-source", 1, listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        for i in range(500):
            assert client.ask(b"%d" % i) == b"%d" % i
    assert server.stop() == 0
    assert server.ledger["served"] == 500 and server.ledger["refused"] == 0


@MODES
@needs("strace")
@own_clones
def test_a_worker_that_cannot_be_made_now_is_tried_again(server, mode):
    server.start("--when-full", mode, listen="udp:127.0.0.1:0",
                 strace=injection("clone,clone3,fork,vfork", "EAGAIN", "3+3"))
    with Client(server.address) as client:
        for i in range(12):
            assert client.ask(b"%d" % i) == b"%d" % i


@needs("strace")
@own_clones
@MODES
def test_no_worker_for_a_while_holds_a_datagram_or_refuses_it(server, mode):
    server.start("--when-full", mode, listen="udp:127.0.0.1:0",
                 strace=injection("clone,clone3,fork,vfork", "EAGAIN", "3..12"))
    with Client(server.address) as client:
        for _ in range(2):
            assert client.ask(b"well") == b"well"
        for _ in range(10):
            client.send(b"short")
        server.wait_log("no worker: Resource temporarily unavailable")
        server.wait_ledger(accepted=12, active=0)
        counts = server.ledger_now()
        assert counts["served"] + counts["refused"] == 12
        assert (counts["refused"] > 0) == (mode == "refuse")
    server.back_to_start()


@needs("strace")
@MODES
def test_without_a_descriptor_for_the_worker_none_is_lost_untold(server, mode):
    """F_DUPFD_CLOEXEC is how a datagram's worker comes to its socket."""
    server.start("--when-full", mode, listen="udp:127.0.0.1:0",
                 strace=injection("fcntl,fcntl64", "EMFILE", "6..17"))
    with Client(server.address) as client:
        for _ in range(20):
            client.send(b"short")
        server.wait_ledger(accepted=20, active=0)
        counts = server.ledger_now()
        assert counts["served"] + counts["refused"] == 20
        assert "no worker: Too many open files" in server.log()
        assert (counts["refused"] > 0) == (mode == "refuse")
        assert client.ask(b"short") == b"short"


def test_a_thread_server_short_of_descriptors_lets_datagrams_wait(
        thread_server):
    thread_server.start("-m", 200, "-s", "sleep:100ms",
                        listen="udp:127.0.0.1:0", limits={NOFILE: 64})
    with Client(thread_server.address) as client:
        for i in range(100):
            client.send(b"%d" % i)
        assert {client.receive() for _ in range(100)} == {
            b"%d" % i for i in range(100)}
    assert thread_server.stop() == 0
    assert thread_server.ledger["served"] == 100


@needs("strace")
@pytest.mark.parametrize("error", ["ENOBUFS", "EINTR", "ENETDOWN"])
def test_a_failing_receive_loses_nothing(server, error):
    server.start(listen="udp:127.0.0.1:0",
                 strace=injection("recvmsg", error, "3..6"))
    with Client(server.address) as client:
        for i in range(10):
            assert client.ask(b"%d" % i) == b"%d" % i
    server.stop()
    assert server.ledger["served"] == server.ledger["accepted"] == 10


@needs("strace")
def test_a_receive_that_fails_for_good_does_not_spin(server):
    trace = server.directory / "trace"
    server.start(listen="udp:127.0.0.1:0",
                 strace=["-o", trace, *injection("recvmsg", "ENOBUFS", "1+")])
    with Client(server.address) as client:
        began = time.monotonic()
        client.send(b"never")
        time.sleep(1)
        calls = trace.read_text().count("recvmsg(")
        lines = server.log().count("receive: ")
        took = time.monotonic() - began
        assert calls < 100 * (1 + took)
        assert lines <= 2 + took
        assert server.stop() == 0


@needs("strace")
def test_an_answer_waits_where_the_socket_is_full_of_others(server):
    server.start(listen="udp:127.0.0.1:0",
                 strace=injection("sendmsg", "EAGAIN", "1..2"))
    with Client(server.address) as client:
        assert client.ask(b"patience") == b"patience"
    server.stop()
    assert server.ledger["served"] == 1


@pytest.mark.timed
@needs("strace")
def test_an_answer_does_not_wait_for_ever(server):
    server.start("--idle-timeout", "200ms", listen="udp:127.0.0.1:0",
                 strace=injection("sendmsg", "EAGAIN", "1+"))
    with Client(server.address) as client:
        client.send(b"patience")
        server.wait_ledger(timed_out=1, active=0)


@needs("strace")
def test_an_answer_that_cannot_be_sent_is_a_failure(server):
    server.start(listen="udp:127.0.0.1:0",
                 strace=injection("sendmsg", "ENETUNREACH", "1"))
    with Client(server.address) as client:
        client.send(b"lost")
        server.wait_ledger(failed=1, active=0)


@release_only
def test_a_datagram_that_memory_cannot_hold_is_counted(server):
    server.start(listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        old = resource.prlimit(server.pid, resource.RLIMIT_AS, (4096, -1))
        client.send(b"x" * LARGEST)
        server.wait_ledger(refused=1, accepted=1)
        resource.prlimit(server.pid, resource.RLIMIT_AS, old)
        assert client.ask(b"x" * LARGEST) == b"x" * LARGEST
    server.back_to_start()


# ---- ends ----

def test_a_client_that_has_gone_does_no_harm(server, ask):
    server.start("-s", "sleep:50ms", listen="udp:127.0.0.1:0")
    for _ in range(10):
        with Client(server.address) as client:
            client.send(b"and away")
    server.wait_ledger(served=10, active=0)
    assert ask(b"still there") == b"still there"


@pytest.mark.timed
def test_a_stop_lets_the_workers_of_datagrams_finish(server):
    server.start("-s", "sleep:1s", listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        for i in range(5):
            client.send(b"%d" % i)
        server.wait_ledger(active=5)
        server.send_signal(signal.SIGTERM)
        assert {client.receive() for _ in range(5)} == {
            b"%d" % i for i in range(5)}
    assert server.wait() == 0
    assert server.ledger["served"] == 5


def test_a_stop_serves_what_waits_in_the_buffer(server):
    server.start(listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        server.send_signal(signal.SIGSTOP)
        for i in range(20):
            client.send(b"%d" % i)
        server.send_signal(signal.SIGTERM)
        server.send_signal(signal.SIGCONT)
        assert {client.receive() for _ in range(20)} == {
            b"%d" % i for i in range(20)}
    assert server.wait() == 0
    assert server.ledger["served"] == 20


@pytest.mark.timed
def test_a_stop_serves_what_waits_for_a_worker(server):
    server.start("-m", 1, "-s", "sleep:500ms", listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        hold_worker(server, client)
        for _ in range(3):
            client.send(b"late")
        server.send_signal(signal.SIGTERM)
        assert [client.receive() for _ in range(4)] == [
            b"held", b"late", b"late", b"late"]
    assert server.wait() == 0
    assert server.ledger["served"] == 4


def test_what_waits_for_a_worker_at_the_drains_end_is_refused(server):
    server.expected_exit = 1
    server.start("-m", 1, "-s", "sleep:60s", "--drain-timeout", "300ms",
                 listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        hold_worker(server, client)
        for _ in range(5):
            client.send(b"late")
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 1
    assert server.ledger["failed"] == 1 and server.ledger["refused"] == 5


def test_what_comes_in_a_drain_is_not_told_as_dropped(server):
    """The kernel drops it, but not because a buffer was full."""
    server.start("-m", 1, "-s", "sleep:1s", listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        hold_worker(server, client)
        client.send(b"waits")
        server.send_signal(signal.SIGTERM)
        server.wait_taken(signal.SIGTERM)
        server.wait_ledger(active=1)
        client.send(b"too late")
        assert [client.receive(), client.receive()] == [b"held", b"waits"]
    assert server.wait() == 0
    assert server.ledger["accepted"] == 2
    assert "dropped" not in server.log()


def test_a_worker_that_outlasts_the_drain_is_cut(server):
    server.expected_exit = 1
    server.start("-s", "sleep:60s", "--drain-timeout", "100ms",
                 listen="udp:127.0.0.1:0")
    with Client(server.address) as client:
        hold_worker(server, client)
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 1
    assert server.ledger["failed"] == 1


@pytest.mark.timed
def test_a_killed_worker_is_counted_and_its_datagram_lost(fork_server):
    fork_server.start("-s", "sleep:1s", listen="udp:127.0.0.1:0")
    with Client(fork_server.address) as client, \
            Client(fork_server.address) as other:
        hold_worker(fork_server, client)
        victim = fork_server.children()[0]
        other.send(b"neighbour")
        fork_server.wait_ledger(active=2)
        os.kill(victim, signal.SIGKILL)
        fork_server.wait_ledger(crashed=1)
        assert other.receive() == b"neighbour"
    fork_server.back_to_start()


def test_nothing_is_left_after_many_datagrams(server):
    server.start(listen="udp:127.0.0.1:0")

    def run(_):
        with Client(server.address) as client:
            for i in range(50):
                client.ask(b"%d" % i)

    in_parallel(run, range(8))
    server.back_to_start()
    assert not server.zombies()
    server.stop()
    assert server.ledger["served"] == 400


@release_only
def test_memory_does_not_grow_with_datagrams(server, ask):
    server.start(listen="udp:127.0.0.1:0")

    def resident():
        with open(f"/proc/{server.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4

    with Client(server.address) as client:
        for _ in range(100):
            client.ask(b"x" * 60000)
        before = resident()
        for _ in range(500):
            client.ask(b"x" * 60000)
        # A leak would be 500 times 120 KB.
        assert resident() - before < 10_000


def test_an_idle_server_is_idle(server, ask):
    server.start(listen="udp:127.0.0.1:0")
    assert ask(b"one") == b"one"
    assert cpu_share(server.pid, 1) < 0.05


# ---- other people's clients ----

@pytest.mark.parametrize("command", [
    pytest.param("socat - UDP:127.0.0.1:%d", id="socat", marks=needs("socat")),
    pytest.param("ncat -u 127.0.0.1 %d", id="ncat", marks=needs("ncat"))])
def test_other_peoples_clients_ask(server, command):
    server.start("-s", "counter", listen="udp:127.0.0.1:0")
    with subprocess.Popen(
            (command % server.port).split(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE) as client:
        client.stdin.write(b"hello\n")
        client.stdin.flush()
        assert client.stdout.readline() == b"1\n"
        client.terminate()
