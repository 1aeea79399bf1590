# SPDX-License-Identifier: MIT
"""The client's command line: verbs, help, and one line for what is wrong."""
import os
import re

import pytest

from harness import needs_full
from known_servers import KnownServer, client, refusing

LONG = "unix:/tmp/" + "x" * 120
SERVER = "a=true {port}"

# A CPU that this process may use, as a list; and all of them.
OWN_CPU = "{0}-{0}".format(min(os.sched_getaffinity(0)))
ALL_CPUS = ",".join(f"{cpu}-{cpu}" for cpu in os.sched_getaffinity(0))

# The words that the one line must contain: option, value, what is allowed.
WRONG = [
    ([], ["talk", "load", "compare", "list"]),
    (["dance"], ["dance", "talk", "load", "compare", "list"]),
    (["--dance"], ["--dance", "--help"]),
    (["-x", "load"], ["-x", "--help"]),

    (["list", "scenarios"], ["list", "no arguments"]),
    (["list", "--json", "-"], ["--json"]),

    (["talk"], ["talk", "TARGET"]),
    (["talk", "127.0.0.1:1", "a", "b"], ["talk", "one MESSAGE", "b is one word more"]),
    (["talk", "127.0.0.1"], ["127.0.0.1", "HOST:PORT", "unix:PATH"]),
    (["talk", "127.0.0.1:"], ["127.0.0.1:", "HOST:PORT"]),
    (["talk", "127.0.0.1:65536"], ["127.0.0.1:65536", "HOST:PORT"]),
    (["talk", "127.0.0.1:-1"], ["127.0.0.1:-1", "HOST:PORT"]),
    (["talk", "127.0.0.1:0"], ["127.0.0.1:0", "port 0", "1 to 65535"]),
    (["load", "localhost:0"], ["localhost:0", "port 0", "1 to 65535"]),
    (["load", "udp:[::1]:0"], ["udp:[::1]:0", "port 0", "1 to 65535"]),
    (["talk", "127.0.0.1:http"], ["127.0.0.1:http", "HOST:PORT"]),
    (["talk", ":7"], [":7", "HOST:PORT"]),
    (["talk", ""], ["HOST:PORT"]),
    (["talk", "unix:"], ["unix:", "unix:PATH"]),
    (["talk", LONG], [LONG, "unix:PATH"]),
    (["talk", "[::1]"], ["[::1]", "[IPv6]:PORT"]),
    (["talk", "[::1:7"], ["[::1:7", "[IPv6]:PORT"]),
    (["talk", "127.0.0.1:1", "--timeout", "5"],
     ["--timeout", " 5:", "duration", "30s"]),
    (["talk", "127.0.0.1:1", "--timeout", "0s"], ["--timeout", "0s", "from"]),
    (["talk", "127.0.0.1:1", "--size", "5"], ["--size"]),

    (["load"], ["load", "TARGET"]),
    (["load", "127.0.0.1:1", "127.0.0.1:2"], ["load", "one TARGET"]),
    (["load", "nonsense"], ["nonsense", "HOST:PORT"]),
    (["load", "127.0.0.1:1", "-c", "0"], ["--connections", "0", "from 1 to"]),
    (["load", "127.0.0.1:1", "-c", "-1"], ["--connections", "-1", "whole"]),
    (["load", "127.0.0.1:1", "-c", "9999999"],
     ["--connections", "9999999", "to 1000000"]),
    (["load", "127.0.0.1:1", "--connections=many"],
     ["--connections", "many", "whole number"]),
    (["load", "127.0.0.1:1", "-d", "5"], ["--duration", "5", "30s"]),
    (["load", "127.0.0.1:1", "-d", "0s"], ["--duration", "0s", "from"]),
    (["load", "127.0.0.1:1", "-d", "-5s"], ["--duration", "-5s", "duration"]),
    (["load", "127.0.0.1:1", "-d", "5 s"], ["--duration", "5 s", "duration"]),
    (["load", "127.0.0.1:1", "-n", "0"], ["--requests", "0", "from 1 to"]),
    (["load", "127.0.0.1:1", "-n", "1k"], ["--requests", "1k", "whole"]),
    (["load", "127.0.0.1:1", "-n", "99999999999999999999"],
     ["--requests", "99999999999999999999", "to"]),
    (["load", "127.0.0.1:1", "-r", "0"], ["--rate", "0", "from 1 to"]),
    (["load", "127.0.0.1:1", "-r", "fast"], ["--rate", "fast", "number"]),
    (["load", "127.0.0.1:1", "-r", "1000:10"],
     ["--rate", "1000:10", "FROM:TO:STEP"]),
    (["load", "127.0.0.1:1", "-r", "10:1000:0"],
     ["--rate", "10:1000:0", "FROM:TO:STEP"]),
    (["load", "127.0.0.1:1", "-r", "1:1000:1"],
     ["--rate", "1:1000:1", "100 at most"]),
    (["load", "127.0.0.1:1", "--source", "localhost"],
     ["--source", "localhost", "127.0.0.1-127.0.0.9", "1024 at most"]),
    (["load", "127.0.0.1:1", "--source", "127.0.0.1", "--source", "::1"],
     ["--source", "::1", "one family"]),
    (["load", "127.0.0.1:1", "--source", "::1"],
     ["--source", "::1", "IPv4"]),
    (["load", "[::1]:1", "--source", "127.0.0.1"],
     ["--source", "127.0.0.1", "IPv6"]),
    (["load", "unix:/x", "--source", "127.0.0.1"],
     ["--source", "127.0.0.1", "unix:"]),
    (["load", "127.0.0.1:1", "-p", "chat", "--source", "127.0.0.1"],
     ["--source", "127.0.0.1", "chat"]),
    (["load", "127.0.0.1:1", "--interval", "1"],
     ["--interval", "1", "a duration from 10ms to 1h"]),
    (["load", "127.0.0.1:1", "--interval", "1ms"],
     ["--interval", "1ms", "from 10ms"]),
    (["load", "127.0.0.1:1", "--interval", "2h:/dev/null"],
     ["--interval", "2h:/dev/null", "to 1h"]),
    (["load", "127.0.0.1:1", "--interval", "1s:"],
     ["--interval", "1s:", "after a colon a file"]),
    (["load", "127.0.0.1:1", "-p", "chat", "--interval", "1s"],
     ["--interval 1s:", "chat"]),
    (["load", "127.0.0.1:1", "-p", "chat", "-c", "1"],
     ["--connections 1:", "chat needs 2 or more"]),
    (["load", "127.0.0.1:1", "-p", "chat", "-s", "23"],
     ["--size 23:", "chat takes 24 to 1048576"]),
    (["load", "127.0.0.1:1", "-r", "1,2", "--histogram", "x"],
     ["--histogram", "x", "one --rate"]),
    (["load", "127.0.0.1:1", "--histogram", "-", "--json", "-"],
     ["--histogram", "standard output", "--json"]),
    (["load", "127.0.0.1:1", "--histogram", "-", "--interval", "1s"],
     ["--histogram", "standard output", "--interval"]),
    (["load", "127.0.0.1:1", "-s", "0"], ["--size", "0", "from 1 to"]),
    (["load", "127.0.0.1:1", "-s", "64kib"], ["--size", "64kib", "64KiB"]),
    (["load", "127.0.0.1:1", "-s", "99G"], ["--size", "99G", "to"]),
    (["load", "127.0.0.1:1", "-p", "gopher"],
     ["--protocol", "gopher", "client list"]),
    (["load", "udp:127.0.0.1:1", "-p", "http"],
     ["--protocol", "http", "not work over udp:"]),
    (["load", "udp:127.0.0.1:1", "-p", "ws"],
     ["--protocol", "ws", "not work over udp:"]),
    (["load", "udp:127.0.0.1:1", "-s", "65508"],
     ["--size", "65508", "datagram", "65507"]),
    (["load", "127.0.0.1:1", "-p", "http", "-s", "10"],
     ["--size", "10", "http"]),
    (["load", "127.0.0.1:1", "-p", "counter", "-s", "10"],
     ["--size", "10", "counter"]),
    (["load", "127.0.0.1:1", "--path", "/x"], ["--path", "/x", "http", "ws"]),
    (["load", "127.0.0.1:1", "-p", "http", "--path", "x"],
     ["--path", "x", "begins with /"]),
    (["load", "127.0.0.1:1", "-p", "http", "--path", "/x\r\nHost: y"],
     ["--path", "control character", "write %0D"]),
    (["load", "127.0.0.1:1", "-p", "http", "--path", "/x y"],
     ["--path /x y:", "a blank", "write %20"]),
    (["load", "http://127.0.0.1:1/a", "--path", "/x"],
     ["--path /x:", "http://127.0.0.1:1/a has a path already"]),
    (["load", "http://127.0.0.1:1", "-p", "echo"],
     ["--protocol echo:", "http://127.0.0.1:1 is for http"]),
    (["load", "ws://127.0.0.1:1", "-p", "http"],
     ["--protocol http:", "ws://127.0.0.1:1 is for ws"]),
    (["load", "http://127.0.0.1:1", "--tls-ca", "/ca.pem"],
     ["--tls-ca /ca.pem:", "tls:"]),
    (["load", "http://127.0.0.1:1", "-s", "5"], ["--size 5:", "http"]),
    (["load", "http://127.0.0.1:1", "--insecure"],
     ["--insecure:", "tls:HOST:PORT", "https://HOST"]),
    (["load", "https://127.0.0.1:1", "--insecure", "--tls-ca", "x"],
     ["--insecure:", "leave --tls-ca x out"]),
    (["load", "http://127.0.0.1:1", "--method", "TRACE", "--body", "x"],
     ["--body:", "TRACE has none"]),
    (["load", "ws://127.0.0.1:1", "--header", "upgrade: h2c"],
     ["--header Upgrade:", "the upgrade of ws has its own"]),
    *((["load", "127.0.0.1:1", *options], [options[0] + ":", "--protocol http"])
      for options in (["--method", "GET"], ["--header", "A: b"],
                      ["--body", "x"], ["--expect", "200"], ["--any-body"])),
    (["load", "ws://127.0.0.1:1", "--body", "x"],
     ["--body:", "--protocol http only"]),
    (["load", "nonsense"], ["nonsense", "HOST:PORT", "http://HOST/PATH"]),
    (["load", "127.0.0.1:1", "--tls-ca", "/ca.pem"], ["--tls-ca /ca.pem:", "tls:"]),
    (["talk", "127.0.0.1:1", "--tls-cert", "/c.pem"], ["--tls-cert /c.pem:", "tls:"]),
    (["talk", "udp:127.0.0.1:1", "--tls-key", "/k.pem"],
     ["--tls-key /k.pem:", "tls:"]),
    (["talk", "tls:127.0.0.1:1", "--tls-key", "/k.pem"],
     ["--tls-key /k.pem:", "--tls-cert is missing", "both"]),
    (["load", "tls:127.0.0.1:1", "--tls-cert", "/c.pem"],
     ["--tls-cert /c.pem:", "--tls-key is missing", "both"]),
    (["talk", "udp:unix:/x"], ["udp:unix:/x", "HOST:PORT"]),
    (["talk", "tls:unix:/x"], ["tls:unix:/x", "HOST:PORT"]),
    (["talk", "udp:tls:127.0.0.1:1"], ["udp:tls:127.0.0.1:1", "HOST:PORT"]),
    (["load", "tls:"], ["tls:", "HOST:PORT"]),
    (["load", "udp::7"], ["udp::7", "HOST:PORT"]),
    (["load", "127.0.0.1:1", "--timeout", "never"],
     ["--timeout", "never", "duration"]),
    (["load", "127.0.0.1:1", "--placement", "moon"],
     ["--placement", "moon", "split|shared|free"]),
    (["load", "127.0.0.1:1", "--placement", ""],
     ["--placement", "split|shared|free"]),
    *(([verb, *target, *options], words)
      for verb, *target in (["load", "127.0.0.1:1"], ["compare"])
      for options, words in [
          (["--server-cpus", "0-1023"], ["--server-cpus 0-1023: CPU ",
                                         "is not ", "may use CPU"]),
          (["--server-cpus", "0-63,4096"], ["must be a number of CPUs (4)"]),
          (["--client-cpus", "some"],
           ["--client-cpus some: must be a number of CPUs (4), or a list"]),
          *((["--server-cpus", bad],
             ["--server-cpus ", "must be a number of CPUs (4), or a list as of "
              "taskset (0-3,8 or 0-14:2; a single CPU is 3-3)"])
            for bad in ["", "0", ",", "0,", ",0", "0,,1", "0-", "-3", "-", "3-1",
                        "0 1", " 0-1", "0-1 ", "0x1", "1.5", "1e1", "+1", "-0",
                        "all", "0-1;2", "0-1:0", "0-1024", "99999999999",
                        "0\n", "\u0663"]),
          (["--client-cpus", OWN_CPU, "--server-cpus", OWN_CPU],
           ["--client-cpus", "--server-cpus", "is in both"]),
          (["--client-cpus", "1024"], ["--client-cpus 1024: must be"]),
          (["--client-cpus", "1023"],
           ["--client-cpus 1023: ", " for the client; this process may use"]),
          (["--client-cpus", "1023", "--server-cpus", "1023"],
           ["1023: ", "this process may use CPU"]),
          (["--server-cpus", ALL_CPUS],
           ["--server-cpus", "leaves no CPU for the client; this process may"]),
          (["--client-cpus", ALL_CPUS + ",1022"],
           ["--client-cpus", "CPU 1022 is not"]),
          (["--placement", "free", "--client-cpus", "1"],
           ["--placement free: ", "--client-cpus", "split only"]),
          (["--placement", "shared", "--server-cpus", "1"],
           ["--placement shared: ", "--server-cpus", "split only"]),
      ]),
    (["load", "127.0.0.1:1", "-p", "chat", "--client-cpus",
      f"{OWN_CPU},{OWN_CPU}"], ["--client-cpus", "chat uses one thread"]),
    (["load", "127.0.0.1:1", "--nonsense"], ["--nonsense"]),
    (["load", "127.0.0.1:1", "-z"], ["-z"]),
    (["load", "127.0.0.1:1", "--churn=yes"], ["--churn"]),
    (["load", "127.0.0.1:1", "--json"], ["--json", "FILE"]),
    (["load", "127.0.0.1:1", "-c"], ["--connections", "needs a value"]),

    (["compare", "gossip"], ["gossip", "client list"]),
    (["compare", "steady", "gossip"], ["gossip", "client list"]),
    (["compare", "--server", "true {port}"],
     ["--server", "true {port}", "NAME=COMMAND"]),
    (["compare", "--server", "=true {port}"],
     ["--server", "=true {port}", "NAME=COMMAND"]),
    (["compare", "--server", "a=true"],
     ["--server", "a=true", "{address}", "{host}", "{port}"]),
    (["compare", "--server", SERVER, "--server", SERVER],
     ["--server", SERVER, "each NAME is different"]),
    (["compare", "--server", "control=true {port}"],
     ["--server", "control=true {port}", "not 'control'"]),
    (["compare", "--server", "a" * 21 + "=true {port}"],
     ["--server", "a" * 21, "at most 20 bytes"]),
    (["compare", "--server", "a=true {port} " + "x" * 4096],
     ["--server", "a=true {port}", "NAME=COMMAND"]),
    (["compare", *(w for i in range(9)
                   for w in ("--server", f"s{i}=true {{port}}"))],
     ["--server", "s8=true {port}", "up to 8 times"]),
    (["compare", "--blocks", "5"], ["--blocks", "5", "from 6 to"]),
    (["compare", "--blocks", "some"], ["--blocks", "some", "whole number"]),
    (["compare", "--quick=very"], ["--quick"]),
    (["compare", "--placement", "moon"],
     ["--placement", "moon", "split|shared|free"]),
    (["compare", "-c", "9", "churn"],
     ["--connections", "churn has a load of its own", "name custom"]),
    (["compare", "all", "--churn"], ["--churn", "all has a load of its own"]),
    (["compare", "custom", "-p", "chat"],
     ["--protocol chat", "chat room", "`client load` can"]),
    (["compare", "-p", "http", "-s", "9"],
     ["--size 9", "http", "size of their own"]),
    (["compare", "--path", "/x"], ["--path /x", "http and ws only"]),
    (["compare", "-r", "1000:4000:100"], ["--rate", "24 rates at most, not 31"]),
    (["compare", "-r", "1000,499"], ["--rate 499", "500 or more"]),
    (["compare", "custom", "-r", "2000", "-c", "0"],
     ["--connections", "0", "from 1 to"]),
    (["compare", "--from", "x.json", "-c", "9"],
     ["--from x.json", "--connections has no meaning"]),
    (["compare", "--json"], ["--json", "FILE"]),
]


@pytest.mark.parametrize(
    "arguments, words", WRONG, ids=[" ".join(a)[:50] or "-" for a, _ in WRONG])
def test_wrong_usage_is_one_line_and_exit_2(arguments, words):
    result = client(*arguments)
    assert result.code == 2, result
    assert result.out == ""
    for word in words:
        assert word in result.error_line


T = "127.0.0.1:1"
HINTS = [
    (["lod", T], "did you mean load?"),
    (["Talk", T], "did you mean talk?"),
    (["talk", "http://host/"], "only load takes a URL: write host:80;"),
    (["talk", "wss://host/a"], "only load takes a URL: write tls:host:443;"),
    (["load", "http:/host:8080/a/b"],
     "write host:8080, or for load http://host:8080/a/b;"),
    (["load", "https:host"], "write tls:host:443, or for load https://host;"),
    (["load", "http://host:x/"], "its port x is not a number;"),
    (["load", "http://:80"], "it has no host;"),
    (["load", "http://h/a b"], "a blank in its path: write %20 instead;"),
    (["load", "http://h/ü"], "not ASCII in its path: write %C3%BC instead;"),
    (["load", "http://bücher/"], "form, which begins with xn--;"),
    (["load", "http://h/", "--method", "get"], "write GET in capitals;"),
    (["load", "http://h/", "--method", "A B"], "cannot have a blank;"),
    (["load", "http://h/", "--method", ""], "--method '': it is empty;"),
    (["load", "http://h/", "--method", "CONNECT"], "it makes a tunnel"),
    (["load", "http://h/", "--method", "G\r\nX"], "such characters;"),
    (["load", "http://h/", "--expect", "ok"], "--expect ok: must be statuses"),
    (["load", "http://h/", "--expect", "200 204"], "has a blank, or no comma;"),
    (["load", "http://h/", "--expect", "100"], "(1xx) are skipped"),
    (["load", "http://h/", "--expect", "600"], "--expect 600: must be"),
    (["load", "http://h/", "--body", "@"], "--body @: must be a TEXT"),
    (["load", "http://h/", "--header", "no colon"], "the colon after the name"),
    (["load", "http://h/", "--header", ""], "--header '': it is empty;"),
    (["load", "http://h/", "--header", ": x"], "its name cannot have"),
    (["load", "http://h/", "--header", "a b: c"], "cannot have a blank"),
    (["load", "http://h/", "--header", "A: b\r\nC: d"],
     "a line break would begin another header: give each its own --header;"),
    (["load", "http://h/", "--header", "A: b\nC: d"], "a line break would"),
    (["load", "http://h/", "--header", "A: \x01"], "a control character;"),
    (["load", "http://h/", "--header", "content-length: 3"],
     "the client sends that of --body;"),
    (["load", "http://h/", "--header", "Transfer-Encoding: chunked"],
     "the client sends a Content-Length instead;"),
    (["load", "http://h/", "--header", "A: " + "x" * 65536],
     "all headers together have more than 64 KiB;"),
    (["load", "tcp://host:7"], "it is a URL: write host:7;"),
    (["load", "udp://host:7"], "it is a URL: write udp:host:7;"),
    (["load", "host:80/path"],
     "write host:80, or for load http://host:80/path;"),
    (["load", "tls:host:443/a"],
     "write tls:host:443, or for load https://host:443/a;"),
    (["load", "udp:host:7/a"], "after the port: write udp:host:7;"),
    (["compare", "http://host/a"],
     "write -p http --path PATH for a page, and {port} in each --server;"),
    (["load", "user@host:7"], "remove the user name: write host:7;"),
    (["load", "localhost"], "it has no port: write localhost:7007;"),
    (["load", "localhost:"], "the port after the colon is missing"),
    (["load", "localhost:99999"], "the highest is 65535;"),
    (["load", "7007"], "it is only a port: write localhost:7007;"),
    (["load", ":7007"], "it has no host: write localhost:7007;"),
    (["load", "*:7007"], "write localhost:7007;"),
    (["load", "::1:7007"], "needs brackets: write [::1]:7007;"),
    (["load", "[::1]"], "it has no port: write [::1]:7007;"),
    (["load", "/run/x"], "a path needs unix: before it: write unix:/run/x;"),
    (["load", ""], "it is empty;"),
    (["load", "tls:localhost"], "write tls:localhost:7007;"),
    (["talk", "udp:7007"], "write udp:localhost:7007;"),
    (["load", "localhost;7007"], "localhost;7007: it has no port;"),
    (["load", "localhost:7:7"], "it has more than one colon;"),
    (["load", "UNIX:/x"], "write unix:/x;"),
    (["load", "unix"], "write unix:/PATH;"),
    (["load", "file:///run/x"], "write unix:/run/x;"),
    (["help"], "write --help;"),
    (["load", T, "-d", "0"], "it is too small;"),
    (["load", T, "-d", "5 min"], "write 5m;"),
    (["load", T, "-d", "1,000ms"], "its comma may be a point, or may"),
    (["load", T, "-s", "1.5"], "it is not a whole number;"),
    (["load", T, "-s", "1,024"], "write 1024;"),
    (["load", T, "-r", "10:20"], "the STEP is missing"),
    (["load", T, "-r", "10,2k"], "write 10,2000;"),
    (["load", T, "-r", "10,,20"], "a part of it is empty;"),
    (["load", T, "--interval", "1:x"], "write 1s:x for seconds;"),
    (["load", T, "--interval", "1s:"], "the FILE after the colon is missing;"),
    (["load", T, "--source", "127.0.0.1,::1"], "::1: must be"),
    (["load", T, "--path", ""], "--path '': must be a PATH"),
    (["load", T, "--tls-ca", ""], "--tls-ca '': must be a FILE"),
    (["compare", "all", "churn"], "all: means every scenario;"),
    (["load", "localhost", "7007"], "7007 is a port: write HOST:PORT"),
    (["talk", T, "two", "words"], "words is one word more: put the MESSAGE in"),
    (["load", T, "-d", "5"], "it has no unit: write 5s for seconds;"),
    (["load", T, "-d", "1,5s"], "write 1.5s;"),
    (["load", T, "-d=5s"], "remove the =: write 5s;"),
    (["load", T, "-s", "64kb"], "write 64k;"),
    (["load", T, "-s", "64KB"], "write 64k;"),
    (["load", T, "-s", "64kib"], "write 64KiB;"),
    (["load", T, "-s", "-1"], "it is negative;"),
    (["load", T, "-n", "1k"], "write 1000;"),
    (["load", T, "-n", "1_000"], "write 1000;"),
    (["load", T, "-c", ""], "it is empty;"),
    (["load", T, "-r", "5k"], "write 5000;"),
    (["load", T, "-r", "100/s"], "write 100;"),
    (["load", T, "-p", "htttp"], "did you mean http?"),
    (["load", T, "--placement", "splt"], "did you mean split?"),
    (["load", T, "--interval", "1"], "it has no unit: write 1s"),
    (["load", T, "--interval", "1ms"], "it is too small;"),
    (["load", T, "--source", "localhost"], "host names are not accepted;"),
    (["load", T, "-json", "x"], "write --json"),
    (["load", T, "-duration", "5s"], "write --duration"),
    (["load", T, "--durration", "5s"], "did you mean --duration?"),
    (["load", "tls:" + T, "--tls-key", "k"], "--tls-cert is missing;"),
    (["compare", "stedy"], "did you mean steady?"),
    (["compare", "--stop-signal", "SIGQIUT"], "did you mean QUIT?"),
    (["compare", "--stop-signal", "STOP"],
     "it stops a process, and does not end it;"),
    (["compare", "--stop-signal", "99"], "signals are 1 to "),
    (["compare", "costum"], "did you mean custom?"),
    (["compare", "--server", "true"], "the = is missing: write NAME=COMMAND;"),
    (["compare", "--server", "a=true"],
     "the COMMAND does not say where to listen;"),
    (["compare", "--server", SERVER, "--server", SERVER], "the NAME a is taken;"),
    (["compare", "--delta", "3percent"], "write 3%;"),
    (["compare", "--delta", "3,5%"], "write 3.5%;"),
    (["compare", "--blocks", "5"], "it is too small;"),
    (["compare", "--quik"], "did you mean --quick?"),
]


@pytest.mark.parametrize("arguments, words", HINTS, ids=[
    " ".join(arguments)[:40] for arguments, _ in HINTS])
def test_what_is_typed_wrong_is_told_with_what_to_write(arguments, words):
    result = client(*arguments)
    assert result.code == 2, result
    assert words in result.error_line + ";"


@needs_full
@pytest.mark.parametrize("option, why", [
    ("cert", "No such file or directory"), ("ca", "No such file")])
def test_a_tls_file_that_cannot_be_read_is_named_with_its_option(option, why):
    more = ["--tls-key", "/k"] if option == "cert" else []
    result = client("talk", "tls:127.0.0.1:1", "x", f"--tls-{option}",
                    "/no/file", *more)
    assert result.code == 1
    assert f"--tls-{option} /no/file: {why}" in result.error_line


@pytest.mark.parametrize("name", [
    b"\xc3", b"gr\xf6\xdfe", b"x" * 18 + b"\xf0\x9f"], ids=repr)
def test_a_name_that_json_cannot_tell_from_others_is_wrong_usage(name):
    """The saved result would be refused for its two servers of one name."""
    result = client("compare", "crash", "--server", name + b"=exit 3; {port}")
    assert result.code == 2, result
    assert "the NAME is not UTF-8;" in result.error_line


def test_a_value_cannot_forge_a_second_line():
    result = client("load", "127.0.0.1:1", "-c", "1\nclient: all is well")
    assert result.code == 2
    assert "--connections" in result.error_line


@pytest.mark.parametrize("arguments", [
    ["--help"], ["talk", "--help"], ["load", "--help"], ["compare", "--help"],
    ["trace", "--help"], ["list", "--help"],
    ["load", "127.0.0.1:1", "--help"]], ids=" ".join)
def test_help_is_data_and_exit_0(arguments):
    result = client(*arguments)
    assert result.code == 0
    assert result.out.startswith("usage: client ")
    assert result.err == ""
    assert max(map(len, result.out.splitlines())) <= 80


@pytest.mark.parametrize("verb, options", [
    ("talk", ["timeout", "tls-ca", "tls-cert", "tls-key"]),
    ("load", ["connections", "duration", "requests", "rate", "size", "churn",
              "protocol", "timeout", "placement", "json", "path", "tls-ca",
              "tls-cert", "tls-key", "source", "histogram", "interval",
              "client-cpus", "server-cpus"]),
    ("compare", ["server", "quick", "blocks", "json", "client-cpus",
                 "server-cpus"]),
    ("trace", ["svg", "json"]),
])
def test_help_lists_each_option_of_the_contract(verb, options):
    help_text = client(verb, "--help").out
    for option in [*options, "help", "version"]:
        assert f"--{option}" in help_text


@pytest.mark.parametrize("arguments", [
    ["--version"], ["talk", "--version"], ["load", "--version"],
    ["compare", "--version"], ["trace", "--version"],
    ["list", "--version"]], ids=" ".join)
def test_version_is_one_line_and_exit_0(arguments):
    result = client(*arguments)
    assert result.code == 0
    assert result.out.startswith("client (perconn) ") and result.out.count("\n") == 1
    assert result.err == ""


def test_list_has_a_line_for_each_scenario_and_protocol():
    result = client("list")
    assert result.code == 0
    assert result.err == ""
    scenarios, protocols = result.out.split("Protocols of ")
    names = re.findall(r"^  ([a-z]+) +\*? +\d+ (?:s|min) .*\w\?$", scenarios,
                       re.M)
    assert {"churn", "steady", "crash"} < set(names)
    assert len(set(names)) == len(names)
    assert re.findall(r"^  ([a-z]+)  +\w.{9}", protocols, re.M) == \
        ["echo", "hello", "http", "ws", "counter", "chat"]


@pytest.mark.parametrize("verb", ["talk", "load"])
def test_a_name_that_does_not_resolve_is_a_failure_with_a_line(verb):
    # RFC 6761: never resolves.
    result = client(verb, "no-such-host.invalid:7")
    assert result.code == 1, result
    assert result.out == ""
    assert "no-such-host.invalid:7" in result.error_line


@pytest.mark.parametrize("path", ["/no/such/directory/x.json", "/dev/full"])
def test_json_that_cannot_be_written_is_a_failure_with_a_line(path):
    with KnownServer() as server:
        result = client("load", server.target, "-n", 3, "--json", path)
    assert result.code == 1, result
    assert path in result.error_line


def test_json_to_a_full_standard_output_is_a_failure():
    with KnownServer() as server, open("/dev/full", "wb") as full:
        result = client("load", server.target, "-n", 3, "--json", "-",
                        stdout=full)
    assert result.code == 1, result


@pytest.mark.parametrize("arguments", [
    ["list"], ["--help"], ["load", "--help"], ["--version"]], ids=" ".join)
def test_words_lost_on_a_full_standard_output_are_a_failure(arguments):
    with open("/dev/full", "wb") as full:
        result = client(*arguments, stdout=full)
    assert result.code == 1, result
    assert "No space left" in result.error_line


def test_options_may_follow_the_target_or_come_before_it():
    with KnownServer() as server:
        assert client("load", "-n", 3, server.target).code == 0
        assert client("load", server.target, "-n", 3).code == 0
        assert client("load", "-n", 3, "--", server.target).code == 0


def test_refused_is_a_result_and_no_usage_error():
    with refusing() as target:
        result = client("load", target, "-n", 3)
    assert result.code == 1
    assert "3 failed" in result.out
    assert "ECONNREFUSED" in result.out
    assert result.error_line.endswith("or check the address")
