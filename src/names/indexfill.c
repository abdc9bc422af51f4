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

/* rest: what the part could not do. */
struct part {
	struct table_part *part;
	struct deal_list rest;
};

struct worker {
	struct byname_hand names;
	struct byaddr_hand addrs;
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
	struct part names[DEAL_PARTS], addrs[DEAL_PARTS];
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

/* Those of names and of addresses in turn. */
static void
work_part(void *argument, unsigned part, unsigned worker)
{
	struct work *work = argument;
	bool is_name = part % 2 == 0;
	unsigned p = part / 2;

	(void)worker;
	for (unsigned i = work->begin; i < work->end; i++) {
		const struct group *group = &work->groups[i];
		const struct deal *deal = is_name ? &group->by_name :
		    &group->by_addr;
		struct part *to = is_name ? &work->names[p] : &work->addrs[p];
		const struct deal_entry *entries = deal->entries + deal->at[p];
		uint32_t count = deal->at[p + 1] - deal->at[p];

		if (work->state == CHUNK_LEAVING)
			deal_take(to->part, entries, count, &to->rest);
		else
			deal_put(to->part, entries, count, is_name ?
			    byname_knows : byaddr_knows, &to->rest);
	}
}

static void
sweep_part(void *argument, unsigned part, unsigned worker)
{
	struct work *work = argument;
	unsigned p = part / 2;

	(void)worker;
	table_part_sweep(part % 2 == 0 ? work->names[p].part :
	    work->addrs[p].part, DEAL_BITS, p);
}

static void
open_table(void *argument, unsigned part, unsigned worker)
{
	struct work *work = argument;
	const struct indexfill *fill = work->fill;

	(void)worker;
	if (part == 0)
		byname_open(fill->byname, fill->more_names);
	else
		byaddr_open(fill->byaddr, fill->more_addrs);
	for (unsigned p = 0; p < DEAL_PARTS; p++) {
		if (part == 0)
			work->names[p].part = byname_part(fill->byname);
		else
			work->addrs[p].part = byaddr_part(fill->byaddr);
	}
}

static void
finish_names(struct work *work)
{
	struct byname *byname = work->fill->byname;

	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_close(byname, work->names[p].part);
	for (unsigned i = 0; i < work->count; i++)
		byname_count_runs(byname, &work->groups[i].by_name.runs);
	for (unsigned i = 0; i < work->count; i++)
		byname_add_later(byname, &work->groups[i].by_name.later);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_add_known(byname, &work->names[p].rest);
}

static void
finish_addrs(struct work *work)
{
	struct byaddr *byaddr = work->fill->byaddr;

	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_close(byaddr, work->addrs[p].part);
	for (unsigned i = 0; i < work->count; i++)
		byaddr_count_runs(byaddr, &work->groups[i].by_addr.runs);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_add_known(byaddr, &work->addrs[p].rest);
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

	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_close(byname, work->names[p].part);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_count_missed(byname, &work->names[p].rest);
	for (unsigned i = 0; i < work->count; i++)
		byname_count_off_runs(byname, &work->groups[i].by_name.runs);
	for (unsigned i = 0; i < work->count; i++)
		byname_remove_later(byname, &work->groups[i].by_name.later);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byname_remove_missed(byname, &work->names[p].rest);
}

static void
finish_addrs_leaving(struct work *work)
{
	struct byaddr *byaddr = work->fill->byaddr;

	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_close(byaddr, work->addrs[p].part);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_count_missed(byaddr, &work->addrs[p].rest);
	for (unsigned i = 0; i < work->count; i++)
		byaddr_count_off_runs(byaddr, &work->groups[i].by_addr.runs);
	for (unsigned p = 0; p < DEAL_PARTS; p++)
		byaddr_remove_missed(byaddr, &work->addrs[p].rest);
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
free_work(struct work *work, unsigned workers)
{
	for (unsigned i = 0; i < work->count; i++) {
		deal_fini(&work->groups[i].by_name);
		deal_fini(&work->groups[i].by_addr);
	}
	for (unsigned i = 0; i < workers; i++) {
		free(work->workers[i].names.list.entries);
		free(work->workers[i].addrs.list.entries);
	}
	for (unsigned p = 0; p < DEAL_PARTS; p++) {
		free(work->names[p].rest.entries);
		free(work->addrs[p].rest.entries);
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
	free_work(work, parts_workers(fill->parts));
}

void
indexfill_remove(const struct indexfill *fill, const struct content *content)
{
	struct work *work = new_work(fill, content, CHUNK_LEAVING);

	run_rounds(work);
	run(work, sweep_part, 2 * DEAL_PARTS);
	run(work, finish_removing, 2);
	free_work(work, parts_workers(fill->parts));
}
