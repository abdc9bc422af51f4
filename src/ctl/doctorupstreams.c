/* SPDX-License-Identifier: BSD-2-Clause */
/* doctorupstreams.c - does each upstream answer, by each transport that hostler
 * uses with it?  All are asked at once. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ctl/ask.h"
#include "ctl/doctorchecks.h"
#include "dns/types.h"
#include "listenplan.h"

#define CHECK "upstream"
#define TIME_MS 4000
#define TARGETS_MAX (ASK_MAX / 2)

/* One upstream of one forward entry; what stands in several is asked once. */
struct target {
	struct endpoint endpoint;
	enum conf_upstream_kind kind;
	const char *server;
	unsigned entry;
	size_t first;			/* of its questions */
	unsigned count;
};

struct survey {
	struct doctor *doctor;
	struct target targets[TARGETS_MAX];
	size_t target_count;
	struct ask_question questions[ASK_MAX];
	size_t question_count;
	unsigned entry_count;
	unsigned passed_over;		/* more than TARGETS_MAX */
};

/* ---- whom to ask what ---- */

static bool
is_same(const struct target *a, const struct target *b)
{
	return endpoint_equal(&a->endpoint, &b->endpoint) &&
	    a->kind == b->kind && (!a->server || !b->server ||
	    strcmp(a->server, b->server) == 0);
}

static void
add_question(struct survey *survey, const struct target *target,
    enum ask_transport transport, const struct dname *zone)
{
	struct ask_question *question =
	    &survey->questions[survey->question_count++];

	question->to = target->endpoint;
	question->transport = transport;
	question->server = target->server;
	question->name = *zone;
	question->type = zone->labels ? TYPE_SOA : TYPE_NS;
}

static void
add_target(struct survey *survey, const struct target *given,
    const struct dname *zone)
{
	struct target *target = &survey->targets[survey->target_count];

	if (listenplan_serves(survey->doctor->conf, survey->doctor->ifaces,
	    &given->endpoint))
		return;			/* the check for loops tells */
	if (survey->target_count == TARGETS_MAX) {
		survey->passed_over++;
		return;
	}
	for (size_t i = 0; i < survey->target_count; i++)
		if (is_same(&survey->targets[i], given)) {
			*target = survey->targets[i];
			target->entry = given->entry;
			survey->target_count++;
			return;
		}
	*target = *given;
	target->first = survey->question_count;
	if (target->kind == CONF_UPSTREAM_UDP)
		add_question(survey, target, ASK_UDP, zone);
	add_question(survey, target, target->kind == CONF_UPSTREAM_TLS
	    ? ASK_TLS : ASK_TCP, zone);
	target->count = (unsigned)(survey->question_count - target->first);
	survey->target_count++;
}

static void
add_upstream(struct survey *survey, const struct conf_upstream *upstream,
    const struct dname *zone)
{
	struct target target = {
		.endpoint = upstream->endpoint,
		.kind = upstream->kind,
		.server = upstream->server,
		.entry = survey->entry_count,
	};
	struct resolvconf list;
	const char *read;

	if (upstream->kind != CONF_UPSTREAM_FILE) {
		add_target(survey, &target, zone);
		return;
	}
	if (!doctor_read_list(survey->doctor, upstream->path, &list, &read))
		return;
	target.kind = CONF_UPSTREAM_UDP;
	for (unsigned i = 0; i < list.server_count; i++) {
		target.endpoint = list.servers[i];
		add_target(survey, &target, zone);
	}
}

static void
add_scope(struct survey *survey, const struct conf_scope *scope)
{
	for (size_t i = 0; i < scope->forward_count; i++) {
		const struct conf_forward *forward = &scope->forward[i];

		for (size_t k = 0; k < forward->count; k++)
			add_upstream(survey, &forward->to[k], &forward->zone);
		survey->entry_count++;
	}
}

/* ---- what came of it ---- */

/* Any answer but a refusal is one: a name need not be there. */
static bool
is_good(const struct ask_question *question)
{
	return question->outcome == ASK_ANSWERED &&
	    (question->rcode == RCODE_NOERROR ||
	    question->rcode == RCODE_NXDOMAIN);
}

static unsigned
count_good(const struct survey *survey, const struct target *target)
{
	unsigned good = 0;

	for (unsigned i = 0; i < target->count; i++)
		good += is_good(&survey->questions[target->first + i]);
	return good;
}

/* Is there another in this entry that answers? */
static bool
has_spare(const struct survey *survey, const struct target *target)
{
	for (size_t i = 0; i < survey->target_count; i++) {
		const struct target *other = &survey->targets[i];

		if (other != target && other->entry == target->entry &&
		    count_good(survey, other) > 0)
			return true;
	}
	return false;
}

static const char *
print_transport(enum ask_transport transport)
{
	static const char *const names[] = {
		[ASK_UDP] = "UDP", [ASK_TCP] = "TCP", [ASK_TLS] = "TLS"};

	return names[transport];
}

/* "UDP 12.1 ms, TCP no answer"; the caller frees it. */
static char *
print_outcomes(const struct survey *survey, const struct target *target)
{
	size_t length;
	char *text;
	FILE *out = memory_stream(&text, &length);

	for (unsigned i = 0; i < target->count; i++) {
		const struct ask_question *question =
		    &survey->questions[target->first + i];

		fprintf(out, "%s%s ", i ? ", " : "",
		    print_transport(question->transport));
		if (is_good(question))
			fprintf(out, "%.1f ms",
			    (double)question->took_us / 1000);
		else if (question->outcome == ASK_ANSWERED)
			fprintf(out, "says %s", rcode_name(question->rcode));
		else
			fputs(question->why, out);
	}
	memory_stream_close(out);
	return text;
}

static void
advise(const struct survey *survey, const struct target *target)
{
	struct findings *findings = survey->doctor->findings;
	const struct ask_question *first = &survey->questions[target->first];
	char text[ADDR_TEXT];

	addr_print(&target->endpoint.addr, text);
	if (first->transport == ASK_TLS && first->outcome == ASK_FAILED)
		findings_advise(findings, "openssl s_client -connect %s:%u "
		    "-verify_return_error -verify_hostname %s   shows its "
		    "certificate; tls: {ca-file: ...} says whom to trust",
		    text, target->endpoint.port, target->server);
	else if (first->outcome == ASK_ANSWERED)
		findings_advise(findings, "it does not forward for this "
		    "machine, or not for this zone: name another server");
	else
		findings_advise(findings, "ip route get %s; ping %s   or name "
		    "another server in `forward`", text, text);
}

static void
tell_target(const struct survey *survey, const struct target *target)
{
	unsigned good = count_good(survey, target);
	struct findings *findings = survey->doctor->findings;
	char text[ENDPOINT_TEXT], *outcomes = print_outcomes(survey, target);

	endpoint_print(&target->endpoint, text);
	if (good == target->count) {
		findings_add(findings, FINDINGS_OK, CHECK,
		    "%s answers: %s", text, outcomes);
	} else if (good > 0) {
		findings_add(findings, FINDINGS_WARNING, CHECK,
		    "%s answers, but not by everything: %s", text, outcomes);
		findings_advise(findings, "big answers come by TCP, all others "
		    "by UDP: a firewall in between must let both pass");
	} else {
		findings_add(findings, has_spare(survey, target)
		    ? FINDINGS_WARNING : FINDINGS_ERROR, CHECK,
		    "%s is of no use: %s", text, outcomes);
		advise(survey, target);
	}
	free(outcomes);
}

static bool
was_told(const struct survey *survey, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (survey->targets[i].first == survey->targets[at].first)
			return true;
	return false;
}

void
doctorupstreams_check(struct doctor *doctor)
{
	struct survey *survey = memory_zeroed(1, sizeof *survey);
	const struct ask_limits limits = {
		.time_ms = TIME_MS,
		.ca_file = doctor->conf->ca_file,
	};

	survey->doctor = doctor;
	add_scope(survey, &doctor->conf->top);
	for (size_t i = 0; i < doctor->conf->view_count; i++)
		if (doctor->conf->views[i].has_forward)
			add_scope(survey, &doctor->conf->views[i].scope);
	ask_all(survey->questions, survey->question_count, &limits);
	for (size_t i = 0; i < survey->target_count; i++)
		if (!was_told(survey, i))
			tell_target(survey, &survey->targets[i]);
	if (survey->entry_count == 0)
		findings_add(doctor->findings, FINDINGS_OK, CHECK,
		    "nothing is forwarded: an isolated network");
	if (survey->passed_over > 0)
		findings_add(doctor->findings, FINDINGS_WARNING, CHECK,
		    "%u more were not asked", survey->passed_over);
	free(survey);
}
