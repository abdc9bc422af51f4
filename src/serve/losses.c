/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/losses.h"

#include "base/clock.h"

void
losses_init(struct losses *losses, const struct observer *observer)
{
	*losses = (struct losses){.observer = observer};
}

void
losses_turn_on(struct losses *losses)
{
	if (losses->on)
		return;
	losses->rings_before = observer_dropped(losses->observer);
	losses->on = true;
}

void
losses_turn_off(struct losses *losses)
{
	if (!losses->on)
		return;
	losses_add(losses, observer_dropped(losses->observer) -
	    losses->rings_before);
	losses->on = false;
}

void
losses_add(struct losses *losses, uint64_t count)
{
	losses->own += count;
}

uint64_t
losses_count(const struct losses *losses)
{
	return losses->own + (losses->on ?
	    observer_dropped(losses->observer) - losses->rings_before : 0);
}

uint64_t
losses_untold(struct losses *losses)
{
	int64_t now_ms = clock_mono_ms();
	uint64_t count = losses_count(losses), untold = count - losses->told;

	if (untold == 0 || (losses->told_ms && now_ms - losses->told_ms <
	    LOSSES_TELL_MS))
		return 0;
	losses->told = count;
	losses->told_ms = now_ms;
	return untold;
}
