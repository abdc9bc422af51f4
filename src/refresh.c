/* SPDX-License-Identifier: BSD-2-Clause */
#include "refresh.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "lintconf.h"
#include "linting.h"
#include "sys/neighbours.h"
#include "sys/watch.h"

#define QUIET_MS 200			/* editors write in several steps */
#define QUIET_MOST_MS 600		/* who never stops is read then */
#define POLL_MS 2000
#define DUE_MOST_S 3600			/* a timer sleeps no longer */

struct refresh {
	struct reload *reload;
	struct refresh_hooks hooks;
	struct watch *watch;
	int neighbours;			/* -1: not asked for, or not had */
	struct linting *linting;
	struct lint_findings findings;
	struct diags *warnings;		/* of findings; NULL: not made yet */
	int64_t noisy_ms;		/* since then; 0: it is quiet */
	bool again;			/* the next look is only to find what
					 * was written during the last */
	struct event *on_watch;
	struct event *on_neighbours;
	struct event *on_linted;
	struct event *begin;
	struct event *quiet;
	struct event *poll;
	struct event *due;
};

static void
arm(struct event *event, int64_t ms)
{
	struct timeval wait = {(time_t)(ms / 1000),
	    (suseconds_t)(ms % 1000 * 1000)};

	event_add(event, &wait);
}

/* ---- the linter ---- */

static void
start_linting(struct refresh *refresh)
{
	const struct realms *realms = reload_realms(refresh->reload);
	const struct conf *conf = reload_conf(refresh->reload);
	struct lintconf *all = memory_zeroed(realms->count, sizeof *all);
	struct lint_input *inputs = memory_zeroed(realms->count,
	    sizeof *inputs);

	for (size_t i = 0; i < realms->count; i++) {
		const struct load *load = realms->list[i]->load;

		lintconf_init(&all[i], conf, i ? &conf->views[i - 1] : NULL);
		for (size_t k = 0; k < load->count; k++)
			if (load->sources[k]->content)
				lintconf_add(&all[i],
				    load->sources[k]->content);
		inputs[i] = all[i].input;
		inputs[i].names = realms->list[i]->names;
	}
	linting_start(refresh->linting, inputs, realms->count);
	for (size_t i = 0; i < realms->count; i++)
		lintconf_fini(&all[i]);
	free(all);
	free(inputs);
}

static void
drop_warnings(struct refresh *refresh)
{
	if (refresh->warnings)
		diags_free(refresh->warnings);
	refresh->warnings = NULL;
}

static void
take_findings(struct refresh *refresh, const struct lint_findings *findings)
{
	struct diags *news = diags_new();

	lintconf_tell(findings, &refresh->findings, news);
	diags_print(news, log_stream(), diags_colour(stderr));
	diags_free(news);
	lint_findings_fini(&refresh->findings);
	refresh->findings = *findings;
	drop_warnings(refresh);
}

static void
on_linted(evutil_socket_t fd, short what, void *context)
{
	struct refresh *refresh = context;
	struct lint_findings findings = {0};

	(void)fd;
	(void)what;
	switch (linting_take(refresh->linting, &findings)) {
	case LINTING_NOTHING:
		break;
	case LINTING_FOUND:
		take_findings(refresh, &findings);
		reload_reclaim(refresh->reload);
		break;
	case LINTING_START_AGAIN:
		reload_reclaim(refresh->reload);
		start_linting(refresh);
		break;
	}
}

const struct diags *
refresh_warnings(struct refresh *refresh)
{
	if (refresh->warnings)
		return refresh->warnings;
	refresh->warnings = diags_new();
	lintconf_tell(&refresh->findings, NULL, refresh->warnings);
	return refresh->warnings;
}

/* ---- what is watched ---- */

static size_t
join_paths(const struct refresh *refresh, const char ***paths)
{
	const struct loadfiles *routes =
	    reload_route_files(refresh->reload);
	size_t count = realms_paths(reload_realms(refresh->reload), paths);

	*paths = memory_resize(*paths, count + routes->seen_count + 1,
	    sizeof **paths);
	for (size_t i = 0; i < routes->seen_count; i++)
		(*paths)[count++] = routes->seen[i].path;
	return count;
}

static bool
wants_neighbours(const struct realms *realms)
{
	for (size_t i = 0; i < realms->count; i++) {
		const struct load *load = realms->list[i]->load;

		for (size_t k = 0; k < load->count; k++)
			if (load->sources[k]->spec.format == LEASE_NEIGHBOURS)
				return true;
	}
	return false;
}

static void
hear_noise(struct refresh *refresh)
{
	int64_t now_ms = clock_mono_ms(), left_ms;

	if (!refresh->noisy_ms)
		refresh->noisy_ms = now_ms;
	left_ms = refresh->noisy_ms + QUIET_MOST_MS - now_ms;
	arm(refresh->quiet, left_ms < 0 ? 0 :
	    left_ms < QUIET_MS ? left_ms : QUIET_MS);
}

static void
on_neighbours(evutil_socket_t fd, short what, void *context)
{
	(void)what;
	if (neighbours_drain(fd) == NETLINK_SOMETHING)
		hear_noise(context);
}

static void
settle_neighbours(struct refresh *refresh)
{
	bool wants = wants_neighbours(reload_realms(refresh->reload));

	if (!wants && refresh->on_neighbours) {
		event_free(refresh->on_neighbours);
		refresh->on_neighbours = NULL;
		close(refresh->neighbours);
		refresh->neighbours = -1;
	}
	if (!wants || refresh->on_neighbours)
		return;
	refresh->neighbours = neighbours_open();
	if (refresh->neighbours < 0)
		return;
	refresh->on_neighbours = event_new(event_get_base(refresh->quiet),
	    refresh->neighbours, EV_READ | EV_PERSIST, on_neighbours,
	    refresh);
	event_add(refresh->on_neighbours, NULL);
}

static bool
needs_poll(const struct refresh *refresh)
{
	return watch_needs_poll(refresh->watch) ||
	    (wants_neighbours(reload_realms(refresh->reload)) &&
		refresh->neighbours < 0);
}

static void
settle_timers(struct refresh *refresh)
{
	int64_t due_s = realms_due(reload_realms(refresh->reload));
	int64_t now_ms = clock_mono_ms(), most_ms = DUE_MOST_S * 1000;
	int64_t left_ms = due_s < INT64_MAX / 1000 ? due_s * 1000 - now_ms
						   : most_ms;

	event_del(refresh->due);
	if (due_s != INT64_MAX)
		arm(refresh->due, left_ms < 0 ? 0 : left_ms > most_ms
		    ? most_ms : left_ms);
	event_del(refresh->poll);
	if (needs_poll(refresh))
		arm(refresh->poll, POLL_MS);
}

static void
settle_watch(struct refresh *refresh)
{
	const char **paths;
	size_t count = join_paths(refresh, &paths);

	watch_set(refresh->watch, paths, count);
	free(paths);
	settle_neighbours(refresh);
	settle_timers(refresh);
}

/* What was written between the reading and now is found by looking once
 * more. */
static void
look_again(struct refresh *refresh)
{
	hear_noise(refresh);
	refresh->again = true;
}

void
refresh_settle(struct refresh *refresh)
{
	event_del(refresh->begin);
	settle_watch(refresh);
	look_again(refresh);
	start_linting(refresh);
}

void
refresh_begin(struct refresh *refresh)
{
	arm(refresh->begin, 0);
}

static void
on_begin(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	refresh_settle(context);
}

static enum reload_news
look(struct refresh *refresh)
{
	int64_t start_ms = clock_mono_ms();
	struct changes changes = {0};
	struct refresh_look look = {.changes = &changes};

	reload_note_changes(refresh->reload, &changes);
	look.news = reload_refresh(refresh->reload);
	reload_note_changes(refresh->reload, NULL);
	look.took_ms = clock_mono_ms() - start_ms;
	if (look.news != RELOAD_NOTHING)
		refresh->hooks.looked(refresh->hooks.context, &look);
	changes_fini(&changes);
	return look.news;
}

void
refresh_now(struct refresh *refresh)
{
	bool again = refresh->again;
	enum reload_news news = look(refresh);

	refresh->noisy_ms = 0;
	refresh->again = false;
	switch (news) {
	case RELOAD_NOTHING:
		settle_timers(refresh);
		break;
	case RELOAD_READ:
		settle_watch(refresh);
		if (!again)
			look_again(refresh);
		break;
	case RELOAD_PUBLISHED:
		refresh_settle(refresh);
		break;
	}
}

static void
on_watch(evutil_socket_t fd, short what, void *context)
{
	struct refresh *refresh = context;

	(void)fd;
	(void)what;
	if (watch_drain(refresh->watch) != WATCH_NOTHING) {
		refresh->again = false;
		hear_noise(refresh);
	}
	if (needs_poll(refresh) && !event_pending(refresh->poll, EV_TIMEOUT,
	    NULL))
		arm(refresh->poll, POLL_MS);
}

static void
on_time(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	refresh_now(context);
}

/* ---- the whole ---- */

struct refresh *
refresh_new(struct event_base *base, struct reload *reload,
    const struct refresh_hooks *hooks)
{
	struct refresh *refresh = memory_zeroed(1, sizeof *refresh);

	refresh->reload = reload;
	refresh->hooks = *hooks;
	refresh->neighbours = -1;
	refresh->watch = watch_new();
	refresh->linting = linting_new();
	refresh->begin = evtimer_new(base, on_begin, refresh);
	refresh->quiet = evtimer_new(base, on_time, refresh);
	refresh->poll = evtimer_new(base, on_time, refresh);
	refresh->due = evtimer_new(base, on_time, refresh);
	refresh->on_linted = event_new(base, linting_fd(refresh->linting),
	    EV_READ | EV_PERSIST, on_linted, refresh);
	event_add(refresh->on_linted, NULL);
	if (watch_fd(refresh->watch) < 0)
		return refresh;
	refresh->on_watch = event_new(base, watch_fd(refresh->watch),
	    EV_READ | EV_PERSIST, on_watch, refresh);
	event_add(refresh->on_watch, NULL);
	return refresh;
}

void
refresh_free(struct refresh *refresh)
{
	if (!refresh)
		return;
	if (refresh->on_watch)
		event_free(refresh->on_watch);
	if (refresh->on_neighbours)
		event_free(refresh->on_neighbours);
	event_free(refresh->on_linted);
	event_free(refresh->begin);
	event_free(refresh->quiet);
	event_free(refresh->poll);
	event_free(refresh->due);
	if (refresh->neighbours >= 0)
		close(refresh->neighbours);
	linting_free(refresh->linting);
	watch_free(refresh->watch);
	drop_warnings(refresh);
	lint_findings_fini(&refresh->findings);
	free(refresh);
}
