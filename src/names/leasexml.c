/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leasexml.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define PATH_ROOM 256
#define PIECE ((size_t)1 << 20)		/* expat counts in int */

struct walk {
	XML_Parser parser;
	const struct leasexml_visitor *visitor;
	const char *bytes;
	const char *refused;		/* static words: why it was stopped */
	unsigned depth;
	char path[PATH_ROOM];
	size_t lengths[LEASEXML_DEPTH + 1];	/* of path, by depth; the
						 * first that does not fit,
						 * and all below it: SIZE_MAX */
};

static void
refuse(struct walk *walk, const char *why)
{
	walk->refused = why;
	XML_StopParser(walk->parser, XML_FALSE);
}

static const char *
path_of(const struct walk *walk)
{
	return walk->lengths[walk->depth] == SIZE_MAX ? "" : walk->path;
}

static void XMLCALL
start_element(void *context, const char *name, const char **attributes)
{
	struct walk *walk = context;
	size_t before = walk->lengths[walk->depth], length = strlen(name);

	if (walk->refused != NULL)
		return;
	if (walk->depth == LEASEXML_DEPTH) {
		refuse(walk, "elements are nested too deeply");
		return;
	}
	walk->depth++;
	if (before == SIZE_MAX || length >= PATH_ROOM - before - 1) {
		walk->lengths[walk->depth] = SIZE_MAX;
	} else {
		walk->path[before] = '/';
		memcpy(walk->path + before + 1, name, length + 1);
		walk->lengths[walk->depth] = before + 1 + length;
	}
	walk->visitor->start(walk->visitor->context, path_of(walk),
	    walk->bytes + XML_GetCurrentByteIndex(walk->parser), attributes);
}

static void XMLCALL
end_element(void *context, const char *name)
{
	struct walk *walk = context;

	(void)name;
	if (walk->refused != NULL)
		return;
	if (walk->visitor->end != NULL)
		walk->visitor->end(walk->visitor->context, path_of(walk));
	walk->depth--;
	if (walk->lengths[walk->depth] != SIZE_MAX)
		walk->path[walk->lengths[walk->depth]] = '\0';
}

static void XMLCALL
start_doctype(void *context, const char *name, const char *system_id,
    const char *public_id, int has_internal_subset)
{
	(void)name;
	(void)system_id;
	(void)public_id;
	(void)has_internal_subset;
	refuse(context, "a document type does not belong here");
}

static enum leasefile_result
tell_error(struct lease_reading *reading, const struct walk *walk)
{
	const struct source_text *text = reading->text;
	XML_Index index = XML_GetCurrentByteIndex(walk->parser);
	size_t at = index > 0 ? (size_t)index : 0;

	if (at >= text->length)
		at = text->length - 1;
	lease_fault(reading, (struct lease_span){text->bytes + at, 1},
	    "this is not the XML that belongs here: %s",
	    walk->refused != NULL ? walk->refused :
	    XML_ErrorString(XML_GetErrorCode(walk->parser)));
	return LEASEFILE_BAD;
}

static enum leasefile_result
feed(struct lease_reading *reading, struct walk *walk)
{
	const struct source_text *text = reading->text;

	for (size_t at = 0; at < text->length; at += PIECE) {
		size_t length = text->length - at;

		if (length > PIECE)
			length = PIECE;
		if (XML_Parse(walk->parser, text->bytes + at, (int)length,
		    XML_FALSE) != XML_STATUS_OK)
			return tell_error(reading, walk);
	}
	/* All that was there is well-formed: what is wrong is its end. */
	if (XML_Parse(walk->parser, "", 0, XML_TRUE) != XML_STATUS_OK)
		return walk->refused != NULL ? tell_error(reading, walk) :
		    LEASEFILE_HALF;
	return LEASEFILE_GOOD;
}

enum leasefile_result
leasexml_parse(struct lease_reading *reading,
    const struct leasexml_visitor *visitor)
{
	struct walk *walk = memory_zeroed(1, sizeof(*walk));
	enum leasefile_result result;

	walk->visitor = visitor;
	walk->bytes = reading->text->bytes;
	walk->parser = XML_ParserCreate(NULL);
	if (walk->parser == NULL) {
		lease_fault(reading, (struct lease_span){walk->bytes, 1},
		    "there is no memory to read this with");
		free(walk);
		return LEASEFILE_BAD;
	}
	XML_SetUserData(walk->parser, walk);
	XML_SetElementHandler(walk->parser, start_element, end_element);
	XML_SetStartDoctypeDeclHandler(walk->parser, start_doctype);
	result = feed(reading, walk);
	XML_ParserFree(walk->parser);
	free(walk);
	return result;
}

const char *
leasexml_attribute(const char **attributes, const char *name)
{
	for (size_t i = 0; attributes[i] != NULL; i += 2) {
		if (strcmp(attributes[i], name) == 0)
			return attributes[i + 1];
	}
	return NULL;
}
