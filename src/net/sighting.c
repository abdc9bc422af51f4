/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/sighting.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns/wire.h"

#define TOKENS_MAX 64			/* samples in a burst; one more a ms */
#define FLAGS_AT 2			/* of a message's header */

void
sighter_start(struct sighter *sighter, int64_t now_ms)
{
	int64_t passed_ms = now_ms - sighter->filled_ms;

	if (!sighter->ring)
		return;
	sighter->wanted = atomic_load_explicit(&sighter->reader->wants,
	    memory_order_relaxed);
	if (passed_ms <= 0)
		return;
	sighter->filled_ms = now_ms;
	sighter->tokens = passed_ms + sighter->tokens > TOKENS_MAX ?
	    TOKENS_MAX : sighter->tokens + (unsigned)passed_ms;
}

void
sighting_ring(const struct sighting_reader *reader)
{
	uint64_t one = 1;

	/* It only fails where it rings already. */
	if (write(reader->bell, &one, sizeof one) < 0)
		return;
}

void
sighter_wake(struct sighter *sighter)
{
	sighter->noted = false;
	if (ring_wakes(sighter->ring))
		sighting_ring(sighter->reader);
}

static unsigned
choose(struct sighter *sighter, const struct query *q)
{
	unsigned chosen = sighter->wanted & SIGHTING_ANY;

	if (q->rcode != RCODE_NOERROR)
		chosen |= sighter->wanted & SIGHTING_FAILURE;
	if (!(sighter->wanted & SIGHTING_SAMPLE))
		return chosen;
	if (sighter->tokens == 0) {
		sighter->passed_over++;
		return chosen;
	}
	sighter->tokens--;
	return chosen | SIGHTING_SAMPLE;
}

static uint8_t
way_of(const struct query_client *client)
{
	bool v6 = client->addr.family == 6;

	if (client->transport == QUERY_TCP)
		return v6 ? TALLY_TCP6 : TALLY_TCP4;
	return v6 ? TALLY_UDP6 : TALLY_UDP4;
}

static void
write_question(struct sighting *note, const struct question *question)
{
	note->id = question->id;
	note->flags = question->flags;
	note->query_length = question->length;
}

/* For a question that could be read; else type and class stay 0. */
static void
write_name(struct sighting *note, const struct query *q)
{
	const struct question *question = &q->question;

	if (q->parsed != QUESTION_OK)
		return;
	note->type = question->type;
	note->class = question->class;
	note->udp_size = question->udp_size;
	note->edns = question->edns;
	note->dnssec_ok = question->dnssec_ok;
	note->name_length = question->name_length;
	memcpy(note->name, question->packet + WIRE_HEADER,
	    question->name_length);
}

static void
write_packets(struct sighting *note, const struct sighting_of *of)
{
	uint8_t *to = note->name + note->name_length;

	memcpy(to, of->q->question.packet, note->query_kept);
	memcpy(to + note->query_kept, of->reply, note->reply_kept);
}

static void
write_note(struct sighting *note, const struct sighting_of *of)
{
	const struct query *q = of->q;

	note->done_ns = clock_mono_ns();
	note->took_ns = note->done_ns - of->started_ns;
	note->client = q->client.addr;
	note->asked = q->client.asked;
	note->client_port = q->client.port;
	note->way = way_of(&q->client);
	note->rcode = q->rcode;
	note->ede = q->parsed == QUESTION_OK ? q->reply.ede : EDE_NONE;
	note->source = (uint8_t)q->source;
	note->reply_length = (uint16_t)of->reply_length;
	note->reply_flags = wire_get16(of->reply + FLAGS_AT);
	write_question(note, &q->question);
	write_name(note, q);
	write_packets(note, of);
}

void
sighter_note(struct sighter *sighter, const struct sighting_of *of)
{
	const struct query *q = of->q;
	unsigned chosen = choose(sighter, q);
	size_t kept = 0, query_kept = 0, name = 0;
	struct sighting *note;

	if (!chosen)
		return;
	if (sighter->wanted & SIGHTING_PACKETS) {
		query_kept = q->question.length;
		kept = query_kept + of->reply_length;
	}
	if (q->parsed == QUESTION_OK)
		name = q->question.name_length;
	note = ring_reserve(sighter->ring, sizeof *note + name + kept);
	if (!note) {
		sighter->passed_over += (chosen & SIGHTING_SAMPLE) != 0;
		return;
	}
	memset(note, 0, sizeof *note);
	note->wants = (uint8_t)(chosen |
	    (sighter->wanted & SIGHTING_PACKETS));
	note->query_kept = (uint32_t)query_kept;
	note->reply_kept = (uint32_t)(kept - query_kept);
	if (chosen & SIGHTING_SAMPLE) {
		note->weight = sighter->passed_over + 1;
		sighter->passed_over = 0;
	}
	write_note(note, of);
	ring_commit(sighter->ring);
	sighter->noted = true;
}

/* ---- upstreams ---- */

void
sighter_note_moved(struct sighter *sighter, const struct sighting_moved *moved)
{
	struct sighting *note = ring_reserve(sighter->ring, sizeof *note +
	    moved->length);

	if (!note)
		return;
	memset(note, 0, sizeof *note);
	note->kind = (uint8_t)moved->kind;
	note->wants = SIGHTING_UPSTREAM;
	note->done_ns = clock_mono_ns();
	note->took_ns = moved->sent_ns ? note->done_ns - moved->sent_ns : -1;
	note->upstream = moved->upstream;
	note->transport = (uint8_t)moved->transport;
	if (moved->kind == SIGHTING_SENT)
		note->query_kept = (uint32_t)moved->length;
	else
		note->reply_kept = (uint32_t)moved->length;
	memcpy(note->name, moved->bytes, moved->length);
	ring_commit(sighter->ring);
	sighter_wake(sighter);
}
