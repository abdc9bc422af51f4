/* SPDX-License-Identifier: BSD-2-Clause */
/* epoch.h - when may what a reader could still see be freed?
 *
 * Quiescent-state-based reclamation on C11 atomics.  Each reader thread owns
 * a struct epoch_reader; it is online while it works on a batch and offline
 * while it sleeps.  A writer takes what it replaced out of sight (an atomic
 * store), calls epoch_advance() and may free it once epoch_passed() says that
 * every reader has been offline or online again since.
 *
 * liburcu's QSBR does the same; it has no annotations that ThreadSanitizer
 * reads, and what is needed of it here is this page.
 *
 * online: one exchange; offline: one store.  No lock, no wait.
 * Loads of published pointers are acquire loads inside online..offline.
 */
#ifndef HOSTLER_BASE_EPOCH_H
#define HOSTLER_BASE_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

struct epoch_reader;

/* Readers are registered before their first use and unregistered when their
 * thread has ended its last batch.  Never fail. */
struct epoch_reader *epoch_reader_new(void);
void epoch_reader_free(struct epoch_reader *reader);

void epoch_online(struct epoch_reader *reader);
void epoch_offline(struct epoch_reader *reader);

/* Writer: begin a new epoch, return its ticket; has every reader passed it? */
uint64_t epoch_advance(void);
bool epoch_passed(uint64_t ticket);

#endif
