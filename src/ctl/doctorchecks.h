/* SPDX-License-Identifier: BSD-2-Clause */
/* doctorchecks.h - the single examinations of hostlerctl doctor, one file each:
 * they look at what the struct has and add to its findings.
 */
#ifndef HOSTLER_CTL_DOCTORCHECKS_H
#define HOSTLER_CTL_DOCTORCHECKS_H

#include <jansson.h>

#include "conf.h"
#include "ctl/findings.h"
#include "ctl/reach.h"
#include "sys/resolvconf.h"

struct doctor {
	const struct conf *conf;
	const char *root;		/* of the system's files; "": / */
	const char *socket;		/* NULL: none */
	const struct ifaces *ifaces;
	const struct reach *reach;
	json_t *status;			/* what the daemon says; NULL: none
					 * answers */
	struct findings *findings;
};

/* Does a daemon run, and what does it say?  Fills status; comes first. */
void doctordaemon_check(struct doctor *doctor);
/* Who holds the ports that hostler is to have? */
void doctorports_check(struct doctor *doctor);
/* Does anybody but this machine reach it, and do its addresses stay? */
void doctorlisten_check(struct doctor *doctor);
/* Can its user read the files? */
void doctorfiles_check(struct doctor *doctor);
/* Does forwarding lead back to hostler?  Whom does this machine ask? */
void doctorresolv_check(struct doctor *doctor);
/* Do the upstreams answer? */
void doctorupstreams_check(struct doctor *doctor);
/* Is there a firewall that is known to keep clients out? */
void doctorfirewall_check(struct doctor *doctor);

/* ---- what they have in common ---- */

/* A path of the system's, below root; the caller frees it. */
char *doctor_path(const struct doctor *doctor, const char *path);

/* The resolv.conf at this path of the system's; where it names systemd-
 * resolved's stub and that one's own list is there, that.  *read is the path
 * that counted, without root, static or `path`.  False: not readable.  The
 * search list is not filled in. */
bool doctor_read_list(const struct doctor *doctor, const char *path,
    struct resolvconf *list, const char **read);

#endif
