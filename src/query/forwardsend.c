/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/flight.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/rdata.h"

#define EDNS_SIZE 1232
#define PADDING_BLOCK 128

void
forward_cookie(const struct forward *f, const struct endpoint *endpoint,
    uint8_t cookie[COOKIE_OURS])
{
	uint8_t bytes[sizeof(endpoint->addr.bytes) + 2];
	uint64_t hash;

	memcpy(bytes, endpoint->addr.bytes, sizeof(endpoint->addr.bytes));
	wire_put16(bytes + sizeof(endpoint->addr.bytes), endpoint->port);
	hash = hash_siphash24(&f->cookie_key, bytes, sizeof(bytes));
	memcpy(cookie, &hash, COOKIE_OURS);
}

const uint8_t *
forward_own_cookie(const struct forward *f, struct health_entry *entry)
{
	if (!entry->has_ours) {
		forward_cookie(f, &entry->endpoint, entry->ours);
		entry->has_ours = true;
	}
	return entry->ours;
}

/* Of eight bytes the small letters whose bit is set become capitals: byte by
 * byte, no sum carries into the next one. */
static uint64_t
capitalise(uint64_t bytes, uint8_t bits)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = bytes & 0x7f * ones;
	uint64_t from_a = low + (0x80 - 'a') * ones;
	uint64_t behind_z = low + (0x7f - 'z') * ones;
	uint64_t drawn = (bits * ones & 0x8040201008040201) + 0x7f * ones;

	return bytes ^ (drawn & from_a & ~behind_z & ~bytes & 0x80 * ones) >>
	    2;
}

/* A length byte is below every letter. */
static void
write_name(struct wire_writer *w, const struct dname *name, uint64_t capitals)
{
	uint8_t cased[DNAME_MAX + 8];
	uint64_t bytes;

	memcpy(cased, name->wire, name->length);
	memset(cased + name->length, 0, 8);
	for (unsigned i = 0; i < name->length; i += 8) {
		memcpy(&bytes, cased + i, 8);
		bytes = capitalise(bytes, (uint8_t)(capitals >> i % 64));
		memcpy(cased + i, &bytes, 8);
	}
	wire_write_bytes(w, cased, name->length);
}

static bool
is_by_tls(const struct flight *flight, const struct exchange *exchange)
{
	return flight->question.to.list[exchange->upstream].transport ==
	    UPSTREAM_TLS;
}

struct wire_writer
forward_write_question(const struct flight *flight,
    const struct exchange *exchange, uint8_t bytes[FORWARD_QUERY_MAX])
{
	const struct forward_question *q = &flight->question;
	struct wire_writer w = wire_writer_to(bytes, FORWARD_QUERY_MAX);
	uint16_t flags = FLAG_RD;

	/* AD: tell whether you checked (RFC 6840 5.7). */
	if (exchange->edns == EDNS_ASKED)
		flags |= FLAG_AD;
	if (q->checking_disabled)
		flags |= FLAG_CD;
	wire_put16(bytes, exchange->id);
	wire_put16(bytes + 2, flags);
	wire_put16(bytes + 4, 1);
	memset(bytes + 6, 0, 6);
	w.at = WIRE_HEADER;
	write_name(&w, &q->name, exchange->capitals);
	wire_write16(&w, q->type);
	wire_write16(&w, CLASS_IN);
	return w;
}

static void
write_cookie(struct forward *f, struct exchange *exchange,
    struct wire_writer *w)
{
	struct health_entry *entry = exchange_health(f, exchange);
	size_t length = health_cookie(entry, exchange->sent_ms);

	wire_write16(w, OPTION_COOKIE);
	wire_write16(w, (uint16_t)(COOKIE_OURS + length));
	wire_write_bytes(w, forward_own_cookie(f, entry), COOKIE_OURS);
	wire_write_bytes(w, entry->cookie, length);
}

/* Padding to blocks of 128 bytes (RFC 8467 4.1): what is written, and four
 * bytes of option ahead of it. */
static void
write_padding(struct wire_writer *w)
{
	size_t length = w->at + 4;

	wire_write16(w, OPTION_PADDING);
	wire_write16(w, (uint16_t)(-length % PADDING_BLOCK));
	while (w->at % PADDING_BLOCK != 0)
		wire_write8(w, 0);
}

static const uint8_t opt[] = { 0, 0, TYPE_OPT, EDNS_SIZE >> 8,
    EDNS_SIZE & 0xff, 0, 0, 0, 0, 0, 0 };
static const uint8_t opt_do[sizeof(opt)] = { 0, 0, TYPE_OPT, EDNS_SIZE >> 8,
    EDNS_SIZE & 0xff, 0, 0, 0x80, 0, 0, 0 };

static uint16_t
write_query(struct forward *f, struct exchange *exchange,
    uint8_t bytes[FORWARD_QUERY_MAX])
{
	const struct flight *flight = exchange_flight(f, exchange);
	struct wire_writer w = forward_write_question(flight, exchange, bytes);
	size_t options;

	if (exchange->edns == EDNS_ASKED) {
		wire_put16(bytes + 10, 1);
		wire_write_bytes(&w, flight->question.dnssec_ok ? opt_do :
		    opt, sizeof(opt));
		options = w.at;
		if (exchange->cookie)
			write_cookie(f, exchange, &w);
		if (is_by_tls(flight, exchange))
			write_padding(&w);
		wire_put16(bytes + options - 2, (uint16_t)(w.at - options));
	}
	assert(!w.failed);
	return (uint16_t)w.at;
}

static void
say_send(struct forward *f, struct exchange *exchange,
    struct forward_action *action)
{
	const struct flight *flight = &f->flights[(exchange - f->exchanges) /
	    EXCHANGES];

	const struct upstream *to =
	    &flight->question.to.list[exchange->upstream];

	exchange->to_send = false;
	if (exchange->state != EXCHANGE_TCP) {
		action->action = FORWARD_SEND_UDP;
		stats_count(f->stats, STAT_FORWARD_SENT_UDP);
	} else if (is_by_tls(flight, exchange)) {
		action->action = FORWARD_SEND_TLS;
		stats_count(f->stats, STAT_FORWARD_SENT_TLS);
	} else {
		action->action = FORWARD_SEND_TCP;
		stats_count(f->stats, STAT_FORWARD_SENT_TCP);
	}
	action->exchange = exchange_number(f, exchange);
	action->to = to->endpoint;
	action->server = to->server;
	action->length = write_query(f, exchange, action->bytes);
}

static bool
next_of_exchange(struct forward *f, struct exchange *exchange,
    struct forward_action *action)
{
	if (exchange->to_close) {
		exchange->to_close = false;
		action->action = FORWARD_CLOSE;
		action->exchange = exchange->closing;
		action->heard = exchange->closing_heard;
		return true;
	}
	if (exchange->to_send) {
		say_send(f, exchange, action);
		return true;
	}
	return false;
}

/* KEEP, then DONE for each waiter; false: all were told. */
static bool
next_of_ended(struct flight *flight, struct forward_action *action)
{
	if (!flight->kept) {
		flight->kept = true;
		action->action = FORWARD_KEEP;
	} else if (flight->told < flight->waiter_count) {
		action->action = FORWARD_DONE;
		action->waiter = flight->waiters[flight->told++];
	} else {
		return false;
	}
	action->answer = answer_hold(flight->answer);
	return true;
}

static void
free_ended(struct forward *f, struct flight *flight)
{
	f->ended = flight->next;
	answer_release(flight->answer);
	flight->answer = NULL;
	if (flight->waiter_room > WAITERS_KEPT) {
		free(flight->waiters);
		flight->waiters = NULL;
		flight->waiter_room = 0;
	}
	flight->state = FLIGHT_FREE;
	flight->next = f->free;
	f->free = flights_index(f, flight);
}

bool
forward_next(struct forward *f, struct forward_action *action)
{
	struct exchange *exchange;

	while (f->queue != NONE) {
		exchange = &f->exchanges[f->queue];
		if (next_of_exchange(f, exchange, action))
			return true;
		f->queue = exchange->next;
		exchange->queued = false;
	}
	while (f->ended != NONE) {
		if (next_of_ended(&f->flights[f->ended], action))
			return true;
		free_ended(f, &f->flights[f->ended]);
	}
	return false;
}
