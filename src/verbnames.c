/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs about names: explain, answers, names. */
#include <fnmatch.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "explain.h"
#include "jsontext.h"
#include "names/idna.h"
#include "names/rdataprint.h"
#include "sys/ifaces.h"
#include "verbs.h"

#define NAMES_MOST 100000		/* shown at once */
#define LOOPBACK_LINK 1			/* in every network namespace */

/* ---- reading what was typed ---- */

/* An address means its reverse name. */
static bool
read_what(const struct control_request *request,
    struct explain_question *question, FILE *out)
{
	const char *text = request->words[1];
	const char *wrong;
	struct addr addr;

	question->type = TYPE_A;
	if (!addr_parse(&addr, text, strlen(text))) {
		question->name = dname_of_addr(&addr);
		question->type = TYPE_PTR;
		return true;
	}
	wrong = idna_read_dname(&question->name, text);
	if (wrong)
		fprintf(out, "'%s' is not a name: %s\n", text, wrong);
	return !wrong;
}

static bool
is_on_link(const struct addr *addr)
{
	return addr->family == 6 && addr_is_link_local(addr);
}

/* A packet of this machine to itself comes by the card whose address it has: by
 * the loopback there is none, unless somebody gave it one. */
static bool
has_own(uint32_t link)
{
	struct ifaces *ifaces = ifaces_list();
	bool has = !ifaces->known;

	for (unsigned i = 0; i < ifaces->count && !has; i++)
		has = ifaces->list[i].scope == link &&
		    is_on_link(&ifaces->list[i].addr);
	ifaces_free(ifaces);
	return has;
}

/* text is ADDR%CARD, card points to the sign. */
static bool
check_card(const char *text, const char *card, uint32_t link, FILE *out)
{
	char name[IF_NAMESIZE];

	if (link && if_indextoname(link, name))
		return true;
	fprintf(out, "%.*s: there is no interface '%s' on this machine\n",
	    (int)(card - text), text, card + 1);
	return false;
}

/* Can a client be there?  Every card has link-local addresses: who asks from
 * one always comes by a card. */
static bool
check_client(const char *text, uint32_t link, FILE *out)
{
	int length = (int)strcspn(text, "%");

	if (link == 0) {
		fprintf(out, "of which interface? from %s%%eth0\n", text);
		return false;
	}
	if (link != LOOPBACK_LINK || has_own(link))
		return true;
	fprintf(out, "%.*s: %s has no link-local addresses, nobody asks from "
	    "one there; name the interface by which the client comes: "
	    "%.*s%%eth0\n", length, text, text + length + 1, length, text);
	return false;
}

/* fe80::1%card is an address and the card by which it comes. */
static bool
parse_addr(const char *text, struct addr *addr, uint32_t *link, FILE *out)
{
	const char *card = strchr(text, '@') ? NULL : strchr(text, '%');
	struct endpoint endpoint;
	const char *wrong;

	*link = 0;
	if (card)
		wrong = endpoint_parse(&endpoint, text, strlen(text), 0);
	else
		wrong = addr_parse(&endpoint.addr, text, strlen(text));
	if (card && is_on_link(&endpoint.addr)) {
		*link = endpoint.scope;
		if (!check_card(text, card, endpoint.scope, out))
			return false;
	} else if (wrong) {
		fprintf(out, "'%s' is not an address: %s\n", text, wrong);
		return false;
	}
	*addr = addr_unmap(&endpoint.addr);
	return true;
}

/* from ADDR, to ADDR (the address that was asked). */
static bool
read_addr(const struct control_request *request, unsigned at,
    struct explain_question *question, FILE *out)
{
	bool from = strcmp(request->words[at], "from") == 0;
	struct addr *addr = from ? &question->client : &question->asked;
	const char *text;
	uint32_t link;

	if (at + 1 == request->word_count) {
		fprintf(out, "an address is missing behind '%s'\n",
		    request->words[at]);
		return false;
	}
	text = request->words[at + 1];
	if (!parse_addr(text, addr, &link, out))
		return false;
	if (!from)
		return true;
	question->link = link;
	return !is_on_link(addr) || check_client(text, link, out);
}

static bool
read_words(const struct control_request *request,
    struct explain_question *question, FILE *out)
{
	if (request->word_count < 2) {
		fputs("which name? explain NAME [TYPE] [from ADDR] [to ADDR]"
		    "\n", out);
		return false;
	}
	if (!read_what(request, question, out))
		return false;
	for (unsigned i = 2; i < request->word_count; i++) {
		const char *word = request->words[i];

		if (strcmp(word, "from") == 0 || strcmp(word, "to") == 0) {
			if (!read_addr(request, i++, question, out))
				return false;
		} else if (i > 2 ||
		    !type_parse(&question->type, word, strlen(word))) {
			fprintf(out, "'%s' is not a type\n", word);
			return false;
		}
	}
	return true;
}

/* ---- explain ---- */

/* Who asks where nothing is said: this machine, at the first address. */
static struct explain_question
begin_question(struct verbs_context *context)
{
	struct explain_question question = {
	    .policy = reload_policy(context->reload),
	    .realms = reload_realms(context->reload),
	    .cache = context->cache,
	    .reader = context->reader,
	};
	const struct listen_set *set = listeners_set(
	    reload_listeners(context->reload));

	addr_parse(&question.client, "127.0.0.1", strlen("127.0.0.1"));
	if (set->count)
		question.asked = set->list[0]->endpoint.addr;
	return question;
}

/* The same for people, for who has JSON and shows it to them. */
static json_t *
make_words(const json_t *explanation)
{
	char *text;
	size_t length;
	FILE *stream = memory_stream(&text, &length);
	json_t *words;

	explain_print(explanation, stream);
	memory_stream_close(stream);
	words = jsontext_make(text);
	free(text);
	return words;
}

enum control_result
verbnames_explain(void *opaque, const struct control_request *request,
    FILE *out)
{
	struct explain_question question = begin_question(opaque);
	json_t *explanation;

	if (!read_words(request, &question, out))
		return CONTROL_FAILED;
	explanation = explain_make(&question);
	if (request->form == CONTROL_JSON) {
		json_object_set_new(explanation, "words",
		    make_words(explanation));
		jsontext_print(explanation, out);
		return CONTROL_DONE;
	}
	explain_print(explanation, out);
	json_decref(explanation);
	return CONTROL_DONE;
}

enum control_result
verbnames_answers(void *opaque, const struct control_request *request,
    FILE *out)
{
	struct explain_question question = begin_question(opaque);

	if (!read_words(request, &question, out))
		return CONTROL_FAILED;
	if (explain_has_address(&question))
		return CONTROL_DONE;
	if (request->word_count == 2 && question.type == TYPE_A) {
		question.type = TYPE_AAAA;
		if (explain_has_address(&question))
			return CONTROL_DONE;
	}
	fprintf(out, "%s does not answer\n", request->words[1]);
	return CONTROL_NOT_YET;
}

/* ---- names ---- */

struct names_request {
	const char *pattern;		/* NULL: all */
	size_t offset, limit;
};

/* The first so many in order of all that fit.  While nodes are looked at it is
 * a heap, the last of them on top. */
struct listing {
	const struct snapshot *names;
	const struct networks *networks;
	struct tops *tops;		/* NULL: nobody notes who is asked */
	const struct names_request *request;
	const struct node **nodes;
	size_t count, room;
	size_t wanted;
	size_t matches;
};

static bool
fits_text(const char *pattern, const char *text)
{
	if (strpbrk(pattern, "*?["))
		return fnmatch(pattern, text, FNM_CASEFOLD) == 0;
	return strcasestr(text, pattern) != NULL;
}

static bool
fits_address(const char *pattern, const struct rrset *rrset)
{
	struct addr addr = {.family = rrset->type == TYPE_A ? 4 : 6};
	char text[ADDR_TEXT];
	uint32_t offset = 0;
	uint16_t length;

	if (rrset->type != TYPE_A && rrset->type != TYPE_AAAA)
		return false;
	for (unsigned i = 0; i < rrset->count; i++) {
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);

		memcpy(addr.bytes, rdata, length);
		if (fits_text(pattern, addr_print(&addr, text)))
			return true;
	}
	return false;
}

static bool
fits(const struct listing *listing, const struct node *node)
{
	const struct rrset *rrset = node_first(node);
	char text[IDNA_TEXT], ascii[DNAME_TEXT_MAX];
	bool good;

	if (!listing->request->pattern)
		return true;
	dname_print(node_name(node), ascii);
	ascii[strlen(ascii) - (node->labels > 0)] = '\0';
	good = fits_text(listing->request->pattern, ascii) ||
	    (strstr(ascii, "xn--") && fits_text(listing->request->pattern,
		explain_name(node_name(node), text)));
	for (unsigned i = 0; i < node->rrset_count && !good; i++) {
		good = fits_address(listing->request->pattern, rrset);
		rrset = rrset_next(rrset);
	}
	return good;
}

/* Label by label from the root, so that a zone stands together. */
static int
compare_nodes(const void *left, const void *right)
{
	const struct node *a = *(const struct node *const *)left;
	const struct node *b = *(const struct node *const *)right;
	unsigned labels = a->labels < b->labels ? a->labels : b->labels;

	for (unsigned i = 1; i <= labels; i++) {
		const uint8_t *x = dname_skip(node_name(a), a->labels - i);
		const uint8_t *y = dname_skip(node_name(b), b->labels - i);
		size_t length = x[0] < y[0] ? x[0] : y[0];
		int order = memcmp(x + 1, y + 1, length);

		if (order == 0)
			order = (x[0] > y[0]) - (x[0] < y[0]);
		if (order)
			return order;
	}
	return (a->labels > b->labels) - (a->labels < b->labels);
}

static void
swap_nodes(const struct node **a, const struct node **b)
{
	const struct node *kept = *a;

	*a = *b;
	*b = kept;
}

static void
rise(struct listing *listing, size_t at)
{
	const struct node **nodes = listing->nodes;

	while (at > 0 && compare_nodes(&nodes[at], &nodes[(at - 1) / 2]) > 0) {
		swap_nodes(&nodes[at], &nodes[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
}

static void
sink(struct listing *listing)
{
	const struct node **nodes = listing->nodes;
	size_t at = 0, child;

	while ((child = 2 * at + 1) < listing->count) {
		if (child + 1 < listing->count &&
		    compare_nodes(&nodes[child + 1], &nodes[child]) > 0)
			child++;
		if (compare_nodes(&nodes[at], &nodes[child]) >= 0)
			return;
		swap_nodes(&nodes[at], &nodes[child]);
		at = child;
	}
}

/* Is there anything that somebody wrote?  The SOA and NS that hostler makes are
 * not shown. */
static bool
has_rows(const struct node *node)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (!(rrset->flags & RRSET_MADE))
			return true;
		rrset = rrset_next(rrset);
	}
	return false;
}

static void
add_node(void *context, const struct node *node)
{
	struct listing *listing = context;

	if (!has_rows(node) || !fits(listing, node))
		return;
	listing->matches++;
	if (listing->count == listing->wanted) {
		if (listing->count == 0 ||
		    compare_nodes(&node, &listing->nodes[0]) >= 0)
			return;
		listing->nodes[0] = node;
		sink(listing);
		return;
	}
	if (listing->count == listing->room) {
		listing->room = listing->room ? 2 * listing->room : 64;
		listing->nodes = memory_resize(listing->nodes, listing->room,
		    sizeof *listing->nodes);
	}
	listing->nodes[listing->count] = node;
	rise(listing, listing->count++);
}

/* The network that an address is in, and when its name was asked. */
static void
add_seen(const struct listing *listing, const struct node *node,
    const struct rrset *rrset, const uint8_t *rdata, json_t *row)
{
	struct addr addr = {.family = rrset->type == TYPE_A ? 4 : 6};
	int64_t asked_s = listing->tops ?
	    tops_asked_s(listing->tops, node_name(node)) : 0;
	const char *network;

	if (asked_s)
		json_object_set_new(row, "asked", json_integer(asked_s));
	if (rrset->type != TYPE_A && rrset->type != TYPE_AAAA)
		return;
	memcpy(addr.bytes, rdata, addr.family == 4 ? 4 : 16);
	network = networks_name(listing->networks,
	    networks_of(listing->networks, &addr));
	if (network)
		json_object_set_new(row, "network", jsontext_make(network));
}

static json_t *
make_row(const struct listing *listing, const struct node *node,
    const struct rrset *rrset, unsigned index)
{
	struct snapshot_place place = snapshot_place(listing->names,
	    rrset_origins(rrset)[index]);
	char name[IDNA_TEXT], type[TYPE_TEXT], *data;
	const uint8_t *rdata = NULL;
	uint32_t offset = 0;
	uint16_t length = 0;
	json_t *row;

	for (unsigned i = 0; i <= index; i++)
		rdata = rrset_rdata(rrset, &offset, &length);
	data = rdataprint(rrset->type, rdata, length);
	row = json_pack("{s:o, s:s, s:o, s:o, s:I, s:I}",
	    "name", jsontext_make(explain_name(node_name(node), name)),
	    "type", type_print(rrset->type, type),
	    "data", jsontext_make(data),
	    "file", jsontext_make(place.path),
	    "line", (json_int_t)place.line,
	    "column", (json_int_t)place.column);
	free(data);
	add_seen(listing, node, rrset, rdata, row);
	if (node->flags & NODE_SHORT)
		json_object_set_new(row, "short", json_true());
	if (rrset->flags & RRSET_EXPIRES)
		json_object_set_new(row, "lease-left", json_integer(
		    (json_int_t)(rrset_expiry(rrset) -
			clock_mono_ms() / 1000)));
	return row;
}

static void
print_row(const json_t *row, FILE *out)
{
	const char *file = json_string_value(json_object_get(row, "file"));
	json_t *left = json_object_get(row, "lease-left");

	fprintf(out, "%s %s %s",
	    json_string_value(json_object_get(row, "name")),
	    json_string_value(json_object_get(row, "type")),
	    json_string_value(json_object_get(row, "data")));
	fprintf(out, "  %s:%lld", file, (long long)
	    json_integer_value(json_object_get(row, "line")));
	if (left)
		fprintf(out, "  %lld s left",
		    (long long)json_integer_value(left));
	fputc('\n', out);
}

/* list: NULL for text. */
static void
show_node(const struct listing *listing, const struct node *node,
    json_t *list, FILE *out)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		for (unsigned k = 0; k < rrset->count &&
		     !(rrset->flags & RRSET_MADE); k++) {
			json_t *row = make_row(listing, node, rrset, k);

			if (list) {
				json_array_append_new(list, row);
				continue;
			}
			print_row(row, out);
			json_decref(row);
		}
		rrset = rrset_next(rrset);
	}
}

static void
show_listing(struct listing *listing, json_t *list, FILE *out)
{
	if (listing->count)
		qsort(listing->nodes, listing->count, sizeof *listing->nodes,
		    compare_nodes);
	for (size_t i = listing->request->offset; i < listing->count; i++)
		show_node(listing, listing->nodes[i], list, out);
	if (listing->count < listing->matches && !list)
		fprintf(out, "and %zu more names: say which, names PATTERN\n",
		    listing->matches - listing->count);
}

/* all: NULL for text. */
static void
show_realm(struct verbs_context *context, const struct realm *realm,
    const struct names_request *request, json_t *all, FILE *out)
{
	struct listing listing = {
	    .names = realm->names,
	    .networks = &reload_policy(context->reload)->networks,
	    .tops = context->tops,
	    .request = request,
	    .wanted = request->offset + request->limit,
	};
	json_t *list = all ? json_array() : NULL;

	if (realm->name && !all)
		fprintf(out, "view %s:\n", realm->name);
	snapshot_visit(realm->names, add_node, &listing);
	show_listing(&listing, list, out);
	free(listing.nodes);
	if (all)
		json_array_append_new(all, json_pack("{s:o, s:I, s:o}",
		    "view", realm->name ? jsontext_make(realm->name)
					: json_string("top level"),
		    "matches", (json_int_t)listing.matches,
		    "names", list));
}

static bool
read_number(const char *text, size_t *number)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 6 || text[digits] != '\0')
		return false;
	*number = (size_t)atol(text);
	return *number <= NAMES_MOST;
}

/* [PATTERN] [--limit N] [--offset N] */
static bool
read_names_request(const struct control_request *request,
    struct names_request *names, FILE *out)
{
	*names = (struct names_request){.limit = NAMES_MOST};
	for (unsigned i = 1; i < request->word_count; i++) {
		const char *word = request->words[i];
		size_t *number = strcmp(word, "--limit") == 0 ? &names->limit
		    : strcmp(word, "--offset") == 0 ? &names->offset : NULL;

		if (!number) {
			names->pattern = word;
		} else if (++i == request->word_count ||
		    !read_number(request->words[i], number)) {
			fprintf(out, "behind %s a number is expected, %d at "
			    "most\n", word, NAMES_MOST);
			return false;
		}
	}
	return true;
}

enum control_result
verbnames_names(void *opaque, const struct control_request *request, FILE *out)
{
	struct verbs_context *context = opaque;
	const struct realms *realms = reload_realms(context->reload);
	struct names_request names;
	json_t *all;

	if (!read_names_request(request, &names, out))
		return CONTROL_FAILED;
	all = request->form == CONTROL_JSON ? json_array() : NULL;
	for (size_t i = 0; i < realms->count; i++)
		show_realm(context, realms->list[i], &names, all, out);
	if (all)
		jsontext_print(all, out);
	return CONTROL_DONE;
}
