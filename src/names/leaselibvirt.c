/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lease.h"

#include <string.h>

#include "names/leasejson.h"

static void
read_mac(const json_t *item, struct lease *lease)
{
	const json_t *mac = json_object_get(item, "mac-address");

	lease->has_mac = json_is_string(mac) && lease_read_mac(lease->mac,
	    json_string_value(mac), json_string_length(mac));
}

static void
read_strings(const json_t *item, struct lease *lease)
{
	const json_t *name = json_object_get(item, "hostname");
	const json_t *client = json_object_get(item, "client-id");

	if (json_is_string(name) && json_string_length(name) > 0) {
		lease->name = json_string_value(name);
		lease->name_length = json_string_length(name);
	}
	if (json_is_string(client) && json_string_length(client) > 0) {
		lease->client = json_string_value(client);
		lease->client_length = json_string_length(client);
	}
}

/* Returns where the row's address stands, or the row. */
static const char *
read_row(struct lease_reading *reading, const json_t *item, const char *at,
    struct lease *lease)
{
	struct lease_span addr = leasejson_member(reading, at, "ip-address");
	const json_t *end = json_object_get(item, "expiry-time");

	read_mac(item, lease);
	read_strings(item, lease);
	if (addr.length == 0 ||
	    !json_is_string(json_object_get(item, "ip-address"))) {
		lease_fault(reading, (struct lease_span){at, 1},
		    "this lease has no 'ip-address'");
		return at;
	}
	if (end != NULL && !json_is_number(end)) {
		lease_fault(reading, leasejson_member(reading, at,
		    "expiry-time"), "'expiry-time' is no number");
		return addr.at;
	}
	if (lease_read_addr(reading, &lease->addr, addr)) {
		lease->state = LEASE_LIVE;
		lease->expires_s = leasejson_end(json_number_value(end));
	}
	return addr.at;
}

enum leasefile_result
leaselibvirt_parse(struct lease_reading *reading)
{
	enum leasefile_result result;
	const char *at = NULL, *start, *place;
	json_t *root;

	result = leasejson_load(reading, &root);
	if (result != LEASEFILE_GOOD)
		return result;
	start = leasejson_start(reading);
	if (!json_is_array(root)) {
		lease_fault(reading, (struct lease_span){start, 1},
		    "a .status file of libvirt is a list of leases");
		json_decref(root);
		return LEASEFILE_BAD;
	}
	for (size_t i = 0; i < json_array_size(root) &&
	     (at = leasejson_element(reading, start, at)) != NULL; i++) {
		struct lease lease = {.state = LEASE_BAD};

		place = read_row(reading, json_array_get(root, i), at, &lease);
		lease_add(reading, &lease, place);
	}
	json_decref(root);
	return LEASEFILE_GOOD;
}
