/* SPDX-License-Identifier: BSD-2-Clause */
/* log.h - one line to stderr for people.
 *
 * Thread-safe: a line is one write(2).  Bytes that are not printable are
 * escaped, so that nothing from a packet or a file can forge a line.  Where
 * stderr is journald's the level goes ahead as <N>.  Nothing that a
 * stranger sends may cause a line above debug.
 */
#ifndef HOSTLER_BASE_LOG_H
#define HOSTLER_BASE_LOG_H

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

#endif
