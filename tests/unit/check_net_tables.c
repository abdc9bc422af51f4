/* SPDX-License-Identifier: BSD-2-Clause */
/* What workers keep and send each other: the table of waiting queries and the
 * mailbox. */
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "craft.h"
#include "net/mailbox.h"
#include "net/waiting.h"
#include "suite.h"

#define SLOTS 4
#define WRITERS 4
#define LETTERS 5000			/* of each */
#define WAIT_MS 20000

/* ---- waiting ---- */

static const uint8_t packet[] = "a packet's bytes";

static struct waiting_query *
add(struct waiting *waiting, void *owner, int64_t give_up_ms)
{
	struct waiting_from from = {.owner = owner};

	return waiting_add(waiting, &from, packet, sizeof packet, give_up_ms);
}

START_TEST(waiting_holds_so_many)
{
	struct waiting *waiting = waiting_new(SLOTS);
	struct waiting_query *all[SLOTS];

	for (unsigned i = 0; i < SLOTS; i++) {
		all[i] = add(waiting, waiting, 10 + i);
		ck_assert_ptr_nonnull(all[i]);
		ck_assert_ptr_ne(all[i]->packet, packet);
		ck_assert_mem_eq(all[i]->packet, packet, sizeof packet);
	}
	ck_assert_ptr_null(add(waiting, waiting, 99));
	ck_assert_uint_eq(waiting_count(waiting), SLOTS);
	waiting_remove(waiting, all[2]);
	ck_assert_ptr_nonnull(add(waiting, waiting, 99));
	ck_assert_ptr_null(add(waiting, waiting, 99));
	waiting_free(waiting);
}
END_TEST

static struct waiting_query *
add_of(struct waiting *waiting, uint8_t client)
{
	struct waiting_from from = {.client.addr = {4, {10, 0, 0, client}}};

	return waiting_add(waiting, &from, packet, sizeof packet, 10);
}

START_TEST(waiting_leaves_room_for_others)
{
	static const struct {
		unsigned slots, most;
	} rows[] = {{4096, 512}, {1024, 256}, {20, 16}, {8, 8}};
	struct waiting_query *last = NULL;
	struct waiting *waiting;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		waiting = waiting_new(rows[i].slots);
		for (unsigned k = 0; k < rows[i].most; k++) {
			last = add_of(waiting, 1);
			ck_assert_ptr_nonnull(last);
		}
		ck_assert_ptr_null(add_of(waiting, 1));
		if (rows[i].slots > rows[i].most)
			ck_assert_ptr_nonnull(add_of(waiting, 2));
		waiting_remove(waiting, last);
		ck_assert_ptr_nonnull(add_of(waiting, 1));
		ck_assert_ptr_null(add_of(waiting, 1));
		waiting_free(waiting);
	}
}
END_TEST

#define LATE (WAITING_LATE_MAX + 7)	/* of one client */

/* How many replies may go out, LATE to one client and 5 to another, waited_ms
 * after they were asked for. */
static unsigned
allowed(enum query_transport transport, int64_t waited_ms, int64_t apart_ms)
{
	struct waiting *waiting = waiting_new(64);
	struct waiting_from from = {.client.transport = transport};
	struct waiting_query *query;
	unsigned count = 0;

	for (unsigned i = 0; i < LATE + 5; i++) {
		from.client.addr = (struct addr){4, {10, 0, 0, (uint8_t)
		    (i >= LATE)}};
		query = waiting_add(waiting, &from, packet, sizeof packet, 10);
		query->since_ms = 1000;
		query->question.hash = 7;
		count += waiting_allows(waiting, query, 1000 + waited_ms +
		    apart_ms * i);
		waiting_remove(waiting, query);
	}
	waiting_free(waiting);
	return count;
}

START_TEST(waiting_lets_no_burst_go)
{
	ck_assert_uint_eq(allowed(QUERY_UDP, WAITING_LATE_MS, 0),
	    WAITING_LATE_MAX + 5);
	ck_assert_uint_eq(allowed(QUERY_UDP, WAITING_LATE_MS - 1, 0),
	    LATE + 5);
	ck_assert_uint_eq(allowed(QUERY_UDP, WAITING_LATE_MS,
	    WAITING_SPAN_MS + 1), LATE + 5);
	ck_assert_uint_eq(allowed(QUERY_TCP, WAITING_LATE_MS, 0), LATE + 5);
}
END_TEST

START_TEST(waiting_knows_who_is_late)
{
	struct waiting *waiting = waiting_new(1);
	struct waiting_query *query = add(waiting, waiting, 10);
	uint64_t serial = query->serial;

	ck_assert_ptr_eq(waiting_find(waiting, query->slot, serial), query);
	waiting_remove(waiting, query);
	ck_assert_ptr_null(waiting_find(waiting, query->slot, serial));
	query = add(waiting, waiting, 20);
	ck_assert_ptr_null(waiting_find(waiting, query->slot, serial));
	ck_assert_ptr_nonnull(waiting_find(waiting, query->slot,
	    query->serial));
	ck_assert_ptr_null(waiting_find(waiting, 1, query->serial));
	ck_assert_ptr_null(waiting_find(waiting, UINT32_MAX, query->serial));
	waiting_free(waiting);
}
END_TEST

START_TEST(waiting_oldest_first)
{
	struct waiting *waiting = waiting_new(SLOTS);
	struct waiting_query *first = add(waiting, waiting, 10);
	struct waiting_query *second = add(waiting, waiting, 20);

	ck_assert_ptr_eq(waiting_oldest(waiting), first);
	waiting_remove(waiting, first);
	ck_assert_ptr_eq(waiting_oldest(waiting), second);
	first = add(waiting, waiting, 30);
	ck_assert_ptr_eq(waiting_oldest(waiting), second);
	waiting_remove(waiting, first);
	waiting_remove(waiting, second);
	ck_assert_ptr_null(waiting_oldest(waiting));
	ck_assert_uint_eq(waiting_count(waiting), 0);
	ck_assert_ptr_nonnull(add(waiting, waiting, 40));
	waiting_free(waiting);
}
END_TEST

START_TEST(waiting_forgets_one_owner)
{
	struct waiting *waiting = waiting_new(SLOTS);
	int mine, other;
	struct waiting_query *kept;

	add(waiting, &mine, 10);
	kept = add(waiting, &other, 20);
	add(waiting, &mine, 30);
	waiting_forget(waiting, &mine);
	ck_assert_uint_eq(waiting_count(waiting), 1);
	ck_assert_ptr_eq(waiting_oldest(waiting), kept);
	waiting_free(waiting);
}
END_TEST

START_TEST(waiting_takes_no_large_packet)
{
	static uint8_t large[WAITING_PACKET_MAX + 1];
	struct waiting *waiting = waiting_new(1);
	struct waiting_from from = {.owner = waiting};

	ck_assert_ptr_null(waiting_add(waiting, &from, large, sizeof large,
	    10));
	ck_assert_ptr_nonnull(waiting_add(waiting, &from, large,
	    sizeof large - 1, 10));
	waiting_free(waiting);
}
END_TEST

/* ---- mailbox ---- */

static bool
rings(const struct mailbox *mailbox)
{
	struct pollfd polled = {.fd = mailbox_fd(mailbox), .events = POLLIN};

	return poll(&polled, 1, 0) == 1;
}

START_TEST(mailbox_keeps_the_order)
{
	struct mailbox *mailbox = mailbox_new(SLOTS);
	struct mail *mail;

	ck_assert(!rings(mailbox));
	for (unsigned i = 0; i < 3; i++)
		ck_assert_int_eq(mailbox_send(mailbox, &(struct mail){
		    .kind = MAIL_ASK, .waiter.slot = i}), MAILBOX_SENT);
	ck_assert(rings(mailbox));
	mail = mailbox_take(mailbox);
	ck_assert(!rings(mailbox));
	ck_assert_ptr_null(mailbox_take(mailbox));
	for (unsigned i = 0; i < 3; i++) {
		struct mail *next = mail->next;

		ck_assert_uint_eq(mail->waiter.slot, i);
		mail_free(mail);
		mail = next;
	}
	ck_assert_ptr_null(mail);
	mailbox_free(mailbox);
}
END_TEST

START_TEST(mailbox_refuses_all_but_orders)
{
	struct mailbox *mailbox = mailbox_new(1);
	struct mail ask = {.kind = MAIL_ASK}, done = {.kind = MAIL_DONE};
	struct mail stop = {.kind = MAIL_STOP};

	ck_assert_int_eq(mailbox_send(mailbox, &ask), MAILBOX_SENT);
	ck_assert_int_eq(mailbox_send(mailbox, &ask), MAILBOX_FULL);
	ck_assert_int_eq(mailbox_send(mailbox, &done), MAILBOX_FULL);
	ck_assert_int_eq(mailbox_send(mailbox, &stop), MAILBOX_SENT);
	mailbox_free(mailbox);
}
END_TEST

/* A leak checker sees it where the answer is not released. */
START_TEST(mailbox_frees_what_is_in_it)
{
	struct mailbox *mailbox = mailbox_new(SLOTS);
	struct forward_question question = craft_question("www.up.test.",
	    TYPE_A, 1, CRAFT_PLAIN);
	struct mail mail = {.kind = MAIL_DONE,
	    .answer = answer_new_failure(&question, EDE_NETWORK_ERROR, 0)};

	ck_assert_ptr_nonnull(mail.answer);
	answer_hold(mail.answer);
	ck_assert_int_eq(mailbox_send(mailbox, &mail), MAILBOX_SENT);
	mailbox_free(mailbox);
	answer_release(mail.answer);
}
END_TEST

static void *
send_many(void *context)
{
	for (unsigned i = 0; i < LETTERS; i++)
		mailbox_send(context, &(struct mail){.kind = MAIL_POLICY,
		    .wait_ms = i});
	return NULL;
}

/* No letter lies there unrung. */
START_TEST(mailbox_wakes_for_every_letter)
{
	struct mailbox *mailbox = mailbox_new(1);
	struct pollfd polled = {.fd = mailbox_fd(mailbox), .events = POLLIN};
	pthread_t writers[WRITERS];
	unsigned taken = 0;

	for (unsigned i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&writers[i], NULL, send_many,
		    mailbox), 0);
	while (taken < WRITERS * LETTERS) {
		struct mail *mail, *next;

		ck_assert_int_eq(poll(&polled, 1, WAIT_MS), 1);
		for (mail = mailbox_take(mailbox); mail; mail = next) {
			next = mail->next;
			taken++;
			mail_free(mail);
		}
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	ck_assert_ptr_null(mailbox_take(mailbox));
	mailbox_free(mailbox);
}
END_TEST

int
main(void)
{
	return suite_run("net/tables", (const struct suite_case[]){
	    {
		.name = "waiting",
		.tests = SUITE_TESTS(waiting_holds_so_many,
		    waiting_leaves_room_for_others, waiting_lets_no_burst_go,
		    waiting_knows_who_is_late, waiting_oldest_first,
		    waiting_forgets_one_owner, waiting_takes_no_large_packet),
	    },
	    {
		.name = "mailbox",
		.tests = SUITE_TESTS(mailbox_keeps_the_order,
		    mailbox_refuses_all_but_orders, mailbox_frees_what_is_in_it,
		    mailbox_wakes_for_every_letter),
	    },
	    {0},
	});
}
