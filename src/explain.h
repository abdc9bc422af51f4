/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.h - what a client would be answered, and why: from which line each
 * record is, what was dropped, what is shadowed, which rule said no.
 *
 * The question goes through query_step as any other does, with a trace; it is
 * asked of no upstream.  What comes out is JSON; explain_print says the same
 * in words.
 *
 * One thread: main's, which may read the indexes that the snapshots are of.
 */
#ifndef HOSTLER_EXPLAIN_H
#define HOSTLER_EXPLAIN_H

#include <jansson.h>
#include <stdio.h>

#include "base/epoch.h"
#include "names/idna.h"
#include "query/query.h"
#include "realms.h"

struct explain_question {
	const struct policy *policy;
	const struct realms *realms;
	struct cache *cache;
	struct epoch_reader *reader;	/* main's, for the cache */
	struct dname name;		/* any case */
	uint16_t type;
	struct addr client;
	uint32_t link;			/* as struct query_client has it */
	struct addr asked;		/* family 0: any */
};

json_t *explain_make(const struct explain_question *question);
void explain_print(const json_t *explanation, FILE *out);

/* Is there a record of this type for this client, as far as it can be told
 * without an upstream? */
bool explain_has_address(const struct explain_question *question);

/* A name as people read it, without the final dot and in Unicode; `text` has
 * room for a name. */
char *explain_name(const uint8_t *name, char text[IDNA_TEXT]);

#endif
