/* SPDX-License-Identifier: BSD-2-Clause */
/* poison.h - room that nobody may touch now, told to the address sanitizer.
 *
 * It knows of malloc's blocks alone: what is cut from larger ones (pages.h) and
 * given back would be read unseen.  In a build without it nothing happens.
 *
 * Ends of the room lie on multiples of 8.  Any thread.
 */
#ifndef HOSTLER_BASE_POISON_H
#define HOSTLER_BASE_POISON_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define POISON_SEEN 1			/* gcc */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISON_SEEN 1			/* clang */
#endif
#endif

#ifdef POISON_SEEN
#include <sanitizer/asan_interface.h>
#endif

/* Reading or writing it is an error from now on ... */
static inline void
poison_room(const volatile void *room, size_t size)
{
#ifdef POISON_SEEN
	__asan_poison_memory_region(room, size);
#else
	(void)room;
	(void)size;
#endif
}

/* ... and no more. */
static inline void
poison_lift(const volatile void *room, size_t size)
{
#ifdef POISON_SEEN
	__asan_unpoison_memory_region(room, size);
#else
	(void)room;
	(void)size;
#endif
}

#endif
