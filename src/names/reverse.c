/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/reverse.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"

#define MARKS 7u
#define RECORD_HEAD 12u			/* before rdata */

static struct node *
node_of(uint64_t link)
{
	return (struct node *)(uintptr_t)(link & ~(uint64_t)MARKS);
}

static const struct chunk_reverse *
listed_of(uint64_t link)
{
	return (const struct chunk_reverse *)(uintptr_t)(link &
	    ~(uint64_t)MARKS);
}

static uint64_t
link_of(const void *pointer, enum addr_mark mark)
{
	return (uintptr_t)pointer | (uint64_t)mark;
}

const uint8_t *
reverse_rdata(const struct node *node, enum addr_mark mark)
{
	const struct rrset *rrset = node_find(node,
	    mark == ADDR_A ? TYPE_A : TYPE_AAAA);

	assert(rrset != NULL);
	return rrset_wire(rrset) + RECORD_HEAD;
}

static struct addr
first_addr(const struct node *node, enum addr_mark mark)
{
	struct addr addr = { .family = mark == ADDR_A ? 4 : 6 };

	memcpy(addr.bytes, reverse_rdata(node, mark),
	    mark == ADDR_A ? 4 : 16);
	return addr;
}

struct reverse
reverse_of(uint64_t link)
{
	struct reverse reverse = { .link = link, .node = node_of(link) };
	const struct chunk_reverse *listed = listed_of(link);

	if ((link & MARKS) != ADDR_LISTED) {
		reverse.addr = first_addr(reverse.node, link & MARKS);
		return reverse;
	}
	reverse.node = listed->node;
	reverse.addr = listed->addr;
	return reverse;
}

/* Where the list has come to.  A bit stands for its place in the order of the
 * nodes: it can be set for the last one that has it or one behind, not for one
 * before, nor for the last one once another node's was listed behind it. */
struct order {
	uint32_t next;			/* the first that may have a bit */
	uint32_t before;		/* of what is listed now */
};

static bool
is_first(const struct node *node, const struct addr *addr)
{
	bool four = addr->family == 4;
	const struct rrset *rrset = node_find(node,
	    four ? TYPE_A : TYPE_AAAA);

	return rrset != NULL && memcmp(rrset_wire(rrset) + RECORD_HEAD,
	    addr->bytes, four ? 4 : 16) == 0;
}

static bool
mark_node(struct node *node, const struct addr *addr, struct order *order,
    uint32_t at)
{
	unsigned bit = addr->family == 4 ? NODE_REVERSE_A : NODE_REVERSE_AAAA;

	if (at < order->next || (node->reverse & bit) ||
	    !is_first(node, addr))
		return false;
	node->reverse |= (uint8_t)bit;
	order->next = at;
	order->before = at + 1;
	return true;
}

static bool
is_marked(const struct node *node, const struct addr *addr)
{
	unsigned bit = addr->family == 4 ? NODE_REVERSE_A : NODE_REVERSE_AAAA;

	return (node->reverse & bit) && is_first(node, addr);
}

/* What the list holds that no bit can stand for. */
struct listing {
	struct chunk_reverse *list;
	uint32_t count;
	uint32_t room;
};

static void
list_one(struct listing *listing, const struct chunk_reverse *one)
{
	if (listing->count == listing->room) {
		listing->room = listing->room * 2 + 16;
		listing->list = memory_resize(listing->list, listing->room,
		    sizeof(listing->list[0]));
	}
	listing->list[listing->count++] = *one;
}

void
reverse_set(struct chunk *chunk, const struct reverse_pending *list,
    uint32_t count)
{
	struct order order = { 0, 0 };
	struct listing listing = { 0 };

	for (uint32_t i = 0; i < count; i++) {
		const struct addr *addr = &list[i].addr;
		struct node *node = chunk_node(chunk, list[i].node);

		if (is_marked(node, addr))
			continue;
		chunk->reverse_count++;
		if (mark_node(node, addr, &order, list[i].node))
			continue;
		list_one(&listing, &(struct chunk_reverse){
			.node = node, .addr = *addr, .before = order.before,
		});
		if (list[i].node != order.next)
			order.next = order.before;
	}
	chunk->listed_count = listing.count;
	if (listing.count > 0)
		chunk->listed = arena_copy(chunk->arena, listing.list,
		    listing.count * sizeof(listing.list[0]));
	free(listing.list);
}

static bool
take_listed(const struct chunk *chunk, struct reverse_cursor *cursor,
    struct reverse *to)
{
	const struct chunk_reverse *one;

	if (cursor->listed == chunk->listed_count)
		return false;
	one = &chunk->listed[cursor->listed];
	if (one->before > cursor->node)
		return false;
	cursor->listed++;
	*to = (struct reverse){
		.node = one->node,
		.link = link_of(one, ADDR_LISTED),
		.addr = one->addr,
	};
	return true;
}

/* A node's bits come in the order of its RRsets. */
static uint32_t
take_marked(const struct chunk *chunk, struct reverse_cursor *cursor,
    struct reverse *to, uint32_t room)
{
	const struct node *node = chunk_node(chunk, cursor->node);
	unsigned left = node->reverse & ~(unsigned)cursor->done;
	const struct rrset *rrset = node_first(node);
	uint32_t count = 0;

	for (unsigned i = 0; left != 0 && count < room; i++) {
		const struct rrset *at = rrset;
		bool four = at->type == TYPE_A;
		unsigned bit = four ? NODE_REVERSE_A : NODE_REVERSE_AAAA;

		assert(i < node->rrset_count);
		rrset = rrset_next(at);
		if ((!four && at->type != TYPE_AAAA) || !(left & bit) ||
		    (at->flags & RRSET_OCCLUDED))
			continue;
		left &= ~bit;
		cursor->done |= (uint8_t)bit;
		to[count] = (struct reverse){
			.node = node,
			.link = link_of(node, four ? ADDR_A : ADDR_AAAA),
			.addr.family = four ? 4 : 6,
		};
		memcpy(to[count++].addr.bytes, rrset_wire(at) + RECORD_HEAD,
		    four ? 4 : 16);
	}
	return count;
}

uint32_t
reverse_walk(const struct chunk *chunk, struct reverse_cursor *cursor,
    struct reverse *to, uint32_t room)
{
	uint32_t count = 0;

	while (count < room) {
		if (take_listed(chunk, cursor, &to[count])) {
			count++;
			continue;
		}
		if (cursor->node == chunk->node_count)
			break;
		count += take_marked(chunk, cursor, to + count, room - count);
		if (count == room)
			break;
		cursor->node++;
		cursor->done = 0;
	}
	return count;
}

/* The first node whose bits come behind the link, or that has it. */
static const struct node *
node_behind(const struct chunk *chunk, uint64_t link)
{
	const struct chunk_reverse *listed = listed_of(link);

	if ((link & MARKS) != ADDR_LISTED)
		return node_of(link);
	return listed->before < chunk->node_count ?
	    chunk_node(chunk, listed->before) : NULL;
}

int
reverse_compare(const struct chunk *chunk, uint64_t a, uint64_t b)
{
	const struct node *x = node_behind(chunk, a);
	const struct node *y = node_behind(chunk, b);

	if (x != y && x != NULL && y != NULL)
		return x < y ? -1 : 1;
	if (x != y)
		return x != NULL ? -1 : 1;
	/* What is listed goes ahead of the node, and in the list's order. */
	if ((a & MARKS) == ADDR_LISTED && (b & MARKS) == ADDR_LISTED)
		return a < b ? -1 : a > b;
	if ((a & MARKS) == ADDR_LISTED)
		return -1;
	if ((b & MARKS) == ADDR_LISTED)
		return 1;
	if (a == b)
		return 0;
	return reverse_rdata(x, a & MARKS) < reverse_rdata(x, b & MARKS) ?
	    -1 : 1;
}
