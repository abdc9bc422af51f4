/* SPDX-License-Identifier: BSD-2-Clause */
/* memory.h - allocation that the cold paths need not check.
 *
 * For loading, configuration and operation, where a machine out of memory
 * leaves nothing sensible to do: these end the process with status MEMORY_EXIT
 * and one log line.  The path of a query does not allocate; the path of a
 * forwarded query uses plain malloc and answers SERVFAIL where it fails.
 */
#ifndef HOSTLER_BASE_MEMORY_H
#define HOSTLER_BASE_MEMORY_H

#include <stddef.h>
#include <stdio.h>

#define MEMORY_EXIT 4			/* the status */

void *memory_alloc(size_t size);		/* not zeroed */
void *memory_zeroed(size_t count, size_t size);
/* size is a multiple of alignment, a power of two; not zeroed. */
void *memory_aligned(size_t alignment, size_t size);
/* For what one thread writes all the time: zeroed, and nothing else is on its
 * cache lines, nor on their neighbours, which come with them (128 bytes). */
void *memory_own(size_t size);
void *memory_resize(void *old, size_t count, size_t size);
/* For who asks the system itself: ends the process as these do. */
_Noreturn void memory_exhausted(void);
char *memory_string(const char *text);		/* a copy; NULL stays NULL */
char *memory_format(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* open_memstream(3): text grows as it is written.  memory_stream_close gives it
 * (the caller frees it, length bytes and a NUL). */
FILE *memory_stream(char **text, size_t *length);
void memory_stream_close(FILE *stream);

/* Much was freed: give the system what the C library keeps of it, where that
 * can be asked for.  Not for a thread that answers. */
void memory_give_back(void);

#endif
