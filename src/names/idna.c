/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/idna.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

/* libidn2's own words follow the locale and say nothing to a person who never
 * heard of NFC: these do. */
static const char *
explain(int error)
{
	switch (error) {
	case IDN2_ENCODING_ERROR:
	case IDN2_ICONV_FAIL:
		return "it is not UTF-8";
	case IDN2_TOO_BIG_DOMAIN:
		return "it is over 255 bytes long";
	case IDN2_TOO_BIG_LABEL:
	case IDN2_PUNYCODE_BIG_OUTPUT:
	case IDN2_PUNYCODE_OVERFLOW:
		return "a label is over 63 bytes long";
	case IDN2_LEADING_COMBINING:
		return "a label begins with a combining character";
	case IDN2_BIDI:
		return "it mixes writing from left and from right (RFC 5893)";
	case IDN2_CONTEXTJ:
	case IDN2_CONTEXTO:
	case IDN2_CONTEXTJ_NO_RULE:
	case IDN2_CONTEXTO_NO_RULE:
		return "a character is not allowed in this place (IDNA 2008)";
	case IDN2_2HYPHEN:
		return "a label has two hyphens in its third and fourth place";
	case IDN2_HYPHEN_STARTEND:
		return "a label begins or ends with a hyphen";
	case IDN2_PUNYCODE_BAD_INPUT:
	case IDN2_INVALID_ALABEL:
	case IDN2_ALABEL_ROUNDTRIP_FAILED:
		return "a label that begins with xn-- is not a good A-label";
	default:
		return "it has a character that names cannot have (IDNA 2008)";
	}
}

static int
copy_text(char to[IDNA_TEXT], const char *from, size_t len)
{
	if (len >= IDNA_TEXT || memchr(from, '\0', len))
		return 0;
	memcpy(to, from, len);
	to[len] = '\0';
	return 1;
}

const char *
idna_to_ascii(char ascii[IDNA_TEXT], const char *utf8, size_t len)
{
	char text[IDNA_TEXT];
	char *made = NULL;
	size_t made_len;
	int error;

	if (len >= IDNA_TEXT)
		return "it is over 255 bytes long";
	if (!copy_text(text, utf8, len))
		return "it has a NUL byte";
	error = idn2_to_ascii_8z(text, &made,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (error != IDN2_OK)
		return explain(error);
	made_len = strlen(made);
	if (!copy_text(ascii, made, made_len)) {
		idn2_free(made);
		return "it is over 255 bytes long";
	}
	idn2_free(made);
	return NULL;
}

char *
idna_to_utf8(char utf8[IDNA_TEXT], const char *ascii, size_t len)
{
	char text[IDNA_TEXT];
	char *made = NULL;

	snprintf(utf8, IDNA_TEXT, "%.*s",
	    len < IDNA_TEXT ? (int)len : IDNA_TEXT - 1, ascii);
	if (!copy_text(text, ascii, len))
		return utf8;
	if (idn2_to_unicode_8z8z(text, &made, 0) == IDN2_OK)
		snprintf(utf8, IDNA_TEXT, "%s", made);
	idn2_free(made);
	return utf8;
}

const char *
idna_read_dname(struct dname *name, const char *text)
{
	char ascii[IDNA_TEXT];
	const char *wrong = idna_to_ascii(ascii, text, strlen(text));
	size_t bad;

	return wrong ? wrong :
	    dname_parse(name, ascii, strlen(ascii), NULL, &bad);
}
