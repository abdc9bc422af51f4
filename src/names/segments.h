/* SPDX-License-Identifier: BSD-2-Clause */
/* segments.h - where the segments of tables (table.h) come from.
 *
 * A segment is up to a little more than a page, and any of them may be read
 * next: those with as many buckets are cut from slabs that base/pages.h gives,
 * so that those of a large table lie in huge pages.  A slab takes memory as its
 * segments are used, and goes back when none is.
 *
 * Any thread; under one lock.
 */
#ifndef HOSTLER_NAMES_SEGMENTS_H
#define HOSTLER_NAMES_SEGMENTS_H

#include "names/table.h"

/* Room for so many buckets; nothing in it is set but `slab`, which is to stay.
 * Fails as base/memory.h does. */
struct table_segment *segments_take(unsigned buckets);
void segments_give(struct table_segment *segment);

#endif
