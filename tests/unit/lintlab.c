/* SPDX-License-Identifier: BSD-2-Clause */
#include "lintlab.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "dns/types.h"
#include "names/hostsfile.h"
#include "names/records.h"
#include "names/reverse.h"
#include "names/zonefile.h"

#define NOW_S 1700000000

static void
read_file(struct lintlab_file *file, const char *path)
{
	size_t room = 1 << 16;
	FILE *in = fopen(path, "rb");

	if (in == NULL) {
		perror(path);
		abort();
	}
	file->bytes = memory_alloc(room);
	file->length = fread(file->bytes, 1, room, in);
	assert(file->length < room);
	fclose(in);
}

struct lintlab_file *
lintlab_file(struct lintlab *lab, const char *path)
{
	struct lintlab_file *file = lab->files;
	char *whole;

	for (size_t i = 0; i < lab->file_count; i++, file++) {
		if (strcmp(file->path, path) == 0)
			return file;
	}
	assert(lab->file_count < LINTLAB_MAX);
	lab->file_count++;
	file->path = memory_string(path);
	whole = memory_format("%s/%s", lab->folder, path);
	read_file(file, whole);
	free(whole);
	return file;
}

static const char *
read_again(void *context, const char *from, const char *path,
    struct source_text *text)
{
	struct lintlab *lab = context;

	(void)from;
	for (size_t i = 0; i < lab->file_count; i++) {
		const struct lintlab_file *file = &lab->files[i];

		if (strcmp(file->path, path) != 0)
			continue;
		*text = (struct source_text){ file->path, file->bytes,
			file->length };
		return NULL;
	}
	return "there is no such file";
}

void
lintlab_append(struct lintlab_file *file, uint32_t line, const char *text)
{
	size_t at = 0, length = strlen(text);

	for (uint32_t i = 0; i < line; i++) {
		if (i > 0)
			at++;
		while (at < file->length && file->bytes[at] != '\n')
			at++;
	}
	file->bytes = memory_resize(file->bytes, file->length + length, 1);
	memmove(file->bytes + at + length, file->bytes + at,
	    file->length - at);
	memcpy(file->bytes + at, text, length);
	file->length += length;
}

void
lintlab_open(struct lintlab *lab, const char *folder)
{
	static const struct hash_key key = { 7, 11 };

	memset(lab, 0, sizeof(*lab));
	lab->folder = memory_string(folder);
	lab->index = index_new(&key);
	lab->reader = (struct source_reader){
		.read = read_again, .context = lab,
	};
}

void
lintlab_close(struct lintlab *lab)
{
	for (size_t i = 0; i < lab->file_count; i++) {
		free(lab->files[i].path);
		free(lab->files[i].bytes);
	}
	for (size_t i = 0; i < lab->network_count; i++)
		free(lab->network_names[i]);
	index_free(lab->index);
	free(lab->folder);
}

static void
take_content(struct lintlab *lab, struct content *content,
    struct diags *diags)
{
	diags_print(diags, stdout, DIAG_PLAIN);
	assert(content != NULL && diags_count(diags, DIAG_ERROR) == 0);
	diags_free(diags);
	assert(lab->content_count < LINTLAB_MAX);
	lab->contents[lab->content_count++] = content;
	index_replace(lab->index, NULL, content);
}

static struct source_text
text_of(struct lintlab *lab, const char *path)
{
	const struct lintlab_file *file = lintlab_file(lab, path);

	return (struct source_text){ file->path, file->bytes, file->length };
}

static void
read_zone(struct lintlab *lab, const char *path, const char *overlay)
{
	const struct source_spec spec = {
		.kind = SOURCE_ZONE, .path = path,
		.rank = (uint32_t)lab->content_count, .overlay = *overlay,
	};
	const struct zonefile_input input = {
		.spec = &spec, .text = text_of(lab, path),
		.reader = &lab->reader, .now_s = NOW_S,
	};
	struct diags *diags = diags_new();

	take_content(lab, zonefile_parse(&input, diags), diags);
}

static struct dname
lower_name(const char *text)
{
	struct dname name = dname_from(text);

	dname_lower(name.wire);
	return name;
}

static struct source_spec
make_spec(struct lintlab *lab, enum source_kind kind, const char *path,
    const char *domain)
{
	struct source_spec spec = {
		.kind = kind, .path = path, .ttl = 5,
		.rank = (uint32_t)lab->content_count,
		.has_domain = true, .domain = lower_name(domain),
	};

	assert(lab->area_count < LINTLAB_MAX);
	lab->areas[lab->area_count++] = (struct index_area){
		.apex = spec.domain, .kind = AREA_DOMAIN,
	};
	return spec;
}

static void
read_hosts(struct lintlab *lab, char *paths, const char *domain)
{
	const struct source_spec spec = make_spec(lab, SOURCE_HOSTS, paths,
	    domain);
	struct source_text texts[LINTLAB_MAX];
	struct hostsfile_input input = { .spec = &spec, .files = texts };
	struct diags *diags = diags_new();
	char *rest = NULL;

	for (char *path = strtok_r(paths, ",", &rest); path != NULL;
	     path = strtok_r(NULL, ",", &rest))
		texts[input.file_count++] = text_of(lab, path);
	take_content(lab, hostsfile_parse(&input, diags), diags);
}

struct lease {
	struct addr addr;
	struct dname name;
	struct origin origin;
};

/* False: no lease is on this line. */
static bool
read_lease(struct lease *lease, const char *line, const char *domain)
{
	char addr[64], name[64], whole[200], mark[64] = "";

	if (sscanf(line, "%63s %63s %63[^\n]", addr, name, mark) < 2)
		return false;
	assert(addr_parse(&lease->addr, addr, strlen(addr)) == NULL);
	snprintf(whole, sizeof(whole), "%s.%s.", name, domain);
	lease->name = lower_name(whole);
	lease->origin.column = 10;
	if (strstr(mark, ORIGIN_OK_MARK) != NULL)
		lease->origin.column |= ORIGIN_OK;
	return true;
}

static void
add_lease(struct records *records, const struct lease *lease)
{
	const struct record record = {
		.owner = lease->name.wire,
		.type = lease->addr.family == 4 ? TYPE_A : TYPE_AAAA,
		.ttl = 5,
		.rdata = lease->addr.bytes,
		.rdata_length = lease->addr.family == 4 ? 4 : 16,
		.kind = SOURCE_LEASE,
		.origin = lease->origin,
		.expires_s = 1000,
	};
	struct origin first;

	assert(records_add(records, &record, &first) == RECORDS_OK);
}

/* As lease files are read into content, but for their formats. */
static void
read_leases(struct lintlab *lab, const char *path, const char *domain)
{
	const struct source_spec spec = make_spec(lab, SOURCE_LEASE, path,
	    domain);
	struct source_text text = text_of(lab, path);
	struct chunk *chunk = chunk_new(path, 1);
	struct records *records = records_new();
	struct reverse_pending reverse[LINTLAB_MAX];
	uint32_t count = 0, lines = 0;
	struct content *content = content_new(&spec);
	struct lease lease;

	for (const char *at = text.bytes; at < text.bytes + text.length;
	     at = (const char *)memchr(at, '\n',
		(size_t)(text.bytes + text.length - at)) + 1) {
		lease.origin = (struct origin){ chunk->id,
			(uint16_t)lines++, 0 };
		if (!read_lease(&lease, at, domain))
			continue;
		add_lease(records, &lease);
		reverse[count].node = records_last_node(records);
		reverse[count++].addr = lease.addr;
	}
	records_finish(records, chunk);
	reverse_set(chunk, reverse, count);
	chunk->line_count = lines;
	content_add(content, chunk);
	records_free(records);
	take_content(lab, content, diags_new());
}

static void
add_network(struct lintlab *lab, const char *name, const char *prefix)
{
	size_t i = lab->network_count++;

	lab->network_names[i] = memory_string(name);
	lab->networks[i].name = lab->network_names[i];
	assert(prefix_parse(&lab->networks[i].prefix, prefix,
	    strlen(prefix)) == NULL);
}

static void
add_domain(struct lintlab *lab, const char *name, char *rest)
{
	struct lint_domain *domain = &lab->domains[lab->domain_count++];
	char overlay[16] = "";

	domain->name = lower_name(name);
	assert(sscanf(rest, "%u %u %15s", &domain->line, &domain->column,
	    overlay) >= 2);
	domain->overlay = *overlay;
	domain->path = lintlab_file(lab, "hostler.yaml")->path;
}

static void
read_input(struct lintlab *lab, const char *line)
{
	char word[20], first[100], rest[100] = "";

	assert(sscanf(line, "%19s %99s %99[^\n]", word, first, rest) >= 2);
	if (strcmp(word, "zone") == 0)
		read_zone(lab, first, rest);
	else if (strcmp(word, "hosts") == 0)
		read_hosts(lab, first, rest);
	else if (strcmp(word, "lease") == 0)
		read_leases(lab, first, rest);
	else if (strcmp(word, "network") == 0)
		add_network(lab, first, rest);
	else if (strcmp(word, "domain") == 0)
		add_domain(lab, first, rest);
	else if (strcmp(word, "host") == 0)
		lab->host = lower_name(first);
	else
		abort();
}

void
lintlab_publish(struct lintlab *lab)
{
	struct source_text text = text_of(lab, "input");
	char line[200];

	for (size_t i = 0; i < text.length;) {
		const char *end = memchr(text.bytes + i, '\n',
		    text.length - i);

		assert(end != NULL);
		snprintf(line, sizeof(line), "%.*s",
		    (int)(end - text.bytes - (long)i), text.bytes + i);
		read_input(lab, line);
		i = (size_t)(end - text.bytes) + 1;
	}
	index_set_areas(lab->index, lab->areas, lab->area_count);
	lab->input = (struct lint_input){
		.names = index_commit(lab->index, NOW_S),
		.contents = (const struct content *const *)lab->contents,
		.content_count = lab->content_count,
		.networks = lab->networks,
		.network_count = lab->network_count,
		.domains = lab->domains,
		.domain_count = lab->domain_count,
		.host = lab->host.labels > 0 ? &lab->host : NULL,
	};
}

char *
lintlab_print(struct lintlab *lab, const struct lint_findings *findings,
    const struct lint_findings *before)
{
	struct diags *diags = diags_new();
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	lint_tell(&(struct lint_telling){ findings, before, &lab->reader },
	    diags);
	diags_print(diags, out, DIAG_PLAIN);
	fclose(out);
	diags_free(diags);
	return text;
}
