# SPDX-License-Identifier: MIT
"""The chat room from outside, for its tests.

A member is in the room when /members, on the same port, lists it: so nothing
is waited for by luck.
"""
import json
import select
import threading

import pytest

from harness import DEADLINE, connect, eventually, read_all, read_exactly

# ---- the room from outside ----

def get(target, path):
    """The body of an HTTP answer, over any kind of listener."""
    with connect(target) as sock:
        sock.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n"
                     b"Connection: close\r\n\r\n"
                     % path.encode())
        head, _, body = read_all(sock).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    return body


def members(server):
    return json.loads(get(server.address, "/members"))


def wait_members(server, count):
    eventually(lambda: len(members(server)) == count,
               lambda: f"{count} members, not {members(server)}")


def start(server, *options, **more):
    return server.start("-s", "chat", *options, **more)


def join(server, count=1, target=None):
    """COUNT members more, each of them in the room."""
    before = len(members(server))
    socks = [server.connect(target) for _ in range(count)]
    for sock in socks:
        sock.sendall(b"\n")
    wait_members(server, before + count)
    return socks


def member_of(server, sock):
    """The list's entry of a member that joined last."""
    return max(members(server), key=lambda entry: entry["connection"])


def hears(sock, data):
    assert read_exactly(sock, len(data)) == data


def hears_nothing(*socks):
    """Right now; after something that came later was heard elsewhere, say."""
    assert not select.select(socks, [], [], 0)[0]


class Readers:
    """Reads for many at once, in a thread of its own."""

    def __init__(self, socks):
        self.got = {sock: bytearray() for sock in socks}
        self.ended = set()
        self.stopping = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        poll = select.epoll()
        by_fd = {sock.fileno(): sock for sock in self.got}
        for fd in by_fd:
            poll.register(fd, select.EPOLLIN)
        while not self.stopping:
            for fd, _ in poll.poll(0.05):
                try:
                    piece = by_fd[fd].recv(1 << 18)
                except OSError:
                    piece = b""
                if piece:
                    self.got[by_fd[fd]] += piece
                else:
                    self.ended.add(by_fd[fd])
                    poll.unregister(fd)
        poll.close()

    def wait(self, size, socks=None, deadline=6 * DEADLINE):
        """Until each has SIZE bytes, or its end has come."""
        socks = list(socks or self.got)
        eventually(lambda: all(len(self.got[sock]) >= size
                               or sock in self.ended for sock in socks),
                   lambda: f"{size} bytes, have "
                   f"{sorted({len(self.got[s]) for s in socks})}", deadline)

    def stop(self):
        self.stopping = True
        self.thread.join()


@pytest.fixture
def read_for():
    all_readers = []

    def begin(socks):
        all_readers.append(Readers(socks))
        return all_readers[-1]
    yield begin
    for readers in all_readers:
        readers.stop()
