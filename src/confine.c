/* SPDX-License-Identifier: BSD-2-Clause */
#include "confine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "runas.h"
#include "sys/files.h"
#include "sys/rights.h"

static enum rights_reading
reading_of(const struct conf *conf)
{
	return conf->read_all ? RIGHTS_READ_ALL : RIGHTS_READ_AS_USER;
}

/* ---- the user ---- */

static void
make_folder(const char *path, const char *what, const char *user)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	if (slash && rights_give_folder(path, user) == RIGHTS_FOLDER_MADE)
		log_notice("made the folder %.*s for %s", (int)(slash - path),
		    path, what);
}

static void
make_folders(const struct conf *conf, const char *user)
{
	make_folder(conf->control_socket, "the control socket", user);
	make_folder(conf->managed_hosts, "managed-hosts", user);
	if (!user)
		return;
	make_folder(conf->log.file, "the query log", user);
	make_folder(conf->dnstap.file, "dnstap", user);
	if (conf->control_socket && !conf->control_given)
		rights_take_folder(conf->control_socket, user);
}

static enum confine_outcome
change_user(const struct conf *conf)
{
	const char *user = runas_user(conf);
	char *wrong = NULL;

	make_folders(conf, user);
	if (!user) {
		if (geteuid() != 0)
			rights_shed(reading_of(conf));
		return CONFINE_DONE;
	}
	if (strcmp(user, conf->user) != 0)
		log_warning("there is no user '%s': hostler runs as '%s'; "
		    "make the user, say: useradd --system --user-group "
		    "--home-dir / --shell /usr/sbin/nologin %s",
		    conf->user, user, conf->user);
	if (rights_drop(user, reading_of(conf), &wrong))
		return CONFINE_DONE;
	log_error("cannot become user '%s': %s", user, wrong);
	log_error("name another one as user in server, or write user: '' to "
	    "keep root's rights");
	free(wrong);
	return CONFINE_FAILED;
}

static void
warn_reading(const struct conf *conf)
{
	if (conf->read_all && !rights_read_all())
		log_warning("read-all: yes takes the right to read every file, "
		    "which hostler was not given: start it as root, or give "
		    "it CAP_DAC_READ_SEARCH");
}

/* ---- the sandbox ---- */

/* Takes path. */
static void
add_place(struct landlock_places *places, char *path)
{
	for (size_t i = 0; i < places->count; i++)
		if (strcmp(places->paths[i], path) == 0) {
			free(path);
			return;
		}
	places->paths = memory_resize(places->paths, places->count + 1,
	    sizeof *places->paths);
	places->paths[places->count++] = path;
}

/* Where a file is made or replaced, its folder; also that of what a link leads
 * to. */
static void
add_file(struct landlock_places *places, const char *path)
{
	char *target;

	if (!path)
		return;
	add_place(places, files_folder_of(path));
	target = files_follow(path);
	if (target)
		add_place(places, files_folder_of(target));
	free(target);
}

/* A log that goes to a device or a FIFO needs nothing else of that folder. */
static void
add_log(struct landlock_places *places, const char *path)
{
	struct stat status;

	if (path && stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		add_place(places, memory_string(path));
	else
		add_file(places, path);
}

static void
collect_places(const struct conf *conf, struct landlock_places *places)
{
	add_file(places, conf->control_socket);
	add_file(places, conf->managed_hosts);
	add_log(places, conf->log.file);
	add_file(places, conf->dnstap.file);
}

static void
tell_walls(const struct sandbox_state *state)
{
	if (state->seccomp != SANDBOX_ON)
		log_notice("system calls are not limited: seccomp is %s",
		    sandbox_wall_word(state->seccomp));
	if (state->landlock != SANDBOX_ON)
		log_notice("writing is limited by the rights of the user "
		    "alone: Landlock is %s",
		    sandbox_wall_word(state->landlock));
}

static void
enter_sandbox(const struct conf *conf, struct confinement *confinement)
{
	if (!conf->sandbox) {
		log_notice("sandbox: no in server: neither seccomp nor "
		    "Landlock are used");
		return;
	}
	collect_places(conf, &confinement->places);
	sandbox_enter(&confinement->places, &confinement->sandbox);
	tell_walls(&confinement->sandbox);
}

enum confine_outcome
confine_self(const struct conf *conf, struct confinement *confinement)
{
	*confinement = (struct confinement){0};
	if (change_user(conf) == CONFINE_FAILED)
		return CONFINE_FAILED;
	/* Its name, as long as whoever knows it can be asked. */
	rights_user();
	rights_harden();
	warn_reading(conf);
	enter_sandbox(conf, confinement);
	return CONFINE_DONE;
}

void
confine_fini(struct confinement *confinement)
{
	for (size_t i = 0; i < confinement->places.count; i++)
		free(confinement->places.paths[i]);
	free(confinement->places.paths);
	*confinement = (struct confinement){0};
}

static bool
lies_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	return strncmp(path, folder, length) == 0 &&
	    (path[length] == '/' || path[length] == '\0' ||
	    (length > 0 && folder[length - 1] == '/'));
}

bool
confine_covers(const struct confinement *confinement, const char *path)
{
	const struct landlock_places *places = &confinement->places;
	char *target;
	bool covered = confinement->sandbox.landlock != SANDBOX_ON;

	if (covered)
		return true;
	target = files_follow(path);
	for (size_t i = 0; !covered && i < places->count; i++)
		covered = lies_below(target ? target : path,
		    places->paths[i]);
	free(target);
	return covered;
}
