/* SPDX-License-Identifier: BSD-2-Clause */
/* line NAMES WORK [plain] - what a query costs from its bytes to the reply's,
 * without sockets and without the system: query_begin, the prefetches and
 * query_step, over batches of 64, as the workers do it.
 *
 * NAMES machines vm0000001.cluster.test ..., an A and an AAAA each, from a
 * hosts file made in memory.  WORK: `known` (A of one of them), `absent` (a
 * name that is none: NXDOMAIN), `reverse` (PTR of one of their addresses),
 * `cached` (names that are forwarded, all of them in the cache).  All names at
 * random.  `plain`: without the prefetches.
 *
 * Between two batches the caches nearest to the processor are filled with
 * other things, as the kernel's way of 64 packets does.  Prints nanoseconds a
 * query: the median batch, the quickest tenth, the slowest.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/diag.h"
#include "base/memory.h"
#include "base/pages.h"
#include "dns/message.h"
#include "names/hostsfile.h"
#include "names/index.h"
#include "query/query.h"

#define BATCH 64
#define BATCHES 4000
#define PACKET_MAX 128
#define OTHER_BYTES (1u << 20)
#define LABEL_DIGITS 7
#define ANSWER_BYTES ((size_t)512)	/* more than one takes */

enum work {
	WORK_KNOWN,
	WORK_ABSENT,
	WORK_REVERSE,
	WORK_CACHED,
	WORKS
};

static const char *const work_names[WORKS] = {
	"known", "absent", "reverse", "cached",
};

struct bench {
	unsigned names;
	enum work work;
	bool staged;
	struct index *index;
	struct policy policy;
	struct route route;
	struct query_env env;
	struct query queries[BATCH];
	uint8_t packets[BATCH][PACKET_MAX];
	size_t lengths[BATCH];
	uint64_t random;
	unsigned waits;			/* the cache has it no more */
	double took_ns[BATCHES];
};

static struct stats counters;
static struct tally tally;
static uint8_t other[OTHER_BYTES];

static uint32_t
draw(struct bench *bench)
{
	bench->random = bench->random * 6364136223846793005u +
	    1442695040888963407u;
	return (uint32_t)(bench->random >> 33);
}

/* ---- names ---- */

static char *
make_hosts(unsigned names, size_t *length)
{
	char *text;
	FILE *out = memory_stream(&text, length);

	for (unsigned i = 1; i <= names; i++)
		fprintf(out, "10.%u.%u.%u vm%07u.cluster.test\n"
		    "fd00::%x:%x vm%07u.cluster.test\n", i >> 16 & 255,
		    i >> 8 & 255, i & 255, i, i >> 16, i & 0xffff, i);
	memory_stream_close(out);
	return text;
}

static void
load(struct bench *bench)
{
	static const struct hash_key key = { 0x6c696e65, 0x62656e6368 };
	static const struct index_area area = { .kind = AREA_DOMAIN };
	struct index_area areas[1] = { area };
	struct source_spec spec = {
		.kind = SOURCE_HOSTS, .path = "hosts", .ttl = 60,
		.has_domain = true, .domain = dname_from("cluster.test."),
	};
	struct source_text text = { .path = "hosts" };
	struct hostsfile_input input = {
		.spec = &spec, .files = &text, .file_count = 1,
	};
	struct diags *diags = diags_new();
	char *bytes = make_hosts(bench->names, &text.length);

	text.bytes = bytes;
	areas[0].apex = spec.domain;
	bench->index = index_new(&key);
	index_set_areas(bench->index, areas, 1);
	index_replace(bench->index, NULL, hostsfile_parse(&input, diags));
	assert(diags_count(diags, DIAG_ERROR) == 0);
	diags_free(diags);
	free(bytes);
	bench->policy.top.names = index_commit(bench->index, 1);
	pages_settle();
}

/* ---- questions ---- */

static size_t
write_question(uint8_t *packet, const struct dname *name, uint16_t type)
{
	static const uint8_t head[WIRE_HEADER] = {
		0x12, 0x34, 0x01, 0, 0, 1,
	};
	uint8_t *end = packet + WIRE_HEADER + name->length;

	memcpy(packet, head, WIRE_HEADER);
	memcpy(packet + WIRE_HEADER, name->wire, name->length);
	wire_put16(end, type);
	wire_put16(end + 2, CLASS_IN);
	return (size_t)(end + 4 - packet);
}

static size_t
ask_machine(uint8_t *packet, unsigned number, char letter)
{
	static struct dname name;
	char digits[16];

	if (name.length == 0)
		name = dname_from("vm0000000.cluster.test.");
	snprintf(digits, sizeof(digits), "%07u", number);
	memcpy(name.wire + 3, digits, LABEL_DIGITS);
	name.wire[2] = (uint8_t)letter;
	return write_question(packet, &name, TYPE_A);
}

static size_t
ask_forwarded(uint8_t *packet, unsigned number)
{
	struct dname name;
	char text[64];

	snprintf(text, sizeof(text), "www%07u.example.com.", number);
	name = dname_from(text);
	return write_question(packet, &name, TYPE_A);
}

static size_t
ask_reverse(uint8_t *packet, unsigned number)
{
	const struct addr addr = { 4, { 10, (uint8_t)(number >> 16),
	    (uint8_t)(number >> 8), (uint8_t)number } };
	struct dname name = dname_of_addr(&addr);

	return write_question(packet, &name, TYPE_PTR);
}

static size_t
ask(struct bench *bench, uint8_t *packet)
{
	unsigned number = draw(bench) % bench->names + 1;

	switch (bench->work) {
	case WORK_KNOWN:
		return ask_machine(packet, number, 'm');
	case WORK_ABSENT:
		return ask_machine(packet, number, 'x');
	case WORK_REVERSE:
		return ask_reverse(packet, number);
	default:
		return ask_forwarded(packet, number);
	}
}

/* ---- the cache ---- */

static size_t
write_answer(uint8_t *message, const uint8_t *packet, size_t length)
{
	static const uint8_t record[16] = {
		0xc0, 12, 0, 1, 0, 1, 0, 0, 0x0e, 0x10, 0, 4, 192, 0, 2, 1,
	};

	memcpy(message, packet, length);
	message[2] = 0x81;
	message[3] = 0x80;
	message[7] = 1;
	memcpy(message + length, record, sizeof(record));
	return length + sizeof(record);
}

static void
keep_answer(struct bench *bench, unsigned number)
{
	static const struct answer_limits limits = { 0, 86400, 3600 };
	struct query *q = &bench->queries[0];
	uint8_t packet[PACKET_MAX], message[PACKET_MAX];
	uint8_t room[REPLY_UDP_SIZE];
	size_t length = ask_forwarded(packet, number), replied;
	struct query_client client = { .addr = { 4, { 10, 0, 0, 9 } } };
	struct message read;
	struct answer *answer;

	query_begin(q, &bench->env, &client, packet, length);
	assert(query_step(q, &bench->env, room, &replied) == QUERY_WAIT);
	if (message_read(&read, message, write_answer(message, packet,
	    length), packet, q->question.end) != MESSAGE_OK)
		abort();
	answer = answer_new(&q->forward, &read, &limits, bench->env.now_ms);
	cache_put(bench->env.cache, answer, bench->env.now_ms);
	answer_release(answer);
}

static void
start(struct bench *bench)
{
	bench->random = 42;
	bench->policy.allow.any = true;
	bench->route.to.count = 1;
	bench->route.zone = dname_from(".");
	upstreams_set_id(&bench->route.to);
	bench->policy.top.routes = &bench->route;
	bench->policy.top.route_count = 1;
	bench->env = (struct query_env){
		.policy = &bench->policy, .stats = &counters,
		.tally = &tally, .now_ms = 1000,
		.cache = cache_new(((size_t)512 << 20) +
		    bench->names * ANSWER_BYTES),
	};
	for (unsigned i = 1; bench->work == WORK_CACHED &&
	     i <= bench->names; i++)
		keep_answer(bench, i);
}

/* ---- batches ---- */

static void
run_batch(struct bench *bench)
{
	static uint8_t room[BATCH][REPLY_UDP_SIZE];
	static const struct query_client client = {
		.addr = { 4, { 10, 0, 0, 9 } },
	};
	size_t length;
	enum query_outcome outcome;

	for (unsigned i = 0; i < BATCH; i++)
		query_begin(&bench->queries[i], &bench->env, &client,
		    bench->packets[i], bench->lengths[i]);
	for (unsigned i = 0; i < BATCH && bench->staged; i++)
		query_prefetch(&bench->queries[i], &bench->env);
	for (unsigned i = 0; i < BATCH && bench->staged; i++)
		query_prefetch_answer(&bench->queries[i], &bench->env);
	for (unsigned i = 0; i < BATCH; i++) {
		outcome = query_step(&bench->queries[i], &bench->env, room[i],
		    &length);
		bench->waits += outcome == QUERY_WAIT;
		assert(outcome != QUERY_DROP);
	}
}

static void
forget(void)
{
	for (unsigned i = 0; i < OTHER_BYTES; i += 64)
		other[i]++;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
run(struct bench *bench)
{
	for (unsigned n = 0; n < BATCHES; n++) {
		int64_t from_ns;

		for (unsigned i = 0; i < BATCH; i++)
			bench->lengths[i] = ask(bench, bench->packets[i]);
		forget();
		from_ns = clock_mono_ns();
		run_batch(bench);
		bench->took_ns[n] = (double)(clock_mono_ns() - from_ns) /
		    BATCH;
	}
	assert(bench->waits < BATCH * BATCHES / 100);
	qsort(bench->took_ns, BATCHES, sizeof(bench->took_ns[0]), compare);
	printf("%s %s, %u names: %.0f ns a query (%.0f to %.0f)\n",
	    work_names[bench->work], bench->staged ? "staged" : "plain",
	    bench->names, bench->took_ns[BATCHES / 2],
	    bench->took_ns[BATCHES / 10], bench->took_ns[BATCHES * 9 / 10]);
}

int
main(int argc, char **argv)
{
	static struct bench bench;
	int work = 0;

	while (argc >= 3 && work < WORKS &&
	    strcmp(argv[2], work_names[work]) != 0)
		work++;
	if (argc < 3 || work == WORKS || atoi(argv[1]) <= 0) {
		fputs("usage: line NAMES known|absent|reverse|cached "
		    "[plain]\n", stderr);
		return 2;
	}
	bench.names = (unsigned)atoi(argv[1]);
	bench.work = (enum work)work;
	bench.staged = argc == 3;
	load(&bench);
	start(&bench);
	run(&bench);
	cache_free(bench.env.cache);
	index_free(bench.index);
	return 0;
}
