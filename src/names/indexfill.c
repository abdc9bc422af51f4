/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/indexfill.h"

#include <stdlib.h>

#include "base/memory.h"

/* Consecutive chunks. */
struct group {
	uint32_t first, end;
	size_t names, addrs;		/* at most */
	struct deal by_name, by_addr;
};

struct worker {
	struct byname_hand names;
	struct byaddr_hand addrs;
	struct deal_list known;		/* to the table, of what is put */
};

struct work {
	const struct indexfill *fill;
	const struct content *content;
	enum chunk_state state;		/* of its chunks that are worked */
	struct group *groups;
	unsigned count, room;
	unsigned begin, end;		/* of this round */
	struct deal_entry *entries;
	size_t entry_room;
	struct worker *workers;
	struct deal_part names[DEAL_PARTS], addrs[DEAL_PARTS];
};

static bool
is_worked(const struct work *work, uint32_t chunk)
{
	return work->fill->sources->chunks[work->content->chunks[chunk]->id]
	    .state == work->state;
}

static struct group *
new_group(struct work *work, uint32_t first)
{
	if (work->count == work->room) {
		work->room = 2 * work->room + 16;
		work->groups = memory_resize(work->groups, work->room,
		    sizeof(work->groups[0]));
	}
	work->groups[work->count] = (struct group){ .first = first };
	return &work->groups[work->count++];
}

static void
plan_groups(struct work *work)
{
	struct group *group = NULL;

	for (uint32_t i = 0; i < work->content->chunk_count; i++) {
		const struct chunk *chunk = work->content->chunks[i];

		if (!is_worked(work, i))
			continue;
		if (group == NULL || group->names + group->addrs >=
		    work->fill->group)
			group = new_group(work, i);
		group->end = i + 1;
		group->names += chunk->node_count + chunk->short_count;
		group->addrs += chunk->reverse_count;
	}
}

/* As many groups as a round takes, each with its part of the entries. */
static void
plan_round(struct work *work)
{
	size_t count = 0;

	work->begin = work->end;
	while (work->end < work->count && count < work->fill->at_once) {
		count += work->groups[work->end].names +
		    work->groups[work->end].addrs;
		work->end++;
	}
	if (count > work->entry_room) {
		free(work->entries);
		work->entries = memory_alloc(count *
		    sizeof(work->entries[0]));
		work->entry_room = count;
	}
	count = 0;
	for (unsigned i = work->begin; i < work->end; i++) {
		struct group *group = &work->groups[i];

		group->by_name.entries = work->entries + count;
		count += group->names;
		group->by_addr.entries = work->entries + count;
		count += group->addrs;
	}
}

static void
deal_group(void *argument, unsigned part, unsigned number)
{
	struct work *work = argument;
	const struct indexfill *fill = work->fill;
	struct group *group = &work->groups[work->begin + part];
	struct worker *worker = &work->workers[number];

	for (uint32_t i = group->first; i < group->end; i++) {
		const struct chunk *chunk = work->content->chunks[i];

		if (!is_worked(work, i))
			continue;
		byname_deal(fill->byname, chunk, &worker->names,
		    &group->by_name);
		byaddr_deal(fill->byaddr, chunk, &worker->addrs,
		    &group->by_addr);
	}
	byname_deal_end(&worker->names, &group->by_name);
	byaddr_deal_end(&worker->addrs, &group->by_addr);
}

/* Parts of names and of addresses in turn. */
static bool
is_of_names(unsigned part)
{
	return part % 2 == 0;
}

static struct deal_part *
part_at(struct work *work, unsigned part)
{
	return is_of_names(part) ? &work->names[part / 2] :
	    &work->addrs[part / 2];
}

static void
put_entries(struct work *work, unsigned part, struct worker *worker,
    const struct deal_entry *entries, uint32_t count)
{
	const struct indexfill *fill = work->fill;
	struct deal_part *to = part_at(work, part);
	struct deal_list *known = &worker->known;

	known->count = 0;
	deal_put(to->table, entries, count, is_of_names(part) ? byname_knows :
	    byaddr_knows, known);
	if (is_of_names(part))
		byname_join(fill->byname, &worker->names, to, known);
	else
		byaddr_join(fill->byaddr, &worker->addrs, to, known);
}

/* What could not be taken from the part, since it was left the last time. */
static void
leave_part(struct work *work, unsigned part, struct worker *worker)
{
	struct deal_part *to = part_at(work, part);

	table_part_sweep(to->table, DEAL_BITS, to->number);
	if (is_of_names(part))
		byname_leave(work->fill->byname, &worker->names, to);
	else
		byaddr_leave(work->fill->byaddr, &worker->addrs, to);
}

/* So that what waits to be left does not grow with the rounds: all parts
 * together have at most as much of it, before a round, as a round deals.  A
 * sweep has its price; most contents have nearly all names to themselves, and
 * it is done once, at the end. */
static bool
is_to_leave(const struct work *work, const struct deal_part *part)
{
	return work->state == CHUNK_LEAVING && part->rest.count - part->left >
	    work->fill->at_once / (2 * DEAL_PARTS);
}

static void
work_part(void *argument, unsigned part, unsigned number)
{
	struct work *work = argument;
	struct deal_part *to = part_at(work, part);

	for (unsigned i = work->begin; i < work->end; i++) {
		const struct group *group = &work->groups[i];
		const struct deal *deal = is_of_names(part) ?
		    &group->by_name : &group->by_addr;
		const struct deal_entry *entries =
		    deal->entries + deal->at[to->number];
		uint32_t count = deal->at[to->number + 1] -
		    deal->at[to->number];

		if (work->state == CHUNK_LEAVING)
			deal_take(to->table, entries, count, &to->rest);
		else
			put_entries(work, part, &work->workers[number],
			    entries, count);
	}
	if (is_to_leave(work, to))
		leave_part(work, part, &work->workers[number]);
}

static void
sweep_part(void *argument, unsigned part, unsigned number)
{
	struct work *work = argument;

	leave_part(work, part, &work->workers[number]);
}

static void
settle_part(void *argument, unsigned part, unsigned number)
{
	struct work *work = argument;
	struct worker *worker = &work->workers[number];

	if (is_of_names(part))
		byname_settle_part(work->fill->byname, &worker->names,
		    part_at(work, part));
	else
		byaddr_settle_part(work->fill->byaddr, &worker->addrs,
		    part_at(work, part));
}

/* Where nearly all of some that are far apart are known, few will be new: a
 * table opened for all of them would be split for nothing, which takes the hash
 * of each name in it.  (If there are more than fit, they are in the parts'
 * rest.) */
#define SAMPLE_MIN 16u

static size_t
expect(size_t more, size_t sampled, size_t known)
{
	if (sampled < SAMPLE_MIN || known < sampled - sampled / 16)
		return more;
	return more / 8;
}

static size_t
expect_names(const struct work *work)
{
	const struct indexfill *fill = work->fill;
	size_t sampled = 0, known = 0;

	if (fill->more_names == 0)
		return 0;
	for (unsigned i = 0; i < work->count; i++) {
		const struct chunk *chunk =
		    work->content->chunks[work->groups[i].first];

		if (chunk->node_count == 0)
			continue;
		sampled++;
		known += byname_has(fill->byname, chunk_node(chunk, 0));
	}
	return expect(fill->more_names, sampled, known);
}

static size_t
expect_addrs(const struct work *work)
{
	const struct indexfill *fill = work->fill;
	size_t sampled = 0, known = 0;

	if (fill->more_addrs == 0)
		return 0;
	for (unsigned i = 0; i < work->count; i++) {
		struct reverse_cursor cursor = { 0 };
		struct reverse reverse;

		if (reverse_walk(work->content->chunks[work->groups[i].first],
		    &cursor, &reverse, 1) == 0)
			continue;
		sampled++;
		known += byaddr_has(fill->byaddr, &reverse.addr);
	}
	return expect(fill->more_addrs, sampled, known);
}

static void
open_table(void *argument, unsigned part, unsigned worker)
{
	struct work *work = argument;
	const struct indexfill *fill = work->fill;

	(void)worker;
	if (part == 0)
		byname_open(fill->byname, expect_names(work));
	else
		byaddr_open(fill->byaddr, expect_addrs(work));
	for (unsigned p = 0; p < DEAL_PARTS; p++) {
		if (part == 0)
			work->names[p] = (struct deal_part){
				.number = p,
				.table = byname_part(fill->byname),
			};
		else
			work->addrs[p] = (struct deal_part){
				.number = p,
				.table = byaddr_part(fill->byaddr),
			};
	}
}

static void
close_names(struct work *work)
{
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_close(work->fill->byname, work->names[p].table);
}

static void
close_addrs(struct work *work)
{
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_close(work->fill->byaddr, work->addrs[p].table);
}

static void
finish_names(struct work *work)
{
	struct byname *byname = work->fill->byname;

	close_names(work);
	for (unsigned i = 0; i < work->count; i++)
		byname_count_runs(byname, &work->groups[i].by_name.runs);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_count_off_runs(byname, &work->names[p].runs);
	for (unsigned i = 0; i < work->count; i++)
		byname_add_later(byname, &work->groups[i].by_name.later);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_add_rest(byname, &work->names[p].rest);
}

static void
finish_addrs(struct work *work)
{
	struct byaddr *byaddr = work->fill->byaddr;

	close_addrs(work);
	for (unsigned i = 0; i < work->count; i++)
		byaddr_count_runs(byaddr, &work->groups[i].by_addr.runs);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_count_off_runs(byaddr, &work->addrs[p].runs);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_add_rest(byaddr, &work->addrs[p].rest);
}

static void
finish_adding(void *argument, unsigned part, unsigned worker)
{
	(void)worker;
	if (part == 0)
		finish_names(argument);
	else
		finish_addrs(argument);
}

static void
finish_names_leaving(struct work *work)
{
	struct byname *byname = work->fill->byname;

	close_names(work);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_count_runs(byname, &work->names[p].runs);
	for (unsigned i = 0; i < work->count; i++)
		byname_count_off_runs(byname, &work->groups[i].by_name.runs);
	for (unsigned i = 0; i < work->count; i++)
		byname_remove_later(byname, &work->groups[i].by_name.later);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_remove_rest(byname, &work->names[p].rest);
}

static void
finish_addrs_leaving(struct work *work)
{
	struct byaddr *byaddr = work->fill->byaddr;

	close_addrs(work);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_count_runs(byaddr, &work->addrs[p].runs);
	for (unsigned i = 0; i < work->count; i++)
		byaddr_count_off_runs(byaddr, &work->groups[i].by_addr.runs);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_remove_rest(byaddr, &work->addrs[p].rest);
}

static void
finish_removing(void *argument, unsigned part, unsigned worker)
{
	(void)worker;
	if (part == 0)
		finish_names_leaving(argument);
	else
		finish_addrs_leaving(argument);
}

static void
run(struct work *work, void (*part)(void *, unsigned, unsigned),
    unsigned count)
{
	const struct parts_work parts = {part, work, count};

	parts_run(work->fill->parts, &parts);
}

static void
free_work(struct work *work)
{
	for (unsigned i = 0; i < work->count; i++) {
		deal_fini(&work->groups[i].by_name);
		deal_fini(&work->groups[i].by_addr);
	}
	for (unsigned i = 0; i < parts_workers(work->fill->parts); i++) {
		struct worker *worker = &work->workers[i];

		byname_take_hand(work->fill->byname, &worker->names);
		byaddr_take_hand(work->fill->byaddr, &worker->addrs);
		free(worker->known.entries);
	}
	for (unsigned p = 0; p < DEAL_PARTS; p++) {
		deal_part_fini(&work->names[p]);
		deal_part_fini(&work->addrs[p]);
	}
	free(work->groups);
	free(work->entries);
	free(work->workers);
	free(work);
}

static struct work *
new_work(const struct indexfill *fill, const struct content *content,
    enum chunk_state state)
{
	struct work *work = memory_zeroed(1, sizeof(*work));

	work->fill = fill;
	work->content = content;
	work->state = state;
	work->workers = memory_zeroed(parts_workers(fill->parts),
	    sizeof(work->workers[0]));
	return work;
}

static void
run_rounds(struct work *work)
{
	plan_groups(work);
	run(work, open_table, 2);
	while (work->end < work->count) {
		plan_round(work);
		run(work, deal_group, work->end - work->begin);
		run(work, work_part, 2 * DEAL_PARTS);
	}
}

void
indexfill_add(const struct indexfill *fill, const struct content *content)
{
	struct work *work = new_work(fill, content, CHUNK_COMING);

	run_rounds(work);
	run(work, finish_adding, 2);
	free_work(work);
}

void
indexfill_remove(const struct indexfill *fill, const struct content *content)
{
	struct work *work = new_work(fill, content, CHUNK_LEAVING);

	run_rounds(work);
	run(work, sweep_part, 2 * DEAL_PARTS);
	run(work, finish_removing, 2);
	free_work(work);
}

/* No chunk is worked here: tables are opened, and their parts' queues built. */
static void
settle_apart(const struct indexfill *fill)
{
	struct work *work = new_work(fill, NULL, CHUNK_HELD);

	run(work, open_table, 2);
	run(work, settle_part, 2 * DEAL_PARTS);
	close_names(work);
	close_addrs(work);
	free_work(work);
}

void
indexfill_settle(const struct indexfill *fill)
{
	if (byname_is_queued_apart(fill->byname) ||
	    byaddr_is_queued_apart(fill->byaddr))
		settle_apart(fill);
	byname_settle(fill->byname);
	byaddr_settle(fill->byaddr);
}
