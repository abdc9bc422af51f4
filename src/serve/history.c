/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct known_upstream {
	bool taken;
	struct endpoint endpoint;
	uint64_t seen;			/* the point that it was last in */
	uint64_t sent, lost;		/* then */
};

struct history {
	uint64_t newest;
	int64_t mono_ms;		/* of the last sample; 0: none yet */
	struct tally before;
	struct known_upstream upstreams[HISTORY_UPSTREAMS];
	struct history_point points[HISTORY_POINTS];
};

struct history *
history_new(void)
{
	struct history *history = memory_aligned(_Alignof(struct history),
	    sizeof *history);

	memset(history, 0, sizeof *history);
	return history;
}

void
history_free(struct history *history)
{
	free(history);
}

static uint32_t
since(uint64_t now, uint64_t before)
{
	return (uint32_t)(now < before ? now : now - before);
}

static uint32_t
grown(const _Atomic uint64_t *now, const _Atomic uint64_t *before)
{
	return since(atomic_load_explicit(now, memory_order_relaxed),
	    atomic_load_explicit(before, memory_order_relaxed));
}

/* ---- answers ---- */

static enum history_group
group_of(unsigned source)
{
	if (source == TALLY_CACHE)
		return HISTORY_CACHE;
	return source == TALLY_FORWARD ? HISTORY_FORWARD : HISTORY_LOCAL;
}

static enum history_rcode
rcode_of(unsigned rcode)
{
	switch (rcode) {
	case RCODE_NOERROR:
		return HISTORY_NOERROR;
	case RCODE_NXDOMAIN:
		return HISTORY_NXDOMAIN;
	case RCODE_SERVFAIL:
		return HISTORY_SERVFAIL;
	case RCODE_REFUSED:
		return HISTORY_REFUSED;
	default:
		return HISTORY_OTHER;
	}
}

static void
fill_answers(struct history_point *point, const struct tally *now,
    const struct tally *before)
{
	for (unsigned s = 0; s < TALLY_SOURCES; s++) {
		uint32_t *took = point->took[group_of(s)];

		for (unsigned i = 0; i < TALLY_RCODES; i++) {
			uint32_t n = grown(&now->responses[s][i],
			    &before->responses[s][i]);

			point->answers[s] += n;
			point->rcodes[rcode_of(i)] += n;
		}
		for (unsigned i = 0; i < TALLY_BUCKETS; i++)
			took[i] += grown(&now->took[s][i],
			    &before->took[s][i]);
	}
}

/* ---- upstreams ---- */

/* Its place, a free one, or that of whoever was not seen for longest. */
static struct known_upstream *
place_for(struct history *history, const struct endpoint *endpoint)
{
	struct known_upstream *list = history->upstreams, *place = &list[0];

	for (unsigned i = 0; i < HISTORY_UPSTREAMS; i++) {
		if (list[i].taken &&
		    endpoint_equal(&list[i].endpoint, endpoint))
			return &list[i];
		if (place->taken &&
		    (!list[i].taken || list[i].seen < place->seen))
			place = &list[i];
	}
	return place;
}

/* What the points say of that place was another's. */
static void
give_place(struct history *history, struct known_upstream *place,
    const struct endpoint *endpoint)
{
	unsigned at = (unsigned)(place - history->upstreams);

	for (unsigned i = 0; i < HISTORY_POINTS; i++)
		history->points[i].upstreams[at] =
		    (struct history_upstream){0};
	*place = (struct known_upstream){.taken = true,
	    .endpoint = *endpoint};
}

static void
fill_upstream(struct history *history, struct history_point *point,
    const struct health_view *view, int64_t mono_ms)
{
	struct known_upstream *place = place_for(history, &view->endpoint);

	/* All places have been taken in this very point. */
	if (place->taken && place->seen == point->number)
		return;
	if (!place->taken || !endpoint_equal(&place->endpoint,
	    &view->endpoint))
		give_place(history, place, &view->endpoint);
	point->upstreams[place - history->upstreams] =
	    (struct history_upstream){
		.sent = since(view->figure[HEALTH_SENT], place->sent),
		.lost = since(view->figure[HEALTH_LOST], place->lost),
		.srtt_us = (uint32_t)view->figure[HEALTH_SRTT_US],
		.passed_over = (int64_t)view->figure[HEALTH_UNTIL_MS] >
		    mono_ms,
	    };
	place->seen = point->number;
	place->sent = view->figure[HEALTH_SENT];
	place->lost = view->figure[HEALTH_LOST];
}

/* ---- points ---- */

static void
add_point(struct history *history, const struct history_sample *sample)
{
	struct history_point *point = &history->points[
	    ++history->newest % HISTORY_POINTS];

	*point = (struct history_point){
	    .number = history->newest,
	    .at_s = sample->at_s,
	    .span_ms = (uint32_t)(sample->mono_ms - history->mono_ms),
	};
	fill_answers(point, sample->tally, &history->before);
	for (unsigned i = 0; i < sample->upstream_count; i++)
		fill_upstream(history, point, &sample->upstreams[i],
		    sample->mono_ms);
}

void
history_take(struct history *history, const struct history_sample *sample)
{
	static const struct tally nothing;

	if (history->mono_ms)
		add_point(history, sample);
	history->mono_ms = sample->mono_ms;
	memcpy(&history->before, &nothing, sizeof nothing);
	tally_add(&history->before, sample->tally);
}

uint64_t
history_newest(const struct history *history)
{
	return history->newest;
}

const struct history_point *
history_point(const struct history *history, uint64_t number)
{
	const struct history_point *point = &history->points[
	    number % HISTORY_POINTS];

	return number && point->number == number ? point : NULL;
}

const struct endpoint *
history_upstream(const struct history *history, unsigned place)
{
	if (place >= HISTORY_UPSTREAMS || !history->upstreams[place].taken)
		return NULL;
	return &history->upstreams[place].endpoint;
}
