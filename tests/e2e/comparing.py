# SPDX-License-Identifier: MIT
"""Comparisons that a test does not wait for: interrupted when enough is there."""
import signal

from harness import eventually
from known_servers import (
    SMALL, check_compare, result_of, rows_of, running_client)


def first_blocks(tmp_path, enough, *arguments, **options):
    """The JSON and the rows of a comparison that is interrupted when ENOUGH
    of its rows."""
    path = tmp_path / "slices.csv"
    written = tmp_path / "slices.csv.part"  # until it is whole
    with running_client("compare", *SMALL, "--csv", path, "--json", "-",
                        *arguments, **options) as process:
        eventually(lambda: process.poll() is not None or
                   written.exists() and enough(written), "rows", 120)
        process.send_signal(signal.SIGINT)
        result = result_of(process)
    assert result.code == 130, result
    check_compare(result.json)
    return result, rows_of(path)
