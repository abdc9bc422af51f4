/* SPDX-License-Identifier: BSD-2-Clause */
/* netlab.h - workers on loopback addresses, an upstream that does what it is
 * told, and clients: what the checks of the room net share.
 *
 * The lab serves a hosts file below lab.test: web (10.0.0.1), db (10.0.0.2),
 * and many, LAB_MANY addresses.  All that is below up.test is forwarded to the
 * upstream, which goes by the first letter of the name:
 *
 *   a  answers at once	  h  answers once lab_release is called
 *   s  is silent
 *
 * One lab a process; every wait ends with a failed check after LAB_WAIT_MS.
 */
#ifndef HOSTLER_TESTS_NETLAB_H
#define HOSTLER_TESTS_NETLAB_H

#include <check.h>

#include "net/worker.h"

#define LAB_WAIT_MS 20000
#define LAB_MANY 1000
#define LAB_TTL_S 300			/* of what the upstream answers */

struct lab_settings {
	unsigned workers;
	unsigned connections_max;	/* 0: 100 */
	unsigned client_max;		/* 0: as many */
	unsigned idle_ms;		/* 0: a minute */
	unsigned waiting_max;		/* 0: 1000 */
	size_t kept_max;		/* 0: workers' own default */
	const struct sighting_reader *reader;	/* as in workers_settings */
};

void lab_start(const struct lab_settings *settings);
void lab_stop(void);			/* workers too, where they still run */
struct workers *lab_workers(void);
void lab_stop_workers(unsigned wait_ms);
/* End the workers, who give their connections to this heir, and start others
 * with the same settings. */
void lab_renew_workers(unsigned wait_ms, const struct tcp_heir *heir);

/* Publish the lab's policy with another limit of TTLs. */
void lab_publish(int64_t max_ttl_s);

/* A listener on a free port of this address; served until lab_drop. */
struct listener *lab_listen(const char *address);
void lab_drop(struct listener *listener);

/* The upstream: how many queries it saw, wait until it saw or answered so
 * many; answer those that it holds. */
unsigned lab_upstream_seen(void);
void lab_wait_upstream(unsigned at_least);
void lab_wait_answered(unsigned at_least);
void lab_release(void);

uint64_t lab_stat(enum stats_counter which);
void lab_wait_stat(enum stats_counter which, uint64_t at_least);

/* ---- clients ---- */

#define LAB_QUERY_MAX 512

struct lab_query {
	uint8_t bytes[2 + LAB_QUERY_MAX];	/* a length ahead, for TCP */
	size_t length;			/* without it */
};

/* RD; type A, class IN. */
void lab_query(struct lab_query *query, const char *name, uint16_t id);

/* Connected to the listener, at its address or another. */
int lab_udp(const struct listener *listener, const char *address);
int lab_tcp(const struct listener *listener, const char *address);

void lab_send(int fd, const struct lab_query *query);	/* a datagram */
/* A reply of any kind.  lab_get fails the check where none comes; lab_heard
 * says whether one came within so many ms. */
size_t lab_get(int fd, uint8_t reply[WIRE_MAX]);
bool lab_heard(int fd, int ms);

void lab_write(int fd, const void *bytes, size_t length);	/* all */
void lab_send_tcp(int fd, const struct lab_query *query);
size_t lab_get_tcp(int fd, uint8_t reply[WIRE_MAX]);
void lab_expect_end(int fd);		/* closed, with nothing more said */

/* What a reply says. */
uint16_t lab_id(const uint8_t *reply);
unsigned lab_rcode(const uint8_t *reply);
unsigned lab_answers(const uint8_t *reply);
uint32_t lab_last_v4(const uint8_t *reply, size_t length);	/* its last
						 * four bytes, no EDNS asked */
uint32_t lab_ttl(const uint8_t *reply, size_t length);	/* of the last A */

#endif
