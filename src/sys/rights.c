/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define NAME_MAX_BYTES 64

bool
rights_user_exists(const char *user)
{
	return getpwnam(user) != NULL;
}

const char *
rights_user(void)
{
	static char name[NAME_MAX_BYTES];
	static uid_t of;
	const struct passwd *entry;

	if (*name && of == geteuid())
		return name;
	of = geteuid();
	entry = getpwuid(of);
	if (entry)
		snprintf(name, sizeof name, "%s", entry->pw_name);
	else
		snprintf(name, sizeof name, "%lu", (unsigned long)of);
	return name;
}

static bool
become(const struct passwd *user)
{
	return initgroups(user->pw_name, user->pw_gid) == 0 &&
	    setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0;
}

static bool
has(cap_value_t capability, cap_flag_t set)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t now = cap_get_proc();

	if (!now || cap_get_flag(now, capability, set, &value) != 0)
		value = CAP_CLEAR;
	cap_free(now);
	return value == CAP_SET;
}

bool
rights_read_all(void)
{
	return has(CAP_DAC_READ_SEARCH, CAP_EFFECTIVE);
}

/* Of root's capabilities the one for ports below 1024, and the one for all
 * files.  A container may not have them to give: then a reload cannot add such
 * an address, and says so. */
static bool
keep_few(enum rights_reading reading)
{
	static const cap_value_t few[] = {CAP_NET_BIND_SERVICE,
	    CAP_DAC_READ_SEARCH};
	int count = reading == RIGHTS_READ_ALL ? 2 : 1;
	cap_t wanted = cap_init();
	bool kept = wanted != NULL;

	for (int i = 0; kept && i < count; i++)
		if (has(few[i], CAP_PERMITTED))
			kept = cap_set_flag(wanted, CAP_PERMITTED, 1, &few[i],
			    CAP_SET) == 0 && cap_set_flag(wanted,
			    CAP_EFFECTIVE, 1, &few[i], CAP_SET) == 0;
	kept = kept && cap_set_proc(wanted) == 0;
	if (wanted)
		cap_free(wanted);
	return kept;
}

/* What a program that is started could get, whoever its file belongs to.  That
 * takes a right that only root has; no_new_privs is the second lock. */
static void
forget_bounds(void)
{
	for (cap_value_t c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* PR_SET_KEEPCAPS keeps all capabilities: false after it means that they are
 * still there. */
bool
rights_drop(const char *user, enum rights_reading reading, char **wrong)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry) {
		*wrong = memory_string("there is no such user");
		return false;
	}
	forget_bounds();
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && become(entry) &&
	    keep_few(reading) && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0)
		return true;
	*wrong = memory_string(strerror(errno));
	return false;
}

void
rights_shed(enum rights_reading reading)
{
	forget_bounds();
	keep_few(reading);
}

void
rights_harden(void)
{
	struct rlimit none = {0, 0};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

char *
rights_capabilities(void)
{
	char *text = NULL;
	size_t length;
	FILE *out = memory_stream(&text, &length);
	cap_value_t c = 0;
	int count = 0;

	for (; CAP_IS_SUPPORTED(c); c++) {
		char *name = has(c, CAP_EFFECTIVE) ? cap_to_name(c) : NULL;

		if (name)
			fprintf(out, "%s%s", count++ ? " " : "", name);
		cap_free(name);
	}
	memory_stream_close(out);
	if (count < c)
		return text;
	free(text);
	return memory_string("all");
}

static enum rights_folder
make_folder(const char *folder, const struct passwd *owner)
{
	if (mkdir(folder, 0755) != 0)
		return errno == EEXIST ? RIGHTS_FOLDER_THERE
				       : RIGHTS_FOLDER_FAILED;
	if (!owner || chown(folder, owner->pw_uid, owner->pw_gid) == 0)
		return RIGHTS_FOLDER_MADE;
	rmdir(folder);
	return RIGHTS_FOLDER_FAILED;
}

/* NULL: there is none above but / or where we are. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return NULL;
	return memory_format("%.*s", (int)(slash - path), path);
}

enum rights_folder
rights_give_folder(const char *path, const char *user)
{
	const struct passwd *owner = user ? getpwnam(user) : NULL;
	enum rights_folder outcome = RIGHTS_FOLDER_THERE;
	char *folder = folder_of(path);

	errno = 0;
	if (user && !owner)
		outcome = RIGHTS_FOLDER_FAILED;
	else if (folder)
		outcome = make_folder(folder, owner);
	free(folder);
	return outcome;
}

bool
rights_take_folder(const char *path, const char *user)
{
	const struct passwd *owner = getpwnam(user);
	char *folder = folder_of(path);
	bool taken;
	int fd = -1;

	if (folder)
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return false;
	taken = owner && fchown(fd, owner->pw_uid, owner->pw_gid) == 0;
	close(fd);
	return taken;
}
