/* SPDX-License-Identifier: BSD-2-Clause */
/* makedata.c - the names of the benchmark; the same ones each time.
 *
 *	makedata hosts|zone|local-data FILE COUNT VERSION
 *	makedata questions FILE NAMES COUNT [DISTINCT]
 *	makedata new FILE COUNT
 *
 * The first: a hosts file, a zone file, or unbound's local-data, with
 * vm0000001.cluster.test and so on, an A and an AAAA each, and
 * probe.cluster.test, whose A is 10.99.0.VERSION.
 * questions: 70 % for an A, 20 % for an AAAA, 10 % for a name that does not
 * exist, by chance; DISTINCT ones, if given, over and over.
 * new: each for another name below new.test.  The form of both is that of
 * questions.h, the addresses those of reply.h.
 */
#include <err.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DOMAIN "cluster.test"
#define SEED UINT64_C(0x9e3779b97f4a7c15)

static FILE *
open_out(const char *path)
{
	FILE *out = fopen(path, "w");

	if (!out)
		err(1, "%s", path);
	return out;
}

static void
close_out(FILE *out)
{
	if (ferror(out) || fclose(out) != 0)
		err(1, "writing");
}

static const char *
ipv4(uint32_t number)
{
	static char text[20];

	snprintf(text, sizeof text, "10.%u.%u.%u", number >> 16 & 255,
	    number >> 8 & 255, number & 255);
	return text;
}

static const char *
ipv6(uint32_t number)
{
	static char text[24];

	snprintf(text, sizeof text, "fd00::%x:%x", number >> 16 & 255,
	    number & 65535);
	return text;
}

/* ---- names ---- */

static void
write_hosts(const char *path, uint32_t count, unsigned version)
{
	FILE *out = open_out(path);

	fprintf(out, "10.99.0.%u probe." DOMAIN "\n", version);
	for (uint32_t i = 1; i <= count; i++) {
		fprintf(out, "%s vm%07u." DOMAIN "\n", ipv4(i), i);
		fprintf(out, "%s vm%07u." DOMAIN "\n", ipv6(i), i);
	}
	close_out(out);
}

static void
write_zone(const char *path, uint32_t count, unsigned version)
{
	FILE *out = open_out(path);

	fprintf(out, "$ORIGIN " DOMAIN ".\n$TTL 3600\n@ SOA ns admin %u 3600 "
	    "600 86400 3600\n@ NS ns\nns A 127.0.0.1\nprobe A 10.99.0.%u\n",
	    version, version);
	for (uint32_t i = 1; i <= count; i++) {
		fprintf(out, "vm%07u A %s\n", i, ipv4(i));
		fprintf(out, "vm%07u AAAA %s\n", i, ipv6(i));
	}
	close_out(out);
}

static void
write_local_data(const char *path, uint32_t count, unsigned version)
{
	static const char line[] = "local-data: \"vm%07u." DOMAIN ". %s %s\"\n";
	FILE *out = open_out(path);

	fprintf(out, "local-zone: \"" DOMAIN ".\" static\nlocal-data: \"" DOMAIN
	    ". SOA ns." DOMAIN ". admin." DOMAIN ". %u 3600 600 86400 3600\"\n"
	    "local-data: \"probe." DOMAIN ". A 10.99.0.%u\"\n", version,
	    version);
	for (uint32_t i = 1; i <= count; i++) {
		fprintf(out, line, i, "A", ipv4(i));
		fprintf(out, line, i, "AAAA", ipv6(i));
	}
	close_out(out);
}

/* ---- questions ---- */

/* splitmix64, Steele and others, 2014. */
static uint64_t
mixed(uint64_t turn)
{
	uint64_t value = (turn + 1) * SEED;

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

static void
write_question(FILE *out, uint64_t chance, uint32_t names)
{
	uint32_t number = (uint32_t)(chance >> 32) % names + 1;
	unsigned part = (unsigned)(chance & 0xffff) % 10;

	if (part < 7)
		fprintf(out, "vm%07u." DOMAIN " A %s\n", number, ipv4(number));
	else if (part < 9)
		fprintf(out, "vm%07u." DOMAIN " AAAA %s\n", number,
		    ipv6(number));
	else
		fprintf(out, "nx%07u." DOMAIN " A NXDOMAIN\n", number);
}

static void
write_questions(const char *path, uint32_t names, uint64_t count,
    uint64_t distinct)
{
	FILE *out = open_out(path);

	for (uint64_t i = 0; i < count; i++)
		write_question(out, mixed(distinct ? i % distinct : i), names);
	close_out(out);
}

static void
write_new(const char *path, uint32_t count)
{
	FILE *out = open_out(path);

	for (uint32_t i = 1; i <= count; i++)
		fprintf(out, "vm%07u.new.test A %s\n", i, ipv4(i));
	close_out(out);
}

static uint32_t
number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || value == 0 || value > 9999999)
		errx(2, "%s: a number from 1 to 9999999", text);
	return (uint32_t)value;
}

struct form {
	const char *name;
	void (*write)(const char *path, uint32_t count, unsigned version);
};

static const struct form *
find_form(const char *name)
{
	static const struct form forms[] = {
	    {"hosts", write_hosts},
	    {"zone", write_zone},
	    {"local-data", write_local_data},
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (strcmp(name, forms[i].name) == 0)
			return &forms[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct form *form = argc == 5 ? find_form(argv[1]) : NULL;

	if (form) {
		form->write(argv[2], number(argv[3]), number(argv[4]));
	} else if (argc >= 5 && strcmp(argv[1], "questions") == 0) {
		write_questions(argv[2], number(argv[3]), number(argv[4]),
		    argc > 5 ? number(argv[5]) : 0);
	} else if (argc == 4 && strcmp(argv[1], "new") == 0) {
		write_new(argv[2], number(argv[3]));
	} else {
		fputs("usage: makedata hosts|zone|local-data FILE COUNT "
		    "VERSION\n"
		    "       makedata questions FILE NAMES COUNT [DISTINCT]\n"
		    "       makedata new FILE COUNT\n", stderr);
		return 2;
	}
	return 0;
}
