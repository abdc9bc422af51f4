/* SPDX-License-Identifier: BSD-2-Clause */
/* Replies of a batch as messages of segments: every one in one message, within
 * the limits; sent on loopback, and where the kernel refuses such messages. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/segments.h"
#include "suite.h"

#define CLIENTS 4
#define WAIT_MS 20000
#define ROUNDS 3000
#define BYTES_MAX 1232

union control {
	struct cmsghdr aligned;
	uint8_t bytes[SEGMENTS_CONTROL];
};

static struct segments segments;
static struct stats stats;
static union waiting_name names[SEGMENTS_REPLIES];
static union control controls[SEGMENTS_REPLIES];
static uint8_t bytes[SEGMENTS_REPLIES][BYTES_MAX];
static size_t lengths[SEGMENTS_REPLIES];
static socklen_t name_lengths[SEGMENTS_REPLIES];
static size_t control_lengths[SEGMENTS_REPLIES];

static void
setup(void)
{
	memset(&segments, 0, sizeof segments);
	memset(&stats, 0, sizeof stats);
	segments_init(&segments);
	srand(1);
}

static uint64_t
count_of(enum stats_counter which)
{
	return atomic_load(&stats.count[which]);
}

/* ---- what is made of a batch ---- */

static socklen_t
name_v4(union waiting_name *name, uint32_t address, uint16_t port)
{
	memset(name, 0, sizeof *name);
	name->v4.sin_family = AF_INET;
	name->v4.sin_addr.s_addr = htonl(address);
	name->v4.sin_port = htons(port);
	return sizeof name->v4;
}

static socklen_t
name_v6(union waiting_name *name, uint8_t last, uint16_t port,
    uint32_t scope)
{
	memset(name, 0, sizeof *name);
	name->v6.sin6_family = AF_INET6;
	name->v6.sin6_addr.s6_addr[0] = 0xfe;
	name->v6.sin6_addr.s6_addr[1] = 0x80;
	name->v6.sin6_addr.s6_addr[15] = last;
	name->v6.sin6_port = htons(port);
	name->v6.sin6_scope_id = scope;
	return sizeof name->v6;
}

static size_t
source_v4(union control *control, uint32_t address)
{
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(address)};

	memset(control, 0xaa, sizeof *control);	/* padding does not count */
	control->aligned = (struct cmsghdr){.cmsg_level = IPPROTO_IP,
	    .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
	memcpy(CMSG_DATA(&control->aligned), &info, sizeof info);
	return CMSG_SPACE(sizeof info);
}

static void
add(unsigned i, size_t length)
{
	lengths[i] = length;
	segments_add(&segments, &(struct segments_reply){
	    .to = &names[i],
	    .to_length = name_lengths[i],
	    .control = control_lengths[i] ? &controls[i].aligned : NULL,
	    .control_length = control_lengths[i],
	    .bytes = bytes[i],
	    .length = length,
	});
}

static void
add_v4(unsigned i, uint32_t address, uint16_t port, size_t length)
{
	name_lengths[i] = name_v4(&names[i], address, port);
	control_lengths[i] = 0;
	add(i, length);
}

/* Which reply is this? */
static unsigned
number_of(const struct iovec *room)
{
	unsigned i = (unsigned)(((const uint8_t *)room->iov_base -
	    bytes[0]) / BYTES_MAX);

	ck_assert_ptr_eq(room->iov_base, bytes[i]);
	ck_assert_uint_eq(room->iov_len, lengths[i]);
	return i;
}

static unsigned
cut_length(const struct msghdr *msg)
{
	uint16_t length = 0;
	struct msghdr copy = *msg;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(&copy); c;
	     c = CMSG_NXTHDR(&copy, c))
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == 103)
			memcpy(&length, CMSG_DATA(c), sizeof length);
	return length;
}

static void
check_one_of(const struct msghdr *msg, unsigned i)
{
	ck_assert_uint_eq(msg->msg_namelen, name_lengths[i]);
	ck_assert_mem_eq(msg->msg_name, &names[i], name_lengths[i]);
	if (control_lengths[i] == 0)
		return;
	ck_assert_uint_ge(msg->msg_controllen, control_lengths[i]);
	ck_assert_mem_eq(msg->msg_control, &controls[i],
	    controls[i].aligned.cmsg_len);
}

/* As the kernel will cut it: all but the last are as long as it says. */
static void
check_message(const struct msghdr *msg, uint8_t seen[SEGMENTS_REPLIES])
{
	unsigned cut = cut_length(msg), before = 0;
	size_t total = 0;

	ck_assert_uint_ge(msg->msg_iovlen, 1);
	ck_assert_uint_le(msg->msg_iovlen, SEGMENTS_REPLIES);
	ck_assert_int_eq(cut > 0, msg->msg_iovlen > 1);
	for (unsigned k = 0; k < msg->msg_iovlen; k++) {
		unsigned i = number_of(&msg->msg_iov[k]);

		check_one_of(msg, i);
		ck_assert_uint_eq(seen[i]++, 0);
		total += lengths[i];
		if (k + 1 < msg->msg_iovlen)
			ck_assert_uint_eq(lengths[i], cut);
		else if (cut)
			ck_assert_uint_le(lengths[i], cut);
		if (k > 0 && lengths[before] == lengths[i])
			ck_assert_uint_lt(before, i);
		before = i;
	}
	ck_assert_uint_le(total, SEGMENTS_BYTES);
}

static void
check_packed(unsigned replies)
{
	uint8_t seen[SEGMENTS_REPLIES] = {0};
	unsigned all = 0;

	segments_pack(&segments, 0);
	for (unsigned i = 0; i < segments.messages; i++) {
		check_message(&segments.packed[i].msg_hdr, seen);
		all += (unsigned)segments.packed[i].msg_hdr.msg_iovlen;
	}
	ck_assert_uint_eq(all, replies);
	segments.replies = 0;
	segments.shared = false;
}

START_TEST(one_client_one_length_is_one_message)
{
	for (unsigned i = 0; i < SEGMENTS_REPLIES; i++)
		add_v4(i, 0x0a000001, 5000, 100);
	ck_assert(segments.shared);
	check_packed(SEGMENTS_REPLIES);
	ck_assert_uint_eq(segments.messages, 1);
}
END_TEST

START_TEST(clients_that_differ_share_nothing)
{
	for (unsigned i = 0; i < SEGMENTS_REPLIES; i++)
		add_v4(i, 0x0a000001 + i / 8, (uint16_t)(5000 + i % 8), 100);
	ck_assert(!segments.shared);
	check_packed(SEGMENTS_REPLIES);
	ck_assert_uint_eq(segments.messages, SEGMENTS_REPLIES);
}
END_TEST

/* A and AAAA, as a resolver of a C library asks: the longer one first. */
START_TEST(two_lengths_are_one_message)
{
	add_v4(0, 0x0a000001, 5000, 60);
	add_v4(1, 0x0a000001, 5000, 72);
	check_packed(2);
	ck_assert_uint_eq(segments.messages, 1);
	ck_assert_uint_eq(cut_length(&segments.packed[0].msg_hdr), 72);
}
END_TEST

/* Wherever the table puts them: batch after batch, from the table's beginning
 * to its end, full of clients that come twice. */
START_TEST(clients_are_found_again)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (unsigned i = 0; i < SEGMENTS_REPLIES; i++)
			add_v4(i, round, (uint16_t)(i % (SEGMENTS_REPLIES / 2)),
			    100);
		check_packed(SEGMENTS_REPLIES);
		ck_assert_uint_eq(segments.messages, SEGMENTS_REPLIES / 2);
	}
}
END_TEST

START_TEST(a_message_has_its_limits)
{
	for (unsigned i = 0; i < SEGMENTS_REPLIES; i++)
		add_v4(i, 0x0a000001, 5000, BYTES_MAX);
	check_packed(SEGMENTS_REPLIES);
	ck_assert_uint_eq(segments.messages, 2);
	ck_assert_uint_eq(segments.packed[0].msg_hdr.msg_iovlen,
	    SEGMENTS_BYTES / BYTES_MAX);
}
END_TEST

/* Another address of ours that was asked, another interface. */
START_TEST(ways_are_kept_apart)
{
	for (unsigned i = 0; i < 8; i++) {
		name_lengths[i] = name_v4(&names[i], 0x0a000001, 5000);
		control_lengths[i] = source_v4(&controls[i], 0x7f000001 +
		    i % 2);
		add(i, 100);
	}
	for (unsigned i = 8; i < 16; i++) {
		name_lengths[i] = name_v6(&names[i], 1, 5000, 1 + i % 2);
		control_lengths[i] = 0;
		add(i, 100);
	}
	check_packed(16);
	ck_assert_uint_eq(segments.messages, 4);
}
END_TEST

static void
add_any(unsigned i, unsigned clients, unsigned sizes)
{
	unsigned client = (unsigned)rand() % clients;
	uint16_t port = (uint16_t)(5000 + client % 7);

	control_lengths[i] = 0;
	if (client % 2) {
		name_lengths[i] = name_v6(&names[i], (uint8_t)(client / 3),
		    port, 1);
	} else {
		name_lengths[i] = name_v4(&names[i], client / 3, port);
		if (client % 4 == 0)
			control_lengths[i] = source_v4(&controls[i],
			    1 + client % 3);
	}
	add(i, 12 + (unsigned)rand() % sizes * ((BYTES_MAX - 12) / sizes));
}

START_TEST(every_reply_is_in_one_message)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned count = 1 + (unsigned)rand() % SEGMENTS_REPLIES;
		unsigned clients = 1 + (unsigned)rand() % 60;
		unsigned sizes = 1 + (unsigned)rand() % 30;

		for (unsigned i = 0; i < count; i++)
			add_any(i, clients, sizes);
		check_packed(count);
	}
}
END_TEST

/* ---- what arrives ---- */

static int
open_client(int family, union waiting_name *name)
{
	int fd = socket(family, SOCK_DGRAM, 0);
	socklen_t length = sizeof *name;
	int one = 1;

	memset(name, 0, sizeof *name);
	name->any.sa_family = (sa_family_t)family;
	if (family == AF_INET)
		name->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		name->v6.sin6_addr = in6addr_loopback;
	if (family == AF_INET6)
		ck_assert_int_eq(setsockopt(fd, IPPROTO_UDP,
		    UDP_NO_CHECK6_RX, &one, sizeof one), 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, &name->any, length), 0);
	ck_assert_int_eq(getsockname(fd, &name->any, &length), 0);
	return fd;
}

static size_t
length_of(unsigned i)
{
	return 20 + i % 5 * 300;
}

/* A batch to all clients in turn, of several lengths each. */
static void
send_batch(const struct segments_way *way,
    const union waiting_name to[CLIENTS], socklen_t name_length)
{
	for (unsigned i = 0; i < SEGMENTS_REPLIES; i++) {
		names[i] = to[i % CLIENTS];
		name_lengths[i] = name_length;
		control_lengths[i] = 0;
		memset(bytes[i], (int)i, length_of(i));
		add(i, length_of(i));
	}
	segments_send(&segments, way);
	ck_assert_uint_eq(segments.replies, 0);
}

static void
take_one(int fd, unsigned client, uint8_t seen[SEGMENTS_REPLIES])
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	uint8_t got[BYTES_MAX + 1];
	ssize_t length;

	ck_assert_int_eq(poll(&wait, 1, WAIT_MS), 1);
	length = recv(fd, got, sizeof got, 0);
	ck_assert_int_ge(length, 1);
	ck_assert_uint_lt(got[0], SEGMENTS_REPLIES);
	ck_assert_uint_eq(got[0] % CLIENTS, client);
	ck_assert_int_eq(length, (ssize_t)length_of(got[0]));
	ck_assert_mem_eq(got, bytes[got[0]], (size_t)length);
	ck_assert_uint_eq(seen[got[0]]++, 0);
}

static void
take_all(const int fds[CLIENTS])
{
	uint8_t seen[SEGMENTS_REPLIES] = {0}, more;

	for (unsigned i = 0; i < SEGMENTS_REPLIES; i++)
		take_one(fds[i % CLIENTS], i % CLIENTS, seen);
	for (unsigned i = 0; i < CLIENTS; i++)
		ck_assert_int_lt(recv(fds[i], &more, 1, MSG_DONTWAIT), 0);
}

static const int families[] = {AF_INET, AF_INET6};

struct wire {
	int fds[CLIENTS];
	union waiting_name to[CLIENTS];
	socklen_t name_length;
	struct segments_way way;
};

static void
open_wire(struct wire *wire, int family)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		wire->fds[i] = open_client(family, &wire->to[i]);
	wire->name_length = family == AF_INET ? sizeof wire->to->v4 :
	    sizeof wire->to->v6;
	wire->way = (struct segments_way){
	    .fd = socket(family, SOCK_DGRAM, 0),
	    .stats = &stats,
	    .now_ms = 1000,
	};
	wire->way.ability = segments_ability(wire->way.fd);
	ck_assert_int_eq(wire->way.ability, SEGMENTS_KNOWN);
}

static void
close_wire(struct wire *wire)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		close(wire->fds[i]);
	close(wire->way.fd);
}

static void
send_and_take(struct wire *wire)
{
	send_batch(&wire->way, wire->to, wire->name_length);
	take_all(wire->fds);
}

START_TEST(all_arrive_once)
{
	struct wire wire;

	open_wire(&wire, families[_i]);
	send_and_take(&wire);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_SENT), SEGMENTS_REPLIES);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_REFUSED), 0);
	ck_assert_uint_eq(count_of(STAT_DROPPED_SEND), 0);
	close_wire(&wire);
}
END_TEST

static void
set_checksums(int fd, int family, int off)
{
	if (family == AF_INET)
		ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, &off,
		    sizeof off), 0);
	else
		ck_assert_int_eq(setsockopt(fd, IPPROTO_UDP, UDP_NO_CHECK6_TX,
		    &off, sizeof off), 0);
}

/* A socket that sends no checksums cannot have segments. */
START_TEST(what_is_refused_goes_singly)
{
	struct wire wire;
	uint64_t refused;

	open_wire(&wire, families[_i]);
	set_checksums(wire.way.fd, families[_i], 1);
	send_and_take(&wire);
	refused = count_of(STAT_SEGMENTS_REFUSED);
	ck_assert_uint_ge(refused, 1);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_SENT), 0);
	ck_assert_uint_eq(count_of(STAT_DROPPED_SEND), 0);
	/* It is not tried again, */
	wire.way.now_ms += SEGMENTS_REFUSED_MS - 1;
	send_and_take(&wire);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_REFUSED), refused);
	/* until a minute is over. */
	wire.way.now_ms++;
	send_and_take(&wire);
	ck_assert_uint_gt(count_of(STAT_SEGMENTS_REFUSED), refused);
	/* Where nothing refuses it works at once: */
	wire.way.now_ms += SEGMENTS_REFUSED_MS;
	set_checksums(wire.way.fd, families[_i], 0);
	send_and_take(&wire);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_SENT), SEGMENTS_REPLIES);
	ck_assert_uint_eq(count_of(STAT_DROPPED_SEND), 0);
	close_wire(&wire);
}
END_TEST

START_TEST(an_old_kernel_is_not_asked)
{
	struct wire wire;

	open_wire(&wire, AF_INET);
	wire.way.ability = SEGMENTS_NEVER;
	send_and_take(&wire);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_SENT), 0);
	close_wire(&wire);
}
END_TEST

static void
send_pair(struct wire *wire, unsigned client)
{
	for (unsigned i = 0; i < 2; i++) {
		names[i] = wire->to[client];
		name_lengths[i] = wire->name_length;
		control_lengths[i] = 0;
		add(i, 100);
	}
	segments_send(&segments, &wire->way);
}

/* One does not take the other's place; nobody need hear the second one. */
START_TEST(two_that_are_refused_are_remembered)
{
	struct wire wire;

	open_wire(&wire, AF_INET);
	set_checksums(wire.way.fd, AF_INET, 1);
	wire.to[1].v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
	for (unsigned i = 0; i < 4; i++)
		send_pair(&wire, i % 2);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_REFUSED), 2);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_SENT), 0);
	ck_assert_uint_eq(count_of(STAT_DROPPED_SEND), 0);
	close_wire(&wire);
}
END_TEST

/* One client that cannot be sent to, between others; each reply of its is
 * counted, and its address is not one where segments are refused. */
START_TEST(what_cannot_be_sent_is_counted)
{
	struct wire wire;
	uint8_t seen[SEGMENTS_REPLIES] = {0};

	open_wire(&wire, AF_INET);
	wire.to[1].v4.sin_port = 0;
	send_batch(&wire.way, wire.to, wire.name_length);
	ck_assert_uint_eq(count_of(STAT_DROPPED_SEND),
	    SEGMENTS_REPLIES / CLIENTS);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_REFUSED), 0);
	ck_assert_uint_eq(count_of(STAT_SEGMENTS_SENT),
	    SEGMENTS_REPLIES - SEGMENTS_REPLIES / CLIENTS);
	for (unsigned i = 0; i < SEGMENTS_REPLIES; i++)
		if (i % CLIENTS != 1)
			take_one(wire.fds[i % CLIENTS], i % CLIENTS, seen);
	close_wire(&wire);
}
END_TEST

int
main(void)
{
	return suite_run("net/segments", (const struct suite_case[]){
	    {
		.name = "segments",
		.setup = setup,
		.tests = SUITE_TESTS(one_client_one_length_is_one_message,
		    clients_that_differ_share_nothing,
		    two_lengths_are_one_message, clients_are_found_again,
		    a_message_has_its_limits, ways_are_kept_apart,
		    every_reply_is_in_one_message,
		    two_that_are_refused_are_remembered,
		    an_old_kernel_is_not_asked, what_cannot_be_sent_is_counted),
	    },
	    {
		.name = "segments, two ways",
		.setup = setup,
		.turns = 2,
		.tests = SUITE_TESTS(all_arrive_once,
		    what_is_refused_goes_singly),
	    },
	    {0},
	});
}
