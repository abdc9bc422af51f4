/* SPDX-License-Identifier: BSD-2-Clause */
/* links.h - lists whose members bring their own links: a struct link for each
 * list that one may be in.  Nothing is allocated.
 *
 * The one rule: a list stays where it is from links_init on, since its members
 * point to it.  One thread at a time.
 */
#ifndef HOSTLER_BASE_LINKS_H
#define HOSTLER_BASE_LINKS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

/* Zeroed before its first use. */
struct link {
	struct link *next, *before;	/* next NULL: in no list */
};

/* A ring: `ends` is before the first and behind the last. */
struct links {
	struct link ends;
};

static inline void
links_init(struct links *links)
{
	links->ends = (struct link){&links->ends, &links->ends};
}

static inline bool
links_has(const struct link *link)	/* is it in a list? */
{
	return link->next != NULL;
}

static inline void
links_append(struct links *links, struct link *link)	/* that is in none */
{
	assert(!links_has(link));
	*link = (struct link){&links->ends, links->ends.before};
	link->before->next = link;
	links->ends.before = link;
}

static inline void
links_remove(struct link *link)		/* from the list that it is in */
{
	link->before->next = link->next;
	link->next->before = link->before;
	link->next = NULL;
}

static inline struct link *
links_next(const struct links *links, const struct link *link)
{
	return link->next == &links->ends ? NULL : link->next;
}

static inline struct link *
links_first(const struct links *links)	/* NULL: there is none */
{
	return links_next(links, &links->ends);
}

/* Whose link it is, so many bytes into him; of NULL NULL. */
static inline void *
links_member(struct link *link, size_t offset)
{
	return link ? (char *)link - offset : NULL;
}

#endif
