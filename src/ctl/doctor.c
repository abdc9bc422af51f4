/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "confread.h"
#include "ctl/doctorchecks.h"
#include "ctl/paint.h"
#include "ctl/socketpath.h"
#include "sys/files.h"

#define LIST_MAX (1 << 20)

char *
doctor_path(const struct doctor *doctor, const char *path)
{
	return memory_format("%s%s", doctor->root, path);
}

static bool
read_one(const struct doctor *doctor, const char *path,
    struct resolvconf *list)
{
	char *whole = doctor_path(doctor, path);
	struct diags *diags = diags_new();
	struct files_content file;
	const char *wrong = files_read(whole, LIST_MAX, &file);

	if (!wrong) {
		resolvconf_parse(list, path, file.bytes, file.length, diags);
		list->search_count = 0;
		files_release(&file);
	}
	diags_free(diags);
	free(whole);
	return !wrong;
}

bool
doctor_read_list(const struct doctor *doctor, const char *path,
    struct resolvconf *list, const char **read)
{
	struct resolvconf other;

	*read = path;
	if (!read_one(doctor, path, list))
		return false;
	if (resolvconf_has_stub(list) &&
	    strcmp(path, RESOLVCONF_RESOLVED) != 0 &&
	    read_one(doctor, RESOLVCONF_RESOLVED, &other)) {
		*list = other;
		*read = RESOLVCONF_RESOLVED;
	}
	return true;
}

static void
examine(struct doctor *doctor)
{
	doctordaemon_check(doctor);
	doctorports_check(doctor);
	doctorlisten_check(doctor);
	doctorfirewall_check(doctor);
	doctorfiles_check(doctor);
	doctorresolv_check(doctor);
	doctorupstreams_check(doctor);
	json_decref(doctor->status);
}

static void
examine_with(const struct doctor_request *request, const struct conf *conf,
    struct findings *findings)
{
	struct ifaces *ifaces = ifaces_list();
	struct reach reach;
	struct doctor doctor = {
		.conf = conf,
		.root = request->root,
		.socket = request->socket ? request->socket :
		    socketpath_choose(conf),
		.ifaces = ifaces,
		.reach = &reach,
		.findings = findings,
	};

	reach_find(&reach, conf, ifaces);
	examine(&doctor);
	ifaces_free(ifaces);
}

static struct conf *
read_conf(const struct doctor_request *request, struct findings *findings)
{
	struct diags *diags = diags_new();
	struct conf *conf = confread(request->conf, diags);

	if (!conf) {
		diags_print(diags, stderr, diags_colour(stderr));
		findings_add(findings, FINDINGS_ERROR, "configuration",
		    "it has errors, and nothing else can be looked at");
		findings_advise(findings, "hostlerctl check");
	}
	diags_free(diags);
	return conf;
}

enum doctor_result
doctor_run(const struct doctor_request *request, FILE *out)
{
	struct findings *findings = findings_new();
	struct conf *conf = read_conf(request, findings);
	enum doctor_result result;

	if (conf)
		examine_with(request, conf, findings);
	findings_print(findings, out, request->form == DOCTOR_JSON
	    ? FINDINGS_JSON : paint_wanted(out) == PAINT_ON ? FINDINGS_COLOUR
	    : FINDINGS_PLAIN);
	result = findings_count(findings, FINDINGS_ERROR) > 0
	    ? DOCTOR_ERRORS : DOCTOR_FINE;
	findings_free(findings);
	conf_free(conf);
	return result;
}
