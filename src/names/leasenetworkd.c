/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lease.h"

#include <string.h>

#include "names/leasejson.h"

#define USEC 1e6
#define CLIENT_MAX 256
#define CLIENT_ETHERNET 1

/* A list of numbers from 0 to 255; the number of them, 0 if it is none, or
 * has more than `room`. */
static size_t
read_octets(const json_t *list, uint8_t *octets, size_t room)
{
	size_t count = json_array_size(list);

	if (count > room)
		return 0;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(list, i);
		double value = json_number_value(item);

		if (!json_is_number(item) || value < 0 || value > 255)
			return 0;
		octets[i] = (uint8_t)value;
	}
	return count;
}

/* Older versions write the client id alone, which mostly is made of the MAC. */
static void
read_identity(const json_t *item, struct lease *lease,
    uint8_t client[CLIENT_MAX])
{
	size_t length = read_octets(json_object_get(item, "ClientId"), client,
	    CLIENT_MAX);

	lease->has_mac = read_octets(json_object_get(item, "HardwareAddress"),
	    lease->mac, LEASE_MAC) == LEASE_MAC;
	if (!lease->has_mac && length == LEASE_MAC + 1 &&
	    client[0] == CLIENT_ETHERNET) {
		memcpy(lease->mac, client + 1, LEASE_MAC);
		lease->has_mac = true;
	}
	if (length > 0) {
		lease->client = (const char *)client;
		lease->client_length = length;
	}
}

static bool
read_addr(struct lease_reading *reading, const json_t *item,
    struct lease_span place, struct lease *lease)
{
	uint8_t octets[16];
	size_t count = read_octets(json_object_get(item, "Address"), octets,
	    sizeof(octets));
	const char *wrong;

	if (count != 4 && count != 16) {
		lease_fault(reading, place, "'Address' is not a list of 4 or "
		    "16 octets");
		return false;
	}
	lease->addr.family = count == 4 ? 4 : 6;
	memcpy(lease->addr.bytes, octets, count);
	lease->addr = addr_unmap(&lease->addr);
	wrong = lease_refuse_addr(&lease->addr);
	if (wrong != NULL)
		lease_fault(reading, place, "this address %s, no machine's "
		    "own", wrong);
	return wrong == NULL;
}

/* Before the wall clock's time was written there was only that of the
 * machine's own clock, which stands still in no server. */
static int64_t
read_end(const struct lease_reading *reading, const json_t *item)
{
	const json_t *wall = json_object_get(item, "ExpirationRealtimeUSec");
	const json_t *boot = json_object_get(item, "ExpirationUSec");
	int64_t end;

	if (wall != NULL || boot == NULL)
		return leasejson_end(json_number_value(wall) / USEC);
	end = leasejson_end(json_number_value(boot) / USEC);
	if (end == LEASE_NEVER)
		return end;
	end += reading->now_s - reading->mono_s;
	return end > 0 ? end : 1;
}

static void
parse_row(struct lease_reading *reading, const json_t *item, const char *at)
{
	struct lease_span place = leasejson_member(reading, at, "Address");
	const json_t *name = json_object_get(item, "Hostname");
	struct lease lease = {.state = LEASE_BAD};
	uint8_t client[CLIENT_MAX];

	if (place.length == 0)
		place = (struct lease_span){at, 1};
	if (json_is_string(name) && json_string_length(name) > 0) {
		lease.name = json_string_value(name);
		lease.name_length = json_string_length(name);
	}
	read_identity(item, &lease, client);
	lease.expires_s = read_end(reading, item);
	if (read_addr(reading, item, place, &lease))
		lease.state = LEASE_LIVE;
	else
		lease.addr.family = 0;
	lease_add(reading, &lease, place.at);
}

static void
parse_list(struct lease_reading *reading, const json_t *list,
    struct lease_span place)
{
	const char *at = NULL;

	if (!json_is_array(list) || place.length == 0)
		return;
	for (size_t i = 0; i < json_array_size(list) &&
	     (at = leasejson_element(reading, place.at, at)) != NULL; i++)
		parse_row(reading, json_array_get(list, i), at);
}

/* The list stands at the top, or (what networkctl --json shows of a link)
 * below DHCPServer. */
enum leasefile_result
leasenetworkd_parse(struct lease_reading *reading)
{
	enum leasefile_result result;
	const json_t *server;
	const char *start;
	json_t *root;

	result = leasejson_load(reading, &root);
	if (result != LEASEFILE_GOOD)
		return result;
	start = leasejson_start(reading);
	server = json_object_get(root, "DHCPServer");
	if (!json_is_object(root)) {
		lease_fault(reading, (struct lease_span){start, 1},
		    "a lease file of systemd-networkd is an object with "
		    "'Leases'");
		result = LEASEFILE_BAD;
	} else if (server != NULL) {
		start = leasejson_member(reading, start, "DHCPServer").at;
		parse_list(reading, json_object_get(server, "Leases"),
		    leasejson_member(reading, start, "Leases"));
	} else {
		parse_list(reading, json_object_get(root, "Leases"),
		    leasejson_member(reading, start, "Leases"));
	}
	json_decref(root);
	return result;
}
