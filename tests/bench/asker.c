/* SPDX-License-Identifier: BSD-2-Clause */
#include "asker.h"

#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#define NS_A_S 1000000000

int64_t
asker_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_A_S + now.tv_nsec;
}

/* ---- one question, one answer ---- */

static void
lose(struct asker *asker, struct asker_line *line, struct asker_slot *slot)
{
	slot->due_ns = 0;
	line->on_way--;
	asker->lost++;
}

size_t
asker_next(struct asker *asker, struct asker_line *line, uint8_t *out,
    int64_t due_ns)
{
	uint16_t id = line->next++;
	struct asker_slot *slot = &line->slots[id];
	const uint8_t *packet;
	size_t length;

	if (slot->due_ns) {
		lose(asker, line, slot);
		line->oldest = (uint16_t)(id + 1);
	}
	slot->due_ns = due_ns;
	slot->question = (uint32_t)asker->at;
	line->on_way++;
	asker->sent++;
	packet = questions_packet(&asker->questions, asker->at, &length);
	memcpy(out, packet, length);
	out[0] = (uint8_t)(id >> 8);
	out[1] = (uint8_t)id;
	if (++asker->at == asker->questions.count &&
	    asker->settings.turns == ASKER_AGAIN_AND_AGAIN)
		asker->at = 0;
	return length;
}

unsigned
asker_judge(struct asker *asker, struct asker_line *line,
    const uint8_t *packet, size_t length, int64_t now_ns)
{
	struct asker_slot *slot;
	enum verdict verdict;
	int64_t took_ns;

	if (length < 2)
		return 0;
	slot = &line->slots[packet[0] << 8 | packet[1]];
	if (!slot->due_ns) {
		asker->unasked++;
		return 0;
	}
	took_ns = now_ns - slot->due_ns;
	latency_add(&asker->latency, took_ns);
	witness_note(&asker->witness, slot->due_ns, took_ns);
	asker->late += took_ns > asker->settings.late_ns;
	verdict = questions_judge(&asker->questions, slot->question,
	    asker->settings.strictness, packet, length);
	if (verdict == VERDICT_RIGHT) {
		asker->right++;
	} else if (asker->wrong++ == 0) {
		asker->first_wrong = verdict;
		asker->first_wrong_question = slot->question;
	}
	slot->due_ns = 0;
	line->on_way--;
	return 1;
}

void
asker_lose(struct asker *asker, struct asker_line *line)
{
	for (unsigned id = 0; id < ASKER_IDS; id++)
		if (line->slots[id].due_ns)
			lose(asker, line, &line->slots[id]);
	line->oldest = line->next;
}

static void
expire(struct asker *asker, int64_t now_ns)
{
	int64_t since_ns = now_ns - asker->settings.patience_ns;

	for (unsigned i = 0; i < asker->settings.lines; i++) {
		struct asker_line *line = &asker->lines[i];

		while (line->oldest != line->next) {
			struct asker_slot *slot = &line->slots[line->oldest];

			if (slot->due_ns > since_ns)
				break;
			if (slot->due_ns)
				lose(asker, line, slot);
			line->oldest++;
		}
	}
}

/* ---- the loop ---- */

static bool
has_more(const struct asker *asker)
{
	return asker->at < asker->questions.count;
}

static unsigned
at_most(const struct asker *asker, unsigned count)
{
	size_t left = asker->questions.count - asker->at;

	if (asker->settings.turns == ASKER_ONCE && left < count)
		return (unsigned)left;
	return count < ASKER_BATCH ? count : ASKER_BATCH;
}

static void
fill_windows(struct asker *asker)
{
	unsigned share = asker->settings.window / asker->settings.lines;

	for (unsigned i = 0; i < asker->settings.lines; i++) {
		struct asker_line *line = &asker->lines[i];
		unsigned count = line->on_way < share ?
		    share - line->on_way : 0;

		count = at_most(asker, count);
		if (count)
			asklines_send(asker, line, count, asker_now_ns(), 0);
	}
}

/* Returns how long nothing is due. */
static int64_t
send_due(struct asker *asker)
{
	double apart_ns = NS_A_S / asker->settings.rate;
	int64_t next_ns, behind_ns;
	unsigned count;

	while (has_more(asker)) {
		next_ns = asker->start_ns +
		    (int64_t)((double)asker->sent * apart_ns);
		behind_ns = asker_now_ns() - next_ns;
		if (behind_ns < 0)
			return -behind_ns;
		count = behind_ns > ASKER_BATCH * apart_ns ? ASKER_BATCH :
		    (unsigned)((double)behind_ns / apart_ns) + 1;
		asklines_send(asker, &asker->lines[asker->turn],
		    at_most(asker, count), next_ns, (int64_t)apart_ns);
		asker->turn = (asker->turn + 1) % asker->settings.lines;
	}
	return NS_A_S;
}

static void
take_for(struct asker *asker, int64_t wait_ns)
{
	struct pollfd watched[ASKER_LINES_MAX];
	struct timespec wait = {0, wait_ns < 10000000 ? wait_ns : 10000000};
	unsigned count = asker->settings.lines;

	for (unsigned i = 0; i < count; i++)
		watched[i] = (struct pollfd){asker->lines[i].fd, POLLIN, 0};
	if (ppoll(watched, count, &wait, NULL) <= 0)
		return;
	for (unsigned i = 0; i < count; i++)
		if (watched[i].revents)
			asklines_take(asker, &asker->lines[i]);
}

static bool
is_waiting(const struct asker *asker)
{
	for (unsigned i = 0; i < asker->settings.lines; i++)
		if (asker->lines[i].on_way)
			return true;
	return false;
}

static void
await_rest(struct asker *asker)
{
	int64_t over_ns = asker_now_ns() + asker->settings.patience_ns;

	while (is_waiting(asker) && asker_now_ns() < over_ns)
		take_for(asker, NS_A_S);
	for (unsigned i = 0; i < asker->settings.lines; i++)
		asker_lose(asker, &asker->lines[i]);
}

void
asker_run(struct asker *asker, const volatile sig_atomic_t *stopped)
{
	int64_t over_ns, expire_ns = 0, now_ns, wait_ns = NS_A_S;

	witness_start(&asker->witness);
	asker->start_ns = now_ns = asker_now_ns();
	over_ns = now_ns + (int64_t)(asker->settings.seconds * NS_A_S);
	while (now_ns < over_ns && !*stopped && has_more(asker)) {
		if (asker->settings.window)
			fill_windows(asker);
		else
			wait_ns = send_due(asker);
		take_for(asker, wait_ns);
		now_ns = asker_now_ns();
		if (now_ns > expire_ns) {
			expire(asker, now_ns);
			expire_ns = now_ns + NS_A_S / 100;
		}
	}
	await_rest(asker);
	asker->end_ns = asker_now_ns();
	witness_end(&asker->witness, &asker->findings);
}

void
asker_start(struct asker *asker, const struct asker_settings *settings)
{
	asker->settings = *settings;
	/* So that what is due is sent then, and not 50 us later. */
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	for (unsigned i = 0; i < settings->lines; i++) {
		struct asker_line *line = &asker->lines[i];

		line->slots = calloc(ASKER_IDS, sizeof *line->slots);
		line->read = malloc(ASKER_READ_ROOM);
		if (!line->slots || !line->read)
			err(1, "no memory");
		asklines_open(asker, line);
	}
}

void
asker_stop(struct asker *asker)
{
	for (unsigned i = 0; i < asker->settings.lines; i++) {
		asklines_close(&asker->lines[i]);
		free(asker->lines[i].slots);
		free(asker->lines[i].read);
	}
	questions_free(&asker->questions);
}
