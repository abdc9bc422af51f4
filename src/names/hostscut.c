/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/hostscut.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

uint64_t
hostscut_hash(const struct source_spec *spec, size_t at, const char *bytes,
    size_t length)
{
	static const struct hash_key fixed = {0x686f7374732d6669, 0x6c652d7631};
	struct hash_key key = fixed;
	uint64_t hash;

	if (spec->has_domain)
		key.k0 ^= hash_siphash13(&fixed, spec->domain.wire,
		    spec->domain.length);
	key.k1 ^= (uint64_t)spec->ttl << 32 | (at == 0);
	hash = hash_siphash13(&key, bytes, length);
	return hash != 0 ? hash : 1;
}

bool
hostscut_is_apart(const struct hostscut *cut, size_t length)
{
	return parts_workers(cut->parts) > 1 && length > cut->sizes->apart;
}

/* ---- what is the same ---- */

/* Does a line begin between these two bytes of a file? */
static bool
is_line_start(char before, char after)
{
	return before == '\n' || (before == '\r' && after != '\n');
}

/* The text and a byte on each side of it. */
static bool
is_same(const struct hostscut *cut, struct pieces *pieces,
    const struct chunk *chunk, size_t at)
{
	size_t length = chunk->text_length, end = at + length;
	size_t ahead = at > 0, behind = end < cut->text->length;
	const char *bytes = pieces_get(pieces, at - ahead, end + behind);

	if (bytes == NULL)
		return false;
	bytes += ahead;
	if (ahead && !is_line_start(bytes[-1], bytes[0]))
		return false;
	if (behind && !is_line_start(bytes[length - 1], bytes[length]))
		return false;
	return hostscut_hash(cut->spec, at, bytes, length) ==
	    chunk->text_hash;
}

/* By several threads: so many that starting these does not matter, and what is
 * compared in vain behind the first that differs does not either. */
#define ROW 1024u

/* Old chunks one after the other, from the edge of what is not compared yet,
 * and where each would be. */
struct row {
	const struct hostscut *cut;
	struct pieces *pieces;		/* one a worker */
	unsigned workers;
	struct candidate {
		const struct chunk *chunk;
		size_t at;
		bool same;
	} *candidates;
	unsigned count;
	unsigned room;			/* one by one: 1 */
};

enum edge {
	EDGE_HEAD,
	EDGE_TAIL,
};

static void
compare_one(void *argument, unsigned part, unsigned worker)
{
	struct row *row = argument;
	struct candidate *candidate = &row->candidates[part];

	candidate->same = is_same(row->cut, &row->pieces[worker],
	    candidate->chunk, candidate->at);
}

static void
start_row(struct row *row, const struct hostscut *cut)
{
	bool apart = hostscut_is_apart(cut, cut->text->length);

	row->cut = cut;
	row->room = apart ? ROW : 1;
	row->workers = apart ? parts_workers(cut->parts) : 1;
	row->candidates = memory_alloc(row->room *
	    sizeof(row->candidates[0]));
	row->pieces = memory_zeroed(row->workers, sizeof(row->pieces[0]));
	for (unsigned i = 0; i < row->workers; i++)
		pieces_init(&row->pieces[i], cut->text, cut->fetch);
}

static void
end_row(struct row *row)
{
	for (unsigned i = 0; i < row->workers; i++)
		pieces_fini(&row->pieces[i]);
	free(row->pieces);
	free(row->candidates);
}

static void
fill_row(struct row *row, const struct hostscut_same *same,
    struct chunk *const *old, enum edge edge)
{
	uint32_t left = same->tail - same->head;
	size_t from = same->from, to = same->to;

	row->count = 0;
	while (row->count < row->room && row->count < left) {
		const struct chunk *chunk = edge == EDGE_HEAD ?
		    old[same->head + row->count] :
		    old[same->tail - 1 - row->count];

		if (chunk->text_hash == 0 || chunk->text_length == 0 ||
		    chunk->text_length > to - from)
			return;
		if (edge == EDGE_TAIL)
			to -= chunk->text_length;
		row->candidates[row->count++] = (struct candidate){
			.chunk = chunk,
			.at = edge == EDGE_HEAD ? from : to,
		};
		if (edge == EDGE_HEAD)
			from += chunk->text_length;
	}
}

/* Up to the first that is not the same; how many are. */
static unsigned
take_row(const struct row *row, struct hostscut_same *same, enum edge edge)
{
	unsigned found = 0;
	size_t bytes = 0;

	while (found < row->count && row->candidates[found].same)
		bytes += row->candidates[found++].chunk->text_length;
	if (edge == EDGE_HEAD) {
		same->head += found;
		same->from += bytes;
	} else {
		same->tail -= found;
		same->to -= bytes;
	}
	return found;
}

static void
compare_edge(struct row *row, struct hostscut_same *same,
    struct chunk *const *old, enum edge edge)
{
	const struct parts *parts = row->workers > 1 ? row->cut->parts : NULL;
	unsigned found;

	do {
		struct parts_work work = {compare_one, row, 0};

		fill_row(row, same, old, edge);
		work.count = row->count;
		parts_run(parts, &work);
		found = take_row(row, same, edge);
	} while (found > 0 && found == row->count);
}

/* A small neighbour of what is new is parsed with it: else a file to which line
 * after line is appended would be a chunk for each. */
static void
give_back_crumbs(const struct hostscut *cut, struct hostscut_same *same,
    struct chunk *const *old, uint32_t count)
{
	size_t small = cut->sizes->chunk / 2;

	if (same->from == same->to)
		return;
	if (same->head > 0 && old[same->head - 1]->text_length < small)
		same->from -= old[--same->head]->text_length;
	if (same->tail < count && old[same->tail]->text_length < small)
		same->to += old[same->tail++]->text_length;
}

struct hostscut_same
hostscut_compare(const struct hostscut *cut, struct chunk *const *old,
    uint32_t count)
{
	struct hostscut_same same = {.tail = count, .to = cut->text->length};
	struct row row;

	if (count == 0)
		return same;
	start_row(&row, cut);
	compare_edge(&row, &same, old, EDGE_HEAD);
	compare_edge(&row, &same, old, EDGE_TAIL);
	end_row(&row);
	give_back_crumbs(cut, &same, old, count);
	return same;
}

/* ---- where chunks end ---- */

#define PEEK 512u

static size_t
end_behind(struct pieces *pieces, size_t at, size_t end)
{
	const char *bytes = pieces_get(pieces, at, at + 2 < end ? at + 2 : end);

	if (bytes == NULL)
		return 0;
	return end - at > 1 && bytes[0] == '\r' && bytes[1] == '\n' ?
	    at + 2 : at + 1;
}

/* Behind the end of the line that the byte at `at` is in. */
static size_t
find_line_end(struct pieces *pieces, size_t at, size_t end)
{
	while (at < end) {
		size_t to = end - at > PEEK ? at + PEEK : end;
		const char *bytes = pieces_get(pieces, at, to);
		size_t i = 0;

		if (bytes == NULL)
			return 0;
		while (i < to - at && bytes[i] != '\n' && bytes[i] != '\r')
			i++;
		at += i;
		if (at < to)
			return end_behind(pieces, at, end);
	}
	return end;
}

size_t
hostscut_find_end(const struct hostscut *cut, struct pieces *pieces,
    size_t at, size_t end)
{
	if (end - at <= cut->sizes->rest)
		return end;
	return find_line_end(pieces, at + cut->sizes->chunk - 1, end);
}
