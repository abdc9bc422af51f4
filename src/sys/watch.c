/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/memory.h"
#include "sys/watchplan.h"

#define BUFFER_BYTES 16384
#define READS_MAX 64		/* in one drain */

/* The mount table cannot be put into every loop: its news are exceptional
 * (EPOLLPRI), and it is always readable.  An epoll over it and inotify is
 * readable when either has news.  Who polls it has heard them; so it is open
 * twice: once to wake the loop, once to be asked by us. */
struct watch {
	int both;
	int inotify;
	int mounts_wake;
	int mounts_ask;
	char **paths;
	size_t count;
	struct watchplan *plan;
};

static int
open_mounts(void)
{
	return open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
}

static void
close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* -1 for what cannot wake the loop. */
static int
join_loop(int loop, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events};

	if (fd < 0 || epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event) == 0)
		return fd;
	close(fd);
	return -1;
}

struct watch *
watch_new(void)
{
	struct watch *watch = memory_zeroed(1, sizeof *watch);

	watch->both = epoll_create1(EPOLL_CLOEXEC);
	watch->inotify = join_loop(watch->both,
	    inotify_init1(IN_NONBLOCK | IN_CLOEXEC), EPOLLIN);
	watch->mounts_wake = join_loop(watch->both, open_mounts(), EPOLLPRI);
	watch->mounts_ask = open_mounts();
	watch->plan = watchplan_make(watch->inotify, NULL, 0);
	return watch;
}

static void
free_paths(struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		free(watch->paths[i]);
	free(watch->paths);
	watch->paths = NULL;
	watch->count = 0;
}

void
watch_free(struct watch *watch)
{
	const int fds[] = {watch->both, watch->inotify, watch->mounts_wake,
	    watch->mounts_ask};

	close_all(fds, sizeof fds / sizeof *fds);
	free_paths(watch);
	watchplan_free(watch->plan);
	free(watch);
}

int
watch_fd(const struct watch *watch)
{
	return watch->inotify >= 0 ? watch->both : -1;
}

/* What both plans have is never unwatched in between. */
static void
plan_again(struct watch *watch)
{
	struct watchplan *old = watch->plan;

	watch->plan = watchplan_make(watch->inotify,
	    (const char *const *)watch->paths, watch->count);
	for (size_t i = 0; i < old->count; i++)
		if (old->folders[i].wd >= 0 &&
		    !watchplan_has(watch->plan, old->folders[i].wd))
			inotify_rm_watch(watch->inotify, old->folders[i].wd);
	watchplan_free(old);
}

void
watch_set(struct watch *watch, const char *const *paths, size_t count)
{
	char **copies = memory_zeroed(count + 1, sizeof *copies);

	for (size_t i = 0; i < count; i++)
		copies[i] = memory_string(paths[i]);
	free_paths(watch);
	watch->paths = copies;
	watch->count = count;
	plan_again(watch);
}

/* Only what was written leaves the ways to the files as they are. */
static enum watch_news
take_event(struct watch *watch, const struct inotify_event *event,
    uint32_t *kinds)
{
	if (event->mask & IN_Q_OVERFLOW) {
		*kinds |= IN_Q_OVERFLOW;
		return WATCH_OVERFLOW;
	}
	if (!watchplan_has(watch->plan, event->wd)) {
		/* A path that changed while it was walked left it behind. */
		if (!(event->mask & IN_IGNORED))
			inotify_rm_watch(watch->inotify, event->wd);
		return WATCH_NOTHING;
	}
	if (!watchplan_matters(watch->plan, event))
		return WATCH_NOTHING;
	*kinds |= event->mask;
	return WATCH_SOMETHING;
}

/* The kernel gives whole events only, one behind the other. */
static enum watch_news
take_events(struct watch *watch, const char *bytes, size_t length,
    uint32_t *kinds)
{
	enum watch_news news = WATCH_NOTHING, one;
	const struct inotify_event *event;

	for (size_t at = 0; at < length; at += sizeof *event + event->len) {
		event = (const void *)(bytes + at);
		one = take_event(watch, event, kinds);
		if (one > news)
			news = one;
	}
	return news;
}

static bool
has_mounts_changed(const struct watch *watch)
{
	struct pollfd ask = {.fd = watch->mounts_ask, .events = POLLPRI};

	return poll(&ask, 1, 0) == 1 && (ask.revents & (POLLPRI | POLLERR));
}

enum watch_news
watch_drain(struct watch *watch)
{
	_Alignas(struct inotify_event) char bytes[BUFFER_BYTES];
	enum watch_news news = WATCH_NOTHING, some;
	uint32_t kinds = 0;
	ssize_t got;

	for (unsigned i = 0; i < READS_MAX; i++) {
		got = read(watch->inotify, bytes, sizeof bytes);
		if (got <= 0)
			break;
		some = take_events(watch, bytes, (size_t)got, &kinds);
		if (some > news)
			news = some;
	}
	if (kinds & ~(uint32_t)(IN_MODIFY | IN_CLOSE_WRITE)) {
		plan_again(watch);
	} else if (has_mounts_changed(watch) &&
	    watchplan_moved(watch->plan)) {
		plan_again(watch);
		if (news == WATCH_NOTHING)
			news = WATCH_SOMETHING;
	}
	return news;
}

bool
watch_needs_poll(const struct watch *watch)
{
	return watch->mounts_wake < 0 || watch->mounts_ask < 0 ||
	    watch->plan->needs_poll;
}
