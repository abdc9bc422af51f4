/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/page.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define SHA256_BYTES 32
#define SHA256_TEXT 48			/* base64, with its NUL */

/* What stands between <tag> and </tag>, which the page has once. */
static const char *
find_element(const char *tag, size_t *length)
{
	char open[16], close[16];
	const char *page = (const char *)page_data, *from, *to;

	snprintf(open, sizeof open, "<%s>", tag);
	snprintf(close, sizeof close, "</%s>", tag);
	from = memmem(page, page_data_size, open, strlen(open));
	assert(from);
	from += strlen(open);
	to = memmem(from, page_data_size - (size_t)(from - page), close,
	    strlen(close));
	assert(to);
	*length = (size_t)(to - from);
	return from;
}

static void
print_hash(const char *tag, char text[SHA256_TEXT])
{
	unsigned char hash[SHA256_BYTES];
	size_t length;
	const char *element = find_element(tag, &length);
	int done = EVP_Digest(element, length, hash, NULL, EVP_sha256(), NULL);

	assert(done == 1);
	EVP_EncodeBlock((unsigned char *)text, hash, sizeof hash);
}

char *
page_policy(char buf[PAGE_POLICY_MAX])
{
	char script[SHA256_TEXT], style[SHA256_TEXT];

	print_hash("script", script);
	print_hash("style", style);
	snprintf(buf, PAGE_POLICY_MAX, "default-src 'none'; "
	    "script-src 'sha256-%s'; style-src 'sha256-%s'; "
	    "connect-src 'self'; img-src data:", script, style);
	return buf;
}
