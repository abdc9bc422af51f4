/* SPDX-License-Identifier: BSD-2-Clause */
/* lint.h - what is well-formed and yet most likely wrong in the names of a VM
 * cluster (CONTRACT 5).
 *
 * Parsers tell what cannot be read; the linter looks at what all sources say
 * together, after it was published, and never changes what is served.  Every
 * finding is a warning with an id, the reason, and what to do; an id in the
 * list `off`, or `# hostler: ok` on the line (ORIGIN_OK), silences it.
 *
 * lint_run is pure: a snapshot and the contents that it was made of in,
 * findings out.  It walks every record once and keeps nothing of a name that
 * has nothing wrong with it.  It reads no chunk's first_line, which the writer
 * may move meanwhile: lines come from snapshot_place.  The caller sees to it
 * that snapshot and contents stay (an epoch reader that is online, or the
 * writer's own thread).
 */
#ifndef HOSTLER_NAMES_LINT_H
#define HOSTLER_NAMES_LINT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/addr.h"
#include "base/diag.h"
#include "names/snapshot.h"
#include "names/source.h"

#define LINT_KEPT_MAX 1000		/* findings; the rest is counted */
#define LINT_KEPT_EACH 100		/* of one id */

enum lint_id {
	LINT_PUBLIC_DOMAIN,
	LINT_DOT_LOCAL,
	LINT_SHARED_ADDRESS,
	LINT_LOOPBACK_NAME,
	LINT_OUTSIDE_NETWORKS,
	LINT_DOUBLED_ORIGIN,
	LINT_DANGLING_CNAME,
	LINT_OTHER_ADDRESSES,
	LINT_SHADOWED,
	LINT_PTR_DISAGREES,
	LINT_BELOW_CUT,
	LINT_OCCLUDED,
	LINT_TOO_MANY_RECORDS,
	LINT_COUNT,
};

/* "shared-address". */
const char *lint_id_name(enum lint_id id);

struct lint_network {
	const char *name;
	struct prefix prefix;
};

/* A `domain` of the configuration and where it is written. */
struct lint_domain {
	struct dname name;		/* lower */
	bool overlay;
	const char *path;		/* NULL: an option, or the default */
	uint32_t line;
	uint32_t column;
};

struct lint_input {
	const struct snapshot *names;
	/* In rank order: zones, hosts, leases. */
	const struct content *const *contents;
	size_t content_count;
	const struct lint_network *networks;
	size_t network_count;
	const struct lint_domain *domains;
	size_t domain_count;
	const struct dname *host;	/* of this machine, lower; NULL */
	const char *const *off;		/* ids; unknown ones are passed over */
	size_t off_count;
	const atomic_bool *stop;	/* true: give up soon; NULL: never */
};

struct lint_finding {
	enum lint_id id;
	uint32_t source;		/* its place in contents, from 1; 0: the
					 * configuration */
	char *path;
	uint32_t line;			/* 0: the file as a whole */
	uint32_t column;
	char *text;			/* the reason */
	char *then;			/* what to do */
};

/* Ordered by source, path, line, column.  Begins zeroed. */
struct lint_findings {
	struct lint_finding *list;
	size_t count;
	size_t room;
	uint32_t sources;		/* of all runs so far */
	unsigned kept[LINT_COUNT];
	unsigned more[LINT_COUNT];	/* found, but not kept */
	/* What it took: names and addresses looked up in the tables, records
	 * of large RRsets compared. */
	size_t looked_up;
	size_t compared;
};

/* Add what is wrong to findings; several runs (of several views) may add to
 * the same, what was found already is then passed over.  Where `stop` ended
 * it, the findings are incomplete. */
void lint_run(const struct lint_input *input, struct lint_findings *findings);
void lint_findings_fini(struct lint_findings *findings);

/* Make diagnostics of findings, each with its line, which is read through
 * `reader` (each file once; a line that is not there is not shown), and with
 * a note for those that were not kept.  The reader's text need only stay until
 * it is asked for the next.  Findings in the configuration whose
 * line has the mark `# hostler: ok` are left out.
 *
 * before: what was told earlier and is not to be told again (compared by id,
 * file and words: lines move); NULL: nothing was. */
struct lint_telling {
	const struct lint_findings *findings;
	const struct lint_findings *before;
	const struct source_reader *reader;
};
void lint_tell(const struct lint_telling *telling, struct diags *diags);

#endif
