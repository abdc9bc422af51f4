/* SPDX-License-Identifier: BSD-2-Clause */
#include "query/answer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "dns/rdata.h"
#include "dns/wire.h"
#include "query/rebind.h"

/* A hostile order of records makes every step of a chain walk the whole
 * message: this many records are looked at in all, then it is refused. */
#define SIFT_LOOKS_MAX 20000
#define SIFT_ZONES_MAX 4
#define OWNER_IS_QUESTION 0xc00c
#define AGE_STALE UINT32_MAX
#define RRSIG_LABELS 3			/* offsets in its rdata, RFC 4034 3.1 */
#define RRSIG_SIGNER 18

/* An answer in the making. */
struct sift {
	const struct forward_question *question;
	const struct message *message;
	const struct answer_limits *limits;
	struct dname name;		/* where the chain has come to */
	int64_t ttl_floor_s, ttl_cap_s;	/* of the records added next */
	int64_t ttl_s;			/* the lowest so far */
	unsigned looks;
	uint16_t count[2];
	uint16_t ttl_count;
	bool failed;
	bool private;
	unsigned zone_count;
	/* Whose NSEC and NSEC3 belong to the answer. */
	struct dname zone[SIFT_ZONES_MAX];
	struct wire_writer body;
	uint32_t ttl_at[ANSWER_RECORDS_MAX];
	uint8_t room[ANSWER_BODY_MAX];
};

/* Which records a walk is after. */
struct wanted {
	enum message_section section;
	uint16_t type;
	const uint8_t *owner;		/* NULL: any */
};

uint64_t
answer_hash_of(const struct hash_key *key, uint64_t name_hash,
    const struct forward_question *question)
{
	struct hash_state s = hash_start(key);

	hash_block(&s, name_hash);
	hash_block(&s, question->to.id);
	hash_block(&s, (uint64_t)question->type << 16 |
	    (uint64_t)question->dnssec_ok << 8 |
	    question->checking_disabled);
	return hash_finish(s);
}

uint64_t
answer_hash(const struct hash_key *key,
    const struct forward_question *question)
{
	return answer_hash_of(key, dname_hash(key, question->name.wire),
	    question);
}

/* Mostly letter by letter the same. */
static bool
is_same(const struct dname *a, const struct dname *b)
{
	if (a->length != b->length)
		return false;
	return memcmp(a->wire, b->wire, a->length) == 0 ||
	    dname_equal(a->wire, b->wire);
}

static bool
is_behind(const struct sift *s, const struct message_walk *walk,
    enum message_section section)
{
	unsigned end = 0;

	for (unsigned i = 0; i <= section; i++)
		end += s->message->count[i];
	return walk->index >= end;
}

/* Next record of class IN in a section; counts what it passes. */
static bool
next_in_section(struct sift *s, struct message_walk *walk,
    enum message_section section, struct message_record *record)
{
	while (!s->failed && !is_behind(s, walk, section) &&
	    message_next(s->message, walk, record)) {
		if (++s->looks > SIFT_LOOKS_MAX)
			s->failed = true;
		else if (record->section > section)
			return false;
		else if (record->section == section &&
		    record->class == CLASS_IN)
			return true;
	}
	return false;
}

static bool
next_wanted(struct sift *s, struct message_walk *walk,
    const struct wanted *wanted, struct message_record *record)
{
	while (next_in_section(s, walk, wanted->section, record)) {
		if (record->type != wanted->type)
			continue;
		if (wanted->owner == NULL ||
		    dname_equal(record->owner.wire, wanted->owner))
			return true;
	}
	return false;
}

static bool
find_record(struct sift *s, const struct wanted *wanted,
    struct message_record *record)
{
	struct message_walk walk = { 0 };

	return next_wanted(s, &walk, wanted, record);
}

static struct wire_reader
rdata_reader(const struct sift *s, const struct message_record *record)
{
	return wire_reader_at(s->message->bytes,
	    record->rdata_at + record->rdata_length, record->rdata_at);
}

static bool
read_name(const struct sift *s, const struct message_record *record,
    size_t skip, struct dname *name)
{
	struct wire_reader r = rdata_reader(s, record);

	if (skip != 0)
		wire_read_bytes(&r, skip);
	wire_read_dname(&r, name);
	return !r.failed;
}

static uint32_t
capped_ttl(const struct sift *s, uint32_t ttl_s)
{
	int64_t ttl = ttl_s;

	if (ttl < s->ttl_floor_s)
		ttl = s->ttl_floor_s;
	if (ttl > s->ttl_cap_s)
		ttl = s->ttl_cap_s;
	return (uint32_t)ttl;
}

/* Where the chain stands it has the case of what led there. */
static void
write_owner(struct sift *s, const struct dname *owner)
{
	if (is_same(owner, &s->name))
		owner = &s->name;
	if (is_same(owner, &s->question->name))
		wire_write16(&s->body, OWNER_IS_QUESTION);
	else
		wire_write_bytes(&s->body, owner->wire, owner->length);
}

static void
add_record(struct sift *s, const struct message_record *record)
{
	struct wire_reader r = rdata_reader(s, record);
	uint32_t ttl = capped_ttl(s, record->ttl);
	size_t at;

	if (s->ttl_count == ANSWER_RECORDS_MAX) {
		s->failed = true;
		return;
	}
	write_owner(s, &record->owner);
	wire_write16(&s->body, record->type);
	wire_write16(&s->body, CLASS_IN);
	s->ttl_at[s->ttl_count++] = (uint32_t)s->body.at;
	wire_write32(&s->body, ttl);
	at = s->body.at;
	wire_write16(&s->body, 0);
	rdata_copy(&r, record->type, record->rdata_length, &s->body);
	if (r.failed || s->body.failed) {
		s->failed = true;
		return;
	}
	wire_put16(s->room + at, (uint16_t)(s->body.at - at - 2));
	s->private |= rebind_is_private(record->type, s->room + at + 2,
	    s->body.at - at - 2);
	s->count[record->section]++;
	if (ttl < s->ttl_s)
		s->ttl_s = ttl;
}

static void
add_zone(struct sift *s, const struct dname *zone)
{
	if (s->zone_count < SIFT_ZONES_MAX)
		s->zone[s->zone_count++] = *zone;
}

/* A signature over fewer labels than its owner has was made for a wildcard:
 * its zone's proof that no nearer name exists belongs to the answer. */
static void
note_wildcard(struct sift *s, const struct message_record *signature)
{
	struct dname signer;

	if (signature->rdata_length <= RRSIG_SIGNER ||
	    s->message->bytes[signature->rdata_at + RRSIG_LABELS] >=
	    dname_labels(signature->owner.wire))
		return;
	if (read_name(s, signature, RRSIG_SIGNER, &signer))
		add_zone(s, &signer);
}

static void
add_signatures(struct sift *s, enum message_section section,
    const uint8_t *owner, uint16_t covered)
{
	struct wanted wanted = { section, TYPE_RRSIG, owner };
	struct message_walk walk = { 0 };
	struct message_record record;

	if (!s->question->dnssec_ok)
		return;
	while (next_wanted(s, &walk, &wanted, &record)) {
		if (record.rdata_length < 2 ||
		    wire_get16(s->message->bytes + record.rdata_at) !=
		    covered)
			continue;
		add_record(s, &record);
		note_wildcard(s, &record);
	}
}

/* The DNAME that turns the name where the chain stands into target, which then
 * gets our case: an upstream makes it of the letters that were drawn. */
static void
add_dname(struct sift *s, struct dname *target)
{
	struct wanted wanted = { MESSAGE_ANSWER, TYPE_DNAME, NULL };
	struct message_walk walk = { 0 };
	struct message_record record;
	struct dname to, made;

	while (next_wanted(s, &walk, &wanted, &record)) {
		if (record.owner.length >= s->name.length ||
		    !dname_is_below_or_at(s->name.wire, record.owner.wire) ||
		    !read_name(s, &record, 0, &to) ||
		    !dname_substitute(&made, s->name.wire, record.owner.wire,
		    to.wire) || !dname_equal(made.wire, target->wire))
			continue;
		add_record(s, &record);
		add_signatures(s, MESSAGE_ANSWER, record.owner.wire,
		    TYPE_DNAME);
		*target = made;
		return;
	}
}

/* One CNAME further; false: there is none. */
static bool
follow_cname(struct sift *s)
{
	struct wanted wanted = { MESSAGE_ANSWER, TYPE_CNAME, s->name.wire };
	struct message_record record;
	struct dname target;

	if (!find_record(s, &wanted, &record) ||
	    !read_name(s, &record, 0, &target))
		return false;
	add_dname(s, &target);
	add_record(s, &record);
	if (!s->failed)
		memcpy(s->room + s->body.at - target.length, target.wire,
		    target.length);
	add_signatures(s, MESSAGE_ANSWER, s->name.wire, TYPE_CNAME);
	s->name = target;
	return true;
}

/* The records asked for, where the chain stands; false: there are none. */
static bool
add_asked(struct sift *s)
{
	uint16_t type = s->question->type;
	struct message_walk walk = { 0 };
	struct message_record record;
	unsigned before = s->count[REPLY_ANSWER];

	while (next_in_section(s, &walk, MESSAGE_ANSWER, &record)) {
		if ((type == TYPE_ANY || record.type == type) &&
		    is_same(&record.owner, &s->name))
			add_record(s, &record);
	}
	if (s->count[REPLY_ANSWER] == before)
		return false;
	if (type != TYPE_ANY && type != TYPE_RRSIG)
		add_signatures(s, MESSAGE_ANSWER, s->name.wire, type);
	return true;
}

/* From the question's name to the end of its chain; true: with the records
 * that were asked for. */
static bool
add_chain(struct sift *s)
{
	unsigned steps = 0;

	while (!add_asked(s)) {
		if (s->failed || !follow_cname(s))
			return false;
		if (++steps > ANSWER_CHAIN_MAX) {
			s->failed = true;
			return false;
		}
	}
	return true;
}

static bool
is_of_a_zone(const struct sift *s, const uint8_t *owner)
{
	for (unsigned i = 0; i < s->zone_count; i++) {
		if (dname_is_below_or_at(owner, s->zone[i].wire))
			return true;
	}
	return false;
}

static bool
proves_absence(uint16_t type)
{
	return type == TYPE_NSEC || type == TYPE_NSEC3;
}

/* NSEC, NSEC3 and the signatures over them (RFC 4035 3.1.3). */
static void
add_proofs(struct sift *s)
{
	struct message_walk walk = { 0 };
	struct message_record record;
	uint16_t type;

	if (!s->question->dnssec_ok || s->zone_count == 0)
		return;
	while (next_in_section(s, &walk, MESSAGE_AUTHORITY, &record)) {
		type = record.type;
		if (type == TYPE_RRSIG && record.rdata_length >= 2)
			type = wire_get16(s->message->bytes + record.rdata_at);
		if (proves_absence(type) &&
		    is_of_a_zone(s, record.owner.wire))
			add_record(s, &record);
	}
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The SOA that says for how long there is nothing (RFC 2308 5). */
static bool
add_soa(struct sift *s)
{
	struct wanted wanted = { MESSAGE_AUTHORITY, TYPE_SOA, NULL };
	struct message_walk walk = { 0 };
	struct message_record record;
	uint32_t minimum;

	while (next_wanted(s, &walk, &wanted, &record)) {
		if (record.rdata_length < 4 ||
		    !dname_is_below_or_at(s->name.wire, record.owner.wire))
			continue;
		minimum = wire_get32(s->message->bytes + record.rdata_at +
		    record.rdata_length - 4);
		if (minimum > INT32_MAX)
			minimum = 0;
		s->ttl_floor_s = 0;
		s->ttl_cap_s = least(least(record.ttl, minimum),
		    s->limits->max_negative_ttl_s);
		add_record(s, &record);
		add_signatures(s, MESSAGE_AUTHORITY, record.owner.wire,
		    TYPE_SOA);
		add_zone(s, &record.owner);
		return true;
	}
	return false;
}

/* A server that knows nothing of the name points elsewhere: NS records, and
 * no claim to be the authority. */
static bool
is_referral(struct sift *s)
{
	struct wanted wanted = { MESSAGE_AUTHORITY, TYPE_NS, NULL };
	struct message_record record;

	return s->message->rcode == RCODE_NOERROR &&
	    s->count[REPLY_ANSWER] == 0 &&
	    (s->message->flags & FLAG_AA) == 0 &&
	    find_record(s, &wanted, &record);
}

static void
add_absence(struct sift *s)
{
	if (add_soa(s))
		return;
	if (is_referral(s))
		s->failed = true;
	s->ttl_s = least(s->ttl_s, least(ANSWER_NO_SOA_TTL_S,
	    s->limits->max_negative_ttl_s));
}

static struct answer *
alloc_answer(const struct forward_question *question, uint16_t ttl_count,
    uint32_t body_length)
{
	size_t size = sizeof(struct answer) + 4 * (size_t)ttl_count +
	    question->name.length + body_length;
	struct answer *answer = malloc(size);

	if (answer == NULL)
		return NULL;
	memset(answer, 0, sizeof(*answer));
	atomic_init(&answer->references, 1);
	atomic_init(&answer->used, 0);
	atomic_init(&answer->kept, 0);
	atomic_init(&answer->claimed, 0);
	atomic_init(&answer->ask_ms, 0);
	answer->name_length = question->name.length;
	answer->dnssec_ok = question->dnssec_ok;
	answer->checking_disabled = question->checking_disabled;
	answer->type = question->type;
	answer->ede = EDE_NONE;
	answer->ttl_count = ttl_count;
	answer->body_length = body_length;
	answer->set = question->to.id;
	answer->hash = question->hash;
	memcpy(answer->bytes + ttl_count, question->name.wire,
	    question->name.length);
	return answer;
}

static struct answer *
answer_of(const struct sift *s, int64_t now_ms)
{
	struct answer *answer = alloc_answer(s->question, s->ttl_count,
	    (uint32_t)s->body.at);

	if (answer == NULL)
		return NULL;
	answer->private = s->private;
	answer->authentic = (s->message->flags & FLAG_AD) != 0;
	answer->rcode = s->message->rcode;
	answer->count[0] = s->count[0];
	answer->count[1] = s->count[1];
	answer->stored_ms = now_ms;
	answer->expires_ms = now_ms + s->ttl_s * 1000;
	memcpy(answer->bytes, s->ttl_at, 4 * (size_t)s->ttl_count);
	memcpy((uint8_t *)(answer->bytes + s->ttl_count) +
	    s->question->name.length, s->room, s->body.at);
	return answer;
}

static void
start_sift(struct sift *s, const struct forward_question *question,
    const struct message *message, const struct answer_limits *limits)
{
	s->question = question;
	s->message = message;
	s->limits = limits;
	s->name = question->name;
	s->ttl_floor_s = limits->min_ttl_s;
	s->ttl_cap_s = least(limits->max_ttl_s, INT32_MAX);
	s->ttl_s = s->ttl_cap_s;
	s->looks = 0;
	s->count[0] = s->count[1] = 0;
	s->ttl_count = 0;
	s->failed = false;
	s->private = false;
	s->zone_count = 0;
	s->body = wire_writer_to(s->room, sizeof(s->room));
}

struct answer *
answer_new(const struct forward_question *question,
    const struct message *message, const struct answer_limits *limits,
    int64_t now_ms)
{
	struct sift s;			/* 70 kB, most of it never touched */
	bool found;

	if (message->rcode != RCODE_NOERROR &&
	    message->rcode != RCODE_NXDOMAIN)
		return NULL;
	if (message->count[MESSAGE_ANSWER] +
	    message->count[MESSAGE_AUTHORITY] > ANSWER_RECORDS_MAX)
		return NULL;
	start_sift(&s, question, message, limits);
	found = add_chain(&s);
	/* The rcode is that of the last name (RFC 6604). */
	if (found && message->rcode == RCODE_NXDOMAIN)
		return NULL;
	if (!found && !s.failed)
		add_absence(&s);
	add_proofs(&s);
	return s.failed ? NULL : answer_of(&s, now_ms);
}

struct answer *
answer_new_failure(const struct forward_question *question,
    enum dns_ede ede, int64_t now_ms)
{
	struct answer *answer = alloc_answer(question, 0, 0);

	if (answer == NULL)
		return NULL;
	answer->rcode = RCODE_SERVFAIL;
	answer->ede = (uint16_t)ede;
	answer->stored_ms = now_ms;
	answer->expires_ms = now_ms + ANSWER_FAILURE_TTL_S * 1000;
	return answer;
}

bool
answer_is_failure(const struct answer *answer)
{
	return answer->rcode == RCODE_SERVFAIL;
}

struct answer *
answer_hold(struct answer *answer)
{
	atomic_fetch_add_explicit(&answer->references, 1,
	    memory_order_relaxed);
	return answer;
}

void
answer_release(struct answer *answer)
{
	if (answer != NULL && atomic_fetch_sub_explicit(&answer->references,
	    1, memory_order_acq_rel) == 1)
		free(answer);
}

const uint8_t *
answer_name(const struct answer *answer)
{
	return (const uint8_t *)(answer->bytes + answer->ttl_count);
}

const uint8_t *
answer_body(const struct answer *answer)
{
	return answer_name(answer) + answer->name_length;
}

size_t
answer_size(const struct answer *answer)
{
	return sizeof(*answer) + 4 * (size_t)answer->ttl_count +
	    answer->name_length + answer->body_length;
}

bool
answer_fits(const struct answer *answer,
    const struct forward_question *question)
{
	return answer->hash == question->hash &&
	    answer->type == question->type &&
	    answer->dnssec_ok == question->dnssec_ok &&
	    answer->checking_disabled == question->checking_disabled &&
	    answer->set == question->to.id &&
	    answer->name_length == question->name.length &&
	    memcmp(answer_name(answer), question->name.wire,
	    answer->name_length) == 0;
}

static uint32_t
age_of(const struct answer *answer, int64_t now_ms)
{
	int64_t age_ms = now_ms - answer->stored_ms;

	if (now_ms == ANSWER_STALE)
		return AGE_STALE;
	if (age_ms <= 0)
		return 0;
	return age_ms / 1000 >= AGE_STALE ? AGE_STALE - 1 :
	    (uint32_t)(age_ms / 1000);
}

static uint32_t
aged(uint32_t ttl_s, uint32_t age_s)
{
	if (age_s == AGE_STALE)
		return ANSWER_STALE_TTL_S;
	return ttl_s > age_s ? ttl_s - age_s : 0;
}

/* The whole body behind the question, in one copy. */
static void
copy_body(const struct answer *answer, struct reply *reply, uint32_t age_s)
{
	uint8_t *to = reply->bytes + reply->at;
	uint8_t *ttl;

	memcpy(to, answer_body(answer), answer->body_length);
	for (unsigned i = 0; i < answer->ttl_count; i++) {
		ttl = to + answer->bytes[i];
		wire_put32(ttl, aged(wire_get32(ttl), age_s));
	}
	reply->at += answer->body_length;
	reply->count[REPLY_ANSWER] += answer->count[0];
	reply->count[REPLY_AUTHORITY] += answer->count[1];
}

/* A cursor over the records of a body; what it reads we wrote ourselves. */
struct body_walk {
	const uint8_t *at;
	const uint8_t *owner;		/* NULL: the answer's name */
	struct reply_record record;
};

static void
next_in_body(const struct answer *answer, struct body_walk *walk,
    uint32_t age_s)
{
	const uint8_t *at = walk->at;

	if (*at == OWNER_IS_QUESTION >> 8) {
		walk->owner = NULL;
		at += 2;
	} else {
		walk->owner = at;
		at += dname_length(at);
	}
	walk->record = (struct reply_record){
		.owner = walk->owner,
		.type = wire_get16(at),
		.class = wire_get16(at + 2),
		.ttl = aged(wire_get32(at + 4), age_s),
		.rdata_length = wire_get16(at + 8),
		.rdata = at + 10,
	};
	walk->at = at + 10 + walk->record.rdata_length;
	assert(walk->at <= answer_body(answer) + answer->body_length);
}

/* Record by record: owners are compressed.  Where not all fits, TC is set and
 * none is left: half an RRset is of no use (RFC 2181 9).  head stands for
 * owners that are the answer's name; NULL: the question. */
static void
write_records(const struct answer *answer, struct reply *reply,
    const uint8_t *head, uint32_t age_s)
{
	struct body_walk walk = { .at = answer_body(answer) };
	unsigned total = answer->count[0] + answer->count[1];
	const struct reply before = *reply;
	enum reply_section section;

	for (unsigned i = 0; i < total && !reply->full; i++) {
		next_in_body(answer, &walk, age_s);
		section = i < answer->count[0] ? REPLY_ANSWER :
		    REPLY_AUTHORITY;
		if (walk.owner == NULL)
			walk.record.owner = head;
		if (reply_record(reply, section, &walk.record) &&
		    walk.record.type == TYPE_CNAME)
			reply_know_last(reply, walk.record.rdata_length);
	}
	if (reply->full && !before.full) {
		reply->at = before.at;
		memcpy(reply->count, before.count, sizeof(reply->count));
		reply->name_count = before.name_count;
	}
}

/* Why it is as it is. */
static void
write_ede(const struct answer *answer, struct reply *reply, uint32_t age_s)
{
	if (answer->ede != EDE_NONE)
		reply_ede(reply, (enum dns_ede)answer->ede, NULL);
	else if (age_s == AGE_STALE)
		reply_ede(reply, answer->rcode == RCODE_NXDOMAIN ?
		    EDE_STALE_NXDOMAIN : EDE_STALE,
		    "no upstream answers at present");
}

void
answer_reply(const struct answer *answer, struct reply *reply,
    int64_t now_ms)
{
	uint32_t age_s = age_of(answer, now_ms);

	reply->rcode = answer->rcode;
	if (answer->authentic)
		reply->flags |= FLAG_AD;
	write_ede(answer, reply, age_s);
	if (reply->at == reply->question_end &&
	    answer->body_length <= reply->room - reply->at)
		copy_body(answer, reply, age_s);
	else
		write_records(answer, reply, NULL, age_s);
}

void
answer_append(const struct answer *answer, struct reply *reply,
    int64_t now_ms)
{
	uint32_t age_s = age_of(answer, now_ms);

	reply->rcode = answer->rcode;
	write_ede(answer, reply, age_s);
	write_records(answer, reply, answer_name(answer), age_s);
}
