/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable.h"

#define LINE_MAX_BYTES 2048

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

/* journald reads the level from the front of the line (sd-daemon(3)). */
static size_t
write_front(char *line, enum log_level level)
{
	static const char *const words[] = {"error: ", "warning: ", "", "",
	    "debug: "};
	static const int priorities[] = {3, 4, 5, 6, 7};

	if (is_journal())
		return (size_t)sprintf(line, "<%d>", priorities[level]);
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
	/* Where stderr is gone there is nobody to tell. */
	if (write(STDERR_FILENO, line, at) < 0)
		return;
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
