/* SPDX-License-Identifier: BSD-2-Clause */
/* verbrights.h - what `status` says of the rights that the daemon has left: its
 * user, capabilities, and the sandbox, as the kernel tells of this process. */
#ifndef HOSTLER_VERBRIGHTS_H
#define HOSTLER_VERBRIGHTS_H

#include <jansson.h>
#include <stdio.h>

#include "confine.h"

void verbrights_print(const struct confinement *confinement, FILE *out);
json_t *verbrights_make(const struct confinement *confinement);

#endif
