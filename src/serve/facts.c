/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/facts.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

struct facts *
facts_new(void)
{
	struct facts *facts = memory_zeroed(1, sizeof *facts);

	facts->missing = memory_string("");
	facts->faults = memory_string("");
	return facts;
}

/* Room doubles: the count says when it is full. */
struct facts_source *
facts_add_source(struct facts *facts)
{
	size_t count = facts->source_count;

	if ((count & (count - 1)) == 0)
		facts->sources = memory_resize(facts->sources,
		    count ? 2 * count : 1, sizeof *facts->sources);
	facts->source_count++;
	facts->sources[count] = (struct facts_source){0};
	return &facts->sources[count];
}

static void
free_facts(struct facts *facts)
{
	for (size_t i = 0; i < facts->source_count; i++) {
		free(facts->sources[i].file);
		free(facts->sources[i].view);
	}
	free(facts->sources);
	free(facts->missing);
	free(facts->faults);
	free(facts);
}

void
factsboard_init(struct factsboard *board)
{
	pthread_mutex_init(&board->lock, NULL);
	board->pinned = facts_new();
	board->pinned->holders = 1;
}

void
factsboard_fini(struct factsboard *board)
{
	assert(board->pinned->holders == 1);
	free_facts(board->pinned);
	pthread_mutex_destroy(&board->lock);
}

static void
let_go(struct factsboard *board, struct facts *facts)
{
	bool last;

	pthread_mutex_lock(&board->lock);
	last = --facts->holders == 0;
	pthread_mutex_unlock(&board->lock);
	if (last)
		free_facts(facts);
}

void
factsboard_pin(struct factsboard *board, struct facts *facts)
{
	struct facts *before;

	facts->holders = 1;
	pthread_mutex_lock(&board->lock);
	before = board->pinned;
	board->pinned = facts;
	pthread_mutex_unlock(&board->lock);
	let_go(board, before);
}

const struct facts *
factsboard_take(struct factsboard *board)
{
	struct facts *facts;

	pthread_mutex_lock(&board->lock);
	facts = board->pinned;
	facts->holders++;
	pthread_mutex_unlock(&board->lock);
	return facts;
}

/* They are const for everybody but the board. */
void
factsboard_give_back(struct factsboard *board, const struct facts *facts)
{
	let_go(board, (struct facts *)(uintptr_t)facts);
}
