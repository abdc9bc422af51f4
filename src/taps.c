/* SPDX-License-Identifier: BSD-2-Clause */
#include "taps.h"

#include <stdlib.h>

#include "base/memory.h"
#include "serve/dnstap.h"
#include "serve/querylog.h"

struct taps {
	struct querylog *log;
	struct dnstap *dnstap;		/* NULL: not in this build */
};

struct taps *
taps_new(struct observer *observer)
{
	struct taps *taps = memory_zeroed(1, sizeof *taps);

	taps->log = querylog_new(observer);
	taps->dnstap = dnstap_new(observer);
	return taps;
}

void
taps_free(struct taps *taps)
{
	if (!taps)
		return;
	querylog_free(taps->log);
	dnstap_free(taps->dnstap);
	free(taps);
}

static struct diag_place
place_of(const struct conf *conf, const struct conf_mark *mark)
{
	return (struct diag_place){.file = conf->path, .line = mark->line,
	    .column = mark->column};
}

static void
set_log(struct taps *taps, const struct conf *conf, struct diags *diags)
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
	struct diag_place place = place_of(conf, &conf->log.file_mark);
	char *wrong = querylog_set(taps->log, &settings);

	if (!wrong)
		return;
	diags_add(diags, DIAG_ERROR, &place, NULL,
	    "the query log %s cannot be opened: %s", conf->log.file, wrong);
	diags_then(diags, querylog_is_on(taps->log) ?
	    "lines go where they went before" :
	    "queries are not logged; a reload tries again");
	free(wrong);
}

static void
set_dnstap(struct taps *taps, const struct conf *conf, struct diags *diags)
{
	const struct conf_dnstap *from = &conf->dnstap;
	const struct dnstap_settings settings = {
	    .socket = from->socket,
	    .file = from->file,
	    .identity = from->identity,
	    .messages =
		(from->messages & CONF_DNSTAP_CLIENT ? DNSTAP_CLIENT : 0u) |
		(from->messages & CONF_DNSTAP_FORWARDER ? DNSTAP_FORWARDER :
		    0u),
	};
	struct diag_place place = place_of(conf, &from->mark);
	char *wrong = dnstap_set(taps->dnstap, &settings);

	if (!wrong)
		return;
	diags_add(diags, DIAG_ERROR, &place, NULL, "no dnstap to %s: %s",
	    from->socket ? from->socket : from->file, wrong);
	free(wrong);
}

void
taps_set(struct taps *taps, const struct conf *conf, struct diags *diags)
{
	set_log(taps, conf, diags);
	set_dnstap(taps, conf, diags);
}

void
taps_stats(const struct taps *taps, uint64_t stats[STAT_COUNT])
{
	struct querylog_counts counts = querylog_count(taps->log);
	struct dnstap_counts messages = dnstap_count(taps->dnstap);

	stats[STAT_LOG_WRITTEN] = counts.written;
	stats[STAT_LOG_LOST] = counts.lost;
	stats[STAT_DNSTAP_WRITTEN] = messages.written;
	stats[STAT_DNSTAP_LOST] = messages.lost;
}
