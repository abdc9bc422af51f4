/* SPDX-License-Identifier: BSD-2-Clause */
/* reply.h - what the floor answers, in the room of the question. */
#ifndef HOSTLER_BENCH_REPLY_H
#define HOSTLER_BENCH_REPLY_H

#include <stddef.h>
#include <stdint.h>

#define REPLY_MORE 64			/* the room needed behind a question */

enum reply_kind {
	/* One and the same A record, whatever is asked. */
	REPLY_FIXED,
	/* What makedata wrote down: the number in the first label, vm17, is
	 * the last bytes of the address; nx17 does not exist. */
	REPLY_NUMBERED,
};

/* packet: a question of length bytes, with REPLY_MORE behind it; becomes the
 * answer.  Its length; 0: it was none. */
size_t reply_make(enum reply_kind kind, uint8_t *packet, size_t length);

#endif
