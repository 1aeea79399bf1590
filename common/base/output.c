/* SPDX-License-Identifier: MIT */
/* output: a file beside the older one, and rename(2). */
#include "common/base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/descriptor.h"
#include "common/base/process.h"
#include "common/base/units.h"

#define LINKS_MAX 40   /* like the kernel */
#define PARTS_MAX 1000 /* .part files that killed runs may have left */
#define NAME_KEPT 240  /* bytes of a name, so that ".part999" can be added */
#define OUTPUTS_MAX 16 /* open at once */

/* ---- what to remove when we end ---- */

/* A signal handler reads PENDING: a name is stored when it is complete, and
 * removed before it is freed. */
static char *volatile pending[OUTPUTS_MAX];
static char *volatile made_directory;
static pid_t owner; /* a forked child removes nothing */

void
output_discard_all(void)
{
	if (getpid() != owner)
		return;
	for (size_t i = 0; i < OUTPUTS_MAX; i++) {
		if (pending[i])
			unlink(pending[i]);
	}
	if (made_directory)
		rmdir(made_directory); /* fails unless it is empty */
}

static void
remember_owner(void)
{
	if (owner != getpid())
		atexit(output_discard_all);
	owner = getpid();
}

static void
note_pending(char *part)
{
	remember_owner();
	for (size_t i = 0; i < OUTPUTS_MAX; i++) {
		if (!pending[i]) {
			pending[i] = part;
			return;
		}
	}
}

static void
forget_pending(const char *part)
{
	for (size_t i = 0; i < OUTPUTS_MAX; i++) {
		if (pending[i] == part)
			pending[i] = NULL;
	}
}

int
output_directory(const char *path)
{
	if (mkdir(path, 0777) < 0)
		return errno == EEXIST ? 0 : -1;
	remember_owner();
	made_directory = strdup(path);
	return 0;
}

/* ---- what a path is ---- */

static bool
is_same(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

/* The N of "/dev/fd/N" and similar names, or -1. */
static int
number_of(const char *path)
{
	static const char *const folders[] = {
	    "/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"};
	uint64_t number;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		size_t len = strlen(folders[i]);

		if (strncmp(path, folders[i], len) == 0 &&
		    parse_count(path + len, &number) == 0 && number <= INT_MAX)
			return (int)number;
	}
	return -1;
}

/*
 * The descriptor of this process that PATH names, or -1. Also a file that
 * standard output or error goes to: opened again, it would be overwritten.
 */
static int
descriptor_of(const char *path)
{
	struct stat info, ours;

	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0)
		return STDOUT_FILENO;
	if (strcmp(path, "/dev/stderr") == 0)
		return STDERR_FILENO;
	if (number_of(path) >= 0)
		return number_of(path);
	if (stat(path, &info) < 0 || !S_ISREG(info.st_mode))
		return -1;
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &ours) == 0 && is_same(&info, &ours))
			return fd;
	}
	return -1;
}

bool
output_is_stdout(const char *path)
{
	return path && descriptor_of(path) == STDOUT_FILENO;
}

/* The file name in PATH. */
static const char *
name_in(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The target of LINK at AT. */
static char *
beside(const char *at, const char *link)
{
	char *path;
	int folder = link[0] == '/' ? 0 : (int)(name_in(at) - at);

	return asprintf(&path, "%.*s%s", folder, at, link) < 0 ? NULL : path;
}

/* PATH without links, whether it exists or not; NULL with errno. */
static char *
follow(const char *path)
{
	char *at = strdup(path), link[PATH_MAX];

	for (int i = 0; at && i < LINKS_MAX; i++) {
		ssize_t n = readlink(at, link, sizeof(link) - 1);
		char *next;

		if (n < 0)
			return at;
		link[n] = '\0';
		next = beside(at, link);
		free(at);
		at = next;
	}
	if (at)
		errno = ELOOP;
	free(at);
	return NULL;
}

/* The directory of PATH, into DIR. */
static int
stat_folder(const char *path, struct stat *dir)
{
	char *folder = strndup(path, (size_t)(name_in(path) - path));
	int bad = folder ? stat(folder[0] ? folder : ".", dir) : -1;

	free(folder);
	return bad;
}

bool
output_is_one_file(const char *path, const char *other)
{
	struct stat a, b;
	char *one, *two;
	bool same;

	if (stat(path, &a) == 0 && stat(other, &b) == 0)
		return is_same(&a, &b) && S_ISREG(a.st_mode);
	one = follow(path);
	two = follow(other);
	same = one && two && strcmp(name_in(one), name_in(two)) == 0 &&
	       stat_folder(one, &a) == 0 && stat_folder(two, &b) == 0 &&
	       is_same(&a, &b);
	free(one);
	free(two);
	return same;
}

/* ---- opening ---- */

/* Without a .part file: written at once, or kept in memory. */
static int
take(struct output *output, int fd)
{
	output->fd = fd;
	output->file = fd < 0 ? NULL : descriptor_stream(fd);
	if (!output->file && fd >= 0)
		close(fd);
	return output->file ? 0 : -1;
}

static int
open_descriptor(struct output *output, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) {
		errno = EBADF;
		return -1;
	}
	if (flags >= 0 && fd == STDOUT_FILENO) {
		output->file = stdout;
		return 0;
	}
	return take(output, fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

static int
open_part(struct output *output)
{
	const char *target = output->target, *name = name_in(target);
	int folder = (int)(name - target), fd = -1;

	for (int i = 1; i <= PARTS_MAX && fd < 0; i++) {
		char number[8] = "";

		if (i > 1)
			snprintf(number, sizeof(number), "%d", i);
		free(output->part);
		if (asprintf(&output->part, "%.*s%.*s.part%s", folder, target,
			NAME_KEPT, name, number) < 0)
			output->part = NULL;
		fd = output->part
			 ? open(output->part,
			       O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666)
			 : -1;
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0) {
		free(output->part);
		output->part = NULL;
		return -1;
	}
	note_pending(output->part);
	return fd;
}

static void
remove_part(struct output *output)
{
	if (!output->part)
		return;
	unlink(output->part);
	forget_pending(output->part);
	free(output->part);
	output->part = NULL;
}

/* Owner first: changing it clears bits of the mode. */
static int
be_like(int fd, const struct stat *older)
{
	struct stat ours;

	if (fstat(fd, &ours) < 0)
		return -1;
	if ((ours.st_uid != older->st_uid || ours.st_gid != older->st_gid) &&
	    fchown(fd, older->st_uid, older->st_gid) < 0)
		return -1;
	return fchmod(fd, older->st_mode & 07777);
}

/* A .part file that can replace the older one; else memory. */
static int
open_for_older(struct output *output, const struct stat *older)
{
	int fd = older->st_nlink > 1 ? -1 : open_part(output);

	if (fd >= 0 && be_like(fd, older) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	remove_part(output);
	return memfd_create("output", MFD_CLOEXEC);
}

static int
open_regular(struct output *output, const struct stat *older)
{
	output->target = follow(output->path);
	if (!output->target)
		return -1;
	if (!older) {
		if (name_in(output->target)[0])
			return take(output, open_part(output));
		errno = EISDIR;
		return -1;
	}
	/* An empty file, as mktemp(1) makes, has nothing to lose. */
	output->was_there = older->st_size > 0;
	/* Opening it is the only way to know whether it may be written. */
	output->older = open(output->target, O_WRONLY | O_CLOEXEC);
	if (output->older < 0)
		return -1;
	return take(output, open_for_older(output, older));
}

static int
open_path(struct output *output)
{
	int fd = descriptor_of(output->path);
	struct stat info;

	if (fd >= 0)
		return open_descriptor(output, fd);
	if (stat(output->path, &info) < 0)
		return errno == ENOENT ? open_regular(output, NULL) : -1;
	if (S_ISREG(info.st_mode))
		return open_regular(output, &info);
	return take(
	    output, open(output->path, O_WRONLY | O_CLOEXEC | O_NOCTTY));
}

static void
release(struct output *output)
{
	if (output->older >= 0)
		close(output->older);
	free(output->path);
	free(output->target);
	*output = (struct output){.older = -1};
}

int
output_open(struct output *output, const char *path)
{
	int error;

	*output = (struct output){.older = -1};
	if (!path)
		return 0;
	output->path = strdup(path);
	if (output->path && open_path(output) == 0)
		return 0;
	error = errno;
	remove_part(output);
	release(output);
	errno = error;
	return -1;
}

/* ---- closing ---- */

/* Copies all of FROM over the older file; there is room for it. */
static int
copy(int from, int to)
{
	off_t at = 0, size = lseek(from, 0, SEEK_END);
	ssize_t n = 1;

	if (size > 0 && fallocate(to, FALLOC_FL_KEEP_SIZE, 0, size) < 0 &&
	    errno != EOPNOTSUPP && errno != ENOSYS)
		return -1;
	if (lseek(to, 0, SEEK_SET) < 0)
		return -1;
	while (at < size && n > 0)
		n = sendfile(to, from, &at, (size_t)(size - at));
	return n < 0 || ftruncate(to, size) < 0 || fsync(to) < 0 ? -1 : 0;
}

static int
put_in_place(struct output *output)
{
	if (output->part && rename(output->part, output->target) == 0) {
		forget_pending(output->part);
		free(output->part);
		output->part = NULL;
		return 0;
	}
	return output->older < 0 ? -1 : copy(output->fd, output->older);
}

int
output_close(struct output *output, const char **why)
{
	*why = NULL;
	if (!output->file)
		return 0;
	*why = process_write_error(output->file);
	/* Some file systems report a full disk only here. */
	if (!*why && output->target &&
	    ((output->part && fsync(output->fd) < 0) ||
		put_in_place(output) < 0))
		*why = strerror(errno);
	output_discard(output);
	return *why ? -1 : 0;
}

void
output_discard(struct output *output)
{
	if (!output->file)
		return;
	if (output->file != stdout)
		fclose(output->file);
	remove_part(output);
	release(output);
}
