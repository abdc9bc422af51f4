/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/sandbox.h"

#include "sys/syscalls.h"

static enum sandbox_wall
limit_calls(void)
{
	switch (syscalls_limit()) {
	case SYSCALLS_LIMITED:
		return SANDBOX_ON;
	case SYSCALLS_NOT_BUILT:
		return SANDBOX_NOT_BUILT;
	case SYSCALLS_REFUSED:
		break;
	}
	return SANDBOX_NO_KERNEL;
}

/* The filter is last: it takes Landlock's own calls away. */
void
sandbox_enter(const struct landlock_places *places,
    struct sandbox_state *state)
{
	state->landlock_abi = landlock_abi();
	state->landlock = state->landlock_abi > 0 &&
	    landlock_enter(state->landlock_abi, places) ==
	    LANDLOCK_ENTERED ? SANDBOX_ON : SANDBOX_NO_KERNEL;
	state->seccomp = limit_calls();
}

const char *
sandbox_wall_word(enum sandbox_wall wall)
{
	static const char *const words[] = {
	    [SANDBOX_OFF] = "off",
	    [SANDBOX_ON] = "on",
	    [SANDBOX_NOT_BUILT] = "not built",
	    [SANDBOX_NO_KERNEL] = "not in this kernel"};

	return words[wall];
}
