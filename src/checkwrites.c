/* SPDX-License-Identifier: BSD-2-Clause */
#include "checkwrites.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "runas.h"
#include "sys/access.h"
#include "sys/files.h"
#include "sys/rights.h"

/* Who gets a folder that is missing (confine.c). */
enum folder_maker {
	MADE_FOR_USER,
	MADE_FOR_ALL,
};

struct written {
	const char *path;
	const struct conf_mark *mark;
	const char *what;		/* before the path: "no dnstap to" */
	const char *id;			/* of a warning; NULL: an error */
	struct access_finding (*ask)(const char *path);
	enum folder_maker maker;
};

/* Root's start would make hostler another user than who asks here. */
static bool
asks_for_another(const struct conf *conf)
{
	return geteuid() != 0 && *conf->user &&
	    strcmp(conf->user, rights_user()) != 0;
}

/* Root makes a folder anywhere. */
static bool
can_be_made(const struct conf *conf, const char *above)
{
	return runas_user(conf) || asks_for_another(conf) ||
	    access(above, W_OK | X_OK) == 0;
}

/* The start makes one folder (confine.c), not two, and only that of the path as
 * it is written: not where a link in it leads to nothing. */
static bool
will_be_made(const struct conf *conf, const struct written *written,
    const char *folder)
{
	char *own = files_folder_of(written->path);
	char *above = files_folder_of(folder);
	struct stat status;
	bool will = strcmp(own, folder) == 0 && lstat(own, &status) != 0 &&
	    stat(above, &status) == 0 && S_ISDIR(status.st_mode) &&
	    can_be_made(conf, above);

	free(own);
	free(above);
	return will;
}

/* Whoever is the user. */
static bool
is_about_path(const struct access_finding *finding)
{
	return finding->kind == ACCESS_NO_FILE ||
	    finding->kind == ACCESS_NO_DIRECTORY ||
	    finding->kind == ACCESS_FIXED ||
	    finding->kind == ACCESS_READ_ONLY;
}

/* With read-all the daemon enters every folder, which who is asked here cannot
 * show. */
static bool
counts(const struct conf *conf, const struct written *written,
    const struct access_finding *finding)
{
	if (!access_is_refused(finding))
		return false;
	if (finding->kind == ACCESS_ENTER)
		return !conf->read_all;
	return finding->kind != ACCESS_NO_FOLDER ||
	    (written->maker == MADE_FOR_USER && !runas_user(conf)) ||
	    !will_be_made(conf, written, finding->path);
}

/* What is to be done is about who it is that asked. */
static char *
mend(const struct conf *conf, const struct access_finding *finding,
    const char *user)
{
	char *command, *text;

	if (!is_about_path(finding) && asks_for_another(conf))
		return memory_format("hostler becomes '%s' when root starts "
		    "it: to know of that user, try this as root", conf->user);
	command = access_mend(finding, user);
	if (!runas_user(conf) || is_about_path(finding) ||
	    finding->kind == ACCESS_NO_FOLDER)
		return command;
	text = memory_format("hostler becomes that user at the start; %s",
	    command);
	free(command);
	return text;
}

static enum diag_level
level_of(const struct conf *conf, const struct written *written,
    const struct access_finding *finding)
{
	if (!is_about_path(finding) && asks_for_another(conf))
		return DIAG_NOTE;
	return written->id ? DIAG_WARNING : DIAG_ERROR;
}

static void
tell(const struct conf *conf, const struct written *written,
    const struct access_finding *finding, struct diags *diags)
{
	struct diag_place place = {.file = conf->path,
	    .line = written->mark->line, .column = written->mark->column};
	const char *becomes = runas_user(conf);
	const char *user = becomes ? becomes : rights_user();
	char *said = access_say(finding, user);
	char *next = mend(conf, finding, user);

	diags_add(diags, level_of(conf, written, finding), &place,
	    written->id, "%s %s: %s", written->what, written->path, said);
	diags_then(diags, "%s", next);
	free(said);
	free(next);
}

static void
try(const struct conf *conf, const struct written *written,
    struct diags *diags)
{
	const char *user = runas_user(conf);
	struct access_finding *finding;

	if (!written->path || (user && !rights_user_exists(user)))
		return;
	if (user) {
		finding = access_ask_as(user, written->ask, &written->path,
		    1);
	} else {
		finding = memory_zeroed(1, sizeof *finding);
		*finding = written->ask(written->path);
	}
	if (counts(conf, written, finding))
		tell(conf, written, finding, diags);
	access_findings_free(finding, 1);
}

void
checkwrites_try(const struct conf *conf, struct diags *diags)
{
	const struct written log = {conf->log.file, &conf->log.file_mark,
	    "the query log cannot be written to", NULL, access_try_append,
	    MADE_FOR_USER};
	const struct written dnstap = {conf->dnstap.file, &conf->dnstap.mark,
	    "no dnstap to", NULL, access_try_renew, MADE_FOR_USER};
	const struct written control = {conf->control_socket,
	    &conf->control_mark, "no control socket", NULL, access_try_make,
	    MADE_FOR_ALL};
	/* Without it all is served, and set alone would fail. */
	const struct written managed = {conf->managed_hosts,
	    &conf->managed_mark, "hostlerctl set cannot write",
	    "unwritable-managed-hosts", access_try_replace, MADE_FOR_ALL};

	if (conf->log.queries != CONF_LOG_OFF)
		try(conf, &log, diags);
	try(conf, &dnstap, diags);
	/* Without the one that nobody asked for hostler starts. */
	if (conf->control_given)
		try(conf, &control, diags);
	try(conf, &managed, diags);
}
