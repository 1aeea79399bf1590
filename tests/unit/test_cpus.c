/* SPDX-License-Identifier: MIT */
/* Unit tests of cpu_list, cpu_topology and cpu_split, on made-up trees. */
#include "common/sysinfo/cpu_list.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "common/compare/core_points.h"
#include "common/sysinfo/cpu_placement.h"
#include "common/sysinfo/cpu_split.h"
#include "common/sysinfo/cpu_topology.h"
#include "unit.h"

/* ---- lists ---- */

static const char *
again(const char *text)
{
	static char out[200];
	struct cpu_list list;

	if (cpu_list_parse(&list, text) < 0)
		return NULL;
	return cpu_list_format(&list, out, sizeof(out));
}

TEST(a_list_is_read_as_taskset_reads_it)
{
	assert_string_equal(again("0"), "0");
	assert_string_equal(again("0-3,8"), "0-3,8");
	assert_string_equal(again("0-3,8,10-14:2"), "0-3,8,10,12,14");
	assert_string_equal(again("7,3"), "7,3");
	assert_string_equal(again("0,0"), "0,0");
	assert_string_equal(again("1023"), "1023");
	assert_string_equal(again("0-1023"), "0-1023");
}

TEST(what_is_no_list_is_refused)
{
	static const char *const bad[] = {"", ",", "1,", ",1", "1,,2", "-",
	    "3-", "-3", "3-1", "0-4:", "0-4:0", "0-4:x", "1 2", " 1", "1 ",
	    "0x1", "1024", "0-1024", "99999999999999999999", "0-1023,0", "a"};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		if (again(bad[i]))
			fail_msg("%s was taken", bad[i]);
	}
}

TEST(a_long_list_is_cut_at_a_number)
{
	struct cpu_list list;
	char text[12];

	assert_int_equal(cpu_list_parse(&list, "10,20,30,40,50"), 0);
	assert_string_equal(
	    cpu_list_format(&list, text, sizeof(text)), "10,20,30...");
}

TEST(a_number_alone_is_a_count)
{
	struct cpu_wish wish;

	assert_int_equal(cpu_wish_parse(&wish, "4"), 0);
	assert_int_equal(wish.number, 4);
	assert_int_equal(cpu_wish_parse(&wish, "4-4"), 0);
	assert_int_equal(wish.number, 0);
	assert_int_equal(wish.list.count, 1);
	assert_int_equal(cpu_wish_parse(&wish, "0"), -1);
	assert_int_equal(cpu_wish_parse(&wish, "4,"), -1);
}

/* ---- made-up machines ---- */

static char root[40];

static int
make_root(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/test_cpus.XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int
remove_tree(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char below[600];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (unlink(below) < 0)
			remove_tree(below);
	}
	if (dir)
		closedir(dir);
	return rmdir(path);
}

static int
remove_root(void **state)
{
	(void)state;
	return remove_tree(root);
}

/* Writes TEXT to the file FORMAT of the tree, and makes its folders. */
static void __attribute__((format(printf, 2, 3)))
put(const char *text, const char *format, ...)
{
	char path[300];
	size_t at = (size_t)snprintf(path, sizeof(path), "%s/", root);
	va_list args;
	FILE *out;

	va_start(args, format);
	vsnprintf(path + at, sizeof(path) - at, format, args);
	va_end(args);
	for (char *slash = path + at; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "%s\n", text);
	fclose(out);
}

/* CPUS in all; CPU i and i + CORES are siblings where CPUS is 2 * CORES; the
 * cores are divided evenly over NODES, in ascending order. */
static void
make_machine(unsigned cpus, unsigned cores, unsigned nodes)
{
	char text[64], more[128];

	remove_tree(root);
	mkdir(root, 0700);
	snprintf(text, sizeof(text), cpus > 1 ? "0-%u" : "0", cpus - 1);
	put(text, "cpu/online");
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		unsigned core = cpu % cores;

		snprintf(text, sizeof(text), cpus > cores ? "%u,%u" : "%u",
		    core, core + cores);
		put(text, "cpu/cpu%u/topology/core_cpus_list", cpu);
	}
	snprintf(text, sizeof(text), nodes > 1 ? "0-%u" : "0", nodes - 1);
	put(text, "node/online");
	for (unsigned node = 0; node < nodes; node++) {
		unsigned each = cores / nodes, first = node * each;

		snprintf(text, sizeof(text), "%u-%u", first, first + each - 1);
		snprintf(more, sizeof(more), "%s,%u-%u", text, first + cores,
		    first + cores + each - 1);
		put(cpus > cores ? more : text, "node/node%u/cpulist", node);
	}
}

static struct cpu_topology
topology_of(const char *mask_text, double quota)
{
	struct cpu_topology topology;
	struct cpu_list list;
	cpu_set_t mask;

	assert_int_equal(cpu_list_parse(&list, mask_text), 0);
	cpu_list_to_set(&list, &mask);
	cpu_topology_read(&topology, root, &mask, quota);
	return topology;
}

static const char *
usable(const struct cpu_topology *topology)
{
	static char text[100];

	return cpu_list_format(&topology->usable, text, sizeof(text));
}

/* "CLIENT | SERVER", or the reason. */
static const char *
split_with(const struct cpu_topology *topology, const char *client_text,
    const char *server_text)
{
	static char text[500];
	struct cpu_wish client = {0}, server = {0};
	struct cpu_split split;
	char first[100], second[100];

	if (client_text)
		assert_int_equal(cpu_wish_parse(&client, client_text), 0);
	if (server_text)
		assert_int_equal(cpu_wish_parse(&server, server_text), 0);
	if (cpu_split_choose(
		&split, topology, &client, &server, text, sizeof(text)) == 0)
		snprintf(text, sizeof(text), "%s | %s",
		    cpu_list_format(&split.client, first, sizeof(first)),
		    cpu_list_format(&split.server, second, sizeof(second)));
	return text;
}

static const char *
split(const struct cpu_topology *topology)
{
	return split_with(topology, NULL, NULL);
}

/* ---- the topology ---- */

#define ON_A_TREE(name) TEST_WITH(name, make_root, remove_root)

ON_A_TREE(siblings_and_nodes_are_read)
{
	struct cpu_topology t;

	make_machine(8, 4, 2);
	t = topology_of("0-1023", 0);
	assert_string_equal(usable(&t), "0-7");
	assert_int_equal(t.core[6], 2);
	assert_int_equal(t.node[1], 0);
	assert_int_equal(t.node[2], 1);
	assert_int_equal(t.node[7], 1);
}

ON_A_TREE(without_files_each_cpu_is_a_core)
{
	struct cpu_topology t = topology_of("2-5", 0);

	assert_string_equal(usable(&t), "2-5");
	assert_int_equal(t.core[4], 4);
	assert_int_equal(t.node[4], 0);
	assert_string_equal(split(&t), "2-3 | 4-5");
}

ON_A_TREE(the_old_name_of_the_siblings_is_known)
{
	struct cpu_topology t;

	make_machine(4, 4, 1);
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		char path[100];

		snprintf(path, sizeof(path),
		    "%s/cpu/cpu%u/topology/core_cpus_list", root, cpu);
		assert_int_equal(unlink(path), 0);
		put(cpu < 2 ? "0-1" : "2-3",
		    "cpu/cpu%u/topology/thread_siblings_list", cpu);
	}
	t = topology_of("0-3", 0);
	assert_string_equal(split(&t), "0-1 | 2-3");
}

ON_A_TREE(offline_and_masked_cpus_are_left_out)
{
	struct cpu_topology t;

	make_machine(8, 8, 1);
	put("0,2-3,7", "cpu/online");
	t = topology_of("0-2,6-7", 0);
	assert_string_equal(usable(&t), "0,2,7");
	assert_string_equal(split(&t), "0,2 | 7");
}

ON_A_TREE(a_garbled_file_counts_as_missing)
{
	struct cpu_topology t;

	make_machine(2, 2, 1);
	put("what?", "cpu/online");
	put("", "cpu/cpu1/topology/core_cpus_list");
	put("5-", "node/online");
	t = topology_of("0-1", 0);
	assert_string_equal(split(&t), "0 | 1");
}

/* ---- who gets which CPUs ---- */

/* A machine as of make_machine(), what this process may use of it, what the
 * options say, and "CLIENT | SERVER" or words of the reason. */
static const struct choice {
	unsigned cpus, cores, nodes;
	const char *mask;
	double quota;
	const char *client, *server, *expected;
} choices[] = {
    /* Two CPUs are one for each, even if they are siblings. */
    {2, 2, 1, "0-1", 0, NULL, NULL, "0 | 1"},
    {2, 1, 1, "0-1", 0, NULL, NULL, "0 | 1"},
    /* A mask of one cannot be split. */
    {8, 4, 1, "3", 0, NULL, NULL,
	"client and server need a CPU each; this process may use CPU 3"},
    {8, 4, 1, "3", 0, NULL, "3-3",
	"--server-cpus 3-3: leaves no CPU for the client; this process may "
	"use CPU 3"},
    {8, 4, 1, "3", 0, "1", NULL,
	"--client-cpus 1: client and server need a CPU each, so leave the "
	"option out; this process may use CPU 3"},
    {8, 4, 1, "3", 0, "1", "1",
	"--client-cpus 1: leaves no CPU for the server"},
    /* Siblings of a core are on one side; of an odd number of cores, the
     * client has more; the mask leaves some cores one CPU. */
    {8, 4, 1, "0-7", 0, NULL, NULL, "0-1,4-5 | 2-3,6-7"},
    {8, 4, 1, "0-2,4-6", 0, NULL, NULL, "0-1,4-5 | 2,6"},
    {8, 4, 1, "0,1,2,6,7", 0, NULL, NULL, "0-1 | 2,6-7"},
    /* Each side is on one node, where it fits: of 3 and 1 cores, the server's 2
     * fit on node 0 only. */
    {16, 8, 2, "0-15", 0, NULL, NULL, "4-7,12-15 | 0-3,8-11"},
    {16, 8, 2, "0-2,4", 0, NULL, NULL, "0,4 | 1-2"},
    {8, 8, 4, "0-7", 0, NULL, NULL, "4-7 | 0-3"},
    {1024, 512, 8, "0-1023", 0, NULL, NULL, "256-511,768-1023 | 0-255,512-767"},
    /* A quota bounds both sides together. */
    {16, 16, 1, "0-15", 5.5, NULL, NULL, "0-2 | 14-15"},
    {16, 16, 1, "0-15", 0.5, NULL, NULL, "0 | 15"},
    {16, 16, 1, "0-15", 64, NULL, NULL, "0-7 | 8-15"},
    {16, 16, 1, "0-15", 1.5, "1", NULL, "0 | 8-15"},
    {4, 4, 1, "0-2", 0.5, NULL, "1",
	"--server-cpus 1: the CPU quota of this control group is 0.5 CPUs, "
	"less than one: raise it, or leave the option out"},
    /* A number takes one CPU of each core first. */
    {8, 4, 1, "0-7", 0, NULL, "1", "0-1,4-5 | 3"},
    {8, 4, 1, "0-7", 0, NULL, "3", "0,4 | 1-3"},
    {8, 4, 1, "0-7", 0, NULL, "5", "0,4 | 1-3,5-6"},
    {8, 4, 1, "0-7", 0, "2", "2", "0-1 | 2-3"},
    {8, 4, 1, "0-7", 0, "3", NULL, "0-2 | 3,7"},
    {8, 4, 1, "0-7", 0, NULL, "7",
	"--server-cpus 7: only 6 CPUs are left for the server; this process "
	"may use CPUs 0-7"},
    {8, 4, 1, "0-7", 0, "8", NULL, "--client-cpus 8: only 6 CPUs are left"},
    {8, 4, 1, "0-7", 0, "1023", "1", "--client-cpus 1023: only 6 CPUs are"},
    {2, 2, 1, "0-1", 0, "2", NULL,
	"--client-cpus 2: only 1 CPU is left for the client; this process may "
	"use CPUs 0-1"},
    {2, 2, 1, "0-1", 0, "2", "2", "--server-cpus 2: only 1 CPU is left"},
    /* A list is taken as it is, and the rest keeps off its cores. */
    {8, 4, 1, "0-7", 0, NULL, "0-0", "1-2,5-6 | 0"},
    {8, 4, 1, "0-7", 0, "7,6", NULL, "7,6 | 0-1,4-5"},
    {8, 4, 1, "0-7", 0, "0-0", "4-4", "0 | 4"},
    /* One CPU of each core: the other side gets their siblings. */
    {8, 4, 1, "0-7", 0, NULL, "0-3", "4-7 | 0-3"},
    /* Twice is two threads of the client on one CPU; to a server it is once. */
    {8, 4, 1, "0-7", 0, "0,0", NULL, "0,0 | 2-3,6-7"},
    {8, 4, 1, "0-7", 0, "0-0", "5,1,5,1", "0 | 5,1"},
    {4, 4, 1, "0,2", 0, NULL, "0-63",
	"--server-cpus 0-63: CPU 1 is not in the affinity mask; this process "
	"may use CPUs 0,2"},
    {4, 4, 1, "0-2", 0, "2-4", NULL,
	"--client-cpus 2-4: CPU 3 is not in the affinity mask;"},
    {4, 4, 1, "0-7", 0, "3-4", NULL,
	"--client-cpus 3-4: CPU 4 is not online; this process may use CPUs "
	"0-3"},
    {4, 4, 1, "0-3", 0, "0,2", "2-2",
	"--client-cpus 0,2, --server-cpus 2-2: CPU 2 is in both; for one CPU "
	"for both, use --placement shared"},
    {4, 4, 1, "0-3", 0, "0-3", "1-2", "CPU 1 is in both"},
    {2, 2, 1, "0-1", 0, NULL, "0-1",
	"--server-cpus 0-1: leaves no CPU for the client"},
    {2, 2, 1, "0-1", 0, "1", "0-1",
	"--server-cpus 0-1: leaves no CPU for the client"},
    {2, 2, 1, "0-1", 0, "1,0", "1",
	"--client-cpus 1,0: leaves no CPU for the server"},
};

ON_A_TREE(cpus_are_chosen_or_the_reason_is_said)
{
	unsigned failed = 0;

	for (size_t i = 0; i < COUNT_OF(choices); i++) {
		const struct choice *c = &choices[i];
		struct cpu_topology t;
		const char *got;

		/* One tree for neighbours of one machine. */
		if (i == 0 ||
		    memcmp(c, c - 1, offsetof(struct choice, mask)) != 0)
			make_machine(c->cpus, c->cores, c->nodes);
		t = topology_of(c->mask, c->quota);
		got = split_with(&t, c->client, c->server);
		if (strchr(c->expected, '|') ? strcmp(got, c->expected) == 0
					     : strstr(got, c->expected) != NULL)
			continue;
		print_error(
		    "choice %zu: \"%s\", not \"%s\"\n", i, got, c->expected);
		failed++;
	}
	assert_int_equal(failed, 0);
}

/* ---- this machine ---- */

TEST(this_machine_can_be_placed)
{
	struct cpu_placement placement;
	struct cpu_topology t;

	cpu_topology_here(&t);
	assert_true(t.usable.count >= 1);
	cpu_placement_choose(&placement, CPU_PLACEMENT_SPLIT);
	assert_int_equal(placement.kind,
	    t.usable.count > 1 ? CPU_PLACEMENT_SPLIT : CPU_PLACEMENT_SHARED);
	assert_true(placement.client_cpus.count >= 1);
	assert_true(placement.server_cpus.count >= 1);
}

/* ---- the points of the scenario cores ---- */

/* A machine as of make_machine(), the option, the order in which its server
 * takes CPUs, and the points: K of kept, N of new connections, on so many CPUs,
 * and how many servers. */
static const struct {
	unsigned cpus, cores, nodes;
	const char *server, *order, *points;
	uint32_t kept, fresh; /* connections */
} core_cases[] = {
    {2, 2, 1, NULL, "1", "K1 N1 N1x2", 64, 32},
    {3, 3, 1, NULL, "2", "K1 N1 N1x2", 64, 32},
    {8, 8, 1, NULL, "4-7", "K1 K2 K4 N1 N2 N4 N4x2 N4x4", 64, 32},
    {8, 8, 1, "3", "5-7", "K1 K2 K3 N1 N2 N3 N3x2", 64, 32},
    {8, 8, 1, "6", "2-7", "K1 K2 K4 K6 N1 N2 N4 N6 N6x2 N6x4", 64, 32},
    {8, 8, 1, "2,7,3", "2,7,3", "K1 K2 K3 N1 N2 N3 N3x2", 64, 32},
    /* Different cores first. */
    {8, 4, 1, NULL, "2-3,6-7", "K1 K2 K4 N1 N2 N4 N4x2 N4x4", 64, 32},
    {8, 4, 1, "2,6,3,7", "2-3,6-7", "K1 K2 K4 N1 N2 N4 N4x2 N4x4", 64, 32},
    {64, 32, 2, NULL, "0-15,32-47",
	"K1 K2 K4 K8 K16 K32 N1 N2 N4 N8 N16 N32 N32x2 N32x4", 128, 64},
    {1024, 512, 8, NULL, "0-255,512-767",
	"K1 K2 K4 K8 K16 K32 K64 K128 K256 K512 N1 N2 N4 N8 N16 N32 N64 N128 "
	"N256 N512 N512x2 N512x4",
	2048, 1024},
};

static struct cpu_placement
placement_of(unsigned cpus, const char *server_text)
{
	struct cpu_placement placement = {.kind = CPU_PLACEMENT_SPLIT};
	struct cpu_topology t;
	struct cpu_wish none = {0}, server = {0};
	struct cpu_split split;
	char mask[20], why[400];

	snprintf(mask, sizeof(mask), "0-%u", cpus - 1);
	t = topology_of(mask, 0);
	if (server_text)
		assert_int_equal(cpu_wish_parse(&server, server_text), 0);
	assert_int_equal(
	    cpu_split_choose(&split, &t, &none, &server, why, sizeof(why)), 0);
	placement.server_cpus = split.server;
	cpu_split_order(&split.server, &t, &placement.server_order);
	cpu_list_to_set(&split.server, &placement.server);
	return placement;
}

static const char *
points_of(const struct variation *v)
{
	static char text[400];
	size_t len = 0;

	for (text[0] = '\0'; v->key; v++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s%c%u", len ? " " : "", v->churn ? 'N' : 'K', v->cpus);
		if (v->servers)
			len += (size_t)snprintf(
			    text + len, sizeof(text) - len, "x%u", v->servers);
	}
	return text;
}

ON_A_TREE(cores_doubles_the_servers_cpus_up_to_all)
{
	for (size_t i = 0; i < COUNT_OF(core_cases); i++) {
		struct variation points[POINTS_MAX + 1];
		struct cpu_placement placement;
		char text[100];

		make_machine(core_cases[i].cpus, core_cases[i].cores,
		    core_cases[i].nodes);
		placement =
		    placement_of(core_cases[i].cpus, core_cases[i].server);
		assert_string_equal(cpu_list_format(&placement.server_order,
					text, sizeof(text)),
		    core_cases[i].order);
		core_points(points, &placement);
		assert_string_equal(points_of(points), core_cases[i].points);
		for (const struct variation *v = points; v->key; v++) {
			assert_int_equal(
			    v->connections, v->churn ? core_cases[i].fresh
						     : core_cases[i].kept);
			assert_int_equal(v->options != NULL, v->servers > 1);
		}
	}
}

ON_A_TREE(a_point_has_the_first_cpus_of_the_order)
{
	struct cpu_placement placement;
	cpu_set_t wanted;
	char text[100];

	make_machine(8, 4, 1);
	placement = placement_of(8, NULL);
	cpu_placement_take(&placement, 0);
	assert_int_equal(CPU_COUNT(&placement.server), 4);
	cpu_placement_take(&placement, 3);
	assert_string_equal(
	    cpu_list_format(&placement.server_cpus, text, sizeof(text)),
	    "2-3,6");
	cpu_list_to_set(&placement.server_cpus, &wanted);
	assert_true(CPU_EQUAL(&placement.server, &wanted));
	cpu_placement_take(&placement, 9);
	assert_int_equal(placement.server_cpus.count, 3);
}

TEST(what_cores_cannot_show_here_is_said)
{
	struct cpu_placement placement = {0};
	struct variation points[POINTS_MAX + 1];
	char note[200];

	core_points(points, &placement);
	assert_string_equal(points_of(points), "K1 N1 N1x2");
	core_points_note(&placement, note, sizeof(note));
	assert_non_null(strstr(note, "one CPU here, so there is no speed-up"));
	placement.server_order.count = 2;
	assert_string_equal(
	    core_points_note(&placement, note, sizeof(note)), "");
	placement.kind = CPU_PLACEMENT_FREE;
	core_points_note(&placement, note, sizeof(note));
	assert_non_null(strstr(note, "free, client and server share CPUs"));
}

RUN_TESTS(NULL, NULL)
