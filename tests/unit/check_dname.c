/* SPDX-License-Identifier: BSD-2-Clause */
#include <check.h>
#include <ldns/ldns.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "dns/dname.h"

static const struct hash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

/* Numbers that are the same in every run (xorshift). */
static uint32_t
next_number(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Any bytes, in labels of any length. */
static struct dname
make_name(uint32_t *state)
{
	struct dname name = { .length = 0 };
	unsigned labels = next_number(state) % 8;

	while (name.labels < labels) {
		unsigned length = 1 + next_number(state) % LABEL_MAX;

		if (name.length + length + 2 > DNAME_MAX)
			break;
		name.wire[name.length++] = (uint8_t)length;
		for (unsigned i = 0; i < length; i++)
			name.wire[name.length++] = (uint8_t)(i % 2 ?
			    next_number(state) : 'A' + next_number(state) % 60);
		name.labels++;
	}
	name.wire[name.length++] = 0;
	return name;
}

static void
check_name(const struct dname *name, const char *wire, size_t length)
{
	ck_assert_uint_eq(name->length, length);
	ck_assert_mem_eq(name->wire, wire, length);
	ck_assert_uint_eq(name->labels, dname_labels(name->wire));
}

/* ---- text ---- */

#define WIRE(s) s, sizeof(s)		/* the literal's NUL is the root */

static const struct {
	const char *text;
	const char *origin;		/* wire */
	const char *wire;
	size_t length;
} good[] = {
	{ ".", NULL, WIRE("") },
	{ ".", "\1o", WIRE("") },
	{ "a", NULL, WIRE("\1a") },
	{ "a.", "\1o", WIRE("\1a") },
	{ "a", "\1o", WIRE("\1a\1o") },
	{ "WwW.Example", "\4TEST", WIRE("\3WwW\7Example\4TEST") },
	{ "a\\.b.c.", NULL, WIRE("\3a.b\1c") },
	{ "a\\.", "\1o", WIRE("\2a.\1o") },
	{ "a\\\\.", "\1o", WIRE("\2a\\") },
	{ "\\000\\255\\032.", NULL, WIRE("\3\0\377 ") },
	{ "\\a\\;x.", NULL, WIRE("\3a;x") },
	{ "*.x.", NULL, WIRE("\1*\1x") },
	{ "_tcp", "\1o", WIRE("\4_tcp\1o") },
};

START_TEST(parse_good)
{
	struct dname name;
	size_t bad;

	ck_assert_ptr_null(dname_parse(&name, good[_i].text,
	    strlen(good[_i].text), (const uint8_t *)good[_i].origin, &bad));
	check_name(&name, good[_i].wire, good[_i].length);
}
END_TEST

static const struct {
	const char *text;
	const char *words;
	size_t bad;
} wrong[] = {
	{ "", "empty", 0 },
	{ "..", "empty", 0 },
	{ ".a", "empty", 0 },
	{ "a..b", "empty", 2 },
	{ "a\\", "end", 1 },
	{ "a\\1", "three digits", 1 },
	{ "a\\12", "three digits", 1 },
	{ "a\\1x3.", "three digits", 1 },
	{ "ab\\256", "255", 2 },
	{ "b.0123456789012345678901234567890123456789012345678901234567890123",
	  "63 bytes", 2 },
};

START_TEST(parse_wrong)
{
	struct dname name;
	size_t bad = 99;
	const char *words = dname_parse(&name, wrong[_i].text,
	    strlen(wrong[_i].text), NULL, &bad);

	ck_assert_ptr_nonnull(words);
	ck_assert_msg(strstr(words, wrong[_i].words) != NULL, "%s", words);
	ck_assert_uint_eq(bad, wrong[_i].bad);
}
END_TEST

/* `labels` labels of `length` letters each, and a last one of `more`. */
static size_t
write_long(char *text, unsigned labels, unsigned length, unsigned more)
{
	size_t at = 0;

	for (unsigned i = 0; i < labels; i++) {
		memset(text + at, 'a', length);
		at += length;
		text[at++] = '.';
	}
	memset(text + at, 'b', more);
	return at + more;
}

START_TEST(parse_longest)
{
	char text[400];
	struct dname name;
	size_t bad;

	/* 3 * 64 + 62 + 1 = 255 */
	ck_assert_ptr_null(dname_parse(&name, text,
	    write_long(text, 3, 63, 61), NULL, &bad));
	ck_assert_uint_eq(name.length, 255);
	ck_assert_ptr_nonnull(dname_parse(&name, text,
	    write_long(text, 3, 63, 62), NULL, &bad));
	ck_assert_ptr_nonnull(dname_parse(&name, text,
	    write_long(text, 4, 63, 0), NULL, &bad));
	ck_assert_ptr_null(dname_parse(&name, text,
	    write_long(text, 127, 1, 0), NULL, &bad));
	ck_assert_uint_eq(name.labels, DNAME_LABELS_MAX);
	ck_assert_ptr_nonnull(dname_parse(&name, text,
	    write_long(text, 127, 1, 1), NULL, &bad));
	/* The origin counts too. */
	ck_assert_ptr_null(dname_parse(&name, text,
	    write_long(text, 3, 63, 59), (const uint8_t *)"\1o", &bad));
	ck_assert_uint_eq(name.length, 255);
	ck_assert_ptr_nonnull(dname_parse(&name, text,
	    write_long(text, 3, 63, 60), (const uint8_t *)"\1o", &bad));
}
END_TEST

START_TEST(parse_asserts)
{
	dname_from("a..b");
}
END_TEST

START_TEST(prints)
{
	char text[DNAME_TEXT_MAX];
	struct dname name = dname_from("a\\.b\\\\\\\"\\040c\\@\\000.X-1_*.");

	ck_assert_str_eq(dname_print(name.wire, text),
	    "a\\.b\\\\\\\"\\(c\\@\\000.X-1_*.");
	ck_assert_str_eq(dname_print((const uint8_t *)"", text), ".");
}
END_TEST

/* What we print, we and ldns read back as it was; what ldns prints, too. */
START_TEST(text_as_ldns)
{
	uint32_t state = 1;

	for (unsigned i = 0; i < 2000; i++) {
		struct dname name = make_name(&state), back;
		char text[DNAME_TEXT_MAX], *theirs;
		ldns_rdf *rdf;
		size_t bad;

		dname_print(name.wire, text);
		back = dname_from(text);
		check_name(&back, (const char *)name.wire, name.length);
		rdf = ldns_dname_new_frm_str(text);
		ck_assert_ptr_nonnull(rdf);
		ck_assert_uint_eq(ldns_rdf_size(rdf), name.length);
		ck_assert_mem_eq(ldns_rdf_data(rdf), name.wire, name.length);
		theirs = ldns_rdf2str(rdf);
		ck_assert_ptr_null(dname_parse(&back, theirs, strlen(theirs),
		    NULL, &bad));
		check_name(&back, (const char *)name.wire, name.length);
		free(theirs);
		ldns_rdf_deep_free(rdf);
	}
}
END_TEST

/* ---- wire ---- */

START_TEST(reads_whole_names_only)
{
	uint32_t state = 2;

	for (unsigned i = 0; i < 200; i++) {
		struct dname name = make_name(&state), back;
		uint8_t *cut;

		for (size_t length = 0; length < name.length; length++) {
			cut = malloc(length + 1);
			memcpy(cut, name.wire, length);
			cut = realloc(cut, length ? length : 1);
			ck_assert(!dname_read(&back, cut, length));
			free(cut);
		}
		ck_assert(dname_read(&back, name.wire, sizeof(name.wire)));
		check_name(&back, (const char *)name.wire, name.length);
		back = dname_of(name.wire);
		check_name(&back, (const char *)name.wire, name.length);
		ck_assert_uint_eq(dname_length(name.wire), name.length);
	}
}
END_TEST

START_TEST(refuses_wire)
{
	uint8_t wire[300];
	struct dname name;

	ck_assert(!dname_read(&name, (const uint8_t *)"\300\0", 2));
	ck_assert(!dname_read(&name, (const uint8_t *)"\1a\300\0", 4));
	memset(wire, 64, sizeof(wire));
	wire[65] = 0;
	ck_assert(!dname_read(&name, wire, sizeof(wire)));
	/* 127 labels of one byte are 255 bytes; one byte more is too much. */
	for (unsigned i = 0; i < 254; i += 2) {
		wire[i] = 1;
		wire[i + 1] = 'a';
	}
	wire[254] = 0;
	ck_assert(dname_read(&name, wire, sizeof(wire)));
	ck_assert_uint_eq(name.labels, 127);
	wire[252] = 2;
	wire[254] = 'a';
	wire[255] = 0;
	ck_assert(!dname_read(&name, wire, sizeof(wire)));
}
END_TEST

static uint8_t
slow_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

START_TEST(lowers_letters_only)
{
	uint8_t all[256], lower[256 + 8];

	for (unsigned i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	for (size_t length = 0; length <= 256; length++) {
		memset(lower, 0xee, sizeof(lower));
		dname_copy_lower(lower, all + 256 - length, length);
		for (size_t i = 0; i < length; i++)
			ck_assert_uint_eq(lower[i],
			    slow_lower(all[256 - length + i]));
		ck_assert_uint_eq(lower[length], 0xee);
	}
}
END_TEST

START_TEST(compares_in_any_case)
{
	uint32_t state = 3;

	for (unsigned i = 0; i < 2000; i++) {
		struct dname name = make_name(&state), other = name;
		unsigned at = next_number(&state) % name.length;

		dname_lower(other.wire);
		ck_assert(dname_equal(name.wire, other.wire));
		for (unsigned b = 0; b < name.length; b++)
			ck_assert_uint_eq(other.wire[b],
			    slow_lower(name.wire[b]));
		/* Another byte anywhere but in a length. */
		for (unsigned l = 0; l < at; l += name.wire[l] + 1u)
			if (l + name.wire[l] >= at) {
				other.wire[at] ^= 0x81;
				ck_assert(!dname_equal(name.wire, other.wire));
				ck_assert(!dname_equal(other.wire, name.wire));
			}
	}
	ck_assert(!dname_equal((const uint8_t *)"\1a\1b",
	    (const uint8_t *)"\3a.b"));
	ck_assert(!dname_equal((const uint8_t *)"\1@", (const uint8_t *)"\1`"));
	ck_assert(!dname_equal((const uint8_t *)"\1[", (const uint8_t *)"\1{"));
}
END_TEST

START_TEST(knows_descent)
{
	struct dname zone = dname_from("Example.TEST.");
	struct dname root = dname_from(".");
	static const struct {
		const char *name;
		bool below;
	} names[] = {
		{ "example.test.", true }, { "A.b.EXAMPLE.test.", true },
		{ "xexample.test.", false }, { "test.", false },
		{ ".", false }, { "example.test.x.", false },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct dname name = dname_from(names[i].name);

		ck_assert_int_eq(dname_is_below_or_at(name.wire, zone.wire),
		    names[i].below);
		ck_assert(dname_is_below_or_at(name.wire, root.wire));
	}
	ck_assert_ptr_eq(dname_skip(zone.wire, 0), zone.wire);
	ck_assert_ptr_eq(dname_skip(zone.wire, 1), zone.wire + 8);
	ck_assert_ptr_eq(dname_skip(zone.wire, 2), zone.wire + 13);
}
END_TEST

START_TEST(prepends)
{
	struct dname suffix = dname_from("a.test."), to;
	char text[300];
	size_t bad;

	ck_assert(dname_prepend(&to, (const uint8_t *)"*", 1, suffix.wire));
	check_name(&to, WIRE("\1*\1a\4test"));
	/* In its own room. */
	ck_assert(dname_prepend(&to, (const uint8_t *)"www", 3, to.wire));
	check_name(&to, WIRE("\3www\1*\1a\4test"));
	ck_assert_ptr_null(dname_parse(&suffix, text,
	    write_long(text, 3, 63, 59), NULL, &bad));
	ck_assert(dname_prepend(&to, (const uint8_t *)"*", 1, suffix.wire));
	ck_assert_uint_eq(to.length, 255);
	ck_assert(!dname_prepend(&to, (const uint8_t *)"ab", 2, suffix.wire));
}
END_TEST

START_TEST(substitutes)
{
	struct dname name = dname_from("A.b.old.test."), to;
	struct dname from = dname_from("OLD.test."), long_target;
	struct dname target = dname_from("new.");
	char text[300];
	size_t bad;

	ck_assert(dname_substitute(&to, name.wire, from.wire, target.wire));
	check_name(&to, WIRE("\1A\1b\3new"));
	ck_assert(dname_substitute(&to, name.wire, from.wire,
	    (const uint8_t *)""));
	check_name(&to, WIRE("\1A\1b"));
	ck_assert_ptr_null(dname_parse(&long_target, text,
	    write_long(text, 3, 63, 57), NULL, &bad));
	ck_assert(dname_substitute(&to, name.wire, from.wire,
	    long_target.wire));
	ck_assert_uint_eq(to.length, 255);
	ck_assert_ptr_null(dname_parse(&long_target, text,
	    write_long(text, 3, 63, 58), NULL, &bad));
	ck_assert(!dname_substitute(&to, name.wire, from.wire,
	    long_target.wire));
}
END_TEST

/* ---- reverse names ---- */

static const struct {
	const char *name;
	const char *addr;		/* NULL: not a reverse name */
	unsigned bits;
} reverse[] = {
	{ "4.2.0.10.in-addr.arpa.", "10.0.2.4", 32 },
	{ "255.255.255.255.in-addr.arpa.", "255.255.255.255", 32 },
	{ "2.0.10.in-addr.arpa.", "10.0.2.0", 24 },
	{ "10.in-addr.arpa.", "10.0.0.0", 8 },
	{ "in-addr.arpa.", "0.0.0.0", 0 },
	{ "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	  "ip6.arpa.", "2001:db8::1", 128 },
	{ "8.b.d.0.1.0.0.2.ip6.arpa.", "2001:db8::", 32 },
	{ "d.f.ip6.arpa.", "fd00::", 8 },
	{ "f.ip6.arpa.", "f000::", 4 },
	{ "ip6.arpa.", "::", 0 },
	{ "1.4.2.0.10.in-addr.arpa.", NULL, 0 },
	{ "256.2.0.10.in-addr.arpa.", NULL, 0 },
	{ "04.2.0.10.in-addr.arpa.", NULL, 0 },
	{ "0004.in-addr.arpa.", NULL, 0 },
	{ "x.in-addr.arpa.", NULL, 0 },
	{ "0/25.2.0.10.in-addr.arpa.", NULL, 0 },
	{ "g.ip6.arpa.", NULL, 0 },
	{ "10.ip6.arpa.", NULL, 0 },
	{ "1.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
	  "ip6.arpa.", NULL, 0 },
	{ "arpa.", NULL, 0 },
	{ ".", NULL, 0 },
	{ "4.2.0.10.in-addr.arpa.test.", NULL, 0 },
	{ "1.ip7.arpa.", NULL, 0 },
	{ "1.in-addr.a.", NULL, 0 },
};

START_TEST(reads_reverse_names)
{
	struct dname name = dname_from(reverse[_i].name);
	uint8_t *alone = malloc(name.length);
	struct addr addr, expected;
	unsigned bits;
	bool is;

	memcpy(alone, name.wire, name.length);
	is = dname_to_addr(alone, &addr, &bits);
	free(alone);
	ck_assert_int_eq(is, reverse[_i].addr != NULL);
	if (!is)
		return;
	ck_assert_ptr_null(addr_parse(&expected, reverse[_i].addr,
	    strlen(reverse[_i].addr)));
	ck_assert(addr_equal(&addr, &expected));
	ck_assert_uint_eq(bits, reverse[_i].bits);
	if (bits == (addr.family == 4 ? 32u : 128u)) {
		struct dname made = dname_of_addr(&addr);

		check_name(&made, (const char *)name.wire, name.length);
	}
}
END_TEST

/* ---- hash ---- */

/* As the header says it, a byte at a time. */
static uint64_t
slow_hash(const uint8_t *name)
{
	struct hash_state s = hash_start(&key);

	for (unsigned label = dname_labels(name); label-- > 0;) {
		const uint8_t *at = dname_skip(name, label);
		uint64_t block = 0;

		for (unsigned i = 0; i < *at; i++) {
			block |= (uint64_t)at[1 + i] << 8 * (i % 8);
			if (i % 8 == 7) {
				hash_block(&s, block);
				block = 0;
			}
		}
		hash_block(&s, block | (uint64_t)*at << 56);
	}
	return hash_finish(s);
}

START_TEST(hashes_suffixes)
{
	uint64_t hash[DNAME_LABELS_MAX + 1];
	uint32_t state = 4;

	for (unsigned i = 0; i < 2000; i++) {
		struct dname name = make_name(&state);
		uint8_t *alone = malloc(name.length);
		/* Just the room that is asked for. */
		uint8_t *roomy = malloc(name.length + DNAME_BEHIND);
		struct dname_path path;

		memcpy(alone, name.wire, name.length);
		memcpy(roomy, name.wire, name.length);
		memset(roomy + name.length, 0xff, DNAME_BEHIND);
		dname_path_set(&path, &key, roomy, name.length);
		ck_assert_uint_eq(path.labels, name.labels);
		ck_assert_uint_eq(dname_hash(&key, alone), slow_hash(alone));
		ck_assert_uint_eq(dname_hash_labels(&key, roomy, path.at,
		    path.labels), slow_hash(alone));
		ck_assert_uint_eq(dname_hash_suffixes(&key, alone, hash),
		    name.labels);
		free(alone);
		for (unsigned l = 0; l <= name.labels; l++)
			ck_assert_uint_eq(hash[l], dname_hash(&key,
			    dname_skip(name.wire, l)));
		for (unsigned l = 0; l <= name.labels; l++) {
			ck_assert_uint_eq(dname_path_suffix(&path, l) - roomy,
			    dname_skip(name.wire, l) - name.wire);
			ck_assert_uint_eq(dname_path_hash(&path, l), hash[l]);
		}
		for (unsigned l = 0; l < name.labels; l++) {
			const uint8_t *at = dname_path_suffix(&path, l);

			ck_assert_uint_eq(hash[l], dname_path_hash_child(
			    &path, l + 1, at + 1, *at));
		}
		free(roomy);
	}
}
END_TEST

/* One label is what SipHash-1-3 makes of its bytes; two names of the same
 * bytes in other labels are two. */
START_TEST(hashes_as_siphash)
{
	struct dname name = dname_from("localdb."), other;
	struct dname suffix = dname_from("x.test.");
	struct dname_path path;

	ck_assert_uint_eq(dname_hash(&key, name.wire),
	    hash_siphash13(&key, "localdb", 7));
	name = dname_from("mariadb-primary-0.");
	ck_assert_uint_eq(dname_hash(&key, name.wire),
	    hash_siphash13(&key, "mariadb-primary-0", 17));
	name = dname_from("ab.c.");
	other = dname_from("a.bc.");
	ck_assert_uint_ne(dname_hash(&key, name.wire),
	    dname_hash(&key, other.wire));
	other = dname_from("c.ab.");
	ck_assert_uint_ne(dname_hash(&key, name.wire),
	    dname_hash(&key, other.wire));
	name = dname_from("*.x.test.");
	dname_path_set(&path, &key, suffix.wire, suffix.length);
	ck_assert_uint_eq(dname_path_hash_child(&path, 0,
	    (const uint8_t *)"*", 1), dname_hash(&key, name.wire));
}
END_TEST

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

int
main(void)
{
	Suite *suite = suite_create("dname");
	TCase *tcase = tcase_create("dname");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, parse_good, 0, COUNT(good));
	tcase_add_loop_test(tcase, parse_wrong, 0, COUNT(wrong));
	tcase_add_test(tcase, parse_longest);
	tcase_add_test_raise_signal(tcase, parse_asserts, SIGABRT);
	tcase_add_test(tcase, prints);
	tcase_add_test(tcase, text_as_ldns);
	tcase_add_test(tcase, reads_whole_names_only);
	tcase_add_test(tcase, refuses_wire);
	tcase_add_test(tcase, lowers_letters_only);
	tcase_add_test(tcase, compares_in_any_case);
	tcase_add_test(tcase, knows_descent);
	tcase_add_test(tcase, prepends);
	tcase_add_test(tcase, substitutes);
	tcase_add_loop_test(tcase, reads_reverse_names, 0, COUNT(reverse));
	tcase_add_test(tcase, hashes_suffixes);
	tcase_add_test(tcase, hashes_as_siphash);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
