/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/query.h"

#include "query/additional.h"
#include "query/chain.h"
#include "query/chaos.h"
#include "query/give.h"

static const struct view *
view_for(const struct query *q, const struct query_env *env)
{
	return policy_view(env->policy, &(struct policy_client){
	    &q->client.addr, &q->client.asked, q->client.link});
}

static void
count_query(const struct query *q, const struct query_env *env)
{
	bool v6 = q->client.addr.family == 6;
	enum tally_way way = v6 ? TALLY_UDP6 : TALLY_UDP4;

	if (q->client.transport == QUERY_TCP)
		way = v6 ? TALLY_TCP6 : TALLY_TCP4;
	tally_request(env->tally, way,
	    q->parsed == QUESTION_OK ? q->question.type : 0);
}

void
query_begin(struct query *q, const struct query_env *env,
    const struct query_client *client, const uint8_t *packet, size_t length)
{
	q->client = *client;
	q->refresh = false;
	q->has_seen = false;
	q->is_near = false;
	q->parsed = question_read(&q->question, packet, length);
	if (q->parsed != QUESTION_OK)
		return;
	q->view = view_for(q, env);
	q->hash = dname_hash_labels(snapshot_key(q->view->names),
	    q->question.name, q->question.label_at, q->question.labels);
	snapshot_prefetch(q->view->names, q->hash);
}

/* The name is in no source, so that it is likely to be in the cache. */
static void
prefetch_bucket(struct query *q, const struct query_env *env)
{
	const struct question *question = &q->question;
	const struct route *route = view_route(q->view, question->name,
	    question->labels);

	if (route == NULL || (question->flags & FLAG_RD) == 0)
		return;
	q->route = route;
	chain_question(q, &route->to);
	cache_prefetch(env->cache, q->forward.hash);
	q->is_near = true;
}

void
query_prefetch(struct query *q, const struct query_env *env)
{
	if (q->parsed != QUESTION_OK)
		return;
	q->seen = snapshot_prefetch_node(q->view->names, q->hash);
	q->has_seen = true;
	if (q->seen == 0)
		prefetch_bucket(q, env);
}

void
query_prefetch_answer(const struct query *q, const struct query_env *env)
{
	if (q->is_near)
		cache_prefetch_answer(env->cache, q->forward.hash);
}

/* What it came to, for whoever counts or logs it. */
static void
count_reply(struct query *q, const struct query_env *env, unsigned rcode,
    enum tally_source source)
{
	q->rcode = (uint16_t)rcode;
	q->source = source;
	tally_response(env->tally, source, rcode);
}

/* Whoever sends a cookie gets one (RFC 7873 5.2). */
static void
give_cookie(struct query *q, const struct query_env *env)
{
	static const enum stats_counter counters[] = {
		[COOKIE_NEW] = STAT_COOKIES_NEW,
		[COOKIE_BAD] = STAT_COOKIES_BAD,
		[COOKIE_RENEW] = STAT_COOKIES_GOOD,
		[COOKIE_GOOD] = STAT_COOKIES_GOOD,
	};
	enum cookie_state state = cookie_answer(&env->policy->cookies,
	    &(struct cookie_came){
		.bytes = q->question.packet + q->question.cookie_at,
		.length = q->question.cookie_length,
		.client = &q->client.addr,
		.now_s = (uint32_t)(env->now_ms / 1000 +
		    env->unix_less_now_s),
	    }, q->cookie);

	q->reply.cookie = q->cookie;
	q->vouched = cookie_vouches(state);
	if (env->fresh == NULL && env->restarts == 0)
		stats_count(env->stats, counters[state]);
}

static void
start_reply(struct query *q, const struct query_env *env, uint8_t *room)
{
	size_t limit = WIRE_MAX;

	if (q->client.transport == QUERY_UDP)
		limit = q->question.udp_size < REPLY_UDP_SIZE ?
		    q->question.udp_size : REPLY_UDP_SIZE;
	reply_start(&q->reply, &q->question, room, limit);
	if (q->view->route_count > 0)
		q->reply.flags |= FLAG_RA;
	q->vouched = false;
	if (q->question.cookie_at != 0)
		give_cookie(q, env);
}

static size_t
finish_reply(struct query *q, const struct query_env *env,
    enum tally_source source)
{
	size_t length = reply_finish(&q->reply);

	count_reply(q, env, q->reply.rcode, source);
	if (q->reply.full)
		stats_count(env->stats, STAT_TRUNCATED);
	return length;
}

static bool
refuse(struct query *q, enum dns_rcode rcode, enum dns_ede ede,
    const char *why)
{
	q->reply.rcode = (uint16_t)rcode;
	reply_ede(&q->reply, ede, why);
	return true;
}

static bool
refuse_client(struct query *q, const struct query_env *env)
{
	q->refused = !allow_permits(&env->policy->allow, &q->client.addr);
	if (!q->refused)
		return false;
	stats_count(env->stats, STAT_REFUSED_CLIENT);
	return refuse(q, RCODE_REFUSED, EDE_PROHIBITED,
	    "this address is not in server.allow");
}

static bool
answer_class(struct query *q, const struct query_env *env,
    enum tally_source *source)
{
	if (q->question.class == CLASS_IN)
		return false;
	if (q->question.class == CLASS_CH && chaos_answer(q, env->policy)) {
		*source = TALLY_SPECIAL;
		return true;
	}
	return refuse(q, RCODE_REFUSED, EDE_NOT_SUPPORTED,
	    "only class IN is served");
}

static bool
refuse_meta(struct query *q)
{
	uint16_t type = q->question.type;

	if (!type_is_meta(type) || type == TYPE_ANY)
		return false;
	if (type == TYPE_AXFR || type == TYPE_IXFR)
		return refuse(q, RCODE_REFUSED, EDE_NOT_SUPPORTED,
		    "zone transfers are not offered");
	return refuse(q, RCODE_NOTIMP, EDE_NOT_SUPPORTED,
	    "this type is not one of data");
}

/* Most queries end here: the name is known and has the type, for every client
 * alike.  Whatever needs a second look goes the long way. */
static bool
answer_plain(struct query *q, const struct query_env *env,
    enum tally_source *source)
{
	const struct node *node = q->node;
	const struct rrset *rrset;
	struct reply_rrset records = { .ttl_cap = UINT32_MAX };

	if (node == NULL || (node->flags & (NODE_CUT | NODE_LIMITED)))
		return false;
	rrset = node_find(node, q->question.type);
	if (rrset == NULL ||
	    ((rrset->flags & RRSET_MADE) && q->view->inherit) ||
	    give_may_differ(&env->policy->networks, rrset))
		return false;
	records.wire = rrset_wire(rrset);
	records.length = rrset->length;
	records.count = rrset->count;
	q->reply.flags |= FLAG_AA;
	if (reply_records(&q->reply, REPLY_ANSWER, &records) &&
	    additional_is_due(rrset->type))
		additional_write(q, &(struct additional){
			.env = env,
			.rrset = rrset,
			.owner = q->question.name,
		});
	*source = chain_source((enum source_kind)rrset->kind);
	return true;
}

/* Where the answer comes from, as EDE text, for those who are to see it. */
static void
tell_source(struct query *q, const struct trace *trace)
{
	char text[TRACE_TEXT];

	if (q->reply.ede == EDE_NONE && trace_print(trace, text) != NULL)
		reply_ede(&q->reply, EDE_OTHER, text);
}

static enum query_outcome
answer_told(struct query *q, const struct query_env *env,
    enum tally_source *source)
{
	struct query_env noting = *env;
	enum query_outcome outcome;
	struct trace trace;

	trace_start(&trace);
	noting.trace = &trace;
	outcome = chain_answer(q, &noting, source);
	if (outcome == QUERY_REPLY)
		tell_source(q, &trace);
	return outcome;
}

static const struct node *
find_node(const struct query *q)
{
	const struct snapshot *names = q->view->names;
	const struct question *question = &q->question;

	return q->has_seen ? snapshot_find_seen(names, q->seen, q->hash,
	    question->name, question->name_length) : snapshot_find(names,
	    q->hash, question->name, question->name_length);
}

/* All the names of hostler's own, and what upstreams say. */
static enum query_outcome
answer(struct query *q, const struct query_env *env,
    enum tally_source *source)
{
	q->node = find_node(q);
	if (env->trace != NULL)
		return chain_answer(q, env, source);
	if (env->policy->told_count > 0 && q->reply.edns &&
	    policy_tells(env->policy, &(struct policy_client){
	    &q->client.addr, &q->client.asked, q->client.link}))
		return answer_told(q, env, source);
	if (answer_plain(q, env, source))
		return QUERY_REPLY;
	return chain_answer(q, env, source);
}

/* ---- how many answers go where ---- */

/* For most clients it ends at the first question. */
static bool
is_rated(const struct query *q, const struct query_env *env)
{
	const struct rating *rating = &env->policy->rating;

	return (rating->limits_allowed || q->refused) && env->rate != NULL &&
	    q->client.transport == QUERY_UDP && !q->vouched &&
	    !allow_permits(&rating->exempt, &q->client.addr);
}

/* The zone that says no is the owner of what stands first in the authority. */
static uint64_t
zone_of(const struct query *q)
{
	const struct reply *reply = &q->reply;
	struct wire_reader r = wire_reader_at(reply->bytes, reply->at,
	    reply->question_end);
	struct dname zone;

	if (reply->count[REPLY_AUTHORITY] == 0)
		return q->hash;
	wire_read_dname(&r, &zone);
	if (r.failed)
		return q->hash;
	dname_lower(zone.wire);
	return dname_hash(snapshot_key(q->view->names), zone.wire);
}

static struct rate_answer
rated_answer(const struct query *q)
{
	struct rate_answer answer = { .client = &q->client.addr,
		.kind = RATE_ERROR };

	if (q->reply.rcode != RCODE_NOERROR &&
	    q->reply.rcode != RCODE_NXDOMAIN)
		return answer;
	answer.kind = q->reply.count[REPLY_ANSWER] > 0 ? RATE_NAME :
	    RATE_NOTHING;
	answer.name = answer.kind == RATE_NAME ? q->hash : zone_of(q);
	return answer;
}

/* Nothing but the way to a whole answer: by TCP, or with the cookie. */
static void
empty_reply(struct query *q, const struct query_env *env)
{
	struct reply *reply = &q->reply;

	reply_clear(reply);
	reply->ede = EDE_NONE;
	reply->rcode = RCODE_NOERROR;
	if (reply->cookie != NULL)
		reply->rcode = RCODE_BADCOOKIE;
	else
		reply->flags |= FLAG_TC;
	stats_count(env->stats, reply->cookie != NULL ? STAT_RATE_BADCOOKIE :
	    STAT_RATE_TRUNCATED);
}

static enum query_outcome
rate_reply(struct query *q, const struct query_env *env)
{
	struct rate_answer answer = rated_answer(q);

	switch (rate_judge(env->rate, &env->policy->rating.limits, &answer,
	    env->now_ms)) {
	case RATE_PASS:
		break;
	case RATE_SLIP:
		empty_reply(q, env);
		break;
	case RATE_DROP:
		stats_count(env->stats, STAT_RATE_DROPPED);
		return QUERY_DROP;
	}
	return QUERY_REPLY;
}

/* What is no question is never answered with an empty reply: nobody waits for
 * one. */
static bool
is_one_too_many(struct query *q, const struct query_env *env)
{
	const struct rate_answer answer = { .client = &q->client.addr,
		.kind = RATE_ERROR };
	struct rate_limits limits = env->policy->rating.limits;

	limits.slip = 0;
	q->vouched = false;
	q->refused = true;
	if (!is_rated(q, env) || rate_judge(env->rate, &limits, &answer,
	    env->now_ms) == RATE_PASS)
		return false;
	stats_count(env->stats, STAT_RATE_DROPPED);
	return true;
}

static size_t
reply_malformed(struct query *q, const struct query_env *env,
    uint8_t *room)
{
	enum dns_rcode rcode = RCODE_FORMERR;

	if (q->parsed == QUESTION_NOTIMP)
		rcode = RCODE_NOTIMP;
	else if (q->parsed == QUESTION_BADVERS)
		rcode = RCODE_BADVERS;
	count_reply(q, env, rcode, TALLY_ERROR);
	return reply_error(&q->question, rcode, room);
}

/* What could not be read is an error, if it may be answered at all: a response
 * never is, or two servers would talk for ever. */
static enum query_outcome
answer_unread(struct query *q, const struct query_env *env, uint8_t *room,
    size_t *length)
{
	if (q->parsed == QUESTION_DROP_SHORT) {
		stats_count(env->stats, STAT_DROPPED_SHORT);
		return QUERY_DROP;
	}
	if (q->parsed == QUESTION_DROP_RESPONSE) {
		stats_count(env->stats, STAT_DROPPED_RESPONSE);
		return QUERY_DROP;
	}
	if (is_one_too_many(q, env))
		return QUERY_DROP;
	*length = reply_malformed(q, env, room);
	return QUERY_REPLY;
}

enum query_outcome
query_step(struct query *q, const struct query_env *env, uint8_t *room,
    size_t *length)
{
	enum tally_source source = TALLY_ERROR;
	enum query_outcome outcome = QUERY_REPLY;

	if (env->fresh == NULL && env->restarts == 0)
		count_query(q, env);
	if (q->parsed != QUESTION_OK)
		return answer_unread(q, env, room, length);
	start_reply(q, env, room);
	if (!refuse_client(q, env) &&
	    !answer_class(q, env, &source) &&
	    !refuse_meta(q))
		outcome = answer(q, env, &source);
	if (outcome == QUERY_REPLY && is_rated(q, env))
		outcome = rate_reply(q, env);
	if (outcome == QUERY_REPLY)
		*length = finish_reply(q, env, source);
	return outcome;
}
