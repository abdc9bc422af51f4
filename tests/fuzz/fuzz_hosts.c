/* SPDX-License-Identifier: BSD-2-Clause */
/* Hosts files: any bytes, first what is ahead of the first form feed, then
 * what is behind it as the next state of the same file.  What must hold of any
 * content is asserted; reading the same bytes again must come to the same. */
#include <assert.h>
#include <string.h>

#include "dns/types.h"
#include "names/hostsfile.h"
#include "names/reverse.h"

static struct content *
read_hosts(const uint8_t *data, size_t size, const struct content *previous)
{
	static const struct source_spec spec = {
		.kind = SOURCE_HOSTS,
		.path = "hosts",
		.ttl = 5,
		.has_domain = true,
		.domain = {5, 1, {3, 'l', 'a', 'b', 0}},
	};
	struct source_text text = {"hosts", (const char *)data, size};
	struct diags *diags = diags_new();
	struct content *content;

	content = hostsfile_parse(&(struct hostsfile_input){.spec = &spec,
	    .files = &text, .file_count = 1, .previous = previous}, diags);
	diags_free(diags);
	return content;
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

/* Every address leads to a record of its node. */
static void
check_addresses(const struct chunk *chunk)
{
	struct reverse_cursor cursor = { 0 };
	struct reverse reverse;
	uint32_t count = 0;

	while (reverse_walk(chunk, &cursor, &reverse, 1) > 0) {
		struct reverse again = reverse_of(reverse.link);

		assert(again.node == reverse.node);
		assert(addr_equal(&again.addr, &reverse.addr));
		assert(node_find(reverse.node, reverse.addr.family == 4 ?
		    TYPE_A : TYPE_AAAA) != NULL);
		count++;
	}
	assert(count == chunk->reverse_count);
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
