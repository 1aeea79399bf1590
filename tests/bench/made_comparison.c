/* SPDX-License-Identifier: MIT */
/* made_comparison [2|3]: prints the example comparison of the unit tests as
 * JSON, for tests that run the client. */
#include "tests/unit/made_comparison.h"

#include "common/report/comparison_json.h"

int
main(int argc, char **argv)
{
	static struct comparison made;

	made_comparison(&made, argc > 1 ? strtoul(argv[1], NULL, 10) : 2);
	comparison_json_write(&made, stdout);
	comparison_release(&made);
	return fflush(stdout) != 0;
}
