/* SPDX-License-Identifier: BSD-2-Clause */
/* ask.h - a handful of DNS questions to a handful of servers, all at once, each
 * by the transport that it names, with one limit of time for all.
 *
 * For finding out whether servers answer; nothing is tried a second time but
 * UDP, which may lose a packet.  Plain sockets and OpenSSL: hostlerctl shares
 * no code with the daemon's own forwarding, on purpose: it looks from outside.
 *
 * The one rule: no question takes longer than the limit.  Answers are read with
 * the suspicion of dns/message.h.
 */
#ifndef HOSTLER_CTL_ASK_H
#define HOSTLER_CTL_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "dns/dname.h"

#define ASK_MAX 128			/* questions at once */
#define ASK_WHY 160

enum ask_transport {
	ASK_UDP,
	ASK_TCP,
	ASK_TLS,			/* RFC 7858, certificate verified */
};

enum ask_outcome {
	ASK_SILENT,			/* nothing, until the limit */
	ASK_ANSWERED,
	ASK_FAILED,			/* why says what happened */
};

struct ask_question {
	struct endpoint to;
	enum ask_transport transport;
	const char *server;		/* TLS: the name, or address, that the
					 * certificate must be for */
	struct dname name;
	uint16_t type;
	/* Filled in: */
	enum ask_outcome outcome;
	uint16_t rcode;			/* ANSWERED */
	int64_t took_us;
	char why[ASK_WHY];		/* FAILED, SILENT */
};

struct ask_limits {
	int64_t time_ms;
	const char *ca_file;		/* NULL: OpenSSL's default */
};

/* At most ASK_MAX; those above it are not asked and stay as they are. */
void ask_all(struct ask_question *list, size_t count,
    const struct ask_limits *limits);

#endif
