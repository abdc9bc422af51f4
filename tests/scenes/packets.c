/* SPDX-License-Identifier: BSD-2-Clause */
#include "packets.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"

#define OPTION_EDE 15

/* The number behind `name=` among the words; otherwise `usual`. */
static unsigned
read_option(const struct story *story, const char *name, unsigned usual)
{
	size_t length = strlen(name);

	for (unsigned i = 1; i < story->count; i++) {
		const char *word = story->word[i];

		if (strncmp(word, name, length) == 0 && word[length] == '=')
			return (unsigned)atoi(word + length + 1);
	}
	return usual;
}

static void
write_opt(const struct story *story, struct wire_writer *w)
{
	wire_write8(w, 0);
	wire_write16(w, TYPE_OPT);
	wire_write16(w, (uint16_t)read_option(story, "size", REPLY_UDP_SIZE));
	wire_write8(w, 0);
	wire_write8(w, (uint8_t)read_option(story, "version", 0));
	wire_write16(w, story_has(story, 3, "do") ? 0x8000 : 0);
	wire_write16(w, 0);
}

size_t
packet_of_query(const struct story *story, uint8_t *packet)
{
	struct wire_writer w = wire_writer_to(packet, PACKET_MAX);
	bool edns = !story_has(story, 3, "noedns");
	unsigned flags = read_option(story, "opcode", 0) << 11;
	struct dname name;
	uint16_t type;
	size_t bad;

	if (story->count < 3 || dname_parse(&name, story->word[1],
	    strlen(story->word[1]), NULL, &bad) != NULL)
		story_fail(story, "no good name");
	if (!type_parse(&type, story->word[2], strlen(story->word[2])))
		story_fail(story, "%s is no type", story->word[2]);
	flags |= story_has(story, 3, "norecurse") ? 0 : FLAG_RD;
	flags |= story_has(story, 3, "ad") ? FLAG_AD : 0;
	flags |= story_has(story, 3, "cd") ? FLAG_CD : 0;
	wire_write16(&w, (uint16_t)read_option(story, "id", 4711));
	wire_write16(&w, (uint16_t)flags);
	wire_write16(&w, 1);
	wire_write16(&w, 0);
	wire_write16(&w, 0);
	wire_write16(&w, edns ? 1 : 0);
	wire_write_bytes(&w, name.wire, name.length);
	wire_write16(&w, type);
	wire_write16(&w, (uint16_t)read_option(story, "class", CLASS_IN));
	if (edns)
		write_opt(story, &w);
	return w.at;
}

size_t
packet_of_hex(const struct story *story, uint8_t *packet)
{
	size_t length = 0;

	for (unsigned i = 1; i < story->count; i++) {
		const char *at = story->word[i];
		unsigned byte;

		for (; sscanf(at, "%2x", &byte) == 1; at += 2)
			packet[length++] = (uint8_t)byte;
		if (*at != '\0')
			story_fail(story, "%s is not hexadecimal", at);
	}
	return length;
}

static void
add_record(const struct story *story, ldns_pkt *pkt, ldns_pkt_section section,
    const char *line)
{
	ldns_rr *rr = NULL;
	ldns_status status = ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL);

	if (status != LDNS_STATUS_OK)
		story_fail(story, "%s: %s", line,
		    ldns_get_errorstr_by_id(status));
	if (!ldns_pkt_push_rr(pkt, section, rr))
		story_fail(story, "no memory");
}

static ldns_pkt *
make_upstream(struct story *story, const struct forward_question *question)
{
	char text[DNAME_TEXT_MAX];
	ldns_lookup_table *rcode;
	ldns_pkt *pkt = ldns_pkt_query_new(ldns_dname_new_frm_str(
	    dname_print(question->name.wire, text)),
	    (ldns_rr_type)question->type, LDNS_RR_CLASS_IN, LDNS_RD);
	ldns_pkt_section section = LDNS_SECTION_ANSWER;
	const char *line;

	rcode = story->count > 1 ?
	    ldns_lookup_by_name(ldns_rcodes, story->word[1]) : NULL;
	if (pkt == NULL || rcode == NULL)
		story_fail(story, "which rcode?");
	ldns_pkt_set_id(pkt, 99);
	ldns_pkt_set_qr(pkt, true);
	ldns_pkt_set_ra(pkt, true);
	ldns_pkt_set_ad(pkt, story_has(story, 2, "ad"));
	ldns_pkt_set_rcode(pkt, (uint8_t)rcode->id);
	while ((line = story_block_line(story)) != NULL) {
		if (strcmp(line, "authority") == 0)
			section = LDNS_SECTION_AUTHORITY;
		else if (strcmp(line, "additional") == 0)
			section = LDNS_SECTION_ADDITIONAL;
		else
			add_record(story, pkt, section, line);
	}
	return pkt;
}

struct answer *
packet_of_upstream(struct story *story,
    const struct forward_question *question, int64_t now_ms)
{
	static const struct answer_limits limits = { 0, 86400, 60 };
	uint8_t asked[WIRE_HEADER + DNAME_MAX + 4];
	struct wire_writer w = wire_writer_to(asked, sizeof(asked));
	ldns_pkt *pkt = make_upstream(story, question);
	struct message message;
	struct answer *answer;
	uint8_t *bytes;
	size_t length;

	wire_write16(&w, 99);
	wire_write16(&w, FLAG_RD);
	wire_write16(&w, 1);
	wire_write_bytes(&w, "\0\0\0\0\0", 6);
	wire_write_bytes(&w, question->name.wire, question->name.length);
	wire_write16(&w, question->type);
	wire_write16(&w, CLASS_IN);
	if (ldns_pkt2wire(&bytes, pkt, &length) != LDNS_STATUS_OK)
		story_fail(story, "the upstream's packet cannot be written");
	if (message_read(&message, bytes, length, asked, w.at) != MESSAGE_OK)
		story_fail(story, "the upstream's packet was refused");
	answer = answer_new(question, &message, &limits, now_ms);
	if (answer == NULL)
		answer = answer_new_failure(question,
		    EDE_NO_REACHABLE_AUTHORITY, now_ms);
	if (answer == NULL)
		story_fail(story, "no memory");
	free(bytes);
	ldns_pkt_free(pkt);
	return answer;
}

static void
print_ede(const ldns_pkt *pkt, FILE *out)
{
	const ldns_rdf *data = ldns_pkt_edns_data(pkt);
	struct wire_reader r;

	if (data == NULL)
		return;
	r = wire_reader_at(ldns_rdf_data(data), ldns_rdf_size(data), 0);
	while (!r.failed && r.at < r.length) {
		uint16_t code = wire_read16(&r);
		uint16_t length = wire_read16(&r);
		const uint8_t *bytes = wire_read_bytes(&r, length);

		if (bytes != NULL && code == OPTION_EDE && length >= 2)
			fprintf(out, " ede=%u", (unsigned)wire_get16(bytes));
	}
}

static void
print_head(const ldns_pkt *pkt, FILE *out)
{
	unsigned rcode = (unsigned)ldns_pkt_get_rcode(pkt);

	if (ldns_pkt_edns(pkt))
		rcode |= (unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4;
	fputs(rcode_name(rcode), out);
	fputs(ldns_pkt_aa(pkt) ? " aa" : "", out);
	fputs(ldns_pkt_tc(pkt) ? " tc" : "", out);
	fputs(ldns_pkt_rd(pkt) ? " rd" : "", out);
	fputs(ldns_pkt_ra(pkt) ? " ra" : "", out);
	fputs(ldns_pkt_ad(pkt) ? " ad" : "", out);
	fputs(ldns_pkt_cd(pkt) ? " cd" : "", out);
	print_ede(pkt, out);
	fputc('\n', out);
}

static void
print_records(const ldns_rr_list *list, const char *title, FILE *out)
{
	if (ldns_rr_list_rr_count(list) > 0)
		fputs(title, out);
	for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
		char *text = ldns_rr2str(ldns_rr_list_rr(list, i));

		for (char *at = text; *at != '\0'; at++) {
			if (*at == '\t')
				*at = ' ';
		}
		fputs(text, out);
		LDNS_FREE(text);
	}
}

char *
packet_print(const struct story *story, const uint8_t *bytes, size_t length)
{
	ldns_pkt *pkt = NULL;
	ldns_status status = ldns_wire2pkt(&pkt, bytes, length);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (status != LDNS_STATUS_OK || out == NULL)
		story_fail(story, "the reply does not parse: %s",
		    ldns_get_errorstr_by_id(status));
	print_head(pkt, out);
	print_records(ldns_pkt_answer(pkt), "", out);
	print_records(ldns_pkt_authority(pkt), "authority\n", out);
	print_records(ldns_pkt_additional(pkt), "additional\n", out);
	fclose(out);
	ldns_pkt_free(pkt);
	return text;
}
