/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/outgoing.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "net/loop.h"

#define PORT_LOWEST 1024
#define PORT_COUNT (65536 - PORT_LOWEST)
#define BINDS_MAX 16			/* ports drawn for one socket */
#define SWEEP_MS 2500
#define STRAY_MAX 8			/* packets dropped a wakeup */

/* Lent: user is set, and it is in no pile.  Else it is in one of its
 * deck's. */
struct outgoing {
	struct deck *deck;
	void *user;
	int fd;
	unsigned uses;
	int64_t opened_ms;
};

struct pile {
	struct outgoing **list;		/* room for OUTGOING_DECK */
	unsigned count;
};

/* fresh are to be drawn; used came back, the last one last. */
struct deck {
	struct outgoing_pool *pool;
	struct endpoint to;
	struct pile fresh, used;
	unsigned total;			/* lent ones too */
	int64_t asked_ms;
};

struct outgoing_pool {
	outgoing_readable readable;
	void *arg;			/* readable's */
	unsigned max, total;
	int epoll;
	struct event any;		/* of the epoll set */
	struct deck *decks[OUTGOING_DECKS];
	struct event sweep;
	bool sweeping;
};

/* ---- sockets ---- */

/* A path MTU that a forged ICMP message made small would have our query
 * fragmented: it is not believed. */
static int
ignore_path_mtu(int fd, int family)
{
	int omit = family == AF_INET ? IP_PMTUDISC_OMIT : IPV6_PMTUDISC_OMIT;

	return family == AF_INET ?
	    setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof(omit)) :
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit,
	    sizeof(omit));
}

/* A port of our own draw over the whole range: the kernel's are of a narrow
 * one, and not meant to be unpredictable. */
static int
bind_random_port(int fd, int family)
{
	struct endpoint any = { .addr.family = family == AF_INET ? 4 : 6 };
	struct sockaddr_storage address;
	socklen_t length;

	for (unsigned i = 0; i < BINDS_MAX; i++) {
		any.port = (uint16_t)(PORT_LOWEST +
		    random_below(PORT_COUNT));
		length = endpoint_to_sockaddr(&any, &address);
		if (bind(fd, (struct sockaddr *)&address, length) == 0)
			return 0;
		if (errno != EADDRINUSE && errno != EACCES)
			return -1;
	}
	return -1;
}

/* -1: errno. */
static int
open_socket(const struct endpoint *to)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(to, &address);
	int fd = socket(address.ss_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -1;
	if (ignore_path_mtu(fd, address.ss_family) == 0 &&
	    bind_random_port(fd, address.ss_family) == 0 &&
	    connect(fd, (struct sockaddr *)&address, length) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void
close_socket(struct outgoing *socket)
{
	struct deck *deck = socket->deck;

	epoll_ctl(deck->pool->epoll, EPOLL_CTL_DEL, socket->fd, NULL);
	close(socket->fd);
	free(socket);
	deck->total--;
	deck->pool->total--;
}

static void
drop_strays(int fd)
{
	char byte;

	for (unsigned i = 0; i < STRAY_MAX; i++) {
		if (recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno != EINTR)
			return;
	}
}

/* Nothing is closed before all that were fetched were looked at. */
static int
take_ready(struct outgoing_pool *pool)
{
	struct epoll_event events[OUTGOING_BATCH];
	void *users[OUTGOING_BATCH];
	int got = epoll_wait(pool->epoll, events, OUTGOING_BATCH, 0);
	unsigned count = 0;

	for (int i = 0; i < got; i++) {
		const struct outgoing *socket = events[i].data.ptr;

		if (socket->user != NULL)
			users[count++] = socket->user;
		else
			drop_strays(socket->fd);
	}
	if (count > 0)
		pool->readable(pool->arg, users, count);
	return got;
}

/* What reading did may have closed any socket: each pass asks anew. */
static void
on_any(int fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	for (unsigned i = 0; i < OUTGOING_PASSES; i++) {
		if (take_ready(arg) < OUTGOING_BATCH)
			return;
	}
}

static int
watch(struct outgoing_pool *pool, struct outgoing *socket)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = socket };

	return epoll_ctl(pool->epoll, EPOLL_CTL_ADD, socket->fd, &event);
}

static struct outgoing *
open_outgoing(struct deck *deck, int64_t now_ms)
{
	struct outgoing_pool *pool = deck->pool;
	struct outgoing *socket;
	int fd = open_socket(&deck->to), error;

	if (fd < 0)
		return NULL;
	socket = memory_zeroed(1, sizeof(*socket));
	socket->deck = deck;
	socket->fd = fd;
	socket->opened_ms = now_ms;
	if (watch(pool, socket) < 0) {
		error = errno;
		close(fd);
		free(socket);
		errno = error;
		return NULL;
	}
	deck->total++;
	pool->total++;
	return socket;
}

int
outgoing_fd(const struct outgoing *socket)
{
	return socket->fd;
}

/* ---- decks ---- */

static bool
is_old(const struct outgoing *socket, int64_t now_ms)
{
	return now_ms - socket->opened_ms >= OUTGOING_AGE_MS;
}

static void
close_pile(struct pile *pile)
{
	while (pile->count > 0)
		close_socket(pile->list[--pile->count]);
}

/* Those that are too old, while nobody asks. */
static void
sweep_pile(struct pile *pile, int64_t now_ms)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < pile->count; i++) {
		if (is_old(pile->list[i], now_ms))
			close_socket(pile->list[i]);
		else
			pile->list[kept++] = pile->list[i];
	}
	pile->count = kept;
}

static void
free_deck(struct deck *deck)
{
	close_pile(&deck->fresh);
	close_pile(&deck->used);
	free(deck->fresh.list);
	free(deck->used.list);
	free(deck);
}

static struct deck *
new_deck(struct outgoing_pool *pool, const struct endpoint *to)
{
	struct deck *deck = memory_zeroed(1, sizeof(*deck));

	deck->pool = pool;
	deck->to = *to;
	deck->fresh.list = memory_alloc(OUTGOING_DECK *
	    sizeof(*deck->fresh.list));
	deck->used.list = memory_alloc(OUTGOING_DECK *
	    sizeof(*deck->used.list));
	return deck;
}

/* A place for a deck: free, or of the one asked longest ago of those that have
 * no socket out; -1: all have. */
static int
find_place(const struct outgoing_pool *pool)
{
	int place = -1;

	for (int i = 0; i < OUTGOING_DECKS; i++) {
		const struct deck *deck = pool->decks[i];

		if (deck == NULL)
			return i;
		if (deck->total > deck->fresh.count + deck->used.count)
			continue;
		if (place < 0 || deck->asked_ms < pool->decks[place]->asked_ms)
			place = i;
	}
	return place;
}

static struct deck *
find_deck(struct outgoing_pool *pool, const struct endpoint *to)
{
	int place;

	for (unsigned i = 0; i < OUTGOING_DECKS; i++) {
		if (pool->decks[i] != NULL &&
		    endpoint_equal(&pool->decks[i]->to, to))
			return pool->decks[i];
	}
	place = find_place(pool);
	if (place < 0) {
		errno = EMFILE;
		return NULL;
	}
	if (pool->decks[place] != NULL)
		free_deck(pool->decks[place]);
	pool->decks[place] = new_deck(pool, to);
	return pool->decks[place];
}

static struct outgoing *
draw(struct pile *pile)
{
	unsigned at = random_below(pile->count);
	struct outgoing *drawn = pile->list[at];

	pile->list[at] = pile->list[--pile->count];
	return drawn;
}

/* The older half of those that were used, in the order in which they came
 * back, so that none is drawn again soon. */
static void
turn(struct deck *deck)
{
	struct pile *used = &deck->used;
	unsigned count = (used->count + 1) / 2;

	memcpy(deck->fresh.list, used->list, count * sizeof(*used->list));
	deck->fresh.count = count;
	used->count -= count;
	memmove(used->list, used->list + count,
	    used->count * sizeof(*used->list));
}

/* From the deck, the old ones put away; NULL: it is empty. */
static struct outgoing *
draw_from(struct deck *deck, int64_t now_ms)
{
	if (deck->fresh.count == 0)
		turn(deck);
	while (deck->fresh.count > 0) {
		struct outgoing *socket = draw(&deck->fresh);

		if (!is_old(socket, now_ms))
			return socket;
		close_socket(socket);
	}
	return NULL;
}

/* Make room: of all decks, one socket that is not lent. */
static void
close_any(struct outgoing_pool *pool)
{
	for (unsigned i = 0; i < OUTGOING_DECKS; i++) {
		struct deck *deck = pool->decks[i];
		struct pile *pile;

		if (deck == NULL)
			continue;
		pile = deck->used.count > 0 ? &deck->used : &deck->fresh;
		if (pile->count == 0)
			continue;
		close_socket(pile->list[--pile->count]);
		return;
	}
}

static void
lend(struct outgoing_pool *pool, struct outgoing *socket, void *user)
{
	struct timeval wait = { SWEEP_MS / 1000, SWEEP_MS % 1000 * 1000 };

	socket->user = user;
	socket->uses++;
	if (pool->sweeping)
		return;
	pool->sweeping = true;
	event_add(&pool->sweep, &wait);
}

struct outgoing *
outgoing_take(struct outgoing_pool *pool, const struct endpoint *to,
    void *user, int64_t now_ms)
{
	struct deck *deck = find_deck(pool, to);
	struct outgoing *socket = NULL;

	assert(user != NULL);
	if (deck == NULL)
		return NULL;
	deck->asked_ms = now_ms;
	if (deck->total >= OUTGOING_DECK || pool->total >= pool->max)
		socket = draw_from(deck, now_ms);
	if (socket == NULL && pool->total >= pool->max)
		close_any(pool);
	if (socket == NULL && pool->total >= pool->max) {
		errno = EMFILE;
		return NULL;
	}
	if (socket == NULL)
		socket = open_outgoing(deck, now_ms);
	if (socket == NULL)		/* no descriptor: one that is there */
		socket = draw_from(deck, now_ms);
	if (socket != NULL)
		lend(pool, socket, user);
	return socket;
}

void
outgoing_return(struct outgoing *socket, enum outgoing_end end)
{
	struct deck *deck = socket->deck;
	struct pile *used = &deck->used;

	assert(socket->user != NULL);
	socket->user = NULL;
	if (end == OUTGOING_SPENT || socket->uses >= OUTGOING_USES ||
	    used->count + deck->fresh.count >= OUTGOING_DECK)
		close_socket(socket);
	else
		used->list[used->count++] = socket;
}

/* ---- the pool ---- */

static void
on_sweep(int fd, short what, void *arg)
{
	struct timeval wait = { SWEEP_MS / 1000, SWEEP_MS % 1000 * 1000 };
	struct outgoing_pool *pool = arg;
	int64_t now_ms = clock_mono_ms();

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < OUTGOING_DECKS; i++) {
		if (pool->decks[i] == NULL)
			continue;
		sweep_pile(&pool->decks[i]->fresh, now_ms);
		sweep_pile(&pool->decks[i]->used, now_ms);
	}
	pool->sweeping = pool->total > 0;
	if (pool->sweeping)
		event_add(&pool->sweep, &wait);
}

struct outgoing_pool *
outgoing_pool_new(struct event_base *base, unsigned max,
    outgoing_readable readable, void *arg)
{
	struct outgoing_pool *pool = memory_own(sizeof(*pool));

	pool->max = max;
	pool->readable = readable;
	pool->arg = arg;
	pool->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (pool->epoll < 0)
		loop_impossible("epoll_create1");
	event_assign(&pool->any, base, pool->epoll, EV_READ | EV_PERSIST,
	    on_any, pool);
	event_add(&pool->any, NULL);
	evtimer_assign(&pool->sweep, base, on_sweep, pool);
	return pool;
}

void
outgoing_pool_free(struct outgoing_pool *pool)
{
	if (pool == NULL)
		return;
	event_del(&pool->sweep);
	event_del(&pool->any);
	for (unsigned i = 0; i < OUTGOING_DECKS; i++) {
		if (pool->decks[i] != NULL)
			free_deck(pool->decks[i]);
	}
	assert(pool->total == 0);
	close(pool->epoll);
	free(pool);
}
