/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/connection.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "net/leftovers.h"
#include "net/tcpbatch.h"
#include "net/turns.h"

#define READ_MAX 4096			/* a wakeup, then others' turn */
#define IN_ROOM (TCPBATCH_MESSAGE_MAX + READ_MAX)
#define UNTAKEN_MAX (256 << 10)		/* replies that the peer leaves */
#define WAITING_MAX 100			/* queries of one connection */
#define LAST_READS 32			/* of a connection, when stopping */
#define WORK_BYTES 4096			/* of replies: as much as a message */

struct connection {
	struct crowd_member member;	/* first: it stands for the whole */
	struct connections *all;
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

struct connection_desk {
	struct tcpbatch *batch;
	uint8_t in[IN_ROOM];
};

/* ---- its state, and its end ---- */

static void
touch(struct connection *c)
{
	crowd_touch(c->all->crowd, &c->member, clock_mono_ms());
}

static bool
is_idle(const struct connection *c)
{
	return c->waiting == 0 && leftovers_untaken(&c->left) == 0;
}

static void
note_state(struct connection *c)
{
	crowd_set(c->all->crowd, &c->member,
	    is_idle(c) ? CROWD_IDLE : CROWD_BUSY);
}

static void
stop_writing(struct connection *c)
{
	if (!c->writable)
		return;
	event_free(c->writable);
	c->writable = NULL;
	c->all->untaken--;
}

void
connection_close(struct connection *c)
{
	struct connections *all = c->all;

	if (c->waiting)
		waiting_forget(all->serving->waiting, c);
	crowd_remove(all->crowd, &c->member);
	event_del(&c->readable);
	stop_writing(c);
	turns_take_up(&c->turn);
	close(c->fd);
	leftovers_drop(all->leftovers, &c->left);
	free(c);
	turns_work(all->turns, CONNECTION_WORK);
}

static void
count(const struct connection *c, enum stats_counter which)
{
	stats_count(c->all->serving->env.stats, which);
}

void
connection_give_way(struct connection *c)
{
	count(c, STAT_TCP_CLOSED_MAKE_ROOM);
	connection_close(c);
}

static void
give_way_keeping(struct leftovers *left)
{
	connection_give_way((struct connection *)((char *)left -
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
	c->writable = event_new(c->all->serving->base, c->fd,
	    EV_WRITE | EV_PERSIST, on_writable, c);
	if (!c->writable)
		return false;
	c->all->untaken++;
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
	    !leftovers_keep_out(c->all->leftovers, &c->left, bytes + sent,
	    length - (size_t)sent)) || !watch_writing(c)) {
		connection_close(c);
		return IO_CLOSED;
	}
	turns_work(c->all->turns, (unsigned)(length / WORK_BYTES));
	return IO_OPEN;
}

/* ---- working what was read ---- */

static bool
may_go_on(const struct connection *c)
{
	return c->waiting < WAITING_MAX &&
	    leftovers_untaken(&c->left) < UNTAKEN_MAX && !c->all->stopped;
}

static void send_late(const struct waiting_from *from, const uint8_t *bytes,
    size_t length);

/* Where the peer leaves too much, the rest of the batch stays with the bytes:
 * 64 replies of 64 kB are not made for one who reads none. */
static enum io_result
step_batch(struct connection *c, struct tcpbatch_bytes *from)
{
	const struct waiting_from to = {.owner = c, .reply = send_late,
	    .client = c->client};
	struct tcpbatch *batch = c->all->desk->batch;
	struct tcpbatch_replies replies;

	for (;;) {
		replies = tcpbatch_step(batch, &to);
		c->waiting += replies.waiting;
		if (send_bytes(c, replies.bytes, replies.length) == IO_CLOSED)
			return IO_CLOSED;
		if (tcpbatch_is_done(batch))
			return IO_OPEN;
		if (!may_go_on(c) || turns_over(c->all->turns)) {
			from->at = tcpbatch_left_at(batch);
			return IO_OPEN;
		}
	}
}

static enum io_result
work_messages(struct connection *c, struct tcpbatch_bytes *from)
{
	enum tcpbatch_found found;
	unsigned begun;

	while (may_go_on(c) && !turns_over(c->all->turns) &&
	    (found = tcpbatch_next(from)) != TCPBATCH_NONE) {
		if (found == TCPBATCH_SENSELESS) {
			count(c, STAT_TCP_CLOSED_BAD);
			connection_close(c);
			return IO_CLOSED;
		}
		begun = tcpbatch_begin(c->all->desk->batch, from, &c->client,
		    WAITING_MAX - c->waiting);
		turns_work(c->all->turns, begun);
		crowd_touch(c->all->crowd, &c->member,
		    c->all->serving->env.now_ms);
		if (step_batch(c, from) == IO_CLOSED)
			return IO_CLOSED;
	}
	return IO_OPEN;
}

static bool
keep_rest(struct connection *c, const struct tcpbatch_bytes *from)
{
	size_t left = from->length - from->at;

	return leftovers_keep_in(c->all->leftovers, &c->left,
	    left ? from->bytes + from->at : NULL, left);
}

/* What is kept is a message at least. */
static bool
keeps_message(const struct connection *c)
{
	const struct tcpbatch_bytes kept = {c->left.in, c->left.in_length, 0};

	return tcpbatch_next(&kept) != TCPBATCH_NONE;
}

/* Its peer has gone, and has its replies. */
static bool
is_over(const struct connection *c)
{
	return c->ended && is_idle(c) && !keeps_message(c);
}

void
connection_watch(struct connection *c)
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
	struct connections *all = c->all;
	struct tcpbatch_bytes from = {bytes, length, 0};
	enum io_result result;

	serving_start(all->serving);
	result = work_messages(c, &from);
	if (result == IO_OPEN && (!keep_rest(c, &from) || is_over(c))) {
		connection_close(c);
		result = IO_CLOSED;
	}
	if (result == IO_OPEN) {
		if (may_go_on(c) && keeps_message(c) &&
		    !turns_is_put_off(&c->turn))
			turns_put_off(all->turns, &c->turn);
		connection_watch(c);
	}
	serving_end(all->serving);
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

	turns_take_up(&c->turn);
	bytes = leftovers_take_in(c->all->leftovers, &c->left, &length);
	result = work_bytes(c, bytes, length);
	free(bytes);
	return result;
}

static void
send_late(const struct waiting_from *from, const uint8_t *bytes, size_t length)
{
	struct connection *c = from->owner;
	struct tcpbatch_replies reply;

	c->waiting--;
	touch(c);
	note_state(c);
	if (bytes) {
		reply = tcpbatch_late(c->all->desk->batch, bytes, length);
		if (send_bytes(c, reply.bytes, reply.length) == IO_CLOSED)
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
	struct connections *all = c->all;
	size_t length = c->left.in_length;
	ssize_t got;

	if (length)
		memcpy(all->desk->in, c->left.in, length);
	do
		got = recv(c->fd, all->desk->in + length, READ_MAX, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		return READ_ALL;
	if (got < 0) {
		connection_close(c);
		return READ_ALL;
	}
	c->ended = got == 0;
	if (work_bytes(c, all->desk->in, length + (size_t)got) == IO_CLOSED)
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
	struct connections *all = c->all;

	(void)fd;
	(void)what;
	read_some(c);
	turns_take(all->turns);
}

static void
write_some(struct connection *c)
{
	ssize_t sent = send_some(c, c->left.out + c->left.out_at,
	    leftovers_untaken(&c->left));

	if (sent < 0) {
		connection_close(c);
		return;
	}
	leftovers_taken(c->all->leftovers, &c->left, (size_t)sent);
	turns_work(c->all->turns, 1 + (unsigned)(sent / WORK_BYTES));
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
	struct connections *all = c->all;

	(void)fd;
	(void)what;
	write_some(c);
	turns_take(all->turns);
}

/* ---- what others ask of it ---- */

struct connection *
connection_of(struct crowd_member *member)
{
	return (struct connection *)member;
}

void
connection_work(struct connection *c, const uint8_t *bytes, size_t length)
{
	work_bytes(c, bytes, length);
}

static enum read_result
read_or_resume(struct connection *c)
{
	if (!turns_is_put_off(&c->turn))
		return c->reading ? read_some(c) : READ_ALL;
	return resume(c) == IO_OPEN ? READ_MORE : READ_ALL;
}

void
connection_drain(struct connection *c)
{
	struct turns *turns = c->all->turns;
	unsigned reads = LAST_READS;

	touch(c);
	do
		turns_restart(turns);
	while (read_or_resume(c) == READ_MORE && --reads > 0);
}

bool
connection_waits(const struct connection *c)
{
	return c->waiting > 0;
}

struct connection_estate
connection_estate(const struct connection *c)
{
	return (struct connection_estate){c->fd, c->left.in, c->left.in_length};
}

struct connection *
connection_open(struct connections *all, int fd,
    const struct query_client *client)
{
	struct connection *c = calloc(1, sizeof *c);
	int one = 1;

	if (!c) {
		close(fd);
		return NULL;
	}
	c->all = all;
	c->fd = fd;
	c->client = *client;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	crowd_add(all->crowd, &c->member, &client->addr, clock_mono_ms());
	count(c, STAT_TCP_ACCEPTED);
	event_assign(&c->readable, all->serving->base, fd,
	    EV_READ | EV_PERSIST, on_readable, c);
	c->reading = event_add(&c->readable, NULL) == 0;
	if (c->reading)
		return c;
	connection_close(c);
	return NULL;
}

/* ---- all of them ---- */

void
connections_init(struct connections *all, struct serving *serving,
    const struct crowd_limits *limits, size_t kept_max)
{
	*all = (struct connections){
	    .serving = serving,
	    .crowd = crowd_new(limits),
	    .turns = turns_new(serving, resume_member),
	    .leftovers = leftovers_pool_new(kept_max, give_way_keeping),
	    .desk = memory_own(sizeof *all->desk),
	};
	all->desk->batch = tcpbatch_new(serving);
}

static void
close_all(struct connections *all, enum crowd_state state)
{
	struct crowd_member *member;

	while ((member = crowd_oldest(all->crowd, state)))
		connection_close(connection_of(member));
}

void
connections_fini(struct connections *all)
{
	close_all(all, CROWD_BUSY);
	close_all(all, CROWD_IDLE);
	turns_free(all->turns);
	leftovers_pool_free(all->leftovers);
	crowd_free(all->crowd);
	tcpbatch_free(all->desk->batch);
	free(all->desk);
}
