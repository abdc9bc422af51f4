/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/access.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/files.h"

#define TRY_S 5				/* a file server may never answer */
#define LINKS_MAX 40			/* in a row, as the kernel has it */
#define PATH_LONGEST 4096
#define CANNOT_BECOME 1

/* What no shell takes for anything else. */
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"/._-+,:@%="

bool
access_is_refused(const struct access_finding *finding)
{
	return finding->kind != ACCESS_GRANTED &&
	    finding->kind != ACCESS_NOT_FOUND;
}

/* ---- who says no ---- */

static bool
may(const char *path, int mode)
{
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 ||
	    errno != EACCES;
}

static struct access_finding
find(enum access_kind kind, const char *path)
{
	return (struct access_finding){kind, memory_string(path)};
}

static struct access_finding walk(const char *path, enum access_kind wanted,
    int links);

/* At a link it is what it leads to that says no. */
static struct access_finding
look_behind(const char *path, enum access_kind kind, int links)
{
	char target[PATH_LONGEST];
	ssize_t length = readlink(path, target, sizeof target - 1);
	const char *slash = strrchr(path, '/');
	struct access_finding finding;
	char *whole;

	if (length < 0 || links == LINKS_MAX)
		return find(kind, path);
	target[length] = '\0';
	if (*target == '/' || !slash)
		return walk(target, kind, links + 1);
	whole = memory_format("%.*s%s", (int)(slash - path + 1), path,
	    target);
	finding = walk(whole, kind, links + 1);
	free(whole);
	return finding;
}

static int
mode_of(enum access_kind wanted)
{
	switch (wanted) {
	case ACCESS_ENTER:
		return X_OK;
	case ACCESS_WRITE:
		return W_OK;
	case ACCESS_MAKE:
		return W_OK | X_OK;
	default:
		return R_OK;
	}
}

static enum access_kind
else_of(enum access_kind wanted)
{
	return wanted == ACCESS_WRITE || wanted == ACCESS_MAKE ||
	    wanted == ACCESS_ELSE_WRITE ? ACCESS_ELSE_WRITE : ACCESS_ELSE;
}

/* The path's end, for what is wanted of it. */
static struct access_finding
look_at_end(const char *path, enum access_kind wanted, int links)
{
	int mode = mode_of(wanted);
	struct stat status;

	if (stat(path, &status) != 0)
		return look_behind(path, wanted == ACCESS_ENTER ? wanted
		    : else_of(wanted), links);
	if (wanted == ACCESS_READ && S_ISDIR(status.st_mode)) {
		wanted = ACCESS_LIST;
		mode |= X_OK;
	}
	if (may(path, mode))
		return find(else_of(wanted), path);
	return look_behind(path, wanted, links);
}

/* Folder by folder from the beginning: of the path up to a slash, the first
 * that may not be entered. */
static struct access_finding
walk(const char *path, enum access_kind wanted, int links)
{
	struct access_finding finding = {ACCESS_GRANTED, NULL};
	char *part = memory_string(path), *at = part;

	if (*path != '/' && !may(".", X_OK))
		finding = find(ACCESS_ENTER, ".");
	while (finding.kind == ACCESS_GRANTED && *at &&
	    (at = strchr(at + 1, '/')) != NULL) {
		*at = '\0';
		if (!may(part, X_OK))
			finding = look_behind(part, ACCESS_ENTER, links);
		*at = '/';
	}
	free(part);
	if (finding.kind != ACCESS_GRANTED)
		return finding;
	return look_at_end(path, wanted, links);
}

/* The kernel's word counts; the walk is for who is to be told. */
struct access_finding
access_try(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd >= 0) {
		close(fd);
		return (struct access_finding){ACCESS_GRANTED, NULL};
	}
	if (errno != EACCES && errno != EPERM)
		return (struct access_finding){ACCESS_NOT_FOUND, NULL};
	return walk(path, ACCESS_READ, 0);
}

/* ---- writing ---- */

static struct access_finding
grant(void)
{
	return (struct access_finding){ACCESS_GRANTED, NULL};
}

/* What is wanted of a path that is there; errno where it is not. */
static struct access_finding
want(const char *path, enum access_kind wanted)
{
	if (faccessat(AT_FDCWD, path, mode_of(wanted), AT_EACCESS) == 0)
		return grant();
	switch (errno) {
	case EACCES:
		return walk(path, wanted, 0);
	case EPERM:
		return find(ACCESS_FIXED, path);
	case EROFS:
		return find(ACCESS_READ_ONLY, path);
	case ENOENT:
	case ENOTDIR:
		return find(ACCESS_NO_FOLDER, path);
	default:
		return grant();
	}
}

/* In the folder of the path. */
struct access_finding
access_try_make(const char *path)
{
	char *folder = files_folder_of(path);
	struct access_finding finding;
	struct stat status;

	finding = stat(folder, &status) == 0 && !S_ISDIR(status.st_mode) ?
	    find(ACCESS_NO_DIRECTORY, folder) : want(folder, ACCESS_MAKE);
	free(folder);
	return finding;
}

/* Through the links at the path's end, which may lead to nothing yet. */
static struct access_finding
follow(const char *path, struct access_finding (*ask)(const char *path))
{
	char *target = files_follow(path);
	struct access_finding finding;

	if (!target)
		return find(ACCESS_NO_FILE, path);
	finding = ask(target);
	free(target);
	return finding;
}

struct access_finding
access_try_append(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return errno == EACCES ? want(path, ACCESS_WRITE)
				       : follow(path, access_try_make);
	if (S_ISDIR(status.st_mode))
		return find(ACCESS_NO_FILE, path);
	return want(path, ACCESS_WRITE);
}

/* A link stays: the name that it leads to is given to another file. */
struct access_finding
access_try_renew(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return errno == EACCES ? want(path, ACCESS_WRITE)
				       : follow(path, access_try_make);
	if (!S_ISREG(status.st_mode))
		return find(ACCESS_NO_FILE, path);
	return status.st_size == 0 ? want(path, ACCESS_WRITE)
				   : follow(path, access_try_make);
}

/* A new file is its maker's, and of his group or the folder's. */
static bool
may_keep_owner(const char *path, const struct stat *old)
{
	char *folder;
	struct stat status;
	bool kept;

	if (geteuid() == 0)
		return true;
	if (old->st_uid != geteuid())
		return false;
	if (old->st_gid == getegid() || group_member(old->st_gid))
		return true;
	folder = files_folder_of(path);
	kept = stat(folder, &status) == 0 && status.st_mode & S_ISGID &&
	    status.st_gid == old->st_gid;
	free(folder);
	return kept;
}

static struct access_finding
try_replace(const char *path)
{
	struct access_finding finding = access_try_make(path);
	struct stat status;

	if (finding.kind != ACCESS_GRANTED || stat(path, &status) != 0)
		return finding;
	if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 &&
	    errno == EPERM)
		return find(ACCESS_FIXED, path);
	return may_keep_owner(path, &status) ? finding :
	    find(ACCESS_FOREIGN, path);
}

struct access_finding
access_try_replace(const char *path)
{
	struct stat status;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return find(ACCESS_NO_FILE, path);
	return follow(path, try_replace);
}

/* ---- as another user ---- */

struct note {
	uint32_t kind;
	uint32_t length;		/* of the path that follows */
};

static bool
become(const struct passwd *user)
{
	return initgroups(user->pw_name, user->pw_gid) == 0 &&
	    setgid(user->pw_gid) == 0 && setuid(user->pw_uid) == 0;
}

/* What is asked of each path. */
struct question {
	struct access_finding (*ask)(const char *path);
	const char *const *paths;
	size_t count;
};

static void
tell_parent(int to, struct access_finding finding)
{
	struct note note = {finding.kind,
	    finding.path ? (uint32_t)strlen(finding.path) : 0};

	if (write(to, &note, sizeof note) != (ssize_t)sizeof note ||
	    write(to, finding.path ? finding.path : "", note.length) !=
	    (ssize_t)note.length)
		_exit(0);
	free(finding.path);
}

static void
be_child(const struct passwd *user, int to, const struct question *question)
{
	alarm(TRY_S);
	if (!become(user))
		_exit(CANNOT_BECOME);
	for (size_t i = 0; i < question->count; i++)
		tell_parent(to, question->ask(question->paths[i]));
	_exit(0);
}

static bool
read_all(int from, void *bytes, size_t length)
{
	char *at = bytes;

	while (length > 0) {
		ssize_t got = read(from, at, length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		length -= (size_t)got;
	}
	return true;
}

static bool
hear(int from, struct access_finding *finding)
{
	struct note note;

	if (!read_all(from, &note, sizeof note) || note.length > PATH_LONGEST)
		return false;
	finding->kind = (enum access_kind)note.kind;
	if (note.length == 0)
		return true;
	finding->path = memory_zeroed(1, note.length + 1);
	return read_all(from, finding->path, note.length);
}

static void
refuse_all(struct access_finding *findings, const struct question *question)
{
	for (size_t i = 0; i < question->count; i++) {
		free(findings[i].path);
		findings[i] = find(question->ask == access_try ? ACCESS_READ
		    : ACCESS_WRITE, question->paths[i]);
	}
}

static bool
could_become(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return true;
	return !WIFEXITED(status) || WEXITSTATUS(status) != CANNOT_BECOME;
}

/* False: nobody can be that user here. */
static bool
ask_child(const struct passwd *user, const struct question *question,
    struct access_finding *findings)
{
	size_t heard = 0;
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return true;
	child = fork();
	if (child == 0)
		be_child(user, ends[1], question);
	close(ends[1]);
	while (child > 0 && heard < question->count &&
	    hear(ends[0], &findings[heard]))
		heard++;
	close(ends[0]);
	return child < 0 || could_become(child);
}

struct access_finding *
access_ask_as(const char *user, struct access_finding (*ask)(const char *path),
    const char *const *paths, size_t count)
{
	const struct question question = {ask, paths, count};
	struct access_finding *findings = memory_zeroed(count + 1,
	    sizeof *findings);
	const struct passwd *entry = getpwnam(user);

	if (!entry || geteuid() != 0 ||
	    !ask_child(entry, &question, findings))
		refuse_all(findings, &question);
	return findings;
}

struct access_finding *
access_try_as(const char *user, const char *const *paths, size_t count)
{
	return access_ask_as(user, access_try, paths, count);
}

void
access_findings_free(struct access_finding *findings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(findings[i].path);
	free(findings);
}

/* ---- words ---- */

char *
access_say(const struct access_finding *finding, const char *user)
{
	switch (finding->kind) {
	case ACCESS_ENTER:
		return memory_format("the user '%s' has no right to enter the "
		    "folder %s", user, finding->path);
	case ACCESS_LIST:
		return memory_format("the user '%s' has no right to list the "
		    "folder %s", user, finding->path);
	case ACCESS_ELSE:
		return memory_format("the user '%s' is not let to read it, "
		    "though the modes of all folders and of the file say yes",
		    user);
	case ACCESS_WRITE:
		return memory_format("the user '%s' has no right to write it",
		    user);
	case ACCESS_MAKE:
		return memory_format("the user '%s' has no right to make "
		    "files in the folder %s", user, finding->path);
	case ACCESS_NO_FOLDER:
		return memory_format("there is no folder %s", finding->path);
	case ACCESS_NO_FILE:
		return memory_format("%s is not a file", finding->path);
	case ACCESS_READ_ONLY:
		return memory_format("%s is on a file system that is mounted "
		    "read-only", finding->path);
	case ACCESS_NO_DIRECTORY:
		return memory_format("%s is not a folder", finding->path);
	case ACCESS_FIXED:
		return memory_format("%s is marked as immutable: nobody may "
		    "change it", finding->path);
	case ACCESS_ELSE_WRITE:
		return memory_format("the user '%s' is not let to write it, "
		    "though the modes say yes", user);
	case ACCESS_FOREIGN:
		return memory_format("a new one that the user '%s' makes "
		    "cannot have the owner and group of %s", user,
		    finding->path);
	default:
		return memory_format("the user '%s' has no right to read it",
		    user);
	}
}

/* A path as a shell takes it: "VirtualBox VMs" has a blank. */
static char *
quote(const char *path)
{
	char *text = NULL;
	size_t length;
	FILE *out;

	if (path[strspn(path, PLAIN)] == '\0')
		return memory_string(path);
	out = memory_stream(&text, &length);
	fputc('\'', out);
	for (; *path; path++)
		if (*path == '\'')
			fputs("'\\''", out);
		else
			fputc(*path, out);
	fputc('\'', out);
	memory_stream_close(out);
	return text;
}

static const char *
rights_of(enum access_kind kind)
{
	switch (kind) {
	case ACCESS_ENTER:
		return "x";
	case ACCESS_LIST:
		return "rx";
	case ACCESS_WRITE:
		return "w";
	case ACCESS_MAKE:
		return "wx";
	default:
		return "r";
	}
}

static const char *
other_way(enum access_kind kind)
{
	return kind == ACCESS_WRITE || kind == ACCESS_MAKE ? "" :
	    "; or have read-all: yes in server";
}

static char *
let(const struct access_finding *finding, const char *user)
{
	char *path = quote(finding->path), *text;

	if (finding->kind == ACCESS_FIXED)
		text = memory_format("let it be changed, say: chattr -i %s",
		    path);
	else if (finding->kind == ACCESS_NO_FOLDER)
		text = memory_format("make it, say: install -d -o %s %s", user,
		    path);
	else if (finding->kind == ACCESS_FOREIGN)
		text = memory_format("let him have it, say: chown %s: %s",
		    user, path);
	else
		text = memory_format("let it, say: setfacl -m u:%s:%s %s%s",
		    user, rights_of(finding->kind), path,
		    other_way(finding->kind));
	free(path);
	return text;
}

char *
access_mend(const struct access_finding *finding, const char *user)
{
	switch (finding->kind) {
	case ACCESS_ELSE:
	case ACCESS_ELSE_WRITE:
		return memory_string("a rule of AppArmor or SELinux, or a "
		    "file server, forbids it");
	case ACCESS_NO_FILE:
	case ACCESS_NO_DIRECTORY:
	case ACCESS_READ_ONLY:
		return memory_string("name another file");
	default:
		return let(finding, user);
	}
}
