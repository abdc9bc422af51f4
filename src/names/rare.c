/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/rare.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/rarecheck.h"
#include "names/raretype.h"

/* What ldns reads of a line at most, with room to spare; longer rdata can be
 * given in the generic form. */
#define LINE_MAX_LENGTH 60000
#define TYPE_HIP 55

/* A record in the making for ldns. */
struct line {
	char *text;
	size_t length;
	const ldns_rr_descriptor *descriptor;
	struct rarecheck check;
};

static bool
append(struct rdatatext *r, struct line *line, const char *text, size_t length)
{
	if (line->length + length >= LINE_MAX_LENGTH) {
		snprintf(r->fault, sizeof(r->fault), "the rdata is too long "
		    "in this form: write it as \\# LENGTH HEX");
		return false;
	}
	memcpy(line->text + line->length, text, length);
	line->length += length;
	line->text[line->length] = '\0';
	return true;
}

/* What ldns takes this token for. */
static ldns_rdf_type
field_of(const struct rdatatext *r, const struct line *line)
{
	const ldns_rr_descriptor *descriptor = line->descriptor;
	size_t max = ldns_rr_descriptor_maximum(descriptor);

	if (r->type == TYPE_HIP)
		return line->check.tokens < 3 ? LDNS_RDF_TYPE_HIP :
		    LDNS_RDF_TYPE_DNAME;
	/* The last field goes on to the end: base64, a bit map, ... */
	return ldns_rr_descriptor_field_type(descriptor,
	    line->check.tokens < max ? line->check.tokens : max - 1);
}

/* ldns takes `@` and whatever follows it for the origin. */
static bool
append_name(struct rdatatext *r, struct line *line)
{
	char text[DNAME_TEXT_MAX];
	struct dname name;

	if (!rdatatext_name(r, &name))
		return false;
	dname_print(name.wire, text);
	if (text[0] == '@')
		return append(r, line, "\\064", 4) &&
		    append(r, line, text + 1, strlen(text + 1));
	return append(r, line, text, strlen(text));
}

static bool
append_token(struct rdatatext *r, struct line *line)
{
	const struct token *at = &r->at;
	bool quoted = at->kind == TOKEN_QUOTED;

	if (!quoted && at->length > 1 && at->text[0] == '@')
		return rdatatext_refuse(r, "is not understood: write a "
		    "leading @ as \\064");
	if (quoted)
		return append(r, line, "\"", 1) &&
		    append(r, line, at->text, at->length) &&
		    append(r, line, "\"", 1);
	return append(r, line, at->text, at->length);
}

static bool
collect(struct rdatatext *r, struct line *line)
{
	if (!rdatatext_want(r, "its rdata"))
		return false;
	while (!r->ended) {
		ldns_rdf_type field = field_of(r, line);

		if (!append(r, line, " ", 1) ||
		    !rarecheck_token(r, &line->check, field))
			return false;
		if (field == LDNS_RDF_TYPE_DNAME) {
			if (!append_name(r, line))
				return false;
		} else if (!append_token(r, line)) {
			return false;
		}
		line->check.tokens++;
		if (!rdatatext_next(r))
			return false;
	}
	return rarecheck_end(r, &line->check);
}

/* The rdata of what ldns made of the line. */
static bool
write_rr(struct rdatatext *r, const ldns_rr *rr)
{
	ldns_buffer *buffer;
	size_t length = 0, at;
	bool written;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
		length += ldns_rdf_size(ldns_rr_rdf(rr, i));
	if (length > UINT16_MAX) {
		snprintf(r->fault, sizeof(r->fault),
		    "the rdata is over 65535 bytes");
		return false;
	}
	buffer = ldns_buffer_new(LDNS_MAX_PACKETLEN);
	/* The owner is the root: 1 byte, then type, class, TTL, length. */
	at = 1 + 10;
	written = buffer != NULL && ldns_rr2buffer_wire(buffer, rr,
	    LDNS_SECTION_ANSWER) == LDNS_STATUS_OK &&
	    ldns_buffer_position(buffer) == at + length;
	if (written)
		wire_write_bytes(&r->out, ldns_buffer_at(buffer, at), length);
	else
		snprintf(r->fault, sizeof(r->fault),
		    "the rdata cannot be written");
	ldns_buffer_free(buffer);
	return written && rarecheck_wire(r);
}

static bool
convert(struct rdatatext *r, const char *line)
{
	char type[TYPE_TEXT];
	ldns_rr *rr = NULL;
	ldns_status status;
	bool converted;

	status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);
	if (status != LDNS_STATUS_OK) {
		snprintf(r->fault, sizeof(r->fault),
		    "this is no rdata of %s", type_print(r->type, type));
		return false;
	}
	converted = write_rr(r, rr);
	ldns_rr_free(rr);
	return converted;
}

bool
rare_read(struct rdatatext *r)
{
	struct line line = { .descriptor = raretype_descriptor(r->type) };
	char head[64], type[TYPE_TEXT];
	struct token place = r->at;
	bool read;

	type_print(r->type, type);
	if (line.descriptor == NULL) {
		snprintf(r->fault, sizeof(r->fault),
		    "the rdata of %s has to be written as \\# LENGTH HEX",
		    type);
		return false;
	}
	line.text = memory_alloc(LINE_MAX_LENGTH);
	snprintf(head, sizeof(head), ". 0 IN %s",
	    line.descriptor->_name);
	read = append(r, &line, head, strlen(head)) && collect(r, &line);
	if (read) {
		r->at = place;
		read = convert(r, line.text);
	}
	free(line.text);
	return read;
}
