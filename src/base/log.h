/* SPDX-License-Identifier: BSD-2-Clause */
/* log.h - one line to stderr for people.
 *
 * Thread-safe: a line is one write(2).  Bytes that are not printable are
 * escaped, so that nothing from a packet or a file can forge a line.  Where
 * stderr is journald's the level goes ahead as <N>.  Nothing that a
 * stranger sends may cause a line above debug.
 *
 * Where nobody reads stderr (a full pipe) the first that has something to say
 * waits for LOG_WAIT_MS, and then nobody until it is read again: what does not
 * fit is lost.
 */
#ifndef HOSTLER_BASE_LOG_H
#define HOSTLER_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define LOG_WAIT_MS 100
#define LOG_WRITE_MAX 4096		/* what a pipe takes in one piece */

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

void log_set_level(enum log_level level);
enum log_level log_get_level(void);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* stderr for text of many lines (diagnostics), under the same rule; it flushes
 * each line. */
FILE *log_stream(void);

/* Whole lines of others' making (the query log's), LOG_WRITE_MAX bytes at most,
 * without a wait. */
enum log_written {
	LOG_WRITTEN,
	LOG_FULL,			/* not now; nothing was written */
	LOG_GONE,			/* nor later: closed, a full disk */
};
enum log_written log_write(const char *bytes, size_t length);
/* Wait until it may; false: it did not in this time. */
bool log_wait(int timeout_ms);
/* What journald wants ahead of a line of this level, or "". */
const char *log_front(enum log_level level);

#endif
