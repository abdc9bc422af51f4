/* SPDX-License-Identifier: BSD-2-Clause */
/* doctorresolv.c - does forwarding lead back to hostler, and whom does this
 * machine ask itself? */
#include <string.h>

#include "ctl/doctorchecks.h"
#include "listenplan.h"

#define LOOP "loop"
#define RESOLV "resolv.conf"
#define RESOLV_CONF "/etc/resolv.conf"

struct shares {
	unsigned own;			/* servers that are hostler */
	unsigned others;
	struct endpoint first_own;
};

static void
count_shares(const struct doctor *doctor, const struct resolvconf *list,
    struct shares *shares)
{
	*shares = (struct shares){0};
	for (unsigned i = 0; i < list->server_count; i++)
		if (listenplan_serves(doctor->conf, doctor->ifaces,
		    &list->servers[i])) {
			if (shares->own++ == 0)
				shares->first_own = list->servers[i];
		} else {
			shares->others++;
		}
}

/* ---- forwarding ---- */

static void
advise_upstream(struct findings *findings)
{
	findings_advise(findings, "forward: [{zone: ., to: [ADDRESS]}]   in "
	    "hostler.yaml, with the router or a public server as ADDRESS");
}

static void
tell_shares(const struct doctor *doctor, const char *path,
    const struct shares *shares)
{
	char text[ENDPOINT_TEXT];

	endpoint_print(&shares->first_own, text);
	if (shares->own == 0) {
		findings_add(doctor->findings, FINDINGS_OK, LOOP,
		    "%s does not lead back to hostler", path);
	} else if (shares->others == 0) {
		findings_add(doctor->findings, FINDINGS_ERROR, LOOP,
		    "hostler forwards to the servers in %s, and there is only "
		    "itself, %s: other names get no answer", path, text);
		advise_upstream(doctor->findings);
	} else {
		findings_add(doctor->findings, FINDINGS_WARNING, LOOP,
		    "hostler forwards to the servers in %s, and one of them is "
		    "itself, %s: it is passed over", path, text);
		advise_upstream(doctor->findings);
	}
}

static void
check_file(const struct doctor *doctor, const char *path)
{
	struct resolvconf list;
	struct shares shares;
	const char *read;

	if (!doctor_read_list(doctor, path, &list, &read)) {
		findings_add(doctor->findings, FINDINGS_ERROR, LOOP,
		    "hostler forwards to the servers in %s, which cannot be "
		    "read", path);
		advise_upstream(doctor->findings);
		return;
	}
	/* systemd-resolved itself asks somebody, who may be hostler, and its
	 * own list is not there to be looked at. */
	if (resolvconf_has_stub(&list)) {
		findings_add(doctor->findings, FINDINGS_WARNING, LOOP,
		    "%s names systemd-resolved's stub, and %s is not there: "
		    "if that one asks hostler, questions go round", path,
		    RESOLVCONF_RESOLVED);
		advise_upstream(doctor->findings);
		return;
	}
	count_shares(doctor, &list, &shares);
	tell_shares(doctor, read, &shares);
}

static void
check_upstream(const struct doctor *doctor,
    const struct conf_upstream *upstream)
{
	char text[ENDPOINT_TEXT];

	if (upstream->kind == CONF_UPSTREAM_FILE) {
		check_file(doctor, upstream->path);
		return;
	}
	if (!listenplan_serves(doctor->conf, doctor->ifaces,
	    &upstream->endpoint))
		return;
	findings_add(doctor->findings, FINDINGS_ERROR, LOOP,
	    "the upstream %s is hostler itself",
	    endpoint_print(&upstream->endpoint, text));
	findings_advise(doctor->findings, "take it out of `forward`");
}

static void
check_scope(const struct doctor *doctor, const struct conf_scope *scope)
{
	for (size_t i = 0; i < scope->forward_count; i++)
		for (size_t k = 0; k < scope->forward[i].count; k++)
			check_upstream(doctor, &scope->forward[i].to[k]);
}

/* ---- this machine's own resolv.conf ---- */

static void
check_own(const struct doctor *doctor)
{
	struct resolvconf list;
	struct shares shares;
	const char *read;

	if (!doctor_read_list(doctor, RESOLV_CONF, &list, &read)) {
		findings_add(doctor->findings, FINDINGS_WARNING, RESOLV,
		    "%s cannot be read: this machine asks 127.0.0.1",
		    RESOLV_CONF);
		return;
	}
	count_shares(doctor, &list, &shares);
	if (shares.own > 0 && shares.others > 0) {
		findings_add(doctor->findings, FINDINGS_WARNING, RESOLV,
		    "%s names another server beside hostler: this machine "
		    "asks it now and then, and it does not know your names",
		    read);
		findings_advise(doctor->findings, "hostlerctl client-config "
		    "--for resolv.conf (or resolved, networkmanager)");
		return;
	}
	findings_add(doctor->findings, FINDINGS_OK, RESOLV,
	    shares.own > 0 ? "this machine asks hostler" :
	    "this machine does not ask hostler itself (hostlerctl "
	    "client-config --for resolved changes that)");
}

void
doctorresolv_check(struct doctor *doctor)
{
	check_scope(doctor, &doctor->conf->top);
	for (size_t i = 0; i < doctor->conf->view_count; i++)
		if (doctor->conf->views[i].has_forward)
			check_scope(doctor, &doctor->conf->views[i].scope);
	check_own(doctor);
}
