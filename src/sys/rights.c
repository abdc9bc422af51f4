/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

#define TRY_S 5				/* a file server may never answer */

bool
rights_user_exists(const char *user)
{
	return getpwnam(user) != NULL;
}

static bool
become(const struct passwd *user)
{
	return initgroups(user->pw_name, user->pw_gid) == 0 &&
	    setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0;
}

static cap_flag_value_t
may_bind(void)
{
	cap_flag_value_t may = CAP_CLEAR;
	cap_t now = cap_get_proc();

	if (now && cap_get_flag(now, CAP_NET_BIND_SERVICE, CAP_PERMITTED,
	    &may) != 0)
		may = CAP_CLEAR;
	cap_free(now);
	return may;
}

/* Of root's capabilities the one for ports below 1024; a container may not
 * have it to give, then a reload cannot add such an address, and says so.
 * PR_SET_KEEPCAPS kept them all: false here means that they are still there. */
static bool
keep_bind_service(void)
{
	static const cap_value_t bind_service[] = {CAP_NET_BIND_SERVICE};
	cap_flag_value_t may = may_bind();
	cap_t wanted = cap_init();
	bool kept;

	if (!wanted)
		return false;
	kept = cap_set_flag(wanted, CAP_PERMITTED, 1, bind_service, may) ==
	    0 && cap_set_flag(wanted, CAP_EFFECTIVE, 1, bind_service, may) ==
	    0 && cap_set_proc(wanted) == 0;
	cap_free(wanted);
	return kept;
}

bool
rights_drop(const char *user, char **wrong)
{
	const struct passwd *entry = getpwnam(user);

	if (!entry) {
		*wrong = memory_string("there is no such user");
		return false;
	}
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && become(entry) &&
	    keep_bind_service() && prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0)
		return true;
	*wrong = memory_string(strerror(errno));
	return false;
}

void
rights_harden(void)
{
	struct rlimit none = {0, 0};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
}

void
rights_give_folder(const char *path, const char *user)
{
	const struct passwd *entry = getpwnam(user);
	char *folder = memory_string(path), *slash = strrchr(folder, '/');

	if (slash && slash != folder && entry) {
		*slash = '\0';
		if (mkdir(folder, 0755) == 0 &&
		    chown(folder, entry->pw_uid, entry->pw_gid) != 0)
			rmdir(folder);
	}
	free(folder);
}

static bool
try_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

bool
rights_can_read(const char *user, const char *path)
{
	const struct passwd *entry = getpwnam(user);
	int status;
	pid_t child;

	if (!entry)
		return false;
	child = fork();
	if (child == 0) {
		alarm(TRY_S);
		_exit(become(entry) && try_read(path) ? 0 : 1);
	}
	if (child < 0)
		return true;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return true;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
