/* SPDX-License-Identifier: BSD-2-Clause */
/* packets.h - packets for scenes, and what is in a reply, in words.
 *
 * Written and read with ldns, so that a fault in hostler's own reading does
 * not hide one in its writing.
 */
#ifndef HOSTLER_TESTS_PACKETS_H
#define HOSTLER_TESTS_PACKETS_H

#include <stdint.h>

#include "query/answer.h"
#include "story.h"

#define PACKET_MAX 65535

/* From the words of `query NAME TYPE [OPTION]...`; returns the length.
 * Options: class=N, opcode=N, id=N, norecurse, do, ad, cd, noedns, size=N,
 * version=N (EDNS). */
size_t packet_of_query(const struct story *story, uint8_t *packet);
/* From hexadecimal words. */
size_t packet_of_hex(const struct story *story, uint8_t *packet);

/* What an upstream says to the question, from the words `upstream RCODE
 * [ad]` and the records of the block behind it. */
struct answer *packet_of_upstream(struct story *story,
    const struct forward_question *question, int64_t now_ms);

/* A reply in words, a malloced string: first line the rcode, flags and EDE,
 * then a line a record, a line with the section's name ahead of each section
 * but the first.  OPT is left out. */
char *packet_print(const struct story *story, const uint8_t *bytes,
    size_t length);

#endif
