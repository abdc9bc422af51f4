/* SPDX-License-Identifier: BSD-2-Clause */
/* lintrule.h - what the themes of the linter share; only lint*.c include it.
 *
 * lintrun.c walks contents, chunks, nodes.  Before it lintsieve.c finds out
 * which names and addresses have company; lintserved.c says what is served at a
 * node's name, both by help of tables (lintfirsts.c).  Each theme looks at one
 * node (or one address of a line) at a time:
 *
 *   lintaddrs.c  shared-address loopback-name outside-networks
 *   lintnames.c  doubled-origin dot-local public-domain
 *   lintcuts.c   below-cut occluded
 *   lintlarge.c  too-many-records
 *   lintlinks.c  dangling-cname ptr-disagrees
 *   lintranks.c  other-addresses shadowed
 *
 * linttell.c makes diagnostics of what they found.
 *
 * The one rule: ask lint_wants before words are put together.
 */
#ifndef HOSTLER_NAMES_LINTRULE_H
#define HOSTLER_NAMES_LINTRULE_H

#include "base/hash.h"
#include "dns/dname.h"
#include "names/lint.h"

struct lint_cuts;
struct lint_large;
struct lint_served;
struct lint_shared;
struct lint_sieve;

struct lint_walk {
	const struct lint_input *input;
	const struct snapshot *names;
	struct lint_findings *findings;
	const struct content *content;	/* that the node is of */
	uint32_t source;
	bool off[LINT_COUNT];
	bool has_network[2];		/* declared, of IPv4, IPv6 */
	struct lint_cuts *cuts;		/* NULL: no zone has a cut or DNAME */
	struct lint_large *large;
	struct lint_shared *shared;
	struct lint_sieve *sieve;
	struct lint_served *served;
	size_t zones;			/* contents that are one */
	bool told_local;		/* of this zone: once is enough */
};

/* A node of a chunk, and what is served at its owner of the types that it has:
 * the node itself where nobody before says anything of that name, NULL where a
 * deeper zone hides it.  It may be the node of an earlier source instead of the
 * snapshot's own, where that has the same RRsets of these types. */
struct lint_owner {
	const struct node *node;
	const struct node *served;
};

struct lint_spot {
	enum lint_id id;
	struct origin origin;
	const char *then;
};

/* Is a finding of this id with this origin to be told?  False where it is
 * switched off, has no place, or there are so many that it is only counted. */
bool lint_wants(struct lint_walk *walk, enum lint_id id,
    struct origin origin);
void lint_report(struct lint_walk *walk, const struct lint_spot *spot,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Nobody wants the findings any more. */
bool lint_is_stopped(const struct lint_input *input);

/* "FILE:LINE", for texts that name a second place; "hostler itself" for what
 * no file says. */
#define LINT_PLACE_TEXT 300
char *lint_place(const struct lint_walk *walk, struct origin origin,
    char text[LINT_PLACE_TEXT]);

struct addr lint_addr(const struct rrset *rrset, const uint8_t *rdata);
/* The place of this rdata in the RRset; -1: not there. */
int lint_find_rdata(const struct rrset *rrset, const uint8_t *rdata,
    uint16_t length);

/* How hostler stands to a name. */
enum lint_known {
	LINT_KNOWN,			/* there is a node */
	LINT_COVERED,			/* a wildcard, a delegation or an
					 * upstream may answer */
	LINT_MISSING,			/* NXDOMAIN, by our own word */
	LINT_OUTSIDE,			/* not ours to say */
};
enum lint_known lint_look_up(const struct lint_walk *walk,
    const uint8_t *lower, const struct node **node);

/* Is the name made of something and the zone's origin twice? */
bool lint_is_doubled(const struct lint_walk *walk, const uint8_t *name);

/* A short hash of these bytes, keyed: a mixer, and no more than that
 * (lintfirsts.h says why it is enough). */
uint64_t lint_mix(const struct hash_key *key, const uint8_t *bytes,
    unsigned length);

static inline uint64_t
lint_name_hash(const struct hash_key *key, const struct node *node)
{
	return lint_mix(key, node_name(node), node->name_length);
}

static inline uint64_t
lint_addr_hash(const struct hash_key *key, const struct addr *addr)
{
	return lint_mix(key, addr->bytes, sizeof(addr->bytes));
}

/* Most names are said by one line alone, and most addresses too: then there is
 * nothing to compare, and looking them up in tables that are out of every cache
 * would be four fifths of a run over a million names (2026-11-21: 0.53 s with
 * the lookups, 0.12 s so).  So a run begins with one sequential walk through
 * the tables' slots, which say by their marks where several are, and keeps
 * those in bit sets that may say yes too often, but never no.
 *
 * has_company: false, then the node is what is served at its name, but where
 * zones hide each other's.  is_shared: false, then no other name has the
 * address.  The counts: of how many different ones they may say yes, about. */
struct lint_sieve *lint_sieve_new(const struct lint_input *input);
void lint_sieve_free(struct lint_sieve *sieve);
bool lint_has_company(const struct lint_walk *walk, uint64_t name_hash);
bool lint_is_shared(const struct lint_walk *walk, uint64_t addr_hash);
size_t lint_company_count(const struct lint_sieve *sieve);
size_t lint_shared_count(const struct lint_sieve *sieve);

/* What is served at names with company is mostly known from the walk itself:
 * what the first source that has the name says of it (lintfirsts.h); only where
 * there is more to it the name is looked up.  Fills in `served` of up to
 * LINT_WINDOW owners that follow each other; of each node once, in rank
 * order. */
#define LINT_WINDOW 16
struct lint_served *lint_served_new(const struct lint_walk *walk);
void lint_served_free(struct lint_served *served);
void lint_find_served(struct lint_walk *walk, struct lint_owner *owners,
    uint32_t count);
/* Was this written in the content that is walked? */
bool lint_is_of_content(const struct lint_walk *walk, struct origin origin);

/* The themes.  cuts_new: NULL where there are none. */
struct lint_shared *lint_shared_new(const struct lint_walk *walk);
void lint_shared_free(struct lint_shared *shared);
void lint_shared_look(struct lint_walk *walk, const struct chunk *chunk);
void lint_look_addresses(struct lint_walk *walk,
    const struct lint_owner *owner);

void lint_look_domains(struct lint_walk *walk);
void lint_look_name(struct lint_walk *walk, const struct lint_owner *owner);

struct lint_cuts *lint_cuts_new(const struct lint_input *input);
void lint_cuts_free(struct lint_cuts *cuts);
/* Does some NS record name this node?  Then its addresses have a use below a
 * cut. */
bool lint_is_glue(struct lint_cuts *cuts, const struct node *node);
void lint_look_cuts(struct lint_walk *walk, const struct lint_owner *owner);

void lint_look_links(struct lint_walk *walk, const struct lint_owner *owner);
void lint_look_ranks(struct lint_walk *walk, const struct lint_owner *owner);

/* Lines of one name in several chunks add up, as leases do, and what comes
 * after an answer is full is left out of what is served (merge.h).  is_full: a
 * record of this rdata length need not be in it; asked of any RRset.  find: the
 * place of the record, of the same source, in a full one (of addresses; of
 * other types it only says that it is there).  -1: not there; then it is
 * counted, and told of by lint_large_tell, when all was walked.  find_among:
 * the same of any RRset, and nothing is counted.  The records of a full RRset,
 * and of one of many that others are looked for in, are put into a table once,
 * 8 bytes each at most: nothing is compared with all of them (2,000 addresses
 * of a name in two files, 2026-11-22: 4,000,000 comparisons without, under
 * 16,000 with it). */
struct lint_record {
	const struct node *node;
	const struct rrset *served;
	const uint8_t *rdata;
	uint16_t length;
	struct origin origin;
};
struct lint_large *lint_large_new(const struct lint_walk *walk);
void lint_large_free(struct lint_large *large);
bool lint_is_full(const struct rrset *served, uint16_t length);
int lint_large_find(struct lint_walk *walk, const struct lint_record *record);
int lint_find_among(const struct lint_walk *walk,
    const struct lint_record *record);
/* The place of this address in the node's RRset; -1: not there. */
int lint_find_addr(const struct lint_walk *walk, const struct node *node,
    const struct addr *addr);
void lint_large_tell(struct lint_walk *walk);

/* For the configuration, where there is no origin. */
void lint_report_domain(struct lint_walk *walk, enum lint_id id,
    const struct lint_domain *domain, const char *text, const char *then);

#endif
