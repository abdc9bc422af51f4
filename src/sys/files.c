/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/memory.h"

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

const char *
files_read(const char *path, size_t max, struct files_content *file)
{
	const char *wrong = NULL;
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	*file = (struct files_content){0};
	if (fd < 0)
		return say_errno(errno);
	if (fstat(fd, &status) != 0)
		wrong = say_errno(errno);
	else if (S_ISDIR(status.st_mode))
		wrong = say_errno(EISDIR);
	else if (!S_ISREG(status.st_mode) && !is_null_device(&status))
		wrong = "it is not a regular file";
	else if ((size_t)status.st_size > max)
		wrong = "it is too large";
	else
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

static bool
is_left_behind(const char *name)
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

	if (is_left_behind(name))
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
