/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/liveness.h"

#include "base/clock.h"

void
liveness_beat(struct liveness *liveness)
{
	atomic_store_explicit(&liveness->main_ms, clock_mono_ms(),
	    memory_order_relaxed);
}

const char *
liveness_find_fault(struct liveness *liveness, int64_t now_ms)
{
	struct workers *workers = atomic_load_explicit(&liveness->workers,
	    memory_order_acquire);
	int64_t main_ms = atomic_load_explicit(&liveness->main_ms,
	    memory_order_relaxed);

	if (workers && !workers_alive(workers))
		return "a worker's loop has stood still for three seconds";
	if (main_ms && now_ms - main_ms > LIVENESS_MAIN_MS)
		return "main's loop has stood still for a minute";
	return NULL;
}

enum http_when
liveness_answer(void *context, struct http_request *request,
    struct http_answer *answer)
{
	const char *fault = liveness_find_fault(context, clock_mono_ms());

	(void)request;
	answer->status = fault ? 503 : 200;
	evbuffer_add_printf(answer->body, "%s\n", fault ? fault : "ok");
	return HTTP_NOW;
}

enum http_when
liveness_answer_ready(void *context, struct http_request *request,
    struct http_answer *answer)
{
	struct factsboard *board = context;
	const struct facts *facts = factsboard_take(board);
	bool ready = facts->loaded && !*facts->missing;

	(void)request;
	answer->status = ready ? 200 : 503;
	evbuffer_add_printf(answer->body, "%s\n%s%s",
	    ready ? "ready" : facts->loaded ? "not ready" : "loading",
	    facts->missing, facts->faults);
	factsboard_give_back(board, facts);
	return HTTP_NOW;
}
