# SPDX-License-Identifier: MIT
"""Fixtures. What they are made of is in harness.py."""
import pytest

from harness import BENCH, BIN, Server


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets a fixture know whether its test has failed already."""
    report = (yield).get_result()
    if report.when == "call":
        item.has_failed = report.failed


def run_of(program, tmp_path, request):
    """A server not yet started; afterwards stopped and checked."""
    if not program.exists():
        pytest.fail(f"{program} is not built")
    first = Server(program, tmp_path)
    try:
        yield first
        if not getattr(request.node, "has_failed", True):
            for server in [*first.others, first]:
                if server.process:
                    server.stop()
                    server.check()
    finally:
        for server in [*first.others, first]:
            server.kill()


@pytest.fixture(params=["thread", "fork"])
def server(request, tmp_path):
    """Each promise is tested on both servers."""
    yield from run_of(BIN / f"server_{request.param}", tmp_path, request)


@pytest.fixture
def fork_server(request, tmp_path):
    """For promises about processes, which a thread does not have."""
    yield from run_of(BIN / "server_fork", tmp_path, request)


@pytest.fixture
def thread_server(request, tmp_path):
    yield from run_of(BIN / "server_thread", tmp_path, request)


@pytest.fixture
def inline_server(request, tmp_path):
    """The third model, of tests/bench."""
    program = BENCH / "server_inline"
    if not program.exists():
        pytest.skip(f"no {program} (make bench-programs)")
    yield from run_of(program, tmp_path, request)
