/* SPDX-License-Identifier: BSD-2-Clause */
/* handover.h - descriptors from one process to another, over a UNIX stream.
 *
 * They travel in parcels: what it is, up to HANDOVER_FDS_MAX descriptors, up to
 * HANDOVER_BYTES_MAX bytes.  A parcel comes whole or not at all: descriptors
 * that came with something else are closed before the receiver hears of it.
 * A parcel says nothing of the descriptors that they do not say themselves
 * (given.h asks them).
 *
 * The calls wait for the peer, for as long as handover_limit says; without it,
 * for ever.  No state: any thread, but one at a time sends and one receives.
 */
#ifndef HOSTLER_SYS_HANDOVER_H
#define HOSTLER_SYS_HANDOVER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HANDOVER_FDS_MAX 250		/* the kernel's limit is 253 */
#define HANDOVER_BYTES_MAX (256 << 10)

/* The numbers are what two versions of hostler have in common. */
enum handover_kind {
	HANDOVER_SOCKETS = 1,		/* at which clients ask */
	HANDOVER_CONTROL = 2,		/* at which hostlerctl asks; one */
	HANDOVER_END = 3,		/* those were all of them */
	HANDOVER_DONE = 4,		/* the receiver serves: let them go */
	HANDOVER_CONNECTION = 5,	/* of a client, one; and what it said
					 * that is not answered yet */
};

struct handover_parcel {
	enum handover_kind kind;
	unsigned fd_count;
	int fds[HANDOVER_FDS_MAX];
	uint8_t *bytes;			/* NULL where length is 0 */
	size_t length;
};

enum handover_result {
	HANDOVER_WHOLE,
	HANDOVER_ENDED,			/* the peer has closed, between two */
	HANDOVER_BROKEN,		/* what came is no parcel, or cut off */
	HANDOVER_FAILED,		/* errno says why; EAGAIN: too late */
};

/* Sending and receiving fail after so many ms without progress. */
void handover_limit(int fd, unsigned ms);

/* What is sent stays the caller's: its descriptors are to be closed, if it does
 * not use them any more.  HANDOVER_FAILED: nothing of it went out; BROKEN: a
 * part did, and nothing more can be sent there. */
enum handover_result handover_send(int fd,
    const struct handover_parcel *parcel);
enum handover_result handover_send_word(int fd, enum handover_kind kind);

/* HANDOVER_WHOLE: the descriptors (close-on-exec) and bytes are the caller's;
 * handover_close is for what it does not keep. */
enum handover_result handover_receive(int fd, struct handover_parcel *parcel);

/* Close the descriptors that are not -1, free the bytes. */
void handover_close(struct handover_parcel *parcel);

/* Why, in words, static or strerror's. */
const char *handover_words(enum handover_result result);

/* Who connected: 0, and the process and its user as they were then; -1: it
 * cannot be known.  (The other end would learn who called listen, which need
 * not be who answers.) */
struct handover_peer {
	pid_t pid;
	uid_t uid;
};
int handover_find_peer(int fd, struct handover_peer *peer);

/* The connecting end learns it with what is said: handover_want_sender before
 * it connects, handover_find_sender before it reads anything.  That waits for
 * the first byte, leaves it there, and is for once; 0: it cannot be known. */
void handover_want_sender(int fd);
pid_t handover_find_sender(int fd);

#endif
