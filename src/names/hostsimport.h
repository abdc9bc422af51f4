/* SPDX-License-Identifier: BSD-2-Clause */
/* hostsimport.h - the hosts files of many VMs made one.
 *
 * Each VM of a grown cluster has a hosts file of its own, edited by hand.  All
 * are added, with the file that is to hold the result (the target, if there
 * is one already); hostsimport_settle then finds what they say together.
 *
 * The one rule: no conflict is decided here.  A name whose addresses (of one
 * family) are not the same in every file that has any is told with its places
 * and comes out as comments, all of its addresses; what the target says of it
 * is not touched.
 *
 * Left out: names at localhost, ip6-* and multicast lines (every system has
 * them); with a note, names on loopback addresses (a VM's own name on
 * 127.0.1.1 is what breaks a cluster once it is shared), on 0.0.0.0 and ::,
 * and addresses with a scope.  Bad lines are errors.
 *
 * The files' bytes and paths are borrowed until hostsimport_free.  One thread.
 */
#ifndef HOSTLER_NAMES_HOSTSIMPORT_H
#define HOSTLER_NAMES_HOSTSIMPORT_H

#include "names/hostsline.h"
#include "names/source.h"

enum hostsimport_role {
	HOSTSIMPORT_SOURCE,
	HOSTSIMPORT_TARGET,		/* one at most, and first */
};

enum hostsimport_state {
	HOSTSIMPORT_ACTIVE,
	HOSTSIMPORT_CONFLICT,
};

/* An address and one of its names, as the result has it and the target not
 * yet.  The place is the first that says so; more counts the others. */
struct hostsimport_entry {
	enum hostsimport_state state;
	struct addr addr;
	const char *name;		/* as first written; no NUL behind */
	size_t name_length;
	const uint8_t *wire;		/* the same, lower */
	const char *file;
	uint32_t line;
	uint32_t more;
	uint32_t position;		/* in the order of reading */
	enum hostsline_ttl ttl;		/* the shortest said */
	uint32_t ttl_s;
};

struct hostsimport;

struct hostsimport *hostsimport_new(void);
void hostsimport_free(struct hostsimport *import);

void hostsimport_add(struct hostsimport *import,
    const struct source_text *file, enum hostsimport_role role,
    struct diags *diags);

/* After the last file, once. */
void hostsimport_settle(struct hostsimport *import, struct diags *diags);

/* Active ones by address (IPv4 first), those of one address in the order of
 * reading; then the conflicts by name.  They live as long as import. */
const struct hostsimport_entry *hostsimport_entries(
    const struct hostsimport *import, size_t *count);
size_t hostsimport_conflicts(const struct hostsimport *import);

/* The VM that a file is of, by its path ("web1/etc/hosts", "web1.hosts",
 * "hosts.web1"): a part of path, its length in *length; 0 where the path says
 * nothing. */
const char *hostsimport_vm(const char *path, size_t *length);

/* The result as a hosts file, behind the target's bytes if there is a target.
 * NULL where it has all of it already.  The caller frees it; no NUL behind. */
char *hostsimport_text(const struct hostsimport *import, size_t *length);

#endif
