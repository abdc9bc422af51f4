/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/tops.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "dns/dname.h"
#include "dns/wire.h"

#define ENTRIES 512
#define WAYS 4
#define FADES_MAX 64			/* then nothing is left */
#define NS_IN_S 1000000000

/* Names are told apart by their hash alone: of two that share one the time is
 * that of the later, which is once in 2^48 for a full table. */
struct asked {
	uint64_t hash;
	int64_t at_s;			/* 0: free */
};

struct tops {
	pthread_mutex_t lock;
	struct toplist *lists[TOPS_KINDS];
	int64_t faded_s;
	struct hash_key key;
	struct asked asked[TOPS_ASKED];	/* sets of WAYS */
};

struct tops *
tops_new(void)
{
	struct tops *tops = memory_alloc(sizeof *tops);

	/* All of it will be used: what it takes shows at once. */
	memset(tops, 0, sizeof *tops);

	pthread_mutex_init(&tops->lock, NULL);
	for (unsigned i = 0; i < TOPS_KINDS; i++)
		tops->lists[i] = toplist_new(ENTRIES);
	random_bytes(&tops->key, sizeof tops->key);
	return tops;
}

void
tops_free(struct tops *tops)
{
	if (!tops)
		return;
	for (unsigned i = 0; i < TOPS_KINDS; i++)
		toplist_free(tops->lists[i]);
	pthread_mutex_destroy(&tops->lock);
	free(tops);
}

/* ---- when a name was asked ---- */

static struct asked *
set_of(struct tops *tops, uint64_t hash)
{
	return &tops->asked[hash % (TOPS_ASKED / WAYS) * WAYS];
}

/* Its own place, or that of whoever was asked longest ago. */
static struct asked *
place_of(struct tops *tops, uint64_t hash)
{
	struct asked *set = set_of(tops, hash), *place = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].at_s && set[i].hash == hash)
			return &set[i];
		if (set[i].at_s < place->at_s)
			place = &set[i];
	}
	return place;
}

static void
note_asked(struct tops *tops, const uint8_t *name, size_t length,
    int64_t now_s)
{
	uint64_t hash = hash_siphash13(&tops->key, name, length);

	*place_of(tops, hash) = (struct asked){hash, now_s};
}

int64_t
tops_asked_s(struct tops *tops, const uint8_t *name)
{
	uint64_t hash = hash_siphash13(&tops->key, name, dname_length(name));
	const struct asked *set = set_of(tops, hash);
	int64_t at_s = 0;

	pthread_mutex_lock(&tops->lock);
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].at_s && set[i].hash == hash)
			at_s = set[i].at_s;
	pthread_mutex_unlock(&tops->lock);
	return at_s;
}

/* ---- the lists ---- */

static void
count_failed(struct tops *tops, const struct sighting *seen,
    const uint8_t *name)
{
	uint8_t key[TOPLIST_KEY_MAX];
	size_t length = seen->name_length;

	/* The longest of names leaves no room for the rcode: it is in the
	 * other list alone. */
	if (length > sizeof key - 2)
		return;
	wire_put16(key, seen->rcode);
	memcpy(key + 2, name, length);
	toplist_add(tops->lists[TOPS_FAILED], key, length + 2, seen->weight);
}

static void
count_name(struct tops *tops, const struct sighting *seen, int64_t now_s)
{
	uint8_t name[DNAME_MAX];

	dname_copy_lower(name, seen->name, seen->name_length);
	note_asked(tops, name, seen->name_length, now_s);
	toplist_add(tops->lists[TOPS_NAMES], name, seen->name_length,
	    seen->weight);
	if (seen->rcode != RCODE_NOERROR)
		count_failed(tops, seen, name);
}

/* Once for each span that has passed, however quiet it was. */
static void
fade(struct tops *tops, int64_t mono_s)
{
	for (unsigned i = 0; i < FADES_MAX &&
	    mono_s - tops->faded_s >= TOPS_FADE_S; i++) {
		tops->faded_s += TOPS_FADE_S;
		for (unsigned k = 0; k < TOPS_KINDS; k++)
			toplist_fade(tops->lists[k]);
	}
	if (mono_s - tops->faded_s >= TOPS_FADE_S)
		tops->faded_s = mono_s;
}

void
tops_see(void *context, const struct sighting *seen, int64_t wall_ns)
{
	struct tops *tops = context;

	if (seen->weight == 0)
		return;
	pthread_mutex_lock(&tops->lock);
	fade(tops, seen->done_ns / NS_IN_S);
	toplist_add(tops->lists[TOPS_CLIENTS], seen->client.bytes,
	    seen->client.family == 6 ? 16 : 4, seen->weight);
	if (seen->name_length)
		count_name(tops, seen, wall_ns / NS_IN_S);
	pthread_mutex_unlock(&tops->lock);
}

unsigned
tops_read(struct tops *tops, enum tops_kind kind, int64_t now_s,
    struct toplist_row rows[TOPS_ROWS])
{
	unsigned count;

	pthread_mutex_lock(&tops->lock);
	fade(tops, now_s);
	count = toplist_read(tops->lists[kind], rows, TOPS_ROWS);
	pthread_mutex_unlock(&tops->lock);
	return count;
}
