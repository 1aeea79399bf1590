# SPDX-License-Identifier: MIT
"""The command line: what is wrong is said in one line, and exit 2."""
import json
import re

import pytest

from harness import echo

LONG = "unix:/tmp/" + "x" * 120

# The words that the one line must contain: option, value, what is allowed.
WRONG = [
    (["--listen", "nonsense"], ["--listen", "nonsense", "IPv4:PORT"]),
    (["-l", "nonsense"], ["--listen", "nonsense", "unix:PATH"]),
    (["-l", ""], ["--listen", "localhost:PORT"]),
    (["-l", "127.0.0.1"], ["--listen", "127.0.0.1", "IPv4:PORT"]),
    (["-l", "127.0.0.1:"], ["--listen", "127.0.0.1:", "PORT"]),
    (["-l", "127.0.0.1:65536"], ["--listen", "127.0.0.1:65536", "PORT"]),
    (["-l", "127.0.0.1:-1"], ["--listen", "127.0.0.1:-1", "PORT"]),
    (["-l", "127.0.0.1:http"], ["--listen", "127.0.0.1:http", "PORT"]),
    (["-l", "127.0.0.256:1"], ["--listen", "127.0.0.256:1", "IPv4:PORT"]),
    (["-l", "::1:7007"], ["--listen", "::1:7007", "[IPv6]:PORT"]),
    (["-l", "[::1]"], ["--listen", "[::1]", "[IPv6]:PORT"]),
    (["-l", "[::g]:1"], ["--listen", "[::g]:1", "[IPv6]:PORT"]),
    (["-l", "[]:1"], ["--listen", "[]:1", "[IPv6]:PORT"]),
    (["-l", "[127.0.0.1]:1"], ["--listen", "[127.0.0.1]:1", "[IPv6]:PORT"]),
    (["-l", "[localhost]:0"], ["--listen", "[localhost]:0", "[IPv6]:PORT"]),
    (["-l", "example.com:80"], ["--listen", "example.com:80", "IPv4:PORT"]),
    (["-l", "unix:"], ["--listen", "unix:", "unix:PATH"]),
    (["-l", LONG], ["--listen", LONG, "unix:PATH"]),
    (["-l", "127.0.0.1:0"] * 17, ["--listen", "127.0.0.1:0", "16"]),
    (["-l", "127.0.0.1:0"] * 15 + ["-l", "localhost:0"],
     ["--listen", "localhost:0", "16"]),
    (["-s", "nonsense"], ["--service", "nonsense", "--list-services"]),
    (["-s", ""], ["--service", "--list-services"]),
    (["-s", "http", "-l", "udp:127.0.0.1:0"],
     ["--listen udp:127.0.0.1:0:", "service http", "without udp:"]),
    (["--race-window", "1ms", "-s", "counter"],
     ["--race-window 1.00 ms:", "requires", "counter:unlocked",
      "not counter"]),
    (["--tls-cert", "/c.pem"],
     ["--tls-cert /c.pem:", "requires --tls-key"]),
    (["--tls-key", "/k.pem"],
     ["--tls-key /k.pem:", "requires --tls-cert"]),
    (["--tls-client-ca", "/ca.pem"],
     ["--tls-client-ca /ca.pem:", "requires --tls-cert"]),
    (["--tls-cert", "/c.pem", "--tls-key", "/k", "-l", "udp:127.0.0.1:0"],
     ["--tls-cert /c.pem:", "requires a stream", "udp:"]),
    (["-m", "0"], ["--max-connections", "0", "from 1 to"]),
    (["-m", "many"], ["--max-connections", "many", "whole number"]),
    (["-m", "-1"], ["--max-connections", "-1", "whole number"]),
    (["-m", "1.5"], ["--max-connections", "1.5", "whole number"]),
    (["-m", " 1"], ["--max-connections", " 1", "whole number"]),
    (["-m", "1x"], ["--max-connections", "1x", "whole number"]),
    (["-m", "99999999999999999999999"],
     ["--max-connections", "99999999999999999999999", "whole number"]),
    (["--when-full", "panic"], ["--when-full", "panic", "wait", "refuse"]),
    (["--when-full", ""], ["--when-full", "wait", "refuse"]),
    (["--when-full", "wait|refuse"], ["--when-full", "wait|refuse"]),
    (["--max-per-source", "0"], ["--max-per-source", "0", "from 1 to"]),
    (["--max-per-source", "few"], ["--max-per-source", "few", "whole number"]),
    (["--idle-timeout", "5"], ["--idle-timeout", "5", "30s"]),
    (["--idle-timeout", "0s"], ["--idle-timeout", "0s", "from"]),
    (["--idle-timeout", "-1s"], ["--idle-timeout", "-1s", "duration"]),
    (["--idle-timeout", "1 s"], ["--idle-timeout", "1 s", "duration"]),
    (["--idle-timeout", "s"], ["--idle-timeout", "s", "duration"]),
    (["--idle-timeout", "5sec"], ["--idle-timeout", "5sec", "duration"]),
    (["--idle-timeout", "9999999h"], ["--idle-timeout", "9999999h", "to"]),
    (["--request-timeout", "x"], ["--request-timeout", "x", "duration"]),
    (["--drain-timeout", "10"], ["--drain-timeout", "10", "duration"]),
    (["--backlog", "0"], ["--backlog", "0", "from 1 to"]),
    (["--backlog", "long"], ["--backlog", "long", "whole number"]),
    (["--ready-fd", "x"], ["--ready-fd", "x", "whole number"]),
    (["--ready-fd", "-1"], ["--ready-fd", "-1", "whole number"]),
    (["--listen"], ["--listen", "value"]),
    (["-m"], ["--max-connections", "value"]),
    (["--idle-timeout"], ["--idle-timeout", "value"]),
    (["--nonsense"], ["--nonsense", "--help"]),
    (["--nonsense=3"], ["--nonsense=3", "--help"]),
    (["-Z"], ["-Z", "--help"]),
    (["--quiet=1"], ["--quiet"]),
    (["--list-services=1"], ["--list-services"]),
    (["--help=1"], ["--help"]),
    (["argument"], ["argument", "unexpected argument"]),
    (["-q", "--", "argument"], ["argument", "unexpected argument"]),
]


@pytest.mark.parametrize("arguments,words", WRONG, ids=[
    " ".join(arguments[-2:])[:30] for arguments, _ in WRONG])
def test_wrong_usage_is_one_line_and_exit_2(server, arguments, words):
    done = server.run(*arguments)
    assert done.returncode == 2
    assert done.stdout == b""
    assert_one_line(done.stderr)
    for word in words:
        assert word in done.stderr.decode()


# What users type who know other programs, and the words that mend it.
HINTS = [
    (["-s", "spin"], "the duration is missing: write spin:1ms;"),
    (["-s", "sleep"], "the duration is missing: write sleep:1ms;"),
    (["-s", "sleep:10"], "it has no unit: write sleep:10s for "
                          "seconds;"),
    (["-s", "sleep:"], "the duration is missing: write sleep:1ms;"),
    (["-s", "sleep=5ms"], "use a colon before the argument: write "
                          "sleep:5ms;"),
    (["-s", "sleep:5 sec"], "write sleep:5s;"),
    (["-s", "sleep:2h"], "it is longer than 1h;"),
    (["-s", "spin:-1ms"], "it is negative;"),
    (["-s", "touch"], "the size is missing: write touch:4MiB;"),
    (["-s", "touch:4MiB:big"], "after SIZE comes :shared or :private, then "
                               ":huge;"),
    (["-s", "state"], "the size is missing: write state:1MiB;"),
    (["-s", "state:1mb"], "write state:1M;"),
    (["-s", "state:1MiB:1KiB"], "it is too small;"),
    (["-s", "state:1MiB:2MiB"], "it is too large;"),
    (["-s", "spin:1,5ms"], "it has a comma in it: write "
                            "spin:1.5ms;"),
    (["-s", "bogus"], "there is no such service;"),
    (["-s", "ecoh"], "did you mean echo?"),
    (["-s", "Http"], "did you mean http?"),
    (["-s", "echo:1"], "it takes no argument: write echo;"),
    (["-s", "counter:x"], "write counter or counter:unlocked;"),
    (["--listen", "7007"], "it is only a port: write :7007 for all "
                           "addresses, or 127.0.0.1:7007;"),
    (["-l", "localhost"], "it has no port: write localhost:7007;"),
    (["-l", "127.0.0.1:"], "the port after the colon is missing: write "
                           "127.0.0.1:7007;"),
    (["-l", "127.0.0.1:99999"], "port 99999: the highest is 65535;"),
    (["-l", "127.0.0.1:http"], "its port http is not a number;"),
    (["-l", "::1:7007"], "needs brackets: write [::1]:7007;"),
    (["-l", "::1"], "needs brackets: write [::1]:7007;"),
    (["-l", "[::1]"], "it has no port: write [::1]:7007;"),
    (["-l", "[::1"], "its bracket is not closed"),
    (["-l", "[127.0.0.1]:7"], "not an IPv6 address"),
    (["-l", "tcp://127.0.0.1:7"], "it is a URL: write 127.0.0.1:7;"),
    (["-l", "http://localhost/"], "it is a URL: write localhost:80;"),
    (["-l", "*:7"], "write :7;"),
    (["-l", "udp:7007"], "write udp::7007 for all addresses, or "
                         "udp:127.0.0.1:7007;"),
    (["-l", "localhost:7,localhost:8"], "give each address its own --listen;"),
    (["-l", "all"], "all: it has no port;"),
    (["-l", "http://example.com/"], "host names are not accepted;"),
    (["-l", "/run/x"], "a path needs unix: before it: write unix:/run/x;"),
    (["-l", "unix:"], "it has no path"),
    (["-l", "unix:@name"], "abstract names are not supported: for a file "
                           "write unix:./@name;"),
    (["-l", "[::%lo]:0"], "only a link-local address takes an interface: "
                          "remove %lo;"),
    (["-l", "[::1]x:0"], ":PORT is missing after the bracket;"),
    (["-l", LONG], "its path has 125 bytes; a socket's has 107 at most"),
    (["-l", "localhost:7 "], "it has a space in it;"),
    (["-l", ""], "it is empty;"),
    (["-l", "example.com:80"], "host names are not accepted;"),
    (["-l", "tls:localhost:7"], "write localhost:7, with --tls-cert"),
    (["-l", "udp:unix:/x"], "udp: and unix: cannot be combined;"),
    (["--idle-timeout", "5"], "it has no unit: write 5s for seconds;"),
    (["--idle-timeout", "5sec"], "write 5s;"),
    (["--idle-timeout", "5S"], "write 5s;"),
    (["--idle-timeout", "5 s"], "it has a space in it: write 5s;"),
    (["--idle-timeout", "5s5"], "one number with one unit;"),
    (["--idle-timeout", "1h30m"], "one number with one unit;"),
    (["--idle-timeout", ".5s"], "write 0.5s;"),
    (["--idle-timeout", "1e1s"], "write 10s;"),
    (["--idle-timeout", "+5s"], "it has a sign: write 5s;"),
    (["--idle-timeout", "5d"], "d is not a unit;"),
    (["--idle-timeout", ""], "it is empty;"),
    (["--idle-timeout", "1us"], "it is too small;"),
    (["--idle-timeout", "100h"], "it is too large;"),
    (["-m", "-5"], "it is negative;"),
    (["-m", "1k"], "write 1000;"),
    (["-m", "1,000"], "write 1000;"),
    (["-m", "1e3"], "write 1000;"),
    (["-m", "0x10"], "write 16;"),
    (["-m=5"], "remove the =: write 5;"),
    (["-m", "1.5"], "it is not a whole number;"),
    (["-m", "5s"], "without a unit: write 5;"),
    (["--when-full", "refuse-all"], "did you mean refuse?"),
    (["--image", "musl"], "--image musl: must be plain"),
    (["--image", "static"], "must be plain|dynamic|full"),
    (["--ballast", "64mb"], "write 64M;"),
    (["--ballast", "64mb:huge"], "write 64M:huge;"),
    (["--ballast", "1"], "it is too small;"),
    (["--ballast", "64M:hug"], "there is no such REMEDY;"),
    (["--idle-timeout", "0"], "it is too small;"),
    (["--idle-timeout", "5.s"], "write 5s;"),
    (["--ledger", ""], "--ledger '': must be a FILE"),
    (["--tls-cert", "", "--tls-key", ""], "--tls-cert '': must be a FILE"),
    (["--help=x"], "--help takes no value"),
    (["--tls-cert", "/c"], "requires --tls-key as well"),
    (["--tls-key", "/k"], "requires --tls-cert as well"),
    (["-listen", ":7"], "-listen: a long option has two dashes: write "
                        "--listen"),
    (["-quiet"], "-quiet: a long option has two dashes: write --quiet"),
    (["--liston", ":7"], "did you mean --listen?"),
    (["--max-conections=5"], "did you mean --max-connections?"),
    (["--listen:7"], "did you mean --listen?"),
    (["7007"], "write --listen :7007"),
    (["localhost:7007"], "write --listen localhost:7007"),
    (["\u2013\u2013listen"], "with hyphens, not dashes"),
]


@pytest.mark.parametrize("arguments, words", HINTS, ids=[
    " ".join(arguments)[:30] or "-" for arguments, _ in HINTS])
def test_what_is_typed_wrong_is_told_with_what_to_write(
        server, arguments, words):
    done = server.run(*arguments)
    assert done.returncode == 2
    assert_one_line(done.stderr)
    assert words in done.stderr.decode() + ";"


def assert_one_line(text):
    assert text.endswith(b"\n") and text.count(b"\n") == 1, text


def test_a_line_break_in_a_value_does_not_make_two_lines(server):
    done = server.run("--service", "a\nb\x1b[31m")
    assert done.returncode == 2
    assert_one_line(done.stderr)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", done.stderr)


def test_a_very_long_value_still_says_what_is_allowed(server):
    done = server.run("--service", "x" * 5000)
    assert done.returncode == 2
    assert_one_line(done.stderr)
    assert b"--list-services" in done.stderr


def test_help_goes_to_standard_output(server):
    done = server.run("--help")
    assert done.returncode == 0 and done.stderr == b""
    for option in ("--listen", "--service", "--list-services",
                   "--max-connections", "--when-full", "--max-per-source",
                   "--idle-timeout", "--request-timeout", "--drain-timeout",
                   "--backlog", "--ballast", "--image", "--ready-fd", "--ledger", "--verbose",
                   "--quiet", "--help", "--version"):
        assert option in done.stdout.decode()


def test_version_goes_to_standard_output(server):
    done = server.run("--version")
    assert done.returncode == 0 and done.stderr == b""
    assert re.fullmatch(rf"{server.program.name} \(perconn\) \S+\n",
                        done.stdout.decode())


def test_the_services_are_listed_with_a_line_each(server):
    done = server.run("--list-services")
    assert done.returncode == 0 and done.stderr == b""
    names = [line.split()[0] for line in done.stdout.decode().splitlines()]
    assert {"echo", "hello"} <= set(names)
    assert all(len(line.split()) > 1
               for line in done.stdout.decode().splitlines())


def test_both_servers_take_the_same_options(fork_server):
    """Their help differs in the model's words alone."""
    twin = fork_server.program.with_name("server_thread")
    help_of_fork = fork_server.run("--help").stdout.decode()
    fork_server.program = twin
    help_of_thread = fork_server.run("--help").stdout.decode()
    assert options_of(help_of_fork) == options_of(help_of_thread)


def options_of(text):
    return text.partition("options:")[2]


@pytest.mark.parametrize("value", ["1ms", "1.5s", "2m", "24h", "250000us"])
def test_durations_take_units_and_fractions(server, value):
    server.start("--request-timeout", value)


def test_long_options_take_their_value_after_an_equals_sign(server):
    server.start("--max-connections=3", "--when-full=refuse")
    assert "at most 3 connections" in server.log()


# ---- --ledger ----

def test_the_ledger_file_is_json_of_its_schema(server, tmp_path):
    path = tmp_path / "ledger.json"
    server.start(ledger=str(path))
    echo(server.connect())
    assert server.stop() == 0
    assert path.read_text().endswith("}\n")
    assert json.loads(path.read_text()) == {
        "schema": "perconn.ledger/1", "accepted": 1, "active": 0, "served": 1,
        "refused": 0, "timed_out": 0, "failed": 0, "crashed": 0}
    assert (tmp_path / "stdout").read_text() == ""


def test_the_ledger_on_standard_output_is_all_that_is_there(server):
    server.start("-v")
    echo(server.connect())
    server.stop()
    text = (server.directory / "stdout").read_text()
    assert json.loads(text)["served"] == 1 and text.count("\n") == 1


def test_a_ledger_that_cannot_be_written_is_exit_1(server):
    server.start(ledger="/dev/full")
    echo(server.connect())
    server.expected_exit = 1
    assert server.stop() == 1
    assert "ledger /dev/full: " in server.log()


def test_a_ledger_that_cannot_be_opened_is_told_at_the_start(server):
    result = server.run("--listen", "127.0.0.1:0", "--ledger", "/nowhere/ledger")
    assert result.returncode == 1
    assert b"--ledger /nowhere/ledger: " in result.stderr
