/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"

#define LINE_MAX_BYTES 2048

/* Between the look for room and the writing nobody else writes: a pipe that has
 * room takes LOG_WRITE_MAX bytes without a wait (pipe(7)). */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static atomic_bool stuck;		/* it was waited for in vain */

static atomic_int current_level = LOG_LEVEL_INFO;

void
log_set_level(enum log_level level)
{
	atomic_store_explicit(&current_level, (int)level,
	    memory_order_relaxed);
}

enum log_level
log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&current_level,
	    memory_order_relaxed);
}

/* JOURNAL_STREAM is inherited by all that a service starts, a terminal
 * session's shell among them: it counts where it names our own stderr. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat status;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	    fstat(STDERR_FILENO, &status) == 0 &&
	    status.st_dev == device && status.st_ino == inode;
}

/* ---- to stderr ---- */

bool
log_wait(int timeout_ms)
{
	struct pollfd stream = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&stream, 1, timeout_ms) > 0;
}

static enum log_written
write_now(const char *bytes, size_t length)
{
	if (!log_wait(0))
		return LOG_FULL;
	if (write(STDERR_FILENO, bytes, length) >= 0)
		return LOG_WRITTEN;
	return errno == EAGAIN || errno == EINTR ? LOG_FULL : LOG_GONE;
}

enum log_written
log_write(const char *bytes, size_t length)
{
	enum log_written written;

	pthread_mutex_lock(&writing);
	written = write_now(bytes, length);
	pthread_mutex_unlock(&writing);
	return written;
}

/* What is left of the time that may be waited; none where it was in vain the
 * last time. */
static bool
wait_until(int64_t by_ms)
{
	int64_t left_ms = by_ms - clock_mono_ms();
	bool room = !atomic_load(&stuck) && left_ms > 0 &&
	    log_wait((int)left_ms);

	if (!room)
		atomic_store(&stuck, true);
	return room;
}

/* In pieces that a pipe takes whole.  Where stderr is gone there is nobody to
 * tell. */
static void
write_soon(const char *bytes, size_t length)
{
	int64_t by_ms = clock_mono_ms() + LOG_WAIT_MS;
	enum log_written written;
	size_t piece;

	while (length) {
		piece = length < LOG_WRITE_MAX ? length : LOG_WRITE_MAX;
		written = log_write(bytes, piece);
		if (written == LOG_GONE ||
		    (written == LOG_FULL && !wait_until(by_ms)))
			return;
		if (written == LOG_FULL)
			continue;
		atomic_store(&stuck, false);
		bytes += piece;
		length -= piece;
	}
}

static ssize_t
write_stream(void *cookie, const char *bytes, size_t length)
{
	(void)cookie;
	write_soon(bytes, length);
	return (ssize_t)length;
}

static FILE *stream;

static void
open_stream(void)
{
	stream = fopencookie(NULL, "w",
	    (cookie_io_functions_t){.write = write_stream});
	if (stream)
		setvbuf(stream, NULL, _IOLBF, LOG_WRITE_MAX);
	else
		stream = stderr;
}

FILE *
log_stream(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_stream);
	return stream;
}

/* ---- a line ---- */

/* journald reads the level from the front of the line (sd-daemon(3)). */
const char *
log_front(enum log_level level)
{
	static const char *const fronts[] = {"<3>", "<4>", "<5>", "<6>",
	    "<7>"};

	return is_journal() ? fronts[level] : "";
}

static size_t
write_front(char *line, enum log_level level)
{
	static const char *const words[] = {"error: ", "warning: ", "", "",
	    "debug: "};
	const char *front = log_front(level);

	if (*front)
		return (size_t)sprintf(line, "%s", front);
	return (size_t)sprintf(line, "hostler: %s", words[level]);
}

static void write_line(enum log_level level, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static void
write_line(enum log_level level, const char *fmt, va_list args)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES * 4 + 32];
	size_t at, left, take;

	vsnprintf(text, sizeof text, fmt, args);
	at = write_front(line, level);
	left = strlen(text);
	for (const char *from = text; left; from += take, left -= take) {
		take = printable_length(from, left);
		memcpy(line + at, from, take);
		at += take;
		if (take)
			continue;
		take = 1;
		at += (size_t)sprintf(line + at, "\\x%02x",
		    (unsigned char)*from);
	}
	line[at++] = '\n';
	write_soon(line, at);
}

static void log_at(enum log_level level, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static void
log_at(enum log_level level, const char *fmt, va_list args)
{
	if (level <= log_get_level())
		write_line(level, fmt, args);
}

void
log_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_at(LOG_LEVEL_ERROR, fmt, args);
	va_end(args);
}

void
log_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_at(LOG_LEVEL_WARNING, fmt, args);
	va_end(args);
}

void
log_notice(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_at(LOG_LEVEL_NOTICE, fmt, args);
	va_end(args);
}

void
log_info(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_at(LOG_LEVEL_INFO, fmt, args);
	va_end(args);
}

void
log_debug(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	log_at(LOG_LEVEL_DEBUG, fmt, args);
	va_end(args);
}
