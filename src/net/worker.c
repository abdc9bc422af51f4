/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/worker.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/acceptor.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/serving.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "net/udp.h"
#include "net/upstream.h"
#include "sys/priority.h"

#define HEARTBEAT_MS 500
#define DEAD_AFTER_MS 3000
#define QUESTION_WAITERS_MAX 256
#define LETTERS_MAX 65536
#define TCP_KEPT_MAX (64 << 20)
#define STOP_LOOK_MS 10
#define FAREWELL_LOOK_MS 20
#define SIGHTINGS_BYTES (1u << 19)
/* Questions for which nobody waits are asked while no more than this part of
 * the engine is taken. */
#define REFRESH_SHARE 4

/* Two sockets of one listener that are this worker's; it may have more. */
struct served {
	const struct listener *listener;
	struct udp *udp;		/* NULL: there is none */
	struct acceptor *tcp;		/* NULL when stopping, too */
	struct served *next;
};

struct worker {
	struct workers *all;
	unsigned number;
	pthread_t thread;
	struct mailbox *mailbox;
	struct serving serving;
	struct stats stats;
	struct tally tally;
	struct ring *sightings;		/* NULL: nobody looks */
	struct udp_batch *batch;
	struct tcp *tcp;
	struct served *served;
	struct served *leaving;		/* only to send what waits there */
	struct forward *forward;
	struct upstream_io *upstream;
	struct event *letters, *heartbeat, *stopping;
	struct event *farewell;		/* while something is leaving */
	int64_t stop_by_ms;
	bool follows_wall;		/* cookies are shared with others */
	bool finished;
	_Atomic int64_t alive_ms;
};

/* What the log said of a counter. */
struct told {
	uint64_t count;
	int64_t at_ms;			/* 0: never */
};

struct workers {
	struct workers_settings settings;
	struct troubles *troubles;
	struct tcp_heir heir;		/* give NULL: nobody */
	unsigned next_heir;		/* worker, of a connection */
	unsigned count;
	atomic_uint busy;		/* workers that have not finished */
	struct told refused, loops, limited;
	struct worker **list;
};

/* ---- forwarding: between workers ---- */

static struct worker *
owner_of(const struct worker *worker, const struct forward_question *question)
{
	return worker->all->list[(question->hash >> 32) % worker->all->count];
}

static void
tell_done(struct worker *worker, const struct forward_waiter *waiter,
    struct answer *answer)
{
	struct mail mail = {.kind = MAIL_DONE, .waiter = *waiter};

	if (waiter->slot == SERVING_NOBODY)
		return;
	if (waiter->worker == worker->number) {
		serving_answered(&worker->serving, waiter, answer);
		return;
	}
	mail.answer = answer_hold(answer);
	/* Where the mailbox is full the query is given up by its own timer. */
	if (mailbox_send(worker->all->list[waiter->worker]->mailbox, &mail) ==
	    MAILBOX_FULL)
		answer_release(mail.answer);
}

/* It may wait for long: does it have to? */
static enum forward_asked
ask_engine(struct worker *worker, const struct forward_question *question,
    const struct forward_waiter *waiter, int64_t now_ms)
{
	enum forward_asked asked;

	if (waiter->slot == SERVING_NOBODY &&
	    forward_in_flight(worker->forward) >=
	    worker->all->settings.waiting_max / REFRESH_SHARE)
		return FORWARD_IS_FULL;
	asked = forward_ask(worker->forward, question, waiter, now_ms);
	/* Where the mailbox is full its own timer comes. */
	if (asked == FORWARD_ASKED && question->has_stale &&
	    forward_is_hopeless(worker->forward, question, now_ms))
		mailbox_send(worker->all->list[waiter->worker]->mailbox,
		    &(struct mail){.kind = MAIL_HURRY, .waiter = *waiter});
	return asked;
}

static enum forward_asked
ask(struct worker *worker, const struct forward_question *question,
    const struct forward_waiter *from)
{
	struct worker *owner = owner_of(worker, question);
	struct mail mail = {.kind = MAIL_ASK, .waiter = *from,
	    .question = *question};

	mail.waiter.worker = worker->number;
	if (owner == worker)
		return ask_engine(worker, question, &mail.waiter,
		    worker->serving.env.now_ms);
	if (mailbox_send(owner->mailbox, &mail) == MAILBOX_SENT)
		return FORWARD_ASKED;
	stats_count(&worker->stats, STAT_FORWARD_FULL);
	return FORWARD_IS_FULL;
}

static void
settle(struct worker *worker)
{
	upstream_pump(worker->upstream, worker->serving.env.now_ms);
}

static void
let_udp(struct worker *worker)
{
	for (struct served *s = worker->served; s; s = s->next)
		if (s->udp)
			udp_take_turn(s->udp);
}

static void
keep_answer(void *context, struct answer *answer)
{
	struct worker *worker = context;

	cache_put(worker->all->settings.cache, answer, clock_mono_ms());
}

static void
pass_answer(void *context, struct answer *answer,
    const struct forward_waiter *waiter)
{
	tell_done(context, waiter, answer);
}

/* ---- letters ---- */

static void
read_ask(struct worker *worker, const struct mail *mail)
{
	int64_t now_ms = clock_mono_ms();
	struct answer *failure;

	if (ask_engine(worker, &mail->question, &mail->waiter, now_ms) ==
	    FORWARD_ASKED) {
		upstream_pump(worker->upstream, now_ms);
		return;
	}
	failure = answer_new_failure(&mail->question, EDE_NETWORK_ERROR,
	    now_ms);
	if (!failure)
		return;
	tell_done(worker, &mail->waiter, failure);
	answer_release(failure);
}

static void
serve_sockets(struct worker *worker, const struct listener *listener,
    unsigned number)
{
	struct served *served = memory_zeroed(1, sizeof *served);

	served->listener = listener;
	if (listener->udp[number] >= 0)
		served->udp = udp_new(&worker->serving, worker->batch,
		    listener->udp[number], &listener->endpoint);
	if (listener->tcp[number] >= 0)
		served->tcp = tcp_listen(worker->tcp, listener->tcp[number]);
	served->next = worker->served;
	worker->served = served;
}

static void
read_add(struct worker *worker, const struct mail *mail)
{
	for (unsigned i = worker->number; i < mail->listener->count;
	     i += worker->all->count)
		serve_sockets(worker, mail->listener, i);
}

static void
let_go(struct served *served)
{
	if (served->udp)
		udp_free(served->udp);
	if (served->tcp)
		acceptor_free(served->tcp);
	free(served);
}

static void
let_all_go(struct served **list)
{
	while (*list) {
		struct served *served = *list;

		*list = served->next;
		let_go(served);
	}
}

static void
on_farewell(evutil_socket_t fd, short what, void *context)
{
	struct worker *worker = context;
	struct served **link = &worker->leaving;

	(void)fd;
	(void)what;
	while (*link) {
		struct served *served = *link;

		if (udp_is_awaited(served->udp)) {
			link = &served->next;
			continue;
		}
		*link = served->next;
		let_go(served);
	}
	if (worker->leaving)
		return;
	loop_forget(worker->farewell);
	worker->farewell = NULL;
}

/* The listener is main's, and gone when the order has been carried out. */
static void
leave(struct worker *worker, struct served *served)
{
	if (served->udp)
		udp_leave(served->udp);
	if (!served->udp || !udp_is_awaited(served->udp)) {
		let_go(served);
		return;
	}
	if (served->tcp)
		acceptor_free(served->tcp);
	served->tcp = NULL;
	served->listener = NULL;
	served->next = worker->leaving;
	worker->leaving = served;
	if (!worker->farewell)
		worker->farewell = loop_every(worker->serving.base,
		    FAREWELL_LOOK_MS, on_farewell, worker);
}

static void
read_drop(struct worker *worker, const struct mail *mail)
{
	struct served **link = &worker->served;

	while (*link) {
		struct served *served = *link;

		if (served->listener != mail->listener) {
			link = &served->next;
			continue;
		}
		*link = served->next;
		if (mail->kind == MAIL_LEAVE)
			leave(worker, served);
		else
			let_go(served);
	}
}

static void
read_policy(struct worker *worker)
{
	const struct policy *policy;
	struct answer_limits limits;
	int64_t stale_s;

	epoch_online(worker->serving.reader);
	policy = publisher_borrow(worker->all->settings.publisher);
	limits = (struct answer_limits){
	    .min_ttl_s = policy->min_ttl_s,
	    .max_ttl_s = policy->max_ttl_s,
	    .max_negative_ttl_s = policy->max_negative_ttl_s,
	};
	stale_s = policy->stale_s;
	worker->follows_wall = policy->cookies.shared;
	epoch_offline(worker->serving.reader);
	cache_set_stale(worker->all->settings.cache, stale_s * 1000);
	forward_set_limits(worker->forward, &limits);
}

/* Cookies that this server alone knows keep their age when the wall clock is
 * set; those of several servers need the time that the others have. */
static void
look_at_wall(struct worker *worker)
{
	worker->serving.env.unix_less_now_s = clock_wall_s() -
	    clock_mono_ms() / 1000;
}

/* Once finished it stays so: nothing more is read. */
static bool
is_finished(const struct worker *worker)
{
	return waiting_count(worker->serving.waiting) == 0 &&
	    tcp_is_quiet(worker->tcp) &&
	    (!worker->all->heir.give || tcp_is_empty(worker->tcp));
}

static void
give_connections(struct worker *worker)
{
	if (worker->all->heir.give)
		tcp_give(worker->tcp, &worker->all->heir);
}

/* A worker goes on while others wait for answers to questions of its own. */
static void
on_stopping(evutil_socket_t fd, short what, void *context)
{
	struct worker *worker = context;

	(void)fd;
	(void)what;
	give_connections(worker);
	if (!worker->finished && is_finished(worker)) {
		worker->finished = true;
		atomic_fetch_sub(&worker->all->busy, 1);
	}
	if (atomic_load(&worker->all->busy) == 0 ||
	    clock_mono_ms() >= worker->stop_by_ms)
		event_base_loopbreak(worker->serving.base);
}

/* UDP sockets stay open until the end: replies leave through them. */
static void
read_stop(struct worker *worker, const struct mail *mail)
{
	worker->stop_by_ms = clock_mono_ms() + mail->wait_ms;
	for (struct served *s = worker->served; s; s = s->next) {
		if (s->udp)
			udp_stop_reading(s->udp);
		if (s->tcp)
			acceptor_free(s->tcp);
		s->tcp = NULL;
	}
	tcp_stop_reading(worker->tcp);
	give_connections(worker);
	worker->stopping = loop_every(worker->serving.base, STOP_LOOK_MS,
	    on_stopping, worker);
}

static void
read_letter(struct worker *worker, struct mail *mail)
{
	switch (mail->kind) {
	case MAIL_ASK:
		read_ask(worker, mail);
		break;
	case MAIL_DONE:
		serving_answered(&worker->serving, &mail->waiter,
		    mail->answer);
		answer_release(mail->answer);
		break;
	case MAIL_HURRY:
		serving_hurry(&worker->serving, &mail->waiter);
		break;
	case MAIL_ADD:
		read_add(worker, mail);
		break;
	case MAIL_LEAVE:
	case MAIL_DROP:
		read_drop(worker, mail);
		break;
	case MAIL_CONNECTION:
		tcp_inherit(worker->tcp, mail->fd, mail->bytes, mail->length);
		free(mail->bytes);
		break;
	case MAIL_POLICY:
		read_policy(worker);
		break;
	case MAIL_TRUST:
		upstream_trust(worker->upstream, mail->trust);
		break;
	case MAIL_STOP:
		read_stop(worker, mail);
		break;
	}
	if (mail->done)
		sem_post(mail->done);
	mail_free(mail);
}

static void
on_letters(evutil_socket_t fd, short what, void *context)
{
	struct worker *worker = context;
	struct mail *mail = mailbox_take(worker->mailbox);

	(void)fd;
	(void)what;
	while (mail) {
		struct mail *next = mail->next;

		read_letter(worker, mail);
		mail = next;
	}
}

/* ---- now and then ---- */

/* How much more a counter of all workers has; 0 too where something was told
 * less than refused_log_ms ago. */
static unsigned long long
untold(struct workers *workers, struct told *told, enum stats_counter which,
    int64_t now_ms)
{
	uint64_t before = told->count, count = 0;

	if (told->at_ms && now_ms - told->at_ms <
	    workers->settings.refused_log_ms)
		return 0;
	for (unsigned i = 0; i < workers->count; i++)
		count += atomic_load_explicit(&workers->list[i]->stats.count[
		    which], memory_order_relaxed);
	if (count == before)
		return 0;
	*told = (struct told){.count = count, .at_ms = now_ms};
	return count - before;
}

/* Counted; people are told once a minute at most, and what it is about. */
static void
tell_counts(struct workers *workers, int64_t now_ms)
{
	unsigned long long refused = untold(workers, &workers->refused,
	    STAT_REFUSED_CLIENT, now_ms);
	unsigned long long loops = untold(workers, &workers->loops,
	    STAT_FORWARD_LOOPS, now_ms);
	unsigned long long limited = untold(workers, &workers->limited,
	    STAT_RATE_DROPPED, now_ms);

	if (limited)
		log_notice("%llu answers were not sent: more went to one "
		    "network of clients than server.rate-limit lets through",
		    limited);
	if (refused)
		log_notice("%llu queries refused: their clients are in no "
		    "network of server.allow", refused);
	if (loops)
		log_warning("%llu questions came back from the upstream that "
		    "they were sent to: it forwards to this server, a loop",
		    loops);
}

static void
on_heartbeat(evutil_socket_t fd, short what, void *context)
{
	struct worker *worker = context;
	int64_t now_ms = clock_mono_ms();

	(void)fd;
	(void)what;
	atomic_store_explicit(&worker->alive_ms, now_ms,
	    memory_order_relaxed);
	if (worker->follows_wall)
		look_at_wall(worker);
	if (worker->number == 0)
		tell_counts(worker->all, now_ms);
}

/* ---- the thread ---- */

static void
open_worker(struct worker *worker)
{
	const struct workers_settings *settings = &worker->all->settings;
	struct serving *serving = &worker->serving;
	const struct tcp_limits limits = {
	    .connections_max = settings->tcp_connections_max,
	    .client_max = settings->tcp_client_max,
	    .idle_ms = settings->tcp_idle_ms,
	    .kept_max = settings->tcp_kept_max ? settings->tcp_kept_max :
		TCP_KEPT_MAX,
	};
	const struct forward_settings forward = {
	    .questions_max = settings->waiting_max,
	    .waiters_max = QUESTION_WAITERS_MAX,
	    .stats = &worker->stats,
	};
	struct upstream_settings upstream = {
	    .stats = &worker->stats,
	    .hooks = {keep_answer, pass_answer, worker},
	    .udp_max = settings->upstream_udp_max,
	    .streams_max = settings->upstream_streams_max,
	};

	serving->base = loop_new();
	serving->reader = epoch_reader_new();
	serving->publisher = settings->publisher;
	serving->waiting = waiting_new(settings->waiting_max);
	serving->env.cache = settings->cache;
	serving->env.stats = &worker->stats;
	serving->env.tally = &worker->tally;
	serving->env.rate = rate_new();
	serving->sighter.ring = worker->sightings;
	serving->sighter.reader = settings->reader;
	serving->queries = memory_own(SERVING_BATCH *
	    sizeof *serving->queries);
	serving->again = memory_own(sizeof *serving->again);
	serving->again_room = memory_alloc(WIRE_MAX);
	serving->ask = ask;
	serving->settle = settle;
	serving->let_udp = let_udp;
	serving->worker = worker;
	serving_open(serving);
	worker->batch = udp_batch_new();
	worker->tcp = tcp_new(serving, &limits);
	worker->forward = forward_new(&forward);
	upstream.base = serving->base;
	upstream.forward = worker->forward;
	upstream.troubles = worker->all->troubles;
	upstream.sighter = &serving->sighter;
	worker->upstream = upstream_new(&upstream);
	if (settings->trust)
		upstream_trust(worker->upstream,
		    tls_trust_hold(settings->trust));
	read_policy(worker);
	look_at_wall(worker);
	worker->letters = loop_watch(serving->base,
	    mailbox_fd(worker->mailbox), EV_READ | EV_PERSIST, on_letters,
	    worker);
	worker->heartbeat = loop_every(serving->base, HEARTBEAT_MS,
	    on_heartbeat, worker);
}

static void
close_worker(struct worker *worker)
{
	struct serving *serving = &worker->serving;

	let_all_go(&worker->served);
	let_all_go(&worker->leaving);
	tcp_free(worker->tcp);
	upstream_free(worker->upstream);
	forward_free(worker->forward);
	loop_forget(worker->letters);
	loop_forget(worker->heartbeat);
	loop_forget(worker->stopping);
	loop_forget(worker->farewell);
	serving_close(serving);
	udp_batch_free(worker->batch);
	waiting_free(serving->waiting);
	rate_free(serving->env.rate);
	epoch_reader_free(serving->reader);
	event_base_free(serving->base);
	free(serving->queries);
	free(serving->again);
	free(serving->again_room);
}

static void *
run_worker(void *context)
{
	struct worker *worker = context;
	char name[16];

	/* By itself: the sandbox keeps a thread from naming another. */
	snprintf(name, sizeof name, "worker %u", worker->number % 1000);
	pthread_setname_np(pthread_self(), name);
	priority_take(PRIORITY_PROMPT);
	event_base_dispatch(worker->serving.base);
	udp_batch_flush(worker->batch);
	return NULL;
}

/* Signals are main's: a thread begins with the mask of its maker. */
static void
start_thread(struct worker *worker)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&worker->thread, NULL, run_worker, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	assert(error == 0);
}

/* ---- main's side ---- */

struct workers *
workers_start(const struct workers_settings *settings)
{
	struct workers *workers = memory_zeroed(1, sizeof *workers);

	workers->settings = *settings;
	workers->troubles = troubles_new();
	workers->count = settings->count;
	workers->list = memory_zeroed(settings->count, sizeof *workers->list);
	for (unsigned i = 0; i < settings->count; i++) {
		struct worker *worker = memory_own(sizeof *worker);

		worker->all = workers;
		worker->number = i;
		workers->list[i] = worker;
		worker->mailbox = mailbox_new(LETTERS_MAX);
		if (settings->reader)
			worker->sightings = ring_new(SIGHTINGS_BYTES);
		atomic_store(&worker->alive_ms, clock_mono_ms());
		open_worker(worker);
	}
	atomic_store(&workers->busy, settings->count);
	for (unsigned i = 0; i < settings->count; i++)
		start_thread(workers->list[i]);
	return workers;
}

static void
send_all(struct workers *workers, const struct mail *mail)
{
	for (unsigned i = 0; i < workers->count; i++)
		mailbox_send(workers->list[i]->mailbox, mail);
}

/* Send an order and wait until every worker has carried it out. */
static void
order_all(struct workers *workers, struct mail mail)
{
	sem_t done;

	sem_init(&done, 0, 0);
	mail.done = &done;
	send_all(workers, &mail);
	for (unsigned i = 0; i < workers->count; i++)
		while (sem_wait(&done) != 0)
			continue;
	sem_destroy(&done);
}

void
workers_stop(struct workers *workers, unsigned wait_ms)
{
	send_all(workers, &(struct mail){.kind = MAIL_STOP,
	    .wait_ms = wait_ms});
	for (unsigned i = 0; i < workers->count; i++)
		pthread_join(workers->list[i]->thread, NULL);
}

void
workers_give_way(struct workers *workers, unsigned wait_ms,
    const struct tcp_heir *heir)
{
	workers->heir = *heir;
	workers_stop(workers, wait_ms);
}

void
workers_free(struct workers *workers)
{
	for (unsigned i = 0; i < workers->count; i++)
		close_worker(workers->list[i]);
	for (unsigned i = 0; i < workers->count; i++) {
		mailbox_free(workers->list[i]->mailbox);
		ring_free(workers->list[i]->sightings);
		free(workers->list[i]);
	}
	troubles_free(workers->troubles);
	free(workers->list);
	free(workers);
}

void
workers_add(struct workers *workers, struct listener *listener)
{
	order_all(workers, (struct mail){.kind = MAIL_ADD,
	    .listener = listener});
}

void
workers_drop(struct workers *workers, struct listener *listener,
    enum workers_drop how)
{
	order_all(workers, (struct mail){.kind = how == WORKERS_FORGET
	    ? MAIL_DROP : MAIL_LEAVE, .listener = listener});
}

void
workers_inherit(struct workers *workers, int fd, uint8_t *bytes,
    size_t length)
{
	unsigned number = workers->next_heir++ % workers->count;

	mailbox_send(workers->list[number]->mailbox, &(struct mail){
	    .kind = MAIL_CONNECTION, .fd = fd, .bytes = bytes,
	    .length = length});
}

void
workers_policy_changed(struct workers *workers)
{
	send_all(workers, &(struct mail){.kind = MAIL_POLICY});
}

void
workers_trust(struct workers *workers, struct tls_trust *trust)
{
	for (unsigned i = 0; i < workers->count; i++)
		mailbox_send(workers->list[i]->mailbox, &(struct mail){
		    .kind = MAIL_TRUST,
		    .trust = trust ? tls_trust_hold(trust) : NULL});
}

bool
workers_trouble(struct workers *workers, const struct upstream *upstream,
    char words[TROUBLES_WORDS])
{
	return troubles_read(workers->troubles, upstream, words);
}

void
workers_stats(struct workers *workers, uint64_t sum[STAT_COUNT])
{
	struct tally tally = {0};

	for (unsigned i = 0; i < workers->count; i++)
		stats_sum(sum, &workers->list[i]->stats);
	workers_tally(workers, &tally);
	tally_fill(sum, &tally);
}

void
workers_tally(struct workers *workers, struct tally *sum)
{
	for (unsigned i = 0; i < workers->count; i++)
		tally_add(sum, &workers->list[i]->tally);
}

struct ring *
workers_sightings(struct workers *workers, unsigned number)
{
	return number < workers->count ? workers->list[number]->sightings
				       : NULL;
}

static unsigned
add_view(struct health_view *list, unsigned count, unsigned max,
    const struct health_view *view)
{
	for (unsigned i = 0; i < count; i++)
		if (endpoint_equal(&list[i].endpoint, &view->endpoint)) {
			health_add(&list[i], view);
			return count;
		}
	if (count == max)
		return count;
	list[count] = *view;
	return count + 1;
}

unsigned
workers_upstreams(struct workers *workers, struct health_view *list,
    unsigned max)
{
	struct health_view view;
	unsigned count = 0;

	for (unsigned i = 0; i < workers->count; i++)
		for (unsigned k = 0; k < HEALTH_UPSTREAMS; k++)
			if (health_read(forward_health(
			    workers->list[i]->forward), k, &view))
				count = add_view(list, count, max, &view);
	return count;
}

bool
workers_alive(struct workers *workers)
{
	int64_t limit_ms = clock_mono_ms() - DEAD_AFTER_MS;

	for (unsigned i = 0; i < workers->count; i++)
		if (atomic_load_explicit(&workers->list[i]->alive_ms,
		    memory_order_relaxed) < limit_ms)
			return false;
	return true;
}
