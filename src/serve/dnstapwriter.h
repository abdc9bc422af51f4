/* SPDX-License-Identifier: BSD-2-Clause */
/* dnstapwriter.h - frames of dnstap to a Unix socket or a file, by a thread of
 * its own: Frame Streams, by libfstrm.
 *
 * Frames go through a ring (base/ring.h), so that nobody waits for a reader:
 * what the ring does not take its writer counts as lost.  While there is no
 * reader at the socket the ring keeps what came first; the socket is tried
 * every DNSTAPWRITER_AGAIN_MS.  A reader may come, go and come back; what was
 * on its way to one that went is lost, and counted.
 *
 * A file begins with nothing in it: where there is one with something in it,
 * that is renamed to FILE.20260504T090102Z first.  What a full disk cut is
 * taken away again, so that the file stays whole.
 *
 * libfstrm has a thread for this too (fstrm_iothr), which is not used: it waits
 * for a reader that does not read without an end, its own included, and throws
 * away uncounted what comes while there is none.
 *
 * Started, stopped and freed by main's thread.
 */
#ifndef HOSTLER_SERVE_DNSTAPWRITER_H
#define HOSTLER_SERVE_DNSTAPWRITER_H

#include <stdbool.h>

#include "base/ring.h"

#define DNSTAPWRITER_RING_BYTES (4u << 20)
#define DNSTAPWRITER_AGAIN_MS 500

struct dnstapwriter;

struct dnstapwriter_counts {
	_Atomic uint64_t written, lost;
};

struct dnstapwriter_settings {
	const char *socket;		/* or NULL, and: */
	const char *file;
	struct dnstapwriter_counts *counts; /* added to; outlives it */
};

/* NULL: the file cannot be opened, *wrong says why, to be freed. */
struct dnstapwriter *dnstapwriter_start(
    const struct dnstapwriter_settings *settings, char **wrong);

/* Where frames go in, by one thread at a time; then it has to be woken. */
struct ring *dnstapwriter_ring(struct dnstapwriter *writer);
void dnstapwriter_wake(struct dnstapwriter *writer);

/* Is that still its file: there, and not renamed? */
bool dnstapwriter_has_file(const struct dnstapwriter *writer,
    const char *file);

/* Write what is in the ring, as far as it is taken within wait_ms, and end.  No
 * frame is put in any more. */
void dnstapwriter_stop(struct dnstapwriter *writer, unsigned wait_ms);

#endif
