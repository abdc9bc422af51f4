/* SPDX-License-Identifier: BSD-2-Clause */
#include "questions.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER 12
#define TYPE_A 1
#define TYPE_AAAA 28
#define RCODE_NXDOMAIN 3
#define RECORD_FIXED 10			/* type, class, TTL, length */

static void *
grown(void *old, size_t count, size_t size)
{
	void *new = reallocarray(old, count, size);

	if (!new)
		err(1, "no memory for %zu questions", count);
	return new;
}

/* The length of the name on the wire; 0: not a name. */
static size_t
write_name(uint8_t *out, const char *name)
{
	size_t used = 0, length;

	while (*name) {
		length = strcspn(name, ".");
		if (length == 0 || length > 63 || used + length > 253)
			return 0;
		out[used++] = (uint8_t)length;
		memcpy(out + used, name, length);
		used += length;
		name += length + (name[length] == '.');
	}
	out[used++] = 0;
	return used;
}

static size_t
write_packet(uint8_t *out, const char *name, unsigned type)
{
	static const uint8_t header[HEADER] = {0, 0, 1, 0, 0, 1};
	size_t length = write_name(out + HEADER, name);

	if (!length)
		return 0;
	memcpy(out, header, HEADER);
	length += HEADER;
	out[length++] = 0;
	out[length++] = (uint8_t)type;
	out[length++] = 0;
	out[length++] = 1;
	return length;
}

static bool
read_answer(struct question *question, unsigned type, const char *answer)
{
	question->rcode = 0;
	question->data_length = type == TYPE_A ? 4 : 16;
	if (strcmp(answer, "NXDOMAIN") == 0) {
		question->rcode = RCODE_NXDOMAIN;
		question->data_length = 0;
		return true;
	}
	return inet_pton(type == TYPE_A ? AF_INET : AF_INET6, answer,
	    question->data) == 1;
}

static void
make_room(struct questions *questions)
{
	if (questions->count == questions->list_room) {
		questions->list_room = questions->list_room * 2 + 1024;
		questions->list = grown(questions->list, questions->list_room,
		    sizeof *questions->list);
	}
	if (questions->used + QUESTION_MAX > questions->room) {
		questions->room = questions->room * 2 + 65536;
		questions->bytes = grown(questions->bytes, questions->room, 1);
	}
}

static bool
add_line(struct questions *questions, const char *line)
{
	char name[256], kind[8], answer[64];
	struct question *question;
	unsigned type;

	if (sscanf(line, "%255s %7s %63s", name, kind, answer) != 3)
		return false;
	type = strcmp(kind, "A") == 0 ? TYPE_A :
	    strcmp(kind, "AAAA") == 0 ? TYPE_AAAA : 0;
	make_room(questions);
	question = &questions->list[questions->count];
	question->at = (uint32_t)questions->used;
	question->length = (uint16_t)write_packet(
	    questions->bytes + questions->used, name, type);
	if (!type || !question->length || !read_answer(question, type, answer))
		return false;
	questions->used += question->length;
	questions->count++;
	return true;
}

void
questions_read(struct questions *questions, const char *path)
{
	FILE *in = fopen(path, "r");
	unsigned line = 0;
	char text[512];

	memset(questions, 0, sizeof *questions);
	if (!in)
		err(1, "%s", path);
	while (fgets(text, sizeof text, in)) {
		line++;
		if (!add_line(questions, text))
			errx(1, "%s:%u: not a name, A or AAAA, and an address "
			    "or NXDOMAIN", path, line);
	}
	fclose(in);
	if (questions->count == 0)
		errx(1, "%s: no questions", path);
}

void
questions_free(struct questions *questions)
{
	free(questions->bytes);
	free(questions->list);
	memset(questions, 0, sizeof *questions);
}

const uint8_t *
questions_packet(const struct questions *questions, size_t number,
    size_t *length)
{
	*length = questions->list[number].length;
	return questions->bytes + questions->list[number].at;
}

/* Where the record's type begins: behind a pointer to the question's name, or
 * that name written out; 0 otherwise. */
static size_t
skip_owner(const uint8_t *packet, size_t length, size_t at)
{
	size_t name = at - HEADER - 4;

	if (at + 2 <= length && packet[at] == 0xc0 && packet[at + 1] == HEADER)
		return at + 2;
	if (at + name <= length &&
	    memcmp(packet + at, packet + HEADER, name) == 0)
		return at + name;
	return 0;
}

static bool
has_data(const struct question *question, const uint8_t *packet, size_t length)
{
	size_t at = skip_owner(packet, length, question->length);

	if (at == 0 || at + RECORD_FIXED + question->data_length > length)
		return false;
	return memcmp(packet + at, packet + question->length - 4, 4) == 0 &&
	    packet[at + 8] == 0 && packet[at + 9] == question->data_length &&
	    memcmp(packet + at + RECORD_FIXED, question->data,
	    question->data_length) == 0;
}

enum verdict
questions_judge(const struct questions *questions, size_t number,
    enum strictness strictness, const uint8_t *packet, size_t length)
{
	const struct question *question = &questions->list[number];
	const uint8_t *asked = questions->bytes + question->at;
	unsigned answers;

	if (length < HEADER || !(packet[2] & 0x80) || (packet[2] & 2))
		return VERDICT_SHORT;
	if (length < question->length || packet[4] != 0 || packet[5] != 1 ||
	    memcmp(packet + HEADER, asked + HEADER,
	    question->length - HEADER) != 0)
		return VERDICT_QUESTION;
	if (strictness == STRICT_QUESTION)
		return VERDICT_RIGHT;
	if ((packet[3] & 15) != question->rcode)
		return VERDICT_RCODE;
	answers = (unsigned)packet[6] << 8 | packet[7];
	if (question->data_length == 0)
		return answers == 0 ? VERDICT_RIGHT : VERDICT_DATA;
	return answers == 1 && has_data(question, packet, length) ?
	    VERDICT_RIGHT : VERDICT_DATA;
}

const char *
questions_verdict_word(enum verdict verdict)
{
	static const char *const words[] = {
	    [VERDICT_RIGHT] = "right",
	    [VERDICT_SHORT] = "not an answer, or cut off",
	    [VERDICT_QUESTION] = "an answer to something else",
	    [VERDICT_RCODE] = "another rcode",
	    [VERDICT_DATA] = "another record",
	};

	return words[verdict];
}
