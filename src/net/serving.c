/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/serving.h"

#include <string.h>

#include "base/clock.h"
#include "net/loop.h"

void
serving_start(struct serving *serving)
{
	epoch_online(serving->reader);
	serving->env.policy = publisher_borrow(serving->publisher);
	serving->started_ns = clock_mono_ns();
	serving->env.now_ms = serving->started_ns / 1000000;
	serving->env.fresh = NULL;
	serving->env.in_need = false;
	serving->env.may_refresh = true;
	serving->env.restarts = 0;
	sighter_start(&serving->sighter, serving->env.now_ms);
}

/* What was answered at once took as long as the batch. */
static void
count_times(struct serving *serving)
{
	int64_t took_ns = -1;

	for (unsigned i = 0; i < TALLY_SOURCES; i++) {
		if (serving->answered[i] == 0)
			continue;
		if (took_ns < 0)
			took_ns = clock_mono_ns() - serving->started_ns;
		tally_took(serving->env.tally, i, serving->answered[i],
		    took_ns);
		serving->answered[i] = 0;
	}
}

void
serving_end(struct serving *serving)
{
	count_times(serving);
	serving->env.policy = NULL;
	epoch_offline(serving->reader);
	sighter_end(&serving->sighter);
	if (!serving->asked)
		return;
	serving->asked = false;
	serving->settle(serving->worker);
}

/* Nobody can be asked: the query is run once more with that as its answer. */
static enum query_outcome
fail_query(struct serving *serving, struct query *q, uint8_t *room,
    size_t *length)
{
	struct query_env env = serving->env;
	struct answer *failure = answer_new_failure(&q->forward,
	    EDE_NETWORK_ERROR, env.now_ms);
	enum query_outcome outcome = QUERY_DROP;

	if (failure) {
		env.fresh = failure;
		env.restarts = QUERY_RESTARTS_MAX;
		outcome = query_step(q, &env, room, length);
		answer_release(failure);
	}
	return outcome == QUERY_WAIT ? QUERY_DROP : outcome;
}

/* One timer, for whatever is due first.  Where that was answered it goes off
 * for nothing, and is set anew. */
static void
set_expiry(struct serving *serving, int64_t now_ms)
{
	const struct waiting_query *first = waiting_oldest(serving->waiting);
	const struct waiting_query *hurry =
	    waiting_next_hurry(serving->waiting);
	int64_t due_ms = first ? first->give_up_ms : INT64_MAX;

	if (hurry && hurry->hurry_ms < due_ms)
		due_ms = hurry->hurry_ms;
	if (due_ms >= serving->expiry_ms)
		return;
	serving->expiry_ms = due_ms;
	loop_timer_set(serving->expiry, due_ms > now_ms ?
	    (unsigned)(due_ms - now_ms) : 0);
}

static enum forward_asked
ask_for(struct serving *serving, struct waiting_query *waiting,
    const struct query *q)
{
	const struct forward_question *question = &q->forward;
	struct forward_waiter waiter = {
	    .slot = waiting->slot,
	    .serial = waiting->serial,
	    .cookie = q->question.cookie,
	    .client = waiting->from.client.addr,
	    .has_capitals = memcmp(q->question.packet + WIRE_HEADER,
		q->question.name, q->question.name_length) != 0,
	};

	waiting->question = *question;
	if (question->has_stale)
		waiting_hurry(serving->waiting, waiting,
		    serving->env.now_ms + QUERY_PATIENCE_MS);
	else
		waiting_relax(waiting);
	serving->asked = true;
	return serving->ask(serving->worker, question, &waiter);
}

/* In the background: the client has its answer. */
static void
refresh(struct serving *serving, const struct query *q)
{
	const struct forward_waiter nobody = {.slot = SERVING_NOBODY};

	serving->asked = true;
	if (serving->ask(serving->worker, &q->forward, &nobody) ==
	    FORWARD_ASKED)
		stats_count(serving->env.stats, STAT_CACHE_PREFETCHED);
}

/* Kept, with the upstreams asked; or else what the client is told now. */
static enum query_outcome
await_answer(struct serving *serving, struct query *q,
    const struct waiting_from *from, struct serving_reply *reply)
{
	struct waiting_query *waiting = waiting_add(serving->waiting, from,
	    q->question.packet, q->question.length,
	    serving->env.now_ms + SERVING_GIVE_UP_MS);

	if (!waiting) {
		stats_count(serving->env.stats, STAT_FORWARD_FULL);
		return fail_query(serving, q, reply->room, &reply->length);
	}
	waiting->since_ms = serving->env.now_ms;
	waiting->since_ns = serving->started_ns;
	if (ask_for(serving, waiting, q) == FORWARD_ASKED) {
		set_expiry(serving, serving->env.now_ms);
		return QUERY_WAIT;
	}
	waiting_remove(serving->waiting, waiting);
	return fail_query(serving, q, reply->room, &reply->length);
}

static void
see(struct serving *serving, const struct query *q,
    const struct serving_reply *reply, int64_t started_ns)
{
	if (!sighter_wants(&serving->sighter))
		return;
	sighter_note(&serving->sighter, &(struct sighting_of){
	    .q = q,
	    .reply = reply->room,
	    .reply_length = reply->length,
	    .started_ns = started_ns,
	});
}

enum query_outcome
serving_step(struct serving *serving, struct query *q,
    const struct waiting_from *from, struct serving_reply *reply)
{
	enum query_outcome outcome = query_step(q, &serving->env, reply->room,
	    &reply->length);

	if (q->refresh)
		refresh(serving, q);
	if (outcome == QUERY_WAIT)
		outcome = await_answer(serving, q, from, reply);
	if (outcome != QUERY_REPLY)
		return outcome;
	serving->answered[q->source]++;
	see(serving, q, reply, serving->started_ns);
	return outcome;
}

/* A reply to one that waited. */
static void
count_late(struct serving *serving, const struct waiting_query *waiting,
    size_t length)
{
	const struct query *q = serving->again;

	tally_took(serving->env.tally, q->source, 1,
	    clock_mono_ns() - waiting->since_ns);
	see(serving, q, &(struct serving_reply){serving->again_room, length},
	    waiting->since_ns);
}

/* Run a waiting query with what it waited for.  It is removed before the reply
 * goes out: sending may close its connection, which forgets all of them. */
static void
run_again(struct serving *serving, struct waiting_query *waiting,
    const struct answer *answer)
{
	struct query *q = serving->again;
	struct waiting_from from = waiting->from;
	enum query_outcome outcome;
	size_t length = 0;

	serving_start(serving);
	serving->env.fresh = answer;
	serving->env.may_refresh = false;
	serving->env.restarts = ++waiting->restarts;
	query_begin(q, &serving->env, &from.client, waiting->packet,
	    waiting->length);
	outcome = query_step(q, &serving->env, serving->again_room, &length);
	if (outcome == QUERY_WAIT &&
	    ask_for(serving, waiting, q) == FORWARD_ASKED) {
		serving_end(serving);
		return;
	}
	if (outcome == QUERY_WAIT)
		outcome = fail_query(serving, q, serving->again_room,
		    &length);
	if (!waiting_allows(serving->waiting, waiting,
	    serving->env.now_ms)) {
		stats_count(serving->env.stats, STAT_DROPPED_LATE);
		outcome = QUERY_DROP;
	}
	if (outcome == QUERY_REPLY)
		count_late(serving, waiting, length);
	waiting_remove(serving->waiting, waiting);
	from.reply(&from, outcome == QUERY_REPLY ? serving->again_room : NULL,
	    length);
	serving_end(serving);
}

void
serving_answered(struct serving *serving, const struct forward_waiter *waiter,
    struct answer *answer)
{
	struct waiting_query *waiting = waiting_find(serving->waiting,
	    waiter->slot, waiter->serial);

	if (waiting)
		run_again(serving, waiting, answer);
}

/* With what the cache has, if it has anything; else it waits on. */
static void
run_in_need(struct serving *serving, struct waiting_query *waiting)
{
	struct query *q = serving->again;
	struct waiting_from from = waiting->from;
	size_t length = 0;

	waiting_relax(waiting);
	serving_start(serving);
	serving->env.in_need = true;
	serving->env.may_refresh = false;
	serving->env.restarts = 1;	/* it is counted already */
	query_begin(q, &serving->env, &from.client, waiting->packet,
	    waiting->length);
	if (query_step(q, &serving->env, serving->again_room, &length) ==
	    QUERY_REPLY) {
		count_late(serving, waiting, length);
		waiting_remove(serving->waiting, waiting);
		from.reply(&from, serving->again_room, length);
	}
	serving_end(serving);
}

void
serving_hurry(struct serving *serving, const struct forward_waiter *waiter)
{
	struct waiting_query *waiting = waiting_find(serving->waiting,
	    waiter->slot, waiter->serial);

	if (waiting)
		run_in_need(serving, waiting);
}

static void
forget_query(struct serving *serving, struct waiting_query *waiting)
{
	struct waiting_from from = waiting->from;

	waiting_remove(serving->waiting, waiting);
	from.reply(&from, NULL, 0);
}

void
serving_expire(struct serving *serving, int64_t now_ms)
{
	struct waiting_query *waiting;
	struct answer *failure;

	while ((waiting = waiting_next_hurry(serving->waiting)) &&
	    waiting->hurry_ms <= now_ms)
		run_in_need(serving, waiting);
	while ((waiting = waiting_oldest(serving->waiting)) &&
	    waiting->give_up_ms <= now_ms) {
		failure = answer_new_failure(&waiting->question,
		    EDE_NO_REACHABLE_AUTHORITY, now_ms);
		waiting->restarts = QUERY_RESTARTS_MAX - 1;
		if (failure)
			run_again(serving, waiting, failure);
		else
			forget_query(serving, waiting);
		if (failure)
			answer_release(failure);
	}
}

static void
on_expiry(evutil_socket_t fd, short what, void *context)
{
	struct serving *serving = context;
	int64_t now_ms = clock_mono_ms();

	(void)fd;
	(void)what;
	serving->expiry_ms = INT64_MAX;
	serving_expire(serving, now_ms);
	set_expiry(serving, now_ms);
}

void
serving_open(struct serving *serving)
{
	serving->expiry_ms = INT64_MAX;
	serving->expiry = loop_timer(serving->base, on_expiry, serving);
}

void
serving_close(struct serving *serving)
{
	loop_forget(serving->expiry);
}
