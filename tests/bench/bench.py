#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares the servers with the smallest possible ones, and the client with wrk.

    make bench                          everything, about 15 minutes
    make bench BENCH_ARGS='floors'      one part: floors http tls held memory client million chat
                                        stall pacing instructions

Nothing else should run meanwhile. Each figure is a ratio of two programs that
one run measured in turn, with its spread; rates alone mean little.
"""
import contextlib
import json
import math
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BENCH = os.path.join(TOP, "build/release/tests/bench")
CLIENT = os.path.join(TOP, "client")
COMMANDS = {
    "thread": [os.path.join(TOP, "server_thread"), "-q", "-l", "{}"],
    "fork": [os.path.join(TOP, "server_fork"), "-q", "-l", "{}"],
    "floor_thread": [os.path.join(BENCH, "floor_thread"), "{}"],
    "floor_fork": [os.path.join(BENCH, "floor_fork"), "{}"],
    "floor_http_thread": [os.path.join(BENCH, "floor_http_thread"), "{}"],
    "floor_http_fork": [os.path.join(BENCH, "floor_http_fork"), "{}"],
    "floor_http_full_thread": [os.path.join(BENCH, "floor_http_thread-full"), "{}"],
    "floor_http_full_fork": [os.path.join(BENCH, "floor_http_fork-full"), "{}"],
    "http_thread": [os.path.join(TOP, "server_thread"), "-q", "-s", "http", "-l", "{}"],
    "http_fork": [os.path.join(TOP, "server_fork"), "-q", "-s", "http", "-l", "{}"],
    "http_plain_thread": [os.path.join(TOP, "server_thread"), "-q", "-s", "http",
                          "--image", "plain", "-l", "{}"],
    "http_plain_fork": [os.path.join(TOP, "server_fork"), "-q", "-s", "http",
                        "--image", "plain", "-l", "{}"],
    "inline": [os.path.join(BENCH, "server_inline"), "-q", "-l", "{}"],
}
CLIENT_CPU, SERVER_CPU = 0, 1
IP_BIND_ADDRESS_NO_PORT = 24  # ip(7); not in the socket module


def say(*words):
    print(*words, flush=True)


class Server:
    """One of COMMANDS on a free port, on SERVER_CPU if pinned."""

    def __init__(self, name, *options, pinned=True):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.target = f"127.0.0.1:{self.port}"
        self.ledger = tempfile.NamedTemporaryFile("r")
        command = [word.format(self.target) for word in COMMANDS[name]]
        if not name.startswith(("floor", "s_server")):
            command += ["--ledger", self.ledger.name, *options]
        pin = (lambda: os.sched_setaffinity(0, {SERVER_CPU})) if pinned else None
        self.process = subprocess.Popen(command, preexec_fn=pin,
                                        stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        for _ in range(2000):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.005)
        raise RuntimeError(f"{name} does not listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def stop(self):
        """Stops the server; returns its ledger."""
        self.process.terminate()
        status = self.process.wait()
        return status, json.load(open(self.ledger.name))

    def cpu(self):
        """Seconds, children waited for included (these in ticks of 10 ms)."""
        own = time.clock_gettime(~self.pid << 3 | 2)  # clock_getcpuclockid(3)
        fields = open(f"/proc/{self.pid}/stat").read().rsplit(")", 1)[1].split()
        return own + sum(int(f) for f in fields[13:15]) / os.sysconf("SC_CLK_TCK")

    def tasks(self):
        children = open(f"/proc/{self.pid}/task/{self.pid}/children").read()
        return (len(os.listdir(f"/proc/{self.pid}/fd")),
                len(os.listdir(f"/proc/{self.pid}/task")), len(children.split()))


def load(target, *options):
    """The client's result as a dictionary."""
    run = subprocess.run([CLIENT, "load", target, "--json", "-", *options],
                         capture_output=True, text=True)
    result = json.loads(run.stdout)
    if run.returncode:
        say("NOT CLEAN:", result["requests"], result["errors"], result["first_wrong"])
    return result


def spread(values):
    return (f"{statistics.median(values):.3f} "
            f"[{min(values):.3f} .. {max(values):.3f}]")


def floors():
    say("\n== floors: rate against the least code that does the model's job ==")
    for model in ("thread", "fork"):
        for placement in ("split", "free"):
            servers = []
            for name in (f"floor_{model}", model):
                words = " ".join(COMMANDS[name]).format("{address}")
                servers += ["--server", f"{name}={words}"]
            run = subprocess.run(
                [CLIENT, "compare", *servers, "--placement", placement,
                 "--json", "-"], capture_output=True, text=True)
            for scenario in json.loads(run.stdout)["scenarios"]:
                point = scenario["points"][0]
                ratio, control = point["ratios"][0], point["controls"][0]
                say(f"{model:7} {scenario['name']:7} {placement:6}"
                    f" {ratio['estimate']:.3f} [{ratio['low']:.3f}, {ratio['high']:.3f}]"
                    f" of the floor's {point['results'][0]['value']:,.0f}/s;"
                    f" control {control['estimate']:.3f}"
                    f" [{control['low']:.3f}, {control['high']:.3f}]"
                    f" {ratio['reason'] if ratio['verdict'] == 'invalid' else ''}")
    process_control()


def process_control():
    """Stevens' measure: CPU for each connection, minus that of the iterative server."""
    servers = []
    for name in ("inline", "thread", "fork"):
        servers += ["--server", f"{name}=" + " ".join(COMMANDS[name]).format("{address}")]
    run = subprocess.run([CLIENT, "compare", *servers, "churn", "--json", "-"],
                         capture_output=True, text=True)
    results = json.loads(run.stdout)["scenarios"][0]["points"][0]["results"]
    cpu = {r["server"]: r["cpu_us_per_request"] for r in results}
    control = {name: cpu[name] - cpu["inline"] for name in ("thread", "fork")}
    say(f"process control: iterative {cpu['inline']:.1f} us of CPU for a connection;"
        f" thread {control['thread']:.1f} us more, fork {control['fork']:.1f} us more,"
        f" {control['fork'] / control['thread']:.1f} times that")


def hold(server, count):
    """Opens COUNT idle connections from 127.0.1.1 on; each has echoed once."""
    held = []
    for i in range(count):
        one = socket.socket()
        one.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        one.bind((f"127.0.1.{1 + i // 5000}", 0))
        one.connect(("127.0.0.1", server.port))
        one.sendall(b"x")
        held.append(one)
    for one in held:
        one.settimeout(30)
        assert one.recv(2) == b"x"
    return held


def everyone_answers(held):
    for one in held:
        one.sendall(b"y")
    return all(one.recv(2) == b"y" for one in held)


def drop(held):
    for one in held:
        one.close()


def held_part():
    say("\n== held: churn beside 10,000 idle connections, against beside 100 ==")
    for model in ("thread", "fork"):
        rates, cpus = [], []
        with Server(model) as many, Server(model) as few:
            held = hold(many, 10000) + hold(few, 100)
            for turn in range(10):
                rate, cpu = {}, {}
                for server in (many, few) if turn % 2 else (few, many):
                    before = server.cpu()
                    result = load(server.target, "--churn", "-c", "32", "-n", "10000",
                                  "--placement", "split")
                    rate[server] = result["throughput"]
                    cpu[server] = server.cpu() - before
                rates.append(rate[many] / rate[few])
                cpus.append(cpu[many] / cpu[few])
            drop(held)
        say(f"{model:7} beside 10,000 idle: rate {spread(rates)} of that beside 100;"
            f" the server's CPU for each connection {spread(cpus)}")
        with Server(model) as server:
            held = hold(server, 15000)
            say(f"{model:7} 15,000 held at once; every one answers: {everyone_answers(held)};"
                f" (descriptors, threads, children) {server.tasks()}")
            drop(held)
            status, ledger = server.stop()
            say(f"        exit {status}, {ledger}")


def meminfo():
    fields = dict(line.split(":") for line in open("/proc/meminfo"))
    return {name: int(fields[name].split()[0])
            for name in ("AnonPages", "PageTables", "KernelStack", "Slab")}


def socket_slab(count):
    """KiB of slab for a loopback connection alone: no server accepts it."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        before, held = meminfo(), []
        for _ in range(count):
            one = socket.socket()
            one.connect(listener.getsockname())
            held.append((one, listener.accept()[0]))
            held[-1][0].sendall(b"x")
            held[-1][1].recv(2)
        time.sleep(1)
        after = meminfo()
        for pair in held:
            drop(pair)
    return (after["Slab"] - before["Slab"]) / count


def memory():
    say("\n== memory: KiB for each idle connection beyond its sockets ==")
    count = 4000
    sockets = statistics.median(socket_slab(count) for _ in range(3))
    say(f"the sockets of a connection: {sockets:.1f} KiB of slab (subtracted)")
    for name in ("floor_thread", "thread", "floor_fork", "fork"):
        totals, parts = [], {}
        for _ in range(3):
            time.sleep(1)
            before = meminfo()
            # A worker's first wake signal, after an eighth of the idle timeout,
            # touches one more page: wait until every worker had it.
            options = () if name.startswith("floor") else ("--idle-timeout", "16s")
            with Server(name, *options) as server:
                held = hold(server, count)
                time.sleep(4)
                after = meminfo()
                drop(held)
            each = {k: (after[k] - before[k]) / count for k in before}
            each["Slab"] -= sockets
            totals.append(sum(each.values()))
            for key, value in each.items():
                parts.setdefault(key, []).append(value)
        say(f"{name:13} {statistics.median(totals):6.1f}"
            f" [{min(totals):.1f} .. {max(totals):.1f}]  " +
            ", ".join(f"{k} {statistics.median(v):.1f}" for k, v in parts.items()))


def wrk(server, cpus, seconds):
    """Requests, and the client's CPU seconds for all of them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        ["wrk", "-t1", "-c64", f"-d{seconds}s", f"http://{server.target}/"],
        preexec_fn=lambda: os.sched_setaffinity(0, cpus),
        capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if "Socket errors" in run.stdout or "Non-2xx" in run.stdout:
        say("NOT CLEAN:", run.stdout)
    requests = int(run.stdout.split(" requests in")[0].split()[-1])
    return requests, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def wrk_cost(server, cpus):
    requests, cpu = wrk(server, cpus, 3)
    return cpu / requests * 1e6


def http(turns=24, seconds=1):
    say("\n== http: wrk's keep-alive requests against the same answer without parsing ==")
    for model in ("thread", "fork"):
        # By default http runs in the full image, which is dynamic: it and its
        # floor are compared as they are linked.
        names = {"full": f"http_{model}", "floor_full": f"floor_http_full_{model}",
                 "plain": f"http_plain_{model}", "floor_plain": f"floor_http_{model}"}
        rates = {name: [] for name in names}
        with contextlib.ExitStack() as stack:
            servers = {name: stack.enter_context(Server(command))
                       for name, command in names.items()}
            for turn in range(turns):
                for name in list(names)[::1 if turn % 2 else -1]:
                    count, _ = wrk(servers[name], {CLIENT_CPU}, seconds)
                    rates[name].append(count / seconds)
        for over, under in (("plain", "floor_plain"), ("full", "floor_full"),
                            ("full", "floor_plain")):
            ratios = [a / b for a, b in zip(rates[over], rates[under])]
            say(f"{model:7} {over:6} {spread(ratios)} of {under}'s"
                f" {statistics.median(rates[under]):,.0f}/s")


def load_http(server, seconds):
    """Rate and CPU for each request of our client, in the form of wrk()."""
    run = subprocess.run(
        [CLIENT, "load", server.target, "-p", "http", "-c", "64", "-d", f"{seconds}s",
         "--json", "-"], preexec_fn=lambda: os.sched_setaffinity(0, {CLIENT_CPU}),
        capture_output=True, text=True, check=True)
    result = json.loads(run.stdout)
    return result["throughput"], result["client"]["cpu_us_per_request"]


def http_client(turns=8, seconds=2):
    say("\n== http: our client against wrk, on the same server ==")
    for model in ("thread", "fork"):
        rates, costs = [], []
        with Server(f"http_{model}") as server:
            for turn in range(turns):
                for ours in (True, False) if turn % 2 else (False, True):
                    if ours:
                        rate, cost = load_http(server, seconds)
                    else:
                        count, cpu = wrk(server, {CLIENT_CPU}, seconds)
                        wrk_rate, wrk_cost_us = count / seconds, cpu / count * 1e6
                rates.append(rate / wrk_rate)
                costs.append(cost / wrk_cost_us)
        say(f"{model:7} rate {spread(rates)} of wrk's, CPU for a request {spread(costs)}")


def http_part():
    http()
    http_client()


class Certificate(tempfile.TemporaryDirectory):
    """A self-signed certificate for localhost."""

    def __enter__(self):
        self.cert, self.key = (os.path.join(self.name, n) for n in ("cert.pem", "key.pem"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", self.key, "-out", self.cert], check=True, capture_output=True)
        return self


def handshakes(server, seconds):
    """Full handshakes per second, one after another, by openssl s_time."""
    run = subprocess.run(
        ["openssl", "s_time", "-connect", server.target, "-new", "-time", str(seconds)],
        preexec_fn=lambda: os.sched_setaffinity(0, {CLIENT_CPU}),
        capture_output=True, text=True)
    return int(run.stdout.rsplit(" connections in ", 1)[0].rsplit(None, 1)[-1]) / seconds


def tls(turns=6, seconds=2):
    say("\n== tls: handshakes against openssl s_server (P-256), echo against a plain run ==")
    with Certificate() as own:
        options = ("--tls-cert", own.cert, "--tls-key", own.key)
        COMMANDS["s_server"] = ["openssl", "s_server", "-quiet", "-accept", "{}",
                                "-cert", own.cert, "-key", own.key]
        for model in ("thread", "fork"):
            ratios, rates, echoes, churns = [], [], [], []
            with Server(model, *options) as ours, Server(model) as plain, \
                    Server("s_server") as theirs:
                secure = ("tls:" + ours.target, "--tls-ca", own.cert, "-c", "16",
                          "--placement", "split", "-d", f"{seconds}s")
                clear = (plain.target, *secure[3:])
                for turn in range(turns):
                    rate = {}
                    for server in (ours, theirs) if turn % 2 else (theirs, ours):
                        rate[server] = handshakes(server, seconds)
                    ratios.append(rate[ours] / rate[theirs])
                    rates.append(rate[ours])
                    echoes.append(load(*secure)["throughput"] / load(*clear)["throughput"])
                    churns.append(load(*secure, "--churn")["throughput"] /
                                  load(*clear, "--churn")["throughput"])
            say(f"{model:7} handshakes {spread(ratios)} of s_server's"
                f" ({statistics.median(rates):,.0f}/s one after another);"
                f" echo {spread(echoes)}, churn {spread(churns)} of the plain run's")


def client():
    say("\n== client: CPU for each echo at 64 connections, against wrk for each request ==")
    for placement, cpus in (("split", {CLIENT_CPU}), ("shared", {SERVER_CPU})):
        ours, theirs, ratios = [], [], []
        for _ in range(7):
            with Server("floor_thread") as echo, Server("floor_http_thread") as http:
                theirs.append(wrk_cost(http, cpus))
                run = subprocess.run(
                    [CLIENT, "load", echo.target, "-c", "64", "-d", "3s", "--json", "-"],
                    preexec_fn=lambda: os.sched_setaffinity(0, cpus),
                    capture_output=True, text=True)
                ours.append(json.loads(run.stdout)["client"]["cpu_us_per_request"])
                ratios.append(ours[-1] / theirs[-1])
        say(f"{placement:7} {spread(ours)} us, wrk {spread(theirs)} us; ratio {spread(ratios)}")


def million():
    say("\n== million: 1,000,000 connections, one after another ==")
    for model in ("thread", "fork"):
        with Server(model, pinned=False) as server:
            load(server.target, "--churn", "-c", "32", "-n", "1000")
            time.sleep(1)
            before = server.tasks()
            result = load(server.target, "--churn", "-c", "32", "-n", "1000000")
            time.sleep(1)
            after = server.tasks()
            status, ledger = server.stop()
        exact = ledger["accepted"] == sum(ledger[k] for k in (
            "active", "served", "refused", "timed_out", "failed", "crashed"))
        say(f"{model:7} {result['requests']} at {result['throughput']:,.0f}/s;"
            f" (descriptors, threads, children) before {before} after {after};"
            f" exit {status}, ledger exact {exact}: {ledger}")


ROOM = ["-p", "chat", "-c", "100", "-r", "1000", "-d", "5s", "--timeout", "2s"]


class Member:
    """A member of the room beside the load: it reads and sends nothing."""

    def __init__(self, server):
        self.sock = socket.socket()
        # So small that what it does not read soon stands in the server.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.connect(("127.0.0.1", server.port))
        self.sock.sendall(b"\n")
        self.sock.settimeout(0.1)
        self.worker = server.worker_of(self.sock) if server.forks else None
        self.got, self.end, self.stopped = b"", "still in", False
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        while not self.stopped:
            try:
                piece = self.sock.recv(65536)
            except TimeoutError:
                continue
            except OSError as error:
                self.end = error.strerror
                return
            if not piece:
                self.end = "end of file"
                return
            self.got += piece

    def stop_reading(self):
        self.stopped = True
        self.reader.join()

    def reset(self):
        self.stop_reading()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()
        self.end = "reset"

    def leave(self):
        """Describes how the connection ended."""
        if self.sock.fileno() >= 0 and not self.reader.is_alive() and self.stopped:
            # Reads the rest, until no byte comes for 1 s.
            self.stopped, self.reader = False, threading.Thread(target=self.read)
            self.reader.start()
            time.sleep(1)
        self.stop_reading()
        self.sock.close()
        return f"{self.got.count(b'-m'):,} messages, {self.end}"


class Room(Server):
    def __init__(self, name):
        super().__init__(name, "-s", "chat", pinned=False)
        self.forks = name == "fork"

    def worker_of(self, sock):
        """The child that has the other end, found by its inode."""
        ends = (f":{self.port:04X}", f":{sock.getsockname()[1]:04X}")
        for _ in range(1000):
            links = {}
            for pid in self.children():
                with contextlib.suppress(OSError):
                    for fd in os.listdir(f"/proc/{pid}/fd"):
                        links[os.readlink(f"/proc/{pid}/fd/{fd}")] = pid
            for fields in map(str.split, open("/proc/net/tcp")):
                if (fields[1][-5:], fields[2][-5:]) == ends and \
                        f"socket:[{fields[9]}]" in links:
                    return links[f"socket:[{fields[9]}]"]
            time.sleep(0.005)
        raise RuntimeError("no worker for a member")

    def children(self):
        path = f"/proc/{self.pid}/task/{self.pid}/children"
        return {int(pid) for pid in open(path).read().split()}


# What is done to the additional member after 1 s, and whether only under fork: a
# single thread cannot be stopped or killed.
TROUBLES = [
    ("all are well", False, lambda member: None),
    ("one stops reading", False, Member.stop_reading),
    ("one is reset", False, Member.reset),
    ("one's worker stops", True, lambda member: os.kill(member.worker, signal.SIGSTOP)),
    ("one's worker is killed", True, lambda member: os.kill(member.worker, signal.SIGKILL)),
]


def chat():
    say("\n== chat: 100 members and one more, 1,000 messages/s for 5 s, to each of them ==")
    say(f"{'':31}{'p50':>11}{'p99':>11}{'p99 of last':>12} {'ok':>6} {'lost':>5}"
        f" {'unsent':>6}  the one more")
    for model in ("thread", "fork"):
        for name, fork_only, trouble in TROUBLES:
            if model == "fork" or not fork_only:
                chat_with(model, name, trouble)


def chat_with(model, name, trouble):
    with Room(model) as server:
        member = Member(server)
        run = subprocess.Popen([CLIENT, "load", server.target, "--json", "-", *ROOM],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        time.sleep(1)
        trouble(member)
        result = json.loads(run.communicate()[0])
        if member.worker and member.worker in server.children():
            os.kill(member.worker, signal.SIGCONT)
        fate = member.leave()
        status, ledger = server.stop()
    lost = sum(result["requests"][key] for key in ("wrong", "timed_out", "failed"))
    latency = result["latency_us"] or {"p50": 0, "p99": 0}
    complete = result["complete_us"] or {"p99": 0}
    ms = [f"{us / 1000:.2f} ms" for us in (latency["p50"], latency["p99"], complete["p99"])]
    say(f"{model:7} {name:22} {ms[0]:>11}{ms[1]:>11}{ms[2]:>12} {result['requests']['ok']:6,}"
        f" {lost:5,} {result['unsent']:6,}  {fate}; exit {status}, crashed {ledger['crashed']}"
        f"{'; ' + result['first_wrong'] if result['first_wrong'] else ''}")


def percentile(values, percent):
    """As the client's: the least value that PERCENT % do not exceed."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]


def stall():
    say("\n== stall: the server freezes 1 s in each 10, at 1,000 requests/s for a minute ==")
    rate, requests, freezes = 1000, 60_000, []
    with Server("thread", pinned=False) as server:
        run = subprocess.Popen([CLIENT, "load", server.target, "-r", str(rate), "-n",
                                str(requests), "-c", "64", "--json", "-"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        start = time.monotonic()
        for turn in range(6):
            time.sleep(max(0, start + 10 * turn + 5 - time.monotonic()))
            os.kill(server.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, server.pid, os.WSTOPPED)
            begin = time.monotonic()
            time.sleep(1)
            freezes.append(time.monotonic() - begin)
            os.kill(server.pid, signal.SIGCONT)
        latency = json.loads(run.communicate()[0])["latency_us"]
    waits = [length - k / rate for length in freezes for k in range(int(length * rate))]
    waits += [0] * (requests - len(waits))
    for percent in (99, 99.9):
        want, found = 1e6 * percentile(waits, percent), latency[f"p{percent}"]
        say(f"p{percent}: {found / 1e3:.1f} ms, by the schedule {want / 1e3:.1f} ms:"
            f" {100 * (found / want - 1):+.2f} %")


def pacing():
    say("\n== pacing: how late requests leave at 10,000/s, the client on a CPU of its own ==")
    with Server("thread", pinned=False) as server:
        for _ in range(5):
            result = load(server.target, "-r", "10000", "-d", "5s", "--placement", "split")
            late = result["pacing_us"]
            say(f"p50 {late['p50']:.2f} us, p99 {late['p99']:.1f} us (less than 60 is what"
                f" is asked for), p99.9 {late['p99.9']:.1f} us, max {late['max']:.0f} us;"
                f" {result['unsent']} unsent")


def counted(target, connections, requests):
    """User instructions for each request of a run."""
    with tempfile.NamedTemporaryFile() as out:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=engine_run",
             f"--callgrind-out-file={out.name}", CLIENT,
             "load", target, "-c", str(connections), "-n", str(requests)],
            capture_output=True, text=True, check=True)
    return int(run.stderr.split("Collected : ")[1].split()[0]) / requests


def instructions():
    say("\n== instructions: the client's own for each request, every byte verified ==")
    if not shutil.which("valgrind"):
        say("skipped: there is no valgrind")
        return
    with Server("thread") as server:
        for connections in (16, 64):
            # The replies of one wake-up share its cost, so the figure varies.
            each = [counted(server.target, connections, 50_000) for _ in range(5)]
            say(f"{connections} connections, echo of 64 bytes: {spread(each)}"
                f" (160 is what is allowed)")


PARTS = {"floors": floors, "http": http_part, "tls": tls, "held": held_part, "memory": memory,
         "client": client, "million": million, "chat": chat, "stall": stall,
         "pacing": pacing, "instructions": instructions}


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    say(os.uname().release, "load", *os.getloadavg())
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()


if __name__ == "__main__":
    main()
