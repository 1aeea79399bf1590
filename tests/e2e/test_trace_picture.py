# SPDX-License-Identifier: MIT
"""`client trace FILE`: what --trace recorded, as lines in a terminal, as an
SVG picture and as Trace Event JSON."""
import os
import pty
import random
import re
import signal
import struct
import xml.etree.ElementTree as ElementTree
from collections import Counter

import pytest

from browser import DESKTOP, needs_browser
from browser import browser, one_browser  # noqa: F401, fixtures
from harness import ROOT
from known_servers import client, flat
from trace_event import RULES, events_of, life, made, nanoseconds
from trace_file import Trace

UTF8 = dict(os.environ, LC_ALL="C.UTF-8")
ASCII = dict(os.environ, LC_ALL="C")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trace"


def counted(server, path, clients=3, requests=2):
    """A run in which each client asks for the lock; returns its trace."""
    server.start("-s", "counter", "--trace", path)
    socks = [server.connect() for _ in range(clients)]
    for _ in range(requests):
        for sock in socks:
            sock.sendall(b"\n")
            assert sock.recv(100).endswith(b"\n")
    server.close_clients()
    server.wait_ledger(served=clients)
    server.stop()
    return Trace(path)


def with_a_killed_child(server, path):
    """Of three workers the second is killed; returns its pid."""
    server.start("--trace", path)
    server.connected(3)
    pid = server.children()[1]
    os.kill(pid, signal.SIGKILL)
    server.wait_ledger(crashed=1)
    server.stop()
    return pid


def rows(out):
    """Connection to the words of its line: id, picture, time, end."""
    found = {}
    for line in out.splitlines():
        match = re.match(r"  +(\d+) +(\d+|-)  (.*?) *([\d.]+ [mun]?s)(.*)$", line)
        if match:
            number = 0 if match[2] == "-" else int(match[2])
            found[int(match[1])] = (number, match[3], match[4],
                                    match[5].strip())
    return found


# ---- in the terminal ----

def test_each_worker_has_a_line_with_its_pid_or_tid(server, path):
    trace = counted(server, path)
    result = client("trace", path, env=UTF8)
    assert (result.code, result.err) == (0, "")
    ids = {one.connection: one.tid for one in trace.only("start")}
    assert {number: row[0] for number, row in rows(result.out).items()} == ids
    assert f"server_{server.name}: 3 workers in " in result.out
    heading = "pid" if server.name == "fork" else "tid"
    assert re.search(rf"^ +conn +{heading}  ", result.out, re.M)
    assert re.search(r"^ +accept loop  ", result.out, re.M)


def test_the_key_counts_what_is_in_the_trace(server, path):
    trace = counted(server, path, clients=3, requests=4)
    out = client("trace", path, env=ASCII).out

    def times(name):
        return int(re.search(rf"{name} +(\d+) ", out)[1])
    assert times("accept loop creates a worker") == 3
    ends = {(one.connection, one.time) for one in trace.only("lock_released")}
    begins = {(one.connection, one.time) for one in trace.only("lock_held")}
    assert times("holds the lock") == 12 - len(begins & ends)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal(server, path, width):
    counted(server, path)
    out = client("trace", path, "--width", width, env=UTF8).out
    assert max(map(len, out.splitlines())) <= width
    by_environment = client("trace", path, env=dict(UTF8, COLUMNS=str(width)))
    assert by_environment.out == out


def test_it_is_ascii_where_the_locale_is(path):
    made(path, life(1, 201, 201, 10**9))
    assert client("trace", path, env=ASCII).raw.isascii()
    assert "█" in client("trace", path, env=UTF8).out


def on_a_terminal(path, **env):
    """All that the client writes to one; it fits into the terminal's buffer."""
    ours, its = pty.openpty()
    client("trace", path, stdout=its, env=dict(UTF8, **env))
    os.close(its)
    out = b""
    try:
        while piece := os.read(ours, 65536):
            out += piece
    except OSError:
        pass  # the end, on Linux
    os.close(ours)
    return out


def test_colours_are_for_a_terminal(path):
    made(path, life(1, 201, 201, 10**9))
    assert "\033" not in client("trace", path, env=UTF8).out
    assert b"\033[3" in on_a_terminal(path, TERM="xterm")
    plain = on_a_terminal(path, NO_COLOR="1")
    assert b"\033" not in plain and b"accept loop" in plain


def test_phases_stand_where_they_were(path):
    """A tenth of the line each, but for the end."""
    events = [(10**9 + at * 10**6, 1, kind, 201, 201) for at, kind in [
        (1, "start"), (2, "first_byte"), (4, "lock_wait"), (6, "lock_held"),
        (8, "lock_released"), (9, "last_byte"), (10, "end")]]
    made(path, [(10**9, 1, "accept", 100, 100)] + events)
    picture = rows(client("trace", path, env=ASCII).out)[1][1]
    assert re.fullmatch(r"\.+-+=+w+#+=+~+z?", picture)
    width = len(picture)
    for sign, part in ((".", 0.1), ("w", 0.2), ("#", 0.2), ("=", 0.3)):
        assert abs(picture.count(sign) - width * part) <= 2, picture


def test_a_killed_child_has_a_cross_and_its_signal(fork_server, path):
    pid = with_a_killed_child(fork_server, path)
    result = client("trace", path, env=UTF8)
    killed = [row for row in rows(result.out).values() if row[3]]
    assert [(row[0], row[3]) for row in killed] == [(pid, "SIGKILL")]
    assert re.search("×[ ┊]*$", killed[0][1])
    assert ", 1 killed" in result.out and "×  killed" in result.out


def test_a_killed_server_leaves_its_workers_open(server, path):
    server.start("--trace", path)
    server.connected(2)
    server.expected_exit = -signal.SIGKILL
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.close_clients()
    out = client("trace", path, env=UTF8).out
    assert len(rows(out)) == 2
    assert "→  no end in this trace" in out or server.name == "fork"


def test_a_server_that_runs_can_be_drawn(server, path):
    server.start("--trace", path)
    server.connected(2)
    out = client("trace", path, env=UTF8).out
    assert len(rows(out)) == 2
    assert "→  no end in this trace" in out


def test_the_stop_and_refused_clients_are_on_the_loops_line(path):
    made(path, life(1, 201, 201, 10**9) + [
        (10**9 + 4000, 0, "refused", 100, 100),
        (10**9 + 9000, 0, "stop", 100, 100, 15)])
    out = client("trace", path, env=ASCII).out
    assert re.search(r"accept loop  \+.*R.*S", out)
    assert "R  a client was refused   S  told to stop" in out


def test_a_dead_holder_and_a_worker_cut_off_have_their_signs(path):
    made(path, [(10**9, 1, "accept", 100, 100), (10**9 + 10, 1, "start", 201, 201),
                (10**9 + 100, 1, "lock_wait", 201, 201),
                (10**9 + 4000, 1, "lock_held", 201, 201, 1),
                (10**9 + 7000, 1, "cut", 100, 100),
                (10**9 + 9000, 1, "reap", 100, 100, 2 + 256 * 9)])
    out = client("trace", path, env=ASCII).out
    assert re.fullmatch(r".*w+!#+C#+", rows(out)[1][1])
    assert rows(out)[1][3] == "SIGKILL"
    assert ", 1 ended by the server" in out and "killed" not in out
    assert "C  ended by the server   !  the lock's last holder died" in out
    _, root = svg_of(path)
    titles = [one.text for one in root.iter(f"{SVG}title")]
    assert {"ended by the server", "the lock's last holder died"} <= set(titles)
    assert any(words and words.startswith("C ended by the server")
               for words in words_in(root))


@pytest.mark.parametrize("options, language", [
    (["--lang", "zh"], "C.UTF-8"), ([], "zh_CN.UTF-8")])
def test_its_words_are_chinese_if_asked_for(path, options, language):
    made(path, life(1, 201, 201, 10**9))
    env = {key: value for key, value in UTF8.items() if key != "LC_ALL"}
    env.update(LC_CTYPE="C.UTF-8", LANG=language)
    out = client("trace", path, *options, env=env).out
    assert "accept 循环" in out and "等待锁" in out and "waits" not in out
    _, root = svg_of(path, "--lang", "zh")
    assert "等待锁" in words_in(root)


# ---- many workers ----

def many(path, count, at_ns=10**9):
    events = []
    for number in range(1, count + 1):
        events += life(number, 1000 + number, 1000 + number,
                       at_ns + number * 10_000)
    return made(path, events, capacity=2**15)


def test_more_workers_than_rows_are_counted(path):
    many(path, 1000)
    out = client("trace", path, env=UTF8).out
    assert len(rows(out)) == 39 and min(rows(out)) == 1
    assert "... and 961 more rows: --rows N, or --from and --to" in flat(out)
    out = client("trace", path, "--rows", 101, env=UTF8).out
    assert len(rows(out)) == 100
    out = client("trace", path, "--rows", 2000, env=UTF8).out
    assert len(rows(out)) == 1000 and "more rows" not in out


def test_the_rows_are_those_around_the_first_killed_one(path):
    events = []
    for number in range(1, 501):
        events += life(number, 1000 + number, 1000 + number,
                       10**9 + number * 10_000)
    events = [event for event in events
              if event[1:3] not in ((300, "end"), (300, "reap"))]
    made(path, events + [(10**9 + 3_010_000, 300, "reap", 100, 100,
                          3 + 256 * 9)], capacity=2**13)
    found = rows(client("trace", path, env=UTF8).out)
    assert found[300][3] == "SIGKILL"
    assert min(found) > 270 and max(found) < 330


def test_from_and_to_choose_a_window(path):
    many(path, 100)
    out = client("trace", path, "--from", "500us", "--to", "600us",
                 env=UTF8).out
    assert set(rows(out)) == set(range(51, 62))
    result = client("trace", path, "--from", "5s")
    assert result.code == 2
    assert "the trace ends before that" in result.error_line
    result = client("trace", path, "--from", "5ms", "--to", "4ms")
    assert (result.code, "later than --from" in result.error_line) == (2, True)


def only_workers(path, begin=10**9):
    return made(path, [(begin, 1, "start", 201, 201), (begin, 1, "end", 201, 201)])


@pytest.mark.parametrize("make, words", [
    (only_workers, "all events are of one moment"),
    (lambda path: made(path, []), "no client has had a worker yet"),
    (lambda path: made(path, life(1, 201, 201, 10**9), after=7, capacity=8),
     "the oldest 9 events are lost")],
    ids=("one moment", "no worker", "lost"))
def test_a_picture_says_why_it_shows_little(path, make, words):
    make(path)
    assert words in flat(client("trace", path, env=UTF8).out)
    _, root = svg_of(path)
    assert any(words in (one or "") for one in words_in(root))


def test_a_window_in_which_nothing_happens_says_so(path):
    made(path, [(10**9, 1, "start", 201, 201), (10**9 + 10, 1, "end", 201, 201),
                (9 * 10**9, 2, "start", 202, 202), (9 * 10**9 + 9, 2, "end", 202, 202)])
    options = ("--from", "2s", "--to", "3s")
    words = "nothing happened in this window: choose another --from and --to"
    assert words in flat(client("trace", path, *options, env=UTF8).out)
    _, root = svg_of(path, *options)
    assert words in words_in(root)


# ---- SVG ----

def svg_of(*args):
    result = client("trace", *args, "--svg", "-", env=UTF8)
    assert (result.code, result.err) == (0, "")
    return result.out, ElementTree.fromstring(result.out)


def words_in(root):
    return [element.text for element in root.iter(f"{SVG}text")]


def test_the_svg_has_a_row_for_each_worker(server, path):
    trace = counted(server, path)
    text, root = svg_of(path)
    words = words_in(root)
    assert f"server_{server.name}" in words
    for one in trace.only("start"):
        assert str(one.connection) in words and str(one.tid) in words
        assert any(title.text.startswith(f"conn {one.connection}, pid {one.pid}"
                                         f", tid {one.tid}, ")
                   for title in root.iter(f"{SVG}title"))
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_the_svg_shows_who_was_killed(fork_server, path):
    with_a_killed_child(fork_server, path)
    _, root = svg_of(path)
    assert words_in(root).count("SIGKILL") == 1
    assert len([one for one in root.iter(f"{SVG}path")
                if one.get("class") == "kill"]) == 1


def test_a_wait_for_the_lock_is_another_texture(path):
    made(path, life(1, 201, 201, 10**9))
    text, root = svg_of(path)
    bars = Counter(one.get("class") for one in root.iter(f"{SVG}rect"))
    assert bars["p5"] >= 2  # the lane's, and the key's
    assert ".p5{fill:url(#tl-wait)}" in text
    assert 'pattern id="tl-wait"' in text


def luminance(colour):
    """Relative, as of WCAG 2."""
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4
             for one in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def all_phases(path):
    """A server's trace and a client's, which have every phase of a picture."""
    server = life(1, 201, 201, 10**9)
    made(path, [(10**9 - 90, 1, "spawn", 100, 100, 80)] + server)
    return path, clients_trace(path.with_name("client"))


def swatches(root):
    """Phase to the height of its bars."""
    found = {}
    for one in root.iter(f"{SVG}rect"):
        if match := re.fullmatch(r"p(\d+)", one.get("class", "")):
            found[int(match[1])] = float(one.get("height"))
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_two_bars_look_alike_without_their_colours(path, scheme):
    """On paper, and to eyes that see no red or green: two phases differ in
    texture, in height or in lightness."""
    text, root = svg_of(*all_phases(path))
    light, _, dark = text.partition("@media(prefers-color-scheme:dark)")
    fills = dict(re.findall(r"\.p(\d+)\{fill:([^}]+)\}", light))
    assert set(map(str, swatches(root))) == set(fills) and len(fills) == 12
    if scheme == "dark":
        fills.update(re.findall(r"\.p(\d+)\{fill:([^}]+)\}", dark))
    looks = [(fills[str(phase)], height)
             for phase, height in sorted(swatches(root).items())]
    for i, (fill, height) in enumerate(looks):
        for other, tall in looks[i + 1:]:
            if "url" in fill + other or abs(height - tall) >= 3:
                assert fill != other, (i, other)
                continue
            one, two = sorted((luminance(fill), luminance(other)))
            assert (two + 0.05) / (one + 0.05) > 1.5, (fill, other)


@pytest.mark.parametrize("env", [UTF8, ASCII], ids=("UTF-8", "ASCII"))
def test_no_two_phases_have_the_same_character(path, env):
    out = client("trace", *all_phases(path), "--width", 120, env=env).out
    signs = re.findall(r"^  (\S)  \S.* \d+ +[\d.]+ [mnu]?s ", out, re.M)
    assert len(signs) == len(set(signs)) == 12


def test_a_program_that_knows_no_variables_of_css_can_convert_it(path):
    made(path, life(1, 201, 201, 10**9))
    text, root = svg_of(path)
    assert "var(" not in text
    assert int(root.get("width")) == 1000 and int(root.get("height")) > 200


def test_the_program_is_named_once_above_the_picture(path):
    made(path, life(1, 201, 201, 10**9))
    _, root = svg_of(path)
    assert root.find(f"{SVG}title").text == words_in(root)[0] == "server_fork"


def test_a_long_trace_makes_no_large_picture(path):
    """However often a worker takes the lock."""
    events = [(10**9, 1, "accept", 100, 100), (10**9 + 5, 1, "start", 201, 201)]
    for number in range(10_000):
        events += [(10**9 + number * 900 + 10, 1, "lock_wait", 201, 201),
                   (10**9 + number * 900 + 300, 1, "lock_held", 201, 201),
                   (10**9 + number * 900 + 600, 1, "lock_released", 201, 201)]
    made(path, events, capacity=2**15)
    assert len(svg_of(path)[0]) < 1_000_000


def test_a_name_of_any_bytes_stays_text(path):
    made(path, life(1, 201, 201, 10**9))
    data = bytearray(path.read_bytes())
    data[24:56] = b"<x>&\"'\x01\xff\xe2\x80\xae]]>" + b"\xef\xbf\xbe" * 6 + b"z"
    path.write_bytes(data)
    _, root = svg_of(path)
    assert "<x>&\"'" in words_in(root)[0]
    out = client("trace", path, env=ASCII).out
    assert "\x01" not in out and "\\x01" in out
    events_of(client("trace", path, "--json", "-").out)


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_svg_in_a_browser(browser, fork_server, path, tmp_path, scheme):  # noqa: F811
    with_a_killed_child(fork_server, path)
    picture = tmp_path / "picture.svg"
    assert client("trace", path, "--svg", picture).code == 0
    browser.emulate(scheme, DESKTOP)
    browser.open_tab(f"file://{picture}")
    browser.emulate(scheme, DESKTOP)
    look = browser.run("""
        const box = document.querySelector('.kill').getBoundingClientRect();
        const style = at => getComputedStyle(document.querySelector(at));
        return [document.documentElement.tagName, box.width > 5,
                style('rect').fill, style('.title').fill,
                [...document.querySelectorAll('text')].every(one =>
                    one.getBoundingClientRect().right <= innerWidth)];""")
    dark, light = "rgb(20, 24, 29)", "rgb(255, 255, 255)"
    assert look[:3] == ["svg", True, dark if scheme == "dark" else light]
    assert look[3] != look[2] and look[4]
    where = os.environ.get("PERCONN_SCREENSHOTS")
    if where:
        browser.screenshot(tmp_path.__class__(where) / f"trace-{scheme}.png")
    assert not [one for one in browser.console() if one["level"] == "SEVERE"]


@needs_browser
def test_the_picture_of_the_readme_opens(browser):  # noqa: F811
    browser.emulate("light", DESKTOP)
    browser.open_tab(f"file://{ROOT}/docs/trace.svg")
    assert browser.run("return document.querySelectorAll('.kill').length") == 1
    assert not [one for one in browser.console() if one["level"] == "SEVERE"]


# ---- Trace Event JSON ----

def json_of(*files):
    result = client("trace", *files, "--json", "-")
    assert (result.code, result.err) == (0, "")
    return events_of(result.out)


def of(events, ph, name=None):
    return [one for one in events if one["ph"] == ph
            and name in (None, one["name"])]


def good():
    """Events that keep each rule: a loop, a worker, a request."""
    def event(ph, name, tid, **more):
        return {"ph": ph, "name": name, "pid": 1, "tid": tid, **more}
    return [
        event("M", "process_name", 1, args={"name": "server"}),
        event("M", "thread_name", 1, args={"name": "accept loop"}),
        event("M", "thread_name", 2, args={"name": "conn 1"}),
        event("X", "accept", 1, cat="conn", ts=0.0, dur=2.0),
        event("X", "conn 1", 2, cat="conn", ts=1.0, dur=2.5),
        event("X", "work", 2, cat="conn", ts=1.0, dur=1.001),
        event("i", "first byte", 2, cat="conn", ts=1.5, s="t"),
        event("s", "hand-off", 1, cat="conn", ts=0.5, id=1),
        event("f", "hand-off", 2, cat="conn", ts=1.0, id=1, bp="e"),
        event("b", "request", 2, cat="request", ts=1.0, id="0x1"),
        event("e", "request", 2, cat="request", ts=2.0, id="0x1"),
        event("C", "live", 1, ts=1.0, args={"workers": 1})]


GOOD = {one["name"] + one["ph"]: at for at, one in enumerate(good())}


@pytest.mark.parametrize("name, fault, words", [
    ("acceptX", {"ph": "B"}, "no such event"),
    ("acceptX", {"name": ""}, "no such event"),
    ("acceptX", {"pid": "1"}, "no such process"),
    ("acceptX", {"tid": 2**31}, "no such process"),
    ("acceptX", {"args": "text"}, "args that are no object"),
    ("process_nameM", {"ts": 0}, "a name has no time"),
    ("conn 1X", {"ts": -1.0}, "no time of the run"),
    ("first bytei", {"ts": "1.5"}, "no time of the run"),
    ("conn 1X", {"dur": None}, "a slice without a length"),
    ("conn 1X", {"dur": 1.0004}, "a slice without a length"),
    ("first bytei", {"s": "x"}, "a moment of nothing"),
    ("liveC", {"args": {"workers": "1"}}, "a counter that is no number"),
    ("hand-offs", {"id": "first"}, "an event without its id"),
    ("requestb", {"cat": None}, "an event without its id"),
    ("requestb", {"id": 1}, "an async event whose id is a number"),
    ("workX", {"dur": 3.0}, "after a slice that it encloses"),
    ("workX", {"ts": 3.0}, "overlap in part"),
    ("hand-offs", {"ts": 2.001}, "an arrow that ends in no slice"),
    ("hand-offf", {"bp": "s"}, "an arrow to the next slice"),
    ("hand-offf", {"id": 2}, "half an arrow"),
    ("hand-offs", {"ts": 1.001}, "an arrow back in time"),
    ("process_nameM", {"pid": 9}, "a process without a name"),
    ("thread_nameM", {"tid": 9}, "a thread without a name"),
    ("thread_nameM", {"tid": 1}, "named twice"),
    ("requestb", {"ph": "e"}, "ended without a begin"),
    ("requeste", {"ts": 0.5}, "ends before it begins"),
    ("requeste", {"id": "0x2"}, "never ended"),
], ids=str)
def test_each_rule_finds_its_fault(name, fault, words):
    """Or the rules would prove nothing."""
    events = good()
    assert not [wrong for rule in RULES for wrong in rule(events)]
    events[GOOD[name]].update(fault)
    assert any(words in wrong for rule in RULES for wrong in rule(events))


def test_threads_are_one_process_and_children_are_one_each(server, path):
    trace = counted(server, path)
    events = json_of(path)
    processes = {one["pid"]: one["args"]["name"]
                 for one in of(events, "M", "process_name")}
    assert processes[trace.pid] == f"server_{server.name}"
    assert len(processes) == (4 if server.name == "fork" else 1)
    threads = {(one["pid"], one["tid"]): one["args"]["name"]
               for one in of(events, "M", "thread_name")}
    assert threads == {(trace.pid, trace.pid): "accept loop"} | {
        (one.pid, one.tid): f"conn {one.connection}"
        for one in trace.only("start")}
    kind = "process" if server.name == "fork" else "thread"
    places = {one["tid"]: one["args"]["sort_index"]
              for one in of(events, "M", f"{kind}_sort_index")}
    assert places == {trace.pid: 0} | {
        one.tid: one.connection for one in trace.only("start")}


def test_the_json_has_what_the_trace_has(server, path):
    trace = counted(server, path, clients=3, requests=2)
    events = json_of(path)
    names = Counter((one["ph"], one["name"]) for one in events)
    assert names["X", "accept"] == names["X", "spawn"] == 3
    assert names["i", "first byte"] == names["i", "reap"] == 3
    assert names["s", "hand-off"] == names["f", "hand-off"] == 3
    assert names["i", "stop"] == 1
    assert 0 < names["X", "hold-lock"] <= 6
    begin = trace.events[0].time
    for number in (1, 2, 3):
        one, = of(events, "X", f"conn {number}")
        assert one["args"] == {"conn": number, "end": "served"}
        assert nanoseconds(one["ts"]) == \
            trace.only("start", number).time - begin
        assert nanoseconds(one["ts"] + one["dur"]) == \
            trace.only("end", number).time - begin
    live = [one["args"]["workers"] for one in of(events, "C", "live")]
    assert (max(live), live[-1], len(live)) == (3, 0, 6)


def test_a_killed_child_lasts_until_its_reap(fork_server, path):
    with_a_killed_child(fork_server, path)
    trace = Trace(path)
    reap, = [one for one in trace.only("reap") if one.value]
    killed, = [one for one in of(json_of(path), "X")
               if one.get("args", {}).get("end") == "SIGKILL"]
    assert killed["args"]["conn"] == reap.connection
    assert nanoseconds(killed["ts"] + killed["dur"]) == \
        reap.time - trace.events[0].time


def test_pids_and_tids_that_come_again_keep_the_rules(path):
    made(path, life(1, 201, 201, 10**9) + life(2, 201, 201, 10**9 + 20_000)
         # ... before the one before has ended: damaged
         + life(3, 201, 201, 10**9 + 22_000)
         # ... and one with the loop's own
         + life(4, 100, 100, 10**9 + 30_000))
    events = json_of(path)
    names = [one["args"].get("name") for one in of(events, "M")]
    assert "server_fork conn 1 and 2 more" in names
    assert len([one for one in of(events, "X")
                if one["name"].startswith("conn ")]) == 3


def test_thousands_of_workers_keep_the_rules(path):
    many(path, 3000)
    assert len(of(json_of(path), "X", "accept")) == 3000


def test_events_of_one_moment_keep_the_rules(path):
    """A clock may be coarse. The order in the file is that of the events."""
    at = 10**9
    made(path, [(at, *one[1:]) for number in (1, 2, 3)
                for one in life(number, 200 + number, 200 + number, at)])
    events = json_of(path)
    assert [one["dur"] for one in of(events, "X", "conn 2")] == [0]
    assert len(of(events, "s")) == 3


def test_a_clock_that_steps_back_keeps_the_rules(path):
    """As between two processors: the worker starts before its spawn."""
    events = life(1, 201, 201, 10**9 + 5000)
    events[2] = (10**9, *events[2][1:])
    made(path, events + life(2, 202, 202, 10**9 + 40_000))
    assert [one["id"] for one in of(json_of(path), "s")] == [
        one["id"] for one in of(json_of(path), "f")]


def test_every_part_of_a_ring_keeps_the_rules(path):
    """What is left when the ring has overwritten the beginning."""
    events = life(1, 201, 201, 10**9) + life(2, 202, 202, 10**9 + 700)
    for gone in range(1, len(events)):
        made(path, events[gone:], after=gone)
        left = json_of(path)
        assert len(of(left, "X", "conn 2")) == (gone < len(events) - 1)


def test_every_cut_file_keeps_the_rules(path):
    made(path, life(1, 201, 201, 10**9) + life(2, 202, 202, 10**9 + 700))
    for size in range(4096 + 20 * 64, 4096, -96):
        os.truncate(path, size)
        json_of(path)


@pytest.mark.parametrize("seed", range(8))
def test_any_bytes_keep_the_rules(path, seed):
    """A faulty worker may write anywhere in the ring."""
    random.seed(seed)
    events = []
    for number in range(1, 25):
        events += life(number, 200 + number % 5, 200 + number % 5,
                       10**9 + random.randrange(10**5))
    made(path, events, capacity=256)
    data = bytearray(path.read_bytes())
    for _ in range(300):
        at = random.randrange(4096, len(data))
        data[at] = random.choice((0, 1, 2, 7, 128, 255, data[at] ^ 1))
    for _ in range(5):  # whole words, small ones
        at = random.randrange(4096 // 8, len(data) // 8) * 8
        data[at:at + 8] = struct.pack("=Q", random.randrange(2**random.randrange(1, 64)))
    path.write_bytes(data)
    json_of(path)
    out = client("trace", path, env=UTF8)
    assert out.code == 0 and max(map(len, out.out.splitlines())) <= 80
    svg_of(path)


# ---- files that are no trace, or a part of one ----

@pytest.mark.parametrize("data, told", [
    (b"", "the file is empty"),
    (b"\x7fELF", "this is no trace"),
    (b"perconnT", "cut off within its header"),
    (b"perconnT" + b"\2" + b"\0" * 5000, "another version"),
    (b"perconnT" + b"\1\0\0\0" + b"\0" * 5000, "header of this trace is damaged"),
])
def test_what_is_no_trace_is_one_line(path, data, told):
    path.write_bytes(data)
    result = client("trace", path)
    assert result.code == 1
    assert result.error_line.startswith(f"client: {path}: ")
    assert told in result.error_line


def test_what_is_no_file_is_one_line(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for name, told in ((".", "Is a directory"), ("fifo", "regular file"),
                       ("none", "No such file")):
        result = client("trace", tmp_path / name)
        assert result.code == 1 and told in result.error_line


def test_a_file_without_events_is_drawn(path):
    made(path, [])
    for options in ([], ["--svg", "-"], ["--json", "-"]):
        assert client("trace", path, *options).code == 0
    assert json_of(path) == []
    assert "no client has had a worker yet" in client("trace", path).out


def test_a_cut_file_shows_what_is_left(path):
    made(path, life(1, 201, 201, 10**9) + life(2, 202, 202, 10**9 + 50_000))
    os.truncate(path, 4096 + 64 * 12 + 17)
    out = client("trace", path, env=UTF8).out
    assert {number: row[0] for number, row in rows(out).items()} == {
        1: 201, 2: 0}  # of the second, only the accept is left
    assert "8 events are incomplete or damaged" in flat(out)


def test_lost_events_are_told(path):
    made(path, life(1, 201, 201, 10**9) * 40, capacity=256, after=1000)
    out = client("trace", path, env=UTF8).out
    assert "the oldest 1,144 events are lost" in flat(out)


def test_a_worker_whose_beginning_is_lost_is_drawn_from_there(path):
    made(path, life(1, 201, 201, 10**9)[5:], after=5)
    events = json_of(path)
    one, = of(events, "X", "conn 1")
    assert one["ts"] == 0 and not of(events, "s")


def test_a_worker_of_which_only_the_reap_is_left_has_no_line(path):
    made(path, life(1, 201, 201, 10**9)[-1:] + life(2, 202, 202, 10**9 + 20_000)
         + life(3, 203, 203, 10**9 + 30_000)[-1:]
         + life(4, 204, 204, 10**9 + 50_000))
    found = rows(client("trace", path, env=UTF8).out)
    assert {number: row[0] for number, row in found.items()} == {2: 202, 4: 204}


def test_a_header_that_a_worker_wrote_over_costs_no_events(path):
    made(path, life(1, 201, 201, 10**9))
    data = bytearray(path.read_bytes())
    data[128:136] = b"\xff" * 8
    path.write_bytes(data)
    assert set(rows(client("trace", path, env=UTF8).out)) == {1}


def test_events_that_a_worker_had_reserved_are_no_damage(server, path):
    made(path, life(1, 201, 201, 10**9) + [(10**9 + 60, 1, "none", 100, 100)])
    assert "incomplete" not in client("trace", path, env=UTF8).out
    counted(server, path)
    assert "incomplete" not in client("trace", path, env=UTF8).out


def test_absurd_times_and_pids_are_left_out(path):
    made(path, life(1, 201, 201, 10**9) + [
        (2**63, 1, "lock_wait", 201, 201), (10**9, 2, "start", -5, 7),
        (10**9, 3, "start", 7, 2**30)])
    out = client("trace", path, env=UTF8).out
    assert set(rows(out)) == {1}
    assert "3 events are incomplete or damaged" in flat(out)


# ---- where it goes ----

def test_files_are_written_together(path, tmp_path):
    made(path, life(1, 201, 201, 10**9))
    result = client("trace", path, "--svg", tmp_path / "a.svg", "--json",
                    tmp_path / "a.json")
    assert (result.code, result.out, result.err) == (0, "", "")
    ElementTree.parse(tmp_path / "a.svg")
    events_of((tmp_path / "a.json").read_text())


def test_the_trace_itself_is_not_written_over(path):
    made(path, life(1, 201, 201, 10**9))
    before = path.read_bytes()
    for option in ("--svg", "--json"):
        for name in (path, path.parent / "." / "trace"):
            result = client("trace", path, option, name)
            assert result.code == 2
            assert "this is the trace that is read" in result.error_line
    assert path.read_bytes() == before


def test_two_outputs_are_two_files(path, tmp_path):
    made(path, life(1, 201, 201, 10**9))
    assert client("trace", path, "--svg", "-", "--json", "-").code == 2
    assert client("trace", path, "--svg", tmp_path / "x", "--json",
                  tmp_path / "x").code == 2


@pytest.mark.parametrize("arguments, told", [
    ([], "the FILE is missing"),
    (["a", "b", "c"], "two FILEs at most; c is one too many"),
    (["a", "--rows", "0"], "--rows 0"),
    (["a", "--width", "10"], "--width 10"),
])
def test_wrong_usage_is_one_line(arguments, told):
    result = client("trace", *arguments)
    assert result.code == 2 and told in result.error_line


# ---- a client's trace beside its server's ----

def request(connection, due, sent, answered, last="answered"):
    return [(due, connection, "due", 300, 300),
            (sent, connection, "sent", 300, 300),
            (answered, connection, last, 300, 300)]


def clients_trace(path, begin=10**9):
    return made(path, [
        (begin, 7, "connect", 300, 300),
        (begin + 100, 7, "connected", 300, 300, 40001),
        *request(7, begin + 200, begin + 400, begin + 1000),
        # due while the one before is not answered
        *request(7, begin + 900, begin + 1500, begin + 3000),
        *request(7, begin + 3000, begin + 3000, begin + 4000, "failed"),
        (begin + 5000, 7, "closed", 300, 300)],
        program="client", model="", pid=300)


def test_a_clients_requests_are_async_events(path):
    clients_trace(path)
    events = json_of(path)
    found = [(one["ph"], one["ts"]) for one in events
             if one["name"] == "request" and one["ph"] in "be"]
    assert found == [("b", 0.2), ("e", 1.0), ("b", 0.9), ("e", 3.0),
                     ("b", 3.0), ("e", 4.0)]
    assert len(of(events, "b", "late")) == 2
    out = client("trace", path, env=ASCII).out
    assert re.search(r"client 7 +300  c[_cd*]+", out)
    assert "1 client connection" in out
    assert "request is due, not sent" in out


def test_a_client_stands_beside_its_worker(path, tmp_path):
    made(path, life(2, 202, 202, 10**9 - 700) + life(1, 201, 201, 10**9 + 50))
    other = clients_trace(tmp_path / "client")
    out = client("trace", path, other, env=UTF8).out
    labels = re.findall(r"^ +(accept loop|client \d+|\d+) +", out, re.M)[:4]
    assert labels == ["accept loop", "2", "client 7", "1"]
    assert "server_fork and client: 2 workers in " in out
    events = json_of(path, other)
    assert {one["args"]["name"] for one in of(events, "M", "process_name")} == {
        "server_fork", "server_fork conn 1", "server_fork conn 2", "client"}


def test_two_containers_may_have_one_pid(path, tmp_path):
    """A server and a client that are pid 1 of their own containers."""
    made(path, life(1, 1, 7, 10**9, reaper=1), pid=1)
    other = made(tmp_path / "client", [
        (10**9 - 9, 1, "connect", 1, 1), (10**9, 1, "connected", 1, 1, 40001),
        *((at, 1, kind, 1, 1) for at, kind in [
            (10**9 + 10, "due"), (10**9 + 20, "sent"),
            (10**9 + 8000, "answered"), (10**9 + 9000, "closed")])],
        program="client", model="", pid=1)
    events = json_of(path, other)
    names = {one["args"]["name"]: one["pid"]
             for one in of(events, "M", "process_name")}
    assert names == {"server_fork": 1, "client": 1 + 2**22}
    assert {one["pid"] for one in of(events, "b", "request")} == {1 + 2**22}
    assert [one["tid"] for one in of(events, "X", "conn 1")] == [7]


@pytest.mark.parametrize("options", [("-n", 40), ("-n", 40, "--churn"),
                                     ("-r", 500, "-n", 40)],
                         ids=("closed", "churn", "open"))
def test_a_load_and_its_server_keep_the_rules(server, path, tmp_path, options):
    server.start("--trace", path)
    load = tmp_path / "load"
    result = client("load", server.address, "-c", 4, *options, "--trace", load)
    assert result.code == 0, result
    server.stop()
    events = json_of(path, load)
    assert len(of(events, "b", "request")) == 40
    lanes = len({one.connection for one in Trace(load).only("connect")})
    out = client("trace", path, load, "--rows", 1000, env=UTF8).out
    labels = re.findall(r"^ +(client )?\d+ +\d+  ", out, re.M)
    # Each connection of the client with its worker below it.
    assert labels == ["client ", ""] * lanes
