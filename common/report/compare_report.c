/* SPDX-License-Identifier: MIT */
/* compare_report: one comparison, rendered. */
#include "common/report/compare_report.h"

#include <math.h>
#include <string.h>

#include "common/base/units.h"
#include "common/report/json.h"

static double
cpu_us(const struct finding *f)
{
	return f->cost.cpu_us;
}

static double
memory_kib(const struct finding *f)
{
	double sum = 0;
	bool any = false;

	for (int k = 0; k < MEMORY_KINDS; k++) {
		if (isfinite(f->cost.memory_kib[k])) {
			sum += f->cost.memory_kib[k];
			any = true;
		}
	}
	return any ? sum : NAN;
}

/* Bytes of the server may be in TEXT, and shall not drive a terminal. */
static void
put_escaped(const char *text, FILE *out)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		fprintf(out, c >= 0x20 && c < 0x7f ? "%c" : "\\x%02x", c);
	}
}

static void
print_verdict(const struct comparison *c, const struct finding *f,
    const char *name, FILE *out)
{
	fprintf(out, "  %s against %s: ", name, c->servers[0].name);
	if (f->has_ratio && f->usable)
		fprintf(out, "%.3f times as good [%.3f, %.3f]\n    ",
		    f->ratio.value, f->ratio.low, f->ratio.high);
	fprintf(out, "%s, ", VERDICT_WORDS[f->verdict]);
	put_escaped(f->reason, out);
	fprintf(out, "\n");
}

static void
print_finding(const struct finding *f, const char *name, FILE *out)
{
	if (!f->usable) {
		fprintf(out, "  %-10s no result\n", name);
		return;
	}
	fprintf(out,
	    "  %-10s %.6g [%.6g, %.6g] cpu %.1f us, %.1f KiB each, p50 %.0f "
	    "p99 %.0f, %llu errors, little %.3f, client %.2f, dropped %zu of "
	    "%zu\n",
	    name, f->value.value, f->value.low, f->value.high, cpu_us(f),
	    memory_kib(f), f->latency.p50, f->latency.p99,
	    (unsigned long long)f->errors, f->little, f->client_busy,
	    f->dropped, f->dropped + f->slices);
}

static void
print_point(const struct comparison *c, const struct point *p, FILE *out)
{
	const struct finding *control = &p->findings[c->server_count];

	for (size_t i = 0; i < p->setting_count; i++) {
		const struct setting *s = &p->settings[i];

		if (s->text[0])
			fprintf(out, "  %s %s", s->key, s->text);
		else
			fprintf(out, "  %s %g", s->key, s->number);
	}
	fprintf(out, "\n");
	for (size_t i = 0; i < c->server_count; i++)
		print_finding(&p->findings[i], c->servers[i].name, out);
	for (size_t i = 1; i < c->server_count; i++)
		print_verdict(c, &p->findings[i], c->servers[i].name, out);
	if (p->findings[0].verdict == INVALID) {
		fprintf(out, "  %s: ", c->servers[0].name);
		put_escaped(p->findings[0].reason, out);
		fprintf(out, "\n");
	}
	if (control->usable && control->has_ratio)
		fprintf(out,
		    "  control, %s twice: %.3f [%.3f, %.3f] (1 is what it "
		    "should be)\n",
		    c->servers[0].name, control->ratio.value,
		    control->ratio.low, control->ratio.high);
}

void
compare_report_print(const struct comparison *c, FILE *out, bool colour)
{
	const struct machine *m = &c->before;

	(void)colour;
	fprintf(out,
	    "%s, %s%s\n%d CPUs, %.0f GiB; load average %.2f before, %.2f "
	    "after\nplacement %s\n%zu blocks, %zu quads, slices of %.0f ms; "
	    "seed %llu; %.0f s\n",
	    m->kernel, m->cpu, m->virtual_machine ? " (virtual)" : "", m->cpus,
	    m->memory_gib, m->load_average, c->after.load_average, c->placed,
	    c->blocks, c->quads, 1e3 * c->slice_s, (unsigned long long)c->seed,
	    c->seconds);
	for (size_t i = 0; i < c->server_count; i++)
		fprintf(out, "%s: %s\n", c->servers[i].name,
		    c->servers[i].image[0] ? c->servers[i].image
					   : "image unknown");
	for (size_t i = 0; i < c->scenario_count; i++) {
		const struct outcome *o = &c->scenarios[i];

		fprintf(out, "\n%s: %s\n  %s (%s, %s)\n", o->name, o->load,
		    o->question, o->metric, o->unit);
		for (size_t k = 0; k < o->point_count; k++)
			print_point(c, &o->points[k], out);
	}
	if (c->interrupted)
		fprintf(out, "Interrupted: what was done until then.\n");
}

static void
json_estimate(
    struct json *j, const struct estimate *e, const char *value, bool known)
{
	json_double(j, value, known ? e->value : NAN);
	json_double(j, "low", known ? e->low : NAN);
	json_double(j, "high", known ? e->high : NAN);
}

static void
json_latency_of(struct json *j, const char *key, const struct latency *l)
{
	if (isnan(l->p50)) {
		json_null(j, key);
		return;
	}
	json_object(j, key);
	json_double(j, "min", l->min);
	json_double(j, "mean", l->mean);
	json_double(j, "p50", l->p50);
	json_double(j, "p90", l->p90);
	json_double(j, "p99", l->p99);
	json_double(j, "p99.9", l->p99_9);
	json_double(j, "max", l->max);
	json_end(j);
}

static void
json_result(struct json *j, const struct finding *f, const char *name)
{
	json_object(j, NULL);
	json_string(j, "server", name);
	json_estimate(j, &f->value, "value", f->usable);
	json_double(j, "cpu_us_per_request", f->usable ? cpu_us(f) : NAN);
	json_latency_of(j, "latency_us", &f->latency);
	json_latency_of(j, "service_us", &f->service);
	json_double(j, "memory_kib_per_connection", memory_kib(f));
	json_uint(j, "errors", f->errors);
	json_uint(j, "requests", f->requests);
	json_double(j, "little", f->little);
	json_double(j, "client_busy", f->client_busy);
	json_end(j);
}

static void
json_point(struct json *j, const struct comparison *c, const struct point *p)
{
	const struct finding *control = &p->findings[c->server_count];

	json_object(j, NULL);
	json_object(j, "at");
	for (size_t i = 0; i < p->setting_count; i++) {
		if (p->settings[i].text[0])
			json_string(j, p->settings[i].key, p->settings[i].text);
		else
			json_double(
			    j, p->settings[i].key, p->settings[i].number);
	}
	json_end(j);
	json_uint(j, "blocks", p->findings[0].blocks);
	json_array(j, "results");
	for (size_t i = 0; i < c->server_count; i++)
		json_result(j, &p->findings[i], c->servers[i].name);
	json_end(j);
	json_array(j, "ratios");
	for (size_t i = 1; i < c->server_count; i++) {
		const struct finding *f = &p->findings[i];

		json_object(j, NULL);
		json_string(j, "of", c->servers[i].name);
		json_string(j, "to", c->servers[0].name);
		json_estimate(j, &f->ratio, "estimate", f->has_ratio);
		json_string(j, "verdict", VERDICT_WORDS[f->verdict]);
		json_string(j, "reason", f->reason);
		json_end(j);
	}
	json_end(j);
	json_array(j, "controls");
	json_object(j, NULL);
	json_string(j, "server", c->servers[0].name);
	json_estimate(j, &control->ratio, "estimate", control->has_ratio);
	json_object(j, "result");
	json_uint(j, "requests", control->requests);
	json_end(j);
	json_end(j);
	json_end(j);
	json_end(j);
}

void
compare_report_json(const struct comparison *c, FILE *out)
{
	struct json j = {.out = out};

	json_object(&j, NULL);
	json_string(&j, "schema", "perconn.compare/1");
	json_object(&j, "machine");
	json_string(&j, "kernel", c->before.kernel);
	json_string(&j, "cpu", c->before.cpu);
	json_uint(&j, "cpus", (uint64_t)c->before.cpus);
	json_end(&j);
	json_string(&j, "placement", c->placement);
	json_uint(&j, "blocks", c->blocks);
	json_uint(&j, "quads", c->quads);
	json_double(&j, "slice_s", c->slice_s);
	json_double(&j, "delta", c->delta);
	json_uint(&j, "seed", c->seed);
	json_double(&j, "duration_s", c->seconds);
	json_bool(&j, "interrupted", c->interrupted);
	json_array(&j, "servers");
	for (size_t i = 0; i < c->server_count; i++) {
		json_object(&j, NULL);
		json_string(&j, "name", c->servers[i].name);
		json_string(&j, "command", c->servers[i].command);
		if (c->servers[i].image[0])
			json_string(&j, "image", c->servers[i].image);
		else
			json_null(&j, "image");
		json_end(&j);
	}
	json_end(&j);
	json_array(&j, "scenarios");
	for (size_t i = 0; i < c->scenario_count; i++) {
		const struct outcome *o = &c->scenarios[i];

		json_object(&j, NULL);
		json_string(&j, "name", o->name);
		json_string(&j, "unit", o->unit);
		json_string(
		    &j, "better", o->higher_is_better ? "higher" : "lower");
		json_string(&j, "note", o->note);
		json_array(&j, "points");
		for (size_t k = 0; k < o->point_count; k++)
			json_point(&j, c, &o->points[k]);
		json_end(&j);
		json_end(&j);
	}
	json_end(&j);
	json_end(&j);
}
