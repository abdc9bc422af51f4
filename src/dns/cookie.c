/* SPDX-License-Identifier: BSD-2-Clause */
#include "dns/cookie.h"

#include <endian.h>
#include <string.h>

#include "dns/wire.h"

#define VERSION 1

/* A full cookie: where in it its parts are. */
enum {
	AT_VERSION = COOKIE_CLIENT,
	AT_TIME = AT_VERSION + 4,
	AT_HASH = AT_TIME + 4,
	HASH_SIZE = COOKIE_FULL - AT_HASH,
};

struct hash_key
cookie_secret(const uint8_t bytes[COOKIE_SECRET])
{
	struct hash_key key;

	memcpy(&key.k0, bytes, sizeof(key.k0));
	memcpy(&key.k1, bytes + sizeof(key.k0), sizeof(key.k1));
	key.k0 = le64toh(key.k0);
	key.k1 = le64toh(key.k1);
	return key;
}

/* RFC 9018 4.4, over what stands ahead of the hash, reserved bytes as they
 * are. */
static void
hash_cookie(const struct hash_key *key, const uint8_t *cookie,
    const struct addr *client, uint8_t hash[HASH_SIZE])
{
	uint8_t bytes[AT_HASH + sizeof(client->bytes)];
	size_t size = client->family == 4 ? 4 : sizeof(client->bytes);
	uint64_t value;

	memcpy(bytes, cookie, AT_HASH);
	memcpy(bytes + AT_HASH, client->bytes, size);
	value = htole64(hash_siphash24(key, bytes, AT_HASH + size));
	memcpy(hash, &value, HASH_SIZE);
}

static bool
has_hash(const struct hash_key *key, const struct cookie_came *came)
{
	uint8_t hash[HASH_SIZE];

	hash_cookie(key, came->bytes, came->client, hash);
	return memcmp(hash, came->bytes + AT_HASH, HASH_SIZE) == 0;
}

static enum cookie_state
judge(const struct cookie_secrets *secrets, const struct cookie_came *came)
{
	int32_t age_s;

	if (came->length == COOKIE_CLIENT)
		return COOKIE_NEW;
	if (came->length != COOKIE_FULL || came->bytes[AT_VERSION] != VERSION)
		return COOKIE_BAD;
	/* Serial numbers (RFC 1982): the time wraps round in 2106. */
	age_s = (int32_t)(came->now_s - wire_get32(came->bytes + AT_TIME));
	if (age_s > COOKIE_OLD_S || age_s < -COOKIE_AHEAD_S)
		return COOKIE_BAD;
	if (has_hash(&secrets->now, came))
		return age_s > COOKIE_RENEW_S ? COOKIE_RENEW : COOKIE_GOOD;
	if (secrets->has_before && has_hash(&secrets->before, came))
		return COOKIE_RENEW;
	return COOKIE_BAD;
}

enum cookie_state
cookie_answer(const struct cookie_secrets *secrets,
    const struct cookie_came *came, uint8_t full[COOKIE_FULL])
{
	enum cookie_state state = judge(secrets, came);

	if (state == COOKIE_GOOD) {
		memcpy(full, came->bytes, COOKIE_FULL);
		return state;
	}
	memcpy(full, came->bytes, COOKIE_CLIENT);
	wire_put32(full + AT_VERSION, (uint32_t)VERSION << 24);
	wire_put32(full + AT_TIME, came->now_s);
	hash_cookie(&secrets->now, full, came->client, full + AT_HASH);
	return state;
}
