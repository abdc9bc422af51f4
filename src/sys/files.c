/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/filesystem.h"

#define READ_MIN 4096		/* /proc says that its files are empty */

static const char *
say_errno(int error)
{
	switch (error) {
	case ENOENT:
		return "there is no such file";
	case EACCES:
		return "hostler has no right to read it";
	case ELOOP:
		return "its symbolic links go in a circle";
	case ENOTDIR:
		return "a part of its path is not a folder";
	case ENAMETOOLONG:
		return "its path is too long";
	case EISDIR:
		return "it is a folder, not a file";
	case EMFILE:
	case ENFILE:
		return "too many files are open";
	default:
		return "it cannot be read (input/output error)";
	}
}

static int64_t
count_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static struct files_identity
identify(const struct stat *status)
{
	return (struct files_identity){
	    .device = status->st_dev,
	    .inode = status->st_ino,
	    .size = (uint64_t)status->st_size,
	    .changed_ns = count_ns(&status->st_ctim),
	    .modified_ns = count_ns(&status->st_mtim),
	};
}

bool
files_identity_equal(const struct files_identity *a,
    const struct files_identity *b)
{
	return a->device == b->device && a->inode == b->inode &&
	    a->size == b->size && a->changed_ns == b->changed_ns &&
	    a->modified_ns == b->modified_ns;
}

/* The size is only a hint: a file may grow while it is read. */
static const char *
read_open(int fd, size_t hint, size_t max, struct files_content *file)
{
	size_t room = hint ? hint + 1 : READ_MIN;
	const char *wrong;
	ssize_t got;

	file->bytes = memory_alloc(room);
	file->length = 0;
	for (;;) {
		got = read(fd, file->bytes + file->length,
		    room - file->length);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		file->length += (size_t)got;
		if (file->length > max)
			break;
		if (file->length == room) {
			room *= 2;
			file->bytes = memory_resize(file->bytes, room, 1);
		}
	}
	if (got == 0)
		return NULL;
	wrong = got < 0 ? say_errno(errno) : "it is too large";
	files_release(file);
	return wrong;
}

/* The usual way to say "an empty file". */
static bool
is_null_device(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

static const char *
judge(const struct stat *status, size_t max)
{
	if (S_ISDIR(status->st_mode))
		return say_errno(EISDIR);
	if (!S_ISREG(status->st_mode) && !is_null_device(status))
		return "it is not a regular file";
	return (size_t)status->st_size > max ? "it is too large" : NULL;
}

/* An open descriptor, or -1 and why not. */
static int
open_file(const char *path, size_t max, struct stat *status,
    const char **wrong)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*wrong = NULL;
	if (fd < 0 || fstat(fd, status) != 0)
		*wrong = say_errno(errno);
	else
		*wrong = judge(status, max);
	if (*wrong == NULL)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

const char *
files_read(const char *path, size_t max, struct files_content *file)
{
	const char *wrong;
	struct stat status;
	int fd = open_file(path, max, &status, &wrong);

	*file = (struct files_content){0};
	if (fd < 0)
		return wrong;
	wrong = read_open(fd, (size_t)status.st_size, max, file);
	if (!wrong)
		file->identity = identify(&status);
	close(fd);
	return wrong;
}

void
files_release(struct files_content *file)
{
	free(file->bytes);
	*file = (struct files_content){0};
}

const char *
files_hold(const char *path, size_t max, struct files_held *held)
{
	const char *wrong;
	struct stat status;

	held->fd = open_file(path, max, &status, &wrong);
	held->length = wrong ? 0 : (size_t)status.st_size;
	return wrong;
}

const char *
files_fetch(const struct files_held *held, size_t at, char *bytes,
    size_t length)
{
	while (length > 0) {
		ssize_t got = pread(held->fd, bytes, length, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return say_errno(errno);
		if (got == 0)
			return "it became shorter while it was read";
		bytes += got;
		at += (size_t)got;
		length -= (size_t)got;
	}
	return NULL;
}

void
files_let_go(struct files_held *held)
{
	close(held->fd);
	*held = (struct files_held){.fd = -1};
}

bool
files_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- folders ---- */

static bool
ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), tail = strlen(end);

	return length > tail && strcmp(name + length - tail, end) == 0;
}

bool
files_is_left_behind(const char *name)
{
	static const char *const ends[] = {"~", ".swp", ".swo", ".bak",
	    ".orig", ".rej", ".tmp", ".save"};

	/* vim makes and removes 4913 to see whether it may. */
	if (*name == '.' || *name == '#' || strstr(name, ".dpkg-") ||
	    strstr(name, ".rpm") || strcmp(name, "4913") == 0)
		return true;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (ends_with(name, ends[i]))
			return true;
	return false;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static void
add_path(struct files_list *list, char *path)
{
	list->paths = memory_resize(list->paths, list->count + 1,
	    sizeof *list->paths);
	list->paths[list->count++] = path;
}

static void
add_entry(struct files_list *list, const char *folder, const char *name)
{
	size_t length = strlen(folder);
	struct stat status;
	char *path;

	if (files_is_left_behind(name))
		return;
	path = memory_format("%s%s%s", folder,
	    length && folder[length - 1] == '/' ? "" : "/", name);
	/* A link that leads nowhere is listed: reading it says why. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		free(path);
	else
		add_path(list, path);
}

const char *
files_expand(const char *path, struct files_list *list)
{
	struct dirent *entry;
	DIR *folder;

	*list = (struct files_list){0};
	folder = opendir(path);
	if (!folder && errno == ENOTDIR) {
		add_path(list, memory_string(path));
		return NULL;
	}
	if (!folder)
		return say_errno(errno);
	while ((entry = readdir(folder)))
		add_entry(list, path, entry->d_name);
	closedir(folder);
	if (list->count)
		qsort(list->paths, list->count, sizeof *list->paths,
		    compare_names);
	return NULL;
}

void
files_list_free(struct files_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct files_list){0};
}

struct find {
	const char *suffix;
	struct files_list *list;
	struct files_list *folders;
};

static void find_in(const struct find *find, const char *path,
    unsigned depth);

static void
find_entry(const struct find *find, const char *folder, const char *name,
    unsigned depth)
{
	struct stat status;
	char *path;

	if (*name == '.' || find->list->count >= FILES_FOUND_MAX)
		return;
	path = memory_format("%s/%s", folder, name);
	if (lstat(path, &status) != 0) {
		free(path);
		return;
	}
	if (S_ISDIR(status.st_mode) && depth < FILES_DEPTH)
		find_in(find, path, depth + 1);
	if (!S_ISDIR(status.st_mode) && ends_with(name, find->suffix))
		add_path(find->list, path);
	else
		free(path);
}

static void
find_in(const struct find *find, const char *path, unsigned depth)
{
	struct dirent *entry;
	DIR *folder = opendir(path);

	if (!folder)
		return;
	if (find->folders && find->folders->count < FILES_FOUND_MAX)
		add_path(find->folders, memory_string(path));
	while ((entry = readdir(folder)))
		find_entry(find, path, entry->d_name, depth);
	closedir(folder);
}

const char *
files_find(const char *folder, const char *suffix, struct files_list *list,
    struct files_list *folders)
{
	const struct find find = {suffix, list, folders};
	DIR *first = opendir(folder);

	*list = (struct files_list){0};
	if (folders)
		*folders = (struct files_list){0};
	if (!first)
		return say_errno(errno);
	closedir(first);
	find_in(&find, folder, 0);
	if (list->count)
		qsort(list->paths, list->count, sizeof *list->paths,
		    compare_names);
	return NULL;
}

void
files_look(const char *path, struct files_state *state)
{
	struct statfs filesystem;
	struct stat status;

	memset(state, 0, sizeof *state);
	if (stat(path, &status) == 0)
		state->identity = identify(&status);
	if (statfs(path, &filesystem) == 0)
		state->blind = filesystem_is_blind((uint32_t)filesystem.f_type);
}

/* ---- replacing ---- */

#define LINKS_MAX 40			/* in a row, as the kernel has it */
#define ACCESS_LIST "system.posix_acl_access"
#define ACCESS_LIST_MAX 4096

static const char *
say_write_errno(int error)
{
	switch (error) {
	case ENOENT:
		return "its folder does not exist";
	case EACCES:
	case EPERM:
		return "there is no right to write in its folder";
	case EROFS:
		return "its folder is read-only";
	case ENOSPC:
	case EDQUOT:
		return "the disk is full";
	case EBUSY:
		return "it is mounted by itself and cannot be renamed over: "
		       "mount its folder instead";
	case EISDIR:
	case ELOOP:
	case ENOTDIR:
	case ENAMETOOLONG:
	case EMFILE:
	case ENFILE:
		return say_errno(error);
	default:
		return "it cannot be written (input/output error)";
	}
}

/* The same folder, another name. */
static char *
name_beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	if (*name == '/' || !slash)
		return memory_string(name);
	return memory_format("%.*s%s", (int)(slash - path + 1), path, name);
}

enum links {
	LINKS_OF_ANYBODY,
	LINKS_WE_TRUST,
};

/* Root does not write where somebody else's link leads. */
static bool
is_trusted(const char *link)
{
	struct stat is;

	return geteuid() != 0 || (lstat(link, &is) == 0 && is.st_uid == 0);
}

/* NULL: too many, or one that does not count. */
static char *
follow(const char *path, enum links links)
{
	char *at = memory_string(path);
	char name[4096];

	for (int i = 0; i < LINKS_MAX; i++) {
		ssize_t length = readlink(at, name, sizeof name - 1);
		char *next;

		if (length < 0)
			return at;
		if (links == LINKS_WE_TRUST && !is_trusted(at))
			break;
		name[length] = '\0';
		next = name_beside(at, name);
		free(at);
		at = next;
	}
	free(at);
	return NULL;
}

char *
files_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return memory_string(".");
	return memory_format("%.*s", slash == path ? 1 : (int)(slash - path),
	    path);
}

char *
files_follow(const char *path)
{
	return follow(path, LINKS_OF_ANYBODY);
}

/* An access list names users whom mode and owner do not show. */
static bool
keep_access_list(int fd, const char *path)
{
	char list[ACCESS_LIST_MAX];
	ssize_t length = getxattr(path, ACCESS_LIST, list, sizeof list);

	if (length < 0)
		return errno != ERANGE;
	return fsetxattr(fd, ACCESS_LIST, list, (size_t)length, 0) == 0;
}

/* A new file that root makes in somebody's folder is for him: hostler's user is
 * to write it from then on. */
static bool
give_to_folder(int fd, const char *path)
{
	char *folder = name_beside(path, ".");
	struct stat is;
	bool given = geteuid() != 0 || (stat(folder, &is) == 0 &&
	    fchown(fd, is.st_uid, is.st_gid) == 0);

	free(folder);
	return given && fchmod(fd, 0644) == 0;
}

/* chown takes mode bits away, so it is first. */
static const char *
keep_rights(int fd, const char *path)
{
	static const char wrong[] =
	    "there is no right to keep its owner and mode";
	struct stat old, new;

	if (stat(path, &old) != 0)
		return give_to_folder(fd, path) ? NULL : wrong;
	if (!S_ISREG(old.st_mode))
		return S_ISDIR(old.st_mode) ? say_errno(EISDIR) :
		    "it is not a regular file";
	if (fstat(fd, &new) != 0)
		return wrong;
	if ((old.st_uid != new.st_uid || old.st_gid != new.st_gid) &&
	    fchown(fd, old.st_uid, old.st_gid) != 0)
		return wrong;
	if (fchmod(fd, old.st_mode & 07777) != 0 ||
	    !keep_access_list(fd, path))
		return wrong;
	return NULL;
}

static const char *
write_all(int fd, const char *bytes, size_t length)
{
	size_t at = 0;

	while (at < length) {
		ssize_t put = write(fd, bytes + at, length - at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return say_write_errno(errno);
		at += (size_t)put;
	}
	return fsync(fd) == 0 ? NULL : say_write_errno(errno);
}

/* The rename itself is on the disk when the folder is. */
static void
sync_folder(const char *path)
{
	char *folder = name_beside(path, ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

static const char *
replace_target(const char *path, const char *bytes, size_t length)
{
	const char *slash = strrchr(path, '/');
	char *name = memory_format(".%s.XXXXXX", slash ? slash + 1 : path);
	char *fresh = name_beside(path, name);
	int fd = mkostemp(fresh, O_CLOEXEC);
	const char *wrong;

	free(name);
	if (fd < 0) {
		wrong = say_write_errno(errno);
		free(fresh);
		return wrong;
	}
	wrong = keep_rights(fd, path);
	if (!wrong)
		wrong = write_all(fd, bytes, length);
	close(fd);
	if (!wrong && rename(fresh, path) != 0)
		wrong = say_write_errno(errno);
	if (wrong)
		unlink(fresh);
	else
		sync_folder(path);
	free(fresh);
	return wrong;
}

const char *
files_replace(const char *path, const char *bytes, size_t length)
{
	char *target = follow(path, LINKS_WE_TRUST);
	char *anybodys = target ? NULL : files_follow(path);
	const char *wrong;

	if (target)
		wrong = replace_target(target, bytes, length);
	else
		wrong = anybodys ? "it is a symbolic link of another user's"
				 : say_errno(ELOOP);
	free(target);
	free(anybodys);
	return wrong;
}
