/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosts files: any bytes, first what is ahead of the first form feed, then
 * what is behind it as the next state of the same file.  What must hold of any
 * content is asserted; reading the same bytes again must come to the same, and
 * so must small chunks of them parsed apart, in memory or a piece at a time,
 * and each line in the quick way. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/hostsfile.h"
#include "names/hostsline.h"
#include "addresses.h"

static const struct dname lab = {5, 1, {3, 'l', 'a', 'b', 0}};

struct reading {
	struct content *content;
	char *told;
	size_t length;
};

enum chunks {
	CHUNKS_USUAL,
	CHUNKS_SMALL,			/* one after the other */
	CHUNKS_APART,			/* small ones */
	CHUNKS_FETCHED,			/* these, a piece at a time */
};

static const char *
fetch_piece(void *context, const struct source_text *text, size_t at,
    const struct source_room *room)
{
	assert(at <= text->length && room->length <= text->length - at);
	memcpy(room->bytes, (const char *)context + at, room->length);
	return NULL;
}

/* One thread, in an order that nobody would expect. */
static void
run_backwards(const struct parts_work *work, unsigned workers)
{
	for (unsigned i = work->count; i-- > 0;)
		work->part(work->argument, i, i % workers);
}

static struct reading
read_told(const uint8_t *data, size_t size, const struct content *previous,
    enum chunks chunks)
{
	static const struct hostscut_sizes small = {24, 40, 48};
	static const struct parts apart = {3, run_backwards};
	const struct source_spec spec = {
		.kind = SOURCE_HOSTS,
		.path = "hosts",
		.ttl = 5,
		.has_domain = true,
		.domain = lab,
	};
	struct source_text text = {"hosts", chunks == CHUNKS_FETCHED &&
	    size > 0 ? NULL : (const char *)data, size};
	const struct source_fetch fetch = {fetch_piece,
	    (void *)(uintptr_t)data};
	struct diags *diags = diags_new();
	struct reading reading;
	FILE *out = memory_stream(&reading.told, &reading.length);

	reading.content = hostsfile_parse(&(struct hostsfile_input){
	    .spec = &spec, .files = &text, .file_count = 1,
	    .previous = previous,
	    .fetch = &fetch,
	    .parts = chunks >= CHUNKS_APART ? &apart : NULL,
	    .sizes = chunks == CHUNKS_USUAL ? NULL : &small}, diags);
	diags_print(diags, out, DIAG_PLAIN);
	memory_stream_close(out);
	diags_free(diags);
	return reading;
}

static void
compare_apart(const uint8_t *data, size_t size,
    const struct content *previous, enum chunks chunks)
{
	struct reading one = read_told(data, size, previous, CHUNKS_SMALL);
	struct reading other = read_told(data, size, previous, chunks);

	assert(content_equal(one.content, other.content));
	assert(content_places_equal(one.content, other.content));
	assert(one.length == other.length &&
	    memcmp(one.told, other.told, one.length) == 0);
	content_free(other.content);
	content_free(one.content);
	free(other.told);
	free(one.told);
}

static struct content *
read_hosts(const uint8_t *data, size_t size, const struct content *previous)
{
	struct reading reading;

	compare_apart(data, size, previous, CHUNKS_APART);
	compare_apart(data, size, previous, CHUNKS_FETCHED);
	reading = read_told(data, size, previous, CHUNKS_USUAL);
	free(reading.told);
	return reading.content;
}

static void
compare_lines(const struct hostsline *a, const struct hostsline *b)
{
	assert(addr_equal(&a->addr, &b->addr));
	assert(a->addr_column == b->addr_column);
	assert(a->addr_width == b->addr_width);
	assert(a->name_count == b->name_count);
	assert(a->ttl == b->ttl && a->approved == b->approved);
	for (uint32_t i = 0; i < a->name_count; i++) {
		const struct hostsline_name *x = &a->names[i];
		const struct hostsline_name *y = &b->names[i];

		assert(x->column == y->column && x->form == y->form);
		assert(dname_equal(x->name.wire, y->name.wire));
		assert(x->name.labels == y->name.labels);
		assert(x->name.length == y->name.length);
	}
}

static void
check_lines(const char *text, size_t left)
{
	struct hostsline a = {.domain = &lab}, b = {.domain = &lab};

	while (left > 0) {
		size_t end, length = hostsline_length(text, left, &end);
		size_t plain = hostsline_parse_plain(&a, text, left);

		if (plain != 0) {
			assert(plain == length + end);
			assert(hostsline_parse(&b, text, length) ==
			    HOSTSLINE_GOOD);
			compare_lines(&a, &b);
		}
		text += length + end;
		left -= length + end;
	}
	hostsline_fini(&a);
	hostsline_fini(&b);
}

static void
check_node(const struct chunk *chunk, const struct node *node)
{
	const struct rrset *rrset = node_first(node);
	struct dname name;

	assert(dname_read(&name, node_name(node), node->name_length));
	assert(name.length == node->name_length);
	assert(name.labels == node->labels && name.labels > 0);
	assert(node->rrset_count > 0);
	for (unsigned i = 0; i < node->rrset_count; i++) {
		for (unsigned j = 0; j < rrset->count; j++) {
			assert(rrset_origins(rrset)[j].chunk == chunk->id);
			assert(rrset_origins(rrset)[j].line <
			    chunk->line_count);
		}
		rrset = rrset_next(rrset);
	}
}

static void
check_content(const struct content *content)
{
	uint32_t line = 1;

	for (uint32_t i = 0; i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		assert(chunk->first_line == line);
		line += chunk->line_count;
		for (uint32_t j = 0; j < chunk->node_count; j++)
			check_node(chunk, chunk_node(chunk, j));
		check_addresses(chunk);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size > 0 ? memchr(data, '\f', size) : NULL;
	size_t first = cut != NULL ? (size_t)(cut - data) : size;
	struct content *a, *b, *c;

	check_lines((const char *)data, size);
	a = read_hosts(data, first, NULL);
	check_content(a);
	b = cut != NULL ? read_hosts(cut + 1, size - first - 1, a) :
	    read_hosts(data, first, a);
	check_content(b);
	c = cut != NULL ? read_hosts(cut + 1, size - first - 1, b) :
	    read_hosts(data, first, b);
	check_content(c);
	assert(b->record_count == c->record_count);
	content_free(a);
	content_free(b);
	content_free(c);
	return 0;
}
