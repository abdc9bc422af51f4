/* SPDX-License-Identifier: BSD-2-Clause */
/* doctorfiles.c - are the watched files there, and can hostler's user read
 * them? */
#include <stdlib.h>
#include <unistd.h>

#include "ctl/doctorchecks.h"
#include "runas.h"
#include "sys/access.h"
#include "sys/files.h"
#include "sys/rights.h"

#define CHECK "files"

enum need {
	NEEDED,
	AWAITED,			/* nobody minds that it is not there */
};

struct reading {
	const struct doctor *doctor;
	const char *user;		/* whom hostler becomes; NULL: it stays
					 * who runs this */
	const char *called;		/* that one */
	unsigned good;
};

static void
tell_unreadable(const struct reading *reading, const char *path,
    const struct access_finding *finding)
{
	struct findings *findings = reading->doctor->findings;
	char *mend;

	if (!reading->user) {
		findings_add(findings, FINDINGS_WARNING, CHECK,
		    "%s cannot be read by %s; whether hostler can, root "
		    "finds out", path, reading->called);
		findings_advise(findings, "run this as root");
		return;
	}
	findings_add(findings, FINDINGS_ERROR, CHECK,
	    "%s cannot be read by the user %s, which hostler becomes", path,
	    reading->user);
	mend = access_mend(finding, reading->user);
	findings_advise(findings, "%s", mend);
	free(mend);
}

/* False: told. */
static bool
can_read(const struct reading *reading, const char *path)
{
	struct access_finding *finding;
	bool refused;

	if (!reading->user) {
		if (access(path, R_OK) == 0)
			return true;
		tell_unreadable(reading, path, NULL);
		return false;
	}
	finding = access_try_as(reading->user, &path, 1);
	refused = access_is_refused(finding);
	if (refused)
		tell_unreadable(reading, path, finding);
	access_findings_free(finding, 1);
	return !refused;
}

static void
try_path(struct reading *reading, const char *path, enum need need)
{
	struct files_list list = {0};

	if (!files_exists(path)) {
		if (need == AWAITED)
			return;
		findings_add(reading->doctor->findings, FINDINGS_ERROR, CHECK,
		    "%s is not there", path);
		findings_advise(reading->doctor->findings, "make it, or take "
		    "it out of the configuration");
		return;
	}
	if (!can_read(reading, path))
		return;
	files_expand(path, &list);
	for (size_t i = 0; i < list.count; i++)
		reading->good += can_read(reading, list.paths[i]);
	files_list_free(&list);
}

static void
try_scope(struct reading *reading, const struct conf_scope *scope)
{
	for (size_t i = 0; i < scope->hosts_count; i++)
		try_path(reading, scope->hosts[i].path, NEEDED);
	for (size_t i = 0; i < scope->zone_count; i++)
		try_path(reading, scope->zones[i].path, NEEDED);
	for (size_t i = 0; i < scope->leases_count; i++) {
		const struct conf_leases *leases = &scope->leases[i];

		if (leases->path)
			try_path(reading, leases->path, AWAITED);
		if (leases->machines)
			try_path(reading, leases->machines, NEEDED);
		if (leases->macs)
			try_path(reading, leases->macs, NEEDED);
	}
}

void
doctorfiles_check(struct doctor *doctor)
{
	const struct conf *conf = doctor->conf;
	struct reading reading = {.doctor = doctor};
	const char *user = runas_user(conf);

	reading.called = geteuid() == 0 ? "root" : "you";
	if (user && !rights_user_exists(user)) {
		findings_add(doctor->findings, FINDINGS_ERROR, CHECK,
		    "there is no user '%s' that hostler could become", user);
		findings_advise(doctor->findings, "adduser --system --group "
		    "%s   or write another into `user`", user);
	} else if (user && !conf->read_all) {
		reading.called = reading.user = user;
	}
	try_scope(&reading, &conf->top);
	for (size_t i = 0; i < conf->view_count; i++)
		try_scope(&reading, &conf->views[i].scope);
	if (conf->managed_hosts)
		try_path(&reading, conf->managed_hosts, AWAITED);
	if (conf->ca_file && conf_has_tls(conf))
		try_path(&reading, conf->ca_file, NEEDED);
	if (reading.good > 0)
		findings_add(doctor->findings, FINDINGS_OK, CHECK,
		    "%u file%s can be read by %s", reading.good,
		    reading.good == 1 ? "" : "s", reading.called);
}
