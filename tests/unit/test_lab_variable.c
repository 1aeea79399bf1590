/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "common/lab/lab_variable.h"

/* A page of its own: nothing else is written there. */
static struct {
	_Alignas(65536) uint64_t number;
	char rest[65536 - 8];
} watched;

static char scratch[] = "/tmp/perconn-unit-XXXXXX";

/* A child that adds one to the number, and waits to be killed. */
static pid_t
child_that_adds(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		watched.number++;
		(void)!write(ready[1], "", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void
end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static uint64_t
number_in(pid_t pid)
{
	uint64_t value = 0,
		 address = lab_variable_find(pid, "/proc/self/exe", "watched");

	assert_int_equal(address, (uintptr_t)&watched);
	assert_true(lab_variable_read(pid, address, &value));
	return value;
}

TEST(a_child_has_the_same_address_and_another_value)
{
	pid_t child;

	watched.number = 41;
	child = child_that_adds();
	assert_int_equal(number_in(getpid()), 41);
	assert_int_equal(number_in(child), 42);
	end_child(child);
}

TEST(a_page_is_common_until_it_is_written_to)
{
	volatile char *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t address = (uintptr_t)page;
	pid_t child;

	page[0] = 1;
	if (lab_variable_page(getpid(), address) == LAB_PAGE_UNKNOWN)
		skip(); /* no /proc/PID/pagemap here */
	assert_int_equal(lab_variable_page(getpid(), address), LAB_PAGE_OWN);
	child = child_that_adds();
	assert_int_equal(lab_variable_page(getpid(), address), LAB_PAGE_SHARED);
	assert_int_equal(lab_variable_page(child, address), LAB_PAGE_SHARED);
	page[0] = 2;
	assert_int_equal(lab_variable_page(getpid(), address), LAB_PAGE_OWN);
	end_child(child);
}

TEST(what_is_not_there_is_not_found)
{
	assert_int_equal(
	    lab_variable_find(getpid(), "/proc/self/exe", "no such name"), 0);
	assert_int_equal(
	    lab_variable_find(getpid(), "/no/such/file", "watched"), 0);
	assert_int_equal(lab_variable_find(getpid(), "/bin/sh", "watched"), 0);
}

/* The program's first LEN bytes (0: all), with the byte AT changed, if it is
 * there. */
static void
write_part(size_t len, size_t at)
{
	int from = open("/proc/self/exe", O_RDONLY);
	int to = open(scratch, O_WRONLY | O_TRUNC);
	struct stat stat;
	char *bytes;

	assert_int_equal(fstat(from, &stat), 0);
	if (!len)
		len = (size_t)stat.st_size;
	bytes = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE, from, 0);
	assert_ptr_not_equal(bytes, MAP_FAILED);
	if (at < len)
		bytes[at] = (char)~bytes[at];
	assert_int_equal(write(to, bytes, len), len);
	munmap(bytes, len);
	close(from);
	close(to);
}

TEST(a_program_that_is_cut_or_damaged_does_no_harm)
{
	for (size_t len = 1; len < 256; len++) {
		write_part(len, len);
		assert_int_equal(
		    lab_variable_find(getpid(), scratch, "watched"), 0);
	}
	/* It is another file, so this process does not run it. */
	for (size_t at = 0; at < sizeof(Elf64_Ehdr); at++) {
		write_part(0, at);
		assert_int_equal(
		    lab_variable_find(getpid(), scratch, "watched"), 0);
	}
}

static int
make_scratch(void **state)
{
	int fd = mkstemp(scratch);

	(void)state;
	close(fd);
	return fd < 0;
}

static int
remove_scratch(void **state)
{
	(void)state;
	return unlink(scratch);
}

RUN_TESTS(make_scratch, remove_scratch)
