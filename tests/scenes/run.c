/* SPDX-License-Identifier: BSD-2-Clause */
/* run - play the scenes: stories through query_step, without a socket and
 * without a clock.
 *
 *   run [FILE.scene]...           all of tests/scenes where none is named
 *
 * Statements beside those of the set-up (world.h):
 *
 *   query NAME TYPE [OPTION]...   (packets.h); then what comes of it:
 *   packet HEX...                 the same with bytes as they are
 *   wait NAME TYPE [ADDR@PORT]... it waits for this, from these
 *   upstream RCODE [ad]           that is answered so (a block), and the
 *                                 query goes on
 *   hurry                         QUERY_PATIENCE_MS pass without an answer,
 *                                 and the waiting query is run in need
 *   refresh RCODE [ad]            the query before, which had its reply, also
 *                                 has this asked for, and is answered so
 *   norefresh                     it has not
 *   reply RCODE [FLAG]... [ede=N] it is answered so: flags in the order aa tc
 *                                 rd ra ad cd, then a block of records in
 *                                 presentation form, with lines `authority`
 *                                 and `additional` between; * stands for
 *                                 anything
 *   dropped                       it is not answered
 *   count NAME N                  of the counters of `stats`
 *
 * Every query must be followed by what came of it.
 */
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/epoch.h"
#include "packets.h"
#include "world.h"

enum state {
	STATE_IDLE,
	STATE_REPLY,
	STATE_WAIT,
	STATE_DROP,
	STATE_ANSWERABLE,		/* waits, and that was checked */
};

struct run {
	struct story story;
	struct world world;
	struct epoch_reader *reader;
	enum state state;
	uint8_t packet[PACKET_MAX];
	size_t packet_length;
	uint8_t room[PACKET_MAX];
	size_t length;
	struct query q;
	struct answer *fresh;
	unsigned restarts;
	bool in_need;
};

static void
take_step(struct run *run)
{
	struct query_env env = world_env(&run->world);

	env.fresh = run->fresh;
	env.restarts = run->restarts;
	env.in_need = run->in_need;
	env.may_refresh = run->restarts == 0;
	epoch_online(run->reader);
	query_begin(&run->q, &env, &run->world.client, run->packet,
	    run->packet_length);
	query_prefetch(&run->q, &env);
	query_prefetch_answer(&run->q, &env);
	switch (query_step(&run->q, &env, run->room, &run->length)) {
	case QUERY_REPLY:
		run->state = STATE_REPLY;
		break;
	case QUERY_WAIT:
		run->state = STATE_WAIT;
		break;
	case QUERY_DROP:
		run->state = STATE_DROP;
		break;
	}
	epoch_offline(run->reader);
}

static void
begin_query(struct run *run, size_t length)
{
	if (run->state != STATE_IDLE && run->state != STATE_ANSWERABLE)
		story_fail(&run->story, "what came of the query before?");
	answer_release(run->fresh);
	run->fresh = NULL;
	run->in_need = false;
	run->restarts = 0;
	run->packet_length = length;
	take_step(run);
}

/* The question goes back byte for byte, the id too. */
static void
check_echo(struct run *run)
{
	size_t end = WIRE_HEADER;

	if (memcmp(run->packet, run->room, 2) != 0 || !(run->room[2] & 0x80))
		story_fail(&run->story, "id or QR is wrong");
	if (wire_get16(run->room + 4) == 0)
		return;
	while (run->packet[end] != 0)
		end += run->packet[end] + 1u;
	end += 5;
	if (memcmp(run->packet + WIRE_HEADER, run->room + WIRE_HEADER,
	    end - WIRE_HEADER) != 0)
		story_fail(&run->story, "the question was changed");
}

static char *
join_expected(struct story *story)
{
	char *text = NULL, *line;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL)
		story_fail(story, "no memory");
	for (unsigned i = 1; i < story->count; i++)
		fprintf(out, "%s%s", i > 1 ? " " : "", story->word[i]);
	fputc('\n', out);
	while ((line = story_block_line(story)) != NULL)
		fprintf(out, "%s\n", line);
	fclose(out);
	return text;
}

static void
check_reply(struct run *run)
{
	struct story *story = &run->story;
	char *expected = join_expected(story);
	char *got;

	if (run->state != STATE_REPLY)
		story_fail(story, "there is no reply (%s)",
		    run->state == STATE_WAIT ? "it waits" : "dropped");
	check_echo(run);
	got = packet_print(story, run->room, run->length);
	if (fnmatch(expected, got, FNM_NOESCAPE) != 0)
		story_fail(story, "expected:\n%s-- got:\n%s--", expected,
		    got);
	free(expected);
	free(got);
	run->state = STATE_IDLE;
}

static void
check_wait(struct run *run)
{
	struct story *story = &run->story;
	const struct forward_question *forward = &run->q.forward;
	char name[DNAME_TEXT_MAX], type[TYPE_TEXT], to[ENDPOINT_TEXT];
	bool same = story->count >= 3;

	if (run->state != STATE_WAIT) {
		fputs(packet_print(story, run->room, run->length), stderr);
		story_fail(story, "it does not wait");
	}
	dname_print(forward->name.wire, name);
	type_print(forward->type, type);
	same = same && strcmp(story->word[1], name) == 0 &&
	    strcmp(story->word[2], type) == 0 &&
	    story->count == 3u + forward->to.count;
	for (unsigned i = 0; same && i < forward->to.count; i++)
		same = strcmp(story->word[3 + i], endpoint_print(
		    &forward->to.list[i].endpoint, to)) == 0;
	if (!same)
		story_fail(story, "it waits for %s %s from %u servers", name,
		    type, (unsigned)forward->to.count);
	run->state = STATE_ANSWERABLE;
}

static void
answer_upstream(struct run *run)
{
	struct answer *answer;

	if (run->state != STATE_ANSWERABLE)
		story_fail(&run->story, "nobody asked the upstream");
	answer = packet_of_upstream(&run->story, &run->q.forward,
	    run->world.now_ms);
	cache_put(run->world.cache, answer, run->world.now_ms);
	answer_release(run->fresh);
	run->fresh = answer;
	run->restarts++;
	take_step(run);
}

/* As the net room does it.  Where there is still no reply it waits on. */
static void
hurry(struct run *run)
{
	if (run->state != STATE_ANSWERABLE || !run->q.forward.has_stale)
		story_fail(&run->story, "there is nothing expired");
	run->world.now_ms += QUERY_PATIENCE_MS;
	run->in_need = true;
	run->restarts++;
	take_step(run);
}

static void
refresh(struct run *run)
{
	struct answer *answer;

	if (run->state != STATE_IDLE || !run->q.refresh)
		story_fail(&run->story, "nothing is asked for");
	answer = packet_of_upstream(&run->story, &run->q.forward,
	    run->world.now_ms);
	cache_put(run->world.cache, answer, run->world.now_ms);
	answer_release(answer);
	run->q.refresh = false;
}

static void
check_count(struct run *run)
{
	struct story *story = &run->story;
	uint64_t sum[STAT_COUNT] = {0};

	stats_sum(sum, &run->world.stats);
	tally_fill(sum, &run->world.tally);
	for (unsigned i = 0; story->count == 3 && i < STAT_COUNT; i++) {
		unsigned long long n;

		if (strcmp(stats_name((enum stats_counter)i),
		    story->word[1]) != 0)
			continue;
		n = sum[i];
		if (n != strtoull(story->word[2], NULL, 10))
			story_fail(story, "%s is %llu", story->word[1], n);
		return;
	}
	story_fail(story, "there is no such counter");
}

static void
carry_out(struct run *run)
{
	struct story *story = &run->story;
	const char *verb = story->word[0];

	if (strcmp(verb, "query") == 0)
		begin_query(run, packet_of_query(story, run->packet));
	else if (strcmp(verb, "packet") == 0)
		begin_query(run, packet_of_hex(story, run->packet));
	else if (strcmp(verb, "reply") == 0)
		check_reply(run);
	else if (strcmp(verb, "wait") == 0)
		check_wait(run);
	else if (strcmp(verb, "upstream") == 0)
		answer_upstream(run);
	else if (strcmp(verb, "refresh") == 0)
		refresh(run);
	else if (strcmp(verb, "norefresh") == 0 && !run->q.refresh)
		return;
	else if (strcmp(verb, "hurry") == 0)
		hurry(run);
	else if (strcmp(verb, "count") == 0)
		check_count(run);
	else if (strcmp(verb, "dropped") == 0 && run->state == STATE_DROP)
		run->state = STATE_IDLE;
	else if (!world_statement(&run->world, story))
		story_fail(story, "%s: not so", verb);
}

static void
play(const char *path)
{
	struct run *run = calloc(1, sizeof(*run));
	unsigned statements = 0;

	if (run == NULL)
		exit(1);
	run->reader = epoch_reader_new();
	story_open(&run->story, path);
	world_init(&run->world);
	while (story_next(&run->story)) {
		carry_out(run);
		statements++;
	}
	if (run->state == STATE_WAIT || run->state == STATE_REPLY ||
	    run->state == STATE_DROP || statements == 0)
		story_fail(&run->story, "what came of the last query?");
	answer_release(run->fresh);
	world_fini(&run->world);
	epoch_reader_free(run->reader);
	story_close(&run->story);
	free(run);
	printf("%s: good\n", path);
}

static void
play_all(void)
{
	const char *top = getenv("abs_top_srcdir");
	char pattern[4096];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/tests/scenes/*.scene",
	    top != NULL ? top : ".");
	if (glob(pattern, 0, NULL, &found) != 0) {
		fprintf(stderr, "%s: no scenes\n", pattern);
		exit(1);
	}
	for (size_t i = 0; i < found.gl_pathc; i++)
		play(found.gl_pathv[i]);
	globfree(&found);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		play_all();
	for (int i = 1; i < argc; i++)
		play(argv[i]);
	return 0;
}
