/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - the two clocks, read in one place each.
 *
 * Only main, net and tests read a clock; names and query are told `now`.
 */
#ifndef HOSTLER_BASE_CLOCK_H
#define HOSTLER_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void);		/* CLOCK_MONOTONIC, for every timer */
int64_t clock_mono_us(void);
int64_t clock_mono_ns(void);
int64_t clock_wall_ns(void);
int64_t clock_wall_s(void);		/* Unix time, for serials and leases */

#endif
