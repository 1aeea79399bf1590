/* SPDX-License-Identifier: MIT */
/* cli: signals, limits, targets and files, as every verb needs them. */
#include "common/cli/cli.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/hint.h"
#include "common/base/log.h"
#include "common/base/process.h"
#include "common/launch/supervisor.h"
#include "common/net/tls_client.h"
#include "common/sysinfo/usage.h"

/* Standard ones, epoll, a file or two. */
#define OWN_DESCRIPTORS 16

volatile int cli_interrupted;
volatile bool cli_second_interrupt_is_told;

/* timeout(1) sends its SIGTERM twice at once, to us and to our group. */
#define TWICE_NS (100 * NS_PER_MS)

/* Engines of other threads read it. */
static void
set_interrupted(int signal)
{
	__atomic_store_n(&cli_interrupted, signal, __ATOMIC_RELAXED);
}

/* The first ends the run, with its results so far; the second one, all. */
static void
on_interrupt(int signal)
{
	static volatile uint64_t first_ns;

	if (!cli_interrupted)
		first_ns = now_ns();
	else if (signal == SIGTERM && now_ns() - first_ns < TWICE_NS)
		return;
	if (cli_interrupted > 0 && cli_second_interrupt_is_told) {
		set_interrupted(-signal);
		return;
	}
	if (cli_interrupted) {
		supervisor_kill_all();
		usage_group_remove_all();
		output_discard_all();
		_exit(128 + signal);
	}
	set_interrupted(signal);
}

/* What our parent had ignored, as nohup(1) does, stays so. */
static void
take_signal(int signal)
{
	struct sigaction act = {.sa_handler = on_interrupt}, old;

	sigaction(signal, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(signal, &act, NULL);
}

void
cli_take_interrupts(void)
{
	take_signal(SIGINT);
	take_signal(SIGTERM);
	take_signal(SIGHUP);
}

void
cli_raise_descriptors(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max < OWN_DESCRIPTORS)
		die(1,
		    "the client needs %d file descriptors, but the hard limit "
		    "is %llu: raise it (ulimit -Hn)",
		    OWN_DESCRIPTORS, (unsigned long long)limit.rlim_max);
}

struct target
cli_resolve(const char *text)
{
	struct target target;
	char why[HINT_MAX + 128];

	if (target_resolve(text, &target, why, sizeof(why)) < 0)
		die(errno == EINVAL ? 2 : 1, "%s: %s", text[0] ? text : "''",
		    why);
	return target;
}

const char *
cli_refused_advice(int error)
{
	if (error != ECONNREFUSED && error != ENOENT)
		return "";
	return ": nothing listens there; start a server first (for example "
	       "./server_thread), or check the address";
}

/* An option of TLS, where the target is none. */
static void
refuse_tls(const char *option, const char *value)
{
	if (value)
		usage_error("--%s%s%.200s: requires a TARGET tls:HOST:PORT or, "
			    "for load, https://HOST",
		    option, value[0] ? " " : "", value);
}

struct tls_client *
cli_open_tls(const struct target *target, const struct cli_tls *config)
{
	struct tls_client *tls;
	char why[300];

	if (target->kind != TARGET_TLS) {
		refuse_tls("tls-ca", config->ca);
		refuse_tls("tls-cert", config->cert);
		refuse_tls("tls-key", config->key);
		refuse_tls("insecure", config->insecure ? "" : NULL);
		return NULL;
	}
	if (!config->cert != !config->key)
		usage_error("--tls-%s %.200s: --tls-%s is missing; give both",
		    config->cert ? "cert" : "key",
		    config->cert ? config->cert : config->key,
		    config->cert ? "key" : "cert");
	if (config->insecure && config->ca)
		usage_error("--insecure: checks no certificate, so leave "
			    "--tls-ca %.200s out",
		    config->ca);
	tls = tls_client_open(target->host, config->ca, config->cert,
	    config->key, why, sizeof(why));
	if (!tls)
		die(1, "TLS: %s", why);
	if (config->insecure) {
		tls_client_trust_all(tls);
		log_warn(CLI_INSECURE_WARNING);
	}
	return tls;
}

/* As messages call it. */
static const char *
output_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard output" : path;
}

struct output
cli_open_output(const char *path)
{
	struct output output;

	if (output_open(&output, path) < 0)
		die(cli_interrupted ? 128 + cli_interrupted : 1, "%s: %s",
		    output_name(path), strerror(errno));
	return output;
}

void
cli_refuse_one_file(const char *option, const char *path, const char *other,
    const char *other_path)
{
	if (!path || !other_path || output_is_stdout(path) ||
	    output_is_stdout(other_path) ||
	    !output_is_one_file(path, other_path))
		return;
	usage_error("--%s %.200s: --%s writes that file; name another one",
	    option, path, other);
}

/* With nothing measured, what is older says more. */
static bool
keep_older(struct output *output, bool measured)
{
	if (measured || !output->was_there)
		return false;
	log_warn("%s was left as it was, because nothing was measured",
	    output->path);
	output_discard(output);
	return true;
}

int
cli_close_output(struct output *output, bool measured)
{
	char *name = output->path ? strdup(output_name(output->path)) : NULL;
	const char *why = NULL;

	if (!keep_older(output, measured) && output_close(output, &why) < 0)
		log_always("%s: %s", name ? name : "output", why);
	free(name);
	return why ? -1 : 0;
}

FILE *
cli_words_for(const char *json)
{
	return output_is_stdout(json) ? stderr : stdout;
}
