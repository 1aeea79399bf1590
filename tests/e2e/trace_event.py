# SPDX-License-Identifier: MIT
"""The rules of the Trace Event format, as ui.perfetto.dev reads it: each a
function that yields what is wrong, in words; and traces made by hand."""
import json
import re
import struct
from collections import Counter, defaultdict

from trace_file import HEADER, KINDS, NEXT_AT

EVENT = struct.Struct("=QQQQiiI20x")
HEADER_SIZE = 4096


# ---- a trace made by hand ----

def made(path, events, capacity=256, program="server_fork", model="fork",
         pid=100, after=0):
    """Writes (time, connection, kind, pid, tid, value) as a server would, of
    which the last CAPACITY stay; AFTER: so many came before."""
    data = bytearray(HEADER_SIZE + capacity * EVENT.size)
    HEADER.pack_into(data, 0, b"perconnT", 1, HEADER_SIZE, EVENT.size, capacity,
                     program.encode(), model.encode(), pid, 0, 0, 0)
    struct.pack_into("=Q", data, NEXT_AT, after + len(events))
    for number, event in enumerate(events, after):
        time, connection, kind, one_pid, tid, *value = event
        EVENT.pack_into(data, HEADER_SIZE + number % capacity * EVENT.size,
                        number + 1, time, connection, *(value or [0]), one_pid,
                        tid, KINDS.index(kind))
    path.write_bytes(data)
    return path


def life(connection, pid, tid, begin, end=None, reaper=100, outcome=0):
    """The events of a worker, from its accept to its reap."""
    end = end or begin + 9_000
    return [(begin, connection, "accept", reaper, reaper, 40000 + connection),
            (begin + 100, connection, "spawn", reaper, reaper, 50),
            (begin + 300, connection, "start", pid, tid),
            (begin + 1_000, connection, "first_byte", pid, tid),
            (begin + 2_000, connection, "lock_wait", pid, tid),
            (begin + 3_000, connection, "lock_held", pid, tid),
            (begin + 4_000, connection, "lock_released", pid, tid),
            (begin + 5_000, connection, "last_byte", pid, tid),
            (end, connection, "end", pid, tid, outcome),
            (end + 500, connection, "reap", reaper, reaper, outcome)]


# ---- the rules ----

def track(event):
    return event["pid"], event.get("tid", event["pid"])


def nanoseconds(microseconds):
    """Exact, or sums of fractions would not be."""
    return round(microseconds * 1000)


def slices(events):
    """Track to its slices (from, to), in ns, longer ones first."""
    found = defaultdict(list)
    for one in events:
        if one["ph"] == "X":
            begin = nanoseconds(one["ts"])
            found[track(one)].append((begin, begin + nanoseconds(one["dur"])))
    return {key: sorted(value, key=lambda one: (one[0], -one[1]))
            for key, value in found.items()}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_time(one, key):
    """Microseconds from 0, to the nanosecond."""
    value = one.get(key)
    return is_number(value) and value >= 0 and \
        abs(value * 1000 - nanoseconds(value)) < 0.1 + value / 2**40


def is_id(one):
    """A number; or a text, which is read as hexadecimal."""
    value = one.get("id")
    return isinstance(value, int) or re.fullmatch("0x[0-9a-f]+", value or "")


def wrong_fields(events):
    for one in events:
        if one["ph"] not in ("X", "i", "C", "M", "s", "f", "b", "e") or \
                not one["name"]:
            yield f"no such event: {one}"
        for key in ("pid", "tid"):
            if not isinstance(one[key], int) or not 0 < one[key] < 2**31:
                yield f"no such process: {one}"
        if not isinstance(one.get("args", {}), dict):
            yield f"args that are no object: {one}"
        if one["ph"] == "M":
            if "ts" in one:
                yield f"a name has no time: {one}"
            continue
        if not is_time(one, "ts"):
            yield f"no time of the run: {one}"
        if one["ph"] == "X" and not is_time(one, "dur"):
            yield f"a slice without a length: {one}"
        if one["ph"] == "i" and one.get("s") not in ("t", "p", "g"):
            yield f"a moment of nothing: {one}"
        if one["ph"] == "C" and not all(map(is_number, one["args"].values())):
            yield f"a counter that is no number: {one}"
        if one["ph"] in "sfbe" and not (one.get("cat") and is_id(one)):
            yield f"an event without its id: {one}"
        # One version of Perfetto drops an async event whose id is a number.
        if one["ph"] in "be" and not isinstance(one["id"], str):
            yield f"an async event whose id is a number: {one}"


def wrong_order(events):
    """Of slices that begin together, the outer one comes first. One without a
    length encloses none."""
    last = {}
    for one in events:
        if one["ph"] == "X":
            key = track(one), nanoseconds(one["ts"])
            if one["dur"] > last.get(key, 0) > 0:
                yield f"after a slice that it encloses: {one}"
            last[key] = one["dur"]


def wrong_nesting(events):
    for key, found in slices(events).items():
        stack = []
        for begin, end in found:
            while stack and stack[-1] <= begin:
                stack.pop()
            if stack and end > stack[-1]:
                yield f"slices of {key} overlap in part at {begin} ns"
            stack.append(end)


def is_within(found, event):
    at = nanoseconds(event["ts"])
    return any(begin <= at <= end for begin, end in found.get(track(event), ()))


def wrong_arrows(events):
    found = slices(events)
    arrows = defaultdict(list)
    for one in events:
        if one["ph"] in "sf":
            arrows[one["cat"], one["name"], one["id"]].append(one)
            if not is_within(found, one):
                yield f"an arrow that ends in no slice: {one}"
            if one["ph"] == "f" and one.get("bp") != "e":
                yield f"an arrow to the next slice: {one}"
    for key, ends in arrows.items():
        if [one["ph"] for one in ends] != ["s", "f"]:
            yield f"half an arrow, or too many: {key}"
        elif ends[0]["ts"] > ends[1]["ts"]:
            yield f"an arrow back in time: {key}"


def wrong_names(events):
    named = {kind: {track(one) for one in events if one["ph"] == "M"
                    and one["name"] == kind}
             for kind in ("process_name", "thread_name")}
    pids = {pid for pid, _ in named["process_name"]}
    for one in events:
        if one["pid"] not in pids:
            yield f"a process without a name: {one}"
        if track(one) not in named["thread_name"]:
            yield f"a thread without a name: {one}"
    count = Counter((one["name"], one["pid"],
                     one["name"].startswith("thread_") and one["tid"])
                    for one in events if one["ph"] == "M")
    yield from (f"named twice: {key}" for key, n in count.items() if n > 1)


def wrong_requests(events):
    open_ones = {}
    for one in events:
        if one["ph"] in "be":
            key = one["pid"], one["cat"], one["name"], one["id"]
            if (one["ph"] == "b") == (key in open_ones):
                yield f"begun twice, or ended without a begin: {one}"
            elif one["ph"] == "b":
                open_ones[key] = one["ts"]
            elif one["ts"] < open_ones.pop(key):
                yield f"ends before it begins: {one}"
    yield from (f"never ended: {key}" for key in open_ones)


RULES = (wrong_fields, wrong_order, wrong_nesting, wrong_arrows, wrong_names,
         wrong_requests)


def no_key_twice(pairs):
    found = dict(pairs)
    assert len(found) == len(pairs), pairs
    return found


def no_such_number(text):
    raise ValueError(f"{text} is no JSON")  # as NaN, which Python reads


def events_of(text):
    """The events of a JSON TEXT, by the rules."""
    assert text.startswith('{"displayTimeUnit":"ms","traceEvents":[')
    events = json.loads(text, object_pairs_hook=no_key_twice,
                        parse_constant=no_such_number)["traceEvents"]
    for rule in RULES:
        wrong = list(rule(events))
        assert not wrong, (rule.__name__, wrong[:5])
    return events
