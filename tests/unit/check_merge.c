/* SPDX-License-Identifier: BSD-2-Clause */
/* One name of many parts: what its RRset comes to, and how much is compared for
 * it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "dns/wire.h"
#include "names/merge.h"
#include "names/rdataslots.h"
#include "names/records.h"
#include "names/source.h"
#include "suite.h"

#define RECORD_HEAD 12u
#define PARTS 90

static const struct hash_key key = { 3, 5 };

struct fact {
	uint16_t type;
	uint16_t length;		/* of rdata, from 4 on */
	uint32_t value;
	struct origin origin;
};

/* The facts of one file, in its order, and the parts they come to. */
struct scene {
	struct content *content;
	struct source source;
	struct records *records;
	struct merge_part parts[PARTS];
	unsigned part_count;
	struct fact *facts;
	size_t fact_count;
	struct merge *merge;
	struct node *node;		/* merged */
};

static void
open_scene(struct scene *scene)
{
	const struct source_spec spec = {
		.kind = SOURCE_HOSTS, .path = "source", .ttl = 300,
	};

	memset(scene, 0, sizeof(*scene));
	scene->content = content_new(&spec);
	scene->source.content = scene->content;
	scene->records = records_new();
	scene->merge = merge_new(&key);
}

static void
clear_parts(struct scene *scene)
{
	scene->part_count = 0;
	scene->fact_count = 0;
	free(scene->node);
	scene->node = NULL;
}

static void
close_scene(struct scene *scene)
{
	clear_parts(scene);
	free(scene->facts);
	merge_free(scene->merge);
	records_free(scene->records);
	content_free(scene->content);
}

static const uint8_t *
make_rdata(const struct fact *fact, uint8_t rdata[300])
{
	memset(rdata, 7, 300);
	wire_put32(rdata, fact->value);
	return rdata;
}

static void
add_fact(struct scene *scene, const struct fact *fact)
{
	struct dname owner = dname_from("a.test.");
	uint8_t rdata[300];
	struct origin first;
	enum records_result result = records_add(scene->records,
	    &(struct record){
		.owner = owner.wire,
		.type = fact->type,
		.ttl = 300,
		.rdata = make_rdata(fact, rdata),
		.rdata_length = fact->length,
		.kind = SOURCE_HOSTS,
		.origin = fact->origin,
	    }, &first);

	ck_assert(result == RECORDS_OK || result == RECORDS_SAME);
	scene->facts = memory_resize(scene->facts, scene->fact_count + 1,
	    sizeof(scene->facts[0]));
	scene->facts[scene->fact_count++] = *fact;
}

/* One more chunk of the file: its facts' type and length are the model's,
 * their values from `from` on, by `step`. */
static void
add_part(struct scene *scene, const struct fact *model, unsigned count,
    unsigned step)
{
	struct chunk *chunk = chunk_new("source", scene->part_count + 1);
	struct fact fact = *model;

	for (unsigned i = 0; i < count; i++) {
		fact.origin = (struct origin){ scene->part_count + 1,
			(uint16_t)i, 1 };
		add_fact(scene, &fact);
		fact.value += step;
	}
	records_finish(scene->records, chunk);
	content_add(scene->content, chunk);
	scene->parts[scene->part_count] = (struct merge_part){
		.node = chunk_node(chunk, 0),
		.source = &scene->source,
		.position = scene->part_count,
	};
	scene->part_count++;
}

static void
merge_all(struct scene *scene)
{
	struct node head = { 0 };
	size_t bytes = merge_parts(scene->merge, scene->parts,
	    scene->part_count, &head);

	free(scene->node);
	scene->node = memory_alloc(sizeof(head) + bytes);
	*scene->node = head;		/* of no name: RRsets follow at once */
	merge_write(scene->merge, scene->node + 1);
}

static bool
is_said_before(const struct scene *scene, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		const struct fact *a = &scene->facts[i];
		const struct fact *b = &scene->facts[at];

		if (a->type == b->type && a->length == b->length &&
		    a->value == b->value)
			return true;
	}
	return false;
}

/* The slow way: every fact that was not said before, in the file's order, up
 * to what one answer can carry. */
static void
check_type(const struct scene *scene, uint16_t type)
{
	const struct rrset *rrset = node_find(scene->node, type);
	const uint8_t *record = rrset_wire(rrset);
	uint8_t rdata[300];
	unsigned count = 0;
	size_t length = 0;

	for (size_t i = 0; i < scene->fact_count; i++) {
		const struct fact *fact = &scene->facts[i];

		if (fact->type != type || is_said_before(scene, i) ||
		    length + RECORD_HEAD + fact->length > RRSET_MAX)
			continue;
		ck_assert_uint_lt(count, rrset->count);
		ck_assert_uint_eq(wire_get16(record + 10), fact->length);
		ck_assert_mem_eq(record + RECORD_HEAD,
		    make_rdata(fact, rdata), fact->length);
		ck_assert_mem_eq(&rrset_origins(rrset)[count], &fact->origin,
		    sizeof(fact->origin));
		record += RECORD_HEAD + fact->length;
		length += RECORD_HEAD + fact->length;
		count++;
	}
	ck_assert_uint_eq(rrset->count, count);
	ck_assert_uint_eq(rrset->length, length);
}

static const struct fact address = { .type = TYPE_A, .length = 4 };

static struct fact
fact_from(struct fact fact, uint32_t value)
{
	fact.value = value;
	return fact;
}

/* Few and many, and both sides of the edge, in the room of the time before. */
START_TEST(each_is_there_once_from_its_first_place)
{
	static const unsigned sizes[] = { 1, 15, 16, 17, 400, 2, 33, 11, 90 };
	struct scene scene;

	open_scene(&scene);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct fact from = address;

		clear_parts(&scene);
		for (unsigned part = 0; part < 4; part++) {
			add_part(&scene, &from, sizes[i], 3);
			from.value += sizes[i] / 2 * 3;
		}
		merge_all(&scene);
		check_type(&scene, TYPE_A);
	}
	close_scene(&scene);
}
END_TEST

/* The same bytes in another length, or of another type, are another record. */
START_TEST(types_and_lengths_are_kept_apart)
{
	const struct fact longer = { .type = TYPE_TXT, .length = 90 };
	const struct fact shorter = { .type = TYPE_TXT, .length = 9 };
	struct scene scene;

	open_scene(&scene);
	for (unsigned turn = 0; turn < 3; turn++) {
		add_part(&scene, &address, 50, 1);
		add_part(&scene, &longer, 40, 1);
		add_part(&scene, &shorter, 60, 1);
	}
	merge_all(&scene);
	check_type(&scene, TYPE_A);
	check_type(&scene, TYPE_TXT);
	ck_assert_uint_eq(node_find(scene.node, TYPE_A)->count, 50);
	ck_assert_uint_eq(node_find(scene.node, TYPE_TXT)->count, 100);
	close_scene(&scene);
}
END_TEST

/* What does not fit is passed over, and shorter ones behind it are not. */
START_TEST(an_end_is_an_end)
{
	const struct fact longer = { .type = TYPE_TXT, .length = 300 };
	const struct fact shorter = { .type = TYPE_TXT, .length = 4 };
	struct scene scene;

	open_scene(&scene);
	for (unsigned part = 0; part < 6; part++) {
		const struct fact from = fact_from(longer, part * 35);

		add_part(&scene, &from, 40, 1);
	}
	add_part(&scene, &shorter, 30, 1);
	add_part(&scene, &longer, 10, 1);
	merge_all(&scene);
	check_type(&scene, TYPE_TXT);
	ck_assert_uint_gt(node_find(scene.node, TYPE_TXT)->count, 208);
	ck_assert_uint_gt(node_find(scene.node, TYPE_TXT)->length,
	    RRSET_MAX - 16);
	close_scene(&scene);
}
END_TEST

/* A name whose lines are in 80 chunks: each record is compared with one or two
 * others, and so are those that are there already. */
START_TEST(many_are_not_compared_with_all)
{
	struct scene scene;
	size_t compared;

	open_scene(&scene);
	for (unsigned part = 0; part < 80; part++) {
		const struct fact from = fact_from(address, part * 50);

		add_part(&scene, &from, 50, 1);
	}
	merge_all(&scene);
	ck_assert_uint_eq(node_find(scene.node, TYPE_A)->count, 4000);
	ck_assert_uint_le(merge_compared(scene.merge), 4 * 4000);
	compared = merge_compared(scene.merge);
	for (unsigned part = 80; part < PARTS; part++)
		add_part(&scene, &address, 400, 2);
	merge_all(&scene);
	ck_assert_uint_eq(node_find(scene.node, TYPE_A)->count, 4000);
	ck_assert_uint_le(merge_compared(scene.merge) - compared,
	    4 * (4000 + 10 * 400));
	close_scene(&scene);
}
END_TEST

START_TEST(a_table_has_an_end)
{
	ck_assert_uint_eq(rdata_slots_room(1), 64);
	ck_assert_uint_eq(rdata_slots_room(RDATA_FEW + 1), 128);
	for (size_t count = 1; count <= RRSET_MAX / RECORD_HEAD; count++)
		ck_assert_uint_ge(rdata_slots_room(count), 2 * count);
	ck_assert_uint_eq(rdata_slots_room(RRSET_MAX / RECORD_HEAD), 16384);
	ck_assert_uint_eq(rdata_slots_room(SIZE_MAX), 16384);
}
END_TEST

int
main(void)
{
	return suite_run("names/merge", (const struct suite_case[]){
	    {.name = "merge", .tests = SUITE_TESTS(
		each_is_there_once_from_its_first_place,
		types_and_lengths_are_kept_apart, an_end_is_an_end,
		many_are_not_compared_with_all, a_table_has_an_end)}, {0}});
}
