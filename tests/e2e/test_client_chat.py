# SPDX-License-Identifier: MIT
"""`client load -p chat`: each line of one member has to reach all others,
whole, once, in order. Honest rooms, lying ones, and both real servers."""
import re
import resource
import signal
import socket
import threading

import pytest

from harness import needs_ipv6
from known_servers import (
    DEADLINE, ChatServer, ChatSwapped, Close, KnownServer, chat_changed,
    chat_closing, chat_delayed, chat_doubled, chat_dropped, chat_echoed,
    chat_garbage, chat_missing, chat_refusing, client, counts, load, refusing,
    result_of, running_client)

pytestmark = pytest.mark.timed

STEADY = ["-c", 5, "-n", 100]
MODES = pytest.mark.parametrize(
    "mode", [[], ["--churn"], ["-r", 500], ["--churn", "-r", 500]],
    ids=["closed", "churn", "open", "churn-open"])
# One message at a time, or all from one sender: a line's place tells which
# message it was, even if its header is spoiled.
ORDERED = pytest.mark.parametrize(
    "mode", [[], ["--churn"], ["-r", 500]], ids=["closed", "churn", "open"])
KEPT = pytest.mark.parametrize(
    "mode", [[], ["-r", 500]], ids=["closed", "open"])


def chat(target, *options, **more):
    return load(target, "-p", "chat", *options, **more)


def lied_to(behave, mode=(), members=4, messages=20, **server):
    """The report of MESSAGES among MEMBERS, one of them a lie."""
    with ChatServer(behave, **server) as room:
        return chat(room.target, "-c", members, "-n", messages,
                    "--timeout", "500ms", *mode, code=1)


def check_times(report, messages, members):
    """There is a time for each delivery, and one for each message."""
    assert counts(report) == (messages, 0, 0, 0)
    assert report["first_wrong"] is None
    assert report["errors"] == {}
    latency, complete = report["latency_us"], report["complete_us"]
    assert 0 < latency["min"] <= complete["min"]
    assert complete["max"] == latency["max"]
    assert (report["rate"] is None) == (report["service_us"] is None)


# ---- both real servers ----

@MODES
def test_every_message_reaches_all_others(server, mode):
    server.start("-s", "chat")
    report = chat(server.address, *STEADY, *mode)
    assert report["protocol"] == "chat"
    assert report["mode"] == ("churn" if "--churn" in mode else "steady")
    assert report["connections"] == 5
    check_times(report, 100, 5)
    server.stop()
    guests = 100 if "--churn" in mode else 0
    assert server.ledger["accepted"] == server.ledger["served"] == 5 + guests


@pytest.mark.parametrize("members", [2, 100])
def test_rooms_of_two_and_of_a_hundred(server, members):
    server.start("-s", "chat")
    check_times(chat(server.address, "-c", members, "-n", 200), 200, members)


@pytest.mark.parametrize("size", [24, 63, 1000, 10_000])
def test_lines_of_each_size(server, size):
    server.start("-s", "chat")
    report = chat(server.address, *STEADY, "-s", size)
    assert report["size"] == size
    check_times(report, 100, 5)


def test_a_room_on_a_unix_socket(server, tmp_path):
    server.start("-s", "chat", listen=f"unix:{tmp_path}/room")
    check_times(chat(server.address, *STEADY), 100, 5)


def test_one_room_may_be_loaded_again(server):
    server.start("-s", "chat")
    for _ in range(3):
        check_times(chat(server.address, *STEADY, "--churn"), 100, 5)
    server.stop()
    assert server.ledger["served"] == 3 * 105


# ---- rooms that do as they should ----

@MODES
def test_an_honest_room_is_right(mode):
    with ChatServer() as room:
        check_times(chat(room.target, *STEADY, *mode), 100, 5)
        assert room.connections == 5 + (100 if "--churn" in mode else 0)


@MODES
def test_a_delay_is_in_the_times(mode):
    with ChatServer(chat_delayed(0.02)) as room:
        report = chat(room.target, "-c", 3, "-n", 10, *mode)
    check_times(report, 10, 3)
    assert report["latency_us"]["min"] >= 19_000


def test_in_an_open_loop_one_delay_is_in_the_times_of_those_behind_it():
    def behave(post):
        if post.number == 10:
            chat_delayed(0.3)(post)
        else:
            post.send()

    with ChatServer(behave) as room:
        report = chat(room.target, "-c", 3, "-n", 100, "-r", 200)
    check_times(report, 100, 3)
    # 60 were due meanwhile; the median is over 100.
    assert report["latency_us"]["p50"] >= 10_000
    assert report["latency_us"]["max"] >= 290_000


def test_members_that_talked_before_are_no_matter():
    def greet(sock):
        sock.sendall(b"welcome to the room\nanother has")

    with ChatServer(on_accept=greet) as room:
        check_times(chat(room.target, *STEADY), 100, 5)


def test_a_member_that_joins_late_is_waited_for():
    """The first probes do not reach it."""
    class Late:
        probes = 0

        def __call__(self, post):
            self.probes += post.number is None
            if self.probes < 4:
                post.send(to=post.others[1:])
            else:
                post.send()

    late = Late()
    with ChatServer(late) as room:
        check_times(chat(room.target, *STEADY), 100, 5)
    assert late.probes >= 4


@pytest.mark.parametrize("piece", [1, 63])
@pytest.mark.parametrize("mode", [["-r", 3000], ["--churn", "-r", 3000]],
                         ids=["open", "churn-open"])
def test_lines_in_pieces_are_lines(piece, mode):
    def behave(post):
        for at in range(0, len(post.line), piece):
            post.send(post.line[at:at + piece])

    with ChatServer(behave) as room:
        check_times(chat(room.target, "-c", 3, "-n", 20, *mode), 20, 3)


@KEPT
def test_long_lines_are_more_than_is_kept_of_them(mode):
    with ChatServer() as room:
        check_times(chat(room.target, "-c", 3, "-n", 200, "-s", 200_000,
                         *mode), 200, 3)


def test_a_duration_ends_it():
    with ChatServer() as room:
        report = chat(room.target, "-c", 3, "-d", "200ms", "-r", 1000)
    ok, *bad = counts(report)
    assert bad == [0, 0, 0] and ok + report["unsent"] == 200


@pytest.mark.parametrize("mode, most", [([], 30), (["--churn"], 160)],
                         ids=["steady", "churn"])
def test_no_run_leaves_a_descriptor_open(mode, most):
    """Forty in one process, which may have as many as one of them needs."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    with ChatServer() as room:
        result = client("load", room.target, "-p", "chat", "-c", 5, "-n", 20,
                        *mode, "-r", "250:10000:250", preexec_fn=few)
    assert result.code == 0, result


# ---- a member that is behind ----

class HeldBack:
    """One member gets nothing until message 20, then all at once, as CHANGE
    makes of each number and line. The client remembers sixteen lines of that
    size, so that four have timed out before, or 20 could not have begun."""

    def __init__(self, change=lambda number, line: line):
        self.change = change
        self.held = b""

    def __call__(self, post):
        if post.number is None:
            post.send()
            return
        first, *others = post.others
        post.send(to=others)
        self.held += self.change(post.number, post.line)
        if post.number >= 20:
            post.send(self.held, to=[first])
            self.held = b""


def behind(change, members):
    with ChatServer(HeldBack(*change)) as room:
        report = chat(room.target, "-c", members, "-s", 1 << 20, "-n", 21,
                      "-r", 10_000, "--timeout", "300ms", code=1)
    ok, wrong, timed_out, failed = counts(report)
    assert ok + wrong + timed_out == 21 and timed_out >= 4 and not failed
    return report


@pytest.mark.parametrize("members, change", [
    (3, ()), (2, (lambda number, line: line if number != 3 else b"",))],
    ids=["late", "and one never comes"])
def test_what_comes_late_is_timed_out_and_not_wrong(members, change):
    report = behind(change, members)
    assert report["requests"]["wrong"] == 0 and not report["first_wrong"]


def test_what_is_wrong_after_its_timeout_counts_once_at_most():
    report = behind((lambda number, line: line if number != 2 else
                     line[:5000] + b"?" + line[5001:],), 2)
    assert report["requests"]["wrong"] <= 1


def test_a_server_that_reads_no_more_ends_the_run():
    """What it has not taken yet is kept for it, until there is no room."""
    over = threading.Event()

    def behave(post):
        if post.number:
            over.wait(DEADLINE)
        post.send()

    with ChatServer(behave) as room:
        report = chat(room.target, "-c", 2, "-s", 1 << 20, "-n", 1000,
                      "-r", 10_000, "--timeout", "300ms", code=1)
        over.set()
    ok, wrong, timed_out, failed = counts(report)
    assert (ok, wrong, failed) == (0, 0, 1) and 10 <= timed_out < 100
    assert report["errors"] == {"ETIMEDOUT": 1}


# ---- lies ----

@KEPT
def test_a_line_that_one_does_not_get(mode):
    report = lied_to(chat_dropped(7), mode)
    if mode:
        assert counts(report) == (19, 1, 0, 0)
        assert re.fullmatch(
            r"member \d: message 8 came where 7 was due \(lost, or out of "
            r"order\)", report["first_wrong"])
        assert report["first_wrong"] in report["words"]
    else:
        # Nothing follows it that could show the gap.
        assert counts(report) == (19, 0, 1, 0)
        check_lacking(report)


def check_lacking(report):
    """A timeout names the message, and a member that lacked it."""
    assert re.fullmatch(r"message 7 did not reach member [1-9] in time",
                        report["first_timed_out"])
    assert f"late     first: {report['first_timed_out']}\n" in report["words"]
    assert report["first_wrong"] is None


@pytest.mark.parametrize("mode", [["--churn"], ["--churn", "-r", 500]])
def test_in_churn_a_line_that_one_does_not_get_times_out(mode):
    report = lied_to(chat_dropped(7), mode)
    assert counts(report) == (19, 0, 1, 0)
    check_lacking(report)


def test_two_lines_in_the_other_order():
    report = lied_to(ChatSwapped(7), ["-r", 500])
    assert counts(report) == (19, 1, 0, 0)
    assert "message 8 came where 7 was due" in report["first_wrong"]


def test_the_lines_of_two_guests_have_no_order():
    with ChatServer(ChatSwapped(7)) as room:
        check_times(chat(room.target, "-c", 4, "-n", 20, "--churn",
                         "-r", 500), 20, 4)


def check_changed(mode, byte):
    report = lied_to(chat_changed(7, byte), mode)
    assert counts(report) == (19, 1, 0, 0)
    assert re.fullmatch(
        rf"member \d, message 7: byte {byte} of 64 is 0x\w\w, not 0x\w\w "
        r"\(changed\)", report["first_wrong"])
    assert report["first_wrong"] in report["words"]


@ORDERED
@pytest.mark.parametrize("byte", [0, 9, 21])
def test_a_changed_byte_of_the_header(mode, byte):
    check_changed(mode, byte)


@MODES
@pytest.mark.parametrize("byte", [22, 63])
def test_a_changed_byte(mode, byte):
    check_changed(mode, byte)


def check_missing(mode, byte):
    report = lied_to(chat_missing(7, byte), mode)
    assert counts(report) == (19, 1, 0, 0)
    # Which byte differs first depends on the run's number.
    assert "message 7: a line of 63 bytes, not of 64; " \
        in report["first_wrong"]


@ORDERED
def test_a_missing_byte_of_the_header(mode):
    check_missing(mode, 0)


@MODES
@pytest.mark.parametrize("byte", [22, 62])
def test_a_missing_byte(mode, byte):
    check_missing(mode, byte)


def test_a_missing_newline_spoils_two_lines():
    report = lied_to(chat_missing(7, 63), ["-r", 500])
    assert counts(report) == (18, 2, 0, 0)
    assert "message 7: " in report["first_wrong"]


@MODES
@pytest.mark.parametrize("at, pause", [(7, 0), (20, 0), (20, 0.1)])
def test_a_line_that_comes_twice(mode, at, pause):
    report = lied_to(chat_doubled(at, pause), mode)
    assert counts(report) == (19, 1, 0, 0)
    assert re.fullmatch(
        rf"member \d: message {at} came twice", report["first_wrong"])


@MODES
@pytest.mark.parametrize("at", [7, 20])
def test_a_line_that_comes_back_to_its_sender(mode, at):
    report = lied_to(chat_echoed(at), mode)
    assert counts(report) == (19, 1, 0, 0)
    assert report["first_wrong"] == \
        f"message {at}: its sender got it back"


@MODES
def test_a_room_that_sends_back_to_the_sender_each_time(mode):
    def behave(post):
        post.send(to=[*post.others, post.sender])

    assert counts(lied_to(behave, mode)) == (0, 20, 0, 0)


@KEPT
@pytest.mark.parametrize("text", [
    b"\n", b"the cheese is out\n", 63 * b"x" + b"\n", 64 * b"x" + b"\n",
    200 * b"x" + b"\n"])
def test_a_line_that_nobody_sent(mode, text):
    report = lied_to(chat_garbage(7, text), mode)
    ok, wrong, timed_out, failed = counts(report)
    assert wrong >= 1 and ok + wrong == 20 and not timed_out and not failed
    assert "message 7: " in report["first_wrong"]


def test_an_echo_server_is_no_room():
    with KnownServer(size=None) as server:
        result = client("load", server.target, "-p", "chat", "-c", 3,
                        "--timeout", "300ms")
    assert result.code == 1
    assert "2 of 2 members heard nothing in time: is this a chat room?" \
        in result.error_line
    assert not result.out


# ---- members that are dropped ----

@MODES
@pytest.mark.parametrize("reset, error, words", [
    (False, "EOF", "end of file"),
    (True, "ECONNRESET", "Connection reset by peer")])
def test_a_dropped_member_costs_one_message(mode, reset, error, words):
    report = lied_to(chat_closing(7, reset), mode)
    assert counts(report) == (19, 0, 0, 1)
    assert report["errors"] == {error: 1}
    assert re.fullmatch(
        rf"member \d was dropped: {words}", report["first_failed"])
    assert report["first_wrong"] is None
    assert f"1 {error}; first: {report['first_failed']}\n" in report["words"]
    assert "wrong    first" not in report["words"]


def test_nobody_left_ends_the_run():
    def behave(post):
        for member in post.others if post.number == 7 else ():
            post.room.leave(member)
            member.shutdown(socket.SHUT_RD)
        post.send(to=post.others if post.number != 7 else [])

    report = lied_to(behave)
    ok, wrong, timed_out, failed = counts(report)
    assert ok + failed < 20 and (wrong, timed_out) == (0, 0)
    assert failed == 3 and report["errors"] == {"EOF": 3}


@KEPT
def test_a_dropped_sender_ends_the_run(mode):
    report = lied_to(chat_refusing(7), mode)
    ok, wrong, timed_out, failed = counts(report)
    assert ok == 6 and failed >= 1 and not wrong and not timed_out
    assert report["first_failed"] == \
        "member 0, the sender, was dropped: end of file"
    assert report["first_wrong"] is None


@pytest.mark.parametrize("mode", [
    [], ["-r", 500], ["--churn", "-r", 500]], ids=str)
def test_a_room_that_falls_silent_does_not_keep_the_rate_it_had(mode):
    def behave(post):
        if not post.number or post.number <= 20:
            post.send()

    with ChatServer(behave) as room:
        report = chat(room.target, "-c", 3, "-d", "1s", "--timeout", "2s",
                      *mode, code=1)
    assert report["requests"]["ok"] == 20
    assert report["throughput"] == pytest.approx(20, rel=0.05)


def test_an_open_loop_has_the_rate_of_its_schedule():
    with ChatServer() as room:
        report = chat(room.target, "-c", 3, "-n", 10, "-r", 10)
    assert counts(report) == (10, 0, 0, 0)
    assert report["throughput"] == pytest.approx(10, rel=0.05)


def test_guests_that_stay_unheard_time_out():
    report = lied_to(chat_refusing(7), ["--churn"])
    assert counts(report) == (19, 0, 1, 0)


def test_a_guest_that_is_not_let_go_times_out():
    with ChatServer(stays=True) as room:
        report = chat(room.target, "-c", 3, "-n", 2, "--churn",
                      "--timeout", "200ms", code=1)
    assert counts(report) == (0, 0, 2, 0)
    assert "message 1: the server did not close its sender" in \
        report["first_timed_out"]


def test_a_room_that_nobody_can_join():
    def close(sock):
        raise Close

    with ChatServer(on_accept=close) as room:
        result = client("load", room.target, "-p", "chat", "-c", 3)
    assert result.code == 1
    assert re.search(r"member \d could not join: ", result.error_line)


def test_nobody_listens():
    with refusing() as target:
        result = client("load", target, "-p", "chat")
    assert result.code == 1
    assert "member 0 could not join: Connection refused" in result.error_line


# ---- usage ----

@pytest.mark.parametrize("options, words", [
    (["-c", 1], "--connections 1: --protocol chat needs 2 or more"),
    (["-s", 23], "--size 23: --protocol chat takes 24 to 1048576"),
    (["-s", "2MiB"], "--size 2097152: --protocol chat takes 24 to"),
])
def test_wrong_usage(options, words):
    with ChatServer() as room:
        result = client("load", room.target, "-p", "chat", *options)
        assert not room.connections
    assert result.code == 2
    assert words in result.error_line


def test_an_interrupt_ends_it_with_the_results_so_far():
    with ChatServer() as room:
        with running_client("load", room.target, "-p", "chat", "-d", "1m",
                            "--json", "-") as process:
            room.wait_requests(100)
            process.send_signal(signal.SIGINT)
            result = result_of(process)
    assert result.code == 130
    ok, *bad = counts(result.json)
    assert ok > 0 and bad == [0, 0, 0]


def test_an_interrupt_while_members_join():
    """A room that says nothing: the probes are sent in vain."""
    with ChatServer(lambda post: None) as room:
        with running_client("load", room.target, "-p", "chat", "--timeout",
                            "1m", "--json", "-") as process:
            room.wait_requests(2)
            process.send_signal(signal.SIGINT)
            result = result_of(process)
    assert result.code == 130
    assert counts(result.json) == (0, 0, 0, 0)


def test_a_member_is_silent_until_it_has_something_to_say():
    """An empty line is all that a receiver ever sends."""
    heard = []

    class Listening(ChatServer):
        def _hear(self, sock, line):
            heard.append((sock, line))
            super()._hear(sock, line)

    with Listening() as room:
        check_times(chat(room.target, *STEADY), 100, 5)
    talkers = {sock for sock, line in heard if line != b"\n"}
    assert len(talkers) == 1
    assert len({sock for sock, line in heard if line == b"\n"}) == 5
    lines = [line for _, line in heard if b"-m" in line]
    assert len(lines) == len(set(lines)) == 100
    assert all(len(line) == 64 for line in lines)


@needs_ipv6
def test_a_room_over_ipv6():
    with ChatServer(host="::1") as room:
        check_times(chat(room.target, *STEADY), 100, 5)
