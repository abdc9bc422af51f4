/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/verbcall.h"

#include <assert.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/printable.h"
#include "net/loop.h"

#define ROUND_MS 250

/* Made and freed in the HTTP thread.  Between the two main has it, from the
 * list `asked` to the list `done`. */
struct call {
	struct call *next;		/* in either list */
	struct call *next_waiting;	/* HTTP's */
	struct http_request *request;	/* HTTP's; NULL: answered already */
	int64_t until_ms;		/* HTTP's */
	_Atomic bool late;		/* nobody waits for it any more */
	struct control_request words;
	char *copies[CONTROL_WORDS_MAX];
	enum control_result result;
	char *text;
	size_t length;
};

struct calls {
	struct call *first, **end;
};

struct place {
	struct verbcall *verbcall;
	const struct verbcall_path *path;
};

struct verbcall {
	struct verbcall_settings settings;
	struct place *places;
	pthread_mutex_t lock;		/* of the two lists */
	struct calls asked, done;
	int ask, tell;			/* eventfds: to main, to HTTP */
	struct event *on_ask, *on_tell, *round;
	struct call *waiting;		/* HTTP's */
	unsigned waiting_count;
};

/* ---- lists ---- */

static void
put(struct verbcall *verbcall, struct calls *calls, struct call *call)
{
	pthread_mutex_lock(&verbcall->lock);
	call->next = NULL;
	*calls->end = call;
	calls->end = &call->next;
	pthread_mutex_unlock(&verbcall->lock);
}

static struct call *
take(struct verbcall *verbcall, struct calls *calls)
{
	struct call *call;

	pthread_mutex_lock(&verbcall->lock);
	call = calls->first;
	if (call) {
		calls->first = call->next;
		if (!calls->first)
			calls->end = &calls->first;
	}
	pthread_mutex_unlock(&verbcall->lock);
	return call;
}

static void
ring(int fd)
{
	const uint64_t one = 1;

	(void)!write(fd, &one, sizeof one);
}

static void
free_call(struct call *call)
{
	for (unsigned i = 0; i < CONTROL_WORDS_MAX; i++)
		free(call->copies[i]);
	free(call->text);
	free(call);
}

/* ---- main's thread ---- */

static void
run_call(struct verbcall *verbcall, struct call *call)
{
	FILE *out = memory_stream(&call->text, &call->length);

	if (!atomic_load_explicit(&call->late, memory_order_relaxed))
		call->result = control_run(verbcall->settings.verbs,
		    verbcall->settings.context, &call->words, out);
	memory_stream_close(out);
}

/* One at a time: the eventfd counts the others. */
static void
on_ask(evutil_socket_t fd, short what, void *context)
{
	struct verbcall *verbcall = context;
	struct call *call;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof count) != sizeof count)
		return;
	call = take(verbcall, &verbcall->asked);
	if (!call)
		return;
	run_call(verbcall, call);
	put(verbcall, &verbcall->done, call);
	ring(verbcall->tell);
}

/* ---- the HTTP thread: answers ---- */

static void
free_text(const void *text, size_t length, void *context)
{
	(void)text;
	(void)length;
	free(context);
}

static void
say(struct http_answer *answer, int status, const char *words)
{
	answer->status = status;
	answer->type = HTTP_TEXT;
	evbuffer_add_printf(answer->body, "%s\n", words);
}

static void
answer_call(struct call *call)
{
	bool done = call->result == CONTROL_DONE;
	struct http_answer answer = {.status = done ? 200 : 400,
	    .type = done ? HTTP_JSON : HTTP_TEXT, .body = evbuffer_new()};

	evbuffer_add_reference(answer.body, call->text, call->length,
	    free_text, call->text);
	call->text = NULL;
	http_answer_to(call->request, &answer);
	evbuffer_free(answer.body);
	call->request = NULL;
}

static void
answer_late(struct call *call)
{
	struct http_answer answer = {.body = evbuffer_new()};

	say(&answer, 503, "hostler is busy reading its sources; names are "
	    "served meanwhile");
	http_answer_to(call->request, &answer);
	evbuffer_free(answer.body);
	call->request = NULL;
	atomic_store_explicit(&call->late, true, memory_order_relaxed);
}

static void
stop_waiting(struct verbcall *verbcall, const struct call *call)
{
	struct call **link = &verbcall->waiting;

	while (*link != call)
		link = &(*link)->next_waiting;
	*link = call->next_waiting;
	verbcall->waiting_count--;
}

static void
on_tell(evutil_socket_t fd, short what, void *context)
{
	struct verbcall *verbcall = context;
	struct call *call;
	uint64_t count;

	(void)what;
	(void)!read(fd, &count, sizeof count);
	while ((call = take(verbcall, &verbcall->done)) != NULL) {
		stop_waiting(verbcall, call);
		if (call->request)
			answer_call(call);
		free_call(call);
	}
}

static void
on_round(evutil_socket_t fd, short what, void *context)
{
	struct verbcall *verbcall = context;
	int64_t now_ms = clock_mono_ms();

	(void)fd;
	(void)what;
	for (struct call *call = verbcall->waiting; call;
	     call = call->next_waiting)
		if (call->request && call->until_ms <= now_ms)
			answer_late(call);
}

/* ---- the HTTP thread: questions ---- */

static void
add_word(struct call *call, const char *word)
{
	unsigned at = call->words.word_count++;

	assert(at < CONTROL_WORDS_MAX);
	call->copies[at] = memory_string(word);
	call->words.words[at] = call->copies[at];
}

/* A value is one word, and no option. */
static bool
is_word(const char *value)
{
	size_t left = strlen(value), length;

	if (left == 0 || left > CONTROL_LINE_MAX ||
	    strncmp(value, "--", 2) == 0 || strchr(value, ' '))
		return false;
	for (; left > 0; value += length, left -= length) {
		length = printable_length(value, left);
		if (length == 0)
			return false;
	}
	return true;
}

static bool
is_number(const char *value, unsigned max)
{
	size_t digits = strspn(value, "0123456789");

	return digits < 10 && value[digits] == '\0' &&
	    strtoul(value, NULL, 10) <= max;
}

/* NULL, or what is wrong. */
static const char *
make_words(struct call *call, const struct verbcall_path *path,
    const struct http_request *request)
{
	const char *names[VERBCALL_PARAMETERS_MAX + 1] = {NULL};
	const struct verbcall_parameter *parameter = path->parameters;

	add_word(call, path->verb);
	for (unsigned i = 0; parameter[i].name; i++)
		names[i] = parameter[i].name;
	if (http_stray_parameter(request, names))
		return "there is a parameter that is not known here, or one "
		    "that comes twice";
	for (; parameter->name; parameter++) {
		const char *value = http_parameter(request, parameter->name);

		if (!value || !*value)
			value = parameter->otherwise;
		if (!value)
			continue;
		if (!is_word(value))
			return "a value is not one word that can be printed";
		if (parameter->max && !is_number(value, parameter->max))
			return "a value is not a number, or too large";
		if (parameter->before)
			add_word(call, parameter->before);
		add_word(call, value);
	}
	return NULL;
}

static enum http_when
on_path(void *context, struct http_request *request,
    struct http_answer *answer)
{
	const struct place *place = context;
	struct verbcall *verbcall = place->verbcall;
	struct call *call;
	const char *wrong;

	if (verbcall->waiting_count >= VERBCALL_MAX) {
		say(answer, 503, "too much is being asked at once");
		return HTTP_NOW;
	}
	call = memory_zeroed(1, sizeof *call);
	call->words.form = CONTROL_JSON;
	wrong = make_words(call, place->path, request);
	if (wrong) {
		say(answer, 400, wrong);
		free_call(call);
		return HTTP_NOW;
	}
	call->request = request;
	call->until_ms = clock_mono_ms() + VERBCALL_WAIT_MS;
	call->next_waiting = verbcall->waiting;
	verbcall->waiting = call;
	verbcall->waiting_count++;
	put(verbcall, &verbcall->asked, call);
	ring(verbcall->ask);
	return HTTP_LATER;
}

/* ---- all of it ---- */

static void
add_paths(struct verbcall *verbcall)
{
	const struct verbcall_path *paths = verbcall->settings.paths;
	size_t count = 0;

	while (paths[count].path)
		count++;
	verbcall->places = memory_zeroed(count, sizeof *verbcall->places);
	for (size_t i = 0; i < count; i++) {
		verbcall->places[i] = (struct place){verbcall, &paths[i]};
		http_add_path(verbcall->settings.http, paths[i].path, on_path,
		    &verbcall->places[i]);
	}
}

struct verbcall *
verbcall_new(const struct verbcall_settings *settings)
{
	struct verbcall *verbcall = memory_zeroed(1, sizeof *verbcall);
	struct event_base *base = http_base(settings->http);

	verbcall->settings = *settings;
	pthread_mutex_init(&verbcall->lock, NULL);
	verbcall->asked.end = &verbcall->asked.first;
	verbcall->done.end = &verbcall->done.first;
	verbcall->ask = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK |
	    EFD_SEMAPHORE);
	verbcall->tell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert(verbcall->ask >= 0 && verbcall->tell >= 0);
	verbcall->on_ask = loop_watch(settings->base, verbcall->ask,
	    EV_READ | EV_PERSIST, on_ask, verbcall);
	verbcall->on_tell = loop_watch(base, verbcall->tell,
	    EV_READ | EV_PERSIST, on_tell, verbcall);
	verbcall->round = loop_every(base, ROUND_MS, on_round, verbcall);
	add_paths(verbcall);
	return verbcall;
}

/* Every call is in the list of those that wait. */
void
verbcall_free(struct verbcall *verbcall)
{
	if (!verbcall)
		return;
	while (verbcall->waiting) {
		struct call *call = verbcall->waiting;

		verbcall->waiting = call->next_waiting;
		free_call(call);
	}
	loop_forget(verbcall->on_ask);
	loop_forget(verbcall->on_tell);
	loop_forget(verbcall->round);
	close(verbcall->ask);
	close(verbcall->tell);
	pthread_mutex_destroy(&verbcall->lock);
	free(verbcall->places);
	free(verbcall);
}
