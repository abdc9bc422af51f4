/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leasename.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "names/idna.h"

static bool
is_blank(char c)
{
	return c == '\0' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static size_t
trim_end(const char *text, size_t length)
{
	while (length > 0 && is_blank(text[length - 1]))
		length--;
	return length;
}

static bool
is_ascii(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return true;
}

/* Put the byte behind the label; false: there is no room. */
static bool
put_byte(struct leasename *name, char c)
{
	if (name->length == LABEL_MAX)
		return false;
	name->label[name->length++] = (uint8_t)c;
	return true;
}

static bool
put_hyphen(struct leasename *name)
{
	if (name->length == 0 || name->label[name->length - 1] == '-')
		return true;
	return put_byte(name, '-');
}

static const char *
clean_label(struct leasename *name, const char *text, size_t length,
    enum leasename_from from)
{
	bool fits = true;

	name->length = 0;
	for (size_t i = 0; i < length && fits; i++) {
		char c = text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (is_plain(c))
			fits = put_byte(name, c);
		else if (c == '-' && name->length > 0)
			fits = put_byte(name, c);
		else if (c == '-' || c == '_' || c == ' ' ||
		    from == LEASENAME_MACHINE)
			fits = put_hyphen(name);
		else
			return "has characters that no host name may have";
	}
	if (!fits)
		return "is longer than 63 characters";
	while (name->length > 0 && name->label[name->length - 1] == '-')
		name->length--;
	return name->length > 0 ? NULL : "has no letter or digit";
}

static bool
is_label(const struct leasename *name, const char *word, size_t length)
{
	return name->length == length &&
	    strncasecmp((const char *)name->label, word, length) == 0;
}

static const char *
refuse_special(const struct leasename *name, const char *host)
{
	static const char *const special[] = {"wpad", "isatap", "localhost"};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (is_label(name, special[i], strlen(special[i])))
			return "is a name that clients trust: no lease gets it";
	}
	if (host != NULL && is_label(name, host, strcspn(host, ".")))
		return "is this server's own name: no lease gets it";
	return NULL;
}

/* Into ASCII; what would become a hyphen afterwards is one before, as IDNA
 * refuses it. */
static const char *
encode_label(char ascii[IDNA_TEXT], const char *text, size_t length,
    enum leasename_from from)
{
	char utf8[4 * LABEL_MAX];

	/* A longer one gives no label, however it is written. */
	if (length > sizeof(utf8))
		return "is longer than 63 characters";
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		bool other = (unsigned char)c < 0x80 && !is_plain(c) &&
		    !(c >= 'A' && c <= 'Z');

		utf8[i] = c == '_' || c == ' ' ||
		    (other && from == LEASENAME_MACHINE) ? '-' : c;
	}
	if (idna_to_ascii(ascii, utf8, length) != NULL)
		return "has characters that no host name may have";
	return NULL;
}

const char *
leasename_clean(struct leasename *name, const char *text, size_t length,
    enum leasename_from from, const char *host)
{
	char ascii[IDNA_TEXT];
	const char *dot, *wrong;

	name->length = 0;
	length = trim_end(text, length);
	dot = length > 0 ? memchr(text, '.', length) : NULL;
	name->rest = text + length;
	name->rest_length = 0;
	if (dot != NULL) {
		name->rest = dot + 1;
		name->rest_length = (size_t)(text + length - dot) - 1;
		length = (size_t)(dot - text);
	}
	if (!is_ascii(text, length)) {
		wrong = encode_label(ascii, text, length, from);
		if (wrong != NULL)
			return wrong;
		text = ascii;
		length = strcspn(ascii, ".");
	}
	wrong = clean_label(name, text, length, from);
	return wrong != NULL ? wrong : refuse_special(name, host);
}
