/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/random.h"
#include "ctl/asktls.h"
#include "dns/message.h"
#include "dns/types.h"

#define RESEND_MS 1000			/* a lost packet is not a dead server */

enum phase {
	PHASE_CONNECT,
	PHASE_HANDSHAKE,		/* TLS */
	PHASE_SEND,
	PHASE_READ,
	PHASE_OVER,
};

struct asking {
	struct ask_question *question;
	enum phase phase;
	int fd;
	short events;			/* what poll is to wait for */
	struct asktls *tls;
	uint8_t query[2 + WIRE_HEADER + DNAME_MAX + 4]; /* behind its length */
	size_t query_length;		/* without the length */
	size_t sent;			/* of a stream, with it */
	uint8_t answer[2 + WIRE_MAX];
	size_t got;
	int64_t start_us, resend_ms;
};

static bool
is_stream(const struct asking *asking)
{
	return asking->question->transport != ASK_UDP;
}

static void
fail(struct asking *asking, const char *why)
{
	asking->question->outcome = ASK_FAILED;
	snprintf(asking->question->why, sizeof asking->question->why, "%s",
	    why);
	asking->phase = PHASE_OVER;
}

static void
write_query(struct asking *asking)
{
	const struct ask_question *question = asking->question;
	struct wire_writer w = wire_writer_to(asking->query,
	    sizeof asking->query);

	wire_write16(&w, (uint16_t)(WIRE_HEADER + question->name.length + 4));
	wire_write16(&w, random_16());
	wire_write16(&w, FLAG_RD);
	wire_write16(&w, 1);
	wire_write_bytes(&w, (const uint8_t[6]){0}, 6);
	wire_write_bytes(&w, question->name.wire, question->name.length);
	wire_write16(&w, question->type);
	wire_write16(&w, CLASS_IN);
	asking->query_length = w.at - 2;
}

static void
start(struct asking *asking)
{
	int type = is_stream(asking) ? SOCK_STREAM : SOCK_DGRAM;
	struct sockaddr_storage to;
	socklen_t length = endpoint_to_sockaddr(&asking->question->to, &to);

	write_query(asking);
	asking->start_us = clock_mono_us();
	asking->events = POLLOUT;
	asking->fd = socket(to.ss_family,
	    type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (asking->fd < 0 || (connect(asking->fd, (struct sockaddr *)&to,
	    length) != 0 && errno != EINPROGRESS))
		fail(asking, strerror(errno));
}

/* ---- one message ---- */

/* False: it is not an answer to our question; go on. */
static bool
judge(struct asking *asking, const uint8_t *bytes, size_t length)
{
	struct message message;

	if (message_read(&message, bytes, length, asking->query + 2,
	    asking->query_length) != MESSAGE_OK)
		return false;
	asking->question->outcome = ASK_ANSWERED;
	asking->question->rcode = message.rcode;
	asking->question->took_us = clock_mono_us() - asking->start_us;
	asking->phase = PHASE_OVER;
	return true;
}

static void
send_datagram(struct asking *asking)
{
	if (send(asking->fd, asking->query + 2, asking->query_length,
	    MSG_NOSIGNAL) < 0 && errno != EAGAIN && errno != EINTR) {
		fail(asking, strerror(errno));
		return;
	}
	asking->phase = PHASE_READ;
	asking->events = POLLIN;
	asking->resend_ms = clock_mono_ms() + RESEND_MS;
}

static void
read_datagram(struct asking *asking)
{
	ssize_t got = recv(asking->fd, asking->answer, sizeof asking->answer,
	    0);

	if (got >= 0)
		judge(asking, asking->answer, (size_t)got);
	else if (errno != EAGAIN && errno != EINTR)
		fail(asking, strerror(errno));
}

/* ---- a stream ---- */

static void
end_connect(struct asking *asking)
{
	int error = 0;
	socklen_t length = sizeof error;

	getsockopt(asking->fd, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error)
		fail(asking, strerror(error));
	else
		asking->phase = asking->tls ? PHASE_HANDSHAKE : PHASE_SEND;
}

/* Bytes moved; 0: later; -1: it failed, and is told.  events is then what is to
 * be waited for. */
static ssize_t
move(struct asking *asking, uint8_t *bytes, size_t length, short events)
{
	ssize_t moved;

	asking->events = events;
	if (asking->tls) {
		moved = events == POLLOUT ?
		    asktls_write(asking->tls, bytes, length, &asking->events) :
		    asktls_read(asking->tls, bytes, length, &asking->events);
		if (moved < 0)
			fail(asking, asktls_why(asking->tls));
		return moved;
	}
	moved = events == POLLOUT ?
	    send(asking->fd, bytes, length, MSG_NOSIGNAL) :
	    recv(asking->fd, bytes, length, 0);
	if (moved < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (moved <= 0) {
		fail(asking, moved < 0 ? strerror(errno) :
		    "it closed the connection without an answer");
		return -1;
	}
	return moved;
}

static void
shake_hands(struct asking *asking)
{
	switch (asktls_shake(asking->tls, &asking->events)) {
	case ASKTLS_DONE:
		asking->phase = PHASE_SEND;
		asking->events = POLLOUT;
		break;
	case ASKTLS_LATER:
		break;
	case ASKTLS_FAILED:
		fail(asking, asktls_why(asking->tls));
		break;
	}
}

static void
send_stream(struct asking *asking)
{
	size_t length = 2 + asking->query_length;
	ssize_t moved = move(asking, asking->query + asking->sent,
	    length - asking->sent, POLLOUT);

	if (moved <= 0)
		return;
	asking->sent += (size_t)moved;
	if (asking->sent == length) {
		asking->phase = PHASE_READ;
		asking->events = POLLIN;
	}
}

static size_t
wanted_length(const struct asking *asking)
{
	return asking->got < 2 ? 2 : 2 + (size_t)wire_get16(asking->answer);
}

/* On until there is nothing more: what TLS holds already poll does not tell. */
static void
read_stream(struct asking *asking)
{
	ssize_t moved;

	while (asking->got < wanted_length(asking)) {
		moved = move(asking, asking->answer + asking->got,
		    wanted_length(asking) - asking->got, POLLIN);
		if (moved <= 0)
			return;
		asking->got += (size_t)moved;
	}
	if (!judge(asking, asking->answer + 2, asking->got - 2))
		fail(asking, "it answered something else");
}

/* ---- all of them ---- */

static void
step(struct asking *asking)
{
	if (asking->phase == PHASE_CONNECT && is_stream(asking))
		end_connect(asking);
	else if (asking->phase == PHASE_CONNECT)
		send_datagram(asking);
	else if (asking->phase == PHASE_HANDSHAKE)
		shake_hands(asking);
	else if (asking->phase == PHASE_SEND)
		send_stream(asking);
	else if (is_stream(asking))
		read_stream(asking);
	else
		read_datagram(asking);
}

/* In ms, until the limit or until something is to be sent again. */
static int
wait_ms(const struct asking *list, size_t count, int64_t end_ms)
{
	int64_t next_ms = end_ms, left_ms;

	for (size_t i = 0; i < count; i++)
		if (list[i].phase == PHASE_READ && !is_stream(&list[i]) &&
		    list[i].resend_ms < next_ms)
			next_ms = list[i].resend_ms;
	left_ms = next_ms - clock_mono_ms();
	return left_ms > 0 ? (int)left_ms : 0;
}

static void
send_again(struct asking *list, size_t count)
{
	int64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < count; i++)
		if (list[i].phase == PHASE_READ && !is_stream(&list[i]) &&
		    list[i].resend_ms <= now_ms)
			send_datagram(&list[i]);
}

static void
run(struct asking *list, size_t count, int64_t end_ms)
{
	struct pollfd polls[ASK_MAX];
	struct asking *of[ASK_MAX];

	while (clock_mono_ms() < end_ms) {
		nfds_t waiting = 0;

		for (size_t i = 0; i < count; i++)
			if (list[i].phase != PHASE_OVER) {
				of[waiting] = &list[i];
				polls[waiting++] = (struct pollfd){
				    list[i].fd, list[i].events, 0};
			}
		if (waiting == 0)
			return;
		if (poll(polls, waiting, wait_ms(list, count, end_ms)) < 0 &&
		    errno != EINTR)
			return;
		for (nfds_t i = 0; i < waiting; i++)
			if (polls[i].revents)
				step(of[i]);
		send_again(list, count);
	}
}

static void
prepare(struct asking *asking, struct ask_question *question,
    struct asktls_trust *trust)
{
	asking->question = question;
	question->outcome = ASK_SILENT;
	start(asking);
	if (asking->phase == PHASE_OVER || question->transport != ASK_TLS)
		return;
	asking->tls = asktls_new(trust, asking->fd, question->server);
	if (!asking->tls)
		fail(asking, asktls_trust_why(trust));
}

static void
finish(struct asking *asking)
{
	if (asking->question->outcome == ASK_SILENT)
		snprintf(asking->question->why, sizeof asking->question->why,
		    "%s", asking->phase == PHASE_CONNECT ?
		    "no connection" : asking->phase == PHASE_HANDSHAKE ?
		    "the TLS handshake does not end" : "no answer");
	if (asking->tls)
		asktls_free(asking->tls);
	if (asking->fd >= 0)
		close(asking->fd);
}

void
ask_all(struct ask_question *list, size_t count,
    const struct ask_limits *limits)
{
	int64_t end_ms = clock_mono_ms() + limits->time_ms;
	struct asktls_trust *trust = NULL;
	struct asking *all;
	void (*before)(int);

	if (count > ASK_MAX)
		count = ASK_MAX;
	all = memory_zeroed(count + 1, sizeof *all);
	before = signal(SIGPIPE, SIG_IGN);	/* OpenSSL writes plainly */
	for (size_t i = 0; i < count; i++) {
		if (list[i].transport == ASK_TLS && !trust)
			trust = asktls_trust_new(limits->ca_file);
		prepare(&all[i], &list[i], trust);
	}
	run(all, count, end_ms);
	for (size_t i = 0; i < count; i++)
		finish(&all[i]);
	if (trust)
		asktls_trust_free(trust);
	signal(SIGPIPE, before);
	free(all);
}
