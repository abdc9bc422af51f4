/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/dnstapframe.h"

#include <string.h>

#include "query/tally.h"

#define NS_IN_S 1000000000
#define VERSION "hostler " HOSTLER_VERSION

/* The library's structs point at bytes that it does not change. */
static ProtobufCBinaryData
bytes_of(const void *bytes, size_t length)
{
	return (ProtobufCBinaryData){.len = length,
	    .data = (uint8_t *)(uintptr_t)bytes};
}

static ProtobufCBinaryData
address_of(const struct addr *addr)
{
	return bytes_of(addr->bytes, addr->family == 4 ? 4 : 16);
}

static void
begin(struct dnstapframe *frame, const struct dnstapframe_about *about)
{
	frame->top = (Dnstap__Dnstap)DNSTAP__DNSTAP__INIT;
	frame->message = (Dnstap__Message)DNSTAP__MESSAGE__INIT;
	frame->top.message = &frame->message;
	frame->top.type = DNSTAP__DNSTAP__TYPE__MESSAGE;
	frame->top.has_version = 1;
	frame->top.version = bytes_of(VERSION, strlen(VERSION));
	if (!about->identity)
		return;
	frame->top.has_identity = 1;
	frame->top.identity = bytes_of(about->identity,
	    strlen(about->identity));
}

static void
write_family(Dnstap__Message *m, const struct addr *addr)
{
	m->has_socket_family = 1;
	m->socket_family = addr->family == 4 ? DNSTAP__FAMILY__INET :
	    DNSTAP__FAMILY__INET6;
}

static void
write_client(Dnstap__Message *m, const struct sighting *seen)
{
	bool tcp = seen->way == TALLY_TCP4 || seen->way == TALLY_TCP6;

	write_family(m, &seen->client);
	m->has_socket_protocol = 1;
	m->socket_protocol = tcp ? DNSTAP__PROTOCOL__TCP :
	    DNSTAP__PROTOCOL__UDP;
	m->has_query_address = 1;
	m->query_address = address_of(&seen->client);
	m->has_query_port = 1;
	m->query_port = seen->client_port;
	if (seen->asked.family == 0)
		return;
	m->has_response_address = 1;
	m->response_address = address_of(&seen->asked);
}

static void
write_upstream(Dnstap__Message *m, const struct sighting *seen)
{
	static const Dnstap__Protocol protocols[] = {
	    [UPSTREAM_UDP] = DNSTAP__PROTOCOL__UDP,
	    [UPSTREAM_TCP] = DNSTAP__PROTOCOL__TCP,
	    [UPSTREAM_TLS] = DNSTAP__PROTOCOL__DOT,
	};

	write_family(m, &seen->upstream.addr);
	m->has_socket_protocol = 1;
	m->socket_protocol = protocols[seen->transport];
	m->has_response_address = 1;
	m->response_address = address_of(&seen->upstream.addr);
	m->has_response_port = 1;
	m->response_port = seen->upstream.port;
}

static void
write_ends(struct dnstapframe *frame, const struct sighting *seen)
{
	if (seen->kind == SIGHTING_ANSWERED)
		write_client(&frame->message, seen);
	else
		write_upstream(&frame->message, seen);
}

static void
write_query_time(Dnstap__Message *m, int64_t ns)
{
	m->has_query_time_sec = 1;
	m->query_time_sec = (uint64_t)(ns / NS_IN_S);
	m->has_query_time_nsec = 1;
	m->query_time_nsec = (uint32_t)(ns % NS_IN_S);
}

static void
write_response_time(Dnstap__Message *m, int64_t ns)
{
	m->has_response_time_sec = 1;
	m->response_time_sec = (uint64_t)(ns / NS_IN_S);
	m->has_response_time_nsec = 1;
	m->response_time_nsec = (uint32_t)(ns % NS_IN_S);
}

size_t
dnstapframe_query(struct dnstapframe *frame,
    const struct dnstapframe_about *about)
{
	const struct sighting *seen = about->seen;
	Dnstap__Message *m = &frame->message;

	begin(frame, about);
	m->type = seen->kind == SIGHTING_ANSWERED ?
	    DNSTAP__MESSAGE__TYPE__CLIENT_QUERY :
	    DNSTAP__MESSAGE__TYPE__FORWARDER_QUERY;
	write_ends(frame, seen);
	write_query_time(m, about->wall_ns - seen->took_ns);
	m->has_query_message = 1;
	m->query_message = bytes_of(sighting_query(seen), seen->query_kept);
	return dnstap__dnstap__get_packed_size(&frame->top);
}

size_t
dnstapframe_reply(struct dnstapframe *frame,
    const struct dnstapframe_about *about)
{
	const struct sighting *seen = about->seen;
	Dnstap__Message *m = &frame->message;

	begin(frame, about);
	m->type = seen->kind == SIGHTING_ANSWERED ?
	    DNSTAP__MESSAGE__TYPE__CLIENT_RESPONSE :
	    DNSTAP__MESSAGE__TYPE__FORWARDER_RESPONSE;
	write_ends(frame, seen);
	if (seen->took_ns >= 0)
		write_query_time(m, about->wall_ns - seen->took_ns);
	write_response_time(m, about->wall_ns);
	m->has_response_message = 1;
	m->response_message = bytes_of(sighting_reply(seen),
	    seen->reply_kept);
	return dnstap__dnstap__get_packed_size(&frame->top);
}

void
dnstapframe_pack(const struct dnstapframe *frame, uint8_t *to)
{
	dnstap__dnstap__pack(&frame->top, to);
}
