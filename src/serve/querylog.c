/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/querylog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "serve/losses.h"

#define BUFFER_BYTES 65536
#define MODE 0640

enum outlet {
	OUTLET_NONE,
	OUTLET_STDERR,
	OUTLET_FILE,
};

/* Lines wait in buffer[0..used); the first `cut` bytes are the end of a line
 * whose beginning a full disk still took: they go out before anything else, so
 * that no line is ever mixed with another. */
struct querylog {
	struct observer *observer;
	unsigned sink;
	pthread_mutex_t lock;		/* of all that follows */
	enum querylog_queries queries;
	struct queryline_style style;
	enum outlet outlet;
	int fd;				/* of a file */
	size_t piece;			/* bytes that are written at once */
	const char *front;		/* of a line, for journald */
	bool stuck;			/* it took nothing for long */
	char buffer[BUFFER_BYTES];
	size_t used, cut;
	_Atomic uint64_t written;
	struct losses losses;
	int error;			/* of the last writing that failed */
	int reason;			/* why lines were lost; 0: in a ring */
};

/* ---- writing, in the observer's thread ---- */

/* Bytes that went out; 0: none now, *more says whether a wait may help. */
static size_t
put(struct querylog *log, const char *bytes, size_t length, bool *more)
{
	enum log_written written;
	ssize_t n;

	if (log->outlet == OUTLET_STDERR) {
		written = log_write(bytes, length);
		*more = written == LOG_FULL;
		if (written != LOG_WRITTEN)
			log->error = *more ? EAGAIN : EPIPE;
		return written == LOG_WRITTEN ? length : 0;
	}
	n = write(log->fd, bytes, length);
	if (n < 0)
		log->error = errno;
	else if ((size_t)n < length)
		log->error = ENOSPC;
	*more = n < 0 && (errno == EAGAIN || errno == EINTR);
	return n > 0 ? (size_t)n : 0;
}

static bool
wait_for_room(const struct querylog *log, int64_t by_ms)
{
	struct pollfd file = {.fd = log->fd, .events = POLLOUT};
	int64_t left_ms = by_ms - clock_mono_ms();

	if (log->stuck || left_ms <= 0)
		return false;
	return log->outlet == OUTLET_STDERR ? log_wait((int)left_ms) :
	    poll(&file, 1, (int)left_ms) > 0;
}

static unsigned
count_lines(const char *bytes, size_t length)
{
	unsigned count = 0;

	for (const char *at = bytes, *end = bytes + length;
	     (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		count++;
	return count;
}

/* Whole lines of the buffer from `at` on, as many as go in one piece. */
static size_t
next_piece(const struct querylog *log, size_t at)
{
	size_t left = log->used - at;
	const char *end;

	if (left <= log->piece)
		return left;
	end = memrchr(log->buffer + at, '\n', log->piece);
	return (size_t)(end + 1 - (log->buffer + at));
}

/* As much as is taken; returns how far that is. */
static size_t
write_pieces(struct querylog *log)
{
	int64_t by_ms = clock_mono_ms() + LOG_WAIT_MS;
	size_t at = 0, length, taken;
	bool more = true;

	while (at < log->used) {
		length = next_piece(log, at);
		taken = put(log, log->buffer + at, length, &more);
		at += taken;
		if (taken > 0)
			log->stuck = false;
		if (taken == length)
			continue;
		if (taken == 0 && more && wait_for_room(log, by_ms))
			continue;
		log->stuck = true;
		break;
	}
	return at;
}

/* What was not taken up to `at` is lost, but for the end of a line that was cut
 * there. */
static void
drop_rest(struct querylog *log, size_t at)
{
	const char *end;
	unsigned lost;
	size_t keep = 0;

	if (at < log->cut) {
		keep = log->cut - at;
	} else if (at > 0 && at < log->used && log->buffer[at - 1] != '\n') {
		end = memchr(log->buffer + at, '\n', log->used - at);
		keep = (size_t)(end + 1 - (log->buffer + at));
	}
	lost = count_lines(log->buffer + at + keep, log->used - at - keep);
	losses_add(&log->losses, lost);
	if (lost)
		log->reason = log->error;
	memmove(log->buffer, log->buffer + at, keep);
	log->cut = log->used = keep;
}

static void
write_out(struct querylog *log)
{
	size_t at;

	if (log->outlet == OUTLET_NONE) {
		log->used = log->cut = 0;
		return;
	}
	at = write_pieces(log);
	log->written += count_lines(log->buffer, at);
	drop_rest(log, at);
}

/* Not to a stderr that does not take it. */
static void
tell_lost(struct querylog *log)
{
	uint64_t count;
	char text[64];

	if (log->outlet == OUTLET_STDERR && log->stuck)
		return;
	count = losses_untold(&log->losses);
	if (count == 0)
		return;
	log_warning("%llu lines of the query log are lost: %s",
	    (unsigned long long)count, log->reason == 0 ?
	    "there are more queries than it can be written for" :
	    log->reason == EAGAIN ? "they are not read fast enough" :
	    strerror_r(log->reason, text, sizeof text));
	log->reason = 0;
}

static void
see(void *context, const struct sighting *seen, int64_t wall_ns)
{
	struct querylog *log = context;

	pthread_mutex_lock(&log->lock);
	if (log->used + QUERYLINE_MAX + 8 > sizeof log->buffer)
		write_out(log);
	if (log->queries == QUERYLOG_ALL || (seen->rcode != RCODE_NOERROR &&
	    log->queries == QUERYLOG_FAILURES)) {
		size_t front = strlen(log->front);

		memcpy(log->buffer + log->used, log->front, front);
		log->used += front + queryline_write(
		    log->buffer + log->used + front, &log->style, seen,
		    wall_ns);
	}
	pthread_mutex_unlock(&log->lock);
}

static void
flush(void *context)
{
	struct querylog *log = context;

	pthread_mutex_lock(&log->lock);
	write_out(log);
	if (log->queries != QUERYLOG_OFF)
		tell_lost(log);
	pthread_mutex_unlock(&log->lock);
}

/* ---- main's side ---- */

struct querylog *
querylog_new(struct observer *observer)
{
	struct querylog *log = memory_zeroed(1, sizeof *log);

	pthread_mutex_init(&log->lock, NULL);
	log->observer = observer;
	losses_init(&log->losses, observer);
	log->fd = -1;
	log->front = "";
	log->sink = observer_add(observer,
	    &(struct observer_sink){see, flush, log});
	return log;
}

static void
close_file(struct querylog *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

void
querylog_free(struct querylog *log)
{
	if (!log)
		return;
	close_file(log);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

/* A pipe that has no reader, or none that reads, holds nobody up. */
static int
open_file(const char *path, char **wrong)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC, MODE);
	char text[64];

	if (fd < 0)
		*wrong = memory_string(errno == ENXIO ?
		    "nobody reads from this pipe" :
		    strerror_r(errno, text, sizeof text));
	return fd;
}

static bool
is_regular(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* What was seen so far goes where it belongs. */
static void
turn_to(struct querylog *log, enum outlet outlet, int fd)
{
	write_out(log);
	log->used = log->cut = 0;
	close_file(log);
	log->outlet = outlet;
	log->fd = fd;
	log->stuck = false;
	log->piece = outlet == OUTLET_FILE && is_regular(fd) ?
	    sizeof log->buffer : LOG_WRITE_MAX;
}

static void
take_style(struct querylog *log, const struct querylog_settings *settings)
{
	if (settings->queries == QUERYLOG_OFF)
		losses_turn_off(&log->losses);
	else
		losses_turn_on(&log->losses);
	log->queries = settings->queries;
	log->style = (struct queryline_style){
	    .format = settings->format,
	    .clock = log->outlet == OUTLET_FILE ? QUERYLINE_TIMED :
		QUERYLINE_UNTIMED,
	    .bits4 = settings->bits4,
	    .bits6 = settings->bits6,
	};
	log->front = log->outlet == OUTLET_STDERR ?
	    log_front(LOG_LEVEL_INFO) : "";
}

static unsigned
wants_of(const struct querylog *log)
{
	if (log->outlet == OUTLET_NONE || log->queries == QUERYLOG_OFF)
		return 0;
	return log->queries == QUERYLOG_ALL ? SIGHTING_ANY : SIGHTING_FAILURE;
}

char *
querylog_set(struct querylog *log, const struct querylog_settings *settings)
{
	bool on = settings->queries != QUERYLOG_OFF;
	char *wrong = NULL;
	unsigned wants;
	int fd = -1;

	if (on && settings->file)
		fd = open_file(settings->file, &wrong);
	pthread_mutex_lock(&log->lock);
	if (!wrong)
		turn_to(log, !on ? OUTLET_NONE : settings->file ?
		    OUTLET_FILE : OUTLET_STDERR, fd);
	take_style(log, settings);
	wants = wants_of(log);
	pthread_mutex_unlock(&log->lock);
	observer_want(log->observer, log->sink, wants);
	return wrong;
}

bool
querylog_is_on(struct querylog *log)
{
	bool on;

	pthread_mutex_lock(&log->lock);
	on = wants_of(log) != 0;
	pthread_mutex_unlock(&log->lock);
	return on;
}

struct querylog_counts
querylog_count(const struct querylog *log)
{
	return (struct querylog_counts){log->written,
	    losses_count(&log->losses)};
}
