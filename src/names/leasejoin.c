/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leasejoin.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/leasemachines.h"
#include "names/reverse.h"

#define FILES_MAX 4096			/* .vbox files read for one source */
#define MISSING_SHOWN 10

/* ---- names of an earlier reading ---- */

struct known {
	struct reverse *list;
	size_t count;
};

static int
compare_known(const void *a, const void *b)
{
	const struct reverse *x = a, *y = b;

	return memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

static struct known
collect_known(const struct content *previous)
{
	struct known known = {NULL, 0};
	size_t room = 0;

	for (uint32_t i = 0; i < previous->chunk_count; i++)
		room += previous->chunks[i]->reverse_count;
	known.list = memory_alloc((room + 1) * sizeof(known.list[0]));
	for (uint32_t i = 0; i < previous->chunk_count; i++) {
		struct reverse_cursor cursor = { 0 };

		known.count += reverse_walk(previous->chunks[i], &cursor,
		    known.list + known.count,
		    previous->chunks[i]->reverse_count);
	}
	qsort(known.list, known.count, sizeof(known.list[0]), compare_known);
	return known;
}

static void
name_as_before(struct lease_list *leases, struct lease *lease,
    const struct known *known)
{
	const struct reverse wanted = {.addr = lease->addr};
	const struct reverse *found = bsearch(&wanted, known->list,
	    known->count, sizeof(known->list[0]), compare_known);
	const uint8_t *label;

	if (found == NULL)
		return;
	label = node_name(found->node);
	lease->name = arena_copy(leases->strings, label + 1, label[0]);
	lease->name_length = label[0];
}

/* A machine whose file is being written has not lost its name. */
static void
keep_names(struct leasejoin *join, const struct leasemacs *macs)
{
	const struct content *previous = join->input->previous;
	struct lease_list *leases = join->reading->leases;
	struct known known;

	if (previous == NULL)
		return;
	known = collect_known(previous);
	for (size_t i = 0; i < leases->count; i++) {
		struct lease *lease = &leases->items[i];

		if (lease->name == NULL && lease->state == LEASE_LIVE &&
		    (!lease->has_mac ||
		    leasemacs_find(macs, lease->mac) == NULL))
			name_as_before(leases, lease, &known);
	}
	free(known.list);
}

/* ---- companions ---- */


static void
tell_unreadable(struct leasejoin *join, const char *path, const char *wrong)
{
	struct diag_place place = {.file = path};

	diags_add(join->reading->diags, DIAG_WARNING, &place,
	    "no-machine-names", "%s", wrong);
	diags_then(join->reading->diags, "leases whose name stands there have "
	    "none");
}

struct machine_files {
	const char *from;
	const char *const *list;
	size_t count;
};

/* Machines whose file is gone mostly are gone themselves, though a registry
 * still has them; where none is to be had, a disk is. */
static enum leasemacs_result
tell_missing(struct leasejoin *join, const struct machine_files *files,
    size_t missing)
{
	struct diag_place place = {.file = join->reading->text->path};

	if (missing > MISSING_SHOWN)
		diags_add(join->reading->diags, DIAG_WARNING, &place,
		    "no-machine-names", "machines whose file cannot be read "
		    "that are not shown: %zu", missing - MISSING_SHOWN);
	return missing > 0 && missing == files->count ? LEASEMACS_PARTS :
	    LEASEMACS_WHOLE;
}

static enum leasemacs_result
read_machines(struct leasejoin *join, struct leasemacs *macs,
    const struct machine_files *files)
{
	const struct source_reader *reader = join->input->reader;
	enum leasemacs_result result = LEASEMACS_WHOLE;
	size_t missing = 0;

	if (files->count > FILES_MAX) {
		tell_unreadable(join, join->reading->text->path,
		    "there are more than 4,096 machines");
		result = LEASEMACS_PARTS;
	}
	for (size_t i = 0; i < files->count && i < FILES_MAX; i++) {
		struct source_text text;
		const char *wrong = reader->read(reader->context, files->from,
		    files->list[i], &text);

		if (wrong != NULL && missing++ < MISSING_SHOWN)
			tell_unreadable(join, files->list[i], wrong);
		else if (wrong == NULL && leasemachines_read_vbox(macs, &text,
		    join->reading->diags) == LEASEMACS_PARTS)
			result = LEASEMACS_PARTS;
	}
	if (tell_missing(join, files, missing) == LEASEMACS_PARTS)
		result = LEASEMACS_PARTS;
	return result;
}

static enum leasemacs_result
read_folder(struct leasejoin *join, struct leasemacs *macs,
    const char *folder)
{
	const struct source_reader *reader = join->input->reader;
	struct source_paths paths;
	const char *wrong;

	wrong = reader->list(reader->context, folder, ".vbox", &paths);
	if (wrong != NULL) {
		tell_unreadable(join, folder, wrong);
		return LEASEMACS_PARTS;
	}
	return read_machines(join, macs, &(struct machine_files){
		"", paths.list, paths.count,
	});
}

/* Known by its own name, beside the lease file. */
static enum leasemacs_result
read_registry(struct leasejoin *join, struct leasemacs *macs)
{
	const struct source_reader *reader = join->input->reader;
	struct leasemachines_paths paths;
	enum leasemacs_result result, machines;
	struct source_text text;
	const char *wrong;

	wrong = reader->read(reader->context, join->input->text.path,
	    "VirtualBox.xml", &text);
	if (wrong != NULL) {
		tell_unreadable(join, "VirtualBox.xml", wrong);
		return LEASEMACS_PARTS;
	}
	result = leasemachines_read_registry(&paths, &text,
	    join->reading->diags);
	machines = read_machines(join, macs, &(struct machine_files){
		text.path, (const char *const *)paths.list, paths.count,
	});
	leasemachines_free_paths(&paths);
	return result == LEASEMACS_WHOLE ? machines : result;
}

/* virbr0.status -> virbr0.macs, in the same folder.  It is not there before
 * the first machine was started. */
static enum leasemacs_result
read_domains(struct leasejoin *join, struct leasemacs *macs)
{
	static const char status[] = ".status";
	const struct source_reader *reader = join->input->reader;
	const char *path = join->input->text.path;
	const char *name = strrchr(path, '/');
	struct source_text text;
	size_t length;
	char *beside;
	const char *wrong;

	name = name != NULL ? name + 1 : path;
	length = strlen(name);
	if (length < sizeof(status) - 1 ||
	    strcmp(name + length - (sizeof(status) - 1), status) != 0)
		return LEASEMACS_WHOLE;
	beside = memory_format("%.*s.macs",
	    (int)(length - (sizeof(status) - 1)), name);
	wrong = reader->read(reader->context, path, beside, &text);
	free(beside);
	if (wrong != NULL)
		return LEASEMACS_WHOLE;
	return leasemachines_read_domains(macs, &text, join->reading->diags);
}

/* A file as ethers(5) has it, or a folder of .vbox files. */
static enum leasemacs_result
read_macs(struct leasejoin *join, struct leasemacs *macs)
{
	const struct source_reader *reader = join->input->reader;
	const char *path = join->input->spec->macs, *wrong;
	struct source_paths paths;
	struct source_text text;

	wrong = reader->read(reader->context, "", path, &text);
	if (wrong == NULL)
		return leasemacs_read_ethers(macs, &text,
		    join->reading->diags);
	if (reader->list(reader->context, path, ".vbox", &paths) == NULL)
		return read_machines(join, macs, &(struct machine_files){
			"", paths.list, paths.count,
		});
	tell_unreadable(join, path, wrong);
	return LEASEMACS_PARTS;
}

static int
compare_lines(const void *a, const void *b)
{
	const struct lease *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

/* The place of a neighbour's name is where its MAC is written. */
static void
add_neighbours(struct leasejoin *join, const struct leasemacs *macs)
{
	const struct leasefile_input *input = join->input;
	struct lease_list *leases = join->reading->leases;

	for (size_t i = 0; i < input->neighbour_count; i++) {
		struct lease lease = {
			.addr = addr_unmap(&input->neighbours[i].addr),
			.has_mac = true,
			.expires_s = LEASE_NEVER,
			.line = 1,
		};
		const struct leasemacs_entry *entry = leasemacs_find(macs,
		    input->neighbours[i].mac);

		if (lease_refuse_addr(&lease.addr) != NULL ||
		    addr_is_link_local(&lease.addr))
			continue;
		if (entry != NULL && entry->line > 0) {
			lease.line = entry->line;
			lease.column = entry->column;
		}
		memcpy(lease.mac, input->neighbours[i].mac, LEASE_MAC);
		lease_list_push(leases, &lease);
	}
	if (leases->count > 0)
		qsort(leases->items, leases->count, sizeof(leases->items[0]),
		    compare_lines);
}

/* Who gives names to neighbours: the list first, then the machines. */
static enum leasemacs_result
read_neighbours(struct leasejoin *join, struct leasemacs *macs)
{
	const struct source_spec *spec = join->input->spec;
	enum leasemacs_result result = LEASEMACS_WHOLE;

	if (spec->macs != NULL)
		result = read_macs(join, macs);
	if (spec->machines != NULL &&
	    read_folder(join, macs, spec->machines) == LEASEMACS_PARTS)
		result = LEASEMACS_PARTS;
	return result;
}

static enum leasemacs_result
read_companions(struct leasejoin *join, struct leasemacs *macs)
{
	const char *machines = join->input->spec->machines;

	switch (join->format) {
	case LEASE_LIBVIRT:
		return read_domains(join, macs);
	case LEASE_VIRTUALBOX:
		return machines != NULL ? read_folder(join, macs, machines) :
		    read_registry(join, macs);
	case LEASE_NEIGHBOURS:
		return read_neighbours(join, macs);
	default:
		return LEASEMACS_WHOLE;
	}
}

void
leasejoin_read(struct leasejoin *join, struct leasemacs *macs)
{
	enum leasemacs_result result = read_companions(join, macs);

	leasemacs_sort(macs);
	if (join->format == LEASE_NEIGHBOURS)
		add_neighbours(join, macs);
	if (result == LEASEMACS_PARTS)
		keep_names(join, macs);
}
