/* SPDX-License-Identifier: MIT */
/*
 * replay: runs a fuzz target over the files of a directory, each in memory of
 * just its size, so that a sanitizer sees a byte too far.
 *
 *	replay_http tests/fuzz/corpus/http
 */
#include <dirent.h>
#include <err.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static void
replay(const char *directory, const char *name)
{
	char path[4096];
	uint8_t *bytes;
	FILE *file;
	long size;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (!file || fseek(file, 0, SEEK_END) < 0 || (size = ftell(file)) < 0)
		err(1, "%s", path);
	rewind(file);
	bytes = malloc((size_t)size);
	if ((!bytes && size > 0) ||
	    fread(bytes, 1, (size_t)size, file) != (size_t)size)
		err(1, "%s", path);
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, (size_t)size);
	free(bytes);
}

int
main(int argc, char **argv)
{
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	if (argc != 2 || !(dir = opendir(argv[1])))
		err(2, "usage: %s DIRECTORY", argv[0]);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		replay(argv[1], entry->d_name);
		count++;
	}
	closedir(dir);
	printf("REPLAY %d input(s) of %s\n", count, argv[1]);
	return count == 0;
}
