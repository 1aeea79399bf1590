/* SPDX-License-Identifier: MIT */
/*
 * lab_server: the real servers of a lab, and who serves which connection.
 *
 * A server runs below a supervisor (common/launch/supervisor.h), so that no
 * process of it survives the client, however that ends. It leaves no file: its
 * messages and its ledger go to memory (memfd_create(2)), and its trace has a
 * name only until the server listens. Each command is printed before it is
 * carried out. Servers that a lab has not stopped are stopped after it.
 *
 * Where something fails, the run is over (lab_cannot()), and the function
 * returns NULL, -1 or false: the lab just returns. So it does when the user has
 * pressed Ctrl-C.
 */
#ifndef COMMON_LAB_LAB_SERVER_H
#define COMMON_LAB_LAB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/lab/lab.h"
#include "common/launch/supervisor.h"
#include "common/load/load_result.h"
#include "common/net/address.h"
#include "common/net/ledger.h"

#define LAB_OWN_TASKS 8

struct lab_server {
	const char *model; /* "thread" or "fork" */
	pid_t pid;	   /* of the server itself; 0: it has ended */
	struct supervisor supervisor;
	struct address address;
	char where[ADDRESS_TEXT_MAX]; /* the address as text */
	bool ended;		      /* by itself; then STATUS is set */
	int status;		      /* as of waitpid(2) */
	int messages, ledger, trace;  /* descriptors; -1: none */
	/* Tasks that it has without a connection. */
	pid_t own[LAB_OWN_TASKS];
	size_t own_count;
	/* The latest deadly signal that the lab sent: the pictures show it.
	 * PROCESS 0: none. */
	struct {
		pid_t process;
		int signal;
		uint64_t at_ns; /* CLOCK_MONOTONIC */
	} killed;
	uint64_t
	    timeline_ends_ns; /* lab_timeline_ends(); 0: it was not called */
};

struct lab_plan {
	const char *model;   /* "thread" or "fork" */
	const char *program; /* NULL: the shipped server of that model */
	const char *before;  /* shell words before it: "ulimit -n 64; "; NULL */
	const char *options; /* as a shell takes them; NULL: none */
	bool trace;	     /* records the workers, for lab_timeline() */
};

/* ---- a server ---- */

/* Starts the shipped server of MODEL; the format makes its options. Listens on
 * a free port of 127.0.0.1. */
struct lab_server *
lab_server_start(struct lab_run *run, const char *model, const char *options,
    ...) __attribute__((format(printf, 3, 4)));

struct lab_server *
lab_server_start_plan(struct lab_run *run, const struct lab_plan *plan);

/* The timeline ends at END_NS (CLOCK_MONOTONIC): what the lab does after that
 * to end this server and its clients is no part of the experiment. */
void
lab_timeline_ends(struct lab_server *server, uint64_t end_ns);

/* Ends it with all its workers, by SIGTERM and then SIGKILL, and reads its
 * ledger. Harmless if it has ended. SERVER is still valid. */
void
lab_server_stop(struct lab_run *run, struct lab_server *server);

/* Waits up to TIMEOUT_MS for the server to end by itself, or of a signal that
 * the lab sent; then sets ENDED and STATUS. */
bool
lab_server_await_end(struct lab_server *server, int timeout_ms);

/* Sends SIGNAL to PROCESS, which must be one of the server's; prints `kill`.
 * The timeline shows SIGKILL and SIGSEGV. */
bool
lab_server_signal(
    struct lab_run *run, struct lab_server *server, pid_t process, int signal);

/* Its messages so far, as one text in BUF. Returns how often NEEDLE (NULL: a
 * line) is in it. */
size_t
lab_server_messages(const struct lab_server *server, const char *needle,
    char *buf, size_t size);

/* The ledger of a server that was stopped. False if it wrote none: it was
 * killed. */
bool
lab_server_ledger(const struct lab_server *server, struct ledger_view *ledger);

/* ---- its workers ---- */

struct lab_worker {
	pid_t pid, tid;
	int fd;	    /* the number of its connection there; -1: unknown */
	char state; /* as proc_pid_stat(5): R, S, D, T, Z */
};

/* Its tasks except the accept loop, zombies included. Returns how many there
 * are; the first MAX of them are at WORKERS. */
size_t
lab_server_workers(
    const struct lab_server *server, struct lab_worker *workers, size_t max);

/* Waits until it has COUNT workers (a deadline of 10 s). */
bool
lab_server_await_workers(
    struct lab_run *run, struct lab_server *server, size_t count);

/* The processes that have the server's end of the connection FD open, and its
 * number there. Returns how many there are. */
size_t
lab_server_holders(const struct lab_server *server, int fd,
    struct lab_worker *holders, size_t max);

/* Open descriptors of PROCESS. */
size_t
lab_open_descriptors(pid_t process);

/* ---- clients ---- */

#define LAB_TIMEOUT_MS 10000

/* Prints a command that does what COUNT clients of the lab do now, at the same
 * time and in the background; 0: one that the shell waits for. INPUT is the
 * shell's command that makes their lines: "echo hello". */
void
lab_talk_command(struct lab_run *run, const struct lab_server *server,
    size_t count, const char *input);

/* Connects. Returns a descriptor, which the caller closes; or -1. */
int
lab_connect(struct lab_run *run, const struct lab_server *server);

/* Sends all of TEXT. False if that fails or lasts LAB_TIMEOUT_MS; not a reason
 * to end the run. */
bool
lab_send(int fd, const char *text);

/*
 * Receives up to and with a line feed, or until SIZE - 1 bytes, within
 * TIMEOUT_MS. Returns the number of bytes, and BUF ends with a NUL; 0: end of
 * file; -1 with errno (ETIMEDOUT, ECONNRESET).
 */
ssize_t
lab_receive_line(int fd, char *buf, size_t size, int timeout_ms);

/* Sends LINE and receives the answer, or the run is over. */
bool
lab_ask(struct lab_run *run, int fd, const char *line, char *buf, size_t size);

/* Whether end of file comes within TIMEOUT_MS; other bytes are read away. */
bool
lab_sees_end(int fd, int timeout_ms);

/* ---- a load, with the engine of `client load` ---- */

struct lab_load {
	const char *protocol; /* NULL: echo */
	unsigned connections;
	bool churn;
	double rate;	   /* 0: closed loop */
	unsigned requests; /* 0: DURATION_MS counts */
	unsigned duration_ms;
	unsigned timeout_ms; /* 0: LAB_TIMEOUT_MS */
	unsigned size;	     /* 0: 64 */
};

/* Prints the same load as a `client load` command, and runs it, for 10 s at
 * most where REQUESTS count. RESULT is of the caller, made by
 * load_result_init(). The run is over if no request is answered. */
bool
lab_load(struct lab_run *run, const struct lab_server *server,
    const struct lab_load *load, struct load_result *result);

/* ---- for the framework ---- */

/* Whether this machine has what every lab needs: /proc, and 127.0.0.1. If not,
 * the run is over. */
bool
lab_has_basics(struct lab_run *run);

/* Whether a server had no worker or no descriptor for a client, by its
 * messages: the limits of this machine, and not what the lab shows. Then the
 * run is over. */
bool
lab_servers_short(struct lab_run *run);

/* Stops all servers that still run. */
void
lab_servers_stop(struct lab_run *run);

/* And frees them. */
void
lab_servers_release(struct lab_run *run);

/* The path of the program of MODEL ("thread", "fork") or "client" beside this
 * client, as built or as installed, as the user would write it; NULL: there is
 * none. A static buffer for each. */
const char *
lab_program(const char *model);

/* This client as a shell takes it. A static buffer. */
const char *
lab_client_word(void);

#endif
