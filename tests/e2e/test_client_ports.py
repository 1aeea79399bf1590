# SPDX-License-Identifier: MIT
"""Source ports give out on this machine: that is said before, and is no fault
of the server's."""
import subprocess

import pytest

from harness import BIN, needs
from known_servers import client

OWN = "10.9.8.7"


def network(reuse, ports="40000 40099", timestamps=1):
    """A command to run a program under: in a network of its own, where
    10.9.8.7 is this machine, and 100 ports are there."""
    sets = {"tcp_tw_reuse": reuse, "ip_local_port_range": ports,
            "tcp_timestamps": timestamps}
    lines = ["set -e", "ip link set lo up", f"ip addr add {OWN}/32 dev lo"] + [
        f"echo {value} >/proc/sys/net/ipv4/{name}"
        for name, value in sets.items()]
    return ["unshare", "-r", "-n", "sh", "-c", "; ".join(lines) +
            '; exec "$@"', "sh"]


def can_have_a_network():
    try:
        return subprocess.run([*network(2), "true"], capture_output=True,
                              check=False).returncode == 0
    except OSError:
        return False


pytestmark = [needs("unshare"), needs("ip"), pytest.mark.skipif(
    not can_have_a_network(), reason="no network namespace of our own")]

REFUSING = f"{OWN}:9"


def said(*options, target=REFUSING, **net):
    """What stands on standard error before anything has been sent."""
    result = client("load", target, "--churn", *options,
                    wrap=network(**{"reuse": 2, **net}))
    return result.err


@pytest.mark.parametrize("options", [
    ["-c", 1, "-n", 101], ["-d", "10ms"], ["-r", 500, "-d", "1s"],
    ["-r", 2, "-d", "10ms", "-n", 200, "-p", "http", "-r", 20000]], ids=str)
def test_ports_that_will_give_out_are_told_before(options):
    err = said(*options)
    assert "net.ipv4.tcp_tw_reuse is 2, for the loopback alone" in err
    assert "after 100 connections there is none left" in err
    for remedy in ("--source", "-n, -d", "kept connections",
                   "net.ipv4.ip_local_port_range"):
        assert remedy in err


@pytest.mark.parametrize("options, net", [
    (["-n", 100], {}),                       # they suffice
    (["-r", 10, "-d", "100ms"], {}),
    (["-n", 200], {"reuse": 1}),             # they are taken again
    (["-n", 200], {"target": "127.0.0.1:9"}),
    (["-n", 200], {"ports": "40000 49999"}),
    (["-n", 101, "--source", f"{OWN},127.0.0.1"], {}),
], ids=str)
def test_ports_that_suffice_need_no_word(options, net):
    assert "rests for 60 s" not in said("-c", 1, *options, **net)


@pytest.mark.parametrize("net", [{"reuse": 0}, {"timestamps": 0}], ids=str)
def test_ports_that_rest_on_the_loopback_are_told_too(net):
    """There they are those of eight addresses."""
    err = said("-c", 1, "-n", 801, target="127.0.0.1:9", **net)
    assert "after 800 connections there is none left" in err


# Port 7007 is 1B5F in proc_net(5).
SERVE = f"""{BIN}/server_thread -q -l {OWN}:7007 >/dev/null 2>&1 &
    trap "kill $!; wait $!" EXIT
    until grep -q :1B5F /proc/net/tcp; do sleep 0.01; done"""


def test_ports_that_gave_out_are_not_the_servers_fault():
    wrap = network(2)
    wrap[5] = wrap[5].replace('exec "$@"', f'{SERVE}; "$@"')
    result = client("load", f"{OWN}:7007", "--churn", "-c", 1, "-n", 130,
                    wrap=wrap)
    assert result.code == 1
    assert "30 EADDRNOTAVAIL" in result.out
    assert "this machine had no port left for 30 connections" in result.out
