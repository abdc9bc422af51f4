/* SPDX-License-Identifier: BSD-2-Clause */
/* lease.h - one row of a lease file, whatever the format, and what the parsers
 * of the formats share.
 *
 * A parser (leasednsmasq.c and its like) turns bytes into rows, in the order
 * of the file, dead ones too: only leasefile.c knows which rows count.  It
 * tells each row that it cannot read and adds it as LEASE_BAD with the name,
 * if that much is known, so that the name keeps its last good records.
 *
 * The one rule: what stands in a lease file came from a machine that nobody
 * vouches for.  Names are any bytes until leasename.h has cleaned them.
 *
 * Times are Unix seconds.  One thread; a list owns the strings of its rows.
 */
#ifndef HOSTLER_NAMES_LEASE_H
#define HOSTLER_NAMES_LEASE_H

#include "names/source.h"

#define LEASE_MAC 6
#define LEASE_NEVER 0			/* expires_s of a lease without end */

enum lease_state {
	LEASE_LIVE,			/* until it expires */
	LEASE_ENDED,			/* released, declined, abandoned, ... */
	LEASE_BAD,			/* told already; only its name counts */
};

enum leasefile_result {
	LEASEFILE_GOOD,
	LEASEFILE_HALF,			/* looks half-written: nothing of it
					 * is believed; the caller keeps what
					 * it had and tries again soon */
	LEASEFILE_BAD,			/* not this format at all; told */
};

struct lease {
	struct addr addr;		/* family 0 in a bad row */
	enum lease_state state;
	bool has_mac;
	uint8_t mac[LEASE_MAC];
	const char *name;		/* as written; NULL: none was sent */
	size_t name_length;
	const char *client;		/* DUID or client id; NULL: none */
	size_t client_length;
	int64_t starts_s;		/* 0: not known */
	int64_t expires_s;		/* LEASE_NEVER */
	const char *at;			/* where in the text; NULL: the row is
					 * not of it */
	uint32_t line;			/* from 1 */
	uint32_t column;
};

struct lease_list {
	struct lease *items;
	size_t count;
	size_t room;
	struct arena *strings;
};

/* A file in reading.  mark is where the counting of lines has come to. */
struct lease_reading {
	const struct source_text *text;
	struct diags *diags;
	struct lease_list *leases;
	int64_t now_s;			/* Unix time, and the monotonic */
	int64_t mono_s;			/* second at that moment */
	unsigned faults;		/* told or counted */
	struct lease_mark {
		const char *at;
		const char *line_start;
		uint32_t line;
	} mark;
};

/* A stretch of the text. */
struct lease_span {
	const char *at;
	size_t length;
};

void lease_list_init(struct lease_list *list);
void lease_list_fini(struct lease_list *list);
void lease_reading_init(struct lease_reading *reading,
    const struct source_text *text, struct diags *diags);

/* Add a copy of the row, with copies of its name and client; lease_add makes
 * `place` in the text its place. */
void lease_list_push(struct lease_list *list, const struct lease *lease);
void lease_add(struct lease_reading *reading, const struct lease *lease,
    const char *place);

/* Tell what is wrong at a stretch of the text: an error with its line and a
 * caret.  Above LEASE_FAULTS_SHOWN they are counted only; lease_tell_rest
 * says how many, once, at the end. */
#define LEASE_FAULTS_SHOWN 100
void lease_fault(struct lease_reading *reading, struct lease_span span,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void lease_tell_rest(struct lease_reading *reading);
/* The place of a stretch, for diags_add. */
struct diag_place lease_place(struct lease_reading *reading,
    struct lease_span span);

/* The next word, of bytes other than space and tab, up to end; length 0: none.
 * The next line, without its LF or CRLF; at NULL: none. */
struct lease_span lease_next_word(const char **at, const char *end);
struct lease_span lease_next_line(const char **at, const char *end);

/* The values that all formats have; false: it is none.  A MAC is six octets of
 * one or two hex digits between colons or hyphens, or twelve digits. */
bool lease_read_mac(uint8_t mac[LEASE_MAC], const char *text, size_t length);
bool lease_read_number(int64_t *number, const char *text, size_t length);
bool lease_is_word(struct lease_span span, const char *word);

/* NULL, or why no machine can have this address (loopback, multicast, ...),
 * to stand behind it. */
const char *lease_refuse_addr(const struct addr *addr);
/* Read the address; tells and returns false where it is none. */
bool lease_read_addr(struct lease_reading *reading, struct addr *addr,
    struct lease_span span);

/* ---- the formats ---- */

/* `EXPIRY MAC ADDR NAME CLIENT-ID`, then `duid DUID` and the rows of IPv6
 * (`EXPIRY IAID ADDR NAME DUID`): dnsmasq's dhcp-leasefile. */
enum leasefile_result leasednsmasq_parse(struct lease_reading *reading);
/* libvirt's virbrN.status: JSON. */
enum leasefile_result leaselibvirt_parse(struct lease_reading *reading);
/* dhcpd.leases(5), VMware's vmnetdhcpd too: blocks, later ones replace. */
enum leasefile_result leasedhcpd_parse(struct lease_reading *reading);
/* Kea's memfile: CSV, v4 and v6, columns by the header's names. */
enum leasefile_result leasekea_parse(struct lease_reading *reading);
/* systemd-networkd's DHCP server: JSON. */
enum leasefile_result leasenetworkd_parse(struct lease_reading *reading);
/* VirtualBox's *-Dhcpd.leases: XML. */
enum leasefile_result leasevirtualbox_parse(struct lease_reading *reading);
/* macOS bootpd's dhcpd_leases: blocks of KEY=VALUE. */
enum leasefile_result leasebootpd_parse(struct lease_reading *reading);

#endif
