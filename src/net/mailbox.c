/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/mailbox.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "net/loop.h"
#include "net/tls.h"

struct mailbox {
	pthread_mutex_t lock;
	struct mail *first, **end;
	unsigned count, max;
	int fd;
};

struct mailbox *
mailbox_new(unsigned max)
{
	struct mailbox *mailbox = memory_own(sizeof *mailbox);

	pthread_mutex_init(&mailbox->lock, NULL);
	mailbox->end = &mailbox->first;
	mailbox->max = max;
	mailbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (mailbox->fd < 0)
		loop_impossible("eventfd");
	return mailbox;
}

void
mailbox_free(struct mailbox *mailbox)
{
	struct mail *mail = mailbox_take(mailbox);

	while (mail) {
		struct mail *next = mail->next;

		if (mail->kind == MAIL_DONE)
			answer_release(mail->answer);
		if (mail->kind == MAIL_TRUST)
			tls_trust_release(mail->trust);
		if (mail->kind == MAIL_CONNECTION) {
			close(mail->fd);
			free(mail->bytes);
		}
		mail_free(mail);
		mail = next;
	}
	close(mailbox->fd);
	pthread_mutex_destroy(&mailbox->lock);
	free(mailbox);
}

static bool
is_order(const struct mail *mail)
{
	return mail->kind != MAIL_ASK && mail->kind != MAIL_DONE &&
	    mail->kind != MAIL_HURRY;
}

enum mailbox_result
mailbox_send(struct mailbox *mailbox, const struct mail *mail)
{
	struct mail *copy = malloc(sizeof *copy);
	uint64_t one = 1;
	bool first;

	if (!copy && !is_order(mail))
		return MAILBOX_FULL;
	assert(copy);
	*copy = *mail;
	copy->next = NULL;
	pthread_mutex_lock(&mailbox->lock);
	if (mailbox->count >= mailbox->max && !is_order(mail)) {
		pthread_mutex_unlock(&mailbox->lock);
		free(copy);
		return MAILBOX_FULL;
	}
	first = mailbox->count++ == 0;
	*mailbox->end = copy;
	mailbox->end = &copy->next;
	pthread_mutex_unlock(&mailbox->lock);
	/* Only fails where the counter is full: the reader is awake then. */
	if (first && write(mailbox->fd, &one, sizeof one) < 0)
		return MAILBOX_SENT;
	return MAILBOX_SENT;
}

int
mailbox_fd(const struct mailbox *mailbox)
{
	return mailbox->fd;
}

struct mail *
mailbox_take(struct mailbox *mailbox)
{
	struct mail *first;
	uint64_t count;

	/* Before the list is taken: a letter that comes later wakes again. */
	while (read(mailbox->fd, &count, sizeof count) > 0)
		continue;
	pthread_mutex_lock(&mailbox->lock);
	first = mailbox->first;
	mailbox->first = NULL;
	mailbox->end = &mailbox->first;
	mailbox->count = 0;
	pthread_mutex_unlock(&mailbox->lock);
	return first;
}

void
mail_free(struct mail *mail)
{
	free(mail);
}
