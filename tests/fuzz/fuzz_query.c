/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes, from any client, into query_step: whatever comes out is a good
 * message that answers them, within its limit.
 *
 * Byte 0: 1 TCP, 2 a client on loopback, 4 an IPv6 client, 8 no recursion
 * outside.  The rest is the packet. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "dns/message.h"
#include "names/hostsfile.h"
#include "names/index.h"
#include "names/zonefile.h"
#include "query/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char zone_text[] =
    "$TTL 300\n"
    "@ IN SOA ns h 1 2 3 4 5\n"
    "@ NS ns\n"
    "@ MX 1 mail\n"
    "ns A 10.0.0.1\n"
    "mail A 10.0.0.2\n"
    "c CNAME d\n"
    "d CNAME c\n"
    "e CNAME x.w\n"
    "*.w A 10.0.0.3\n"
    "s NS ns.s\n"
    "ns.s A 10.0.0.4\n"
    "n DNAME w\n"
    "big TXT \"0123456789012345678901234567890123456789\"\n"
    "$GENERATE 1-90 big TXT \"$ 01234567890123456789\"\n";

static const char hosts_text[] =
    "10.0.1.1 a b.z\n"
    "127.0.0.1 l\n"
    "fd00::1 a\n"
    "10.0.1.2 g.s.z\n";

static struct policy policy;
static struct index *names;
static struct cache *cache;
static struct route route;
static struct stats counters;
static struct tally tally;

static void
end_world(void)
{
	cache_free(cache);
	index_free(names);
}

static void
make_world(void)
{
	static const struct hash_key key = { 3, 4 };
	struct diags *diags = diags_new();
	struct source_spec spec = {
		.kind = SOURCE_ZONE, .path = "zone", .has_domain = true,
		.domain = dname_from("z."),
	};
	struct zonefile_input zone = {
		.spec = &spec, .now_s = 1,
		.text = { "zone", zone_text, sizeof(zone_text) - 1 },
	};
	struct source_text text = {
		"hosts", hosts_text, sizeof(hosts_text) - 1,
	};
	struct hostsfile_input hosts = {
		.spec = &spec, .files = &text, .file_count = 1,
	};

	names = index_new(&key);
	index_replace(names, NULL, zonefile_parse(&zone, diags));
	spec.kind = SOURCE_HOSTS;
	spec.domain = dname_from("y.");
	index_replace(names, NULL, hostsfile_parse(&hosts, diags));
	assert(diags_count(diags, DIAG_ERROR) == 0);
	diags_free(diags);
	policy.top.names = index_commit(names, 1);
	policy.host = dname_from("l.y.");
	policy.allow.any = true;
	route.to.count = 1;
	route.zone = dname_from(".");
	upstreams_set_id(&route.to);
	policy.top.routes = &route;
	cache = cache_new(65536);
	atexit(end_world);
}

static void
check_reply(const struct query *q, const uint8_t *packet, const uint8_t *room,
    size_t length, size_t limit)
{
	struct message message;
	struct message_walk walk = { 0 };
	struct message_record record;
	unsigned records = 0;

	assert(length >= WIRE_HEADER && length <= limit);
	assert(memcmp(packet, room, 2) == 0 && (room[2] & 0x80));
	if (q->parsed != QUESTION_OK)
		return;
	assert(message_read(&message, room, length, packet,
	    q->question.end) == MESSAGE_OK);
	while (message_next(&message, &walk, &record))
		records++;
	assert(records + message.edns == (unsigned)message.count[0] +
	    message.count[1] + message.count[2]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[WIRE_MAX], packet[WIRE_MAX];
	static struct query q;
	struct query_client client = {
		.addr = { 4, { 10, 0, 0, 9 } }, .asked = { 4, { 10, 0, 0, 1 } },
	};
	struct query_env env = {
		.policy = &policy, .stats = &counters, .tally = &tally,
		.now_ms = 1,
	};
	size_t length = 0;

	if (policy.top.names == NULL)
		make_world();
	if (size < 1 || size > sizeof(packet))
		return 0;
	if (data[0] & 2)
		client.addr = (struct addr){ 4, { 127, 0, 0, 1 } };
	if (data[0] & 4)
		client.addr = (struct addr){ 6, { 0xfd } };
	client.transport = data[0] & 1 ? QUERY_TCP : QUERY_UDP;
	policy.top.route_count = data[0] & 8 ? 0 : 1;
	env.cache = cache;
	memcpy(packet, data + 1, size - 1);
	query_begin(&q, &env, &client, packet, size - 1);
	query_prefetch(&q, &env);
	query_prefetch_answer(&q, &env);
	if (query_step(&q, &env, room, &length) == QUERY_REPLY)
		check_reply(&q, packet, room, length, data[0] & 1 ? WIRE_MAX :
		    REPLY_UDP_SIZE);
	return 0;
}
