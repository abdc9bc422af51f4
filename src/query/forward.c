/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/forward.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "dns/message.h"
#include "dns/rdata.h"
#include "dns/wire.h"

#define QUESTIONS_MAX 32768
#define EXCHANGES 2			/* a flight */
#define SENDS_MAX 16			/* a flight, all transports */
#define BREAKS_MAX 2			/* of one upstream in a flight */
#define BAD_MAX 3			/* packets that do not match */
#define TCP_WAIT_MS 1500		/* at least, before the next one */
/* A lone upstream is asked again later than another would be: one that is slow
 * with many questions is not to get each of them twice. */
#define LONE_FACTOR 3
#define LONE_WAIT_MS 400		/* at least */
#define SILENT_MS 400			/* out for so long: a failure */
#define ROUND_WAIT_MS 400
#define TICK_MAX 256			/* flights a tick */
#define EDNS_SIZE 1232
#define PADDING_BLOCK 128
#define COOKIE_OURS 8			/* bytes; then the server's */
#define COOKIE_THEIRS_LEAST 8
#define NONE UINT32_MAX
#define HOPELESS_MS 5000		/* behind the end of a penalty */

enum exchange_state {
	EXCHANGE_OVER,
	EXCHANGE_UDP,
	EXCHANGE_TCP,
};

enum edns {
	EDNS_ASKED,
	EDNS_PLAIN,
};

/* A slot: one socket of the net room's.  What is to be done with it waits
 * here until forward_next: at most one CLOSE (of `closing`), then one SEND. */
struct exchange {
	enum exchange_state state;
	enum edns edns;
	uint16_t generation;
	uint16_t id;
	uint8_t upstream;
	bool queued, to_close, to_send;
	bool heard, closing_heard;	/* see forward_action */
	bool suspect;			/* something came that did not fit:
					 * its port may be known */
	bool judged;			/* its silence was counted */
	bool cookie;			/* ours goes with it */
	uint64_t capitals;		/* bytes of the name, by place % 64 */
	int64_t sent_ms;
	uint32_t closing;
	uint32_t next;			/* in the queue; NONE: last */
};

enum flight_state {
	FLIGHT_FREE,
	FLIGHT_ASKING,			/* in the table and the heap */
	FLIGHT_ENDED,			/* in the list of those to tell of */
};

/* One question on its way.  Sets of upstreams are bits. */
struct flight {
	enum flight_state state;
	struct forward_question question;
	struct forward_waiter *waiters;
	unsigned waiter_count, waiter_room, told;
	struct answer *answer;		/* a failure until there is better */
	bool kept;
	bool only_tcp;			/* somebody forges */
	uint8_t tried;			/* in this round */
	uint8_t dead;			/* not to be asked again */
	uint8_t by_tcp, without_edns, in_lower;
	uint8_t bad_cookie;
	uint8_t breaks[UPSTREAMS_MAX];
	unsigned sends, timeouts, bad;
	unsigned first_wait_ms;		/* the quickest upstream's */
	unsigned current;		/* the exchange that was sent last */
	enum dns_ede why;
	int64_t give_up_ms, send_ms, due_ms;
	uint32_t heap_at;
	uint32_t next;			/* in a table chain or a list */
};

/* Invariants: an ASKING flight is in its chain once and in the heap once,
 * heap[heap_at] is it, and due_ms is the sooner of send_ms and give_up_ms; an
 * exchange that is not OVER belongs to an ASKING flight. */
struct forward {
	struct answer_limits limits;
	struct stats *stats;
	unsigned questions_max, waiters_max;
	struct flight *flights;
	struct exchange *exchanges;	/* flight i: EXCHANGES * i ... */
	uint32_t *table;		/* heads of chains */
	uint32_t table_mask;
	uint32_t *heap;
	uint32_t heap_count;
	uint32_t free;
	uint32_t ended, ended_last;
	uint32_t queue, queue_last;	/* of exchanges */
	struct health health;
	struct hash_key cookie_key;
};

struct forward *
forward_new(const struct forward_settings *settings)
{
	struct forward *f = memory_zeroed(1, sizeof(*f));
	uint32_t n = settings->questions_max, size = 1;

	assert(n > 0 && n <= QUESTIONS_MAX && settings->waiters_max > 0);
	f->limits = settings->limits;
	f->stats = settings->stats;
	f->questions_max = n;
	f->waiters_max = settings->waiters_max;
	random_bytes(&f->cookie_key, sizeof(f->cookie_key));
	f->flights = memory_zeroed(n, sizeof(*f->flights));
	f->exchanges = memory_zeroed((size_t)n * EXCHANGES,
	    sizeof(*f->exchanges));
	f->heap = memory_zeroed(n, sizeof(*f->heap));
	while (size < n)
		size *= 2;
	f->table = memory_alloc(size * sizeof(*f->table));
	memset(f->table, 0xff, size * sizeof(*f->table));
	f->table_mask = size - 1;
	for (uint32_t i = 0; i < n; i++)
		f->flights[i].next = i + 1 < n ? i + 1 : NONE;
	f->ended = f->ended_last = f->queue = f->queue_last = NONE;
	return f;
}

void
forward_free(struct forward *f)
{
	if (f == NULL)
		return;
	for (uint32_t i = 0; i < f->questions_max; i++) {
		free(f->flights[i].waiters);
		answer_release(f->flights[i].answer);
	}
	free(f->flights);
	free(f->exchanges);
	free(f->heap);
	free(f->table);
	free(f);
}

const struct health *
forward_health(const struct forward *f)
{
	return &f->health;
}

void
forward_set_limits(struct forward *f, const struct answer_limits *limits)
{
	f->limits = *limits;
}

unsigned
forward_slots(const struct forward *f)
{
	return f->questions_max * EXCHANGES;
}

static uint32_t
index_of(const struct forward *f, const struct flight *flight)
{
	return (uint32_t)(flight - f->flights);
}

/* The table of questions in flight. */

static uint32_t *
chain_of(struct forward *f, uint64_t hash)
{
	return &f->table[(hash >> 20) & f->table_mask];
}

static bool
same_question(const struct forward_question *a,
    const struct forward_question *b)
{
	return a->hash == b->hash && a->type == b->type &&
	    a->dnssec_ok == b->dnssec_ok &&
	    a->checking_disabled == b->checking_disabled &&
	    a->to.id == b->to.id && a->name.length == b->name.length &&
	    memcmp(a->name.wire, b->name.wire, a->name.length) == 0;
}

static struct flight *
find_flight(struct forward *f, const struct forward_question *question)
{
	uint32_t i = *chain_of(f, question->hash);

	while (i != NONE && !same_question(&f->flights[i].question, question))
		i = f->flights[i].next;
	return i == NONE ? NULL : &f->flights[i];
}

static void
leave_chain(struct forward *f, struct flight *flight)
{
	uint32_t *at = chain_of(f, flight->question.hash);

	while (*at != index_of(f, flight))
		at = &f->flights[*at].next;
	*at = flight->next;
}

/* The heap of what is due, the soonest on top. */

static bool
is_sooner(const struct forward *f, uint32_t a, uint32_t b)
{
	return f->flights[f->heap[a]].due_ms < f->flights[f->heap[b]].due_ms;
}

static void
swap_in_heap(struct forward *f, uint32_t a, uint32_t b)
{
	uint32_t flight = f->heap[a];

	f->heap[a] = f->heap[b];
	f->heap[b] = flight;
	f->flights[f->heap[a]].heap_at = a;
	f->flights[f->heap[b]].heap_at = b;
}

static void
settle_in_heap(struct forward *f, uint32_t at)
{
	uint32_t child;

	while (at > 0 && is_sooner(f, at, (at - 1) / 2)) {
		swap_in_heap(f, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
	while ((child = 2 * at + 1) < f->heap_count) {
		if (child + 1 < f->heap_count &&
		    is_sooner(f, child + 1, child))
			child++;
		if (!is_sooner(f, child, at))
			break;
		swap_in_heap(f, at, child);
		at = child;
	}
}

static void
leave_heap(struct forward *f, struct flight *flight)
{
	uint32_t at = flight->heap_at, last = --f->heap_count;

	if (at == last)
		return;
	swap_in_heap(f, at, last);
	settle_in_heap(f, at);
}

static void
set_due(struct forward *f, struct flight *flight, int64_t send_ms)
{
	flight->send_ms = send_ms;
	flight->due_ms = send_ms < flight->give_up_ms ? send_ms :
	    flight->give_up_ms;
	settle_in_heap(f, flight->heap_at);
}

/* Exchanges. */

static bool
is_in(uint8_t set, unsigned upstream)
{
	return (set >> upstream & 1) != 0;
}

static struct exchange *
exchange_at(struct forward *f, const struct flight *flight, unsigned k)
{
	return &f->exchanges[EXCHANGES * index_of(f, flight) + k];
}

static uint32_t
number_of(const struct forward *f, const struct exchange *exchange)
{
	return (uint32_t)exchange->generation << 16 |
	    (uint32_t)(exchange - f->exchanges);
}

static void
enqueue(struct forward *f, struct exchange *exchange)
{
	uint32_t slot = (uint32_t)(exchange - f->exchanges);

	if (exchange->queued)
		return;
	exchange->queued = true;
	exchange->next = NONE;
	if (f->queue == NONE)
		f->queue = slot;
	else
		f->exchanges[f->queue_last].next = slot;
	f->queue_last = slot;
}

static void
close_exchange(struct forward *f, struct exchange *exchange)
{
	if (exchange->state == EXCHANGE_OVER)
		return;
	exchange->state = EXCHANGE_OVER;
	if (exchange->to_send) {
		exchange->to_send = false;	/* it was never opened */
		return;
	}
	exchange->to_close = true;
	exchange->closing = number_of(f, exchange);
	exchange->closing_heard = exchange->heard && !exchange->suspect;
	enqueue(f, exchange);
}

static struct flight *
flight_of(struct forward *f, const struct exchange *exchange)
{
	return &f->flights[(exchange - f->exchanges) / EXCHANGES];
}

static const struct endpoint *
endpoint_of(struct forward *f, const struct exchange *exchange)
{
	return &flight_of(f, exchange)->question.to.list[
	    exchange->upstream].endpoint;
}

static struct health_entry *
health_of(struct forward *f, const struct exchange *exchange)
{
	return health_take(&f->health, endpoint_of(f, exchange));
}

static bool
is_out(const struct exchange *exchange)
{
	return exchange->state != EXCHANGE_OVER && !exchange->to_send &&
	    !exchange->heard;
}

/* Nothing came on it for long: its upstream failed. */
static void
judge_silence(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	if (!is_out(exchange) || exchange->judged ||
	    now_ms - exchange->sent_ms < SILENT_MS)
		return;
	exchange->judged = true;
	stats_count(f->stats, STAT_FORWARD_TIMEOUTS);
	health_failed(health_of(f, exchange), HEALTH_SILENT, now_ms);
	flight_of(f, exchange)->why = EDE_NO_REACHABLE_AUTHORITY;
}

/* Closed with its answer still out, or overtaken. */
static void
forsake_exchange(struct forward *f, struct exchange *exchange,
    int64_t now_ms)
{
	judge_silence(f, exchange, now_ms);
	if (is_out(exchange))
		health_lost(health_of(f, exchange),
		    now_ms - exchange->sent_ms);
	close_exchange(f, exchange);
}

/* One that is over, else the older one, which is then closed. */
static struct exchange *
take_exchange(struct forward *f, struct flight *flight, int64_t now_ms)
{
	unsigned k = flight->current;

	if (exchange_at(f, flight, k)->state != EXCHANGE_OVER)
		k = (k + 1) % EXCHANGES;
	flight->current = k;
	forsake_exchange(f, exchange_at(f, flight, k), now_ms);
	return exchange_at(f, flight, k);
}

static bool
is_waiting(struct forward *f, const struct flight *flight)
{
	for (unsigned k = 0; k < EXCHANGES; k++) {
		if (exchange_at(f, flight, k)->state != EXCHANGE_OVER)
			return true;
	}
	return false;
}

/* How long before the next upstream (or the same again) is asked: by what is
 * known of this one, twice as long each time.  Where the first one was asked
 * to be measured, no longer than the quickest would have been waited for. */
static int64_t
wait_of(struct forward *f, const struct flight *flight,
    const struct exchange *exchange)
{
	unsigned ms = health_wait_ms(health_of(f, exchange));

	if (flight->sends == 1 && ms > flight->first_wait_ms)
		ms = flight->first_wait_ms;
	if (flight->question.to.count == 1)
		ms *= LONE_FACTOR;
	if (flight->question.to.count == 1 && ms < LONE_WAIT_MS)
		ms = LONE_WAIT_MS;
	for (unsigned i = 0; i < flight->timeouts &&
	    ms < HEALTH_WAIT_MOST_MS; i++)
		ms *= 2;
	if (ms > HEALTH_WAIT_MOST_MS)
		ms = HEALTH_WAIT_MOST_MS;
	return exchange->state == EXCHANGE_TCP && ms < TCP_WAIT_MS ?
	    TCP_WAIT_MS : ms;
}

static enum exchange_state
transport_of(const struct flight *flight, unsigned upstream)
{
	return flight->only_tcp || is_in(flight->by_tcp, upstream) ||
	    flight->question.to.list[upstream].transport != UPSTREAM_UDP ?
	    EXCHANGE_TCP : EXCHANGE_UDP;
}

/* With EDNS and in random case, unless its upstream cannot.  Nobody guesses
 * what TCP carries. */
static void
set_manners(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	const struct flight *flight = flight_of(f, exchange);
	const struct health_entry *entry = health_of(f, exchange);
	unsigned upstream = exchange->upstream;

	exchange->edns = is_in(flight->without_edns, upstream) ||
	    health_is_plain(entry, now_ms) ? EDNS_PLAIN : EDNS_ASKED;
	exchange->cookie = exchange->edns == EDNS_ASKED &&
	    flight->question.to.list[upstream].transport == UPSTREAM_UDP;
	exchange->capitals = 0;
	if (exchange->state == EXCHANGE_UDP &&
	    !is_in(flight->in_lower, upstream) &&
	    !health_is_lower(entry, now_ms))
		random_bytes(&exchange->capitals, sizeof(exchange->capitals));
}

static void
send_to(struct forward *f, struct flight *flight, unsigned upstream,
    int64_t now_ms)
{
	struct exchange *exchange = take_exchange(f, flight, now_ms);
	uint8_t bit = (uint8_t)(1u << upstream);

	flight->tried |= bit;
	flight->sends++;
	exchange->upstream = (uint8_t)upstream;
	exchange->state = transport_of(flight, upstream);
	set_manners(f, exchange, now_ms);
	exchange->generation++;
	exchange->id = random_16();
	exchange->to_send = true;
	exchange->heard = exchange->judged = exchange->suspect = false;
	exchange->sent_ms = now_ms;
	health_sent(health_of(f, exchange), now_ms);
	enqueue(f, exchange);
	set_due(f, flight, now_ms + wait_of(f, flight, exchange));
}

/* Flights. */

static void
end_flight(struct forward *f, struct flight *flight, int64_t now_ms)
{
	for (unsigned k = 0; k < EXCHANGES; k++)
		forsake_exchange(f, exchange_at(f, flight, k), now_ms);
	leave_chain(f, flight);
	leave_heap(f, flight);
	flight->state = FLIGHT_ENDED;
	flight->told = 0;
	flight->kept = false;
	flight->next = NONE;
	if (f->ended == NONE)
		f->ended = index_of(f, flight);
	else
		f->flights[f->ended_last].next = index_of(f, flight);
	f->ended_last = index_of(f, flight);
}

static void
fail_flight(struct forward *f, struct flight *flight, int64_t now_ms)
{
	struct answer *failure = flight->answer;

	stats_count(f->stats, STAT_FORWARD_FAILED);
	end_flight(f, flight, now_ms);
	/* Made when the question was asked, seen by nobody yet. */
	failure->ede = (uint16_t)flight->why;
	failure->stored_ms = now_ms;
	failure->expires_ms = now_ms + ANSWER_FAILURE_TTL_S * 1000;
}

static void
answer_flight(struct forward *f, struct flight *flight,
    struct answer *answer, int64_t now_ms)
{
	answer_release(flight->answer);
	flight->answer = answer;
	stats_count(f->stats, STAT_FORWARD_ANSWERED);
	end_flight(f, flight, now_ms);
}

static unsigned
choose_upstream(struct forward *f, const struct flight *flight, uint8_t but,
    int64_t now_ms)
{
	return health_choose(&f->health, &flight->question.to, but, now_ms);
}

/* An upstream is done with: the next one at once; where each was asked in
 * this round, the timer brings the next round. */
static void
move_on(struct forward *f, struct flight *flight, int64_t now_ms)
{
	uint8_t all = (uint8_t)((1u << flight->question.to.count) - 1);
	unsigned upstream;

	if ((flight->dead & all) == all) {
		fail_flight(f, flight, now_ms);
		return;
	}
	upstream = choose_upstream(f, flight, flight->dead | flight->tried,
	    now_ms);
	if (upstream < UPSTREAMS_MAX && flight->sends < SENDS_MAX)
		send_to(f, flight, upstream, now_ms);
	else if (is_waiting(f, flight))
		return;
	else if (flight->sends >= SENDS_MAX)
		fail_flight(f, flight, now_ms);
	else if (flight->due_ms > now_ms + ROUND_WAIT_MS)
		set_due(f, flight, now_ms + ROUND_WAIT_MS);
}

/* The first upstream of a question. */
static void
begin_asking(struct forward *f, struct flight *flight, int64_t now_ms)
{
	const struct upstreams *to = &flight->question.to;
	unsigned upstream = choose_upstream(f, flight, 0, now_ms);

	if (upstream == UPSTREAMS_MAX) {
		fail_flight(f, flight, now_ms);
		return;
	}
	flight->first_wait_ms = health_wait_ms(health_find(&f->health,
	    &to->list[upstream].endpoint));
	upstream = health_take_turns(&f->health, to, upstream, now_ms);
	send_to(f, flight, upstream, now_ms);
}

/* Nothing came in time: whoever was not asked yet, else a new round. */
static void
send_again(struct forward *f, struct flight *flight, int64_t now_ms)
{
	unsigned upstream;

	for (unsigned k = 0; k < EXCHANGES; k++)
		judge_silence(f, exchange_at(f, flight, k), now_ms);
	flight->timeouts++;
	upstream = choose_upstream(f, flight, flight->dead | flight->tried,
	    now_ms);
	if (upstream == UPSTREAMS_MAX) {
		flight->tried = 0;
		upstream = choose_upstream(f, flight, flight->dead, now_ms);
	}
	assert(upstream < UPSTREAMS_MAX);	/* else it had failed */
	if (flight->sends < SENDS_MAX)
		send_to(f, flight, upstream, now_ms);
	else
		set_due(f, flight, flight->give_up_ms);
}

/* Asking. */

static bool
add_waiter(struct forward *f, struct flight *flight,
    const struct forward_waiter *waiter)
{
	struct forward_waiter *bigger;
	unsigned room = flight->waiter_room;

	if (flight->waiter_count == f->waiters_max)
		return false;
	if (flight->waiter_count == room) {
		room = room == 0 ? 2 : room * 2;
		bigger = realloc(flight->waiters, room * sizeof(*bigger));
		if (bigger == NULL)
			return false;
		flight->waiters = bigger;
		flight->waiter_room = room;
	}
	flight->waiters[flight->waiter_count++] = *waiter;
	return true;
}

static void
start_flight(struct forward *f, struct flight *flight,
    const struct forward_question *question, int64_t now_ms)
{
	uint32_t *chain = chain_of(f, question->hash);

	flight->state = FLIGHT_ASKING;
	flight->question = *question;
	flight->only_tcp = false;
	flight->tried = flight->dead = 0;
	flight->by_tcp = flight->without_edns = flight->in_lower = 0;
	flight->bad_cookie = 0;
	memset(flight->breaks, 0, sizeof(flight->breaks));
	flight->sends = flight->timeouts = flight->bad = 0;
	flight->current = 0;
	flight->why = EDE_NO_REACHABLE_AUTHORITY;
	flight->give_up_ms = now_ms + FORWARD_GIVE_UP_MS;
	flight->next = *chain;
	*chain = index_of(f, flight);
	flight->heap_at = f->heap_count++;
	f->heap[flight->heap_at] = index_of(f, flight);
	set_due(f, flight, flight->give_up_ms);
}

/* One an upstream, the same as long as this engine lives. */
static void
our_cookie(const struct forward *f, const struct endpoint *endpoint,
    uint8_t cookie[COOKIE_OURS])
{
	uint8_t bytes[sizeof(endpoint->addr.bytes) + 2];
	uint64_t hash;

	memcpy(bytes, endpoint->addr.bytes, sizeof(endpoint->addr.bytes));
	wire_put16(bytes + sizeof(endpoint->addr.bytes), endpoint->port);
	hash = hash_siphash24(&f->cookie_key, bytes, sizeof(bytes));
	memcpy(cookie, &hash, COOKIE_OURS);
}

static bool
has_our_cookie(const struct forward *f, const struct upstream *upstream,
    uint64_t cookie)
{
	uint8_t ours[COOKIE_OURS];

	if (cookie == 0)
		return false;
	our_cookie(f, &upstream->endpoint, ours);
	return memcmp(ours, &cookie, COOKIE_OURS) == 0;
}

/* All of one machine have the same address: there it must look like a
 * forwarder's question, and not like the first one again: that is a forwarder
 * who has no answer yet. */
static bool
is_from(const struct upstream *upstream, const struct flight *flight,
    const struct forward_waiter *waiter)
{
	const struct addr *addr = &upstream->endpoint.addr;

	if (!addr_is_loopback(addr))
		return addr_equal(addr, &waiter->client);
	return addr_is_loopback(&waiter->client) && waiter->cookie != 0 &&
	    waiter->has_capitals &&
	    waiter->cookie != flight->waiters[0].cookie;
}

/* The question is out to who asks it: our own, or of an upstream that forwards
 * to us. */
static bool
is_loop(const struct forward *f, const struct flight *flight,
    const struct forward_waiter *waiter)
{
	const struct upstreams *to = &flight->question.to;

	for (unsigned i = 0; i < to->count; i++) {
		if (has_our_cookie(f, &to->list[i], waiter->cookie) ||
		    is_from(&to->list[i], flight, waiter))
			return true;
	}
	return false;
}

static enum forward_asked
say_full(struct forward *f)
{
	stats_count(f->stats, STAT_FORWARD_FULL);
	return FORWARD_IS_FULL;
}

enum forward_asked
forward_ask(struct forward *f, const struct forward_question *question,
    const struct forward_waiter *waiter, int64_t now_ms)
{
	struct flight *flight = find_flight(f, question);

	assert(question->to.count <= UPSTREAMS_MAX);
	if (flight != NULL && is_loop(f, flight, waiter)) {
		stats_count(f->stats, STAT_FORWARD_LOOPS);
		return FORWARD_LOOPS;
	}
	if (flight != NULL) {
		if (!add_waiter(f, flight, waiter))
			return say_full(f);
		stats_count(f->stats, STAT_FORWARD_JOINED);
		return FORWARD_ASKED;
	}
	if (f->free == NONE)
		return say_full(f);
	flight = &f->flights[f->free];
	flight->waiter_count = 0;
	flight->answer = answer_new_failure(question,
	    EDE_NO_REACHABLE_AUTHORITY, now_ms);
	if (flight->answer == NULL || !add_waiter(f, flight, waiter)) {
		answer_release(flight->answer);
		flight->answer = NULL;
		return say_full(f);
	}
	f->free = flight->next;
	start_flight(f, flight, question, now_ms);
	begin_asking(f, flight, now_ms);
	return FORWARD_ASKED;
}

unsigned
forward_in_flight(const struct forward *f)
{
	return f->heap_count;
}

bool
forward_is_hopeless(struct forward *f,
    const struct forward_question *question, int64_t now_ms)
{
	const struct health_entry *entry;

	for (unsigned i = 0; i < question->to.count; i++) {
		entry = health_find(&f->health,
		    &question->to.list[i].endpoint);
		if (entry == NULL ||
		    health_until_ms(entry, now_ms - HOPELESS_MS) == 0)
			return false;
	}
	return true;
}

/* What the net room is to do. */

static void
write_name(struct wire_writer *w, const struct dname *name, uint64_t capitals)
{
	uint8_t cased[DNAME_MAX];

	/* A length byte is below every letter. */
	for (unsigned i = 0; i < name->length; i++) {
		cased[i] = name->wire[i];
		if (cased[i] >= 'a' && cased[i] <= 'z' &&
		    (capitals >> i % 64 & 1) != 0)
			cased[i] ^= 0x20;
	}
	wire_write_bytes(w, cased, name->length);
}

static bool
is_by_tls(const struct flight *flight, const struct exchange *exchange)
{
	return flight->question.to.list[exchange->upstream].transport ==
	    UPSTREAM_TLS;
}

/* Header and question as exchange sends them. */
static struct wire_writer
write_question(const struct flight *flight, const struct exchange *exchange,
    uint8_t bytes[FORWARD_QUERY_MAX])
{
	const struct forward_question *q = &flight->question;
	struct wire_writer w = wire_writer_to(bytes, FORWARD_QUERY_MAX);
	uint16_t flags = FLAG_RD;

	/* AD: tell whether you checked (RFC 6840 5.7). */
	if (exchange->edns == EDNS_ASKED)
		flags |= FLAG_AD;
	if (q->checking_disabled)
		flags |= FLAG_CD;
	wire_write16(&w, exchange->id);
	wire_write16(&w, flags);
	wire_write16(&w, 1);
	wire_write32(&w, 0);
	wire_write16(&w, 0);
	write_name(&w, &q->name, exchange->capitals);
	wire_write16(&w, q->type);
	wire_write16(&w, CLASS_IN);
	return w;
}

static void
write_cookie(struct forward *f, struct exchange *exchange,
    struct wire_writer *w)
{
	const struct health_entry *entry = health_of(f, exchange);
	size_t length = health_cookie(entry, exchange->sent_ms);
	uint8_t ours[COOKIE_OURS];

	our_cookie(f, endpoint_of(f, exchange), ours);
	wire_write16(w, OPTION_COOKIE);
	wire_write16(w, (uint16_t)(COOKIE_OURS + length));
	wire_write_bytes(w, ours, COOKIE_OURS);
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

static uint16_t
write_query(struct forward *f, struct exchange *exchange,
    uint8_t bytes[FORWARD_QUERY_MAX])
{
	const struct flight *flight = flight_of(f, exchange);
	struct wire_writer w = write_question(flight, exchange, bytes);
	size_t options;

	if (exchange->edns == EDNS_ASKED) {
		wire_put16(bytes + 10, 1);
		wire_write8(&w, 0);
		wire_write16(&w, TYPE_OPT);
		wire_write16(&w, EDNS_SIZE);
		wire_write16(&w, 0);
		wire_write16(&w, flight->question.dnssec_ok ? 0x8000 : 0);
		wire_write16(&w, 0);
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
	action->exchange = number_of(f, exchange);
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
	free(flight->waiters);
	flight->answer = NULL;
	flight->waiters = NULL;
	flight->waiter_room = 0;
	flight->state = FLIGHT_FREE;
	flight->next = f->free;
	f->free = index_of(f, flight);
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

/* What came. */

static struct exchange *
find_exchange(struct forward *f, uint32_t number)
{
	struct exchange *exchange;

	if (forward_slot(number) >= forward_slots(f))
		return NULL;
	exchange = &f->exchanges[forward_slot(number)];
	/* What was not sent yet has no answer. */
	if (exchange->state == EXCHANGE_OVER || exchange->to_send ||
	    number_of(f, exchange) != number)
		return NULL;
	return exchange;
}

static void
ask_by_tcp(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	struct flight *flight = flight_of(f, exchange);
	unsigned upstream = exchange->upstream;

	flight->by_tcp |= (uint8_t)(1u << upstream);
	close_exchange(f, exchange);
	send_to(f, flight, upstream, now_ms);
}

static void
ask_without_edns(struct forward *f, struct exchange *exchange,
    int64_t now_ms)
{
	struct flight *flight = flight_of(f, exchange);
	unsigned upstream = exchange->upstream;

	flight->without_edns |= (uint8_t)(1u << upstream);
	close_exchange(f, exchange);
	send_to(f, flight, upstream, now_ms);
}

/* The reply's letters are not as they were sent: no answer, but an upstream
 * may do so to every question. */
static void
ask_in_lower_case(struct forward *f, struct exchange *exchange,
    int64_t now_ms)
{
	struct flight *flight = flight_of(f, exchange);
	unsigned upstream = exchange->upstream;

	stats_count(f->stats, STAT_FORWARD_RECASED);
	health_recased(health_of(f, exchange), now_ms);
	flight->in_lower |= (uint8_t)(1u << upstream);
	close_exchange(f, exchange);
	send_to(f, flight, upstream, now_ms);
}

/* This upstream will not answer this question. */
static void
give_up_upstream(struct forward *f, struct exchange *exchange,
    enum health_failure failure, int64_t now_ms)
{
	struct flight *flight = flight_of(f, exchange);

	health_failed(health_of(f, exchange), failure, now_ms);
	flight->dead |= (uint8_t)(1u << exchange->upstream);
	flight->why = failure == HEALTH_REFUSED ?
	    EDE_NO_REACHABLE_AUTHORITY : EDE_NETWORK_ERROR;
	close_exchange(f, exchange);
	move_on(f, flight, now_ms);
}

/* A packet that is not the answer, or cannot be read.  The exchange waits on;
 * after a few of them somebody is guessing, and the question goes to TCP. */
static void
pass_over(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	struct flight *flight = flight_of(f, exchange);

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
		if (exchange_at(f, flight, k) != exchange &&
		    exchange_at(f, flight, k)->state == EXCHANGE_UDP)
			close_exchange(f, exchange_at(f, flight, k));
	}
	ask_by_tcp(f, exchange, now_ms);
}

static void
take_records(struct forward *f, struct exchange *exchange,
    const struct message *message, int64_t now_ms)
{
	struct flight *flight = flight_of(f, exchange);
	struct answer *answer = answer_new(&flight->question, message,
	    &f->limits, now_ms);

	if (answer == NULL) {
		give_up_upstream(f, exchange, HEALTH_UNUSABLE, now_ms);
		return;
	}
	health_answered(health_of(f, exchange));
	if (is_in(flight->without_edns, exchange->upstream))
		health_remember_plain(health_of(f, exchange), now_ms);
	answer_flight(f, flight, answer, now_ms);
}

/* The new one is remembered by now: once more with it, then by TCP. */
static void
take_bad_cookie(struct forward *f, struct exchange *exchange, int64_t now_ms)
{
	struct flight *flight = flight_of(f, exchange);
	unsigned upstream = exchange->upstream;

	if (is_in(flight->bad_cookie, upstream)) {
		if (exchange->state == EXCHANGE_UDP)
			ask_by_tcp(f, exchange, now_ms);
		else
			give_up_upstream(f, exchange, HEALTH_UNUSABLE,
			    now_ms);
		return;
	}
	flight->bad_cookie |= (uint8_t)(1u << upstream);
	close_exchange(f, exchange);
	send_to(f, flight, upstream, now_ms);
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
	const struct dname *name = &flight_of(f, exchange)->question.name;

	if (memcmp(question, name->wire, name->length) == 0)
		return;
	memcpy(question, name->wire, name->length);
	health_kept_case(health_of(f, exchange));
}

/* What TCP takes says nothing of UDP's way there and back. */
static void
hear(struct forward *f, struct exchange *exchange, unsigned rcode,
    int64_t now_ms)
{
	const struct flight *flight = flight_of(f, exchange);
	bool is_own = exchange->state == EXCHANGE_UDP || flight->question.to.
	    list[exchange->upstream].transport != UPSTREAM_UDP;

	exchange->heard = true;
	health_replied(health_of(f, exchange), rcode,
	    now_ms - exchange->sent_ms);
	health_heard(health_of(f, exchange), is_own ?
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
	struct health_entry *entry = health_of(f, exchange);
	uint8_t ours[COOKIE_OURS];
	size_t theirs;

	if (!exchange->cookie)
		return COOKIE_FITS;
	if (m->cookie) {
		our_cookie(f, endpoint_of(f, exchange), ours);
		if (m->cookie_length < COOKIE_OURS || memcmp(m->bytes +
		    m->cookie_at, ours, COOKIE_OURS) != 0)
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
	struct flight *flight = flight_of(f, exchange);
	unsigned upstream = exchange->upstream;

	exchange->suspect = true;
	flight->by_tcp |= (uint8_t)(1u << upstream);
	flight->bad++;
	send_to(f, flight, upstream, now_ms);
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
	if (cookie == COOKIE_LACKS && !is_in(flight_of(f, exchange)->by_tcp,
	    exchange->upstream))
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
	w = write_question(flight_of(f, exchange), exchange, asked);
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
	flight = flight_of(f, exchange);
	health_failed(health_of(f, exchange), HEALTH_BROKEN, now_ms);
	flight->why = EDE_NETWORK_ERROR;
	if (++flight->breaks[exchange->upstream] >= BREAKS_MAX)
		flight->dead |= (uint8_t)(1u << exchange->upstream);
	close_exchange(f, exchange);
	move_on(f, flight, now_ms);
}

void
forward_tick(struct forward *f, int64_t now_ms)
{
	struct flight *flight;

	for (unsigned i = 0; i < TICK_MAX && f->heap_count > 0; i++) {
		flight = &f->flights[f->heap[0]];
		if (flight->due_ms > now_ms)
			return;
		if (flight->give_up_ms <= now_ms)
			fail_flight(f, flight, now_ms);
		else
			send_again(f, flight, now_ms);
	}
}

int64_t
forward_next_tick(const struct forward *f)
{
	return f->heap_count == 0 ? INT64_MAX :
	    f->flights[f->heap[0]].due_ms;
}
