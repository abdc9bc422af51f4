/* SPDX-License-Identifier: BSD-2-Clause */
#include "taps.h"

#include <stdlib.h>

#include "base/memory.h"
#include "serve/querylog.h"

struct taps {
	struct querylog *log;
};

struct taps *
taps_new(struct observer *observer)
{
	struct taps *taps = memory_zeroed(1, sizeof *taps);

	taps->log = querylog_new(observer);
	return taps;
}

void
taps_free(struct taps *taps)
{
	if (!taps)
		return;
	querylog_free(taps->log);
	free(taps);
}

static void
tell(struct diags *diags, const struct conf *conf, const char *wrong)
{
	struct diag_place place = {
	    .file = conf->path,
	    .line = conf->log.file_mark.line,
	    .column = conf->log.file_mark.column,
	};

	diags_add(diags, DIAG_ERROR, &place, NULL,
	    "the query log %s cannot be opened: %s", conf->log.file, wrong);
}

void
taps_set(struct taps *taps, const struct conf *conf, struct diags *diags)
{
	static const enum querylog_queries queries[] = {
	    [CONF_LOG_OFF] = QUERYLOG_OFF,
	    [CONF_LOG_FAILURES] = QUERYLOG_FAILURES,
	    [CONF_LOG_ALL] = QUERYLOG_ALL,
	};
	const struct querylog_settings settings = {
	    .queries = queries[conf->log.queries],
	    .format = conf->log.json ? QUERYLINE_JSON : QUERYLINE_TEXT,
	    .bits4 = conf->log.bits4,
	    .bits6 = conf->log.bits6,
	    .file = conf->log.file,
	};
	char *wrong = querylog_set(taps->log, &settings);

	if (!wrong)
		return;
	tell(diags, conf, wrong);
	diags_then(diags, querylog_is_on(taps->log) ?
	    "lines go where they went before" :
	    "queries are not logged; a reload tries again");
	free(wrong);
}

void
taps_stats(const struct taps *taps, uint64_t stats[STAT_COUNT])
{
	struct querylog_counts counts = querylog_count(taps->log);

	stats[STAT_LOG_WRITTEN] = counts.written;
	stats[STAT_LOG_LOST] = counts.lost;
}
