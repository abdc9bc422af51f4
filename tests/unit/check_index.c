/* SPDX-License-Identifier: BSD-2-Clause */
/* The index against a list of facts, and what its snapshots promise. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/epoch.h"
#include "base/memory.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "names/index.h"
#include "names/records.h"
#include "names/reverse.h"
#include "names/version.h"

static const struct hash_key key = { 0x0123456789abcdef, 42 };

static const struct node *
find(const struct snapshot *names, const char *text)
{
	struct dname name = dname_from(text);

	return snapshot_find(names, dname_hash(&key, name.wire), name.wire,
	    name.length);
}

/* Making contents by hand. */

struct maker {
	struct content *content;
	struct chunk *chunk;
	struct records *records;
	struct reverse_pending reverse[64];
	uint32_t reverse_count;
	uint16_t line;
};

static struct source_spec
make_spec(enum source_kind kind, uint32_t rank, const char *apex)
{
	struct source_spec spec = {
		.kind = kind, .path = "source", .rank = rank, .ttl = 300,
	};

	if (apex != NULL) {
		spec.domain = dname_from(apex);
		spec.has_domain = true;
	}
	return spec;
}

static void
start_content(struct maker *m, const struct source_spec *spec)
{
	memset(m, 0, sizeof(*m));
	m->content = content_new(spec);
	m->records = records_new();
}

static void
start_chunk(struct maker *m, uint32_t first_line)
{
	m->chunk = chunk_new("source", first_line);
	m->line = 0;
	m->reverse_count = 0;
}

static void
finish_chunk(struct maker *m)
{
	records_finish(m->records, m->chunk);
	reverse_set(m->chunk, m->reverse, m->reverse_count);
	m->chunk->line_count = m->line;
	content_add(m->content, m->chunk);
	m->chunk = NULL;
}

static struct content *
finish_content(struct maker *m)
{
	records_free(m->records);
	return m->content;
}

struct fact {
	const char *owner;
	uint16_t type;
	unsigned value;
	unsigned node_flags;
	unsigned rrset_flags;
};

static uint16_t
make_rdata(uint16_t type, unsigned value, uint8_t rdata[300])
{
	struct dname name;
	char text[64];

	memset(rdata, 0, 300);
	switch (type) {
	case TYPE_A:
		rdata[0] = (uint8_t)(value % 3 + 10);
		rdata[2] = (uint8_t)(value / 3 % 2);
		rdata[3] = (uint8_t)value;
		return 4;
	case TYPE_AAAA:
		rdata[0] = 0xfd;
		rdata[4] = (uint8_t)(value % 5 * 16);
		rdata[15] = (uint8_t)value;
		return 16;
	case TYPE_SOA:
		memcpy(rdata + 1, "\1h", 3);
		wire_put32(rdata + 4, 7);
		wire_put32(rdata + 20, value);
		return 24;
	case TYPE_TXT:
		rdata[0] = (uint8_t)snprintf((char *)rdata + 1, 32, "%u",
		    value);
		return (uint16_t)(1 + rdata[0]);
	default:
		snprintf(text, sizeof(text), "t%u.example.", value);
		name = dname_from(text);
		memcpy(rdata, name.wire, name.length);
		return name.length;
	}
}

static void
add_fact(struct maker *m, const struct fact *fact)
{
	struct dname owner = dname_from(fact->owner);
	struct origin first;
	uint8_t rdata[300];
	struct record record = {
		.owner = owner.wire,
		.type = fact->type,
		.ttl = 300,
		.rdata = rdata,
		.rdata_length = make_rdata(fact->type, fact->value, rdata),
		.rrset_flags = (uint8_t)fact->rrset_flags,
		.node_flags = (uint8_t)fact->node_flags,
		.kind = (uint8_t)m->content->spec.kind,
		.origin = { m->chunk->id, m->line++, 1 },
	};
	enum records_result result = records_add(m->records, &record, &first);

	ck_assert(result == RECORDS_OK || result == RECORDS_SAME);
	if (fact->type == TYPE_A || fact->type == TYPE_AAAA) {
		struct reverse_pending *r = &m->reverse[m->reverse_count++];

		memset(r, 0, sizeof(*r));
		r->node = records_last_node(m->records);
		r->addr.family = fact->type == TYPE_A ? 4 : 6;
		memcpy(r->addr.bytes, rdata, record.rdata_length);
	}
}

static struct content *
make_content(const struct source_spec *spec, const struct fact *facts,
    size_t count)
{
	struct maker m;

	start_content(&m, spec);
	start_chunk(&m, 1);
	for (size_t i = 0; i < count; i++)
		add_fact(&m, &facts[i]);
	finish_chunk(&m);
	return finish_content(&m);
}

/* The model: sources with chunks of facts, evaluated the slow way. */

#define SOURCES 7
#define CHUNKS 3
#define FACTS 6
#define OWNERS 13
#define LEASE_GROUP 5
#define TEXT 32768

static const char *const owners[OWNERS] = {
	"a.lab.test.", "b.lab.test.",	/* short where hosts or leases say so */
	"x.a.lab.test.", "y.x.a.lab.test.", "*.lab.test.", "lab.test.",
	"test.", "c.test.", "d.c.test.", "a.", "b.", "other.example.",
	"deep.er.other.example.",
};

/* All that may exist. */
static const char *const names[] = {
	"a.lab.test.", "b.lab.test.", "x.a.lab.test.", "y.x.a.lab.test.",
	"*.lab.test.", "lab.test.", "test.", "c.test.", "d.c.test.", "a.",
	"b.", "other.example.", "deep.er.other.example.", "er.other.example.",
	"example.", "lab.", "x.", "d.", "nothing.test.",
};

static const uint16_t types[] = { TYPE_A, TYPE_AAAA, TYPE_TXT, TYPE_CNAME };

struct model_fact {
	unsigned owner;
	unsigned type;
	unsigned value;
};

struct model_source {
	bool loaded;
	struct model_fact fact[CHUNKS][FACTS];
	unsigned count[CHUNKS];
	struct content *content;
};

struct model {
	struct model_source sources[SOURCES];
};

static uint64_t state = 88172645463325252ULL;

static unsigned
random_below(unsigned bound)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state >> 33) % bound;
}

static enum source_kind
kind_of(unsigned source)
{
	return source < 2 ? SOURCE_ZONE : source < 5 ? SOURCE_HOSTS :
	    SOURCE_LEASE;
}

static bool
is_short(unsigned source, unsigned owner)
{
	return source >= 2 && owner < 2;
}

static bool
ends_in(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n >= s && strcmp(name + n - s, suffix) == 0 &&
	    (n == s || name[n - s - 1] == '.');
}

/* Of the zones, test. has what is not below lab.test., if that is loaded. */
static bool
is_hidden(const struct model *model, unsigned source, unsigned owner)
{
	return source == 0 && model->sources[1].loaded &&
	    ends_in(owners[owner], "lab.test.");
}

static bool
may_have(unsigned source, unsigned owner)
{
	if (source >= 2)
		return true;
	return ends_in(owners[owner], source == 0 ? "test." : "lab.test.");
}

static bool
gives(unsigned source, unsigned owner, const char *name)
{
	if (strcmp(owners[owner], name) == 0)
		return true;
	return is_short(source, owner) && owners[owner][0] == name[0] &&
	    strcmp(name + 1, ".") == 0;
}

/* Calls for every fact that counts, in rank order. */
struct visit {
	void (*fact)(struct visit *visit, unsigned source,
	    const struct model_fact *fact);
	const char *name;
	unsigned type;
	unsigned value;
	unsigned group;			/* only facts of it, if not 0 */
	bool has_cname, has_data;
	unsigned found;			/* a group, 1 and up */
	unsigned found_owner;
	unsigned seen[128];
	unsigned seen_count;
};

static void
visit_facts(const struct model *model, struct visit *visit)
{
	for (unsigned s = 0; s < SOURCES; s++) {
		const struct model_source *source = &model->sources[s];

		for (unsigned c = 0; source->loaded && c < CHUNKS; c++) {
			for (unsigned i = 0; i < source->count[c]; i++) {
				const struct model_fact *fact =
				    &source->fact[c][i];

				if (!is_hidden(model, s, fact->owner))
					visit->fact(visit, s, fact);
			}
		}
	}
}

static unsigned
group_of(unsigned source)
{
	return source >= LEASE_GROUP ? LEASE_GROUP + 1 : source + 1;
}

static bool
concerns(const struct visit *visit, unsigned source,
    const struct model_fact *fact)
{
	return gives(source, fact->owner, visit->name) &&
	    (visit->group == 0 || visit->group == group_of(source));
}

/* The first group with the name (type: and with that type). */
static void
find_first(struct visit *visit, unsigned source,
    const struct model_fact *fact)
{
	if (!concerns(visit, source, fact))
		return;
	if (visit->type != 0 && types[fact->type] != visit->type)
		return;
	if (visit->found == 0)
		visit->found = group_of(source);
	if (visit->found == group_of(source) &&
	    types[fact->type] == TYPE_CNAME)
		visit->has_cname = true;
}

static void
find_below(struct visit *visit, unsigned source,
    const struct model_fact *fact)
{
	(void)source;
	if (ends_in(owners[fact->owner], visit->name))
		visit->has_data = true;
}

static int
compare_values(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
print_values(unsigned *values, unsigned count, char *text)
{
	qsort(values, count, sizeof(values[0]), compare_values);
	for (unsigned i = 0; i < count; i++)
		sprintf(text + strlen(text), " %u", values[i]);
}

static void
note_value(struct visit *visit, unsigned source,
    const struct model_fact *fact)
{
	if (!concerns(visit, source, fact) ||
	    types[fact->type] != visit->type)
		return;
	for (unsigned i = 0; i < visit->seen_count; i++) {
		if (visit->seen[i] == fact->value)
			return;
	}
	visit->seen[visit->seen_count++] = fact->value;
}

/* The group whose records of this type are served; 0: none. */
static unsigned
judge_type(const struct model *model, const char *name, unsigned type)
{
	struct visit first = { .fact = find_first, .name = name };
	struct visit typed = { .fact = find_first, .name = name,
		.type = type };

	visit_facts(model, &first);
	visit_facts(model, &typed);
	if (typed.found != first.found &&
	    (first.has_cname || type == TYPE_CNAME))
		return 0;
	if (strchr(name, '.')[1] == 0 && typed.found == LEASE_GROUP + 1 &&
	    first.found != typed.found)
		return 0;
	return typed.found;
}

static void
print_expected(const struct model *model, const char *name, char *text)
{
	struct visit first = { .fact = find_first, .name = name };
	struct visit below = { .fact = find_below, .name = name };

	visit_facts(model, &first);
	visit_facts(model, &below);
	if (first.found == 0 && !below.has_data)
		return;
	sprintf(text + strlen(text), "%s", name);
	for (unsigned i = 0; i < 4; i++) {
		struct visit print = { .fact = note_value, .name = name,
			.type = types[i] };

		print.group = judge_type(model, name, types[i]);
		if (print.group == 0)
			continue;
		sprintf(text + strlen(text), " [%u]", types[i]);
		visit_facts(model, &print);
		print_values(print.seen, print.seen_count, text);
	}
	strcat(text, "\n");
}

static void
find_address(struct visit *visit, unsigned source,
    const struct model_fact *fact)
{
	(void)source;
	if (visit->found == 0 && types[fact->type] == visit->type &&
	    fact->value == visit->value) {
		visit->found = 1;
		visit->found_owner = fact->owner;
	}
}

static struct addr
make_addr(uint16_t type, unsigned value)
{
	struct addr addr = { .family = type == TYPE_A ? 4 : 6 };
	uint8_t rdata[300];

	memcpy(addr.bytes, rdata, make_rdata(type, value, rdata));
	return addr;
}

#define VALUES 12

static bool
has_address_within(const struct model *model, const struct addr *addr,
    unsigned bits)
{
	bool found = false;

	for (unsigned value = 0; value < VALUES; value++) {
		uint16_t type = addr->family == 4 ? TYPE_A : TYPE_AAAA;
		struct visit visit = { .fact = find_address, .type = type,
			.value = value };
		struct addr known = make_addr(type, value);
		struct prefix prefix = { *addr, (uint8_t)bits };

		visit_facts(model, &visit);
		if (visit.found && prefix_contains(&prefix, &known))
			found = true;
	}
	return found;
}

static void
print_expected_addresses(const struct model *model, char *text)
{
	for (unsigned i = 0; i < 2 * VALUES; i++) {
		struct visit visit = { .fact = find_address,
			.type = types[i % 2], .value = i / 2 };
		struct addr addr = make_addr(types[i % 2], i / 2);
		unsigned step = addr.family == 4 ? 8 : 4;

		visit_facts(model, &visit);
		sprintf(text + strlen(text), "%u/%u %s", i % 2, i / 2,
		    visit.found ? owners[visit.found_owner] : "none");
		for (unsigned bits = 0; bits < (i % 2 ? 128u : 32u);
		     bits += step)
			strcat(text, has_address_within(model, &addr, bits) ?
			    "+" : "-");
		strcat(text, "\n");
	}
}

/* The same text from a snapshot. */

static unsigned
read_value(uint16_t type, const uint8_t *rdata)
{
	switch (type) {
	case TYPE_A:
		return rdata[3];
	case TYPE_AAAA:
		return rdata[15];
	default:
		return (unsigned)strtoul((const char *)rdata +
		    (type == TYPE_TXT ? 1 : 2), NULL, 10);
	}
}

static void
print_rrset(const struct rrset *rrset, char *text)
{
	unsigned values[128];
	uint32_t offset = 0;

	ck_assert_uint_le(rrset->count, 128);
	sprintf(text + strlen(text), " [%u]", rrset->type);
	for (unsigned i = 0; i < rrset->count; i++) {
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		uint8_t copy[300] = { 0 };

		memcpy(copy, rdata, length);
		values[i] = read_value(rrset->type, copy);
	}
	print_values(values, rrset->count, text);
	ck_assert_uint_eq(offset, rrset->length);
}

static void
print_found(const struct snapshot *snapshot, const char *name, char *text)
{
	const struct node *node = find(snapshot, name);
	unsigned count = 0;

	if (node == NULL)
		return;
	sprintf(text + strlen(text), "%s", name);
	for (unsigned i = 0; i < 4; i++) {
		const struct rrset *rrset = node_find(node, types[i]);

		if (rrset == NULL)
			continue;
		print_rrset(rrset, text);
		count++;
	}
	ck_assert_uint_eq(count, node->rrset_count);
	ck_assert_uint_eq(node->kind != SOURCE_NONE, count > 0);
	strcat(text, "\n");
}

static void
print_found_addresses(const struct snapshot *snapshot, char *text)
{
	for (unsigned i = 0; i < 2 * VALUES; i++) {
		struct addr addr = make_addr(types[i % 2], i / 2);
		unsigned step = addr.family == 4 ? 8 : 4;
		char name[DNAME_TEXT_MAX] = "none";
		uint32_t ttl = 0;
		const struct node *node = snapshot_reverse(snapshot, &addr,
		    &ttl);

		if (node != NULL) {
			dname_print(node_name(node), name);
			ck_assert_uint_eq(ttl, 300);
		}
		sprintf(text + strlen(text), "%u/%u %s", i % 2, i / 2, name);
		for (unsigned bits = 0; bits < (i % 2 ? 128u : 32u);
		     bits += step)
			strcat(text, snapshot_reverse_below(snapshot, &addr,
			    bits) ? "+" : "-");
		strcat(text, "\n");
	}
}

static void
print_snapshot(const struct snapshot *snapshot, char text[TEXT])
{
	text[0] = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		print_found(snapshot, names[i], text);
	print_found_addresses(snapshot, text);
}

static void
print_model(const struct model *model, char text[TEXT])
{
	text[0] = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		print_expected(model, names[i], text);
	print_expected_addresses(model, text);
}

/* Random sources. */

static void
randomise_chunk(struct model_source *source, unsigned s, unsigned c)
{
	source->count[c] = random_below(FACTS + 1);
	for (unsigned i = 0; i < source->count[c]; i++) {
		struct model_fact *fact = &source->fact[c][i];

		do
			fact->owner = random_below(OWNERS);
		while (!may_have(s, fact->owner));
		fact->type = random_below(8);
		if (fact->type > 3)
			fact->type %= 3;
		fact->value = random_below(VALUES);
	}
}

static void
add_model_chunk(struct maker *m, const struct model_source *source,
    unsigned s, unsigned c)
{
	start_chunk(m, 1 + 100 * c);
	for (unsigned i = 0; i < source->count[c]; i++) {
		const struct model_fact *fact = &source->fact[c][i];

		add_fact(m, &(struct fact){
			.owner = owners[fact->owner],
			.type = types[fact->type],
			.value = fact->value,
			.node_flags = is_short(s, fact->owner) ? NODE_SHORT :
			    0,
		});
	}
	finish_chunk(m);
}

/* One source goes, comes, or changes in one chunk; the others are shared. */
static void
step_model(struct model *model, struct index *index)
{
	unsigned s = random_below(SOURCES), changed = random_below(CHUNKS + 1);
	struct model_source *source = &model->sources[s];
	struct content *old = source->content;
	static const uint32_t rank[SOURCES] = { 0, 1, 0, 1, 2, 0, 1 };
	struct source_spec spec = make_spec(kind_of(s), rank[s],
	    s == 0 ? "test." : s == 1 ? "lab.test." : NULL);
	struct maker m;

	source->loaded = random_below(4) > 0;
	source->content = NULL;
	if (source->loaded) {
		start_content(&m, &spec);
		for (unsigned c = 0; c < CHUNKS; c++) {
			if (old != NULL && c != changed && changed < CHUNKS) {
				content_share(m.content, old->chunks[c]);
				continue;
			}
			randomise_chunk(source, s, c);
			add_model_chunk(&m, source, s, c);
		}
		source->content = finish_content(&m);
	}
	index_replace(index, old, source->content);
}

/* The first line that differs is what one wants to see. */
static void
expect_same(const char *wanted, const char *found)
{
	char line[2][200];

	while (*wanted != 0 || *found != 0) {
		size_t a = strcspn(wanted, "\n"), b = strcspn(found, "\n");

		snprintf(line[0], sizeof(line[0]), "%.*s", (int)a, wanted);
		snprintf(line[1], sizeof(line[1]), "%.*s", (int)b, found);
		ck_assert_str_eq(line[0], line[1]);
		wanted += a + (wanted[a] != 0);
		found += b + (found[b] != 0);
	}
}

START_TEST(random_sources)
{
	static char wanted[TEXT], found[TEXT], before[TEXT];
	const struct snapshot *last = NULL;
	struct index *index = index_new(&key);
	struct model model = { 0 };

	for (unsigned i = 0; i < 600; i++) {
		const struct snapshot *snapshot;
		unsigned steps = 1 + random_below(3);

		for (unsigned j = 0; j < steps; j++)
			step_model(&model, index);
		snapshot = index_commit(index, 1000);
		print_model(&model, wanted);
		print_snapshot(snapshot, found);
		expect_same(wanted, found);
		if (last != NULL && last != snapshot) {
			print_snapshot(last, found);
			expect_same(before, found);
		}
		if (random_below(3) > 0)
			ck_assert_uint_eq(index_reclaim(index), 0);
		last = snapshot;
		strcpy(before, wanted);
	}
	index_free(index);
}
END_TEST

/* What ranks decide, one by one. */

struct scene {
	struct index *index;
	const struct snapshot *names;
	int64_t now_s;
};

static void
open_scene(struct scene *scene)
{
	scene->index = index_new(&key);
	scene->now_s = 1700000000;
}

static void
commit(struct scene *scene)
{
	scene->names = index_commit(scene->index, scene->now_s++);
	ck_assert_uint_eq(index_reclaim(scene->index), 0);
}

static struct content *
load(struct scene *scene, const struct source_spec *spec,
    const struct fact *facts, size_t count)
{
	struct content *content = make_content(spec, facts, count);

	index_replace(scene->index, NULL, content);
	commit(scene);
	return content;
}

static unsigned
address_of(const struct scene *scene, const char *name)
{
	const struct node *node = find(scene->names, name);
	const struct rrset *rrset = node ? node_find(node, TYPE_A) : NULL;
	uint32_t offset = 0;
	uint16_t length;

	return rrset ? rrset_rdata(rrset, &offset, &length)[3] : 0;
}

#define COUNT(facts) (sizeof(facts) / sizeof((facts)[0]))

START_TEST(shadowed_names_come_back)
{
	struct source_spec specs[] = {
		make_spec(SOURCE_ZONE, 0, "test."),
		make_spec(SOURCE_HOSTS, 0, NULL),
		make_spec(SOURCE_HOSTS, 1, NULL),
		make_spec(SOURCE_LEASE, 0, NULL),
	};
	struct content *contents[4];
	struct scene scene;

	open_scene(&scene);
	for (unsigned i = 4; i-- > 0;) {
		struct fact fact = { .owner = "a.test.", .type = TYPE_A,
			.value = i + 1 };

		contents[i] = load(&scene, &specs[i], &fact, 1);
		ck_assert_uint_eq(address_of(&scene, "a.test."), i + 1);
		ck_assert_uint_eq(index_name_count(scene.index), 1);
	}
	ck_assert(find(scene.names, "a.test.")->flags & NODE_MERGED);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(find(scene.names, "a.test.")->kind,
		    specs[i].kind);
		index_replace(scene.index, contents[i], NULL);
		commit(&scene);
		ck_assert_uint_eq(address_of(&scene, "a.test."),
		    i < 3 ? i + 2 : 0);
	}
	ck_assert_ptr_null(find(scene.names, "test."));
	ck_assert_uint_eq(index_name_count(scene.index), 0);
	index_free(scene.index);
}
END_TEST

START_TEST(ranks_may_change_places)
{
	struct source_spec specs[] = {
		make_spec(SOURCE_HOSTS, 0, NULL),
		make_spec(SOURCE_HOSTS, 1, NULL),
	};
	const struct fact facts[] = {
		{ .owner = "a.test.", .type = TYPE_A, .value = 1 },
		{ .owner = "a.test.", .type = TYPE_A, .value = 2 },
	};
	struct content *contents[2], *swapped;
	struct scene scene;

	open_scene(&scene);
	for (unsigned i = 0; i < 2; i++)
		contents[i] = load(&scene, &specs[i], &facts[i], 1);
	ck_assert_uint_eq(address_of(&scene, "a.test."), 1);
	for (unsigned i = 0; i < 2; i++) {
		swapped = content_new(&specs[1 - i]);
		content_share(swapped, contents[i]->chunks[0]);
		index_replace(scene.index, contents[i], swapped);
	}
	commit(&scene);
	ck_assert_uint_eq(address_of(&scene, "a.test."), 2);
	index_free(scene.index);
}
END_TEST

/* What a zone has below its cut is glue; a hosts name there is served. */
START_TEST(glue_does_not_shadow)
{
	const struct source_spec zone = make_spec(SOURCE_ZONE, 0, "test.");
	const struct source_spec hosts = make_spec(SOURCE_HOSTS, 0, NULL);
	const struct fact zone_facts[] = {
		{ .owner = "sub.test.", .type = TYPE_NS, .value = 1,
			.node_flags = NODE_CUT },
		{ .owner = "ns.sub.test.", .type = TYPE_A, .value = 1,
			.rrset_flags = RRSET_OCCLUDED },
		{ .owner = "deep.sub.test.", .type = TYPE_CNAME, .value = 1,
			.rrset_flags = RRSET_OCCLUDED },
	};
	const struct fact hosts_facts[] = {
		{ .owner = "ns.sub.test.", .type = TYPE_A, .value = 2 },
		{ .owner = "deep.sub.test.", .type = TYPE_A, .value = 3 },
		{ .owner = "sub.test.", .type = TYPE_A, .value = 4 },
	};
	const struct rrset *glue;
	struct scene scene;
	const struct node *node;

	open_scene(&scene);
	load(&scene, &zone, zone_facts, COUNT(zone_facts));
	ck_assert(!node_is_served(find(scene.names, "ns.sub.test.")));
	load(&scene, &hosts, hosts_facts, COUNT(hosts_facts));
	node = find(scene.names, "ns.sub.test.");
	ck_assert_uint_eq(address_of(&scene, "ns.sub.test."), 2);
	ck_assert_uint_eq(node->kind, SOURCE_HOSTS);
	ck_assert(node->flags & NODE_LIMITED);
	glue = node_find_glue(node, TYPE_A);
	ck_assert_uint_eq(rrset_wire(glue)[12 + 3], 1);
	ck_assert_uint_eq(address_of(&scene, "deep.sub.test."), 3);
	node = find(scene.names, "sub.test.");
	ck_assert(node->flags & NODE_CUT);
	ck_assert_uint_eq(node->kind, SOURCE_HOSTS);
	ck_assert_ptr_nonnull(node_find(node, TYPE_NS));
	ck_assert_uint_eq(address_of(&scene, "sub.test."), 4);
	index_free(scene.index);
}
END_TEST

START_TEST(short_names_share_a_node)
{
	const struct source_spec hosts = make_spec(SOURCE_HOSTS, 0,
	    "lab.test.");
	const struct source_spec other = make_spec(SOURCE_HOSTS, 1, NULL);
	const struct fact fact = { .owner = "db.lab.test.", .type = TYPE_A,
		.value = 1, .node_flags = NODE_SHORT };
	const struct fact bare = { .owner = "db.", .type = TYPE_AAAA,
		.value = 2 };
	const struct node *node;
	struct content *content;
	struct scene scene;

	open_scene(&scene);
	load(&scene, &hosts, &fact, 1);
	ck_assert_ptr_eq(find(scene.names, "db."),
	    find(scene.names, "db.lab.test."));
	ck_assert_ptr_null(find(scene.names, "d."));
	ck_assert_ptr_null(find(scene.names, "db.test."));
	ck_assert_uint_eq(index_name_count(scene.index), 2);
	content = load(&scene, &other, &bare, 1);
	node = find(scene.names, "db.");
	ck_assert_uint_eq(node->labels, 1);
	ck_assert_ptr_nonnull(node_find(node, TYPE_A));
	ck_assert_ptr_nonnull(node_find(node, TYPE_AAAA));
	node = find(scene.names, "db.lab.test.");
	ck_assert_ptr_null(node_find(node, TYPE_AAAA));
	ck_assert(!(node->flags & NODE_MERGED));
	index_replace(scene.index, content, NULL);
	commit(&scene);
	ck_assert_ptr_eq(find(scene.names, "db."), node);
	index_free(scene.index);
}
END_TEST

/* What was seen ahead says where to look; the name alone says what is found. */
START_TEST(finds_what_was_seen)
{
	const struct source_spec hosts = make_spec(SOURCE_HOSTS, 0, NULL);
	const struct fact facts[] = {
		{ .owner = "a.test.", .type = TYPE_A, .value = 1 },
		{ .owner = "b.test.", .type = TYPE_A, .value = 2 },
	};
	struct dname a = dname_from("a.test."), b = dname_from("b.test.");
	struct dname c = dname_from("c.test.");
	uint64_t hash_a = dname_hash(&key, a.wire);
	uint64_t hash_b = dname_hash(&key, b.wire);
	struct scene scene;
	uint64_t seen;

	open_scene(&scene);
	load(&scene, &hosts, facts, COUNT(facts));
	seen = snapshot_prefetch_node(scene.names, hash_a);
	ck_assert_uint_ne(seen, 0);
	ck_assert_ptr_eq(snapshot_find_seen(scene.names, seen, hash_a, a.wire,
	    a.length), find(scene.names, "a.test."));
	/* As if both had the same tag. */
	ck_assert_ptr_eq(snapshot_find_seen(scene.names, seen, hash_b, b.wire,
	    b.length), find(scene.names, "b.test."));
	ck_assert_ptr_null(snapshot_find_seen(scene.names, seen,
	    dname_hash(&key, c.wire), c.wire, c.length));
	ck_assert_ptr_null(snapshot_find_seen(scene.names, 0,
	    dname_hash(&key, c.wire), c.wire, c.length));
	index_free(scene.index);
}
END_TEST

/* Areas and their SOA. */

/* Both at once, of the name itself and as a suffix of a longer one. */
static void
expect_both(const struct scene *scene, const char *text,
    const struct areas_found *expected)
{
	struct dname name = dname_from(text), longer;
	struct dname_path path;
	struct areas_found found;

	dname_path_set(&path, &key, name.wire, name.length);
	snapshot_areas(scene->names, &path, 0, &found);
	ck_assert_ptr_eq(found.area, expected->area);
	ck_assert_ptr_eq(found.zone, expected->zone);
	ck_assert(dname_prepend(&longer, (const uint8_t *)"deep", 4,
	    name.wire));
	dname_path_set(&path, &key, longer.wire, longer.length);
	snapshot_areas(scene->names, &path, 1, &found);
	ck_assert_ptr_eq(found.area, expected->area);
	ck_assert_ptr_eq(found.zone, expected->zone);
}

static const struct area *
area_of(const struct scene *scene, const char *text)
{
	struct dname name = dname_from(text);
	uint64_t hash[DNAME_LABELS_MAX + 1];
	struct areas_found both;

	dname_hash_suffixes(&key, name.wire, hash);
	both.area = snapshot_area(scene->names, name.wire, name.labels, hash);
	both.zone = snapshot_zone(scene->names, name.wire, name.labels, hash);
	expect_both(scene, text, &both);
	return both.area;
}

static const struct area *
zone_of(const struct scene *scene, const char *text)
{
	struct dname name = dname_from(text);
	uint64_t hash[DNAME_LABELS_MAX + 1];

	dname_hash_suffixes(&key, name.wire, hash);
	return snapshot_zone(scene->names, name.wire, name.labels, hash);
}

static void
expect_soa(const struct area *area, const char *owner, uint32_t ttl)
{
	ck_assert(dname_equal(area->soa_owner.wire, dname_from(owner).wire));
	ck_assert_uint_gt(area->soa_length, 12);
	ck_assert_uint_eq(wire_get16(area->soa + 2), TYPE_SOA);
	ck_assert_uint_eq(wire_get16(area->soa + 10), area->soa_length - 12);
	ck_assert_uint_eq(wire_get32(area->soa + 6), ttl);
}

static void
load_soa(struct scene *scene, const char *apex, unsigned minimum)
{
	const struct source_spec zone = make_spec(SOURCE_ZONE, 0, apex);
	const struct fact soa = { .owner = apex, .type = TYPE_SOA,
		.value = minimum, .node_flags = NODE_APEX };

	load(scene, &zone, &soa, 1);
}

START_TEST(areas_and_their_soa)
{
	const struct index_area areas[] = {
		{ .apex = dname_from("in.test."), .kind = AREA_DOMAIN },
		{ .apex = dname_from("lab.internal."), .kind = AREA_DOMAIN },
		{ .apex = dname_from("later.test."), .kind = AREA_ZONE,
			.not_ready = true },
		{ .apex = dname_from("test."), .kind = AREA_ZONE,
			.not_ready = true },
	};
	struct scene scene;

	open_scene(&scene);
	index_set_areas(scene.index, areas, COUNT(areas));
	commit(&scene);
	ck_assert(area_of(&scene, "a.test.")->not_ready);
	ck_assert_ptr_null(area_of(&scene, "a.example."));
	ck_assert_ptr_null(area_of(&scene, "internal."));
	load_soa(&scene, "test.", 90);
	load_soa(&scene, "zone.in.test.", 1000);
	ck_assert(!area_of(&scene, "test.")->not_ready);
	expect_soa(area_of(&scene, "x.test."), "test.", 90);
	expect_soa(area_of(&scene, "x.zone.in.test."), "zone.in.test.", 5);
	expect_soa(area_of(&scene, "x.in.test."), "test.", 5);
	ck_assert_int_eq(area_of(&scene, "in.test.")->kind, AREA_DOMAIN);
	ck_assert_uint_eq(zone_of(&scene, "in.test.")->labels, 1);
	expect_soa(area_of(&scene, "x.lab.internal."), "lab.internal.", 5);
	ck_assert(area_of(&scene, "x.later.test.")->not_ready);
	ck_assert_uint_eq(find(scene.names, "in.test.")->rrset_count, 0);
	index_free(scene.index);
}
END_TEST

static uint32_t
made_serial(const struct scene *scene, const char *apex)
{
	const struct node *node = find(scene->names, apex);
	const struct rrset *soa = node_find(node, TYPE_SOA);

	ck_assert(node->flags & NODE_APEX);
	ck_assert(soa->flags & RRSET_MADE);
	ck_assert_ptr_nonnull(node_find(node, TYPE_NS));
	return wire_get32(rrset_wire(soa) + soa->length - 20);
}

START_TEST(domains_have_an_apex)
{
	const struct index_area areas[] = {
		{ .apex = dname_from("lab.test."), .kind = AREA_DOMAIN },
		{ .apex = dname_from("corp.test."), .kind = AREA_DOMAIN,
			.overlay = true },
	};
	const struct source_spec hosts = make_spec(SOURCE_HOSTS, 0, NULL);
	const struct fact fact = { .owner = "lab.test.", .type = TYPE_A,
		.value = 1 };
	uint32_t serial;
	struct scene scene;

	open_scene(&scene);
	index_set_areas(scene.index, areas, COUNT(areas));
	commit(&scene);
	serial = made_serial(&scene, "lab.test.");
	ck_assert_uint_eq(serial, 1700000000);
	ck_assert_uint_eq(snapshot_serial(scene.names), serial);
	ck_assert_ptr_null(find(scene.names, "corp.test."));
	ck_assert_uint_eq(area_of(&scene, "corp.test.")->soa_length, 0);
	index_set_areas(scene.index, areas, COUNT(areas));
	ck_assert_ptr_eq(index_commit(scene.index, 1800000000), scene.names);
	scene.now_s = 5;
	load(&scene, &hosts, &fact, 1);
	ck_assert_uint_eq(made_serial(&scene, "lab.test."), serial + 1);
	ck_assert_uint_eq(address_of(&scene, "lab.test."), 1);
	index_set_areas(scene.index, NULL, 0);
	commit(&scene);
	ck_assert_ptr_null(node_find(find(scene.names, "lab.test."),
	    TYPE_SOA));
	index_free(scene.index);
}
END_TEST

/* Lines above a chunk move it and touch nothing in it. */
START_TEST(places_follow_their_lines)
{
	const struct source_spec hosts = make_spec(SOURCE_HOSTS, 0, NULL);
	const struct fact facts[] = {
		{ .owner = "a.test.", .type = TYPE_A, .value = 1 },
		{ .owner = "b.test.", .type = TYPE_A, .value = 2 },
	};
	struct content *before, *after = content_new(&hosts);
	const struct snapshot *old;
	struct snapshot_place place;
	struct origin origin;
	struct scene scene;

	open_scene(&scene);
	before = load(&scene, &hosts, facts, 2);
	old = scene.names;
	origin = rrset_origins(node_first(find(old, "b.test.")))[0];
	place = snapshot_place(old, origin);
	ck_assert_str_eq(place.path, "source");
	ck_assert_uint_eq(place.line, 2);
	ck_assert_uint_eq(place.column, 1);
	before->chunks[0]->first_line = 10;
	content_share(after, before->chunks[0]);
	index_replace(scene.index, before, after);
	scene.names = index_commit(scene.index, 1);
	ck_assert_uint_eq(snapshot_place(scene.names, origin).line, 11);
	ck_assert_uint_eq(snapshot_place(old, origin).line, 2);
	ck_assert_ptr_eq(find(scene.names, "b.test."), find(old, "b.test."));
	origin.column |= ORIGIN_OK;
	ck_assert_uint_eq(snapshot_place(old, origin).column, 1);
	origin.chunk = UINT32_MAX;
	ck_assert_uint_eq(snapshot_place(old, origin).line, 0);
	index_free(scene.index);
}
END_TEST

/* Many names. */

#define MANY 100000
#define PER_CHUNK 20

static struct content *
make_many(const struct source_spec *spec, unsigned count)
{
	struct maker m;

	start_content(&m, spec);
	for (unsigned i = 0; i < count; i += PER_CHUNK) {
		start_chunk(&m, i + 1);
		for (unsigned j = i; j < i + PER_CHUNK; j++) {
			char owner[40];

			snprintf(owner, sizeof(owner), "vm%u.cluster.test.", j);
			add_fact(&m, &(struct fact){ .owner = owner,
				.type = TYPE_A, .value = j % 250 });
		}
		finish_chunk(&m);
	}
	return finish_content(&m);
}

static unsigned
count_copied(const struct table *a, const struct table *b)
{
	unsigned copied = 0;

	ck_assert_uint_eq(a->depth, b->depth);
	for (size_t i = 0; i < (size_t)1 << a->depth; i++) {
		if (i == 0 || b->directory[i] != b->directory[i - 1])
			copied += a->directory[i] != b->directory[i];
	}
	return copied;
}

START_TEST(one_change_costs_one_change)
{
	const struct source_spec many = make_spec(SOURCE_HOSTS, 0, NULL);
	const struct source_spec one = make_spec(SOURCE_LEASE, 0, NULL);
	const struct fact fact = { .owner = "vm77.cluster.test.",
		.type = TYPE_AAAA, .value = 9 };
	const struct snapshot *before;
	struct content *all, *lease;
	struct scene scene;

	open_scene(&scene);
	all = load(&scene, &many, NULL, 0);
	index_replace(scene.index, all, make_many(&many, MANY));
	scene.names = index_commit(scene.index, 1);
	ck_assert_uint_eq(index_name_count(scene.index), MANY);
	ck_assert_ptr_nonnull(find(scene.names, "vm99999.cluster.test."));
	before = scene.names;
	lease = make_content(&one, &fact, 1);
	index_replace(scene.index, NULL, lease);
	scene.names = index_commit(scene.index, 2);
	ck_assert_uint_eq(count_copied(before->names, scene.names->names), 1);
	ck_assert_uint_le(count_copied(before->addrs, scene.names->addrs), 16);
	ck_assert_ptr_null(node_find(find(before, fact.owner), TYPE_AAAA));
	ck_assert_ptr_nonnull(node_find(find(scene.names, fact.owner),
	    TYPE_AAAA));
	index_free(scene.index);
}
END_TEST

START_TEST(all_removed_leaves_nothing)
{
	const struct source_spec many = make_spec(SOURCE_HOSTS, 0, NULL);
	struct content *all;
	struct scene scene;
	size_t bytes;

	open_scene(&scene);
	commit(&scene);
	bytes = table_bytes(scene.names->names);
	all = make_many(&many, MANY);
	index_replace(scene.index, NULL, all);
	commit(&scene);
	ck_assert_uint_lt(table_bytes(scene.names->names), MANY * 24);
	index_replace(scene.index, all, NULL);
	commit(&scene);
	ck_assert_uint_eq(index_name_count(scene.index), 0);
	ck_assert_uint_eq(scene.names->names->used, 0);
	ck_assert_uint_eq(scene.names->addrs->used, 0);
	ck_assert_uint_eq(table_bytes(scene.names->names), bytes);
	index_free(scene.index);
}
END_TEST

static void
count_sets(void *context, table_slot slot)
{
	unsigned *sets = context;

	*sets += table_mark(slot) == ADDR_SET;
}

/* However often an address is hidden and shown, it is listed once. */
START_TEST(an_isolated_address_comes_back_alone)
{
	static const struct fact fact = {"a.test.", TYPE_A, 0, 0, 0};
	const struct prefix prefix = {.addr = make_addr(TYPE_A, 0),
	    .length = 32};
	const struct source_spec spec = make_spec(SOURCE_HOSTS, 1, NULL);
	struct index *index = index_new(&key);
	uint32_t ttl;
	unsigned sets = 0;

	index_replace(index, NULL, make_content(&spec, &fact, 1));
	for (unsigned i = 0; i < 3; i++) {
		index_set_isolated(index, &prefix, 1);
		index_set_isolated(index, NULL, 0);
	}
	table_visit(index_commit(index, 1)->addrs, count_sets, &sets);
	ck_assert_uint_eq(sets, 0);
	index_set_isolated(index, &prefix, 1);
	ck_assert_ptr_null(snapshot_reverse(index_commit(index, 1),
	    &prefix.addr, &ttl));
	index_set_isolated(index, NULL, 0);
	ck_assert_ptr_nonnull(snapshot_reverse(index_commit(index, 1),
	    &prefix.addr, &ttl));
	index_free(index);
}
END_TEST

/* One name in many chunks: what one answer can carry, and no more. */
START_TEST(an_rrset_has_an_end)
{
	const struct source_spec spec = make_spec(SOURCE_HOSTS, 0, NULL);
	const struct rrset *rrset;
	struct scene scene;
	struct maker m;

	open_scene(&scene);
	start_content(&m, &spec);
	for (unsigned i = 0; i < 500; i++) {
		start_chunk(&m, 1);
		for (unsigned j = 0; j < 20; j++)
			add_fact(&m, &(struct fact){ .owner = "a.test.",
				.type = TYPE_TXT, .value = i * 19 + j });
		finish_chunk(&m);
	}
	index_replace(scene.index, NULL, finish_content(&m));
	commit(&scene);
	rrset = node_find(find(scene.names, "a.test."), TYPE_TXT);
	ck_assert_uint_gt(rrset->length, RRSET_MAX - 35);
	ck_assert_uint_gt(rrset->count, 3800);
	index_free(scene.index);
}
END_TEST

/* Readers see a version whole: left and right change together. */

#define READERS 3

static _Atomic(const struct snapshot *) published;
static atomic_bool finished;

static unsigned
value_of(const struct snapshot *snapshot, const char *name)
{
	const struct node *node = find(snapshot, name);

	return node == NULL ? 0 : rrset_wire(node_find(node, TYPE_A))[15];
}

static void *
read_on(void *context)
{
	struct epoch_reader *reader = epoch_reader_new();
	unsigned *mismatches = context;

	while (!atomic_load(&finished)) {
		const struct snapshot *snapshot;
		struct addr addr = make_addr(TYPE_A, 1);
		uint32_t ttl;

		epoch_online(reader);
		snapshot = atomic_load_explicit(&published,
		    memory_order_acquire);
		*mismatches += value_of(snapshot, "left.test.") !=
		    value_of(snapshot, "right.test.");
		*mismatches += find(snapshot, "test.") == NULL;
		*mismatches += snapshot_reverse(snapshot, &addr, &ttl) ==
		    NULL;
		epoch_offline(reader);
	}
	epoch_reader_free(reader);
	return NULL;
}

static void
write_on(struct index *index, struct content *contents[2])
{
	const struct source_spec specs[2] = {
		make_spec(SOURCE_HOSTS, 0, NULL),
		make_spec(SOURCE_HOSTS, 1, NULL),
	};

	for (unsigned i = 0; i < 600; i++) {
		const struct fact facts[] = {
			{ .owner = "left.test.", .type = TYPE_A,
				.value = 1 + i % 100 },
			{ .owner = "right.test.", .type = TYPE_A,
				.value = 1 + i % 100 },
			{ .owner = "there.test.", .type = TYPE_A,
				.value = 1 },
		};
		struct content *content = i % 5 == 4 ? NULL :
		    make_content(&specs[i % 2], facts, COUNT(facts));

		if (contents[i % 2] != NULL || content != NULL)
			index_replace(index, contents[i % 2], content);
		contents[i % 2] = content;
		if (contents[0] == NULL && contents[1] == NULL)
			continue;
		atomic_store_explicit(&published, index_commit(index, i),
		    memory_order_release);
		index_reclaim(index);
	}
}

START_TEST(readers_see_whole_versions)
{
	struct index *index = index_new(&key);
	const struct source_spec spec = make_spec(SOURCE_LEASE, 9, NULL);
	const struct fact fact = { .owner = "there.test.", .type = TYPE_A,
		.value = 1 };
	struct content *contents[2] = { NULL, NULL };
	unsigned mismatches[READERS] = { 0 };
	pthread_t threads[READERS];

	index_replace(index, NULL, make_content(&spec, &fact, 1));
	atomic_store(&published, index_commit(index, 1));
	for (unsigned i = 0; i < READERS; i++)
		pthread_create(&threads[i], NULL, read_on, &mismatches[i]);
	write_on(index, contents);
	atomic_store(&finished, true);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(mismatches[i], 0);
	}
	index_reclaim(index);
	ck_assert_uint_eq(index_reclaim(index), 0);
	index_free(index);
}
END_TEST

/* A version that a reader still uses is kept. */
START_TEST(a_reader_keeps_its_version)
{
	const struct source_spec spec = make_spec(SOURCE_HOSTS, 0, NULL);
	const struct fact facts[] = {
		{ .owner = "a.test.", .type = TYPE_A, .value = 1 },
		{ .owner = "a.test.", .type = TYPE_A, .value = 2 },
	};
	struct epoch_reader *reader = epoch_reader_new();
	const struct snapshot *before;
	struct content *content;
	struct scene scene;

	open_scene(&scene);
	content = load(&scene, &spec, &facts[0], 1);
	before = scene.names;
	epoch_online(reader);
	index_replace(scene.index, content, make_content(&spec, &facts[1],
	    1));
	scene.names = index_commit(scene.index, 3);
	ck_assert_uint_eq(index_reclaim(scene.index), 1);
	ck_assert_uint_eq(value_of(before, "a.test."), 1);
	epoch_offline(reader);
	ck_assert_uint_eq(index_reclaim(scene.index), 0);
	ck_assert_uint_eq(value_of(scene.names, "a.test."), 2);
	epoch_reader_free(reader);
	index_free(scene.index);
}
END_TEST

/* Records and contents. */

START_TEST(records_tell_faults)
{
	struct records *records = records_new();
	struct dname owner = dname_from("a.test.");
	struct origin first = { 0 };
	uint8_t rdata[65535] = { 0 };
	struct record record = {
		.owner = owner.wire, .type = TYPE_TXT, .ttl = 5,
		.rdata = rdata, .rdata_length = 40000,
		.origin = { 0, 3, 7 },
	};

	ck_assert_int_eq(records_add(records, &record, &first), RECORDS_OK);
	record.origin.line = 4;
	ck_assert_int_eq(records_add(records, &record, &first), RECORDS_SAME);
	ck_assert_uint_eq(first.line, 3);
	ck_assert_uint_eq(first.column, 7);
	rdata[1] = 1;
	ck_assert_int_eq(records_add(records, &record, &first),
	    RECORDS_TOO_LARGE);
	record.rdata_length = 65535;
	ck_assert_int_eq(records_add(records, &record, &first),
	    RECORDS_TOO_LARGE);
	record.rdata_length = 4;
	record.ttl = 6;
	ck_assert_int_eq(records_add(records, &record, &first),
	    RECORDS_TTL_DIFFERS);
	record.ttl = 5;
	ck_assert_int_eq(records_add(records, &record, &first), RECORDS_OK);
	records_free(records);
}
END_TEST

START_TEST(contents_compare)
{
	const struct source_spec spec = make_spec(SOURCE_HOSTS, 0, NULL);
	const struct fact facts[] = {
		{ .owner = "a.test.", .type = TYPE_A, .value = 1 },
		{ .owner = "b.test.", .type = TYPE_TXT, .value = 2 },
		{ .owner = "b.test.", .type = TYPE_TXT, .value = 3 },
	};
	struct content *a = make_content(&spec, facts, 3);
	struct content *b = make_content(&spec, facts, 3);
	struct content *c = make_content(&spec, facts, 2);

	ck_assert(content_equal(a, b));
	ck_assert(!content_equal(a, c));
	ck_assert_uint_eq(a->record_count, 3);
	ck_assert_uint_ne(a->chunks[0]->id, b->chunks[0]->id);
	b->serial = 4;
	ck_assert(!content_equal(a, b));
	content_free(a);
	content_free(b);
	content_free(c);
}
END_TEST

static Suite *
make_suite(void)
{
	Suite *suite = suite_create("index");
	TCase *tcase = tcase_create("index");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, records_tell_faults);
	tcase_add_test(tcase, contents_compare);
	tcase_add_test(tcase, random_sources);
	tcase_add_test(tcase, shadowed_names_come_back);
	tcase_add_test(tcase, ranks_may_change_places);
	tcase_add_test(tcase, glue_does_not_shadow);
	tcase_add_test(tcase, short_names_share_a_node);
	tcase_add_test(tcase, finds_what_was_seen);
	tcase_add_test(tcase, areas_and_their_soa);
	tcase_add_test(tcase, domains_have_an_apex);
	tcase_add_test(tcase, places_follow_their_lines);
	tcase_add_test(tcase, one_change_costs_one_change);
	tcase_add_test(tcase, all_removed_leaves_nothing);
	tcase_add_test(tcase, an_rrset_has_an_end);
	tcase_add_test(tcase, an_isolated_address_comes_back_alone);
	tcase_add_test(tcase, readers_see_whole_versions);
	tcase_add_test(tcase, a_reader_keeps_its_version);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
