/* SPDX-License-Identifier: BSD-2-Clause */
#include "takeover.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "sys/handover.h"
#include "sys/notify.h"

#define WAIT_MS 5000			/* a reload may be under way there */
#define WORDS_MAX 512

struct takeover {
	struct given *given;
	int old;			/* the connection; -1: none */
	pid_t old_pid;			/* 0: not known */
	int control;			/* -1: none, or taken */
	struct event *readable;
	struct workers *workers;
	struct takeover_hooks hooks;
	unsigned sockets, connections;	/* that came from the old one */
};

static void
take_passed(void *context, int fd, const char *name)
{
	struct takeover *takeover = context;
	const char *wrong = given_add(takeover->given, fd, name);

	if (!wrong)
		return;
	log_warning("socket '%s' of the service manager is not taken: %s",
	    name, wrong);
	notify_forget(name);
}

struct takeover *
takeover_new(void)
{
	struct takeover *takeover = memory_zeroed(1, sizeof *takeover);

	takeover->given = given_new();
	takeover->old = takeover->control = -1;
	notify_take_sockets(take_passed, takeover);
	return takeover;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
leave_old(struct takeover *takeover)
{
	if (takeover->readable)
		event_free(takeover->readable);
	takeover->readable = NULL;
	close_fd(&takeover->old);
}

void
takeover_free(struct takeover *takeover)
{
	if (!takeover)
		return;
	leave_old(takeover);
	close_fd(&takeover->control);
	if (takeover->given)
		given_free(takeover->given);
	free(takeover);
}

/* ---- asking ---- */

/* -1 with errno: ENOENT and ECONNREFUSED mean that nobody is there. */
static int
connect_to(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd, error;

	if (strlen(path) >= sizeof name.sun_path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(name.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	handover_limit(fd, WAIT_MS);
	handover_want_sender(fd);
	if (connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Read up to the end of a line or of the stream: the bytes behind a line are
 * not words any more. */
static size_t
read_words(int fd, char *words, size_t room, char end)
{
	size_t length = 0;

	while (length + 1 < room && recv(fd, words + length, 1, 0) == 1)
		if (words[length++] == end)
			break;
	words[length] = '\0';
	return length;
}

static enum takeover_result
hear_answer(struct takeover *takeover)
{
	char words[WORDS_MAX];

	takeover->old_pid = handover_find_sender(takeover->old);
	read_words(takeover->old, words, sizeof words, '\n');
	if (strcmp(words, "0\n") == 0)
		return TAKEOVER_AGREED;
	read_words(takeover->old, words, sizeof words, '\0');
	words[strcspn(words, "\n")] = '\0';
	log_error("the running hostler cannot be replaced: %s", *words ?
	    words : "it gives no answer");
	return TAKEOVER_REFUSED;
}

static void
keep_parcel(struct takeover *takeover, struct handover_parcel *parcel)
{
	for (unsigned i = 0; i < parcel->fd_count; i++) {
		int fd = parcel->fds[i];
		const char *wrong;

		parcel->fds[i] = -1;
		if (parcel->kind == HANDOVER_CONTROL &&
		    takeover->control < 0) {
			takeover->control = fd;
			continue;
		}
		wrong = given_add(takeover->given, fd, NULL);
		if (wrong)
			log_warning("a socket of the running hostler is not "
			    "taken: %s", wrong);
		else
			takeover->sockets++;
	}
}

static enum takeover_result
take_sockets(struct takeover *takeover)
{
	struct handover_parcel parcel = {.kind = HANDOVER_SOCKETS};
	enum handover_result result;

	do {
		result = handover_receive(takeover->old, &parcel);
		if (result != HANDOVER_WHOLE) {
			log_error("the running hostler cannot be replaced: "
			    "%s", handover_words(result));
			return TAKEOVER_REFUSED;
		}
		keep_parcel(takeover, &parcel);
		handover_close(&parcel);
	} while (parcel.kind != HANDOVER_END);
	return TAKEOVER_AGREED;
}

enum takeover_result
takeover_ask(struct takeover *takeover, const char *control_path)
{
	static const char line[] = "handover 1\n";
	enum takeover_result result = TAKEOVER_REFUSED;

	if (!control_path) {
		log_warning("nobody to replace can be found without a control "
		    "socket");
		return TAKEOVER_NOBODY;
	}
	takeover->old = connect_to(control_path);
	if (takeover->old < 0 && (errno == ENOENT || errno == ECONNREFUSED)) {
		log_notice("nobody to replace: no hostler answers at %s",
		    control_path);
		return TAKEOVER_NOBODY;
	}
	if (takeover->old < 0 || send(takeover->old, line, sizeof line - 1,
	    MSG_NOSIGNAL) != sizeof line - 1)
		log_error("the hostler at %s cannot be replaced: %s",
		    control_path, strerror(errno));
	else
		result = hear_answer(takeover);
	if (result == TAKEOVER_AGREED)
		result = take_sockets(takeover);
	return result;
}

bool
takeover_is_pending(const struct takeover *takeover)
{
	return takeover && takeover->old >= 0 && !takeover->readable;
}

bool
takeover_is_over(const struct takeover *takeover)
{
	return takeover->old < 0;
}

struct given *
takeover_given(struct takeover *takeover)
{
	return takeover->given;
}

int
takeover_control(struct takeover *takeover)
{
	int fd = takeover->control;

	takeover->control = -1;
	return fd;
}

/* ---- taking over ---- */

/* The manager's have its names; the others are the old one's. */
static void
refuse_rest(struct takeover *takeover)
{
	struct endpoint endpoint;
	char text[ENDPOINT_TEXT], *name;

	while (given_refuse(takeover->given, &endpoint, &name)) {
		if (!name) {
			takeover->hooks.left(takeover->hooks.context,
			    &endpoint);
			continue;
		}
		log_notice("socket '%s' of the service manager is closed: %s "
		    "is not in listen", name,
		    endpoint_print(&endpoint, text));
		notify_forget(name);
		free(name);
	}
	given_free(takeover->given);
	takeover->given = NULL;
}

static void
end_takeover(struct takeover *takeover)
{
	leave_old(takeover);
	takeover->hooks.ended(takeover->hooks.context);
}

/* It is stopped, or what it writes to hangs. */
static void
give_up_old(struct takeover *takeover)
{
	long long pid = takeover->old_pid;

	if (pid)
		log_warning("process %lld, which was replaced, does not end, "
		    "and is waited for no longer: see what holds it up, or end "
		    "it: kill -KILL %lld", pid, pid);
	else
		log_warning("the hostler that was replaced does not end, and "
		    "is waited for no longer: find it by pgrep hostler (this "
		    "one is %lld), see what holds it up, or end it by kill "
		    "-KILL", (long long)getpid());
	end_takeover(takeover);
}

/* After a long reload the time may be over, and something there to be read all
 * the same: that comes first. */
static void
on_parcel(evutil_socket_t fd, short what, void *context)
{
	struct takeover *takeover = context;
	struct handover_parcel parcel;

	if (!(what & EV_READ)) {
		give_up_old(takeover);
		return;
	}
	if (handover_receive(fd, &parcel) != HANDOVER_WHOLE) {
		log_notice("the old hostler has ended; %u TCP connections "
		    "came from it", takeover->connections);
		end_takeover(takeover);
		return;
	}
	if (parcel.kind == HANDOVER_CONNECTION && parcel.fd_count == 1) {
		workers_inherit(takeover->workers, parcel.fds[0],
		    parcel.bytes, parcel.length);
		takeover->connections++;
		return;
	}
	handover_close(&parcel);
}

void
takeover_done(struct takeover *takeover, struct event_base *base,
    struct workers *workers, const struct takeover_hooks *hooks)
{
	const struct timeval wait = {.tv_sec = TAKEOVER_WAIT_S};
	enum handover_result result;

	takeover->workers = workers;
	takeover->hooks = *hooks;
	refuse_rest(takeover);
	if (takeover->old < 0) {
		end_takeover(takeover);
		return;
	}
	result = handover_send_word(takeover->old, HANDOVER_DONE);
	if (result != HANDOVER_WHOLE) {
		log_warning("the hostler that was to be replaced has gone: "
		    "%s", handover_words(result));
		end_takeover(takeover);
		return;
	}
	log_notice("the old hostler is replaced: its %u sockets are served "
	    "here", takeover->sockets);
	takeover->readable = event_new(base, takeover->old,
	    EV_READ | EV_PERSIST, on_parcel, takeover);
	event_add(takeover->readable, &wait);
}
