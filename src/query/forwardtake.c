/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/flight.h"

#include <string.h>

#include "dns/message.h"

#define BREAKS_MAX 2			/* of one upstream in a flight */
#define BAD_MAX 3			/* packets that do not match */
#define COOKIE_THEIRS_LEAST 8

static struct exchange *
find_exchange(struct forward *f, uint32_t number)
{
	struct exchange *exchange;

	if (forward_slot(number) >= forward_slots(f))
		return NULL;
	exchange = &f->exchanges[forward_slot(number)];
	/* What was not sent yet has no answer. */
	if (exchange->state == EXCHANGE_OVER || exchange->to_send ||
	    exchange_number(f, exchange) != number)
		return NULL;
	return exchange;
}

static void
ask_by_tcp(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	struct flight *flight = exchange_flight(f, exchange);
	unsigned upstream = exchange->upstream;

	flight->by_tcp |= (uint8_t)(1u << upstream);
	exchange_close(f, exchange);
	flight_send(f, flight, upstream, now_ms);
}

static void
ask_without_edns(struct forward *f, struct exchange *exchange,
    int64_t now_ms)
{
	struct flight *flight = exchange_flight(f, exchange);
	unsigned upstream = exchange->upstream;

	flight->without_edns |= (uint8_t)(1u << upstream);
	exchange_close(f, exchange);
	flight_send(f, flight, upstream, now_ms);
}

/* The reply's letters are not as they were sent: no answer, but an upstream
 * may do so to every question. */
static void
ask_in_lower_case(struct forward *f, struct exchange *exchange,
    int64_t now_ms)
{
	struct flight *flight = exchange_flight(f, exchange);
	unsigned upstream = exchange->upstream;

	stats_count(f->stats, STAT_FORWARD_RECASED);
	health_recased(exchange_health(f, exchange), now_ms);
	flight->in_lower |= (uint8_t)(1u << upstream);
	exchange_close(f, exchange);
	flight_send(f, flight, upstream, now_ms);
}

/* This upstream will not answer this question. */
static void
give_up_upstream(struct forward *f, struct exchange *exchange,
    enum health_failure failure, int64_t now_ms)
{
	struct flight *flight = exchange_flight(f, exchange);

	health_failed(exchange_health(f, exchange), failure, now_ms);
	flight->dead |= (uint8_t)(1u << exchange->upstream);
	flight->why = failure == HEALTH_REFUSED ?
	    EDE_NO_REACHABLE_AUTHORITY : EDE_NETWORK_ERROR;
	exchange_close(f, exchange);
	flight_move_on(f, flight, now_ms);
}

/* A packet that is not the answer, or cannot be read.  The exchange waits on;
 * after a few of them somebody is guessing, and the question goes to TCP. */
static void
pass_over(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	struct flight *flight = exchange_flight(f, exchange);

	exchange->suspect = true;
	if (++flight->bad < BAD_MAX)
		return;
	flight->bad = 0;
	if (exchange->state == EXCHANGE_TCP) {
		give_up_upstream(f, exchange, HEALTH_UNUSABLE, now_ms);
		return;
	}
	flight->only_tcp = true;
	for (unsigned k = 0; k < EXCHANGES; k++) {
		if (flights_exchange(f, flight, k) != exchange &&
		    flights_exchange(f, flight, k)->state == EXCHANGE_UDP)
			exchange_close(f, flights_exchange(f, flight, k));
	}
	ask_by_tcp(f, exchange, now_ms);
}

static void
take_records(struct forward *f, struct exchange *exchange,
    const struct message *message, int64_t now_ms)
{
	struct flight *flight = exchange_flight(f, exchange);
	struct answer *answer = answer_new(&flight->question, message,
	    &f->limits, now_ms);

	if (answer == NULL) {
		give_up_upstream(f, exchange, HEALTH_UNUSABLE, now_ms);
		return;
	}
	health_answered(exchange_health(f, exchange));
	if (set_has(flight->without_edns, exchange->upstream))
		health_remember_plain(exchange_health(f, exchange), now_ms);
	flight_answer(f, flight, answer, now_ms);
}

/* The new one is remembered by now: once more with it, then by TCP. */
static void
take_bad_cookie(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	struct flight *flight = exchange_flight(f, exchange);
	unsigned upstream = exchange->upstream;

	if (set_has(flight->bad_cookie, upstream)) {
		if (exchange->state == EXCHANGE_UDP)
			ask_by_tcp(f, exchange, now_ms);
		else
			give_up_upstream(f, exchange, HEALTH_UNUSABLE,
			    now_ms);
		return;
	}
	flight->bad_cookie |= (uint8_t)(1u << upstream);
	exchange_close(f, exchange);
	flight_send(f, flight, upstream, now_ms);
}

static enum health_failure
failure_of(uint16_t rcode)
{
	switch (rcode) {
	case RCODE_REFUSED:
		return HEALTH_REFUSED;
	case RCODE_SERVFAIL:
		return HEALTH_SERVFAIL;
	case RCODE_FORMERR:
	case RCODE_NOTIMP:
	case RCODE_BADVERS:
		return HEALTH_FORMERR;
	default:
		return HEALTH_UNUSABLE;
	}
}

static void
take_rcode(struct forward *f, struct exchange *exchange,
    const struct message *message, int64_t now_ms)
{
	switch (message->rcode) {
	case RCODE_NOERROR:
	case RCODE_NXDOMAIN:
		take_records(f, exchange, message, now_ms);
		return;
	case RCODE_FORMERR:
	case RCODE_NOTIMP:
	case RCODE_BADVERS:
		if (exchange->edns == EDNS_ASKED) {
			ask_without_edns(f, exchange, now_ms);
			return;
		}
		break;
	case RCODE_BADCOOKIE:
		if (exchange->cookie && message->cookie) {
			take_bad_cookie(f, exchange, now_ms);
			return;
		}
		break;
	default:
		break;
	}
	give_up_upstream(f, exchange, failure_of(message->rcode), now_ms);
}

static void
take_message(struct forward *f, struct exchange *exchange,
    const struct message *message, int64_t now_ms)
{
	if ((message->flags & FLAG_TC) == 0)
		take_rcode(f, exchange, message, now_ms);
	else if (exchange->state == EXCHANGE_UDP)
		ask_by_tcp(f, exchange, now_ms);
	else
		give_up_upstream(f, exchange, HEALTH_UNUSABLE, now_ms);
}

/* It matches, but its records cannot be read: cut off where TC says so. */
static void
take_malformed(struct forward *f, struct exchange *exchange, uint16_t flags,
    int64_t now_ms)
{
	stats_count(f->stats, STAT_FORWARD_MALFORMED);
	if ((flags & FLAG_TC) != 0 && exchange->state == EXCHANGE_UDP)
		ask_by_tcp(f, exchange, now_ms);
	else
		pass_over(f, exchange, now_ms);
}

/* Names may end in a pointer into the question: they get its case.  The case
 * was kept only where there was a capital to keep. */
static void
settle_case(struct forward *f, const struct exchange *exchange,
    uint8_t *question)
{
	const struct dname *name = &exchange_flight(f, exchange)->question.name;

	if (memcmp(question, name->wire, name->length) == 0)
		return;
	memcpy(question, name->wire, name->length);
	health_kept_case(exchange_health(f, exchange));
}

/* What TCP takes says nothing of UDP's way there and back. */
static void
hear(struct forward *f, struct exchange *exchange, unsigned rcode,
    int64_t now_ms)
{
	const struct flight *flight = exchange_flight(f, exchange);
	bool is_own = exchange->state == EXCHANGE_UDP || flight->question.to.
	    list[exchange->upstream].transport != UPSTREAM_UDP;

	exchange->heard = true;
	health_replied(exchange_health(f, exchange), rcode,
	    now_ms - exchange->sent_ms);
	health_heard(exchange_health(f, exchange), is_own ?
	    now_ms - exchange->sent_ms : -1);
}

static void
take_recased(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	if (exchange->capitals != 0) {
		ask_in_lower_case(f, exchange, now_ms);
		return;
	}
	stats_count(f->stats, STAT_FORWARD_MISMATCHED);
	pass_over(f, exchange, now_ms);
}

enum cookie {
	COOKIE_FITS,
	COOKIE_LACKS,			/* one that is due */
	COOKIE_FORGED,
};

static enum cookie
judge_cookie(struct forward *f, const struct exchange *exchange,
    const struct message *m, int64_t now_ms)
{
	struct health_entry *entry = exchange_health(f, exchange);
	size_t theirs;

	if (!exchange->cookie)
		return COOKIE_FITS;
	if (m->cookie) {
		if (m->cookie_length < COOKIE_OURS || memcmp(m->bytes +
		    m->cookie_at, forward_own_cookie(f, entry),
		    COOKIE_OURS) != 0)
			return COOKIE_FORGED;
		theirs = m->cookie_length - COOKIE_OURS;
		if (theirs >= COOKIE_THEIRS_LEAST &&
		    theirs <= HEALTH_COOKIE_MAX) {
			health_remember_cookie(entry, m->bytes +
			    m->cookie_at + COOKIE_OURS, theirs, now_ms);
			return COOKIE_FITS;
		}
		if (theirs != 0)
			return COOKIE_FORGED;
	}
	if (health_cookie(entry, now_ms) == 0)
		return COOKIE_FITS;
	if (exchange->state == EXCHANGE_UDP)
		return COOKIE_LACKS;
	health_forget_cookie(entry);
	return COOKIE_FITS;
}

/* Forged, or the upstream is another one than it was: TCP will tell, while
 * this exchange waits on. */
static void
ask_tcp_beside(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	struct flight *flight = exchange_flight(f, exchange);
	unsigned upstream = exchange->upstream;

	exchange->suspect = true;
	flight->by_tcp |= (uint8_t)(1u << upstream);
	flight->bad++;
	flight_send(f, flight, upstream, now_ms);
}

static void
take_reply(struct forward *f, struct exchange *exchange,
    const struct message *message, int64_t now_ms)
{
	enum cookie cookie = judge_cookie(f, exchange, message, now_ms);

	if (cookie == COOKIE_FITS) {
		hear(f, exchange, message->rcode, now_ms);
		take_message(f, exchange, message, now_ms);
		return;
	}
	stats_count(f->stats, STAT_FORWARD_MISMATCHED);
	if (cookie == COOKIE_LACKS && !set_has(
	    exchange_flight(f, exchange)->by_tcp, exchange->upstream))
		ask_tcp_beside(f, exchange, now_ms);
	else
		pass_over(f, exchange, now_ms);
}

void
forward_received(struct forward *f, uint32_t number, uint8_t *bytes,
    size_t length, int64_t now_ms)
{
	struct exchange *exchange = find_exchange(f, number);
	uint8_t asked[FORWARD_QUERY_MAX];
	struct wire_writer w;
	struct message message;

	if (exchange == NULL)
		return;
	w = forward_write_question(exchange_flight(f, exchange), exchange,
	    asked);
	switch (message_read(&message, bytes, length, asked, w.at)) {
	case MESSAGE_OK:
		settle_case(f, exchange, bytes + WIRE_HEADER);
		take_reply(f, exchange, &message, now_ms);
		return;
	case MESSAGE_MALFORMED:
		take_malformed(f, exchange, wire_get16(bytes + 2), now_ms);
		return;
	case MESSAGE_RECASED:
		take_recased(f, exchange, now_ms);
		return;
	case MESSAGE_OTHER:
		stats_count(f->stats, STAT_FORWARD_MISMATCHED);
		pass_over(f, exchange, now_ms);
		return;
	}
}

void
forward_broken(struct forward *f, uint32_t number, int64_t now_ms)
{
	struct exchange *exchange = find_exchange(f, number);
	struct flight *flight;

	if (exchange == NULL)
		return;
	flight = exchange_flight(f, exchange);
	health_failed(exchange_health(f, exchange), HEALTH_BROKEN, now_ms);
	flight->why = EDE_NETWORK_ERROR;
	if (++flight->breaks[exchange->upstream] >= BREAKS_MAX)
		flight->dead |= (uint8_t)(1u << exchange->upstream);
	exchange_close(f, exchange);
	flight_move_on(f, flight, now_ms);
}
