/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/special.h"

#include <string.h>

struct special_top {
	const char *label;		/* its length ahead, as on the wire */
	enum special_kind kind;
};

#define TOP_SHORTEST 4			/* "com" and "de" are none of them */

static const struct special_top tops[] = {
	{ "\11localhost", SPECIAL_LOCALHOST },
	{ "\7invalid", SPECIAL_EMPTY },
	{ "\4test", SPECIAL_EMPTY },
	{ "\5local", SPECIAL_EMPTY },
	{ "\10internal", SPECIAL_PRIVATE },
	{ "\5onion", SPECIAL_EMPTY },
};

/* The reverse zones: names of `apex_bits` bits and more whose address is
 * within the first `bits` of this one. */
struct special_reverse {
	struct prefix prefix;
	unsigned apex_bits;
};

#define SPECIAL_V4(a, b, c, d, bits, apex) \
	{ { { 4, { a, b, c, d } }, bits }, apex }

static const struct special_reverse reverse4[] = {
	SPECIAL_V4(10, 0, 0, 0, 8, 8),
	SPECIAL_V4(172, 16, 0, 0, 12, 16),
	SPECIAL_V4(192, 168, 0, 0, 16, 16),
	SPECIAL_V4(0, 0, 0, 0, 8, 8),
	SPECIAL_V4(127, 0, 0, 0, 8, 8),
	SPECIAL_V4(169, 254, 0, 0, 16, 16),
	SPECIAL_V4(192, 0, 2, 0, 24, 24),
	SPECIAL_V4(198, 51, 100, 0, 24, 24),
	SPECIAL_V4(203, 0, 113, 0, 24, 24),
	SPECIAL_V4(255, 255, 255, 255, 32, 32),
	SPECIAL_V4(100, 64, 0, 0, 10, 16),
};

static const struct special_reverse reverse6[] = {
	{ { { 6, { 0 } }, 128 }, 128 },
	{ { { 6, { [15] = 1 } }, 128 }, 128 },
	{ { { 6, { 0xfd } }, 8 }, 8 },
	{ { { 6, { 0xfe, 0x80 } }, 10 }, 12 },
	{ { { 6, { 0x20, 0x01, 0x0d, 0xb8 } }, 32 }, 32 },
};

/* Is the name at or below this zone?  bits_per_label: 8 or 4. */
static bool
fits(const struct special_reverse *zone, const struct dname_path *path,
    unsigned bits_per_label, unsigned *labels)
{
	struct addr addr;
	unsigned bits;

	*labels = 2 + zone->apex_bits / bits_per_label;
	return path->labels >= *labels && dname_to_addr(
	    dname_path_suffix(path, path->labels - *labels), &addr, &bits) &&
	    bits == zone->apex_bits && prefix_contains(&zone->prefix, &addr);
}

static struct special
find_under_arpa(const struct dname_path *path)
{
	static const char home[] = "\4home\4arpa";
	static const char in_addr[] = "\7in-addr\4arpa";
	static const char ip6[] = "\3ip6\4arpa";
	struct special special = { SPECIAL_PRIVATE, 2 };

	if (path_ends_in(path, 2, home, sizeof(home)))
		return special;
	if (path_ends_in(path, 2, in_addr, sizeof(in_addr))) {
		for (size_t i = 0; i < sizeof(reverse4) / sizeof(*reverse4);
		     i++) {
			if (fits(&reverse4[i], path, 8, &special.labels))
				return special;
		}
	} else if (path_ends_in(path, 2, ip6, sizeof(ip6))) {
		for (size_t i = 0; i < sizeof(reverse6) / sizeof(*reverse6);
		     i++) {
			if (fits(&reverse6[i], path, 4, &special.labels))
				return special;
		}
	}
	return (struct special){ SPECIAL_NONE, 0 };
}

struct special
special_find(const struct dname_path *path)
{
	const uint8_t *top;

	if (path->labels == 0)
		return (struct special){ SPECIAL_NONE, 0 };
	top = dname_path_suffix(path, path->labels - 1);
	if (top[0] < TOP_SHORTEST)
		return (struct special){ SPECIAL_NONE, 0 };
	for (size_t i = 0; i < sizeof(tops) / sizeof(*tops); i++) {
		if (memcmp(top, tops[i].label, 2) == 0 &&
		    memcmp(top, tops[i].label, top[0] + 1u) == 0)
			return (struct special){ tops[i].kind, 1 };
	}
	if (path_ends_in(path, 1, "\4arpa", sizeof("\4arpa")))
		return find_under_arpa(path);
	return (struct special){ SPECIAL_NONE, 0 };
}
