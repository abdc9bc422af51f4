/* SPDX-License-Identifier: BSD-2-Clause */
#include "confyaml.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/editdistance.h"
#include "base/memory.h"

/* ---- where in the file ---- */

static const char *
find_line(const struct confyaml *r, size_t line, size_t *length)
{
	const char *at = r->text, *end = r->text + r->length, *stop;

	while (line-- > 0 && at < end) {
		const char *next = memchr(at, '\n', (size_t)(end - at));

		at = next ? next + 1 : end;
	}
	stop = memchr(at, '\n', (size_t)(end - at));
	*length = (size_t)((stop ? stop : end) - at);
	if (*length && at[*length - 1] == '\r')
		--*length;
	return at;
}

/* libyaml counts characters; a diagnostic counts bytes. */
static uint32_t
count_bytes(const char *line, size_t length, size_t characters)
{
	size_t at = 0;

	while (characters-- > 0 && at < length)
		do
			at++;
		while (at < length && ((unsigned char)line[at] & 0xc0) == 0x80);
	return (uint32_t)at;
}

static struct diag_place
place_marks(const struct confyaml *r, yaml_mark_t from, yaml_mark_t to)
{
	struct diag_place place = {.file = r->path};
	uint32_t start, end;

	place.text = find_line(r, from.line, &place.text_len);
	start = count_bytes(place.text, place.text_len, from.column);
	end = (uint32_t)place.text_len;
	if (to.line == from.line)
		end = count_bytes(place.text, place.text_len, to.column);
	place.line = (uint32_t)from.line + 1;
	place.column = start + 1;
	place.width = end > start ? end - start : 1;
	return place;
}

static struct diag_place
place_node(const struct confyaml *r, const yaml_node_t *node)
{
	return place_marks(r, node->start_mark, node->end_mark);
}

struct conf_mark
confyaml_mark(const struct confyaml *r, const yaml_node_t *node)
{
	struct diag_place place = place_node(r, node);

	return (struct conf_mark){place.line, place.column};
}

void
confyaml_tell(struct confyaml *r, const yaml_node_t *node, const char *fmt, ...)
{
	struct diag_place place = place_node(r, node);
	char text[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	diags_add(r->diags, DIAG_ERROR, &place, NULL, "%s", text);
}

/* ---- scalars ---- */

const char *
confyaml_text(struct confyaml *r, const yaml_node_t *node, const char *what)
{
	const char *text;

	if (node->type != YAML_SCALAR_NODE) {
		confyaml_tell(r, node, "%s is expected here, not a %s", what,
		    node->type == YAML_MAPPING_NODE ? "mapping" : "list");
		return NULL;
	}
	text = (const char *)node->data.scalar.value;
	if (strlen(text) != node->data.scalar.length) {
		confyaml_tell(r, node, "a NUL byte is not allowed in %s", what);
		return NULL;
	}
	return text;
}

bool
confyaml_bool(struct confyaml *r, const yaml_node_t *node, bool *value)
{
	static const char *const yes[] = {"yes", "true", "on"};
	static const char *const no[] = {"no", "false", "off"};
	const char *text = confyaml_text(r, node, "yes or no");

	if (!text)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (strcasecmp(text, yes[i]) == 0 ||
		    strcasecmp(text, no[i]) == 0) {
			*value = strcasecmp(text, yes[i]) == 0;
			return true;
		}
	}
	confyaml_tell(r, node, "'%s' is neither yes nor no", text);
	return false;
}

bool
confyaml_number(struct confyaml *r, const yaml_node_t *node,
    const struct confyaml_units *units, uint64_t *value)
{
	const char *text = confyaml_text(r, node, units->what);
	unsigned long long number;
	const char *letter;
	uint64_t scale = 1;
	char *end;

	if (!text)
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || errno)
		goto wrong;
	if (*end) {
		letter = strchr(units->letters, *end);
		if (!letter || end[1])
			goto wrong;
		scale = units->scale[letter - units->letters];
	}
	if (number > units->max / scale) {
		confyaml_tell(r, node, "%s is too large", text);
		return false;
	}
	*value = number * scale;
	return true;
wrong:
	confyaml_tell(r, node, "'%s' is not %s", text, units->what);
	return false;
}

bool
confyaml_seconds(struct confyaml *r, const yaml_node_t *node, uint32_t *seconds)
{
	static const uint64_t scale[] = {1, 60, 3600, 86400, 604800};
	static const struct confyaml_units units = {
	    "a time such as 60s, 5m, 2h or 1d", "smhdw", scale, INT32_MAX};
	uint64_t value;

	if (!confyaml_number(r, node, &units, &value))
		return false;
	*seconds = (uint32_t)value;
	return true;
}

bool
confyaml_bytes(struct confyaml *r, const yaml_node_t *node, uint64_t *bytes)
{
	static const uint64_t scale[] = {1ULL << 10, 1ULL << 10, 1ULL << 20,
	    1ULL << 20, 1ULL << 30, 1ULL << 30};
	static const struct confyaml_units units = {
	    "a size such as 512K, 64M or 1G", "kKmMgG", scale, 1ULL << 40};

	return confyaml_number(r, node, &units, bytes);
}

bool
confyaml_domain(struct confyaml *r, const yaml_node_t *node,
    struct dname *domain)
{
	const char *text = confyaml_text(r, node, "a domain name");
	const char *wrong;

	if (!text)
		return false;
	wrong = *text ? conf_parse_domain(domain, text) : "it is empty";
	if (wrong)
		confyaml_tell(r, node, "'%s' is not a domain name: %s", text,
		    wrong);
	return !wrong;
}

char *
confyaml_resolve(const struct confyaml *r, const char *path)
{
	if (*path == '/' || !*r->folder)
		return memory_string(path);
	return memory_format("%s/%s", r->folder, path);
}

bool
confyaml_path(struct confyaml *r, const yaml_node_t *node, char **path)
{
	const char *text = confyaml_text(r, node, "a path");

	if (!text)
		return false;
	if (!*text) {
		confyaml_tell(r, node, "the path is empty");
		return false;
	}
	free(*path);
	*path = confyaml_resolve(r, text);
	return true;
}

/* ---- mappings and lists ---- */

static const char *
find_nearest(const struct confyaml_key *keys, const char *name)
{
	const char *nearest = NULL;
	unsigned best = (unsigned)strlen(name) / 2 + 1;

	for (; keys->name; keys++) {
		unsigned distance = editdistance_of(name, keys->name, best);

		if (distance < best) {
			best = distance;
			nearest = keys->name;
		}
	}
	return nearest;
}

static void
read_unknown(struct confyaml *r, const yaml_node_t *node,
    const struct confyaml_key *keys, const char *name)
{
	const char *nearest = find_nearest(keys, name);

	if (nearest)
		confyaml_tell(r, node, "unknown key '%s'; is '%s' meant?", name,
		    nearest);
	else
		confyaml_tell(r, node, "unknown key '%s'", name);
}

static bool
is_repeated(struct confyaml *r, const yaml_node_t *mapping,
    const yaml_node_pair_t *pair, const char *name)
{
	const yaml_node_pair_t *before = mapping->data.mapping.pairs.start;

	for (; before < pair; before++) {
		const yaml_node_t *key =
		    yaml_document_get_node(&r->document, before->key);

		if (key->type == YAML_SCALAR_NODE &&
		    strcmp((const char *)key->data.scalar.value, name) == 0)
			return true;
	}
	return false;
}

static void
read_pair(struct confyaml *r, const yaml_node_t *mapping,
    const yaml_node_pair_t *pair, const struct confyaml_key *keys, void *target)
{
	yaml_node_t *key = yaml_document_get_node(&r->document, pair->key);
	yaml_node_t *value = yaml_document_get_node(&r->document, pair->value);
	const char *name = confyaml_text(r, key, "a key");
	const struct confyaml_key *known = keys;

	if (!name)
		return;
	while (known->name && strcmp(known->name, name) != 0)
		known++;
	if (!known->name)
		read_unknown(r, key, keys, name);
	else if (is_repeated(r, mapping, pair, name))
		confyaml_tell(r, key, "'%s' is given twice", name);
	else if (!known->read)
		confyaml_tell(r, key, "'%s' is not offered by this version",
		    name);
	else
		known->read(r, value, target);
}

bool
confyaml_mapping(struct confyaml *r, const yaml_node_t *node,
    const struct confyaml_key *keys, void *target)
{
	const yaml_node_pair_t *pair;

	if (node->type != YAML_MAPPING_NODE) {
		confyaml_tell(r, node, "a mapping (key: value) is expected "
		    "here");
		return false;
	}
	for (pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		read_pair(r, node, pair, keys, target);
	return true;
}

void
confyaml_list(struct confyaml *r, yaml_node_t *node, enum confyaml_form form,
    confyaml_read each, void *target)
{
	const yaml_node_item_t *item;

	if (node->type != YAML_SEQUENCE_NODE) {
		if (form == LIST_OR_ONE)
			each(r, node, target);
		else
			confyaml_tell(r, node, "a list is expected here: "
			    "[A, B] or lines that begin with '- '");
		return;
	}
	for (item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top; item++)
		each(r, yaml_document_get_node(&r->document, *item), target);
}

/* ---- the whole ---- */

static void
tell_syntax(struct confyaml *r, const yaml_parser_t *parser)
{
	yaml_mark_t mark = parser->problem_mark;
	struct diag_place place;

	if (parser->error == YAML_READER_ERROR) {
		place = (struct diag_place){.file = r->path};
		diags_add(r->diags, DIAG_ERROR, &place, NULL,
		    "this is not YAML text: %s at byte %zu", parser->problem,
		    parser->problem_offset);
		return;
	}
	place = place_marks(r, mark, mark);
	if (place.column <= place.text_len &&
	    place.text[place.column - 1] == '\t') {
		diags_add(r->diags, DIAG_ERROR, &place, NULL,
		    "a tab has no place here: YAML is indented with spaces");
		return;
	}
	diags_add(r->diags, DIAG_ERROR, &place, NULL, "%s%s%s",
	    parser->problem ? parser->problem : "this is not YAML",
	    parser->context ? ", " : "",
	    parser->context ? parser->context : "");
}

/* What stands behind a line of "---" would be passed over in silence. */
static void
refuse_second(struct confyaml *r, yaml_parser_t *parser)
{
	yaml_node_t *root;

	if (!yaml_parser_load(parser, &r->document)) {
		tell_syntax(r, parser);
		return;
	}
	root = yaml_document_get_root_node(&r->document);
	if (root)
		confyaml_tell(r, root, "a second document; the file is to have "
		    "one, without a line of '---' in it");
	yaml_document_delete(&r->document);
}

void
confyaml_document(struct confyaml *r, confyaml_read read)
{
	yaml_parser_t parser;
	yaml_node_t *root;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)r->text,
	    r->length);
	if (!yaml_parser_load(&parser, &r->document)) {
		tell_syntax(r, &parser);
	} else {
		root = yaml_document_get_root_node(&r->document);
		if (root)
			read(r, root, NULL);
		yaml_document_delete(&r->document);
		refuse_second(r, &parser);
	}
	yaml_parser_delete(&parser);
}
