/* SPDX-License-Identifier: BSD-2-Clause */
#include "zone_print.h"

#include <errno.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/wire.h"
#include "names/reverse.h"

#define FILE_MAX ((size_t)1 << 20)

void
zone_reader_init(struct zone_reader *reader)
{
	reader->count = 0;
	reader->reader.read = zone_reader_read;
	reader->reader.context = reader;
}

void
zone_reader_free(struct zone_reader *reader)
{
	while (reader->count > 0) {
		reader->count--;
		free(reader->texts[reader->count]);
		free(reader->paths[reader->count]);
	}
}

const char *
zone_reader_read(void *context, const char *from, const char *path,
    struct source_text *text)
{
	struct zone_reader *reader = context;
	const char *slash = from != NULL ? strrchr(from, '/') : NULL;
	int folder = slash != NULL ? (int)(slash + 1 - from) : 0;
	char *full = memory_format("%.*s%s", folder, from != NULL ? from : "",
	    path);
	FILE *file = fopen(full, "rb");

	if (file == NULL || reader->count == 64) {
		free(full);
		if (file != NULL)
			fclose(file);
		return file != NULL ? "too many files" : strerror(errno);
	}
	text->path = reader->paths[reader->count] = full;
	text->bytes = reader->texts[reader->count] = memory_alloc(FILE_MAX);
	text->length = fread(reader->texts[reader->count], 1, FILE_MAX, file);
	reader->count++;
	fclose(file);
	return NULL;
}

static void
print_record(const struct node *node, const uint8_t *record, uint16_t length,
    FILE *out)
{
	uint8_t *wire = memory_alloc(node->name_length + 10u + length);
	size_t at = 0;
	ldns_rr *rr;
	char *text;

	memcpy(wire, node_name(node), node->name_length);
	/* Behind the compression pointer the record is as on the wire. */
	memcpy(wire + node->name_length, record - 10, 10u + length);
	if (ldns_wire2rr(&rr, wire, node->name_length + 10u + length, &at,
	    LDNS_SECTION_ANSWER) != LDNS_STATUS_OK) {
		fprintf(out, "not to be printed\t");
		free(wire);
		return;
	}
	text = ldns_rr2str(rr);
	text[strcspn(text, "\n")] = '\0';
	fprintf(out, "%s", text);
	free(text);
	ldns_rr_free(rr);
	free(wire);
}

static void
print_marks(const struct node *node, const struct rrset *rrset, FILE *out)
{
	if (node->flags & NODE_APEX)
		fprintf(out, " apex");
	if (node->flags & NODE_CUT)
		fprintf(out, " cut");
	if (node->flags & NODE_DNAME)
		fprintf(out, " dname");
	if (node->flags & NODE_LIMITED)
		fprintf(out, " limited");
	if (rrset->flags & RRSET_OCCLUDED)
		fprintf(out, " OCCLUDED");
	if (rrset->flags & RRSET_MADE)
		fprintf(out, " MADE");
	if (rrset->flags & RRSET_LINK_LOCAL)
		fprintf(out, " LINK-LOCAL");
}

static void
print_rrset(const struct chunk *chunk, const struct node *node,
    const struct rrset *rrset, FILE *out)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		struct origin origin = rrset_origins(rrset)[i];
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);

		print_record(node, rdata, length, out);
		fprintf(out, " | %s:%u:%u", chunk->path,
		    chunk->first_line + origin.line, origin.column);
		if (origin.chunk != chunk->id)
			fprintf(out, " WRONG-CHUNK");
		print_marks(node, rrset, out);
		fprintf(out, "\n");
	}
}

static void
print_chunk(const struct chunk *chunk, FILE *out)
{
	char name[DNAME_TEXT_MAX], addr[ADDR_TEXT];
	struct reverse_cursor cursor = { 0 };
	struct reverse reverse;

	for (uint32_t i = 0; i < chunk->node_count; i++) {
		const struct node *node = chunk_node(chunk, i);
		const struct rrset *rrset = node_first(node);

		for (unsigned j = 0; j < node->rrset_count; j++) {
			print_rrset(chunk, node, rrset, out);
			rrset = rrset_next(rrset);
		}
	}
	while (reverse_walk(chunk, &cursor, &reverse, 1) > 0)
		fprintf(out, "reverse %s %s\n",
		    addr_print(&reverse.addr, addr),
		    dname_print(node_name(reverse.node), name));
}

void
zone_print(const struct content *content, FILE *out)
{
	char name[DNAME_TEXT_MAX];

	fprintf(out, "zone %s\n", dname_print(content->spec.domain.wire, name));
	for (uint32_t i = 0; i < content->chunk_count; i++)
		print_chunk(content->chunks[i], out);
	fprintf(out, "records %u serial %u%s\n", content->record_count,
	    content->serial, content->soa_made ? " made" : "");
}
