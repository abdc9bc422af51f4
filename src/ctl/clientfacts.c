/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/clientfacts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "realms.h"

/* ---- servers ---- */

static char *
refuse_server(const char *text, const struct addr *addr,
    enum clientfacts_reader reader)
{
	if (addr_is_unspecified(addr) || addr_is_multicast(addr) ||
	    addr_is_link_local(addr))
		return memory_format("'%s' is no address that clients could "
		    "ask", text);
	if (addr_is_loopback(addr) && reader == CLIENTFACTS_OTHERS)
		return memory_format("%s is every machine's own address: "
		    "others would ask themselves; name an address that they "
		    "reach", text);
	return NULL;
}

static char *
take_typed(struct clientfacts *facts,
    const struct clientfacts_request *request)
{
	if (request->server_count > CLIENTFACTS_SERVERS_MAX)
		return memory_format("at most %d servers: systems ask no more",
		    CLIENTFACTS_SERVERS_MAX);
	for (size_t i = 0; i < request->server_count; i++) {
		struct addr *addr = &facts->servers[i];
		const char *text = request->servers[i];
		const char *wrong = addr_parse(addr, text, strlen(text));
		char *refusal;

		if (wrong)
			return memory_format("'%s' is not an address: %s",
			    text, wrong);
		refusal = refuse_server(text, addr, request->reader);
		if (refusal)
			return refusal;
		facts->server_count++;
	}
	return NULL;
}

static char *
explain_none(const struct reach *reach)
{
	if (reach->other_port)
		return memory_format("hostler listens on port %u there, and "
		    "clients ask port 53: listen on it, or name with --server "
		    "the address where it is forwarded from",
		    reach->other_port);
	if (reach->loopback)
		return memory_string("hostler listens on loopback addresses "
		    "alone, which no other machine can ask: write the address "
		    "that they reach into `listen` below `server`, or name it "
		    "with --server");
	return memory_string("hostler listens on no address that others could "
	    "ask: write one into `listen` below `server`, or name it with "
	    "--server");
}

/* Each is good for the machines of its network, and we do not know who reads
 * this: the first, and a word about the others. */
static char *
note_choice(const struct reach *reach)
{
	char *note = NULL, *longer, text[ADDR_TEXT];

	for (unsigned i = 1; i < reach->count; i++) {
		addr_print(&reach->list[i].addr, text);
		longer = memory_format("%s%s%s", note ? note : "",
		    note ? ", " : "", text);
		free(note);
		note = longer;
	}
	if (!note)
		return NULL;
	addr_print(&reach->list[0].addr, text);
	longer = memory_format("this is for clients that reach %s; hostler "
	    "listens at %s, too: choose with --server", text, note);
	free(note);
	return longer;
}

static char *
take_served(struct clientfacts *facts,
    const struct clientfacts_request *request, char **note)
{
	struct reach reach;

	reach_find(&reach, request->conf, request->ifaces);
	if (reach.count > 0) {
		facts->servers[0] = reach.list[0].addr;
		*note = note_choice(&reach);
	} else if (reach.loopback &&
	    request->reader == CLIENTFACTS_THIS_MACHINE) {
		facts->servers[0] = reach.loopback_addr;
		*note = memory_string("this is for the machine that hostler "
		    "runs on alone: it listens on loopback addresses only");
	} else {
		return explain_none(&reach);
	}
	facts->server_count = 1;
	return NULL;
}

/* ---- domains ---- */

/* Can every format carry it as it is? */
static bool
is_plain(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")] == '\0';
}

static bool
is_below_or_at(const char *name, const char *ancestor)
{
	size_t length = strlen(name), top = strlen(ancestor);

	return length >= top && strcmp(name + length - top, ancestor) == 0 &&
	    (length == top || name[length - top - 1] == '.');
}

/* Takes name.  One that is not plain is left out. */
static void
add_route(struct clientfacts *facts, char *name)
{
	size_t length = strlen(name), kept = 0;

	if (length > 0 && name[length - 1] == '.')
		name[--length] = '\0';
	for (size_t i = 0; i < facts->route_count; i++)
		if (is_below_or_at(name, facts->routes[i])) {
			free(name);
			return;
		}
	if (length == 0 || !is_plain(name)) {
		free(name);
		return;
	}
	for (size_t i = 0; i < facts->route_count; i++)
		if (is_below_or_at(facts->routes[i], name))
			free(facts->routes[i]);
		else
			facts->routes[kept++] = facts->routes[i];
	facts->routes = memory_resize(facts->routes, kept + 1,
	    sizeof *facts->routes);
	facts->routes[kept] = name;
	facts->route_count = kept + 1;
}

static void
add_route_of(struct clientfacts *facts, const struct dname *domain)
{
	char text[DNAME_TEXT_MAX];
	struct dname lower = *domain;

	dname_lower(lower.wire);
	if (lower.labels > 0)
		add_route(facts, memory_string(dname_print(lower.wire,
		    text)));
}

static void
add_zones(struct clientfacts *facts, const struct conf *conf)
{
	struct realms *realms = realms_new();
	const struct load *load;

	realms_read(realms, conf, LOADFILES_TRUST);
	load = realms->list[0]->load;
	for (size_t i = 0; i < load->count; i++)
		if (load->sources[i]->spec.kind == SOURCE_ZONE &&
		    load->sources[i]->has_apex)
			add_route_of(facts, &load->sources[i]->apex);
	realms_free(realms);
}

static void
add_domains(struct clientfacts *facts, const struct conf *conf)
{
	const struct conf_scope *top = &conf->top;

	if (facts->domain)
		add_route(facts, memory_string(facts->domain));
	for (size_t i = 0; i < top->hosts_count; i++)
		if (top->hosts[i].has_domain)
			add_route_of(facts, &top->hosts[i].domain);
	for (size_t i = 0; i < top->leases_count; i++)
		if (top->leases[i].has_domain)
			add_route_of(facts, &top->leases[i].domain);
	add_zones(facts, conf);
}

/* The zone of the first `units` bytes or nibbles. */
static char *
print_reverse(const struct addr *addr, unsigned units)
{
	struct dname name = dname_of_addr(addr);
	unsigned whole = addr->family == 4 ? 4 : 32;
	char text[DNAME_TEXT_MAX];

	dname_print(dname_skip(name.wire, whole - units), text);
	text[strlen(text) - 1] = '\0';
	return memory_string(text);
}

static void
step_unit(struct addr *addr, unsigned unit)
{
	if (addr->family == 4)
		addr->bytes[unit] = (uint8_t)(addr->bytes[unit] + 1);
	else
		addr->bytes[unit / 2] = (uint8_t)(addr->bytes[unit / 2] +
		    (unit % 2 ? 1 : 16));
}

unsigned
clientfacts_reverse(const struct prefix *network,
    char *zones[CLIENTFACTS_REVERSE_MAX])
{
	unsigned bits = network->addr.family == 4 ? 8 : 4;
	unsigned units = (network->length + bits - 1) / bits;
	unsigned most = network->addr.family == 4 ? 3 : 16, count;
	struct addr addr = network->addr;

	if (network->addr.family == 0 || network->length < bits)
		return 0;
	if (units > most)
		units = most;
	count = units * bits > network->length ?
	    1u << (units * bits - network->length) : 1;
	if (count > CLIENTFACTS_REVERSE_MAX) {
		units--;
		count = 1;
	}
	for (unsigned i = 0; i < count; i++) {
		zones[i] = print_reverse(&addr, units);
		step_unit(&addr, units - 1);
	}
	return count;
}

static void
add_reverse(struct clientfacts *facts, const struct prefix *network)
{
	char *zones[CLIENTFACTS_REVERSE_MAX];
	unsigned count = clientfacts_reverse(network, zones);

	for (unsigned i = 0; i < count; i++)
		add_route(facts, zones[i]);
}

static void
add_networks(struct clientfacts *facts, const struct conf *conf)
{
	for (size_t i = 0; i < conf->network_count; i++) {
		const struct conf_network *network = &conf->networks[i];

		for (size_t k = 0; k < network->prefixes.count; k++)
			if (!network->isolated)
				add_reverse(facts,
				    &network->prefixes.list[k]);
	}
}

/* The network that this machine shares with the server is hostler's, too. */
static void
add_attached(struct clientfacts *facts, const struct ifaces *ifaces)
{
	for (unsigned i = 0; i < ifaces->count; i++) {
		const struct iface *iface = &ifaces->list[i];

		if (addr_is_loopback(&iface->addr) ||
		    !prefix_contains(&iface->prefix, &facts->servers[0]))
			continue;
		if (!*facts->interface && is_plain(iface->name))
			memcpy(facts->interface, iface->name,
			    sizeof facts->interface);
		if (addr_is_private(&iface->addr))
			add_reverse(facts, &iface->prefix);
	}
}

static char *
print_domain(const struct conf *conf)
{
	char text[DNAME_TEXT_MAX];

	if (!conf->top.has_domain || conf->top.domain.labels == 0)
		return NULL;
	dname_print(conf->top.domain.wire, text);
	text[strlen(text) - 1] = '\0';
	return memory_string(text);
}

char *
clientfacts_get(struct clientfacts *facts,
    const struct clientfacts_request *request, char **note)
{
	char *wrong;

	memset(facts, 0, sizeof *facts);
	*note = NULL;
	facts->scope = request->scope;
	wrong = request->server_count > 0 ? take_typed(facts, request) :
	    take_served(facts, request, note);
	if (wrong)
		return wrong;
	facts->domain = print_domain(request->conf);
	if (facts->domain && !is_plain(facts->domain))
		return memory_format("the domain '%s' has characters that "
		    "not every system takes", facts->domain);
	add_domains(facts, request->conf);
	add_networks(facts, request->conf);
	add_attached(facts, request->ifaces);
	return NULL;
}

void
clientfacts_fini(struct clientfacts *facts)
{
	for (size_t i = 0; i < facts->route_count; i++)
		free(facts->routes[i]);
	free(facts->routes);
	free(facts->domain);
}
