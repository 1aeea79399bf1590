# SPDX-License-Identifier: MIT
"""`make coverage`: which lines are named."""
import subprocess
import sys

from harness import DEADLINE, ROOT, needs

PROGRAM = """\
#include <sys/wait.h>
#include <unistd.h>
static int child(int n)
{
	if (n > 5)
		return 1;
	return 0;
}
static int nobody(void)
{
	return 2;
}
int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 5)
		return nobody();
	if (fork() == 0)
		_exit(child(argc));
	wait(NULL);
	return 0;
}
"""


@needs("gcov")
def test_a_forked_childs_lines_count_and_the_others_are_named(tmp_path):
    folder = tmp_path / "common"
    folder.mkdir()
    (folder / "one.c").write_text(PROGRAM)

    def run(*command):
        return subprocess.run(
            command, cwd=tmp_path, check=True, stdout=subprocess.PIPE,
            text=True, timeout=DEADLINE).stdout

    run("gcc", "--coverage", "-Wl,--wrap=_exit", "-o", "one", "common/one.c",
        ROOT / "tests/coverage.c")
    run("./one")
    lines = run(sys.executable, ROOT / "tests/coverage.py", ".").splitlines()
    # child() was called by the child alone; lines 6, 9, 11 and 17 by neither.
    assert lines[-2].split()[:3] == ["common/one.c", "13", "4"]
    assert lines[-1].split(", ") == ["    6", "9-11", "17"]
