/* SPDX-License-Identifier: MIT */
/* lab_server: starts a server below a supervisor, with its output in memory. */
#include "common/lab/lab_server.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/process.h"
#include "common/base/program.h"
#include "common/base/trace.h"
#include "common/lab/lab_limits.h"
#include "common/lab/lab_word.h"
#include "common/launch/inherited.h"
#include "common/sysinfo/proc_tree.h"

#define TURN_MS 50
#define START_MOST_NS (60 * NS_PER_S)
/* Of a program that is not shipped: one that spins, a log that grows. */
static const struct lab_limits PROGRAM_LIMITS = {60, 64 << 20};
#define READY_FD 3 /* of the server */
#define TRACE_PATH 1024

/* ---- programs ---- */

const char *
lab_program(const char *model)
{
	static char paths[3][2200];
	static const char *const forms[2][2] = {
	    {"server_", "perconn-server-"}, {"", "perconn-"}};
	char dir[2048], here[2048];
	bool client = strcmp(model, "client") == 0;
	char *path = paths[client ? 2 : strcmp(model, "fork") == 0 ? 1 : 0];

	if (program_folder(dir, sizeof(dir)) < 0)
		return NULL;
	if (getcwd(here, sizeof(here)) && strcmp(here, dir) == 0)
		strcpy(dir, ".");
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(paths[0]), "%s/%s%s", dir,
		    forms[client][i], model);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

const char *
lab_client_word(void)
{
	static char word[LAB_WORD];
	const char *path = lab_program("client");

	return lab_word(word, sizeof(word), path ? path : "client");
}

/* ---- the machine ---- */

/* Nothing is sent: the kernel only looks for a route. */
static bool
reaches_itself(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), status;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	status = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof(to));
	if (fd >= 0)
		close(fd);
	return status == 0;
}

bool
lab_has_basics(struct lab_run *run)
{
	if (access("/proc/self/exe", F_OK) < 0)
		lab_cannot(run,
		    "there is no /proc, in which a lab looks at its servers: "
		    "mount -t proc proc /proc",
		    "没有 /proc，实验要在那里观察服务器：mount -t proc proc "
		    "/proc");
	else if (!reaches_itself())
		lab_cannot(run,
		    "127.0.0.1 cannot be reached: %s: ip link set lo up",
		    "无法连到 127.0.0.1：%s：ip link set lo up",
		    strerror(errno));
	return !run->cannot[0];
}

/* ---- start ---- */

struct start {
	const struct lab_plan *plan;
	const char *program;
	const struct lab_server *server;
	int ready;
	char trace[TRACE_PATH]; /* "": none */
};

static void
command_line(
    const struct start *start, const char *program, char *text, size_t size)
{
	const struct lab_plan *plan = start->plan;
	char trace[LAB_WORD] = "";

	if (start->trace[0])
		lab_word(trace, sizeof(trace), start->trace);
	snprintf(text, size,
	    "%s%s --listen 127.0.0.1:0 --ready-fd 3 --ledger -%s%s%s%s",
	    plan->before ? plan->before : "", program,
	    trace[0] ? " --trace " : "", trace,
	    plan->options && plan->options[0] ? " " : "",
	    plan->options ? plan->options : "");
}

/* PATH as the user would write it in this folder. */
static const char *
shown_path(const char *path)
{
	char here[2048];
	size_t len;

	if (!getcwd(here, sizeof(here)))
		return path;
	len = strlen(here);
	return strncmp(path, here, len) == 0 && path[len] == '/'
		   ? path + len + 1
		   : path;
}

/* In the server's process. "$0" is the program, whatever its path has in it. */
static void
exec_server(void *context, int log)
{
	const struct start *start = context;
	char text[4096];

	(void)log; /* its messages are to be kept, and all of them */
	process_restore_signals();
	inherited_restore();
	inherited_restore_cpus();
	command_line(start, "exec \"$0\"", text, sizeof(text));
	if (start->plan->program)
		lab_limits_set(&PROGRAM_LIMITS);
	dup2(start->server->ledger, STDOUT_FILENO);
	dup2(start->server->messages, STDERR_FILENO);
	/* By way of another number: it may have READY_FD already, and be closed
	 * by exec. */
	dup2(fcntl(start->ready, F_DUPFD_CLOEXEC, READY_FD + 1), READY_FD);
	close(STDIN_FILENO);
	open("/dev/null", O_RDONLY);
	execl("/bin/sh", "sh", "-c", text, start->program, (char *)NULL);
	dprintf(STDERR_FILENO, "/bin/sh: %s\n", strerror(errno));
}

/* The last line of the server's messages, or what else is known of its end. */
static void
cannot_start(
    struct lab_run *run, const struct lab_server *server, const char *program)
{
	char text[4096], *line;
	size_t len;

	lab_server_messages(server, NULL, text, sizeof(text));
	len = strlen(text);
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	line = strrchr(text, '\n');
	lab_cannot(run, "%.100s does not start: %.200s",
	    "%.100s 无法启动：%.200s", program, line ? line + 1 : text);
}

/* The CPU time that PID has used; 0: unknown. */
static uint64_t
cpu_ns(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) == 0 ? clock_ns(clock) : 0;
}

/* Reads "127.0.0.1:PORT\n". A server that fills its memory is not stuck: it has
 * longer as long as it uses CPU time. */
static bool
await_ready(struct lab_run *run, struct lab_server *server, int ready)
{
	uint64_t start = now_ns(), used = 0;
	uint64_t deadline = start + LAB_TIMEOUT_MS * NS_PER_MS;
	struct pollfd wait = {ready, POLLIN, 0};
	ssize_t n;

	while (!*run->stop && now_ns() < deadline) {
		uint64_t now_used = cpu_ns(server->pid);

		if (now_used > used)
			deadline = now_ns() + LAB_TIMEOUT_MS * NS_PER_MS;
		if (deadline > start + START_MOST_NS)
			deadline = start + START_MOST_NS;
		used = now_used;
		if (poll(&wait, 1, TURN_MS) <= 0)
			continue;
		n = read(ready, server->where, sizeof(server->where) - 1);
		server->where[n > 0 ? n : 0] = '\0';
		server->where[strcspn(server->where, "\n")] = '\0';
		return address_parse(server->where, &server->address) == 0;
	}
	return false;
}

static void
note_task(pid_t pid, pid_t tid, void *context)
{
	struct lab_server *server = context;

	(void)pid;
	if (server->own_count < LAB_OWN_TASKS)
		server->own[server->own_count++] = tid;
}

static void
note_tasks(pid_t pid, void *server)
{
	proc_tree_tasks(pid, note_task, server);
}

static int
memory_file(const char *name)
{
	return memfd_create(name, MFD_CLOEXEC);
}

static struct lab_server *
new_server(struct lab_run *run, const struct lab_plan *plan)
{
	struct lab_server *server = NULL;
	size_t i = 0;

	while (i < LAB_SERVERS && run->servers[i])
		i++;
	if (i < LAB_SERVERS)
		server = calloc(1, sizeof(*server));
	if (!server) {
		lab_cannot(run, "no memory for one more server",
		    "没有内存再启动一个服务器");
		return NULL;
	}
	server->model = plan->model;
	server->messages = memory_file("messages");
	server->ledger = memory_file("ledger");
	server->trace = -1;
	return run->servers[i] = server;
}

/* The server makes another file, so this one gives its space back. */
static bool
has_room(int fd)
{
	return posix_fallocate(fd, 0, (TRACE_FILE_MIB + 1) << 20) == 0 &&
	       ftruncate(fd, 0) == 0;
}

/*
 * A server makes its trace by another name and renames it, so the trace has to
 * be a file: it has a name until the server listens, and is gone when the last
 * process that has it open has ended.
 */
static void
name_trace(struct start *start)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	snprintf(start->trace, TRACE_PATH, "%.900s/perconn-lab-XXXXXX",
	    dir && dir[0] ? dir : "/tmp");
	fd = mkostemp(start->trace, O_CLOEXEC);
	if (fd >= 0 && has_room(fd)) {
		close(fd);
		return;
	}
	if (fd >= 0) {
		unlink(start->trace);
		close(fd);
	}
	start->trace[0] = '\0'; /* a picture without a timeline */
}

static void
take_trace(struct start *start, struct lab_server *server)
{
	if (!start->trace[0])
		return;
	server->trace = open(start->trace, O_RDONLY | O_CLOEXEC);
	unlink(start->trace);
}

/* Starts the process and waits until it listens. */
static bool
start_server(struct lab_run *run, struct start *start,
    struct lab_server *server, int ready[2])
{
	start->ready = ready[1];
	server->pid =
	    supervisor_start(&server->supervisor, SIGTERM, exec_server, start);
	close(ready[1]);
	if (server->pid < 0) {
		server->pid = 0;
		lab_cannot(run, "cannot start a process: %s",
		    "无法启动进程：%s", strerror(errno));
		return false;
	}
	if (await_ready(run, server, ready[0]))
		return true;
	lab_server_await_end(server, 1000);
	cannot_start(run, server, start->program);
	lab_server_stop(run, server);
	return false;
}

struct lab_server *
lab_server_start_plan(struct lab_run *run, const struct lab_plan *plan)
{
	struct start start = {.plan = plan};
	struct lab_server *server;
	char text[4096], word[LAB_WORD];
	int ready[2];
	bool ok;

	if (lab_is_over(run))
		return NULL;
	start.program =
	    plan->program ? plan->program : lab_program(plan->model);
	if (!start.program) {
		lab_cannot(run,
		    "there is no server_%s beside this client: run make",
		    "client 旁边没有 server_%s：请运行 make", plan->model);
		return NULL;
	}
	server = new_server(run, plan);
	if (!server || pipe2(ready, O_CLOEXEC) < 0)
		return NULL;
	start.server = server;
	if (plan->trace)
		name_trace(&start);
	command_line(&start,
	    lab_word(word, sizeof(word), shown_path(start.program)), text,
	    sizeof(text));
	lab_command(run, "%s 3>&1", text);
	ok = start_server(run, &start, server, ready);
	take_trace(&start, server);
	close(ready[0]);
	if (!ok)
		return NULL;
	proc_tree_walk(server->pid, note_tasks, server);
	lab_say(run, "pid %d, listening on %s", "进程 %d，监听 %s",
	    (int)server->pid, server->where);
	return server;
}

struct lab_server *
lab_server_start(
    struct lab_run *run, const char *model, const char *options, ...)
{
	struct lab_plan plan = {.model = model};
	char text[2048];
	va_list args;

	va_start(args, options);
	vsnprintf(text, sizeof(text), options, args);
	va_end(args);
	plan.options = text;
	return lab_server_start_plan(run, &plan);
}

/* ---- end ---- */

bool
lab_server_await_end(struct lab_server *server, int timeout_ms)
{
	struct supervisor_report report;

	if (server->ended)
		return true;
	if (!server->pid ||
	    !supervisor_receive(&server->supervisor, timeout_ms, &report))
		return false;
	server->ended = true;
	server->status = report.lost ? 0 : report.status;
	supervisor_end(&server->supervisor, &report);
	server->pid = 0;
	return true;
}

void
lab_timeline_ends(struct lab_server *server, uint64_t end_ns)
{
	server->timeline_ends_ns = end_ns;
}

void
lab_server_stop(struct lab_run *run, struct lab_server *server)
{
	struct supervisor_report report;

	if (!server->pid || lab_server_await_end(server, 0))
		return;
	if (!lab_is_over(run))
		lab_command(run, "kill -TERM %d", (int)server->pid);
	supervisor_end(&server->supervisor, &report);
	server->pid = 0;
}

bool
lab_server_signal(
    struct lab_run *run, struct lab_server *server, pid_t process, int signal)
{
	if (!server->pid || lab_is_over(run) ||
	    !proc_tree_is_below(process, server->pid))
		return false;
	lab_command(run, "kill -%s %d", sigabbrev_np(signal), (int)process);
	if (kill(process, signal) < 0)
		return false;
	if (signal == SIGKILL || signal == SIGSEGV) {
		server->killed.process = process;
		server->killed.signal = signal;
		server->killed.at_ns = now_ns();
	}
	return true;
}

void
lab_servers_stop(struct lab_run *run)
{
	for (size_t i = 0; i < LAB_SERVERS && run->servers[i]; i++)
		lab_server_stop(run, run->servers[i]);
}

void
lab_servers_release(struct lab_run *run)
{
	lab_servers_stop(run);
	for (size_t i = 0; i < LAB_SERVERS && run->servers[i]; i++) {
		struct lab_server *server = run->servers[i];

		close(server->messages);
		close(server->ledger);
		if (server->trace >= 0)
			close(server->trace);
		free(server);
		run->servers[i] = NULL;
	}
}

/* ---- what it wrote ---- */

/* All of the file, or what fits; with a NUL. */
static void
read_all(int fd, char *buf, size_t size)
{
	ssize_t n = pread(fd, buf, size - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
}

size_t
lab_server_messages(
    const struct lab_server *server, const char *needle, char *buf, size_t size)
{
	size_t count = 0;
	const char *at;

	read_all(server->messages, buf, size);
	if (!needle)
		needle = "\n";
	for (at = buf; (at = strstr(at, needle)); at += strlen(needle))
		count++;
	return count;
}

bool
lab_server_ledger(const struct lab_server *server, struct ledger_view *ledger)
{
	char text[1024];
	json_t *root;
	json_int_t accepted, active, served, refused, timed_out, failed,
	    crashed;
	bool ok;

	read_all(server->ledger, text, sizeof(text));
	root = json_loads(text, 0, NULL);
	ok = root && json_unpack(root, "{sI sI sI sI sI sI sI}", "accepted",
			 &accepted, "active", &active, "served", &served,
			 "refused", &refused, "timed_out", &timed_out, "failed",
			 &failed, "crashed", &crashed) == 0;
	if (ok)
		*ledger = (struct ledger_view){(uint64_t)accepted,
		    (uint64_t)active, (uint64_t)served, (uint64_t)refused,
		    (uint64_t)timed_out, (uint64_t)failed, (uint64_t)crashed};
	json_decref(root);
	return ok;
}

bool
lab_servers_short(struct lab_run *run)
{
	static const char *const signs[] = {
	    "no worker: ", "accept: ", "connections are taken"};
	static char text[16384];

	for (size_t i = 0; i < LAB_SERVERS && run->servers[i]; i++) {
		read_all(run->servers[i]->messages, text, sizeof(text));
		for (size_t s = 0; s < 3; s++) {
			const char *at = strstr(text, signs[s]);

			if (!at)
				continue;
			lab_cannot(run,
			    "a server had no room for a client (%.*s): raise "
			    "the limits of descriptors and processes",
			    "服务器容不下一个客户端（%.*s）：请提高描述符数和"
			    "进程数的上限",
			    (int)strcspn(at, "\n"), at);
			return true;
		}
	}
	return false;
}
