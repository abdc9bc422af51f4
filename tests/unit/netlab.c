/* SPDX-License-Identifier: BSD-2-Clause */
#include "netlab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "craft.h"
#include "names/hostsfile.h"
#include "names/index.h"

#define HELD_MAX 256
#define QUERY_ROOM 512
#define HOSTS_ROOM (LAB_MANY * 24 + 256)
#define PORT_TRIES 50
#define PAUSE_MS 2			/* between two looks */

struct held {
	uint8_t query[QUERY_ROOM];
	size_t length;
	struct sockaddr_in from;
};

/* All but seen and answered is the upstream thread's while that runs. */
static struct {
	int udp, orders[2];		/* a byte: answer what is held; end */
	pthread_t thread;
	_Atomic unsigned seen, answered;
	struct held held[HELD_MAX];
	unsigned held_count;
	struct craft craft;
} up;

static struct {
	struct index *index;
	const struct snapshot *names;
	struct publisher publisher;
	const struct policy *policy;
	struct cache *cache;
	struct workers *workers;
	struct workers_settings settings;	/* that they have */
	unsigned count;
} lab;

/* ---- the upstream ---- */

static void
answer_query(const struct held *held)
{
	char name[DNAME_TEXT_MAX];

	craft_reply(&up.craft, held->query, held->length, 0);
	craft_a(&up.craft, dname_print(held->query + WIRE_HEADER, name),
	    LAB_TTL_S, 1);
	ck_assert_int_eq(sendto(up.udp, up.craft.bytes, up.craft.length, 0,
	    (const struct sockaddr *)&held->from, sizeof held->from),
	    (ssize_t)up.craft.length);
	atomic_fetch_add(&up.answered, 1);
}

static void
take_query(void)
{
	struct held *held = &up.held[up.held_count];
	socklen_t length = sizeof held->from;
	ssize_t got;
	char kind;

	ck_assert_uint_lt(up.held_count, HELD_MAX);
	got = recvfrom(up.udp, held->query, sizeof held->query, 0,
	    (struct sockaddr *)&held->from, &length);
	if (got < WIRE_HEADER + 5)
		return;
	held->length = (size_t)got;
	kind = (char)(held->query[WIRE_HEADER + 1] | 0x20);	/* any case */
	if (kind == 'a')
		answer_query(held);
	else if (kind == 'h')
		up.held_count++;
	atomic_fetch_add(&up.seen, 1);
}

static void *
run_upstream(void *context)
{
	struct pollfd polls[2] = {
		{.fd = up.udp, .events = POLLIN},
		{.fd = up.orders[0], .events = POLLIN},
	};
	char order;

	(void)context;
	for (;;) {
		poll(polls, 2, -1);
		if (polls[0].revents)
			take_query();
		if (!polls[1].revents)
			continue;
		if (read(up.orders[0], &order, 1) != 1 || order != 'r')
			return NULL;
		while (up.held_count > 0)
			answer_query(&up.held[--up.held_count]);
	}
}

static uint16_t
start_upstream(void)
{
	struct sockaddr_in own = {.sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof own;

	up.udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(up.udp, 0);
	ck_assert_int_eq(bind(up.udp, (struct sockaddr *)&own, length), 0);
	getsockname(up.udp, (struct sockaddr *)&own, &length);
	ck_assert_int_eq(pipe(up.orders), 0);
	ck_assert_int_eq(pthread_create(&up.thread, NULL, run_upstream, NULL),
	    0);
	return ntohs(own.sin_port);
}

static void
order_upstream(char order)
{
	ck_assert_int_eq(write(up.orders[1], &order, 1), 1);
}

static void
stop_upstream(void)
{
	order_upstream('e');
	pthread_join(up.thread, NULL);
	close(up.udp);
	close(up.orders[0]);
	close(up.orders[1]);
}

unsigned
lab_upstream_seen(void)
{
	return atomic_load(&up.seen);
}

void
lab_wait_upstream(unsigned at_least)
{
	int64_t by_ms = clock_mono_ms() + LAB_WAIT_MS;

	while (lab_upstream_seen() < at_least) {
		ck_assert_int_lt(clock_mono_ms(), by_ms);
		poll(NULL, 0, PAUSE_MS);
	}
}

void
lab_wait_answered(unsigned at_least)
{
	int64_t by_ms = clock_mono_ms() + LAB_WAIT_MS;

	while (atomic_load(&up.answered) < at_least) {
		ck_assert_int_lt(clock_mono_ms(), by_ms);
		poll(NULL, 0, PAUSE_MS);
	}
}

void
lab_release(void)
{
	order_upstream('r');
}

/* ---- names and policy ---- */

static struct dname
name_of(const char *text)
{
	struct dname name;
	size_t bad;

	ck_assert_ptr_null(dname_parse(&name, text, strlen(text), NULL,
	    &bad));
	return name;
}

static size_t
write_hosts(char *to)
{
	size_t at = (size_t)sprintf(to, "10.0.0.1 web\n10.0.0.2 db\n");

	for (unsigned i = 0; i < LAB_MANY; i++)
		at += (size_t)sprintf(to + at, "10.1.%u.%u many\n", i / 250,
		    1 + i % 250);
	return at;
}

static void
load_names(void)
{
	static const struct hash_key key = {1, 2};
	static char hosts[HOSTS_ROOM];
	struct source_spec spec = {.kind = SOURCE_HOSTS, .path = "hosts",
	    .ttl = 5, .has_domain = true, .domain = name_of("lab.test.")};
	struct source_text text = {"hosts", hosts, write_hosts(hosts)};
	struct hostsfile_input input = {.spec = &spec, .files = &text,
	    .file_count = 1};
	struct index_area area = {.apex = spec.domain, .kind = AREA_DOMAIN};
	struct diags *diags = diags_new();

	lab.index = index_new(&key);
	index_set_areas(lab.index, &area, 1);
	index_replace(lab.index, NULL, hostsfile_parse(&input, diags));
	ck_assert_uint_eq(diags_count(diags, DIAG_ERROR), 0);
	diags_free(diags);
	lab.names = index_commit(lab.index, clock_wall_s());
}

static struct policy *
make_policy(uint16_t upstream_port)
{
	struct policy *policy = calloc(1, sizeof *policy);
	struct route *route = calloc(1, sizeof *route);

	ck_assert_ptr_nonnull(policy);
	ck_assert_ptr_nonnull(route);
	route->zone = name_of("up.test.");
	route->to.count = 1;
	route->to.list[0].endpoint = (struct endpoint){
	    .addr = {4, {127, 0, 0, 1}}, .port = upstream_port};
	upstreams_set_id(&route->to);
	policy->top.names = lab.names;
	policy->top.routes = route;
	policy->top.route_count = 1;
	policy->allow.any = true;
	policy->max_ttl_s = 86400;
	policy->max_negative_ttl_s = 60;
	return policy;
}

void
lab_publish(int64_t max_ttl_s)
{
	struct policy *policy = make_policy(
	    lab.policy->top.routes[0].to.list[0].endpoint.port);
	int64_t by_ms = clock_mono_ms() + LAB_WAIT_MS;
	uint64_t ticket;

	policy->max_ttl_s = max_ttl_s;
	publisher_swap(&lab.publisher, policy, &ticket);
	while (!epoch_passed(ticket)) {
		ck_assert_int_lt(clock_mono_ms(), by_ms);
		poll(NULL, 0, PAUSE_MS);
	}
	policy_free((struct policy *)lab.policy);
	lab.policy = policy;
}

/* ---- the workers ---- */

void
lab_start(const struct lab_settings *settings)
{
	struct workers_settings workers = {
	    .count = settings->workers,
	    .publisher = &lab.publisher,
	    .tcp_connections_max = settings->connections_max ?
		settings->connections_max : 100,
	    .tcp_client_max = settings->client_max,
	    .tcp_idle_ms = settings->idle_ms ? settings->idle_ms : 60000,
	    .waiting_max = settings->waiting_max ? settings->waiting_max :
		1000,
	    .tcp_kept_max = settings->kept_max,
	    .refused_log_ms = 60000,
	    .reader = settings->reader,
	};

	lab.count = settings->workers;
	load_names();
	lab.policy = make_policy(start_upstream());
	atomic_store(&lab.publisher.current, lab.policy);
	lab.cache = cache_new(1 << 20);
	workers.cache = lab.cache;
	lab.settings = workers;
	lab.workers = workers_start(&workers);
}

void
lab_renew_workers(unsigned wait_ms, const struct tcp_heir *heir)
{
	workers_give_way(lab.workers, wait_ms, heir);
	workers_free(lab.workers);
	lab.workers = workers_start(&lab.settings);
}

struct workers *
lab_workers(void)
{
	return lab.workers;
}

void
lab_stop_workers(unsigned wait_ms)
{
	workers_stop(lab.workers, wait_ms);
	workers_free(lab.workers);
	lab.workers = NULL;
}

void
lab_stop(void)
{
	if (lab.workers)
		lab_stop_workers(0);
	stop_upstream();
	cache_free(lab.cache);
	policy_free((struct policy *)lab.policy);
	index_free(lab.index);
}

uint64_t
lab_stat(enum stats_counter which)
{
	uint64_t sum[STAT_COUNT] = {0};

	workers_stats(lab.workers, sum);
	return sum[which];
}

void
lab_wait_stat(enum stats_counter which, uint64_t at_least)
{
	int64_t by_ms = clock_mono_ms() + LAB_WAIT_MS;

	while (lab_stat(which) < at_least) {
		ck_assert_msg(clock_mono_ms() < by_ms, "%s stays at %llu",
		    stats_name(which), (unsigned long long)lab_stat(which));
		poll(NULL, 0, PAUSE_MS);
	}
}

/* ---- listeners ---- */

static struct endpoint
endpoint_of(const char *address, uint16_t port)
{
	struct endpoint endpoint = {.port = port};

	ck_assert_ptr_null(addr_parse(&endpoint.addr, address,
	    strlen(address)));
	return endpoint;
}

static uint16_t
find_port(const char *address)
{
	struct endpoint endpoint = endpoint_of(address, 0);
	struct sockaddr_storage name;
	socklen_t length = endpoint_to_sockaddr(&endpoint, &name);
	int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, length), 0);
	length = sizeof name;
	getsockname(fd, (struct sockaddr *)&name, &length);
	endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&name);
	close(fd);
	return endpoint.port;
}

struct listener *
lab_listen(const char *address)
{
	struct listener *listener = NULL;
	int error;

	for (unsigned i = 0; i < PORT_TRIES && !listener; i++) {
		struct endpoint endpoint = endpoint_of(address,
		    find_port(address));

		listener = listener_open(&endpoint, lab.count, &error);
	}
	ck_assert_ptr_nonnull(listener);
	workers_add(lab.workers, listener);
	return listener;
}

void
lab_drop(struct listener *listener)
{
	if (lab.workers)
		workers_drop(lab.workers, listener, WORKERS_ANSWER_FIRST);
	listener_close(listener);
}

/* ---- clients ---- */

void
lab_query(struct lab_query *query, const char *text, uint16_t id)
{
	struct dname name = name_of(text);
	uint8_t *to = query->bytes + 2;

	query->length = WIRE_HEADER + name.length + 4u;
	wire_put16(query->bytes, (uint16_t)query->length);
	memset(to, 0, WIRE_HEADER);
	wire_put16(to, id);
	to[2] = 1;			/* RD */
	to[5] = 1;
	memcpy(to + WIRE_HEADER, name.wire, name.length);
	wire_put16(to + WIRE_HEADER + name.length, TYPE_A);
	wire_put16(to + WIRE_HEADER + name.length + 2, CLASS_IN);
}

static int
open_client(const struct listener *listener, const char *address, int type)
{
	struct endpoint to = listener->endpoint;
	struct sockaddr_storage name;
	socklen_t length;
	int fd;

	if (address)
		to = endpoint_of(address, to.port);
	length = endpoint_to_sockaddr(&to, &name);
	fd = socket(name.ss_family, type | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&name, length), 0);
	return fd;
}

int
lab_udp(const struct listener *listener, const char *address)
{
	return open_client(listener, address, SOCK_DGRAM);
}

int
lab_tcp(const struct listener *listener, const char *address)
{
	int fd = open_client(listener, address, SOCK_STREAM), one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

void
lab_send(int fd, const struct lab_query *query)
{
	ck_assert_int_eq(send(fd, query->bytes + 2, query->length, 0),
	    (ssize_t)query->length);
}

bool
lab_heard(int fd, int ms)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};

	return poll(&polled, 1, ms) == 1;
}

size_t
lab_get(int fd, uint8_t reply[WIRE_MAX])
{
	ssize_t got;

	ck_assert_msg(lab_heard(fd, LAB_WAIT_MS), "no reply");
	got = recv(fd, reply, WIRE_MAX, 0);
	ck_assert_int_ge(got, WIRE_HEADER);
	return (size_t)got;
}

void
lab_write(int fd, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;

	while (length > 0) {
		ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);

		ck_assert_int_gt(sent, 0);
		at += sent;
		length -= (size_t)sent;
	}
}

void
lab_send_tcp(int fd, const struct lab_query *query)
{
	lab_write(fd, query->bytes, 2 + query->length);
}

static void
read_all(int fd, uint8_t *to, size_t length)
{
	while (length > 0) {
		ssize_t got;

		ck_assert_msg(lab_heard(fd, LAB_WAIT_MS), "no reply");
		got = recv(fd, to, length, 0);
		ck_assert_int_gt(got, 0);
		to += got;
		length -= (size_t)got;
	}
}

size_t
lab_get_tcp(int fd, uint8_t reply[WIRE_MAX])
{
	uint8_t ahead[2];
	size_t length;

	read_all(fd, ahead, 2);
	length = wire_get16(ahead);
	ck_assert_uint_ge(length, WIRE_HEADER);
	read_all(fd, reply, length);
	return length;
}

void
lab_expect_end(int fd)
{
	uint8_t byte;
	ssize_t got;

	ck_assert_msg(lab_heard(fd, LAB_WAIT_MS), "it stays open");
	got = recv(fd, &byte, 1, 0);
	ck_assert_msg(got == 0 || (got < 0 && errno == ECONNRESET),
	    "something was said");
}

/* ---- what replies say ---- */

uint16_t
lab_id(const uint8_t *reply)
{
	return wire_get16(reply);
}

unsigned
lab_rcode(const uint8_t *reply)
{
	return reply[3] & 15;
}

unsigned
lab_answers(const uint8_t *reply)
{
	return wire_get16(reply + 6);
}

uint32_t
lab_last_v4(const uint8_t *reply, size_t length)
{
	return wire_get32(reply + length - 4);
}

uint32_t
lab_ttl(const uint8_t *reply, size_t length)
{
	return wire_get32(reply + length - 10);
}
