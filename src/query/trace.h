/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.h - why a query is answered as it is: noted on the way, for whoever
 * asks (`hostlerctl explain`, clients that are told the source).
 *
 * query_env.trace is NULL for all other queries, and everything here returns
 * at once then; the shortest path of a plain answer does not come by here at
 * all.  What is noted points into the policy and its snapshots: it is good for
 * as long as those are.
 *
 * One thread; no allocation; bounded: what has no room is counted.
 */
#ifndef HOSTLER_QUERY_TRACE_H
#define HOSTLER_QUERY_TRACE_H

#include "query/answer.h"
#include "query/policy.h"

#define TRACE_STEPS_MAX 16
#define TRACE_RECORDS_MAX 64

/* What was decided about one name. */
enum trace_kind {
	TRACE_RECORDS,			/* rule 1 or 2: these records */
	TRACE_CNAME,			/* and on with its target */
	TRACE_DNAME,			/* rule 0 */
	TRACE_REVERSE,			/* a PTR that comes of an address */
	TRACE_OWN_ADDRESS,		/* the server's: that which was asked */
	TRACE_NO_DATA,			/* known, without this type */
	TRACE_WITHHELD,			/* known, nothing is for this client */
	TRACE_EMPTY,			/* only names below it are known */
	TRACE_ABSENT,			/* rule 3: the area is ours */
	TRACE_NOT_READY,
	TRACE_REFERRAL,			/* rule 0, RD=0 */
	TRACE_SPECIAL,			/* rule 4 */
	TRACE_SINGLE_LABEL,		/* rule 4, last sentence */
	TRACE_NO_ROUTE,			/* rule 5: no `forward` entry */
	TRACE_NO_RECURSION,		/* rule 5, RD=0 */
	TRACE_CACHED,			/* rule 5: answer */
	TRACE_STALE,			/* rule 5: answer, which has expired */
	TRACE_FETCHED,			/* rule 5: answer, just come */
	TRACE_REBIND,			/* rule 5: answer, which is withheld */
	TRACE_ASK,			/* rule 5: to */
	TRACE_NO_UPSTREAM,		/* rule 5: the entry's list is empty */
	TRACE_LOOP,			/* a CNAME led back */
	TRACE_TOO_LONG,
};

/* Why a client gets a record, or does not. */
enum trace_verdict {
	TRACE_GIVEN,
	TRACE_GIVEN_NEAR,		/* in a network that the client is in */
	TRACE_LOOPBACK,			/* for clients on loopback alone */
	TRACE_LINK_LOCAL,
	TRACE_ISOLATED,			/* in an isolated network */
	TRACE_FAR,			/* `only`, and another one is near */
};

struct trace_step {
	enum trace_kind kind;
	struct dname name;
	const struct view *view;	/* whose names said it */
	const struct node *node;	/* NULL: none */
	const struct area *area;	/* NULL: in none */
	const struct route *route;	/* NULL: none, or a delegation's own */
	const struct answer *answer;
	struct upstreams to;
};

struct trace_record {
	unsigned step;
	const struct rrset *rrset;
	unsigned index;			/* of the record in its RRset */
	enum trace_verdict verdict;
	uint64_t networks;		/* that its address is in */
};

struct trace {
	const struct view *view;	/* of the client */
	unsigned step_count;
	unsigned steps_left_out;
	struct trace_step steps[TRACE_STEPS_MAX];
	unsigned record_count;
	unsigned records_left_out;
	struct trace_record records[TRACE_RECORDS_MAX];
};

void trace_start(struct trace *trace);

/* A step begins with the name; what comes of it is filled in by whoever
 * decides.  NULL: nobody asked, or there is no room. */
struct trace_step *trace_step(struct trace *trace, const struct dname *name);
/* The source of the answer in one line, as much as there is room for: the
 * place of the first record, or the rule that said no.  NULL: nothing was
 * noted. */
#define TRACE_TEXT REPLY_EDE_TEXT_MAX
char *trace_print(const struct trace *trace, char text[TRACE_TEXT]);

/* A record of the step noted last. */
void trace_record(struct trace *trace, const struct trace_record *record);

#endif
