# SPDX-License-Identifier: MIT
"""Runs the shell commands of a page of documentation as a reader does.

A ```sh block holds commands. The ```text block after it holds what the
commands print; a line `...` stands for any lines. All blocks of a page run
in their order, in one bash. A command that ends in & stays in the background.
A server in the foreground runs until it listens; then it gets Ctrl-C.

Each page has a network of its own, because every page listens on the same
ports. Without one (allow_network=False) the ports are replaced.
"""
import functools
import os
import random
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

from harness import BIN, DEADLINE, ROOT, every_process

FENCE = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.M)
PORTS = ("7007", "7070", "7443")
TOOLS = ("curl", "diff", "kill", "make", "man", "nc", "ncat", "openssl",
         "pgrep", "ps", "socat", "ss", "strace", "tcpdump", "top", "tshark",
         "wrk", "xdg-open")
OWN_NETWORK = ("unshare", "-r", "-n", "bash")
LOOPBACK = "ip link set lo up"

# What differs from run to run, and the word that stands for it. Everything
# else has to be as the page says; so a nought stays a nought.
NOT_NOUGHT = r"\b(?:0\.0*)?[1-9][\d,.]*"
VARIES = (
    (r"(?m)^\[\d+\][+-]? .*\n", ""),  # what bash says about its jobs
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"\b(server_\w+|client)\[\d+\]", r"\1[PID]"),
    (r"\b(pid|tid|fd|worker|connection)(\W+)\d+", r"\1\2NUMBER"),
    (r"(?m)^ *\d+ +\d+ [SR][N<]?", "PID PID S"),
    (r"(127\.0\.0\.1|\[::1\]):[3-6]\d{4}\b", "LOCALHOST:PORT"),
    (r"\b[\d,.]+( |)(ns|us|ms|s|seconds?)\b", "DURATION"),
    (NOT_NOUGHT + " (requests/s|ok|wrong|answers|lost|of them came late|"
     "datagrams dropped)", r"FIGURE \1"),
    (r"[ \t\r]+", " "),
    (r"(?m)^ | $", ""))


class Block:
    """Commands that stand together, and what the page says they print."""

    def __init__(self, commands, expected, line):
        self.commands = commands
        self.expected = expected
        self.line = line


def blocks_of(text):
    """All blocks of commands, in their order."""
    fences = list(FENCE.finditer(text))
    found = []
    for fence, after in zip(fences, [*fences[1:], None]):
        if fence[2] == "sh":
            expected = after[3] if after and after[2] == "text" else None
            found.append(Block(commands_of(fence[3]), expected,
                               text.count("\n", 0, fence.start()) + 1))
    return found


def commands_of(script):
    """A command may take several lines: bash says when it is complete."""
    commands, lines = [], []
    for line in script.splitlines():
        lines.append(line)
        if lines == [""]:
            lines = []
        elif not line.endswith("\\") and is_complete("\n".join(lines)):
            commands.append("\n".join(lines))
            lines = []
    assert not lines, f"not a complete command: {lines}"
    return commands


@functools.cache
def is_complete(script):
    return subprocess.run(["bash", "-n"], input=script, text=True, check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def without_comment(command):
    return re.sub(r"\s+# .*$", "", command)


def inline_commands(text):
    """`./client ...` or `curl ...` in a sentence or in a table."""
    prose = FENCE.sub("", text)
    spans = [re.sub(r"\s+", " ", span)
             for span in re.findall(r"`([^`]+)`", prose)]
    return [span for span in spans if re.match(
        r"\./\w+ |(" + "|".join(TOOLS) + r") \S", span)]


def indented_blocks(text):
    """Blocks that no test would look at."""
    return re.findall(r"\n\n {4,}\S.*", FENCE.sub("", text))


def can_have_a_network():
    try:
        return subprocess.run([*OWN_NETWORK, "-c", LOOPBACK], check=False,
                              capture_output=True).returncode == 0
    except OSError:
        return False


def naming_the_port(words):
    """Where a command leaves out the port, which is 7007 then."""
    if re.search("-l |--listen ", words):
        return words
    words = re.sub(r"(\./server_[\w$]+)", r"\1 -l 127.0.0.1:7007", words)
    return re.sub(r"(\./build/first/\w+)", r"\1 7007", words)


def free_port():
    """Of four digits, as on the pages: it is a part of a request's length."""
    while True:
        try:
            with socket.socket() as sock:
                sock.bind(("127.0.0.1", random.randrange(2000, 10000)))
                return str(sock.getsockname()[1])
        except OSError:
            continue


def in_plain_words(output):
    for pattern, word in VARIES:
        output = re.sub(pattern, word, output)
    return output.strip()


def matches(expected, output):
    """Whether OUTPUT is EXPECTED, in which a line `...` is any lines."""
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line == "..." else re.escape(line) + r"\n"
        for line in in_plain_words(expected).split("\n"))
    return re.fullmatch(pattern, in_plain_words(output) + "\n")


class Shell:
    """A bash that takes one command after another, in DIRECTORY. Use it in a
    with statement: at its end all that it has started is killed."""

    LOOP = ("set -m; while read -r -u {take} script; do "
            ". $script {take}<&- {tell}>&-; echo $? >&{tell}; done")

    def __init__(self, directory, allow_network=True):
        self.directory = Path(directory)
        self.ports = {} if allow_network and can_have_a_network() else {
            port: free_port() for port in PORTS}
        self.output_path = self.directory / ".output"
        self.script = self.directory / ".script"

    def __enter__(self):
        self._fill_directory()
        take, self.give = os.pipe()
        self.results, tell = os.pipe()
        bash, begin = (("bash",), "") if self.ports else \
            (OWN_NETWORK, LOOPBACK + "; ")
        with open(self.output_path, "wb") as output:
            self.bash = subprocess.Popen(
                [*bash, "-c", begin + self.LOOP.format(take=take, tell=tell)],
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, pass_fds=(take, tell), start_new_session=True)
        os.close(take)
        os.close(tell)
        return self

    def __exit__(self, *_):
        os.close(self.give)
        for pid, _ in self._processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.bash.wait()
        os.close(self.results)

    def _processes(self):
        """All of its session: (pid, fields of stat)."""
        return [(pid, fields) for pid, fields in every_process()
                if int(fields[3]) == self.bash.pid]

    def _fill_directory(self):
        """With what the commands take of a tree that is built."""
        for place in [ROOT / "README.md", ROOT / "Makefile", ROOT / "docs",
                      BIN / "client",
                      *ROOT.glob("server_*.c"), *BIN.glob("server_*")]:
            link = self.directory / place.name
            if not link.exists():
                link.symlink_to(place)

    def output(self, start=0):
        return self.output_path.read_bytes()[start:].decode()

    def size(self):
        return self.output_path.stat().st_size

    def run(self, command):
        """Returns the exit status, when the command has ended or serves."""
        start = self.size()
        self.script.write_text(self._on_own_ports(command) + "\n")
        os.write(self.give, f"{self.script}\n".encode())
        serves = re.match(
            r"(\w+=\S+ |strace [^|;&]*)?\./(server_\w+|build/first/)", command)
        if serves:
            self._wait(lambda: "listening on" in self.output(start), command)
            if not without_comment(command).endswith("&"):
                os.killpg(self._foreground(), signal.SIGINT)
        self._wait(lambda: select.select([self.results], [], [], 0)[0], command)
        return int(os.read(self.results, 16))

    def _settle(self):
        """A reader takes some seconds from one block to the next; here it is
        enough that nothing is left to do."""
        quiet, end = 0, time.monotonic() + 1
        while quiet < 5 and time.monotonic() < end:
            busy = any(fields[0] in "RD" for _, fields in self._processes())
            quiet = 0 if busy else quiet + 1
            time.sleep(0.005)

    def _wait(self, condition, what):
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, \
                f"not within {DEADLINE:g} s: {what}\n{self.output()}"
            time.sleep(0.005)

    def _foreground(self):
        """The process group of the terminal: of the shell's newest child."""
        return max((int(fields[19]), pid) for pid, fields in every_process()
                   if int(fields[1]) == self.bash.pid)[1]

    def _on_own_ports(self, words):
        """For a shell without a network of its own."""
        if self.ports:
            words = naming_the_port(words)
        for port, own in self.ports.items():
            words = re.sub(rf"\b{port}\b", own, words)
        return words

    def run_block(self, block, leave_out=(), long=None):
        """Fails where a command does, and the page does not show how; and
        where the page shows something else than what comes out. Commands that
        LONG matches get Ctrl-C after half a second, and must run until then."""
        self._settle()
        start = self.size()
        commands = [command for command in block.commands
                    if without_comment(command) not in leave_out]
        for command in commands:
            interrupted = long and long.match(command)
            status = self.run(f"timeout -s INT 0.5 {command}" if interrupted
                              else command)
            # Half a second may be over before the first block of a comparison:
            # what it has saved is then without an answer, which is status 1.
            good = {124} if interrupted else \
                {0, 1} if "compare --from" in command else {0}
            assert status in good or block.expected, \
                f"line {block.line}: {command}\nexit status {status}\n" \
                f"{self.output(start)}"
        if block.expected and commands == block.commands:
            expected = self._on_own_ports(block.expected)
            self._wait(
                lambda: matches(expected, self.output(start)),
                f"line {block.line}, what the page says:\n"
                f"{in_plain_words(expected)}\nwhat comes out:\n"
                f"{in_plain_words(self.output(start))}\n")
