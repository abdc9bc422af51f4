/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/watchplan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/files.h"
#include "sys/filesystem.h"

#define LINKS_MAX 40		/* as the kernel follows */
#define FOLDERS_MAX 4096
#define NAMES_MAX 4096		/* noted in one folder */

/* A folder that is only passed need not tell of writing. */
#define PASSED (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | \
	IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)
#define WRITTEN (IN_MODIFY | IN_CLOSE_WRITE)
#define FILE_ITSELF (WRITTEN | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

/* How far a path was followed. */
struct walk {
	struct watchplan *plan;
	unsigned links;
	char at[PATH_MAX];	/* the folder reached; "" is the root */
	char rest[PATH_MAX];
};

enum step {
	STEP_FOLDER,		/* walk->at is further on */
	STEP_LINK,		/* walk->rest is where it leads */
	STEP_END,		/* a file, or nothing */
};

/* ---- what a plan holds ---- */

/* The place of a path; *there tells whether it is taken. */
static size_t
find_folder(const struct watchplan *plan, const char *path, bool *there)
{
	size_t low = 0, high = plan->count, middle;
	int order;

	*there = false;
	while (low < high && !*there) {
		middle = low + (high - low) / 2;
		order = strcmp(path, plan->folders[middle].path);
		*there = order == 0;
		if (order <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return high;
}

static size_t
find_name(const struct watchplan_folder *folder, const char *name,
    bool *there)
{
	size_t low = 0, high = folder->count, middle;
	int order;

	*there = false;
	while (low < high && !*there) {
		middle = low + (high - low) / 2;
		order = strcmp(name, folder->names[middle].name);
		*there = order == 0;
		if (order <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return high;
}

static struct watchplan_identity
identify(const struct statx *status)
{
	return (struct watchplan_identity){
	    .mount = status->stx_mnt_id,
	    .device = (uint64_t)status->stx_dev_major << 32 |
	    status->stx_dev_minor,
	    .inode = status->stx_ino,
	};
}

static bool
look_at(const char *path, struct statx *status)
{
	memset(status, 0, sizeof *status);
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
	    STATX_BASIC_STATS | STATX_MNT_ID, status) == 0)
		return true;
	memset(status, 0, sizeof *status);
	return false;
}

static void
note_name(struct watchplan *plan, struct watchplan_folder *folder,
    const char *name, const struct statx *status)
{
	bool there;
	size_t at = find_name(folder, name, &there);

	if (there)
		return;
	if (folder->count == NAMES_MAX) {
		folder->scope = WATCHPLAN_ALL;
		plan->needs_poll = true;
		return;
	}
	folder->names = memory_resize(folder->names, folder->count + 1,
	    sizeof *folder->names);
	memmove(folder->names + at + 1, folder->names + at,
	    (folder->count - at) * sizeof *folder->names);
	folder->names[at] = (struct watchplan_name){memory_string(name),
	    identify(status)};
	folder->count++;
}

static const char *
name_root(const char *path)
{
	return *path ? path : "/";
}

static struct watchplan_folder *
add_folder(struct watchplan *plan, const char *path)
{
	struct watchplan_folder *folder;
	struct statfs filesystem;
	struct statx status;
	bool there;
	size_t at = find_folder(plan, path, &there);

	if (there)
		return &plan->folders[at];
	if (plan->count == FOLDERS_MAX) {
		plan->needs_poll = true;
		return NULL;
	}
	plan->folders = memory_resize(plan->folders, plan->count + 1,
	    sizeof *plan->folders);
	folder = plan->folders + at;
	memmove(folder + 1, folder, (plan->count - at) * sizeof *folder);
	plan->count++;
	look_at(name_root(path), &status);
	*folder = (struct watchplan_folder){.path = memory_string(path),
	    .wd = -1, .mount = status.stx_mnt_id};
	if (statfs(name_root(path), &filesystem) == 0 &&
	    filesystem_is_blind((uint32_t)filesystem.f_type))
		plan->needs_poll = true;
	return folder;
}

/* Have the kernel watch the path for these events too; NULL where a bound is
 * reached.  The mask is never narrowed, not even anew: what another path needs
 * must not be lost in between. */
static struct watchplan_folder *
watch_path(struct watchplan *plan, const char *path, uint32_t mask)
{
	struct watchplan_folder *folder = add_folder(plan, path);
	int wd;

	if (!folder || (folder->mask & mask) == mask)
		return folder;
	folder->mask |= mask;
	wd = inotify_add_watch(plan->inotify, name_root(path),
	    mask | IN_MASK_ADD | IN_DONT_FOLLOW | IN_EXCL_UNLINK);
	/* What has just vanished is told by the folder that it was in. */
	if (wd < 0 && errno != ENOENT && errno != ENOTDIR)
		plan->needs_poll = true;
	if (wd >= 0)
		folder->wd = wd;
	return folder;
}

/* ---- walking ---- */

static bool
join(char path[PATH_MAX], const char *folder, const char *name)
{
	int length = snprintf(path, PATH_MAX, "%s/%s", folder, name);

	return length >= 0 && length < PATH_MAX;
}

/* The next name of the rest; false at its end, or where none can be. */
static bool
take_name(struct walk *walk, char name[NAME_MAX + 1])
{
	const char *from = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(from, "/");

	if (length == 0 || length > NAME_MAX)
		return false;
	memcpy(name, from, length);
	name[length] = '\0';
	memmove(walk->rest, from + length, strlen(from + length) + 1);
	return true;
}

static enum step
follow_link(struct walk *walk, const char *path)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof target - 1);

	if (length <= 0 || ++walk->links > LINKS_MAX)
		return STEP_END;
	target[length] = '\0';
	if (!join(rest, target, walk->rest)) {
		walk->plan->needs_poll = true;
		return STEP_END;
	}
	memcpy(walk->rest, rest, sizeof rest);
	if (*target == '/')
		*walk->at = '\0';
	return STEP_LINK;
}

/* The file at the end of the way: who writes to a mounted file, or by another
 * hard link, touches another folder than this. */
static void
watch_file(struct walk *walk, const char *path, const struct statx *status)
{
	struct watchplan_folder *folder = watch_path(walk->plan, walk->at,
	    PASSED | WRITTEN);

	if (S_ISREG(status->stx_mode) && folder &&
	    (status->stx_nlink > 1 || status->stx_mnt_id != folder->mount))
		watch_path(walk->plan, path, FILE_ITSELF);
}

static enum step
take_step(struct walk *walk, const char *name)
{
	struct watchplan_folder *folder;
	struct statx status;
	char path[PATH_MAX];

	if (!join(path, walk->at, name)) {
		walk->plan->needs_poll = true;
		return STEP_END;
	}
	folder = watch_path(walk->plan, walk->at, PASSED);
	look_at(path, &status);
	if (folder)
		note_name(walk->plan, folder, name, &status);
	if (S_ISLNK(status.stx_mode))
		return follow_link(walk, path);
	if (S_ISDIR(status.stx_mode)) {
		memcpy(walk->at, path, strlen(path) + 1);
		return STEP_FOLDER;
	}
	if (walk->rest[strspn(walk->rest, "/")] == '\0')
		watch_file(walk, path, &status);
	return STEP_END;
}

static void
step_up(struct walk *walk)
{
	char *slash = strrchr(walk->at, '/');

	if (slash)
		*slash = '\0';
}

/* STEP_FOLDER where the way ends in a folder, walk->at. */
static enum step
walk_on(struct walk *walk)
{
	enum step step = STEP_FOLDER;
	char name[NAME_MAX + 1];

	while (step != STEP_END && take_name(walk, name)) {
		if (strcmp(name, "..") == 0)
			step_up(walk);
		else if (strcmp(name, ".") != 0)
			step = take_step(walk, name);
	}
	/* A link to / or to . ends in a folder without a further step. */
	return step == STEP_END || walk->rest[strspn(walk->rest, "/")] ?
	    STEP_END : STEP_FOLDER;
}

/* What the folder holds may be links and mounts as well.  Folders in it are
 * not its content. */
static void
walk_entries(const struct walk *folder)
{
	struct files_list list;
	struct walk walk;

	if (files_expand(name_root(folder->at), &list))
		return;
	for (size_t i = 0; i < list.count; i++) {
		walk.plan = folder->plan;
		walk.links = 0;
		memcpy(walk.at, folder->at, sizeof walk.at);
		snprintf(walk.rest, sizeof walk.rest, "%s",
		    strrchr(list.paths[i], '/') + 1);
		walk_on(&walk);
	}
	files_list_free(&list);
}

static void
walk_path(struct watchplan *plan, const char *path)
{
	struct watchplan_folder *folder;
	struct walk walk = {.plan = plan};

	if (*path == '\0')
		return;
	if ((*path != '/' && !getcwd(walk.at, sizeof walk.at)) ||
	    strlen(path) >= sizeof walk.rest) {
		plan->needs_poll = true;
		return;
	}
	if (strcmp(walk.at, "/") == 0)
		*walk.at = '\0';
	memcpy(walk.rest, path, strlen(path) + 1);
	if (walk_on(&walk) != STEP_FOLDER)
		return;
	folder = watch_path(plan, walk.at, PASSED | WRITTEN);
	if (folder && folder->scope == WATCHPLAN_NAMES)
		folder->scope = WATCHPLAN_FILES;
	walk_entries(&walk);
}

struct watchplan *
watchplan_make(int inotify, const char *const *paths, size_t count)
{
	struct watchplan *plan = memory_zeroed(1, sizeof *plan);

	plan->inotify = inotify;
	plan->needs_poll = inotify < 0;
	for (size_t i = 0; i < count && inotify >= 0; i++)
		walk_path(plan, paths[i]);
	return plan;
}

void
watchplan_free(struct watchplan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++) {
		struct watchplan_folder *folder = &plan->folders[i];

		for (size_t j = 0; j < folder->count; j++)
			free(folder->names[j].name);
		free(folder->names);
		free(folder->path);
	}
	free(plan->folders);
	free(plan);
}

/* ---- asking it ---- */

bool
watchplan_has(const struct watchplan *plan, int wd)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->folders[i].wd == wd)
			return true;
	return false;
}

static bool
concerns(const struct watchplan_folder *folder,
    const struct inotify_event *event)
{
	bool there;

	/* Without a name it is about the folder itself. */
	if (event->len == 0 || folder->scope == WATCHPLAN_ALL)
		return true;
	find_name(folder, event->name, &there);
	return there || (folder->scope == WATCHPLAN_FILES &&
	    !(event->mask & IN_ISDIR) && !files_is_left_behind(event->name));
}

bool
watchplan_matters(const struct watchplan *plan,
    const struct inotify_event *event)
{
	/* One kernel watch may stand for two folders: a bind mount. */
	for (size_t i = 0; i < plan->count; i++)
		if (plan->folders[i].wd == event->wd &&
		    concerns(&plan->folders[i], event))
			return true;
	return false;
}

static bool
has_moved(const struct watchplan_folder *folder)
{
	struct watchplan_identity now;
	struct statx status;
	char path[PATH_MAX];

	for (size_t i = 0; i < folder->count; i++) {
		if (!join(path, folder->path, folder->names[i].name))
			continue;
		look_at(path, &status);
		now = identify(&status);
		if (memcmp(&now, &folder->names[i].identity, sizeof now) != 0)
			return true;
	}
	return false;
}

bool
watchplan_moved(const struct watchplan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (has_moved(&plan->folders[i]))
			return true;
	return false;
}
