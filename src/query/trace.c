/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/trace.h"

#include <stdio.h>
#include <string.h>

void
trace_start(struct trace *trace)
{
	trace->view = NULL;
	trace->step_count = 0;
	trace->steps_left_out = 0;
	trace->record_count = 0;
	trace->records_left_out = 0;
}

struct trace_step *
trace_step(struct trace *trace, const struct dname *name)
{
	struct trace_step *step;

	if (trace == NULL)
		return NULL;
	if (trace->step_count == TRACE_STEPS_MAX) {
		trace->steps_left_out++;
		return NULL;
	}
	step = &trace->steps[trace->step_count++];
	memset(step, 0, sizeof(*step));
	step->name = *name;
	return step;
}

void
trace_record(struct trace *trace, const struct trace_record *record)
{
	if (trace == NULL || trace->step_count == 0)
		return;
	if (trace->record_count == TRACE_RECORDS_MAX) {
		trace->records_left_out++;
		return;
	}
	trace->records[trace->record_count] = *record;
	trace->records[trace->record_count++].step = trace->step_count - 1;
}

static const char *
describe(const struct trace_step *step)
{
	switch (step->kind) {
	case TRACE_RECORDS:
	case TRACE_CNAME:
	case TRACE_DNAME:
	case TRACE_REVERSE:
	case TRACE_NO_DATA:
	case TRACE_WITHHELD:
	case TRACE_REFERRAL:
		return "a local name";
	case TRACE_OWN_ADDRESS:
		return "this server's own name";
	case TRACE_EMPTY:
		return "only names below it are known";
	case TRACE_ABSENT:
		return "no source of this zone or domain has it";
	case TRACE_NOT_READY:
	case TRACE_NO_UPSTREAM:
	case TRACE_TOO_LONG:
		break;
	case TRACE_SPECIAL:
		return "a special name";
	case TRACE_SINGLE_LABEL:
		return "a short name that no source has";
	case TRACE_NO_ROUTE:
	case TRACE_NO_RECURSION:
		return "not a local name";
	case TRACE_CACHED:
	case TRACE_STALE:
		return "the cache";
	case TRACE_FETCHED:
	case TRACE_ASK:
		return "an upstream";
	case TRACE_REBIND:
		return "rebind-protection";
	case TRACE_LOOP:
		return "a CNAME that leads back";
	}
	return "nobody";
}

/* The first record of the node, or of the address that leads back to it. */
static const struct rrset *
find_rrset(const struct trace *trace, const struct trace_step *step,
    unsigned *index)
{
	*index = 0;
	for (unsigned i = 0; i < trace->record_count; i++) {
		const struct trace_record *record = &trace->records[i];

		if (&trace->steps[record->step] == step &&
		    record->verdict <= TRACE_GIVEN_NEAR) {
			*index = record->index;
			return record->rrset;
		}
	}
	if (step->node == NULL || step->node->rrset_count == 0)
		return NULL;
	return node_first(step->node);
}

char *
trace_print(const struct trace *trace, char text[TRACE_TEXT])
{
	const struct trace_step *step = &trace->steps[0];
	const struct rrset *rrset;
	struct snapshot_place place;
	size_t length, most = TRACE_TEXT - 24;
	unsigned index;

	if (trace->step_count == 0)
		return NULL;
	rrset = step->view == NULL ? NULL : find_rrset(trace, step, &index);
	if (rrset == NULL || rrset->count == 0 ||
	    (rrset->flags & RRSET_MADE)) {
		snprintf(text, TRACE_TEXT, "%s", describe(step));
		return text;
	}
	place = snapshot_place(step->view->names, rrset_origins(rrset)[index]);
	length = strlen(place.path);
	snprintf(text, TRACE_TEXT, "%s%s:%u:%u", length > most ? "..." : "",
	    length > most ? place.path + length - most : place.path,
	    place.line, place.column);
	return text;
}
