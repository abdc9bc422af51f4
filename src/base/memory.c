/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/log.h"

#define OWN_LINES 128

_Noreturn void
memory_exhausted(void)
{
	log_error("out of memory");
	exit(MEMORY_EXIT);
}

void *
memory_alloc(size_t size)
{
	void *memory = malloc(size ? size : 1);

	if (!memory)
		memory_exhausted();
	return memory;
}

void *
memory_zeroed(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);

	if (!memory)
		memory_exhausted();
	return memory;
}

void *
memory_aligned(size_t alignment, size_t size)
{
	void *memory = aligned_alloc(alignment, size);

	if (!memory)
		memory_exhausted();
	return memory;
}

void *
memory_own(size_t size)
{
	size_t rounded = (size + OWN_LINES - 1) / OWN_LINES * OWN_LINES;

	return memset(memory_aligned(OWN_LINES, rounded), 0, rounded);
}

void *
memory_resize(void *old, size_t count, size_t size)
{
	void *memory;

	if (size && count > SIZE_MAX / size)
		memory_exhausted();
	memory = realloc(old, count && size ? count * size : 1);
	if (!memory)
		memory_exhausted();
	return memory;
}

char *
memory_string(const char *text)
{
	size_t length;

	if (!text)
		return NULL;
	length = strlen(text) + 1;
	return memcpy(memory_alloc(length), text, length);
}

char *
memory_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		memory_exhausted();
	va_end(args);
	return text;
}

FILE *
memory_stream(char **text, size_t *length)
{
	FILE *stream = open_memstream(text, length);

	if (!stream)
		memory_exhausted();
	return stream;
}

void
memory_stream_close(FILE *stream)
{
	int failed = ferror(stream);

	if (fclose(stream) != 0 || failed)
		memory_exhausted();
}

void
memory_give_back(void)
{
#ifdef __GLIBC__
	malloc_trim(0);
#endif
}
