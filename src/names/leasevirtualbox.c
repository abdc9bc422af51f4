/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lease.h"

#include <string.h>

#include "names/leasexml.h"

#define PATH_LEASE "/Leases/Lease"

/* A <Lease> in reading; texts of expat's do not outlive their callback. */
struct walk {
	struct lease_reading *reading;
	struct lease lease;
	const char *at;
	bool has_addr;
	bool has_time;
	bool bad;
};

/* The bytes from the start of an element, for the caret. */
static void
tell(struct walk *walk, const char *at, const char *why)
{
	if (!walk->bad)
		lease_fault(walk->reading, (struct lease_span){at, 1}, "%s",
		    why);
	walk->bad = true;
}

/* Files of before 2018 know no state, and times that mean nothing. */
static void
start_lease(struct walk *walk, const char *at, const char **attributes)
{
	const char *mac = leasexml_attribute(attributes, "mac");
	const char *state = leasexml_attribute(attributes, "state");

	walk->at = at;
	walk->has_addr = walk->has_time = walk->bad = false;
	walk->lease = (struct lease){.state = LEASE_ENDED};
	if (state != NULL && strcmp(state, "acked") == 0)
		walk->lease.state = LEASE_LIVE;
	if (mac == NULL ||
	    !lease_read_mac(walk->lease.mac, mac, strlen(mac)))
		tell(walk, at, "this lease has no MAC address");
	else
		walk->lease.has_mac = true;
}

static void
read_addr(struct walk *walk, const char *at, const char **attributes)
{
	const char *value = leasexml_attribute(attributes, "value"), *wrong;

	walk->has_addr = true;
	if (value == NULL ||
	    addr_parse(&walk->lease.addr, value, strlen(value)) != NULL) {
		tell(walk, at, "this lease has no good address");
		return;
	}
	walk->lease.addr = addr_unmap(&walk->lease.addr);
	wrong = lease_refuse_addr(&walk->lease.addr);
	if (wrong != NULL)
		tell(walk, at, "no machine's own address");
}

static bool
read_number(const char **attributes, const char *name, int64_t *number)
{
	const char *text = leasexml_attribute(attributes, name);

	return text != NULL && lease_read_number(number, text, strlen(text));
}

/* "expiration" is how long it lasts. */
static void
read_time(struct walk *walk, const char *at, const char **attributes)
{
	int64_t duration;

	walk->has_time = true;
	if (!read_number(attributes, "issued", &walk->lease.starts_s) ||
	    !read_number(attributes, "expiration", &duration)) {
		tell(walk, at, "'issued' and 'expiration' are numbers of "
		    "seconds");
		return;
	}
	walk->lease.expires_s = walk->lease.starts_s + duration;
	if (walk->lease.expires_s == LEASE_NEVER)
		walk->lease.expires_s = 1;
}

static void
start_element(void *context, const char *path, const char *at,
    const char **attributes)
{
	struct walk *walk = context;

	if (strcmp(path, PATH_LEASE) == 0)
		start_lease(walk, at, attributes);
	else if (strcmp(path, PATH_LEASE "/Address") == 0)
		read_addr(walk, at, attributes);
	else if (strcmp(path, PATH_LEASE "/Time") == 0)
		read_time(walk, at, attributes);
}

static void
end_element(void *context, const char *path)
{
	struct walk *walk = context;

	if (strcmp(path, PATH_LEASE) != 0)
		return;
	if (!walk->has_addr || !walk->has_time)
		tell(walk, walk->at, "this lease has no <Address> or no "
		    "<Time>");
	if (walk->bad) {
		walk->lease.state = LEASE_BAD;
		walk->lease.addr.family = 0;
	}
	lease_add(walk->reading, &walk->lease, walk->at);
}

enum leasefile_result
leasevirtualbox_parse(struct lease_reading *reading)
{
	struct walk walk = {.reading = reading};
	const struct leasexml_visitor visitor = {
		start_element, end_element, &walk,
	};

	return leasexml_parse(reading, &visitor);
}
