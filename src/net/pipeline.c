/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/pipeline.h"

#include <assert.h>

#include "base/random.h"
#include "dns/wire.h"

static unsigned
index_of(const struct pipeline *pipeline, uint16_t id)
{
	unsigned i = 0;

	while (i < pipeline->count && pipeline->ids[i] != id)
		i++;
	return i;
}

void
pipeline_add(struct pipeline *pipeline, struct asked *asked)
{
	uint16_t id = asked->own_id;

	assert(pipeline->count < PIPELINE_MAX);
	while (index_of(pipeline, id) < pipeline->count)
		id = random_16();
	asked->wire_id = id;
	wire_put16(asked->bytes + PIPELINE_LENGTH, id);
	asked->at = (uint16_t)pipeline->count;
	pipeline->ids[pipeline->count] = id;
	pipeline->list[pipeline->count++] = asked;
}

void
pipeline_remove(struct pipeline *pipeline, struct asked *asked)
{
	unsigned at = asked->at, last = pipeline->count - 1;

	assert(at <= last && pipeline->list[at] == asked);
	pipeline->ids[at] = pipeline->ids[last];
	pipeline->list[at] = pipeline->list[last];
	pipeline->list[at]->at = (uint16_t)at;
	pipeline->count = last;
}

struct asked *
pipeline_find(const struct pipeline *pipeline, uint16_t id)
{
	unsigned i = index_of(pipeline, id);

	return i < pipeline->count ? pipeline->list[i] : NULL;
}
