# SPDX-License-Identifier: MIT
"""The scenario `cores`: made-up servers whose accept loop takes a known time."""
import os
import re
import shlex
import sys

import pytest

from comparing import first_blocks
from known_servers import rows_of, servers_of

pytestmark = pytest.mark.timed

CPUS = sorted(os.sched_getaffinity(0))

# One accept loop, in the first thread, which takes SECONDS for each client,
# asleep or with its CPU; then a thread of its own serves the client.
SERVER = """
import os, socket, sys, threading, time
file, how, seconds, port, *options = sys.argv[1:]
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if "--reuse-port" in options:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
listener.bind(("127.0.0.1", int(port)))
listener.listen(1024)
def serve(sock):
    while data := sock.recv(4096):
        sock.sendall(data)
    sock.close()
def burn(seconds):
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass
wait = time.sleep if how == "asleep" else burn
told = False
while True:
    sock = listener.accept()[0]
    if not told:
        open(file, "a").write(f"{os.getpid()} {' '.join(options)}\\n")
        told = True
    wait(float(seconds))
    threading.Thread(target=serve, args=(sock,), daemon=True).start()
"""


def made(tmp_path, how, seconds, options="{options}"):
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    return f"exec {sys.executable} -S {shlex.quote(str(script))} " \
        f"{shlex.quote(str(tmp_path / 'told'))} {how} {seconds} {{port}} {options}"


def kept_points(path):
    return {row["point"] for row in rows_of(path) if row["state"] == "kept"}


def by_point(result):
    scenario, = result.json["scenarios"]
    return {(point["at"]["load"].split()[0], point["at"]["cpus"],
             point["at"].get("servers", 1)): point["results"][0]
            for point in scenario["points"]}


# With these seeds the point that is waited for comes first, which saves time.
SHARED_FIRST, NEW_FIRST = 99999999999, 123456789012345


def test_servers_that_share_a_port_have_as_many_accept_loops(tmp_path, groups):
    """Each takes 3 ms for a client, asleep: 333/s at most for each, even on one
    CPU. One whose command cannot be told to share runs alone, and that is
    said."""
    def shared(path):
        return any("servers=2" in point for point in kept_points(path))

    (tmp_path / "odd").mkdir()
    result, rows = first_blocks(
        tmp_path, shared, "cores", "--seed", SHARED_FIRST,
        *(["--client-cpus", f"{CPUS[0]}-{CPUS[0]}",
           "--server-cpus", f"{CPUS[1]}-{CPUS[1]}"] if len(CPUS) > 1 else []),
        *servers_of(groups, {
            "made": made(tmp_path, "asleep", 0.003),
            "odd": made(tmp_path / "odd", "asleep", 0.003, "")}))
    found = by_point(result)
    assert set(found) == {("kept", 1, 1), ("new", 1, 1), ("new", 1, 2)}
    assert found["new", 1, 2]["errors"] == 0, result
    for row in rows:
        if row["point"].startswith("load=new") and row["state"] == "kept":
            loops = 2 if "servers=2" in row["point"] and \
                row["server"] != "odd" else 1
            assert 0 < float(row["rate"]) <= 340 * loops, row
    # Both of the first block's servers had clients.
    told = (tmp_path / "told").read_text().splitlines()
    assert len(told) == len(set(told)) >= 2
    assert sum(line.endswith(" --reuse-port") for line in told) >= 2
    assert "--reuse-port" not in (tmp_path / "odd" / "told").read_text()
    words = " ".join(result.err.split())
    assert "the command of odd has no {options}, so it runs without " \
        "--reuse-port, and alone where others share a port" in words
    assert "is not measured" not in words
    if len(CPUS) > 1:
        assert "the server has one CPU here" in words


def test_the_accept_loop_is_measured_apart(tmp_path, groups):
    """2 ms of CPU for each client, and hardly any for the rest of it."""
    result, rows = first_blocks(
        tmp_path, kept_points, "churn", *servers_of(
            groups, {"made": made(tmp_path, "busy", 0.002)}))
    one = result.json["scenarios"][0]["points"][0]["results"][0]
    assert 2000 <= one["accept_loop_us_per_request"] <= \
        one["cpu_us_per_request"] + 100, one
    assert 0 < one["accept_loop_busy"] <= 1
    said = "its accept loop was the limit" in " ".join(result.err.split())
    assert said == (one["accept_loop_busy"] >= 0.95), result


@pytest.mark.skipif(len(CPUS) < 2, reason="needs two CPUs")
def test_with_free_the_server_has_one_cpu_of_all(tmp_path, groups):
    """For correctness: the client runs on it, too, and that is said."""
    noted = f"taskset -pc $$ >>{shlex.quote(str(tmp_path / 'masks'))}; "
    result, _ = first_blocks(
        tmp_path, kept_points, "cores", "--placement", "free",
        "--seed", NEW_FIRST, *servers_of(groups, {
            "made": noted + made(tmp_path, "asleep", 0.001)}))
    masks = re.findall(r": (\S+)$", (tmp_path / "masks").read_text(), re.M)
    assert masks[0] == str(CPUS[0]), masks
    found = by_point(result)
    assert ("kept", 1, 1) in found and ("kept", 2, 1) in found
    assert "client and server share CPUs: this shows that it works, not what " \
        "more CPUs give" in " ".join(result.err.split())
