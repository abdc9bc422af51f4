/* SPDX-License-Identifier: BSD-2-Clause */
/* chain.h - a question's answer, name by name: rules 0 to 5 for the name that
 * was asked for and, while there are CNAME and DNAME records, for what they
 * lead to.
 *
 * At most QUERY_CHAIN_MAX steps; a longer chain is SERVFAIL.  A chain that
 * comes back to one of its names ends there: what was found is the answer,
 * NOERROR, as authoritative servers do it.  Where no `forward` entry covers
 * the last name, or the client wants no recursion, the same.
 *
 * reply_start was called, nothing was written.  On QUERY_WAIT q->forward says
 * for what, and what was written is void.
 */
#ifndef HOSTLER_QUERY_CHAIN_H
#define HOSTLER_QUERY_CHAIN_H

#include "query/query.h"

/* *source: what it counts as. */
enum query_outcome chain_answer(struct query *q, const struct query_env *env,
    enum tally_source *source);

/* Set q->forward to the question as it was asked, to be put to these; all but
 * to.list. */
void chain_question(struct query *q, const struct upstreams *to);

/* Which of them records of this source are. */
enum tally_source chain_source(enum source_kind kind);

#endif
