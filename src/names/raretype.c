/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/raretype.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NEAR 2				/* edits to a name still "near" */
#define NAME_MAX_LENGTH 16		/* of a type */

bool
raretype_parse(uint16_t *type, const char *text, size_t length)
{
	char name[NAME_MAX_LENGTH];
	ldns_rr_type found;

	if (type_parse(type, text, length))
		return true;
	if (length >= sizeof(name))
		return false;
	memcpy(name, text, length);
	name[length] = '\0';
	/* type_parse has TYPE1234, and refused what is wrong with it. */
	if (strncasecmp(name, "TYPE", 4) == 0)
		return false;
	found = ldns_get_rr_type_by_name(name);
	*type = (uint16_t)found;
	return found != 0;
}

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* Levenshtein's distance of two short words; any case. */
static unsigned
distance(const char *a, size_t a_length, const char *b)
{
	unsigned row[NAME_MAX_LENGTH + 1];
	size_t b_length = strlen(b);

	if (b_length > NAME_MAX_LENGTH)
		return NAME_MAX_LENGTH;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; i < a_length; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < b_length; j++) {
			unsigned above = row[j + 1];

			row[j + 1] = least(above + 1, row[j] + 1,
			    diagonal + (upper(a[i]) != upper(b[j])));
			diagonal = above;
		}
	}
	return row[b_length];
}

const ldns_rr_descriptor *
raretype_descriptor(uint16_t type)
{
	const ldns_rr_descriptor *known = ldns_rr_descript(type);

	if (known == NULL || known->_name == NULL ||
	    ldns_rr_descriptor_maximum(known) == 0 ||
	    ldns_rr_descriptor_field_type(known, 0) == LDNS_RDF_TYPE_UNKNOWN)
		return NULL;
	return known;
}

const char *
raretype_nearest(const char *text, size_t length, char buf[TYPE_TEXT])
{
	unsigned best = NEAR + 1;

	if (length == 0 || length > NAME_MAX_LENGTH)
		return NULL;
	for (unsigned type = 1; type < LDNS_RDATA_FIELD_DESCRIPTORS_COMMON;
	    type++) {
		const ldns_rr_descriptor *known =
		    raretype_descriptor((uint16_t)type);
		unsigned far;

		if (known == NULL || type_is_meta((uint16_t)type))
			continue;
		/* People seldom miss the first letter; and half of them all
		 * have to be right. */
		far = distance(text, length, known->_name) +
		    (upper(text[0]) != known->_name[0]);
		if (far < best && far * 2 <= strlen(known->_name)) {
			best = far;
			snprintf(buf, TYPE_TEXT, "%s", known->_name);
		}
	}
	return best <= NEAR ? buf : NULL;
}
