/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/troubles.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

struct trouble {
	struct upstream upstream;
	bool taken, current;
	int64_t noted_ms, logged_ms;
	char words[TROUBLES_WORDS];
};

struct troubles {
	pthread_mutex_t lock;
	struct trouble list[TROUBLES_MAX];
};

struct troubles *
troubles_new(void)
{
	struct troubles *troubles = memory_zeroed(1, sizeof(*troubles));

	pthread_mutex_init(&troubles->lock, NULL);
	return troubles;
}

void
troubles_free(struct troubles *troubles)
{
	pthread_mutex_destroy(&troubles->lock);
	free(troubles);
}

static struct trouble *
find_trouble(struct troubles *troubles, const struct upstream *upstream)
{
	for (unsigned i = 0; i < TROUBLES_MAX; i++) {
		struct trouble *trouble = &troubles->list[i];

		if (trouble->taken &&
		    upstream_equal(&trouble->upstream, upstream))
			return trouble;
	}
	return NULL;
}

/* A free place, else the one noted longest ago. */
static struct trouble *
take_trouble(struct troubles *troubles, const struct upstream *upstream,
    int64_t now_ms)
{
	struct trouble *taken = &troubles->list[0];

	for (unsigned i = 0; i < TROUBLES_MAX && taken->taken; i++) {
		struct trouble *trouble = &troubles->list[i];

		if (!trouble->taken || trouble->noted_ms < taken->noted_ms)
			taken = trouble;
	}
	*taken = (struct trouble){ .upstream = *upstream, .taken = true,
		.logged_ms = now_ms - TROUBLES_LOG_MS };
	return taken;
}

void
troubles_note(struct troubles *troubles, const struct upstream *upstream,
    const char *words, int64_t now_ms)
{
	char text[UPSTREAM_TEXT];
	struct trouble *trouble;
	bool loud;

	pthread_mutex_lock(&troubles->lock);
	trouble = find_trouble(troubles, upstream);
	if (trouble == NULL)
		trouble = take_trouble(troubles, upstream, now_ms);
	snprintf(trouble->words, sizeof(trouble->words), "%s", words);
	trouble->current = true;
	trouble->noted_ms = now_ms;
	loud = now_ms - trouble->logged_ms >= TROUBLES_LOG_MS;
	if (loud)
		trouble->logged_ms = now_ms;
	pthread_mutex_unlock(&troubles->lock);
	if (loud)
		log_warning("upstream %s: %s", upstream_print(upstream, text),
		    words);
}

void
troubles_clear(struct troubles *troubles, const struct upstream *upstream)
{
	struct trouble *trouble;

	pthread_mutex_lock(&troubles->lock);
	trouble = find_trouble(troubles, upstream);
	if (trouble != NULL)
		trouble->current = false;
	pthread_mutex_unlock(&troubles->lock);
}

bool
troubles_read(struct troubles *troubles, const struct upstream *upstream,
    char words[TROUBLES_WORDS])
{
	struct trouble *trouble;
	bool current;

	pthread_mutex_lock(&troubles->lock);
	trouble = find_trouble(troubles, upstream);
	current = trouble != NULL && trouble->current;
	if (current)
		memcpy(words, trouble->words, TROUBLES_WORDS);
	pthread_mutex_unlock(&troubles->lock);
	return current;
}
