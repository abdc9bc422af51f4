/* SPDX-License-Identifier: BSD-2-Clause */
/* What workers note of the queries that they answer, and who is shown it. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "netlab.h"
#include "serve/observer.h"
#include "suite.h"

#define BURST 3000
#define OF_A_WINDOW 50
#define WAKES 3

/* What a sink was shown.  The checks read it under the lock, or when the
 * observer has been stopped. */
struct shown {
	pthread_mutex_t lock;
	unsigned count, flushes;
	uint64_t weight;
	uint8_t name[DNAME_MAX];
	uint8_t query[LAB_QUERY_MAX], reply[LAB_QUERY_MAX];
	int64_t wall_ns;
	struct sighting last;		/* without what lies behind */
};

static struct shown first, second;
static uint8_t reply[WIRE_MAX];

static void
see(void *context, const struct sighting *seen, int64_t wall_ns)
{
	struct shown *shown = context;

	pthread_mutex_lock(&shown->lock);
	shown->count++;
	shown->weight += seen->weight;
	memcpy(&shown->last, seen, sizeof *seen);
	memcpy(shown->name, seen->name, seen->name_length);
	ck_assert_uint_le(seen->query_kept, sizeof shown->query);
	ck_assert_uint_le(seen->reply_kept, sizeof shown->reply);
	memcpy(shown->query, sighting_query(seen), seen->query_kept);
	memcpy(shown->reply, sighting_reply(seen), seen->reply_kept);
	shown->wall_ns = wall_ns;
	pthread_mutex_unlock(&shown->lock);
}

static void
flush(void *context)
{
	struct shown *shown = context;

	pthread_mutex_lock(&shown->lock);
	shown->flushes++;
	pthread_mutex_unlock(&shown->lock);
}

static struct observer *
add_sinks(void)
{
	struct observer *observer = observer_new();

	pthread_mutex_init(&first.lock, NULL);
	pthread_mutex_init(&second.lock, NULL);
	ck_assert_uint_eq(observer_add(observer,
	    &(struct observer_sink){see, flush, &first}), 0);
	ck_assert_uint_eq(observer_add(observer,
	    &(struct observer_sink){see, NULL, &second}), 1);
	return observer;
}

static struct observer *
start(unsigned first_wants, unsigned second_wants)
{
	struct observer *observer = add_sinks();

	observer_want(observer, 0, first_wants);
	observer_want(observer, 1, second_wants);
	lab_start(&(struct lab_settings){.workers = 2,
	    .reader = observer_reader(observer)});
	observer_start(observer, lab_workers());
	return observer;
}

/* Whatever was answered before is shown by then. */
static void
end(struct observer *observer, struct listener *listener)
{
	lab_drop(listener);
	observer_stop(observer);
	observer_free(observer);
	lab_stop();
}

static void
wait_shown(struct shown *shown, unsigned count)
{
	int64_t by_ms = clock_mono_ms() + LAB_WAIT_MS;
	unsigned now = 0;

	while (now < count) {
		ck_assert_int_lt(clock_mono_ms(), by_ms);
		poll(NULL, 0, 1);
		pthread_mutex_lock(&shown->lock);
		now = shown->count;
		pthread_mutex_unlock(&shown->lock);
	}
}

static size_t
ask(const struct listener *listener, const char *name)
{
	struct lab_query query;
	int fd = lab_udp(listener, NULL);
	size_t length;

	lab_query(&query, name, 4711);
	lab_send(fd, &query);
	length = lab_get(fd, reply);
	close(fd);
	return length;
}

START_TEST(a_note_says_what_was_asked_and_answered)
{
	struct observer *observer = start(SIGHTING_ANY | SIGHTING_PACKETS, 0);
	struct listener *v4 = lab_listen("127.0.0.1");
	size_t length = ask(v4, "wEb.lab.test.");

	end(observer, v4);
	ck_assert_uint_eq(first.count, 1);
	ck_assert_uint_ge(first.flushes, 1);
	ck_assert_uint_eq(second.count, 0);
	ck_assert_uint_eq(first.last.name_length, 14);
	ck_assert_mem_eq(first.name, "\3wEb\3lab\4test", 14);
	ck_assert_uint_eq(first.last.id, 4711);
	ck_assert_uint_eq(first.last.type, TYPE_A);
	ck_assert_uint_eq(first.last.class, CLASS_IN);
	ck_assert_uint_eq(first.last.rcode, RCODE_NOERROR);
	ck_assert_uint_eq(first.last.source, TALLY_HOSTS);
	ck_assert_uint_eq(first.last.way, TALLY_UDP4);
	ck_assert_uint_ne(first.last.client_port, 0);
	ck_assert_uint_eq(first.last.reply_length, length);
	ck_assert_uint_eq(first.last.reply_kept, length);
	ck_assert_mem_eq(first.reply, reply, length);
	ck_assert_uint_eq(first.last.query_kept, first.last.query_length);
	ck_assert_uint_eq(first.last.weight, 0);
	ck_assert_int_ge(first.last.took_ns, 0);
	ck_assert_int_gt(first.wall_ns, 1600000000LL * 1000000000);
}
END_TEST

START_TEST(failures_alone_where_they_are_wanted)
{
	struct observer *observer = start(SIGHTING_FAILURE, SIGHTING_ANY);
	struct listener *v4 = lab_listen("127.0.0.1");

	ask(v4, "web.lab.test.");
	ask(v4, "typo.lab.test.");
	end(observer, v4);
	ck_assert_uint_eq(first.count, 1);
	ck_assert_uint_eq(first.last.rcode, RCODE_NXDOMAIN);
	ck_assert_uint_eq(second.count, 2);
	ck_assert_uint_eq(first.last.query_kept, 0);
}
END_TEST

/* One that waited for the upstream is noted when it is answered. */
START_TEST(a_forwarded_query_is_noted)
{
	struct observer *observer = start(SIGHTING_ANY, 0);
	struct listener *v4 = lab_listen("127.0.0.1");
	struct tally tally = {0};
	uint64_t took = 0;

	ask(v4, "a.up.test.");
	workers_tally(lab_workers(), &tally);
	for (unsigned i = 0; i < TALLY_BUCKETS; i++)
		took += tally.took[TALLY_FORWARD][i];
	ck_assert_uint_eq(took, 1);
	end(observer, v4);
	ck_assert_uint_eq(first.count, 1);
	ck_assert_uint_eq(first.last.source, TALLY_FORWARD);
	ck_assert_int_gt(first.last.took_ns, 0);
}
END_TEST

/* Of many queries few are noted; the weights make up for it, but for those
 * after the last sample of each worker. */
START_TEST(samples_stand_for_all)
{
	struct observer *observer = start(SIGHTING_SAMPLE, 0);
	struct listener *v4 = lab_listen("127.0.0.1");
	struct lab_query query;
	int fd = lab_udp(v4, NULL);

	lab_query(&query, "web.lab.test.", 1);
	for (unsigned i = 0; i < BURST; i += OF_A_WINDOW) {
		for (unsigned k = 0; k < OF_A_WINDOW; k++)
			lab_send(fd, &query);
		for (unsigned k = 0; k < OF_A_WINDOW; k++)
			lab_get(fd, reply);
	}
	close(fd);
	end(observer, v4);
	ck_assert_uint_gt(first.count, 0);
	ck_assert_uint_ge(first.weight, first.count);
	ck_assert_uint_le(first.weight, BURST);
	ck_assert_uint_gt(first.weight, BURST / 2);
}
END_TEST

static unsigned
flushes(void)
{
	unsigned count;

	pthread_mutex_lock(&first.lock);
	count = first.flushes;
	pthread_mutex_unlock(&first.lock);
	return count;
}

/* Two rounds on, of which the second one at least shows nothing. */
static void
wait_asleep(void)
{
	int64_t by_ms = clock_mono_ms() + LAB_WAIT_MS;
	unsigned rounds = flushes() + 2;

	while (flushes() < rounds) {
		ck_assert_int_lt(clock_mono_ms(), by_ms);
		poll(NULL, 0, 1);
	}
}

/* How long it takes until a note is shown, at best: by itself the observer
 * would look after OBSERVER_IDLE_MS. */
static int64_t
find_wake_ms(const struct listener *listener, const char *zone, unsigned notes)
{
	int64_t best_ms = INT64_MAX;
	char name[32];

	for (unsigned i = 1; i <= WAKES; i++) {
		int64_t since_ms;

		snprintf(name, sizeof name, "a%u.%s", i, zone);
		wait_asleep();
		since_ms = clock_mono_ms();
		ask(listener, name);
		wait_shown(&first, i * notes);
		if (clock_mono_ms() - since_ms < best_ms)
			best_ms = clock_mono_ms() - since_ms;
	}
	return best_ms;
}

START_TEST(a_note_wakes_who_sleeps)
{
	struct observer *observer = start(SIGHTING_ANY, 0);
	struct listener *v4 = lab_listen("127.0.0.1");
	int64_t wake_ms = find_wake_ms(v4, "lab.test.", 1);

	end(observer, v4);
	ck_assert_int_lt(wake_ms, OBSERVER_IDLE_MS / 2);
}
END_TEST

/* Notes of what is said to upstreams are none of a batch. */
START_TEST(a_note_of_an_upstream_wakes_who_sleeps)
{
	struct observer *observer = start(SIGHTING_UPSTREAM, 0);
	struct listener *v4 = lab_listen("127.0.0.1");
	int64_t wake_ms = find_wake_ms(v4, "up.test.", 2);

	end(observer, v4);
	ck_assert_int_lt(wake_ms, OBSERVER_IDLE_MS / 2);
}
END_TEST

/* What is wanted may change while workers work. */
START_TEST(wants_change)
{
	struct observer *observer = start(0, 0);
	struct listener *v4 = lab_listen("127.0.0.1");

	ask(v4, "web.lab.test.");
	observer_want(observer, 1, SIGHTING_ANY);
	ask(v4, "db.lab.test.");
	wait_shown(&second, 1);
	observer_want(observer, 1, 0);
	ask(v4, "web.lab.test.");
	end(observer, v4);
	ck_assert_uint_eq(first.count, 0);
	ck_assert_uint_eq(second.count, 1);
	ck_assert_mem_eq(second.name, "\2db", 3);
}
END_TEST

int
main(void)
{
	return suite_run("observer", (const struct suite_case[]){
	    {
		.name = "observer",
		.tests = SUITE_TESTS(a_note_says_what_was_asked_and_answered,
		    failures_alone_where_they_are_wanted,
		    a_forwarded_query_is_noted, samples_stand_for_all,
		    a_note_wakes_who_sleeps,
		    a_note_of_an_upstream_wakes_who_sleeps, wants_change),
	    },
	    {0},
	});
}
