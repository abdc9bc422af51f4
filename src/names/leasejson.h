/* SPDX-License-Identifier: BSD-2-Clause */
/* leasejson.h - JSON for lease files: jansson for the values, the text itself
 * for their places, which jansson does not keep.
 *
 * Numbers are all read as real ones: times in microseconds fit exactly, and
 * "infinite" (2^64 - 1) is no error.
 */
#ifndef HOSTLER_NAMES_LEASEJSON_H
#define HOSTLER_NAMES_LEASEJSON_H

#include <jansson.h>

#include "names/lease.h"

/* LEASEFILE_GOOD: *root is the caller's.  HALF: the text ends early.  BAD has
 * told why. */
enum leasefile_result leasejson_load(struct lease_reading *reading,
    json_t **root);

/* In a text that was loaded: the value at `at`, and a member of the object
 * there (length 0: none, or `at` is no object).  Spans are of the whole value,
 * of a string without its quotes. */
struct lease_span leasejson_value(const struct lease_reading *reading,
    const char *at);
struct lease_span leasejson_member(const struct lease_reading *reading,
    const char *object, const char *name);
/* The elements of the array at `array`, one after the other (after NULL: the
 * first); NULL at the end. */
const char *leasejson_element(const struct lease_reading *reading,
    const char *array, const char *after);
/* The first byte of the text that is no blank. */
const char *leasejson_start(const struct lease_reading *reading);

/* A time in seconds; what is not after 0, or never comes, is LEASE_NEVER. */
int64_t leasejson_end(double end_s);

#endif
