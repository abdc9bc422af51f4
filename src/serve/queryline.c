/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/queryline.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "dns/dname.h"
#include "dns/types.h"
#include "query/tally.h"

#define NS_IN_S 1000000000
#define BUFSIZE_UDP 512			/* what who says nothing takes */
#define BUFSIZE_TCP 65535
#define CLASS_TEXT 12
#define RCODE_TEXT 12
#define FLAG_Z 0x0040
#define NAME_TEXT DNAME_TEXT_MAX

/* The facts as words, the same for both formats. */
struct words {
	char client[ADDR_TEXT];
	char name[NAME_TEXT];
	char type[TYPE_TEXT];
	char class[CLASS_TEXT];
	char rcode[RCODE_TEXT];
	const char *proto;
	unsigned bufsize;
};

static bool
is_tcp(const struct sighting *seen)
{
	return seen->way == TALLY_TCP4 || seen->way == TALLY_TCP6;
}

static void
print_client(char *to, const struct queryline_style *style,
    const struct addr *client)
{
	uint8_t bits = client->family == 4 ? style->bits4 : style->bits6;
	struct prefix prefix = prefix_of(client, bits);

	addr_print(&prefix.addr, to);
}

/* A quote that an escape stands before still ends a quoted part for those who
 * look for quotes alone. */
static void
print_name(char *to, const struct sighting *seen)
{
	char text[DNAME_TEXT_MAX];
	uint8_t lower[DNAME_MAX];

	dname_copy_lower(lower, seen->name, seen->name_length);
	dname_print(lower, text);
	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] == '"') {
			memcpy(to, "\\034", 4);
			to += 4;
			from++;
			continue;
		}
		*to++ = *from;
		if (from[0] == '\\')
			*to++ = *++from;
	}
	*to = '\0';
}

static void
print_class(char *to, uint16_t class)
{
	const char *word = class == CLASS_IN ? "IN" : class == CLASS_CH ? "CH" :
	    class == CLASS_NONE ? "NONE" : class == CLASS_ANY ? "ANY" : NULL;

	if (word)
		strcpy(to, word);
	else
		snprintf(to, CLASS_TEXT, "CLASS%u", class);
}

static void
print_rcode(char *to, uint16_t rcode)
{
	const char *word = rcode_name(rcode);

	if (strcmp(word, "RESERVED") == 0)
		snprintf(to, RCODE_TEXT, "%u", rcode);
	else
		snprintf(to, RCODE_TEXT, "%s", word);
}

static void
find_words(struct words *words, const struct queryline_style *style,
    const struct sighting *seen)
{
	print_client(words->client, style, &seen->client);
	print_rcode(words->rcode, seen->rcode);
	words->proto = is_tcp(seen) ? "tcp" : "udp";
	words->bufsize = seen->edns ? seen->udp_size :
	    is_tcp(seen) ? BUFSIZE_TCP : BUFSIZE_UDP;
	if (seen->name_length == 0) {
		strcpy(words->type, "-");
		strcpy(words->class, "-");
		strcpy(words->name, ".");
		return;
	}
	type_print(seen->type, words->type);
	print_class(words->class, seen->class);
	print_name(words->name, seen);
}

/* ---- the pieces that both have ---- */

/* RFC 3339, with this many digits behind the second's point. */
static size_t
print_time(char *to, int64_t wall_ns, int digits)
{
	time_t second = (time_t)(wall_ns / NS_IN_S);
	char fraction[10];
	struct tm tm;
	size_t length;

	gmtime_r(&second, &tm);
	length = strftime(to, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(fraction, sizeof fraction, "%09u",
	    (unsigned)(wall_ns % NS_IN_S));
	return length + (size_t)sprintf(to + length, ".%.*sZ", digits,
	    fraction);
}

static size_t
print_flags(char *to, uint16_t flags, const char *between)
{
	static const struct {
		uint16_t bit;
		char word[3];
	} known[] = {
	    {FLAG_QR, "qr"}, {FLAG_AA, "aa"}, {FLAG_TC, "tc"}, {FLAG_RD, "rd"},
	    {FLAG_RA, "ra"}, {FLAG_Z, "z"}, {FLAG_AD, "ad"}, {FLAG_CD, "cd"},
	};
	size_t at = 0;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (flags & known[i].bit)
			at += (size_t)sprintf(to + at, "%s%s",
			    at ? between : "", known[i].word);
	return at;
}

static size_t
print_seconds(char *to, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	return (size_t)sprintf(to, "%lld.%09lld", (long long)(ns / NS_IN_S),
	    (long long)(ns % NS_IN_S));
}

/* ---- text ---- */

static size_t
write_text(char *to, const struct queryline_style *style,
    const struct sighting *seen, int64_t wall_ns)
{
	bool v6 = seen->client.family == 6;
	struct words words;
	size_t at = 0;

	find_words(&words, style, seen);
	if (style->clock == QUERYLINE_TIMED) {
		at = print_time(to, wall_ns, 3);
		to[at++] = ' ';
	}
	at += (size_t)sprintf(to + at, "[INFO] %s%s%s:%u - %u ",
	    v6 ? "[" : "", words.client, v6 ? "]" : "", seen->client_port,
	    seen->id);
	at += (size_t)sprintf(to + at, "\"%s %s %s %s %u %s %u\" %s ",
	    words.type, words.class, words.name, words.proto,
	    seen->query_length, seen->dnssec_ok ? "true" : "false",
	    words.bufsize, words.rcode);
	at += print_flags(to + at, seen->reply_flags, ",");
	at += (size_t)sprintf(to + at, " %u ", seen->reply_length);
	at += print_seconds(to + at, seen->took_ns);
	to[at++] = 's';
	return at;
}

/* ---- JSON ---- */

/* Of what is escaped as in zone files only the backslash is JSON's, too. */
static size_t
print_quoted_name(char *to, const char *name)
{
	char *start = to;

	for (; *name; name++) {
		if (*name == '\\')
			*to++ = '\\';
		*to++ = *name;
	}
	return (size_t)(to - start);
}

static size_t
write_question(char *to, const struct words *words,
    const struct sighting *seen)
{
	size_t at = (size_t)sprintf(to, "\"client\":\"%s\",\"port\":%u,"
	    "\"proto\":\"%s\",\"id\":%u,\"type\":\"%s\",\"class\":\"%s\","
	    "\"name\":\"", words->client, seen->client_port, words->proto,
	    seen->id, words->type, words->class);

	at += print_quoted_name(to + at, words->name);
	return at + (size_t)sprintf(to + at, "\",\"size\":%u,\"do\":%s,"
	    "\"bufsize\":%u,", seen->query_length,
	    seen->dnssec_ok ? "true" : "false", words->bufsize);
}

static size_t
write_answer(char *to, const struct words *words, const struct sighting *seen)
{
	char server[ADDR_TEXT];
	size_t at = (size_t)sprintf(to, "\"rcode\":\"%s\",\"rflags\":[\"",
	    words->rcode);

	at += print_flags(to + at, seen->reply_flags, "\",\"");
	at += (size_t)sprintf(to + at, "\"],\"rsize\":%u,\"duration\":",
	    seen->reply_length);
	at += print_seconds(to + at, seen->took_ns);
	at += (size_t)sprintf(to + at, ",\"source\":\"%s\",\"server\":\"%s\"",
	    tally_source_word(seen->source),
	    addr_print(&seen->asked, server));
	if (seen->ede != EDE_NONE)
		at += (size_t)sprintf(to + at, ",\"ede\":%u", seen->ede);
	return at;
}

static size_t
write_json(char *to, const struct queryline_style *style,
    const struct sighting *seen, int64_t wall_ns)
{
	struct words words;
	size_t at;

	find_words(&words, style, seen);
	at = (size_t)sprintf(to, "{\"time\":\"");
	at += print_time(to + at, wall_ns, 6);
	at += (size_t)sprintf(to + at, "\",");
	at += write_question(to + at, &words, seen);
	at += write_answer(to + at, &words, seen);
	to[at++] = '}';
	return at;
}

size_t
queryline_write(char to[QUERYLINE_MAX], const struct queryline_style *style,
    const struct sighting *seen, int64_t wall_ns)
{
	size_t length = style->format == QUERYLINE_JSON ?
	    write_json(to, style, seen, wall_ns) :
	    write_text(to, style, seen, wall_ns);

	assert(length < QUERYLINE_MAX);
	to[length++] = '\n';
	return length;
}
