# SPDX-License-Identifier: MIT
"""Reads what --trace FILE recorded, as common/base/trace.h describes it."""
import re
import struct
from collections import namedtuple
from pathlib import Path

from harness import ROOT

KINDS = [name.lower() for name in re.findall(
    r"^\tTRACE_(\w+),", (ROOT / "common/base/trace.h").read_text(), re.M)]
HEADER = struct.Struct("=8sIIII32s16sii QQ")
NEXT_AT = 128

Event = namedtuple("Event", "number time connection kind value pid tid")


class Trace:
    def __init__(self, path):
        data = Path(path).read_bytes()
        (self.magic, self.version, self.header_size, self.event_size,
         self.capacity, program, model, self.pid, _, self.monotonic_ns,
         self.realtime_ns) = HEADER.unpack_from(data)
        assert self.magic == b"perconnT" and self.version == 1
        assert len(data) == self.header_size + self.capacity * self.event_size
        self.program = program.rstrip(b"\0").decode()
        self.model = model.rstrip(b"\0").decode()
        self.next, = struct.unpack_from("=Q", data, NEXT_AT)
        self.gone = max(0, self.next - self.capacity)
        self.missing = []
        found = [self._event(data, number)
                 for number in range(self.gone, self.next)]
        self.events = sorted(
            (one for one in found if one and one.kind != "none"),
            key=lambda one: one.time)

    def _event(self, data, number):
        at = self.header_size + number % self.capacity * self.event_size
        sequence, time, connection, value, pid, tid, kind = \
            struct.unpack_from("=QQQQiiI", data, at)
        if sequence != number + 1:
            self.missing.append(number)
            return None
        return Event(number, time, connection, KINDS[kind], value, pid, tid)

    def of(self, connection):
        return [one for one in self.events if one.connection == connection]

    def kinds(self, connection):
        return [one.kind for one in self.of(connection)]

    def only(self, kind, connection=None):
        """All of one kind; with CONNECTION, the only one of it."""
        found = [one for one in self.events if one.kind == kind
                 and connection in (None, one.connection)]
        if connection is None:
            return found
        one, = found
        return one
