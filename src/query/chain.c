/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/chain.h"

#include <string.h>

#include "query/additional.h"
#include "query/give.h"
#include "query/local.h"
#include "query/negative.h"
#include "query/referral.h"
#include "query/special.h"

#define LOCALHOST_TTL_S 10800

enum step {
	STEP_DONE,
	STEP_ON,			/* with the target that was set */
	STEP_WAIT,
};

/* Large, and on the stack of every query that is not a plain hit: set field
 * by field, never zeroed. */
struct chain {
	struct query *q;
	const struct query_env *env;
	const struct view *view;	/* of the client */
	const struct view *from;	/* that, or the top level: whose names
					 * `local` is of */
	struct trace_step *noted;	/* NULL: nobody asks why */
	enum tally_source source;
	unsigned steps;			/* CNAMEs followed */
	const struct node *dname;	/* whose DNAME was written last */
	struct local local;
	struct dname_path path;		/* of the name that it is about now */
	struct dname target[QUERY_CHAIN_MAX];
	uint8_t behind[DNAME_BEHIND];	/* the last of them */
};

/* The owner of what is written now. */
static const uint8_t *
owner_of(const struct chain *c)
{
	return c->steps == 0 ? NULL : c->path.name;
}

enum tally_source
chain_source(enum source_kind kind)
{
	switch (kind) {
	case SOURCE_HOSTS:
		return TALLY_HOSTS;
	case SOURCE_LEASE:
		return TALLY_LEASE;
	case SOURCE_NONE:
	case SOURCE_ZONE:
		break;
	}
	return TALLY_ZONE;
}

/* What was decided about the name that it is about now. */
static void
note(struct chain *c, enum trace_kind kind)
{
	if (c->noted == NULL)
		return;
	c->noted->kind = kind;
	c->noted->view = c->from;
	c->noted->node = c->local.node;
	c->noted->area = c->local.area;
}

static enum given
give(struct chain *c, const uint8_t *owner, const struct node *node,
    const struct rrset *rrset)
{
	return give_rrset(c->q, &(struct give){
		.env = c->env,
		.section = REPLY_ANSWER,
		.owner = owner,
		.node = node,
		.rrset = rrset,
	});
}

/* What is said now is said with authority.  AA is about the first owner. */
static void
set_source(struct chain *c, enum tally_source source)
{
	c->source = source;
	if (c->steps == 0)
		c->q->reply.flags |= FLAG_AA;
}

static enum step
fail(struct chain *c, enum dns_ede ede, const char *text)
{
	c->q->reply.rcode = RCODE_SERVFAIL;
	reply_ede(&c->q->reply, ede, text);
	c->source = TALLY_ERROR;
	return STEP_DONE;
}

/* The area whose SOA speaks for the name; NULL: none does.  Of a DS the zone
 * above the cut speaks (RFC 4035 3.1.4.1). */
static const struct area *
find_authority(const struct chain *c)
{
	const struct area *area = c->local.area;

	if (!area_is_closed(area))
		return NULL;
	if (c->q->question.type == TYPE_DS && c->path.labels > 0 &&
	    area->kind == AREA_ZONE && area->labels == c->path.labels) {
		struct areas_found above;

		snapshot_areas(c->from->names, &c->path, 1, &above);
		if (area_is_closed(above.area) && !above.area->not_ready)
			return above.area;
	}
	return area;
}

static void
write_soa(struct chain *c, enum source_kind kind, uint32_t ttl_cap)
{
	const struct area *area = find_authority(c);
	uint32_t ttl = kind == SOURCE_ZONE ? NEGATIVE_TTL_S :
	    NEGATIVE_SHORT_TTL_S;

	if (area != NULL)
		negative_of_area(&c->q->reply, area, ttl_cap);
	else
		negative_made(&c->q->reply, c->path.name,
		    snapshot_serial(c->from->names),
		    ttl < ttl_cap ? ttl : ttl_cap);
}

static enum step
answer_no_data(struct chain *c, enum source_kind kind)
{
	note(c, TRACE_NO_DATA);
	set_source(c, chain_source(kind));
	write_soa(c, kind, UINT32_MAX);
	return STEP_DONE;
}

static bool
was_there(const struct chain *c, const struct dname *target)
{
	if (dname_equal(target->wire, c->q->question.name))
		return true;
	for (unsigned i = 0; i < c->steps; i++) {
		if (dname_equal(target->wire, c->target[i].wire))
			return true;
	}
	return false;
}

static void
trace_loop(struct chain *c, const struct dname *target)
{
	struct trace_step *step = trace_step(c->env->trace, target);

	if (step != NULL)
		step->kind = TRACE_LOOP;
}

/* Go on to a CNAME's target, unless the chain was there before. */
static enum step
go_to(struct chain *c, const uint8_t *name)
{
	struct dname *target = &c->target[c->steps];

	*target = dname_of(name);
	dname_lower(target->wire);
	if (was_there(c, target)) {
		trace_loop(c, target);
		return STEP_DONE;
	}
	c->steps++;
	dname_path_set(&c->path, snapshot_key(c->from->names), target->wire,
	    target->length);
	return STEP_ON;
}

static enum step
end_long_chain(struct chain *c)
{
	reply_clear(&c->q->reply);
	c->q->reply.flags &= (uint16_t)~FLAG_AA;
	note(c, TRACE_TOO_LONG);
	return fail(c, EDE_OTHER, "CNAME chain too long");
}

static enum step
follow(struct chain *c, const struct rrset *cname)
{
	uint32_t offset = 0;
	uint16_t length;
	const uint8_t *target = rrset_rdata(cname, &offset, &length);

	if (c->steps == QUERY_CHAIN_MAX)
		return end_long_chain(c);
	set_source(c, chain_source(cname->kind));
	note(c, TRACE_CNAME);
	if (give(c, owner_of(c), c->local.node, cname) != GIVEN)
		return STEP_DONE;
	reply_know_last(&c->q->reply, length);
	return go_to(c, target);
}

/* RFC 6672 3: the DNAME, and the CNAME that it comes to for this name. */
static enum step
answer_dname(struct chain *c)
{
	const struct node *node = c->local.node;
	const struct rrset *dname = node_find_glue(node, TYPE_DNAME);
	struct reply_record cname = {
		.owner = owner_of(c),
		.type = TYPE_CNAME,
		.class = CLASS_IN,
		.ttl = rrset_ttl(dname),
	};
	struct dname target;
	uint32_t offset = 0;
	uint16_t length;
	const uint8_t *to = rrset_rdata(dname, &offset, &length);

	if (c->steps == QUERY_CHAIN_MAX)
		return end_long_chain(c);
	set_source(c, TALLY_ZONE);
	note(c, TRACE_DNAME);
	if (node != c->dname &&
	    give(c, node_name(node), node, dname) != GIVEN)
		return STEP_DONE;
	c->dname = node;
	if (!dname_substitute(&target, c->path.name, node_name(node), to)) {
		c->q->reply.rcode = RCODE_YXDOMAIN;
		return STEP_DONE;
	}
	cname.rdata = target.wire;
	cname.rdata_length = target.length;
	if (!reply_record(&c->q->reply, REPLY_ANSWER, &cname) ||
	    c->q->question.type == TYPE_CNAME ||
	    c->q->question.type == TYPE_ANY)
		return STEP_DONE;
	reply_know_last(&c->q->reply, target.length);
	return go_to(c, target.wire);
}

/* Known, but nothing of it is for this client; another may get some, so that
 * this is not to be believed for long. */
static enum step
answer_withheld(struct chain *c)
{
	struct query *q = c->q;

	set_source(c, chain_source(c->local.node->kind));
	if (give_own_address(q, c->env->policy, owner_of(c), c->local.node)) {
		note(c, TRACE_OWN_ADDRESS);
		return STEP_DONE;
	}
	note(c, TRACE_WITHHELD);
	reply_ede(&q->reply, EDE_FILTERED, "its addresses are for others");
	write_soa(c, c->local.node->kind, GIVE_NEAR_TTL_S);
	return STEP_DONE;
}

static enum step
answer_rrset(struct chain *c, const struct rrset *rrset)
{
	set_source(c, chain_source(rrset->kind));
	note(c, TRACE_RECORDS);
	switch (give(c, owner_of(c), c->local.node, rrset)) {
	case GIVEN:
		if (additional_is_due(rrset->type))
			additional_write(c->q, &(struct additional){
				.env = c->env,
				.rrset = rrset,
				.owner = c->path.name,
			});
		break;
	case GIVEN_NOTHING:
		return answer_withheld(c);
	case GIVEN_NO_ROOM:
		break;
	}
	return STEP_DONE;
}

/* The PTR that comes of an address, its name in full. */
static enum step
answer_reverse(struct chain *c)
{
	const struct node *node = c->local.reverse;
	uint16_t type = c->q->question.type;
	struct reply_record ptr = {
		.owner = owner_of(c),
		.type = TYPE_PTR,
		.class = CLASS_IN,
		.ttl = give_ttl(c->env, node, c->local.reverse_ttl),
		.rdata = node_name(node),
		.rdata_length = node->name_length,
	};

	if (type != TYPE_PTR && type != TYPE_ANY)
		return answer_no_data(c, node->kind);
	set_source(c, chain_source(node->kind));
	note(c, TRACE_REVERSE);
	if (c->noted != NULL)
		c->noted->node = node;
	reply_record(&c->q->reply, REPLY_ANSWER, &ptr);
	return STEP_DONE;
}

/* RFC 8482 4.1: one RRset of those that there are. */
static enum step
answer_any(struct chain *c)
{
	const struct node *node = c->local.node;
	const struct rrset *rrset = node_first(node);

	note(c, TRACE_RECORDS);
	for (unsigned i = 0; i < node->rrset_count; i++) {
		if (!(rrset->flags & RRSET_OCCLUDED)) {
			set_source(c, chain_source(rrset->kind));
			if (give(c, owner_of(c), node, rrset) !=
			    GIVEN_NOTHING)
				return STEP_DONE;
		}
		rrset = rrset_next(rrset);
	}
	return answer_withheld(c);
}

/* Rules 1 and 2. */
static enum step
answer_known(struct chain *c)
{
	const struct node *node = c->local.node;
	uint16_t type = c->q->question.type;
	const struct rrset *rrset;

	if (type == TYPE_ANY)
		return answer_any(c);
	rrset = node_find(node, type);
	if (rrset == NULL && type == TYPE_DS)	/* at a cut: the parent's */
		rrset = node_find_glue(node, type);
	if (rrset != NULL)
		return answer_rrset(c, rrset);
	rrset = node_find(node, TYPE_CNAME);
	if (rrset != NULL)
		return follow(c, rrset);
	if (type == TYPE_PTR && c->local.reverse != NULL)
		return answer_reverse(c);
	if (give_own_address(c->q, c->env->policy, owner_of(c), node)) {
		note(c, TRACE_OWN_ADDRESS);
		set_source(c, chain_source(node->kind));
		return STEP_DONE;
	}
	return answer_no_data(c, node->kind);
}

/* Nothing is here; but the area that it is not in is ours. */
static enum step
answer_from_area(struct chain *c, enum dns_rcode rcode)
{
	enum source_kind kind = c->local.area->kind == AREA_ZONE ?
	    SOURCE_ZONE : SOURCE_HOSTS;

	c->q->reply.rcode = (uint16_t)rcode;
	note(c, rcode == RCODE_NXDOMAIN ? TRACE_ABSENT : TRACE_EMPTY);
	set_source(c, chain_source(kind));
	write_soa(c, kind, UINT32_MAX);
	return STEP_DONE;
}

/* Expired, and not what just came: that may have had a TTL of 0. */
static bool
is_stale(const struct chain *c, const struct answer *answer)
{
	return answer != c->env->fresh &&
	    answer->expires_ms <= c->env->now_ms;
}

/* The cache has nothing better: is it good enough now?  Where the upstreams
 * keep this client waiting, others need not wait in the time that they have
 * left. */
static bool
takes_stale(struct chain *c, enum cache_state state, bool failed)
{
	const struct query_env *env = c->env;

	if (env->in_need && !failed)
		cache_postpone(env->cache, &c->q->forward, env->now_ms +
		    CACHE_FAILURE_MAX_MS - QUERY_PATIENCE_MS);
	return env->in_need || failed || state == CACHE_STALE_FAILED;
}

static void
refresh(struct chain *c, const struct upstreams *to)
{
	if (!cache_claim(c->env->cache, &c->q->forward))
		return;
	c->q->forward.to = *to;
	c->q->refresh = true;
}

/* What may be said now; NULL: it must be asked for.  An answer just come is the
 * best; a failure just come is the worst. */
static const struct answer *
find_answer(struct chain *c, const struct upstreams *to)
{
	const struct query_env *env = c->env;
	struct forward_question *forward = &c->q->forward;
	const struct answer *fresh = env->fresh, *cached;
	enum cache_state state;

	if (fresh != NULL && !answer_fits(fresh, forward))
		fresh = NULL;
	if (fresh != NULL && !answer_is_failure(fresh))
		return fresh;
	cached = cache_find(env->cache, forward, env->now_ms, &state);
	forward->has_stale = cached != NULL && state >= CACHE_STALE;
	if (fresh == NULL && env->restarts == 0)
		stats_count(env->stats, cached != NULL &&
		    !forward->has_stale ? STAT_CACHE_HITS : STAT_CACHE_MISSES);
	if (cached == NULL)
		return fresh;
	if (state == CACHE_DUE && env->may_refresh && to->count > 0)
		refresh(c, to);
	if (!forward->has_stale)
		return fresh != NULL && answer_is_failure(cached) ? fresh :
		    cached;
	return takes_stale(c, state, fresh != NULL || to->count == 0) ?
	    cached : NULL;
}

/* For a client whose own question or, behind local CNAMEs, whose upstream's
 * is of an allowed name, a private address is no surprise. */
static bool
is_rebinding(const struct chain *c, const struct answer *answer)
{
	const struct rebind *rebind = &c->env->policy->rebind;

	return answer->private && rebind->enabled &&
	    !rebind_allows(rebind, c->path.name) &&
	    !rebind_allows(rebind, c->q->question.name);
}

/* What is local of the chain stays. */
static void
withhold(struct chain *c)
{
	stats_count(c->env->stats, STAT_REBIND_WITHHELD);
	if (c->noted != NULL)
		c->noted->kind = TRACE_REBIND;
	reply_ede(&c->q->reply, EDE_FILTERED,
	    "a private address from outside: rebind-protection");
	negative_made(&c->q->reply, c->path.name,
	    snapshot_serial(c->from->names), NEGATIVE_SHORT_TTL_S);
}

static enum trace_kind
kind_of(const struct chain *c, const struct answer *answer)
{
	if (answer == c->env->fresh)
		return TRACE_FETCHED;
	return is_stale(c, answer) ? TRACE_STALE : TRACE_CACHED;
}

static void
write_answer(struct chain *c, const struct answer *answer)
{
	struct query *q = c->q;
	bool wants_ad = q->question.dnssec_ok ||
	    (q->question.flags & FLAG_AD);
	int64_t now_ms = is_stale(c, answer) ? ANSWER_STALE : c->env->now_ms;

	c->source = answer == c->env->fresh ? TALLY_FORWARD :
	    TALLY_CACHE;
	if (c->noted != NULL) {
		c->noted->kind = kind_of(c, answer);
		c->noted->answer = answer;
	}
	if (is_rebinding(c, answer)) {
		withhold(c);
		return;
	}
	if (now_ms == ANSWER_STALE)
		stats_count(c->env->stats, STAT_CACHE_STALE);
	if (c->steps > 0) {
		answer_append(answer, &q->reply, now_ms);
		return;
	}
	answer_reply(answer, &q->reply, now_ms);
	q->reply.flags &= (uint16_t)~FLAG_AD;
	if (answer->authentic && wants_ad)
		q->reply.flags |= FLAG_AD;
}

static void
note_ask(struct chain *c, const struct route *route,
    const struct upstreams *to)
{
	note(c, to->count > 0 ? TRACE_ASK : TRACE_NO_UPSTREAM);
	if (c->noted == NULL)
		return;
	c->noted->route = route;
	c->noted->to = *to;
}

/* The name is set; hash is the name's. */
static void
finish_question(struct query *q, uint64_t hash, const struct upstreams *to)
{
	struct forward_question *forward = &q->forward;

	forward->type = q->question.type;
	forward->dnssec_ok = q->question.dnssec_ok;
	forward->checking_disabled = (q->question.flags & FLAG_CD) != 0;
	forward->to.id = to->id;
	forward->hash = answer_hash_of(snapshot_key(q->view->names), hash,
	    forward);
}

void
chain_question(struct query *q, const struct upstreams *to)
{
	struct dname *name = &q->forward.name;

	name->length = q->question.name_length;
	name->labels = q->question.labels;
	memcpy(name->wire, q->question.name, name->length);
	finish_question(q, q->hash, to);
}

/* Of the name that it is about now. */
static void
set_question(struct chain *c, const struct upstreams *to)
{
	struct dname *name = &c->q->forward.name;

	c->q->is_near = false;
	name->length = (uint8_t)c->path.length;
	name->labels = (uint8_t)c->path.labels;
	memcpy(name->wire, c->path.name, name->length);
	finish_question(c->q, dname_path_hash(&c->path, 0), to);
}

/* From the cache, or from these upstreams. */
static enum step
fetch(struct chain *c, const struct upstreams *to)
{
	struct query *q = c->q;
	struct forward_question *forward = &q->forward;
	const struct answer *answer;

	if (c->steps > 0)
		set_question(c, to);
	else if (!q->is_near || forward->to.id != to->id)
		chain_question(q, to);
	answer = find_answer(c, to);
	if (answer != NULL) {
		write_answer(c, answer);
		return STEP_DONE;
	}
	if (to->count == 0)
		return fail(c, EDE_NO_REACHABLE_AUTHORITY,
		    "no server to ask is known at present");
	if (c->env->restarts >= QUERY_RESTARTS_MAX)
		return fail(c, EDE_OTHER, "asked upstream too often");
	forward->to = *to;
	return STEP_WAIT;
}

static bool
wants_recursion(const struct chain *c)
{
	return (c->q->question.flags & FLAG_RD) != 0;
}

/* Rule 0.  Only a route at or below the zone's apex knows better than the
 * zone itself. */
static enum step
answer_cut(struct chain *c)
{
	const struct route *route;
	struct upstreams to;

	if (!wants_recursion(c)) {
		note(c, TRACE_REFERRAL);
		referral_write(c->q, c->env, c->from->names, c->local.node);
		c->source = TALLY_ZONE;
		return STEP_DONE;
	}
	route = view_route(c->view, c->path.name, c->path.labels);
	if (route != NULL && route->zone.labels >= c->local.zone->labels) {
		note_ask(c, route, &route->to);
		return fetch(c, &route->to);
	}
	referral_upstreams(c->from->names, c->local.node, &to);
	note_ask(c, NULL, &to);
	return fetch(c, &to);
}

static void
answer_localhost(struct chain *c)
{
	static const uint8_t loopback4[4] = { 127, 0, 0, 1 };
	static const uint8_t loopback6[16] = { [15] = 1 };
	bool v6 = c->q->question.type == TYPE_AAAA;
	struct reply_record record = {
		.owner = owner_of(c),
		.type = v6 ? TYPE_AAAA : TYPE_A,
		.class = CLASS_IN,
		.ttl = LOCALHOST_TTL_S,
		.rdata = v6 ? loopback6 : loopback4,
		.rdata_length = v6 ? sizeof(loopback6) : sizeof(loopback4),
	};

	reply_record(&c->q->reply, REPLY_ANSWER, &record);
}

/* Does a zone (an overlay, or it had owned the name before) or a route take
 * this special name? */
static bool
is_taken(const struct chain *c, struct special special,
    const struct route *route)
{
	const struct area *area = c->local.area;

	if (area != NULL && area->labels >= special.labels)
		return true;
	return route != NULL && (route->zone.labels >= special.labels ||
	    (special.kind == SPECIAL_PRIVATE && route->private_names));
}

/* Rule 4, the zones.  False: the name is none of them. */
static bool
answer_special(struct chain *c, const struct route *route)
{
	struct special special = special_find(&c->path);
	uint16_t type = c->q->question.type;

	if (special.kind == SPECIAL_NONE || is_taken(c, special, route))
		return false;
	set_source(c, TALLY_SPECIAL);
	note(c, TRACE_SPECIAL);
	if (special.kind == SPECIAL_LOCALHOST) {
		if (type == TYPE_A || type == TYPE_AAAA || type == TYPE_ANY) {
			answer_localhost(c);
			return true;
		}
	} else if (c->path.labels > special.labels && !c->local.has_below) {
		c->q->reply.rcode = RCODE_NXDOMAIN;
	}
	negative_made(&c->q->reply, dname_path_suffix(&c->path,
	    c->path.labels - special.labels), snapshot_serial(c->from->names),
	    NEGATIVE_SHORT_TTL_S);
	return true;
}

/* Nobody outside knows this name: the root's SOA, made up. */
static void
deny_from_root(struct chain *c)
{
	static const uint8_t root[1] = { 0 };

	if (!c->local.has_below)
		c->q->reply.rcode = RCODE_NXDOMAIN;
	negative_made(&c->q->reply, root, snapshot_serial(c->from->names),
	    NEGATIVE_SHORT_TTL_S);
}

/* Rule 4, single labels: a short name that is not known here is a slip, and
 * none of an upstream's business. */
static bool
answer_single_label(struct chain *c, const struct route *route)
{
	uint16_t type = c->q->question.type;

	if (c->path.labels != 1 ||
	    (type != TYPE_A && type != TYPE_AAAA && type != TYPE_HTTPS) ||
	    is_taken(c, (struct special){ SPECIAL_EMPTY, 1 }, route))
		return false;
	set_source(c, TALLY_SPECIAL);
	note(c, TRACE_SINGLE_LABEL);
	deny_from_root(c);
	return true;
}

/* Rule 5. */
static enum step
answer_from_outside(struct chain *c, const struct route *route)
{
	struct reply *reply = &c->q->reply;

	if (route != NULL && wants_recursion(c)) {
		note_ask(c, route, &route->to);
		return fetch(c, &route->to);
	}
	note(c, wants_recursion(c) ? TRACE_NO_ROUTE : TRACE_NO_RECURSION);
	if (c->steps > 0)
		return STEP_DONE;
	if (!wants_recursion(c)) {
		reply->rcode = RCODE_REFUSED;
		reply_ede(reply, EDE_NOT_AUTHORITATIVE,
		    "not a local name, and recursion was not asked for");
		c->source = TALLY_ERROR;
		return STEP_DONE;
	}
	c->source = TALLY_SPECIAL;
	reply_ede(reply, EDE_NO_REACHABLE_AUTHORITY,
	    "no forward entry covers this name");
	deny_from_root(c);
	return STEP_DONE;
}

static const struct route *
find_route(const struct chain *c)
{
	if (c->steps == 0 && c->q->is_near)
		return c->q->route;
	return view_route(c->view, c->path.name, c->path.labels);
}

static enum step
answer_unknown(struct chain *c)
{
	const struct route *route = find_route(c);

	if (answer_special(c, route) || answer_single_label(c, route))
		return STEP_DONE;
	return answer_from_outside(c, route);
}

/* Of the question's own name its view was asked already. */
static const struct node *
find_exact(const struct chain *c, const struct snapshot *names)
{
	if (c->steps == 0 && names == c->q->view->names)
		return c->q->node;
	return snapshot_find(names, dname_path_hash(&c->path, 0), c->path.name,
	    c->path.length);
}

static void
find_name(struct chain *c)
{
	const struct view *top = &c->env->policy->top;
	uint16_t type = c->q->question.type;
	struct local above;

	c->from = c->view;
	c->local.exact = find_exact(c, c->view->names);
	local_find(c->view->names, &c->path, type, &c->local);
	if (!c->view->inherit || local_is_firm(&c->local))
		return;
	above.exact = find_exact(c, top->names);
	local_find(top->names, &c->path, type, &above);
	if (local_join(&c->local, &above, type))
		c->from = top;
}

static void
trace_name(struct chain *c)
{
	struct dname name;

	c->noted = NULL;
	if (c->env->trace == NULL)
		return;
	name = dname_of(c->path.name);
	c->noted = trace_step(c->env->trace, &name);
}

static enum step
take_step(struct chain *c)
{
	find_name(c);
	trace_name(c);
	switch (c->local.kind) {
	case LOCAL_CUT:
		return answer_cut(c);
	case LOCAL_DNAME:
		return answer_dname(c);
	case LOCAL_KNOWN:
		return answer_known(c);
	case LOCAL_REVERSE:
		return answer_reverse(c);
	case LOCAL_EMPTY:
		return answer_from_area(c, RCODE_NOERROR);
	case LOCAL_ABSENT:
		return answer_from_area(c, RCODE_NXDOMAIN);
	case LOCAL_NOT_READY:
		note(c, TRACE_NOT_READY);
		return fail(c, EDE_NOT_READY,
		    "the file that this name may be in was never read");
	case LOCAL_NONE:
		break;
	}
	return answer_unknown(c);
}

enum query_outcome
chain_answer(struct query *q, const struct query_env *env,
    enum tally_source *source)
{
	struct chain c;
	enum step step;

	c.q = q;
	c.env = env;
	c.view = q->view;
	c.from = q->view;
	if (env->trace != NULL)
		env->trace->view = q->view;
	c.source = TALLY_ERROR;
	c.steps = 0;
	c.dname = NULL;
	dname_path_set_labels(&c.path, snapshot_key(q->view->names),
	    q->question.name, q->question.label_at, q->question.labels);
	do
		step = take_step(&c);
	while (step == STEP_ON);
	*source = c.source;
	return step == STEP_WAIT ? QUERY_WAIT : QUERY_REPLY;
}
