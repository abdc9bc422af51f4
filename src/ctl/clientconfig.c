/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/clientconfig.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "confread.h"
#include "ctl/clientformats.h"
#include "jsontext.h"

static void
tell_formats(const char *wrong)
{
	if (wrong)
		fprintf(stderr, "hostlerctl: there is no format '%s'; ",
		    wrong);
	else
		fputs("hostlerctl: client-config needs --for: ", stderr);
	fputs("one of", stderr);
	for (const struct clientformat *format = clientformats; format->name;
	    format++)
		fprintf(stderr, "%s %s", format == clientformats ? "" : ",",
		    format->name);
	fputc('\n', stderr);
}

/* NULL: it is told. */
static struct conf *
read_conf(const struct conf_options *options)
{
	struct diags *diags = diags_new();
	struct conf *conf = confread(options, diags);

	if (!conf)
		diags_print(diags, stderr, diags_colour(stderr));
	diags_free(diags);
	return conf;
}

/* The words for what this format cannot do with these facts; NULL: none. */
static const char *
judge(const struct clientformat *format, const struct clientfacts *facts)
{
	for (unsigned i = 0; i < facts->server_count; i++)
		if (format->family == CLIENTFORMAT_IPV4 &&
		    facts->servers[i].family != 4)
			return "its DHCP server gives out IPv4 addresses "
			       "alone: name one with --server";
	if (facts->scope == CLIENTFACTS_SPLIT && facts->route_count == 0)
		return "there is no domain that could be asked of hostler "
		       "alone: set `domain`, or send all questions here with "
		       "--all";
	return NULL;
}

static json_t *
make_names(char *const *names, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static void
print_json(const struct clientformat *format,
    const struct clientfacts *facts)
{
	json_t *servers = json_array(), *object;
	char *text, address[ADDR_TEXT];
	size_t length;
	FILE *stream = memory_stream(&text, &length);

	format->print(facts, stream);
	memory_stream_close(stream);
	for (unsigned i = 0; i < facts->server_count; i++)
		json_array_append_new(servers, json_string(
		    addr_print(&facts->servers[i], address)));
	object = json_pack("{s:s, s:o, s:s?, s:s, s:o, s:s}",
	    "for", format->name,
	    "servers", servers,
	    "domain", facts->domain,
	    "scope", facts->scope == CLIENTFACTS_ALL ? "all" : "split",
	    "domains", make_names(facts->routes, facts->route_count),
	    "text", text);
	jsontext_print(object, stdout);
	free(text);
}

static enum clientconfig_result
print(const struct clientconfig_request *request,
    const struct clientformat *format, const struct clientfacts *facts)
{
	const char *wrong = judge(format, facts);

	if (wrong) {
		fprintf(stderr, "hostlerctl: %s: %s\n", format->name, wrong);
		return CLIENTCONFIG_FAILED;
	}
	if (!facts->domain)
		fputs("hostlerctl: no `domain` is set: short names will not "
		    "be completed\n", stderr);
	if (request->form == CLIENTCONFIG_JSON) {
		print_json(format, facts);
		return CLIENTCONFIG_DONE;
	}
	if (format->where)
		fprintf(stderr, "hostlerctl: %s\n", format->where);
	format->print(facts, stdout);
	return CLIENTCONFIG_DONE;
}

static enum clientconfig_result
gather_and_print(const struct clientconfig_request *request,
    const struct clientformat *format, const struct conf *conf)
{
	enum clientconfig_result result = CLIENTCONFIG_FAILED;
	struct ifaces *ifaces = ifaces_list();
	const struct clientfacts_request wanted = {
		.conf = conf,
		.ifaces = ifaces,
		.servers = request->servers,
		.server_count = request->server_count,
		.reader = format->whom == CLIENTFORMAT_HOST
		    ? CLIENTFACTS_THIS_MACHINE : CLIENTFACTS_OTHERS,
		.scope = format->whom == CLIENTFORMAT_OTHERS
		    ? CLIENTFACTS_ALL : request->scope,
	};
	struct clientfacts facts;
	char *note, *wrong = clientfacts_get(&facts, &wanted, &note);

	if (wrong)
		fprintf(stderr, "hostlerctl: %s\n", wrong);
	if (note)
		fprintf(stderr, "hostlerctl: %s\n", note);
	if (!wrong)
		result = print(request, format, &facts);
	clientfacts_fini(&facts);
	ifaces_free(ifaces);
	free(wrong);
	free(note);
	return result;
}

enum clientconfig_result
clientconfig_run(const struct clientconfig_request *request)
{
	const struct clientformat *format = request->format ?
	    clientformats_find(request->format) : NULL;
	enum clientconfig_result result = CLIENTCONFIG_FAILED;
	struct conf *conf;

	if (!format) {
		tell_formats(request->format);
		return CLIENTCONFIG_FAILED;
	}
	conf = read_conf(request->conf);
	if (conf)
		result = gather_and_print(request, format, conf);
	conf_free(conf);
	return result;
}
