/* SPDX-License-Identifier: MIT */
/*
 * usage: of process trees that carry out orders of one letter: use CPU time,
 * sleep, fork, wait, end.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "common/base/clock.h"
#include "common/base/procfs.h"
#include "common/launch/launch.h"
#include "common/sysinfo/accept_loop.h"
#include "common/sysinfo/proc_tree.h"
#include "common/sysinfo/usage.h"

#define BURN_NS (60 * NS_PER_MS)
/* A clock tick may be lost at each end. */
#define BURNT_NS (40 * NS_PER_MS)
#define AREA (8UL << 20)

/* ---- a process that carries out orders ---- */

struct puppet {
	pid_t pid;
	int wire;
};

static void *
burn(void *arg)
{
	uint64_t until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + BURN_NS;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		continue;
	return arg;
}

static void *
stay(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void
touch(size_t size)
{
	char *area = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	child_assert(area != MAP_FAILED);
	madvise(area, size, MADV_NOHUGEPAGE); /* a fault for each page */
	memset(area, 1, size);
}

/* Forks a child that uses CPU time and memory, and ends or stays. */
static void
fork_one(bool stays)
{
	int done[2];
	char byte;
	pid_t pid;

	child_assert(pipe(done) == 0);
	pid = fork();
	child_assert(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		burn(NULL);
		touch(AREA);
		if (!stays)
			_exit(0);
		child_assert(write(done[1], "", 1) == 1);
		stay(NULL);
	}
	close(done[1]);
	child_assert(read(done[0], &byte, 1) == stays); /* or end of file */
	close(done[0]);
	if (!stays)
		waitpid(pid, NULL, 0);
}

/* Makes /proc/PID/status longer than PROCFS_STATUS_MAX. */
static void
join_groups(void)
{
	gid_t groups[4000];

	for (size_t i = 0; i < COUNT_OF(groups); i++)
		groups[i] = (gid_t)(1000000000 + i);
	child_assert(setgroups(COUNT_OF(groups), groups) == 0);
}

/* Where puppets listen: this process has the port, and does not. */
static struct address shared_address;

static int
open_shared(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	child_assert(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &(int){1},
			 sizeof(int)) == 0);
	child_assert(bind(fd, &shared_address.any, shared_address.len) == 0);
	return fd;
}

static void
carry_out(char order)
{
	pthread_t thread;

	switch (order) {
	case 'b':
		burn(NULL);
		break;
	case 'n':
		for (int i = 0; i < 50; i++)
			nap_ms(1);
		break;
	case 'c':
		fork_one(false);
		break;
	case 'C':
		fork_one(true);
		break;
	case 't':
		pthread_create(&thread, NULL, burn, NULL);
		pthread_join(thread, NULL);
		break;
	case 'T':
		pthread_create(&thread, NULL, stay, NULL);
		break;
	case 'i':
		signal(SIGCHLD, SIG_IGN);
		break;
	case 'm':
		touch(AREA);
		break;
	case 'g':
		join_groups();
		break;
	case 'l':
		child_assert(listen(open_shared(), 1) == 0);
		break;
	default:
		_exit(1);
	}
}

static void
puppet_start(struct puppet *puppet)
{
	int wire[2];
	char order;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, wire), 0);
	puppet->pid = fork();
	assert_true(puppet->pid >= 0);
	puppet->wire = wire[0];
	if (puppet->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(wire[0]);
		while (read(wire[1], &order, 1) == 1) {
			carry_out(order);
			child_assert(write(wire[1], &order, 1) == 1);
		}
		_exit(0);
	}
	close(wire[1]);
}

static void
order(const struct puppet *puppet, const char *orders)
{
	char answer;

	for (; *orders; orders++) {
		assert_int_equal(write(puppet->wire, orders, 1), 1);
		assert_int_equal(read(puppet->wire, &answer, 1), 1);
	}
}

static void
puppet_stop(struct puppet *puppet)
{
	kill(puppet->pid, SIGKILL);
	assert_int_equal(waitpid(puppet->pid, NULL, 0), puppet->pid);
	close(puppet->wire);
}

/* ---- CPU, switches, faults ---- */

static struct usage_sums
sums_of(const struct puppet *puppet, const char *orders,
    const struct usage_group *group)
{
	struct usage_sums sums = {0};
	struct usage_meter meter;

	usage_begin(&meter, puppet->pid, group);
	order(puppet, orders);
	usage_end(&meter, &sums);
	return sums;
}

static uint64_t
cpu_of(const struct usage_sums *sums)
{
	return sums->user_ns + sums->system_ns;
}

TEST(cpu_time_includes_children_and_ended_tasks)
{
	static const char *const orders[] = {"b", "c", "C", "t"};
	struct puppet puppet;

	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		struct usage_sums sums;

		puppet_start(&puppet);
		sums = sums_of(&puppet, orders[i], NULL);
		assert_true(cpu_of(&sums) >= BURNT_NS);
		assert_false(sums.lost_cpu);
		assert_false(sums.lost_faults);
		puppet_stop(&puppet);
	}
}

TEST(cpu_time_counts_from_begin_to_end_and_adds_up)
{
	struct usage_sums sums = {0};
	struct usage_meter meter;
	struct puppet puppet;

	puppet_start(&puppet);
	order(&puppet, "bbbCc");
	sums = sums_of(&puppet, "", NULL);
	assert_true(cpu_of(&sums) < BURN_NS);
	for (int i = 0; i < 3; i++) {
		usage_begin(&meter, puppet.pid, NULL);
		order(&puppet, "c");
		usage_end(&meter, &sums);
	}
	assert_true(cpu_of(&sums) >= 3 * BURNT_NS);
	puppet_stop(&puppet);
}

TEST(page_faults_include_ended_children)
{
	struct usage_sums sums;
	struct puppet puppet;

	puppet_start(&puppet);
	for (const char *order = "mcC"; *order; order++) {
		sums = sums_of(&puppet, (char[]){*order, '\0'}, NULL);
		assert_true(
		    sums.faults >= AREA / (unsigned long)sysconf(_SC_PAGESIZE));
	}
	puppet_stop(&puppet);
}

TEST(switches_of_living_tasks_are_counted)
{
	struct usage_sums sums;
	struct usage usage;
	struct puppet puppet;

	puppet_start(&puppet);
	sums = sums_of(&puppet, "nb", NULL);
	assert_true(sums.voluntary >= 50);
	assert_false(sums.lost_switches);
	usage_of_requests(&sums, 10, &usage);
	assert_true(usage.voluntary >= 5);
	assert_true(usage.involuntary >= 0);
	puppet_stop(&puppet);
}

TEST(switches_of_ended_tasks_are_unknown)
{
	struct usage_sums sums;
	struct usage usage;
	struct puppet puppet;

	puppet_start(&puppet);
	for (const char *order = "tc"; *order; order++) {
		sums = sums_of(&puppet, (char[]){*order, '\0'}, NULL);
		assert_true(sums.lost_switches);
		usage_of_requests(&sums, 10, &usage);
		assert_true(isnan(usage.voluntary));
		assert_true(isnan(usage.involuntary));
		assert_true(usage.cpu_us >= BURNT_NS / (10 * 1000.0));
		assert_int_equal(isnan(usage.user_us), *order == 'c');
	}
	puppet_stop(&puppet);
}

TEST(children_without_a_wait_are_unknown)
{
	struct usage_sums sums;
	struct usage usage;
	struct puppet puppet;

	puppet_start(&puppet);
	order(&puppet, "i");
	sums = sums_of(&puppet, "c", NULL);
	assert_true(sums.lost_cpu && sums.lost_faults && sums.lost_switches);
	usage_of_requests(&sums, 10, &usage);
	assert_true(isnan(usage.cpu_us) && isnan(usage.user_us));
	assert_true(isnan(usage.faults) && isnan(usage.voluntary));
	puppet_stop(&puppet);
}

TEST(usage_of_a_life_includes_switches_of_ended_tasks)
{
	struct launched server;
	struct cpu_placement anywhere;
	struct launch_plan plan = {
	    .command = "for i in 1 2 3 4 5 6 7 8; do sleep 0.001; done; "
		       "exit 3; : {port}",
	    .placement = &anywhere};
	struct usage_sums sums = {0};
	char why[300];

	cpu_placement_choose(&anywhere, CPU_PLACEMENT_FREE);
	/* It does not listen. A shell waits for its children. */
	assert_int_equal(launch_start(&server, &plan, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "status 3"));
	usage_add_life(&sums, &server.used);
	assert_true(sums.voluntary >= 8);
	assert_true(sums.faults >= 8);
	assert_true(sums.user_ns + sums.system_ns > 0);
	assert_false(sums.lost_switches);
}

TEST(usage_for_0_requests_is_unknown)
{
	struct usage_sums sums = {.user_ns = 1000};
	struct usage usage;

	usage_of_requests(&sums, 0, &usage);
	assert_true(isnan(usage.user_us));
	usage_of_requests(&sums, 2, &usage);
	assert_near(usage.user_us, 0.5, 0);
	assert_near(usage.cpu_us, 0.5, 0);
	assert_near(usage.system_us, 0, 0);
}

/* ---- the group ---- */

TEST(a_group_counts_children_without_a_wait)
{
	struct usage_group group;
	struct usage_sums sums;
	struct puppet puppet;

	puppet_start(&puppet);
	usage_group_make(&group, puppet.pid);
	if (group.cpu[0]) {
		order(&puppet, "i");
		sums = sums_of(&puppet, "c", &group);
		assert_true(cpu_of(&sums) >= BURNT_NS);
		assert_false(sums.lost_cpu);
		assert_false(sums.lost_split);
		assert_true(sums.lost_switches);
		sums = sums_of(&puppet, "n", &group);
		assert_true(sums.voluntary >= 50);
	}
	puppet_stop(&puppet);
	usage_group_remove(&group);
}

static bool
exists(const char *path)
{
	struct stat info;

	return path[0] && stat(path, &info) == 0;
}

TEST(no_folder_of_a_group_is_left)
{
	struct usage_group group, copy;
	struct puppet puppet;

	puppet_start(&puppet);
	order(&puppet, "C");
	usage_group_make(&group, puppet.pid);
	copy = group;
	assert_true(!copy.cpu[0] || exists(copy.cpu));
	assert_true(!copy.memory[0] || exists(copy.memory));
	puppet_stop(&puppet); /* its child dies some time later */
	usage_group_remove(&group);
	assert_false(exists(copy.cpu));
	assert_false(exists(copy.memory));
	usage_group_remove(&group);
	usage_group_make(&group, puppet.pid); /* it has ended */
	assert_false(exists(group.cpu));
	usage_group_remove(&group);
}

static void
make_and_forget(void *arg)
{
	struct puppet *puppet = arg;
	struct usage_group group;

	usage_group_make(&group, puppet->pid);
	printf("%s\n%s\n", group.cpu, group.memory);
}

TEST(the_group_of_a_killed_client_is_removed_by_the_next)
{
	static struct caught caught;
	struct usage_group group;
	struct puppet puppet;
	const char *cpu;

	puppet_start(&puppet);
	catch_child(&caught, make_and_forget, &puppet);
	puppet_stop(&puppet);
	cpu = strtok(caught.out, "\n");
	if (!cpu)
		skip();
	assert_true(exists(cpu));
	puppet_start(&puppet);
	usage_group_make(&group, puppet.pid);
	assert_false(exists(cpu));
	puppet_stop(&puppet);
	usage_group_remove(&group);
}

/* ---- memory ---- */

static struct usage
growth(const struct puppet *puppet, const char *orders,
    const struct usage_group *group)
{
	struct usage_memory before, after;
	struct usage usage;

	usage_memory_read(&before, puppet->pid, group);
	order(puppet, orders);
	usage_memory_read(&after, puppet->pid, group);
	usage_add_memory(&before, &after, 1, &usage);
	return usage;
}

TEST(memory_has_kinds)
{
	struct usage_group group;
	struct puppet puppet;
	struct usage usage;

#ifdef __SANITIZE_THREAD__
	skip(); /* its shadow is four times as large as what it watches */
#endif
	puppet_start(&puppet);
	usage_group_make(&group, puppet.pid);
	usage = growth(&puppet, "m", &group);
	assert_near(usage.memory_kib[MEMORY_ANONYMOUS], 8192, 400);
	assert_near(usage.memory_kib[MEMORY_PAGE_TABLES], 18, 14);
	assert_near(usage.memory_kib[MEMORY_KERNEL_STACKS], 0, 0);
	assert_true(isfinite(usage.memory_kib[MEMORY_FILE]));
	assert_true(usage.pss_kib > 8192);
	usage = growth(&puppet, "TTTT", &group);
	assert_near(usage.memory_kib[MEMORY_KERNEL_STACKS], 64, 0);
	assert_near(usage.threads, 5, 0);
	assert_near(usage.processes, 1, 0);
	usage = growth(&puppet, "CCCCCCCCCCCC", &group);
	assert_near(usage.memory_kib[MEMORY_KERNEL_STACKS], 12 * 16, 0);
	assert_near(usage.processes, 13, 0);
	assert_near(usage.threads, 17, 0);
	assert_true(usage.memory_kib[MEMORY_PAGE_TABLES] >= 12 * 12);
	assert_true(usage.mappings >= 12 * 10);
	assert_true(group.memory[0] ? usage.memory_kib[MEMORY_SLAB] > 0
				    : isnan(usage.memory_kib[MEMORY_SLAB]));
	puppet_stop(&puppet);
	usage_group_remove(&group);
}

TEST(figures_of_a_status_file_that_is_too_long_are_unknown)
{
	struct usage_sums sums;
	struct puppet puppet;
	struct usage usage;

	if (geteuid() != 0)
		skip();
	puppet_start(&puppet);
	order(&puppet, "g");
	sums = sums_of(&puppet, "nb", NULL);
	assert_true(sums.lost_switches);
	usage_of_requests(&sums, 10, &usage);
	assert_true(isnan(usage.voluntary) && isnan(usage.involuntary));
	assert_true(usage.cpu_us >= BURNT_NS / (10 * 1000.0));
	usage = growth(&puppet, "m", NULL);
	for (size_t kind = 0; kind < MEMORY_KINDS; kind++)
		assert_true(isnan(usage.memory_kib[kind]));
	assert_true(isnan(usage.threads));
	puppet_stop(&puppet);
}

TEST(memory_excludes_the_shell_above_a_server)
{
	struct usage_memory memory;
	pid_t shell = fork();

	assert_true(shell >= 0);
	if (shell == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		execl("/bin/sh", "sh", "-c", "sleep 1000; exit 3", NULL);
		_exit(127);
	}
	while (proc_tree_below_shell(shell) == shell)
		nap_ms(1);
	usage_memory_read(&memory, shell, NULL);
	assert_near(memory.processes, 1, 0);
	assert_int_equal(proc_tree_below_shell(getpid()), getpid());
	kill(-shell, SIGKILL);
	assert_int_equal(waitpid(shell, NULL, 0), shell);
}

TEST(memory_of_an_ended_process_is_unknown)
{
	struct puppet puppet;
	struct usage_memory memory;

	puppet_start(&puppet);
	puppet_stop(&puppet);
	usage_memory_read(&memory, puppet.pid, NULL);
	assert_true(isnan(memory.pss_kib));
	assert_true(isnan(memory.kib[MEMORY_PAGE_TABLES]));
	assert_near(memory.processes, 0, 0);
}

/* ---- text ---- */

TEST(stat_is_parsed_after_any_name)
{
	struct procfs_stat stat;

	assert_true(procfs_stat_parse(
	    "7 (a) R 1 (b c) S 1 7 7 0 -1 4194304 11 22 33 44 55 66 77 88 20 0 "
	    "1 0 9",
	    &stat));
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.minor_faults, 11);
	assert_int_equal(stat.reaped_minor_faults, 22);
	assert_int_equal(stat.major_faults, 33);
	assert_int_equal(stat.reaped_major_faults, 44);
	assert_int_equal(stat.user, 55);
	assert_int_equal(stat.system, 66);
	assert_int_equal(stat.reaped_user, 77);
	assert_int_equal(stat.reaped_system, 88);
	assert_int_equal(stat.start, 9);
	assert_false(procfs_stat_parse("", &stat));
	assert_false(procfs_stat_parse("7 (a) S 1 7", &stat));
}

TEST(numbers_are_found_by_their_whole_key)
{
	const char *text = "Pss_Dirty:  5 kB\nPss:\t 17 kB\nslab 4096\n"
			   "slab_reclaimable 1\nnone: x\nlast 3";
	uint64_t value = 99;

	assert_true(procfs_number(text, "Pss:", &value));
	assert_int_equal(value, 17);
	assert_true(procfs_number(text, "slab", &value));
	assert_int_equal(value, 4096);
	assert_true(procfs_number(text, "last", &value));
	assert_int_equal(value, 3);
	assert_false(procfs_number(text, "none:", &value));
	assert_false(procfs_number(text, "Dirty:", &value));
	assert_false(procfs_number(text, "kB", &value));
	assert_false(procfs_number("", "a", &value));
}

/* ---- the accept loop ---- */

static uint64_t
loop_ns(
    struct accept_loop *loops, const struct puppet *puppet, const char *orders)
{
	uint64_t ns;

	accept_loop_begin(loops);
	order(puppet, orders);
	assert_true(accept_loop_end(loops, &ns));
	return ns;
}

TEST(an_accept_loop_is_the_first_thread_of_what_listens)
{
	struct puppet two[2], mute;
	struct accept_loop loops;
	int fd;

	address_parse("127.0.0.1:0", &shared_address);
	fd = open_shared();
	assert_int_equal(
	    getsockname(fd, &shared_address.any, &(socklen_t){16}), 0);
	accept_loop_find(&loops, &shared_address, getpid());
	assert_int_equal(loops.count, 0);
	puppet_start(&mute);
	for (size_t i = 0; i < 2; i++) {
		puppet_start(&two[i]);
		order(&two[i], "l");
	}
	accept_loop_find(&loops, &shared_address, getpid());
	assert_int_equal(loops.count, 2);
	assert_true(loop_ns(&loops, &mute, "b") < BURNT_NS);
	assert_true(loop_ns(&loops, &two[0], "t") < BURNT_NS);
	for (size_t i = 0; i < 2; i++)
		assert_true(loop_ns(&loops, &two[i], "b") >= BURNT_NS);
	accept_loop_find(&loops, &shared_address, two[1].pid);
	assert_int_equal(loops.count, 1);
	assert_int_equal(loops.pids[0], two[1].pid);
	puppet_stop(&two[0]);
	puppet_stop(&two[1]);
	puppet_stop(&mute);
	close(fd);
}

TEST(what_does_not_listen_any_more_has_no_accept_loop)
{
	struct puppet puppet;
	struct accept_loop loops = {.count = 1};
	uint64_t ns;

	puppet_start(&puppet);
	loops.pids[0] = puppet.pid;
	accept_loop_begin(&loops);
	puppet_stop(&puppet);
	assert_false(accept_loop_end(&loops, &ns));
	loops.count = 0;
	assert_false(accept_loop_end(&loops, &ns));
}

TEST(a_read_returns_errno_or_whole_words)
{
	char text[12];
	int n;

	assert_int_equal(procfs_read(text, sizeof(text), "/nowhere/%d", 1), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(text, "");
	n = procfs_read(text, sizeof(text), "/proc/%s/stat", "self");
	assert_int_equal(n, strlen(text));
	assert_int_equal(atoi(text), getpid()); /* "(test" is cut off */
	assert_int_equal(text[strlen(text) - 1], ' ');
}

RUN_TESTS(NULL, NULL)
