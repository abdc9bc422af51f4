/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/tcp.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/acceptor.h"
#include "net/crowd.h"
#include "net/leftovers.h"
#include "net/loop.h"
#include "net/turns.h"

#define MESSAGE_MAX (2 + WIRE_MAX)
#define READ_MAX 4096			/* a wakeup, then others' turn */
#define IN_ROOM (MESSAGE_MAX + READ_MAX)
#define OUT_ROOM (4 * MESSAGE_MAX)
#define UNTAKEN_MAX (256 << 10)		/* replies that the peer leaves */
#define WAITING_MAX 100			/* queries of one connection */
#define CLOSES_MAX 64			/* a tick */
#define LAST_READS 32			/* of a connection, when stopping */
#define TICK_MS 500
/* Work is counted in messages (turns.h). */
#define ACCEPT_WORK 8			/* what it costs to open or close one */
#define WORK_BYTES 4096			/* of replies, one more each */

struct connection {
	struct crowd_member member;	/* first: it stands for the whole */
	struct tcp *tcp;
	struct event readable;
	struct event *writable;		/* while the peer does not take */
	struct query_client client;
	int fd;
	unsigned waiting;
	bool reading;
	bool ended;			/* the peer sends nothing more */
	struct turns_member turn;	/* put off with messages, or not */
	struct leftovers left;
};

struct tcp {
	struct serving *serving;
	struct tcp_limits limits;
	struct crowd *crowd;
	struct leftovers_pool *leftovers;
	struct turns *turns;
	unsigned untaken;		/* connections with replies to take */
	struct event *tick;
	bool stopped;
	size_t starts[SERVING_BATCH];	/* of a batch's messages */
	uint8_t in[IN_ROOM];
	uint8_t out[OUT_ROOM];
};

/* ---- what they keep, and how they go ---- */

static void
touch(struct connection *c)
{
	crowd_touch(c->tcp->crowd, &c->member, clock_mono_ms());
}

static bool
is_idle(const struct connection *c)
{
	return c->waiting == 0 && leftovers_untaken(&c->left) == 0;
}

static void
note_state(struct connection *c)
{
	crowd_set(c->tcp->crowd, &c->member,
	    is_idle(c) ? CROWD_IDLE : CROWD_BUSY);
}

static void
stop_writing(struct connection *c)
{
	if (!c->writable)
		return;
	event_free(c->writable);
	c->writable = NULL;
	c->tcp->untaken--;
}

static void
close_connection(struct connection *c)
{
	struct tcp *tcp = c->tcp;

	if (c->waiting)
		waiting_forget(tcp->serving->waiting, c);
	crowd_remove(tcp->crowd, &c->member);
	event_del(&c->readable);
	stop_writing(c);
	turns_take_up(tcp->turns, &c->turn);
	close(c->fd);
	leftovers_drop(tcp->leftovers, &c->left);
	free(c);
	turns_work(tcp->turns, ACCEPT_WORK);
}

static void
count(const struct connection *c, enum stats_counter which)
{
	stats_count(c->tcp->serving->env.stats, which);
}

static void
give_way(struct connection *c)
{
	count(c, STAT_TCP_CLOSED_MAKE_ROOM);
	close_connection(c);
}

static void
give_way_keeping(struct leftovers *left)
{
	give_way((struct connection *)((char *)left -
	    offsetof(struct connection, left)));
}

/* ---- writing ---- */

enum io_result {
	IO_OPEN,
	IO_CLOSED,			/* the connection is gone */
};

static void on_writable(evutil_socket_t fd, short what, void *context);

/* The event is there only while it is needed.  False: no memory. */
static bool
watch_writing(struct connection *c)
{
	note_state(c);
	if (leftovers_untaken(&c->left) == 0)
		stop_writing(c);
	if (leftovers_untaken(&c->left) == 0 || c->writable)
		return true;
	c->writable = event_new(c->tcp->serving->base, c->fd,
	    EV_WRITE | EV_PERSIST, on_writable, c);
	if (!c->writable)
		return false;
	c->tcp->untaken++;
	return event_add(c->writable, NULL) == 0;
}

static ssize_t
send_some(const struct connection *c, const uint8_t *bytes, size_t length)
{
	ssize_t sent;

	do
		sent = send(c->fd, bytes, length, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EAGAIN)
		return 0;
	return sent;
}

static enum io_result
send_bytes(struct connection *c, const uint8_t *bytes, size_t length)
{
	ssize_t sent = 0;

	if (length > 0 && leftovers_untaken(&c->left) == 0)
		sent = send_some(c, bytes, length);
	if (sent < 0 || ((size_t)sent < length &&
	    !leftovers_keep_out(c->tcp->leftovers, &c->left, bytes + sent,
	    length - (size_t)sent)) || !watch_writing(c)) {
		close_connection(c);
		return IO_CLOSED;
	}
	turns_work(c->tcp->turns, (unsigned)(length / WORK_BYTES));
	return IO_OPEN;
}

/* ---- working what was read ---- */

/* The bytes that are worked: those left from before and those just read. */
struct stretch {
	const uint8_t *bytes;
	size_t length, at;
};

static bool
may_go_on(const struct connection *c)
{
	return c->waiting < WAITING_MAX &&
	    leftovers_untaken(&c->left) < UNTAKEN_MAX && !c->tcp->stopped;
}

static bool
has_message(const struct stretch *s, size_t at)
{
	return s->length - at >= 2 &&
	    s->length - at - 2 >= wire_get16(s->bytes + at);
}

/* A message too short for a header is no DNS: there is no way to find the
 * next one behind what sent it. */
static bool
is_senseless(const struct stretch *s)
{
	return s->length - s->at >= 2 &&
	    wire_get16(s->bytes + s->at) < WIRE_HEADER;
}

static void send_late(const struct waiting_from *from, const uint8_t *bytes,
    size_t length);

/* Begin as many messages as a batch takes; returns how many. */
static unsigned
begin_some(struct connection *c, struct stretch *s)
{
	struct serving *serving = c->tcp->serving;
	unsigned begun = 0;

	while (begun < SERVING_BATCH && c->waiting + begun < WAITING_MAX &&
	    has_message(s, s->at) && !is_senseless(s)) {
		size_t length = wire_get16(s->bytes + s->at);

		c->tcp->starts[begun] = s->at;
		query_begin(&serving->queries[begun++], &serving->env,
		    &c->client, s->bytes + s->at + 2, length);
		s->at += 2 + length;
	}
	for (unsigned i = 0; i < begun; i++)
		query_prefetch(&serving->queries[i], &serving->env);
	for (unsigned i = 0; i < begun; i++)
		query_prefetch_answer(&serving->queries[i], &serving->env);
	return begun;
}

/* Where the peer leaves too much, the rest of the batch stays in the stretch:
 * 64 replies of 64 kB are not made for one who reads none. */
static enum io_result
step_some(struct connection *c, struct stretch *s, unsigned begun)
{
	struct serving *serving = c->tcp->serving;
	struct waiting_from from = {.owner = c, .reply = send_late,
	    .client = c->client};
	uint8_t *out = c->tcp->out;
	struct serving_reply reply;
	size_t at = 0;

	for (unsigned i = 0; i < begun; i++) {
		enum query_outcome outcome;

		if (OUT_ROOM - at < MESSAGE_MAX) {
			if (send_bytes(c, out, at) == IO_CLOSED)
				return IO_CLOSED;
			at = 0;
			if (!may_go_on(c) || turns_over(c->tcp->turns)) {
				s->at = c->tcp->starts[i];
				return IO_OPEN;
			}
		}
		reply.room = out + at + 2;
		outcome = serving_step(serving, &serving->queries[i], &from,
		    &reply);
		c->waiting += outcome == QUERY_WAIT;
		if (outcome != QUERY_REPLY)
			continue;
		wire_put16(out + at, (uint16_t)reply.length);
		at += 2 + reply.length;
	}
	return send_bytes(c, out, at);
}

static enum io_result
work_stretch(struct connection *c, struct stretch *s)
{
	unsigned begun;

	while (may_go_on(c) && !turns_over(c->tcp->turns) &&
	    has_message(s, s->at)) {
		if (is_senseless(s)) {
			count(c, STAT_TCP_CLOSED_BAD);
			close_connection(c);
			return IO_CLOSED;
		}
		begun = begin_some(c, s);
		turns_work(c->tcp->turns, begun);
		touch(c);
		if (step_some(c, s, begun) == IO_CLOSED)
			return IO_CLOSED;
	}
	return IO_OPEN;
}

static bool
keep_rest(struct connection *c, const struct stretch *s)
{
	size_t left = s->length - s->at;

	return leftovers_keep_in(c->tcp->leftovers, &c->left,
	    left ? s->bytes + s->at : NULL, left);
}

/* What is kept is a message at least. */
static bool
keeps_message(const struct connection *c)
{
	return has_message(&(struct stretch){c->left.in, c->left.in_length, 0},
	    0);
}

static void
watch_reading(struct connection *c)
{
	bool wanted = may_go_on(c) && !c->ended &&
	    !turns_is_put_off(&c->turn);

	if (wanted && !c->reading)
		event_add(&c->readable, NULL);
	else if (!wanted && c->reading)
		event_del(&c->readable);
	c->reading = wanted;
}

static enum io_result
work_bytes(struct connection *c, const uint8_t *bytes, size_t length)
{
	struct tcp *tcp = c->tcp;
	struct stretch s = {.bytes = bytes, .length = length};
	enum io_result result;

	serving_start(tcp->serving);
	result = work_stretch(c, &s);
	if (result == IO_OPEN && !keep_rest(c, &s)) {
		close_connection(c);
		result = IO_CLOSED;
	}
	if (result == IO_OPEN && c->ended && is_idle(c) &&
	    !keeps_message(c)) {
		close_connection(c);
		result = IO_CLOSED;
	}
	if (result == IO_OPEN) {
		if (may_go_on(c) && keeps_message(c) &&
		    !turns_is_put_off(&c->turn))
			turns_put_off(tcp->turns, &c->turn);
		watch_reading(c);
	}
	serving_end(tcp->serving);
	return result;
}

/* A waiting query has its reply, the peer took what was kept, or it is this
 * connection's turn again: messages that were read and left may go on now. */
static enum io_result
resume(struct connection *c)
{
	uint8_t *bytes;
	size_t length;
	enum io_result result;

	turns_take_up(c->tcp->turns, &c->turn);
	bytes = leftovers_take_in(c->tcp->leftovers, &c->left, &length);
	result = work_bytes(c, bytes, length);
	free(bytes);
	return result;
}

static void
send_late(const struct waiting_from *from, const uint8_t *bytes, size_t length)
{
	struct connection *c = from->owner;
	uint8_t *out = c->tcp->out;

	c->waiting--;
	touch(c);
	note_state(c);
	if (bytes) {
		wire_put16(out, (uint16_t)length);
		memcpy(out + 2, bytes, length);
		if (send_bytes(c, out, length + 2) == IO_CLOSED)
			return;
	}
	resume(c);
}

/* ---- events ---- */

enum read_result {
	READ_ALL,			/* or it is gone */
	READ_MORE,			/* there may be more */
};

/* One read: the event is level-triggered, others get their turn. */
static enum read_result
read_some(struct connection *c)
{
	struct tcp *tcp = c->tcp;
	size_t length = c->left.in_length;
	ssize_t got;

	if (length)
		memcpy(tcp->in, c->left.in, length);
	do
		got = recv(c->fd, tcp->in + length, READ_MAX, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return READ_ALL;
	if (got < 0) {
		close_connection(c);
		return READ_ALL;
	}
	c->ended = got == 0;
	if (work_bytes(c, tcp->in, length + (size_t)got) == IO_CLOSED)
		return READ_ALL;
	return turns_is_put_off(&c->turn) || (c->reading && got == READ_MAX) ?
	    READ_MORE : READ_ALL;
}

/* Its turn again. */
static void
resume_member(struct turns_member *turn)
{
	resume((struct connection *)((char *)turn -
	    offsetof(struct connection, turn)));
}

static void
on_readable(evutil_socket_t fd, short what, void *context)
{
	struct connection *c = context;
	struct tcp *tcp = c->tcp;

	(void)fd;
	(void)what;
	read_some(c);
	turns_take(tcp->turns);
}

static void
write_some(struct connection *c)
{
	ssize_t sent = send_some(c, c->left.out + c->left.out_at,
	    leftovers_untaken(&c->left));

	if (sent < 0) {
		close_connection(c);
		return;
	}
	leftovers_taken(c->tcp->leftovers, &c->left, (size_t)sent);
	turns_work(c->tcp->turns, 1 + (unsigned)(sent / WORK_BYTES));
	if (leftovers_untaken(&c->left) > 0)
		return;
	touch(c);
	note_state(c);
	stop_writing(c);
	resume(c);
}

static void
on_writable(evutil_socket_t fd, short what, void *context)
{
	struct connection *c = context;
	struct tcp *tcp = c->tcp;

	(void)fd;
	(void)what;
	write_some(c);
	turns_take(tcp->turns);
}

/* A peer that takes nothing of its replies, or drips a message byte by byte,
 * is idle; one whose queries wait for an upstream is not, for as long as
 * those may wait. */
static unsigned
close_old(struct tcp *tcp, enum crowd_state state, unsigned most)
{
	int64_t limit_ms = clock_mono_ms() - tcp->limits.idle_ms;
	struct crowd_member *member = crowd_oldest(tcp->crowd, state), *next;
	unsigned closed = 0;

	for (; member && member->active_ms <= limit_ms && closed < most;
	     member = next) {
		struct connection *c = (struct connection *)member;

		next = member->next;
		if (c->waiting)
			continue;
		count(c, STAT_TCP_CLOSED_IDLE);
		close_connection(c);
		closed++;
	}
	return closed;
}

/* Thousands may end at once: a few at a time, and on in the next round. */
static void
on_tick(evutil_socket_t fd, short what, void *context)
{
	struct tcp *tcp = context;
	unsigned closed = close_old(tcp, CROWD_IDLE, CLOSES_MAX);

	(void)fd;
	(void)what;
	closed += close_old(tcp, CROWD_BUSY, CLOSES_MAX - closed);
	loop_timer_set(tcp->tick, closed < CLOSES_MAX ? TICK_MS : 0);
	turns_take(tcp->turns);
}

/* ---- accepting ---- */

static void
find_addresses(struct connection *c, const struct sockaddr_storage *peer)
{
	struct sockaddr_storage own;
	socklen_t length = sizeof own;
	struct endpoint endpoint;

	endpoint_from_sockaddr(&endpoint, (const struct sockaddr *)peer);
	c->client.addr = endpoint.addr;
	c->client.port = endpoint.port;
	c->client.link = endpoint.scope;
	c->client.transport = QUERY_TCP;
	if (getsockname(c->fd, (struct sockaddr *)&own, &length) == 0) {
		endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&own);
		c->client.asked = endpoint.addr;
	}
}

/* False: this client has all that it may have, and all at work. */
static bool
make_room(struct tcp *tcp, const struct addr *client)
{
	struct crowd_member *way;
	enum crowd_room room = crowd_find_room(tcp->crowd, client, &way);

	if (room == CROWD_GIVE_WAY)
		give_way((struct connection *)way);
	if (room == CROWD_FULL)
		stats_count(tcp->serving->env.stats, STAT_TCP_REFUSED_CLIENT);
	return room != CROWD_FULL;
}

/* NULL: there is no room for it, and it is closed. */
static struct connection *
add_connection(struct tcp *tcp, int fd, const struct sockaddr_storage *peer)
{
	struct connection *c = calloc(1, sizeof *c);
	int one = 1;

	if (!c) {
		close(fd);
		return NULL;
	}
	c->tcp = tcp;
	c->fd = fd;
	find_addresses(c, peer);
	if (!make_room(tcp, &c->client.addr)) {
		close(fd);
		free(c);
		return NULL;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	crowd_add(tcp->crowd, &c->member, &c->client.addr, clock_mono_ms());
	count(c, STAT_TCP_ACCEPTED);
	event_assign(&c->readable, tcp->serving->base, fd,
	    EV_READ | EV_PERSIST, on_readable, c);
	c->reading = event_add(&c->readable, NULL) == 0;
	if (c->reading)
		return c;
	close_connection(c);
	return NULL;
}

static void
on_accepted(void *arg, int fd, const struct sockaddr_storage *peer)
{
	struct tcp *tcp = arg;

	turns_work(tcp->turns, ACCEPT_WORK);
	add_connection(tcp, fd, peer);
}

/* Out of descriptors: an idle connection gives one back. */
static bool
on_scarce(void *arg)
{
	struct tcp *tcp = arg;
	struct crowd_member *idle = crowd_oldest(tcp->crowd, CROWD_IDLE);

	if (idle)
		give_way((struct connection *)idle);
	return idle != NULL;
}

static void
on_turn(void *arg)
{
	struct tcp *tcp = arg;

	turns_take(tcp->turns);
}

struct acceptor *
tcp_listen(struct tcp *tcp, int fd)
{
	const struct acceptor_hooks hooks = {
	    .accepted = on_accepted,
	    .scarce = on_scarce,
	    .turn = on_turn,
	    .arg = tcp,
	};

	return acceptor_new(tcp->serving->base, fd, &hooks);
}

/* ---- all of them ---- */

struct tcp *
tcp_new(struct serving *serving, const struct tcp_limits *limits)
{
	struct tcp *tcp = memory_own(sizeof *tcp);

	tcp->serving = serving;
	tcp->limits = *limits;
	tcp->leftovers = leftovers_pool_new(limits->kept_max,
	    give_way_keeping);
	tcp->turns = turns_new(serving, resume_member);
	tcp->crowd = crowd_new(&(struct crowd_limits){
	    .all = limits->connections_max,
	    .client = limits->client_max});
	tcp->tick = loop_timer(serving->base, on_tick, tcp);
	loop_timer_set(tcp->tick, TICK_MS);
	return tcp;
}

static struct connection *
oldest_of(const struct tcp *tcp)
{
	struct crowd_member *member = crowd_oldest(tcp->crowd, CROWD_BUSY);

	return (struct connection *)(member ? member :
	    crowd_oldest(tcp->crowd, CROWD_IDLE));
}

void
tcp_free(struct tcp *tcp)
{
	struct connection *c;

	while ((c = oldest_of(tcp)))
		close_connection(c);
	loop_forget(tcp->tick);
	turns_free(tcp->turns);
	leftovers_pool_free(tcp->leftovers);
	crowd_free(tcp->crowd);
	free(tcp);
}

/* What came before the order to stop is read yet.  A connection that is read
 * may go, and others with it, or change its state: so each is put last before,
 * and they are counted off, not walked. */
static enum read_result
read_or_resume(struct connection *c)
{
	if (!turns_is_put_off(&c->turn))
		return c->reading ? read_some(c) : READ_ALL;
	return resume(c) == IO_OPEN ? READ_MORE : READ_ALL;
}

static void
read_last(struct tcp *tcp, enum crowd_state state)
{
	struct crowd_member *member = crowd_oldest(tcp->crowd, state);
	unsigned left = 0;

	for (; member; member = member->next)
		left++;
	for (; left > 0 && (member = crowd_oldest(tcp->crowd, state)); left--) {
		struct connection *c = (struct connection *)member;
		unsigned reads = LAST_READS;

		touch(c);
		do
			turns_restart(tcp->turns);
		while (read_or_resume(c) == READ_MORE && --reads > 0);
	}
}

static void
watch_all(struct tcp *tcp, enum crowd_state state)
{
	struct crowd_member *member = crowd_oldest(tcp->crowd, state);

	for (; member; member = member->next)
		watch_reading((struct connection *)member);
}

void
tcp_stop_reading(struct tcp *tcp)
{
	read_last(tcp, CROWD_BUSY);
	read_last(tcp, CROWD_IDLE);
	tcp->stopped = true;
	watch_all(tcp, CROWD_BUSY);
	watch_all(tcp, CROWD_IDLE);
}

void
tcp_give(struct tcp *tcp, const struct tcp_heir *heir)
{
	struct crowd_member *member;

	while ((member = crowd_oldest(tcp->crowd, CROWD_IDLE))) {
		struct connection *c = (struct connection *)member;

		if (!heir->give(heir->context, c->fd, c->left.in,
		    c->left.in_length))
			return;
		close_connection(c);
	}
}

void
tcp_inherit(struct tcp *tcp, int fd, const uint8_t *bytes, size_t length)
{
	struct sockaddr_storage peer;
	socklen_t name_length = sizeof peer;
	struct connection *c;

	if (getpeername(fd, (struct sockaddr *)&peer, &name_length) != 0) {
		close(fd);
		return;
	}
	c = add_connection(tcp, fd, &peer);
	if (c && length > 0)
		work_bytes(c, bytes, length);
}

bool
tcp_is_quiet(const struct tcp *tcp)
{
	return tcp->untaken == 0;
}

bool
tcp_is_empty(const struct tcp *tcp)
{
	return crowd_count(tcp->crowd) == 0;
}
