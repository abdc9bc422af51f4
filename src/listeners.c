/* SPDX-License-Identifier: BSD-2-Clause */
#include "listeners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "listenplan.h"
#include "sys/ports.h"

#define AGAIN_FIRST_MS 250
#define AGAIN_MOST_MS 8000

/* An address that is wanted, or was until a moment ago. */
struct place {
	struct endpoint endpoint;
	enum listenplan_claim claim;	/* WRITTEN where any entry has it */
	bool wanted;
	bool here;			/* the machine has the address */
	struct listener *listener;	/* NULL: not open */
	int error_number;		/* why not; 0: open, or not tried */
	char *words;			/* for it */
	unsigned wait_ms;		/* between the last try and the next */
	int64_t again_ms;
	bool told;
	enum listeners_state told_state;
};

struct entry {
	char text[ENDPOINT_TEXT];
	const char *empty;		/* why it stands for no address at
					 * present; NULL: it does for one */
	bool told;			/* that it does not */
};

struct listeners {
	unsigned worker_count;
	struct workers *workers;	/* NULL: not started yet */
	struct given *given;		/* NULL: all is opened anew */
	const struct conf *conf;	/* of the last listeners_open */
	struct ifaces *ifaces;		/* the last that were known */
	struct listenplan plan;
	struct entry *entries;		/* as conf->listen */
	size_t entry_count;
	struct place **places;		/* each endpoint once */
	size_t place_count;
	struct listen_set set;
	struct diags *diags;
};

struct listeners *
listeners_new(unsigned workers)
{
	struct listeners *listeners = memory_zeroed(1, sizeof *listeners);

	listeners->worker_count = workers;
	listeners->diags = diags_new();
	listeners->ifaces = memory_zeroed(1, sizeof *listeners->ifaces);
	return listeners;
}

void
listeners_give(struct listeners *listeners, struct given *given)
{
	listeners->given = given;
}

static void
free_place(struct place *place)
{
	if (place->listener)
		listener_close(place->listener);
	free(place->words);
	free(place);
}

void
listeners_free(struct listeners *listeners)
{
	if (!listeners)
		return;
	for (size_t i = 0; i < listeners->place_count; i++)
		free_place(listeners->places[i]);
	free(listeners->places);
	free(listeners->entries);
	free(listeners->set.list);
	listenplan_fini(&listeners->plan);
	ifaces_free(listeners->ifaces);
	diags_free(listeners->diags);
	free(listeners);
}

void
listeners_set_workers(struct listeners *listeners, struct workers *workers)
{
	listeners->workers = workers;
	for (unsigned i = 0; workers && i < listeners->set.count; i++)
		workers_add(workers, listeners->set.list[i]);
}

const struct listen_set *
listeners_set(const struct listeners *listeners)
{
	return &listeners->set;
}

const struct diags *
listeners_diags(const struct listeners *listeners)
{
	return listeners->diags;
}

/* ---- states ---- */

static enum listeners_state
state_of(const struct place *place)
{
	if (place->listener)
		return place->here ? LISTENERS_LISTENING : LISTENERS_WAITING;
	switch (place->error_number) {
	case EADDRINUSE:
		return LISTENERS_IN_USE;
	case EADDRNOTAVAIL:		/* a kernel without IP_FREEBIND */
		return LISTENERS_WAITING;
	default:
		return LISTENERS_FAILED;
	}
}

const char *
listeners_state_word(enum listeners_state state)
{
	static const char *const words[] = {
	    [LISTENERS_LISTENING] = "listening",
	    [LISTENERS_WAITING] = "waiting",
	    [LISTENERS_IN_USE] = "in-use",
	    [LISTENERS_FAILED] = "failed",
	};

	return words[state];
}

/* Must this one be served from the start?  A machine without IPv6 has no ::1,
 * and need not. */
static bool
is_fatal(const struct place *place)
{
	if (place->listener)
		return false;
	switch (place->error_number) {
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
		return false;
	case EACCES:
	case EPERM:
		return true;
	default:
		return place->claim == LISTENPLAN_WRITTEN;
	}
}

static void
add_failure(struct diags *diags, const struct place *place)
{
	char text[ENDPOINT_TEXT];
	struct diag_place at = {
	    .file = endpoint_print(&place->endpoint, text)};

	diags_add(diags, is_fatal(place) ? DIAG_ERROR : DIAG_WARNING, &at,
	    place->error_number == EADDRINUSE ? "address-in-use" : NULL,
	    "cannot listen here: %s", place->words);
}

static void
add_waiting(struct diags *diags, const char *what, const char *words)
{
	struct diag_place at = {.file = what};

	diags_add(diags, DIAG_WARNING, &at, "waiting-address", "%s", words);
	diags_then(diags, "it is served as soon as it appears");
}

static const char no_address[] = "this machine has no such address at present";

static void
add_place_diag(struct diags *diags, const struct place *place)
{
	char text[ENDPOINT_TEXT];

	switch (state_of(place)) {
	case LISTENERS_LISTENING:
		break;
	case LISTENERS_WAITING:
		add_waiting(diags, endpoint_print(&place->endpoint, text),
		    no_address);
		break;
	case LISTENERS_IN_USE:
	case LISTENERS_FAILED:
		add_failure(diags, place);
		break;
	}
}

static struct diags *
begin_diags(const struct listeners *listeners)
{
	struct diags *diags = diags_new();

	if (listeners->conf)
		diags_silence(diags, (const char *const *)
		    listeners->conf->warnings_off,
		    listeners->conf->warnings_off_count);
	return diags;
}

/* After every change: what is derived from the places. */
static void
sum_up(struct listeners *listeners)
{
	struct listen_set *set = &listeners->set;

	diags_free(listeners->diags);
	listeners->diags = begin_diags(listeners);
	set->list = memory_resize(set->list, listeners->place_count + 1,
	    sizeof *set->list);
	set->count = 0;
	for (size_t i = 0; i < listeners->entry_count; i++)
		if (listeners->entries[i].empty)
			add_waiting(listeners->diags,
			    listeners->entries[i].text,
			    listeners->entries[i].empty);
	for (size_t i = 0; i < listeners->place_count; i++) {
		const struct place *place = listeners->places[i];

		if (place->listener)
			set->list[set->count++] = place->listener;
		add_place_diag(listeners->diags, place);
	}
}

/* ---- what is wanted ---- */

static struct place *
find_place(const struct listeners *listeners, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < listeners->place_count; i++)
		if (endpoint_equal(&listeners->places[i]->endpoint, endpoint))
			return listeners->places[i];
	return NULL;
}

static struct place *
add_place(struct listeners *listeners, const struct endpoint *endpoint)
{
	struct place *place = memory_zeroed(1, sizeof *place);

	place->endpoint = *endpoint;
	place->claim = LISTENPLAN_FOLLOWED;
	listeners->places = memory_resize(listeners->places,
	    listeners->place_count + 1, sizeof *listeners->places);
	listeners->places[listeners->place_count++] = place;
	return place;
}

static const char *
explain_empty(const struct conf_listen *entry)
{
	if (entry->kind == CONF_LISTEN_PRIVATE)
		return "this machine has no private address at present";
	return if_nametoindex(entry->interface) ?
	    "the interface has no address at present" :
	    "there is no such interface at present";
}

static bool
was_told(const struct listeners *listeners, const char *text)
{
	for (size_t i = 0; i < listeners->entry_count; i++)
		if (listeners->entries[i].told &&
		    strcmp(listeners->entries[i].text, text) == 0)
			return true;
	return false;
}

static void
note_entries(struct listeners *listeners, const struct conf *conf)
{
	struct entry *entries = memory_zeroed(conf->listen_count + 1,
	    sizeof *entries);
	const struct listenplan *plan = &listeners->plan;

	for (size_t i = 0; i < conf->listen_count; i++) {
		conf_print_listen(&conf->listen[i], entries[i].text);
		entries[i].told = was_told(listeners, entries[i].text);
		entries[i].empty = explain_empty(&conf->listen[i]);
	}
	for (size_t i = 0; i < plan->count; i++)
		entries[plan->list[i].entry].empty = NULL;
	free(listeners->entries);
	listeners->entries = entries;
	listeners->entry_count = conf->listen_count;
}

/* Where the kernel does not tell, the interfaces are as they were. */
static void
look_at_interfaces(struct listeners *listeners)
{
	struct ifaces *ifaces = ifaces_list();

	if (!ifaces->known) {
		ifaces_free(ifaces);
		return;
	}
	ifaces_free(listeners->ifaces);
	listeners->ifaces = ifaces;
}

static void
make_plan(struct listeners *listeners, const struct conf *conf)
{
	size_t left_out = listeners->plan.left_out;

	look_at_interfaces(listeners);
	listenplan_fini(&listeners->plan);
	listenplan_init(&listeners->plan, conf, listeners->ifaces);
	note_entries(listeners, conf);
	listeners->conf = conf;
	if (listeners->plan.left_out && !left_out)
		log_warning("no more than %d addresses of an entry of listen "
		    "are served: %zu are left out", LISTENPLAN_FOLLOWED_MAX,
		    listeners->plan.left_out);
}

static void
mark_wanted(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->place_count; i++) {
		listeners->places[i]->wanted = false;
		listeners->places[i]->claim = LISTENPLAN_FOLLOWED;
	}
	for (size_t i = 0; i < listeners->plan.count; i++) {
		const struct listenplan_place *from =
		    &listeners->plan.list[i];
		struct place *place = find_place(listeners, &from->endpoint);

		if (!place)
			place = add_place(listeners, &from->endpoint);
		place->wanted = true;
		if (from->claim == LISTENPLAN_WRITTEN)
			place->claim = LISTENPLAN_WRITTEN;
	}
}

/* ---- opening ---- */

/* The words stay while the reason does: who held the address could be seen
 * best at the start, with all rights. */
static void
note_failure(struct place *place, int error_number)
{
	int64_t now_ms = clock_mono_ms();

	if (error_number != place->error_number) {
		free(place->words);
		place->words = ports_explain(&place->endpoint, error_number);
	}
	place->error_number = error_number;
	if (place->wait_ms && now_ms < place->again_ms)
		return;
	place->wait_ms = place->wait_ms ? place->wait_ms * 2 : AGAIN_FIRST_MS;
	if (place->wait_ms > AGAIN_MOST_MS)
		place->wait_ms = AGAIN_MOST_MS;
	place->again_ms = now_ms + place->wait_ms;
}

static void
open_place(struct listeners *listeners, struct place *place)
{
	struct listener *listener;
	int error_number = 0;

	listener = listeners->given ? listener_adopt(&place->endpoint,
	    listeners->worker_count, listeners->given, &error_number) :
	    listener_open(&place->endpoint, listeners->worker_count,
		&error_number);
	if (!listener) {
		note_failure(place, error_number);
		return;
	}
	free(place->words);
	place->words = NULL;
	place->error_number = 0;
	place->wait_ms = 0;
	place->listener = listener;
	if (listeners->workers)
		workers_add(listeners->workers, listener);
}

bool
listeners_open(struct listeners *listeners, const struct conf *conf)
{
	bool all = true;

	make_plan(listeners, conf);
	mark_wanted(listeners);
	for (size_t i = 0; i < listeners->place_count; i++) {
		struct place *place = listeners->places[i];

		if (!place->wanted)
			continue;
		if (!place->listener)
			open_place(listeners, place);
		place->here = place->claim == LISTENPLAN_FOLLOWED ||
		    ifaces_has(&place->endpoint);
		all &= !is_fatal(place);
	}
	sum_up(listeners);
	return all;
}

/* No worker has it yet. */
static void
complete_place(struct place *place)
{
	int error_number = listener_complete(place->listener);

	if (!error_number)
		return;
	listener_close(place->listener);
	place->listener = NULL;
	note_failure(place, error_number);
}

bool
listeners_complete(struct listeners *listeners, struct diags *diags)
{
	bool all = true;

	listeners->given = NULL;
	for (size_t i = 0; i < listeners->place_count; i++) {
		struct place *place = listeners->places[i];

		if (!place->listener)
			continue;
		complete_place(place);
		if (is_fatal(place))
			add_failure(diags, place);
		all &= !is_fatal(place);
	}
	sum_up(listeners);
	return all;
}

/* ---- dropping ---- */

/* From an address that has gone nothing can be sent any more. */
static void
drop_place(struct listeners *listeners, struct place *place)
{
	bool has = ifaces_has(&place->endpoint);
	char text[ENDPOINT_TEXT];

	if (place->listener && listeners->workers) {
		workers_drop(listeners->workers, place->listener,
		    has ? WORKERS_ANSWER_FIRST : WORKERS_FORGET);
		log_info("no longer listening on %s%s",
		    endpoint_print(&place->endpoint, text),
		    has ? "" : ": this machine has that address no longer");
	}
	free_place(place);
}

static size_t
drop_unwanted(struct listeners *listeners)
{
	size_t kept = 0, count = listeners->place_count;

	for (size_t i = 0; i < count; i++) {
		struct place *place = listeners->places[i];

		if (place->wanted)
			listeners->places[kept++] = place;
		else
			drop_place(listeners, place);
	}
	listeners->place_count = kept;
	return count - kept;
}

static void
try_again(struct listeners *listeners, int64_t now_ms)
{
	for (size_t i = 0; i < listeners->place_count; i++) {
		struct place *place = listeners->places[i];

		if (!place->listener && place->again_ms <= now_ms)
			open_place(listeners, place);
	}
}

void
listeners_drop(struct listeners *listeners)
{
	if (drop_unwanted(listeners) == 0)
		return;
	try_again(listeners, INT64_MAX);
	sum_up(listeners);
}

int64_t
listeners_due_ms(const struct listeners *listeners)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < listeners->place_count; i++)
		if (!listeners->places[i]->listener &&
		    listeners->places[i]->again_ms < due_ms)
			due_ms = listeners->places[i]->again_ms;
	return due_ms;
}

void
listeners_retry(struct listeners *listeners)
{
	try_again(listeners, clock_mono_ms());
	sum_up(listeners);
}

/* ---- telling ---- */

static void
tell_place(struct place *place, struct diags *news)
{
	enum listeners_state state = state_of(place);
	char text[ENDPOINT_TEXT];

	if (place->told && place->told_state == state)
		return;
	if (state == LISTENERS_LISTENING)
		log_info("listening on %s",
		    endpoint_print(&place->endpoint, text));
	else
		add_place_diag(news, place);
	place->told = true;
	place->told_state = state;
}

void
listeners_tell(struct listeners *listeners)
{
	struct diags *news = begin_diags(listeners);

	for (size_t i = 0; i < listeners->entry_count; i++) {
		struct entry *entry = &listeners->entries[i];

		if (entry->empty && !entry->told)
			add_waiting(news, entry->text, entry->empty);
		entry->told = entry->empty != NULL;
	}
	for (size_t i = 0; i < listeners->place_count; i++)
		tell_place(listeners->places[i], news);
	diags_print(news, log_stream(), diags_colour(stderr));
	diags_free(news);
}

/* ---- for status ---- */

static void
show_place(const struct listeners *listeners, const struct endpoint *endpoint,
    struct listeners_view *view)
{
	const struct place *place = find_place(listeners, endpoint);

	view->endpoint = &place->endpoint;
	view->state = state_of(place);
	view->words = view->state == LISTENERS_WAITING ? no_address :
	    place->words ? place->words : "";
}

bool
listeners_view(const struct listeners *listeners, size_t at,
    struct listeners_view *view)
{
	const struct listenplan *plan = &listeners->plan;
	size_t next = 0;

	for (size_t i = 0; i < listeners->entry_count; i++) {
		const struct entry *entry = &listeners->entries[i];

		*view = (struct listeners_view){.entry = entry->text,
		    .state = LISTENERS_WAITING, .words = entry->empty};
		if (entry->empty && at-- == 0)
			return true;
		for (; next < plan->count && plan->list[next].entry == i;
		     next++) {
			if (at-- > 0)
				continue;
			show_place(listeners, &plan->list[next].endpoint,
			    view);
			return true;
		}
	}
	return false;
}

bool
listeners_only_loopback(const struct listeners *listeners)
{
	const struct conf *conf = listeners->conf;

	for (size_t i = 0; i < conf->listen_count; i++)
		if (conf->listen[i].kind == CONF_LISTEN_PRIVATE ||
		    listeners->entries[i].empty)
			return false;
	for (size_t i = 0; i < listeners->place_count; i++)
		if (!addr_is_loopback(&listeners->places[i]->endpoint.addr))
			return false;
	return true;
}
