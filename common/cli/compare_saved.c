/* SPDX-License-Identifier: MIT */
/* compare_saved: what was measured before, shown again. */
#include "common/base/log.h"
#include "common/cli/cli.h"
#include "common/cli/compare_output.h"
#include "common/report/comparison_json.h"

#define WHY_MAX 4500 /* a path and what is wrong */

static void
read_saved(struct comparison *out, const char *path)
{
	static char why[WHY_MAX];

	if (comparison_json_read(out, path, why, sizeof(why)) < 0)
		die(1, "%s", why);
}

int
compare_saved(const struct compare_saved *saved, struct compare_output *output)
{
	static struct comparison read[SAVED_MAX];
	int bad;

	for (size_t i = 0; i < saved->count; i++)
		read_saved(&read[i], saved->files[i]);
	output->saved = saved;
	compare_output_open(output);
	if (saved->count == 2)
		bad = compare_output_pair(output, &read[0], saved->files[0],
		    &read[1], saved->files[1]);
	else
		bad = compare_output_write(output, &read[0]);
	for (size_t i = 0; i < saved->count; i++)
		comparison_release(&read[i]);
	if (cli_interrupted)
		return 128 + cli_interrupted;
	return bad ? 1 : 0;
}
