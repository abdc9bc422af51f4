/* SPDX-License-Identifier: BSD-2-Clause */
/* queryline.h - one answered query as a line of text or of JSON.
 *
 * Text is CoreDNS's common format, which tools know how to read:
 *
 *	{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do}
 *	{>bufsize}" {rcode} {>rflags} {rsize} {duration}
 *
 *	10.0.0.7:50759 - 29008 "A IN web.lab.test. udp 41 false 1232" NOERROR
 *	qr,aa,rd,ra 57 0.000024817s
 *
 * on one line.  As there: an IPv6 client stands in [ ], the name is in small
 * letters with its final dot, bufsize is 512 (over TCP 65535) without EDNS,
 * what could not be read is "-" and the name then ".".  rsize is what went out.
 * Ahead of it goes "[INFO] ", and where the lines have no clock beside them (a
 * file) the time of the answer: 2026-05-04T09:01:02.345Z.
 *
 * JSON has the same facts by those names, and time, source, server (the address
 * that was asked) and ede where there is one.
 *
 * The name is written as in zone files (RFC 1035 5.1), a double quote as \034:
 * nothing that a packet holds ends the line, a quoted part of it, or steers a
 * terminal.  Pure; thread-safe.
 */
#ifndef HOSTLER_SERVE_QUERYLINE_H
#define HOSTLER_SERVE_QUERYLINE_H

#include "net/sighting.h"

#define QUERYLINE_MAX 2048

enum queryline_format {
	QUERYLINE_TEXT,
	QUERYLINE_JSON,
};

enum queryline_clock {
	QUERYLINE_UNTIMED,		/* text alone: in JSON time is always */
	QUERYLINE_TIMED,
};

struct queryline_style {
	enum queryline_format format;
	enum queryline_clock clock;
	uint8_t bits4, bits6;		/* of clients' addresses that are shown,
					 * the others are 0; 32 and 128: all */
};

/* Into `to`, with a line end and no NUL; returns the bytes.  wall_ns: Unix time
 * of the answer. */
size_t queryline_write(char to[QUERYLINE_MAX],
    const struct queryline_style *style, const struct sighting *seen,
    int64_t wall_ns);

#endif
