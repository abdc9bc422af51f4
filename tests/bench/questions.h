/* SPDX-License-Identifier: BSD-2-Clause */
/* questions.h - a list of questions as they go out, and what is right to come.
 *
 * The list is a file with a question a line: the name, the type (A or AAAA)
 * and the answer, which is an address or NXDOMAIN:
 *
 *	vm0000017.cluster.test AAAA fd00::11
 *	nx4.cluster.test A NXDOMAIN
 *
 * Packets are made when the list is read, ids are put in when they are sent.
 */
#ifndef HOSTLER_BENCH_QUESTIONS_H
#define HOSTLER_BENCH_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUESTION_MAX 280		/* header, name, type, class */

enum verdict {
	VERDICT_RIGHT,
	VERDICT_SHORT,			/* no answer, or cut off (TC) */
	VERDICT_QUESTION,		/* of another question, or none */
	VERDICT_RCODE,
	VERDICT_DATA,			/* not the record that is expected */
};

/* What is asked of an answer. */
enum strictness {
	STRICT_ALL,
	STRICT_QUESTION,		/* the floor's: any data will do */
};

struct question {
	uint32_t at;			/* in the list's bytes */
	uint16_t length;
	uint8_t rcode;
	uint8_t data_length;		/* 0: no record is to come */
	uint8_t data[16];
};

struct questions {
	uint8_t *bytes;
	size_t used, room;
	struct question *list;
	size_t count, list_room;
};

/* Ends the program with a message where the file or a line is not as above. */
void questions_read(struct questions *questions, const char *path);
void questions_free(struct questions *questions);

/* The packet of a question, without its id; *length bytes. */
const uint8_t *questions_packet(const struct questions *questions,
    size_t number, size_t *length);

/* packet: what came with the question's id. */
enum verdict questions_judge(const struct questions *questions, size_t number,
    enum strictness strictness, const uint8_t *packet, size_t length);
const char *questions_verdict_word(enum verdict verdict);

#endif
