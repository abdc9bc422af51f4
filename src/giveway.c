/* SPDX-License-Identifier: BSD-2-Clause */
#include "giveway.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "sys/handover.h"

#define WAIT_MS 2000			/* it reads, and nothing else */

struct giveway {
	struct event_base *base;
	struct giveway_from from;
	struct giveway_hooks hooks;
	enum giveway_state state;
	struct handover_peer peer;
	int other;			/* the connection; -1: none */
	struct event *readable;
	pthread_mutex_t sending;	/* and whether that still works: */
	bool broken;
};

struct giveway *
giveway_new(struct event_base *base, const struct giveway_from *from,
    const struct giveway_hooks *hooks)
{
	struct giveway *giveway = memory_zeroed(1, sizeof *giveway);

	giveway->base = base;
	giveway->from = *from;
	giveway->hooks = *hooks;
	giveway->other = -1;
	pthread_mutex_init(&giveway->sending, NULL);
	return giveway;
}

static void
leave_other(struct giveway *giveway)
{
	if (giveway->readable)
		event_free(giveway->readable);
	giveway->readable = NULL;
	if (giveway->other >= 0)
		close(giveway->other);
	giveway->other = -1;
}

void
giveway_free(struct giveway *giveway)
{
	if (!giveway)
		return;
	leave_other(giveway);
	pthread_mutex_destroy(&giveway->sending);
	free(giveway);
}

enum giveway_state
giveway_state(const struct giveway *giveway)
{
	return giveway ? giveway->state : GIVEWAY_ALONE;
}

pid_t
giveway_pid(const struct giveway *giveway)
{
	return giveway->peer.pid;
}

/* ---- the sockets ---- */

static enum handover_result
send_fds(int to, const int *fds, unsigned count)
{
	struct handover_parcel parcel = {.kind = HANDOVER_SOCKETS};
	enum handover_result result = HANDOVER_WHOLE;

	for (unsigned i = 0; i < count && result == HANDOVER_WHOLE; i++) {
		if (fds[i] >= 0)
			parcel.fds[parcel.fd_count++] = fds[i];
		if (parcel.fd_count < HANDOVER_FDS_MAX && i + 1 < count)
			continue;
		result = handover_send(to, &parcel);
		parcel.fd_count = 0;
	}
	return result;
}

static enum handover_result
send_one(int to, enum handover_kind kind, int fd)
{
	return handover_send(to, &(struct handover_parcel){.kind = kind,
	    .fd_count = 1, .fds = {fd}});
}

/* Those that hostlerctl and browsers ask at. */
static enum handover_result
send_others(const struct giveway *giveway, int to)
{
	const struct web *web = giveway->from.web;
	enum handover_result result = send_one(to, HANDOVER_CONTROL,
	    control_fd(giveway->from.control));

	for (size_t i = 0; result == HANDOVER_WHOLE && web_endpoint(web, i);
	     i++)
		result = send_one(to, HANDOVER_SOCKETS, web_socket(web, i));
	return result;
}

static enum handover_result
send_all(const struct giveway *giveway, int to)
{
	const struct listen_set *set = listeners_set(giveway->from.listeners);
	enum handover_result result = send_others(giveway, to);

	for (unsigned i = 0; i < set->count; i++) {
		const struct listener *listener = set->list[i];

		if (result == HANDOVER_WHOLE)
			result = send_fds(to, listener->udp, listener->count);
		if (result == HANDOVER_WHOLE)
			result = send_fds(to, listener->tcp, listener->count);
	}
	if (result == HANDOVER_WHOLE)
		result = handover_send_word(to, HANDOVER_END);
	return result;
}

/* ---- being asked ---- */

/* The first word of the new one: it serves.  Or it has gone. */
static void
on_word(evutil_socket_t fd, short what, void *context)
{
	struct giveway *giveway = context;
	struct handover_parcel parcel;
	enum handover_result result = handover_receive(fd, &parcel);

	(void)what;
	if (result == HANDOVER_WHOLE) {
		result = parcel.kind == HANDOVER_DONE ? HANDOVER_WHOLE :
		    HANDOVER_BROKEN;
		handover_close(&parcel);
	}
	event_free(giveway->readable);
	giveway->readable = NULL;
	if (result == HANDOVER_WHOLE) {
		giveway->state = GIVEWAY_TAKEN;
		giveway->hooks.taken(giveway->hooks.context);
		return;
	}
	log_warning("process %lld was to take over, and did not: %s; this one "
	    "goes on", (long long)giveway->peer.pid, handover_words(result));
	leave_other(giveway);
	giveway->state = GIVEWAY_ALONE;
}

/* NULL, or why not. */
static const char *
judge(const struct giveway *giveway, const struct control_request *request,
    const struct handover_peer *peer)
{
	if (request->word_count != 2 || strcmp(request->words[1], "1") != 0)
		return "it speaks another version of the hand-over";
	if (peer->uid != 0 && peer->uid != geteuid())
		return "that is for root and for the user that it runs as";
	if (giveway->state != GIVEWAY_ALONE)
		return "another process is about to replace it";
	if (!takeover_is_over(giveway->from.takeover))
		return "the one that it replaced has not ended yet: try again "
		       "in some seconds";
	return NULL;
}

static void
refuse(int fd, const struct handover_peer *peer, const char *wrong)
{
	log_warning("process %lld of user %u wants to take over: %s",
	    (long long)peer->pid, (unsigned)peer->uid, wrong);
	if (send(fd, "1\n", 2, MSG_NOSIGNAL) == 2)
		(void)!send(fd, wrong, strlen(wrong), MSG_NOSIGNAL);
	close(fd);
}

void
giveway_ask(void *context, const struct control_request *request, int fd)
{
	struct giveway *giveway = context;
	struct handover_peer peer = {0};
	enum handover_result result = HANDOVER_FAILED;
	const char *wrong;

	handover_limit(fd, WAIT_MS);
	wrong = handover_find_peer(fd, &peer) == 0 ?
	    judge(giveway, request, &peer) : strerror(errno);
	if (wrong) {
		refuse(fd, &peer, wrong);
		return;
	}
	if (send(fd, "0\n", 2, MSG_NOSIGNAL) == 2)
		result = send_all(giveway, fd);
	if (result != HANDOVER_WHOLE) {
		log_warning("process %lld wants to take over: %s",
		    (long long)peer.pid, handover_words(result));
		close(fd);
		return;
	}
	log_notice("process %lld is about to take over", (long long)peer.pid);
	giveway->peer = peer;
	giveway->other = fd;
	giveway->state = GIVEWAY_PROMISED;
	giveway->readable = event_new(giveway->base, fd, EV_READ | EV_PERSIST,
	    on_word, giveway);
	event_add(giveway->readable, NULL);
}

/* ---- connections ---- */

/* Too many descriptors on their way, or nobody who reads now, are no reason to
 * give up; anything else is, and then nobody wants them any more. */
bool
giveway_give(void *context, int fd, const uint8_t *bytes, size_t length)
{
	struct giveway *giveway = context;
	struct handover_parcel parcel = {.kind = HANDOVER_CONNECTION,
	    .fd_count = 1, .fds = {fd},
	    .bytes = (uint8_t *)(uintptr_t)bytes, .length = length};
	enum handover_result sent;
	bool later = false;

	pthread_mutex_lock(&giveway->sending);
	if (!giveway->broken && length <= HANDOVER_BYTES_MAX) {
		sent = handover_send(giveway->other, &parcel);
		later = sent == HANDOVER_FAILED &&
		    (errno == ETOOMANYREFS || errno == EAGAIN);
		giveway->broken = sent != HANDOVER_WHOLE && !later;
	}
	pthread_mutex_unlock(&giveway->sending);
	return !later;
}
