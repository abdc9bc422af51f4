/* SPDX-License-Identifier: BSD-2-Clause */
#include "sourcefacts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static unsigned
count_errors(const struct reload *reload)
{
	return diags_count(reload_conf_diags(reload), DIAG_ERROR) +
	    diags_count(reload_route_diags(reload), DIAG_ERROR);
}

bool
sourcefacts_is_degraded(const struct reload *reload)
{
	const struct realms *realms = reload_realms(reload);

	for (size_t i = 0; i < realms->count; i++) {
		const struct load *load = realms->list[i]->load;

		for (size_t k = 0; k < load->count; k++)
			if (load->sources[k]->state != LOAD_GOOD)
				return true;
	}
	return count_errors(reload) > 0;
}

/* One file may be read as several sources: a metric has one line a file. */
static struct facts_source *
find_source(const struct facts *facts, size_t from, const char *file)
{
	for (size_t i = from; i < facts->source_count; i++)
		if (strcmp(facts->sources[i].file, file) == 0)
			return &facts->sources[i];
	return NULL;
}

static void
add_source(struct facts *facts, size_t from, const struct realm *realm,
    const struct load_source *source)
{
	struct facts_source *fact = find_source(facts, from, source->path);

	if (!fact) {
		fact = facts_add_source(facts);
		fact->file = memory_string(source->path);
		fact->view = memory_string(realm->name);
		fact->good_s = source->good_s;
	}
	if (source->content)
		fact->records += source->content->record_count;
	fact->errors += diags_count(source->diags, DIAG_ERROR);
	fact->warnings += diags_count(source->diags, DIAG_WARNING);
	if (source->good_s < fact->good_s)
		fact->good_s = source->good_s;
}

/* A line of what is wrong with it: among what is missing, or the rest. */
static void
tell_source(const struct load_source *source, FILE *missing, FILE *faults)
{
	static const char *const words[] = {
	    [LOAD_FAULTY] = "some lines are bad, the others count",
	    [LOAD_KEPT] = "broken, its last good content is served",
	    [LOAD_MISSING] = "could not be read yet",
	    [LOAD_REFUSED] = "refused, another file gives this zone",
	};

	if (source->state != LOAD_GOOD)
		fprintf(source->state == LOAD_MISSING ? missing : faults,
		    "%s: %s\n", source->path, words[source->state]);
}

static void
add_sources(struct facts *facts, const struct realms *realms, FILE *missing,
    FILE *faults)
{
	for (size_t i = 0; i < realms->count; i++) {
		const struct load *load = realms->list[i]->load;
		size_t from = facts->source_count;

		for (size_t k = 0; k < load->count; k++) {
			add_source(facts, from, realms->list[i],
			    load->sources[k]);
			tell_source(load->sources[k], missing, faults);
		}
	}
}

struct facts *
sourcefacts_make(const struct reload *reload)
{
	struct facts *facts = facts_new();
	size_t missing_length, faults_length;
	FILE *missing, *faults;

	free(facts->missing);
	free(facts->faults);
	missing = memory_stream(&facts->missing, &missing_length);
	faults = memory_stream(&facts->faults, &faults_length);
	add_sources(facts, reload_realms(reload), missing, faults);
	if (count_errors(reload) > 0)
		fputs("the configuration has errors: hostlerctl status shows "
		    "them\n", faults);
	memory_stream_close(missing);
	memory_stream_close(faults);
	facts->loaded = true;
	facts->names = reload_name_count(reload);
	facts->generation = reload_generation(reload);
	return facts;
}
