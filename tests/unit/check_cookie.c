/* SPDX-License-Identifier: BSD-2-Clause */
/* Server cookies: the vectors of RFC 9018, ages, addresses, a secret that is
 * rolled over. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "dns/cookie.h"

#define COUNT(list) (sizeof(list) / sizeof(*(list)))
#define THEN 1559731985u
#define PLAIN "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define OLD "dd3bdf9344b678b185a6f5cb60fca715"
#define ROLLED "445536bcd2513298075a5d379663c962"

static size_t
bytes_of(const char *hex, uint8_t *bytes)
{
	size_t length = strlen(hex) / 2;

	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(hex_value(hex[2 * i]) << 4 |
		    hex_value(hex[2 * i + 1]));
	return length;
}

static struct hash_key
secret_of(const char *hex)
{
	uint8_t bytes[COOKIE_SECRET];

	ck_assert_uint_eq(bytes_of(hex, bytes), sizeof(bytes));
	return cookie_secret(bytes);
}

static struct addr
client_of(const char *text)
{
	struct addr addr;

	ck_assert_ptr_null(addr_parse(&addr, text, strlen(text)));
	return addr;
}

/* RFC 9018, appendix A. */
static const struct {
	const char *secret, *before;
	const char *client;
	const char *came;
	uint32_t now_s;
	enum cookie_state state;
	const char *full;
} vectors[] = {
	{ PLAIN, NULL, "198.51.100.100", "2464c4abcf10c957", THEN,
	  COOKIE_NEW, "2464c4abcf10c957010000005cf79f111f8130c3eee29480" },
	{ PLAIN, NULL, "198.51.100.100",
	  "2464c4abcf10c957010000005cf79f111f8130c3eee29480", 1559734385,
	  COOKIE_RENEW, "2464c4abcf10c957010000005cf7a871d4a564a1442aca77" },
	{ PLAIN, NULL, "203.0.113.203",
	  "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", 1559727985,
	  COOKIE_GOOD, "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5" },
	{ PLAIN, NULL, "203.0.113.203",
	  "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", 1559734700,
	  COOKIE_BAD, "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e" },
	{ ROLLED, OLD, "2001:db8:220:1:59de:d0f4:8769:82b8",
	  "22681ab97d52c298010000005cf7c57926556bd0934c72f8", 1559741961,
	  COOKIE_RENEW, "22681ab97d52c298010000005cf7c609a6bb79d16625507a" },
	{ ROLLED, NULL, "2001:db8:220:1:59de:d0f4:8769:82b8",
	  "22681ab97d52c298010000005cf7c57926556bd0934c72f8", 1559741961,
	  COOKIE_BAD, "22681ab97d52c298010000005cf7c609a6bb79d16625507a" },
};

START_TEST(knows_the_vectors)
{
	struct cookie_secrets secrets = {
		.now = secret_of(vectors[_i].secret),
		.has_before = vectors[_i].before != NULL,
	};
	struct addr client = client_of(vectors[_i].client);
	uint8_t came[COOKIE_FULL], full[COOKIE_FULL], wanted[COOKIE_FULL];
	struct cookie_came cookie = {
		.bytes = came,
		.length = bytes_of(vectors[_i].came, came),
		.client = &client,
		.now_s = vectors[_i].now_s,
	};

	if (secrets.has_before)
		secrets.before = secret_of(vectors[_i].before);
	ck_assert_int_eq(cookie_answer(&secrets, &cookie, full),
	    vectors[_i].state);
	bytes_of(vectors[_i].full, wanted);
	ck_assert_mem_eq(full, wanted, sizeof(wanted));
}
END_TEST

/* A cookie of THEN, so many seconds later. */
static const struct {
	int64_t age_s;
	enum cookie_state state;
} ages[] = {
	{ 0, COOKIE_GOOD }, { 1800, COOKIE_GOOD }, { 1801, COOKIE_RENEW },
	{ 3600, COOKIE_RENEW }, { 3601, COOKIE_BAD }, { -300, COOKIE_GOOD },
	{ -301, COOKIE_BAD }, { 86400, COOKIE_BAD }, { -86400, COOKIE_BAD },
	{ INT32_MAX, COOKIE_BAD }, { 1ll << 31, COOKIE_BAD },
};

static enum cookie_state
judge_after(uint32_t then_s, int64_t age_s)
{
	struct cookie_secrets secrets = { .now = secret_of(PLAIN) };
	struct addr client = client_of("192.0.2.1");
	uint8_t full[COOKIE_FULL], next[COOKIE_FULL];
	struct cookie_came came = { (const uint8_t *)"abcdefgh", 8, &client,
		then_s };
	enum cookie_state state;

	ck_assert_int_eq(cookie_answer(&secrets, &came, full), COOKIE_NEW);
	came.bytes = full;
	came.length = sizeof(full);
	came.now_s = (uint32_t)(then_s + age_s);
	state = cookie_answer(&secrets, &came, next);
	ck_assert_int_eq(memcmp(full, next, sizeof(full)) == 0,
	    state == COOKIE_GOOD);
	return state;
}

START_TEST(ages_cookies)
{
	ck_assert_int_eq(judge_after(THEN, ages[_i].age_s), ages[_i].state);
	/* Where the 32 bits end, it goes on. */
	ck_assert_int_eq(judge_after(UINT32_MAX - 100, ages[_i].age_s),
	    ages[_i].state);
	ck_assert_int_eq(judge_after(100, ages[_i].age_s), ages[_i].state);
}
END_TEST

/* Whatever byte of it is another one, and whoever else brings it. */
START_TEST(believes_nobody_else)
{
	struct cookie_secrets secrets = { .now = secret_of(PLAIN) };
	struct addr client = client_of("192.0.2.1");
	struct addr other = client_of("192.0.2.2");
	uint8_t full[COOKIE_FULL], next[COOKIE_FULL];
	struct cookie_came came = { (const uint8_t *)"abcdefgh", 8, &client,
		THEN };

	cookie_answer(&secrets, &came, full);
	came.bytes = full;
	came.length = sizeof(full);
	for (size_t i = 0; i < sizeof(full); i++) {
		full[i] ^= 1;
		ck_assert_int_eq(cookie_answer(&secrets, &came, next),
		    COOKIE_BAD);
		full[i] ^= 1;
	}
	ck_assert_int_eq(cookie_answer(&secrets, &came, next), COOKIE_GOOD);
	came.client = &other;
	ck_assert_int_eq(cookie_answer(&secrets, &came, next), COOKIE_BAD);
	secrets.now.k0 ^= 1;
	came.client = &client;
	ck_assert_int_eq(cookie_answer(&secrets, &came, next), COOKIE_BAD);
}
END_TEST

/* Other servers make cookies of other lengths: they are none of ours. */
START_TEST(takes_every_length)
{
	struct cookie_secrets secrets = { .now = secret_of(PLAIN) };
	struct addr client = client_of("2001:db8::1");
	uint8_t bytes[COOKIE_CLIENT + COOKIE_SERVER_MAX] = "abcdefgh\1";
	uint8_t full[COOKIE_FULL];

	for (size_t length = 0; length <= sizeof(bytes) + 1; length++) {
		struct cookie_came came = { bytes, length, &client, THEN };

		if (!cookie_has_length(length))
			continue;
		ck_assert_int_eq(cookie_answer(&secrets, &came, full),
		    length == 8 ? COOKIE_NEW : COOKIE_BAD);
		ck_assert_mem_eq(full, bytes, COOKIE_CLIENT);
	}
	ck_assert(cookie_has_length(8) && cookie_has_length(16) &&
	    cookie_has_length(40));
	ck_assert(!cookie_has_length(0) && !cookie_has_length(15) &&
	    !cookie_has_length(41));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cookie");
	TCase *tcase = tcase_create("cookie");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, knows_the_vectors, 0, COUNT(vectors));
	tcase_add_loop_test(tcase, ages_cookies, 0, COUNT(ages));
	tcase_add_test(tcase, believes_nobody_else);
	tcase_add_test(tcase, takes_every_length);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
