/* SPDX-License-Identifier: BSD-2-Clause */
/* mailbox.h - how one thread tells another: a bounded list under a lock, and an
 * eventfd that wakes the reader.
 *
 * Many writers, one reader.  Everything that a letter carries is a copy or a
 * reference that goes over with it.  Not on the path of a local answer.
 */
#ifndef HOSTLER_NET_MAILBOX_H
#define HOSTLER_NET_MAILBOX_H

#include <semaphore.h>
#include <stdint.h>

#include "net/listen.h"
#include "query/forward.h"

enum mail_kind {
	MAIL_ASK,			/* a question that belongs here */
	MAIL_DONE,			/* its answer, for a waiting query */
	MAIL_HURRY,			/* that this will take long, or fail */
	MAIL_ADD,			/* a listener to serve */
	MAIL_LEAVE,			/* a listener to answer and let go */
	MAIL_DROP,			/* a listener to let go at once */
	MAIL_CONNECTION,		/* a client's, that another had */
	MAIL_POLICY,			/* a new policy was published */
	MAIL_TRUST,			/* whom to believe by TLS */
	MAIL_STOP,
};

struct mail {
	struct mail *next;
	enum mail_kind kind;
	struct forward_waiter waiter;	/* ASK, DONE, HURRY */
	struct forward_question question;	/* ASK */
	struct answer *answer;		/* DONE: a reference */
	struct listener *listener;	/* ADD, LEAVE, DROP */
	struct tls_trust *trust;	/* TRUST: a reference */
	int fd;				/* CONNECTION: goes over with it */
	uint8_t *bytes;			/* CONNECTION: likewise */
	size_t length;
	sem_t *done;			/* ADD, LEAVE, DROP: posted when done */
	unsigned wait_ms;		/* STOP */
};

enum mailbox_result {
	MAILBOX_SENT,
	MAILBOX_FULL,
};

struct mailbox;
struct tls_trust;

struct mailbox *mailbox_new(unsigned max);
void mailbox_free(struct mailbox *mailbox);	/* and what is in it */

/* Any thread.  Copies the letter.  Orders of main (ADD, LEAVE, DROP,
 * CONNECTION, POLICY, TRUST, STOP) are never refused; the others where max
 * letters wait. */
enum mailbox_result mailbox_send(struct mailbox *mailbox,
    const struct mail *mail);

/* The reader: the descriptor to watch; all letters in the order they came,
 * each to be freed with mail_free once it is read. */
int mailbox_fd(const struct mailbox *mailbox);
struct mail *mailbox_take(struct mailbox *mailbox);
void mail_free(struct mail *mail);	/* not what it refers to */

#endif
