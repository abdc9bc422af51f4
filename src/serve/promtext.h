/* SPDX-License-Identifier: BSD-2-Clause */
/* promtext.h - writes metrics as Prometheus reads them: its text format,
 * version 0.0.4.
 *
 * A family is begun with promtext_family, which says what it is, and its
 * samples follow it; a name may be begun once.  What is in a label's value may
 * be anything: it is escaped here, and what is not UTF-8 becomes question
 * marks.
 */
#ifndef HOSTLER_SERVE_PROMTEXT_H
#define HOSTLER_SERVE_PROMTEXT_H

#include <event2/buffer.h>
#include <stdint.h>

#define PROMTEXT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct promtext {
	struct evbuffer *out;
	const char *name;		/* of the family */
};

struct promtext_label {
	const char *name;		/* NULL: this one is not there */
	const char *value;
};

struct promtext_labels {
	unsigned count;
	const struct promtext_label *list;
};

/* type: "counter", "gauge", "histogram".  Strings are to last as long as the
 * family is written. */
void promtext_family(struct promtext *text, const char *name,
    const char *type, const char *help);

void promtext_count(struct promtext *text,
    const struct promtext_labels *labels, uint64_t value);
void promtext_real(struct promtext *text,
    const struct promtext_labels *labels, double value);

/* Counts of buckets as they are kept, not added up; the last bucket has no
 * bound. */
struct promtext_histogram {
	unsigned count;
	const uint64_t *buckets;
	double (*bound_s)(unsigned bucket);
	double sum_s;
};
void promtext_histogram(struct promtext *text,
    const struct promtext_labels *labels,
    const struct promtext_histogram *histogram);

#endif
