/* SPDX-License-Identifier: BSD-2-Clause */
#include "explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/editdistance.h"
#include "base/memory.h"
#include "dns/wire.h"
#include "jsontext.h"
#include "names/rdataprint.h"

struct asking {
	const struct explain_question *question;
	struct trace trace;
	struct query q;
	struct query_env env;
	uint8_t packet[WIRE_HEADER + DNAME_MAX + 4 + 11];
	size_t packet_length;
	uint8_t *room;
	size_t length;
	enum query_outcome outcome;
	struct stats stats;		/* these questions do not count */
	struct tally tally;
};

/* ---- the question ---- */

/* With EDNS, so that the reply says why. */
static void
write_packet(struct asking *asking)
{
	const struct dname *name = &asking->question->name;
	struct wire_writer w = wire_writer_to(asking->packet,
	    sizeof asking->packet);

	wire_write16(&w, 0);
	wire_write16(&w, FLAG_RD);
	wire_write16(&w, 1);
	wire_write16(&w, 0);
	wire_write16(&w, 0);
	wire_write16(&w, 1);
	wire_write_bytes(&w, name->wire, name->length);
	wire_write16(&w, asking->question->type);
	wire_write16(&w, CLASS_IN);
	wire_write8(&w, 0);
	wire_write16(&w, TYPE_OPT);
	wire_write16(&w, REPLY_UDP_SIZE);
	wire_write32(&w, 0);
	wire_write16(&w, 0);
	asking->packet_length = w.at;
}

/* By TCP: nothing is truncated. */
static void
ask(struct asking *asking)
{
	const struct query_client client = {
	    .addr = asking->question->client,
	    .asked = asking->question->asked,
	    .link = asking->question->link,
	    .transport = QUERY_TCP,
	};

	write_packet(asking);
	trace_start(&asking->trace);
	asking->room = memory_alloc(WIRE_MAX);
	asking->env = (struct query_env){
	    .policy = asking->question->policy,
	    .cache = asking->question->cache,
	    .stats = &asking->stats,
	    .tally = &asking->tally,
	    .now_ms = clock_mono_ms(),
	    .trace = &asking->trace,
	};
	query_begin(&asking->q, &asking->env, &client, asking->packet,
	    asking->packet_length);
	asking->outcome = query_step(&asking->q, &asking->env, asking->room,
	    &asking->length);
}

/* ---- words ---- */

char *
explain_name(const uint8_t *name, char text[IDNA_TEXT])
{
	char ascii[DNAME_TEXT_MAX];
	size_t length = strlen(dname_print(name, ascii));

	if (length > 1)
		length--;
	return idna_to_utf8(text, ascii, length);
}

static json_t *
make_name(const uint8_t *name)
{
	char text[IDNA_TEXT];

	return jsontext_make(explain_name(name, text));
}

static json_t *
make_type(uint16_t type)
{
	char text[TYPE_TEXT];

	return json_string(type_print(type, text));
}

static json_t *
make_addr(const struct addr *addr)
{
	char text[ADDR_TEXT];

	return json_string(addr_print(addr, text));
}

static json_t *
make_view_name(const struct view *view)
{
	return view->name ? jsontext_make(view->name)
			  : json_string("top level");
}

static const char *
kind_word(unsigned kind)
{
	static const char *const words[] = {
	    [SOURCE_NONE] = "made", [SOURCE_ZONE] = "zone",
	    [SOURCE_HOSTS] = "hosts", [SOURCE_LEASE] = "lease"};

	return words[kind];
}

/* ---- records ---- */

struct record_view {
	const struct rrset *rrset;
	unsigned index;
	const uint8_t *rdata;
	uint16_t rdata_length;
};

static struct record_view
view_record(const struct rrset *rrset, unsigned index)
{
	struct record_view view = {.rrset = rrset, .index = index};
	uint32_t offset = 0;

	for (unsigned i = 0; i <= index; i++)
		view.rdata = rrset_rdata(rrset, &offset, &view.rdata_length);
	return view;
}

static void
set_place(json_t *record, const struct snapshot *names,
    const struct rrset *rrset, unsigned index)
{
	struct snapshot_place place = snapshot_place(names,
	    rrset_origins(rrset)[index]);

	if ((rrset->flags & RRSET_MADE) || !*place.path) {
		json_object_set_new(record, "made", json_true());
		return;
	}
	json_object_set_new(record, "file", jsontext_make(place.path));
	json_object_set_new(record, "line", json_integer(place.line));
	if (place.column)
		json_object_set_new(record, "column",
		    json_integer(place.column));
	if ((rrset->flags & RRSET_KEPT) && !place.column)
		json_object_set_new(record, "kept", json_true());
}

static json_t *
make_record(const struct snapshot *names, const struct rrset *rrset,
    unsigned index, int64_t now_ms)
{
	struct record_view view = view_record(rrset, index);
	char *data = rdataprint(rrset->type, view.rdata, view.rdata_length);
	json_t *record = json_pack("{s:o, s:I, s:o, s:s}",
	    "type", make_type(rrset->type),
	    "ttl", (json_int_t)rrset_ttl(rrset),
	    "data", jsontext_make(data),
	    "source", kind_word(rrset->kind));

	free(data);
	set_place(record, names, rrset, index);
	if (rrset->flags & RRSET_EXPIRES)
		json_object_set_new(record, "lease-left",
		    json_integer((json_int_t)(rrset_expiry(rrset) -
			now_ms / 1000)));
	return record;
}

static const char *
verdict_words(enum trace_verdict verdict)
{
	switch (verdict) {
	case TRACE_GIVEN:
		break;
	case TRACE_GIVEN_NEAR:
		return "in a network that the client is in too";
	case TRACE_LOOPBACK:
		return "a loopback address is for clients on loopback alone";
	case TRACE_LINK_LOCAL:
		return "a link-local address means another machine on every "
		       "link";
	case TRACE_ISOLATED:
		return "in an isolated network, whose addresses are never "
		       "given";
	case TRACE_FAR:
		return "not in the client's networks, and answer-by-network "
		       "is `only`";
	}
	return NULL;
}

static json_t *
make_traced(const struct asking *asking, const struct trace_record *traced)
{
	const struct policy *policy = asking->question->policy;
	const struct trace_step *step = &asking->trace.steps[traced->step];
	json_t *record = make_record(step->view->names, traced->rrset,
	    traced->index, asking->env.now_ms);
	const char *network = networks_name(&policy->networks,
	    traced->networks);
	const char *why = verdict_words(traced->verdict);

	json_object_set_new(record, "given",
	    json_boolean(traced->verdict <= TRACE_GIVEN_NEAR));
	if (network)
		json_object_set_new(record, "network",
		    jsontext_make(network));
	if (why)
		json_object_set_new(record, "why", json_string(why));
	return record;
}

static json_t *
make_records(const struct asking *asking, unsigned step)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < asking->trace.record_count; i++)
		if (asking->trace.records[i].step == step)
			json_array_append_new(list, make_traced(asking,
			    &asking->trace.records[i]));
	return list;
}

/* ---- what is shadowed ---- */

struct shadows {
	const struct asking *asking;
	const struct snapshot *names;
	const struct node *served;
	json_t *list;
};

static bool
is_served(const struct node *node, const struct origin *origin)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 0; i < node->rrset_count; i++) {
		for (unsigned k = 0; k < rrset->count; k++)
			if (memcmp(&rrset_origins(rrset)[k], origin,
			    sizeof *origin) == 0)
				return true;
		rrset = rrset_next(rrset);
	}
	return false;
}

static void
add_shadowed(void *context, const struct node *node,
    const struct source_spec *spec)
{
	const struct shadows *shadows = context;
	uint16_t type = shadows->asking->question->type;
	const struct rrset *rrset = node_first(node);

	(void)spec;
	for (unsigned i = 0; i < node->rrset_count; i++) {
		for (unsigned k = 0; k < rrset->count &&
		     (rrset->type == type || rrset->type == TYPE_CNAME ||
			 type == TYPE_ANY); k++)
			if (!is_served(shadows->served,
			    &rrset_origins(rrset)[k]))
				json_array_append_new(shadows->list,
				    make_record(shadows->names, rrset, k,
					shadows->asking->env.now_ms));
		rrset = rrset_next(rrset);
	}
}

static struct index *
index_of(const struct asking *asking, const struct view *view)
{
	const struct policy *policy = asking->question->policy;
	size_t at = view == &policy->top ? 0
					 : (size_t)(view - policy->views) + 1;

	return asking->question->realms->list[at]->index;
}

static json_t *
make_shadowed(const struct asking *asking, const struct trace_step *step)
{
	struct shadows shadows = {
	    .asking = asking,
	    .names = step->view->names,
	    .served = step->node,
	    .list = json_array(),
	};
	struct dname lower = step->name;

	dname_lower(lower.wire);
	index_contributions(index_of(asking, step->view), lower.wire,
	    add_shadowed, &shadows);
	return shadows.list;
}

/* ---- a step ---- */

static json_t *
make_types(const struct node *node)
{
	const struct rrset *rrset = node_first(node);
	json_t *list = json_array();

	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (!(rrset->flags & RRSET_OCCLUDED))
			json_array_append_new(list, make_type(rrset->type));
		rrset = rrset_next(rrset);
	}
	return list;
}

struct decision {
	const char *word;		/* for programs */
	int rule;			/* of hostler(8)'s list; -1: none */
	const char *text;		/* for people, behind the name */
};

static struct decision
decision_of(const struct trace_step *step)
{
	static const struct decision decisions[] = {
	    [TRACE_RECORDS] = {"records", 1, "is a known name"},
	    [TRACE_CNAME] = {"cname", 1, "is an alias"},
	    [TRACE_DNAME] = {"dname", 0, "lies below a DNAME"},
	    [TRACE_REVERSE] = {"reverse", 1, "is the reverse name of a known "
		"address"},
	    [TRACE_OWN_ADDRESS] = {"own-address", 1, "is this server's own "
		"name: the address that was asked"},
	    [TRACE_NO_DATA] = {"no-data", 1, "is known, but not with this "
		"type"},
	    [TRACE_WITHHELD] = {"withheld", 1, "is known, but nothing of it "
		"is for this client"},
	    [TRACE_EMPTY] = {"empty", 1, "has nothing itself, only names "
		"below it have"},
	    [TRACE_ABSENT] = {"absent", 3, "is in no source; a name in "
		"here is never forwarded"},
	    [TRACE_NOT_READY] = {"not-ready", 3, "may be in a source that "
		"could not be read yet"},
	    [TRACE_REFERRAL] = {"referral", 0, "is delegated to other servers"},
	    [TRACE_SPECIAL] = {"special", 4, "is a special name, which is "
		"never forwarded"},
	    [TRACE_SINGLE_LABEL] = {"single-label", 4, "is a short name that "
		"no source has; those are never forwarded"},
	    [TRACE_NO_ROUTE] = {"no-route", 5, "is in no source, and no "
		"forward entry covers it"},
	    [TRACE_NO_RECURSION] = {"no-recursion", 5, "is in no source, and "
		"recursion was not asked for"},
	    [TRACE_CACHED] = {"cached", 5, "is not a local name: from the "
		"cache"},
	    [TRACE_STALE] = {"stale", 5, "is not a local name: from the "
		"cache, where it has expired; no upstream answers"},
	    [TRACE_FETCHED] = {"fetched", 5, "is not a local name: from an "
		"upstream"},
	    [TRACE_REBIND] = {"rebind", 5, "is not a local name, and its "
		"private address is withheld (rebind-protection)"},
	    [TRACE_ASK] = {"ask", 5, "is not a local name, nor in the cache: "
		"an upstream would be asked"},
	    [TRACE_NO_UPSTREAM] = {"no-upstream", 5, "is not a local name, "
		"and no upstream is known at present"},
	    [TRACE_LOOP] = {"loop", -1, "was there already: the chain ends"},
	    [TRACE_TOO_LONG] = {"too-long", -1, "ends a chain that is too "
		"long"},
	};
	struct decision decision = decisions[step->kind];

	if (step->kind == TRACE_RECORDS && step->node &&
	    node_name(step->node)[0] == 1 && node_name(step->node)[1] == '*' &&
	    !dname_equal(node_name(step->node), step->name.wire)) {
		decision.rule = 2;
		decision.text = "is covered by a wildcard";
	}
	if ((step->kind == TRACE_CACHED || step->kind == TRACE_ASK ||
	    step->kind == TRACE_REBIND || step->kind == TRACE_NO_UPSTREAM) &&
	    !step->route)
		decision.rule = 0;
	return decision;
}

static json_t *
make_servers(const struct upstreams *to)
{
	json_t *list = json_array();
	char text[UPSTREAM_TEXT];

	for (unsigned i = 0; i < to->count; i++)
		json_array_append_new(list, json_string(upstream_print(
		    &to->list[i], text)));
	return list;
}

static void
set_forward(json_t *object, const struct trace_step *step, int64_t now_ms)
{
	if (step->kind != TRACE_CACHED && step->kind != TRACE_ASK &&
	    step->kind != TRACE_REBIND && step->kind != TRACE_NO_UPSTREAM)
		return;
	if (step->route)
		json_object_set_new(object, "forward",
		    make_name(step->route->zone.wire));
	else
		json_object_set_new(object, "forward",
		    json_string("the delegation's own servers"));
	json_object_set_new(object, "to", make_servers(&step->to));
	if (step->answer)
		json_object_set_new(object, "cache-left", json_integer(
		    (json_int_t)((step->answer->expires_ms - now_ms + 999) /
			1000)));
}

/* The record whose address leads back to the name. */
static json_t *
make_reverse(const struct trace_step *step, int64_t now_ms)
{
	struct dname lower = step->name;
	json_t *list = json_array();
	const struct rrset *rrset;
	uint32_t offset = 0;
	struct addr addr;
	unsigned bits;

	dname_lower(lower.wire);
	if (!dname_to_addr(lower.wire, &addr, &bits))
		return list;
	rrset = node_find(step->node, addr.family == 4 ? TYPE_A : TYPE_AAAA);
	for (unsigned i = 0; rrset && i < rrset->count; i++) {
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);

		if (memcmp(rdata, addr.bytes, length) == 0)
			json_array_append_new(list, make_record(
			    step->view->names, rrset, i, now_ms));
	}
	return list;
}

static void
set_local(const struct asking *asking, json_t *object, unsigned at)
{
	const struct trace_step *step = &asking->trace.steps[at];

	if (!step->view)
		return;
	json_object_set_new(object, "view", make_view_name(step->view));
	if (step->area)
		json_object_set_new(object, step->area->kind == AREA_ZONE ?
		    "zone" : "domain", make_name(step->area->apex.wire));
	if (!step->node)
		return;
	if (step->kind == TRACE_REVERSE) {
		json_object_set_new(object, "records", make_reverse(step,
		    asking->env.now_ms));
		return;
	}
	json_object_set_new(object, "owner", make_name(node_name(step->node)));
	json_object_set_new(object, "types", make_types(step->node));
	json_object_set_new(object, "records", make_records(asking, at));
	json_object_set_new(object, "shadowed", make_shadowed(asking, step));
}

static json_t *
make_step(const struct asking *asking, unsigned at)
{
	const struct trace_step *step = &asking->trace.steps[at];
	struct decision decision = decision_of(step);
	json_t *object = json_pack("{s:o, s:s, s:s}",
	    "name", make_name(step->name.wire),
	    "decision", decision.word,
	    "text", decision.text);

	if (decision.rule >= 0)
		json_object_set_new(object, "rule",
		    json_integer(decision.rule));
	set_local(asking, object, at);
	set_forward(object, step, asking->env.now_ms);
	return object;
}

/* ---- the reply ---- */

static json_t *
make_answer_record(const uint8_t *message, struct wire_reader *r)
{
	struct dname owner, rdata_name;
	uint16_t type, length;
	uint32_t ttl;
	const uint8_t *rdata;
	char *text;
	json_t *record;

	wire_read_dname(r, &owner);
	type = wire_read16(r);
	wire_read16(r);
	ttl = wire_read32(r);
	length = wire_read16(r);
	rdata = message + r->at;
	wire_read_bytes(r, length);
	if (r->failed)
		return NULL;
	if (type == TYPE_CNAME || type == TYPE_PTR || type == TYPE_NS) {
		struct wire_reader inner = wire_reader_at(r->message,
		    r->length, (size_t)(rdata - message));

		wire_read_dname(&inner, &rdata_name);
		rdata = rdata_name.wire;
		length = rdata_name.length;
	}
	text = rdataprint(type, rdata, length);
	record = json_pack("{s:o, s:I, s:o, s:o}", "owner",
	    make_name(owner.wire), "ttl", (json_int_t)ttl,
	    "type", make_type(type), "data", jsontext_make(text));
	free(text);
	return record;
}

static json_t *
make_answer(const struct asking *asking)
{
	struct wire_reader r = wire_reader_at(asking->room, asking->length,
	    WIRE_HEADER);
	unsigned count = wire_get16(asking->room + 6);
	json_t *list = json_array();
	struct dname name;

	wire_read_dname(&r, &name);
	wire_read32(&r);
	for (unsigned i = 0; i < count && !r.failed; i++) {
		json_t *record = make_answer_record(asking->room, &r);

		if (record)
			json_array_append_new(list, record);
	}
	return list;
}

static void
set_reply(const struct asking *asking, json_t *object)
{
	const struct reply *reply = &asking->q.reply;

	if (asking->outcome != QUERY_REPLY)
		return;
	json_object_set_new(object, "rcode",
	    json_string(rcode_name(reply->rcode)));
	json_object_set_new(object, "answer", make_answer(asking));
	if (reply->ede == EDE_NONE)
		return;
	json_object_set_new(object, "ede", json_integer(reply->ede));
	json_object_set_new(object, "ede-text", json_stringn(reply->ede_text,
	    reply->ede_text_length));
}

/* ---- is ... meant? ---- */

struct nearest {
	char asked[IDNA_TEXT];
	bool is_single;
	unsigned distance;
	const struct node *node;
};

static void
compare_name(void *context, const struct node *node)
{
	struct nearest *nearest = context;
	char text[DNAME_TEXT_MAX];
	unsigned distance;

	dname_print(node_name(node), text);
	text[strlen(text) - (node->labels > 0)] = '\0';
	if (nearest->is_single && (node->flags & NODE_SHORT))
		text[strcspn(text, ".")] = '\0';
	distance = editdistance_of(nearest->asked, text, nearest->distance);
	/* An occluded name is itself no answer. */
	if (distance > 0 && distance < nearest->distance) {
		nearest->distance = distance;
		nearest->node = node;
	}
}

static void
set_nearest(const struct asking *asking, json_t *object)
{
	const struct explain_question *question = asking->question;
	const struct view *view = asking->q.view;
	struct nearest nearest = {.is_single = question->name.labels == 1};
	char text[DNAME_TEXT_MAX];
	size_t length = strlen(dname_print(question->name.wire, text));

	if (asking->outcome != QUERY_REPLY || asking->trace.step_count == 0 ||
	    (asking->q.reply.rcode != RCODE_NXDOMAIN &&
		asking->q.reply.rcode != RCODE_REFUSED))
		return;
	text[length - (length > 1)] = '\0';
	memcpy(nearest.asked, text, length + 1);
	nearest.distance = (unsigned)(length < 8 ? 2 : length / 4) + 1;
	snapshot_visit(view->names, compare_name, &nearest);
	if (view->inherit)
		snapshot_visit(question->policy->top.names, compare_name,
		    &nearest);
	if (nearest.node)
		json_object_set_new(object, "nearest",
		    make_name(node_name(nearest.node)));
}

/* ---- all ---- */

/* From here to end_asking main counts as a reader of the cache. */
static struct asking *
begin_asking(const struct explain_question *question)
{
	struct asking *asking = memory_zeroed(1, sizeof *asking);

	asking->question = question;
	epoch_online(question->reader);
	ask(asking);
	return asking;
}

static void
end_asking(struct asking *asking)
{
	epoch_offline(asking->question->reader);
	free(asking->room);
	free(asking);
}

json_t *
explain_make(const struct explain_question *question)
{
	struct asking *asking = begin_asking(question);
	json_t *steps = json_array(), *object;

	for (unsigned i = 0; i < asking->trace.step_count; i++)
		json_array_append_new(steps, make_step(asking, i));
	object = json_pack("{s:o, s:o, s:o, s:o}",
	    "name", make_name(question->name.wire),
	    "type", make_type(question->type),
	    "client", make_addr(&question->client),
	    "view", make_view_name(asking->q.view));
	set_reply(asking, object);
	json_object_set_new(object, "steps", steps);
	set_nearest(asking, object);
	end_asking(asking);
	return object;
}

/* An alias alone leads nowhere yet. */
static bool
has_type(const struct asking *asking, uint16_t wanted)
{
	unsigned left = wire_get16(asking->room + 6);
	struct wire_reader r = wire_reader_at(asking->room, asking->length,
	    WIRE_HEADER);
	struct dname owner;
	uint16_t type = 0;

	wire_read_dname(&r, &owner);
	wire_read32(&r);
	while (left-- > 0 && !r.failed && type != wanted) {
		wire_read_dname(&r, &owner);
		type = wire_read16(&r);
		wire_read16(&r);
		wire_read32(&r);
		wire_read_bytes(&r, wire_read16(&r));
	}
	return !r.failed && (type == wanted ||
	    (wanted == TYPE_ANY && type != 0));
}

bool
explain_has_address(const struct explain_question *question)
{
	struct asking *asking = begin_asking(question);
	bool has = asking->outcome == QUERY_REPLY &&
	    asking->q.reply.rcode == RCODE_NOERROR &&
	    has_type(asking, question->type);

	end_asking(asking);
	return has;
}
