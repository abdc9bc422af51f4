/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/hostsimport.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/printable.h"

#define NAMES_WIDTH 40			/* as far as comments are aligned */
#define NAMES_MAX 1000			/* bytes of names in one line */
#define EXCERPT_MAX 240
#define QUOTE_MAX 64

/* A name of a line. */
struct record {
	uint32_t file;
	uint32_t line;
	uint32_t column;
	uint32_t position;
	uint32_t width;
	size_t line_at;
	size_t line_length;
	uint8_t *wire;			/* lower */
	uint8_t wire_length;
	bool conflict;
	enum hostsline_ttl ttl;
	uint32_t ttl_s;
	struct addr addr;
};

struct hostsimport {
	struct source_text *files;
	uint32_t file_count;
	bool has_target;		/* files[0] */
	struct record *records;		/* in the order of reading, */
	uint32_t record_count;		/* by name and address once settled */
	uint32_t record_room;
	struct hostsimport_entry *entries;
	size_t entry_count;
	size_t conflict_count;		/* names */
};

/* What a line is read with. */
struct reader {
	struct hostsimport *import;
	struct diags *diags;
	const struct source_text *file;
	struct hostsline line;
	uint32_t number;
	size_t at;
	size_t length;
};

struct hostsimport *
hostsimport_new(void)
{
	return memory_zeroed(1, sizeof(struct hostsimport));
}

void
hostsimport_free(struct hostsimport *import)
{
	for (uint32_t i = 0; i < import->record_count; i++)
		free(import->records[i].wire);
	free(import->records);
	free(import->entries);
	free(import->files);
	free(import);
}

/* ---- whose file it is ---- */

static bool
is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* "web1" of web1.hosts, hosts.web1, web1-hosts, hosts_web1, web1.txt. */
static const char *
strip_hosts(const char *part, size_t *length)
{
	static const char word[] = "hosts";
	const size_t size = sizeof(word) - 1;
	size_t left = *length;

	if (left > 4 && memcmp(part + left - 4, ".txt", 4) == 0)
		left -= 4;
	if (is_word(part, left, word)) {
		left = 0;
	} else if (left > size + 1 && memcmp(part, word, size) == 0 &&
	    memchr(".-_", part[size], 3)) {
		part += size + 1;
		left -= size + 1;
	} else if (left > size + 1 &&
	    memcmp(part + left - size, word, size) == 0 &&
	    memchr(".-_", part[left - size - 1], 3)) {
		left -= size + 1;
	}
	*length = left;
	return part;
}

const char *
hostsimport_vm(const char *path, size_t *length)
{
	size_t end = strlen(path), start;
	const char *part;

	while (end > 0) {
		for (start = end; start > 0 && path[start - 1] != '/';)
			start--;
		*length = end - start;
		part = strip_hosts(path + start, length);
		if (*length > 0 && !is_word(part, *length, "etc") &&
		    !is_word(part, *length, ".") &&
		    !is_word(part, *length, ".."))
			return part;
		end = start > 0 ? start - 1 : 0;
	}
	*length = 0;
	return path;
}

/* By the first label of both. */
static bool
is_own_name(const struct reader *reader, const struct hostsline_name *name)
{
	size_t length;
	const char *vm = hostsimport_vm(reader->file->path, &length);
	const char *dot = memchr(vm, '.', length);
	const uint8_t *label = name->name.wire;

	if (dot)
		length = (size_t)(dot - vm);
	return length > 0 && length == label[0] &&
	    strncasecmp(vm, (const char *)label + 1, length) == 0;
}

/* ---- reading ---- */

static struct diag_place
make_place(const struct reader *reader, uint32_t column, uint32_t width)
{
	size_t shown = (size_t)column + EXCERPT_MAX;

	return (struct diag_place){
		.file = reader->file->path,
		.line = reader->number,
		.column = column,
		.width = width,
		.text = reader->file->bytes + reader->at,
		.text_len = reader->length < shown ? reader->length : shown,
	};
}

static void
tell_bad(struct reader *reader)
{
	const char *text = reader->file->bytes + reader->at;

	for (unsigned i = 0; i < reader->line.fault_count; i++) {
		const struct hostsline_fault *fault = &reader->line.faults[i];
		struct diag_place place = make_place(reader, fault->column,
		    fault->width);
		bool cut = fault->width > QUOTE_MAX;

		if (fault->what)
			diags_add(reader->diags, DIAG_ERROR, &place, NULL,
			    "'%.*s%s' is not %s: %s",
			    cut ? QUOTE_MAX : (int)fault->width,
			    text + fault->column - 1, cut ? "..." : "",
			    fault->what, fault->why);
		else
			diags_add(reader->diags, DIAG_ERROR, &place, NULL,
			    "%s", fault->why);
	}
	diags_then(reader->diags, "the line is left out");
}

static void
note_line(struct reader *reader, const char *what)
{
	struct diag_place place = make_place(reader, reader->line.addr_column,
	    reader->line.addr_width);

	diags_add(reader->diags, DIAG_NOTE, &place, NULL, "%s", what);
	diags_then(reader->diags, "the line is left out");
}

static uint32_t
measure_word(const struct reader *reader, uint32_t column)
{
	const char *text = reader->file->bytes + reader->at;
	size_t at = column - 1;

	while (at < reader->length && !strchr(" \t#", text[at]))
		at++;
	return (uint32_t)(at - (column - 1));
}

/* localhost, localhost4.localdomain4, ip6-allnodes. */
static bool
is_system_name(const struct dname *name)
{
	const char *label = (const char *)name->wire + 1;

	return (name->wire[0] >= 9 && memcmp(label, "localhost", 9) == 0) ||
	    (name->wire[0] >= 4 && memcmp(label, "ip6-", 4) == 0);
}

static void
note_loopback(struct reader *reader)
{
	const char *text = reader->file->bytes + reader->at;

	for (uint32_t i = 0; i < reader->line.name_count; i++) {
		const struct hostsline_name *name = &reader->line.names[i];
		uint32_t width = measure_word(reader, name->column);
		struct diag_place place = make_place(reader, name->column,
		    width);

		if (is_system_name(&name->name))
			continue;
		diags_add(reader->diags, DIAG_NOTE, &place, NULL,
		    is_own_name(reader, name) ?
		    "'%.*s' is this VM's own name, on a loopback address" :
		    "'%.*s' is on a loopback address, which is another "
		    "machine for everybody who asks",
		    (int)width, text + name->column - 1);
		diags_then(reader->diags, "the name is left out here");
	}
}

static void
add_record(struct reader *reader, const struct hostsline_name *name)
{
	struct hostsimport *import = reader->import;
	struct record *record;

	if (import->record_count == import->record_room) {
		import->record_room = 2 * import->record_room + 64;
		import->records = memory_resize(import->records,
		    import->record_room, sizeof(import->records[0]));
	}
	record = &import->records[import->record_count];
	*record = (struct record){
		.file = import->file_count - 1,
		.line = reader->number,
		.column = name->column,
		.position = import->record_count,
		.width = measure_word(reader, name->column),
		.line_at = reader->at,
		.line_length = reader->length,
		.wire = memory_alloc(name->name.length),
		.wire_length = name->name.length,
		.ttl = reader->line.ttl,
		.ttl_s = reader->line.ttl_s,
		.addr = reader->line.addr,
	};
	memcpy(record->wire, name->name.wire, name->name.length);
	import->record_count++;
}

static void
add_line(struct reader *reader)
{
	const struct hostsline *line = &reader->line;

	if (line->name_count == 0 || hostsline_is_group(&line->addr))
		return;
	if (addr_is_loopback(&line->addr)) {
		note_loopback(reader);
		return;
	}
	if (addr_is_unspecified(&line->addr)) {
		note_line(reader, "this address blocks names on one VM; to "
		    "block them for all, write the line by hand");
		return;
	}
	for (uint32_t i = 0; i < line->name_count; i++)
		if (!is_system_name(&line->names[i].name))
			add_record(reader, &line->names[i]);
}

/* All names of the target count, wherever they lead: it stays as it is. */
static void
add_target_line(struct reader *reader)
{
	for (uint32_t i = 0; i < reader->line.name_count; i++)
		add_record(reader, &reader->line.names[i]);
}

static void
read_line(struct reader *reader, enum hostsimport_role role)
{
	switch (hostsline_parse(&reader->line,
	    reader->file->bytes + reader->at, reader->length)) {
	case HOSTSLINE_GOOD:
		if (role == HOSTSIMPORT_TARGET)
			add_target_line(reader);
		else
			add_line(reader);
		break;
	case HOSTSLINE_SCOPED:
		if (role == HOSTSIMPORT_SOURCE)
			note_line(reader, "an address with a scope means "
			    "something on one machine only");
		break;
	case HOSTSLINE_BAD:
		tell_bad(reader);
		break;
	}
}

static void
read_lines(struct reader *reader, enum hostsimport_role role)
{
	const struct source_text *file = reader->file;
	size_t end;

	if (file->length >= 3 && memcmp(file->bytes, "\xef\xbb\xbf", 3) == 0)
		reader->at = 3;
	for (; reader->at < file->length;
	     reader->at += reader->length + end) {
		reader->number++;
		reader->length = hostsline_length(file->bytes + reader->at,
		    file->length - reader->at, &end);
		read_line(reader, role);
	}
}

static bool
is_utf16(const struct source_text *file)
{
	return file->length >= 2 && (memcmp(file->bytes, "\xff\xfe", 2) == 0 ||
	    memcmp(file->bytes, "\xfe\xff", 2) == 0);
}

void
hostsimport_add(struct hostsimport *import, const struct source_text *file,
    enum hostsimport_role role, struct diags *diags)
{
	struct reader reader = {.import = import, .diags = diags};
	struct diag_place place = {.file = file->path};

	import->files = memory_resize(import->files, import->file_count + 1,
	    sizeof(import->files[0]));
	import->files[import->file_count++] = *file;
	if (role == HOSTSIMPORT_TARGET)
		import->has_target = true;
	if (is_utf16(file)) {
		diags_add(diags, DIAG_ERROR, &place, NULL,
		    "the file is in UTF-16; save it as UTF-8");
		return;
	}
	reader.file = &import->files[import->file_count - 1];
	read_lines(&reader, role);
	hostsline_fini(&reader.line);
}

/* ---- what they say together ---- */

static int
compare_names(const struct record *a, const struct record *b)
{
	if (a->wire_length != b->wire_length)
		return a->wire_length < b->wire_length ? -1 : 1;
	return memcmp(a->wire, b->wire, a->wire_length);
}

static int
compare_addrs(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* By name, address and the order of reading: files are in it, too. */
static int
compare_records(const void *left, const void *right)
{
	const struct record *a = left, *b = right;
	int order = compare_names(a, b);

	if (order == 0)
		order = compare_addrs(&a->addr, &b->addr);
	if (order == 0)
		order = a->position < b->position ? -1 : 1;
	return order;
}

/* Records that stand together: of a name, of a family of it, of an address. */
struct run {
	struct record *first;
	uint32_t count;
};

static bool
is_in_file(const struct run *run, uint32_t file)
{
	for (uint32_t i = 0; i < run->count; i++)
		if (run->first[i].file == file)
			return true;
	return false;
}

/* The records at the run's start that have the same address. */
static struct run
cut_addr(const struct run *run)
{
	struct run cut = {run->first, 1};

	while (cut.count < run->count && addr_equal(&run->first->addr,
	    &run->first[cut.count].addr))
		cut.count++;
	return cut;
}

static struct run
behind(const struct run *run, const struct run *part)
{
	return (struct run){run->first + part->count,
	    run->count - part->count};
}

/* Is there a file that has the name in this family, but not this address? */
static bool
is_missed(const struct run *family, const struct run *addr)
{
	for (uint32_t i = 0; i < family->count; i++)
		if (!is_in_file(addr, family->first[i].file))
			return true;
	return false;
}

static bool
is_conflict(const struct run *family)
{
	struct run rest = *family;

	while (rest.count > 0) {
		struct run addr = cut_addr(&rest);

		if (is_missed(family, &addr))
			return true;
		rest = behind(&rest, &addr);
	}
	return false;
}

static void
tell_place(const struct hostsimport *import, const struct run *addr,
    enum diag_level level, struct diags *diags)
{
	const struct record *record = addr->first;
	const struct source_text *file = &import->files[record->file];
	const char *text = file->bytes + record->line_at;
	size_t shown = (size_t)record->column + EXCERPT_MAX;
	struct diag_place place = {
		.file = file->path,
		.line = record->line,
		.column = record->column,
		.width = record->width,
		.text = text,
		.text_len = record->line_length < shown ?
		    record->line_length : shown,
	};
	char name[ADDR_TEXT];

	addr_print(&record->addr, name);
	if (level == DIAG_ERROR)
		diags_add(diags, level, &place, NULL,
		    "conflict: '%.*s' is %s here and something else in "
		    "another file", (int)record->width,
		    text + record->column - 1, name);
	else
		diags_add(diags, level, &place, NULL,
		    "conflict: '%.*s' is %s here", (int)record->width,
		    text + record->column - 1, name);
	if (addr->count > 1)
		diags_then(diags, "%u more line%s the same",
		    addr->count - 1, addr->count == 2 ? " says" : "s say");
}

/* Every address with the first line that has it, the first one read first. */
static void
tell_conflict(const struct hostsimport *import, const struct run *family,
    struct diags *diags)
{
	uint32_t told = 0;
	bool more = true;

	for (enum diag_level level = DIAG_ERROR; more; level = DIAG_NOTE) {
		struct run rest = *family, next = {0};

		while (rest.count > 0) {
			struct run addr = cut_addr(&rest);

			if (addr.first->position >= told && (!next.first ||
			    addr.first->position < next.first->position))
				next = addr;
			rest = behind(&rest, &addr);
		}
		more = next.first != NULL;
		if (!more)
			break;
		tell_place(import, &next, level, diags);
		told = next.first->position + 1;
	}
}

static void
settle_name(struct hostsimport *import, const struct run *name,
    struct diags *diags)
{
	struct run family[2] = {{name->first, 0}, {NULL, 0}};
	bool conflict = false;

	while (family[0].count < name->count &&
	    name->first[family[0].count].addr.family == 4)
		family[0].count++;
	family[1] = behind(name, &family[0]);
	for (int i = 0; i < 2; i++) {
		if (!is_conflict(&family[i]))
			continue;
		tell_conflict(import, &family[i], diags);
		conflict = true;
	}
	for (uint32_t i = 0; i < name->count; i++)
		name->first[i].conflict = conflict;
	import->conflict_count += conflict;
}

static void
add_entry(struct hostsimport *import, const struct run *addr)
{
	const struct record *first = addr->first;
	const struct source_text *file = &import->files[first->file];
	struct hostsimport_entry *entry;

	if (import->has_target && is_in_file(addr, 0))
		return;
	entry = &import->entries[import->entry_count++];
	*entry = (struct hostsimport_entry){
		.state = first->conflict ? HOSTSIMPORT_CONFLICT :
		    HOSTSIMPORT_ACTIVE,
		.addr = first->addr,
		.name = file->bytes + first->line_at + first->column - 1,
		.name_length = first->width,
		.wire = first->wire,
		.file = file->path,
		.line = first->line,
		.more = addr->count - 1,
		.position = first->position,
	};
	for (uint32_t i = 0; i < addr->count; i++) {
		const struct record *record = &addr->first[i];

		if (record->ttl == HOSTSLINE_TTL_DEFAULT ||
		    (entry->ttl == HOSTSLINE_TTL_OWN &&
		     entry->ttl_s <= record->ttl_s))
			continue;
		entry->ttl = HOSTSLINE_TTL_OWN;
		entry->ttl_s = record->ttl_s;
	}
}

static int
compare_entries(const void *left, const void *right)
{
	const struct hostsimport_entry *a = left, *b = right;
	int order = 0;

	if (a->state != b->state)
		return a->state < b->state ? -1 : 1;
	if (a->state == HOSTSIMPORT_CONFLICT)
		order = strcmp((const char *)a->wire, (const char *)b->wire);
	if (order == 0)
		order = compare_addrs(&a->addr, &b->addr);
	if (order == 0)
		order = a->position < b->position ? -1 : 1;
	return order;
}

void
hostsimport_settle(struct hostsimport *import, struct diags *diags)
{
	struct run rest = {import->records, import->record_count}, addr;

	if (rest.count == 0)
		return;
	import->entries = memory_alloc(rest.count *
	    sizeof(import->entries[0]));
	qsort(rest.first, rest.count, sizeof(*rest.first), compare_records);
	while (rest.count > 0) {
		struct run name = {rest.first, 1};

		while (name.count < rest.count && compare_names(name.first,
		    name.first + name.count) == 0)
			name.count++;
		settle_name(import, &name, diags);
		rest = behind(&rest, &name);
		for (; name.count > 0; name = behind(&name, &addr)) {
			addr = cut_addr(&name);
			add_entry(import, &addr);
		}
	}
	if (import->entry_count > 0)
		qsort(import->entries, import->entry_count,
		    sizeof(import->entries[0]), compare_entries);
}

const struct hostsimport_entry *
hostsimport_entries(const struct hostsimport *import, size_t *count)
{
	*count = import->entry_count;
	return import->entries;
}

size_t
hostsimport_conflicts(const struct hostsimport *import)
{
	return import->conflict_count;
}

/* ---- the text ---- */

static const char *
choose_line_end(const struct hostsimport *import)
{
	const struct source_text *file = &import->files[0];
	size_t end, length;

	if (!import->has_target || file->length == 0)
		return "\n";
	length = hostsline_length(file->bytes, file->length, &end);
	if (end == 2)
		return "\r\n";
	return end == 1 && file->bytes[length] == '\r' ? "\r" : "\n";
}

/* Blanks are shown as bytes, too: a folder called "ttl=1" is no mark. */
static void
print_place(FILE *out, const struct hostsimport_entry *entry)
{
	const char *path = entry->file;
	size_t left = strlen(path), length;

	fputs("# from ", out);
	for (; left > 0; path += length, left -= length) {
		length = printable_length(path, left);
		if (length > 0 && *path != ' ') {
			fwrite(path, 1, length, out);
			continue;
		}
		length = 1;
		fprintf(out, "\\x%02x", (unsigned char)*path);
	}
	fprintf(out, ":%u", (unsigned)entry->line);
	if (entry->more > 0)
		fprintf(out, " (%u more)", (unsigned)entry->more);
}

/* Entries that go into one line: of one address, as far as it has room. */
static size_t
count_line(const struct hostsimport_entry *entry, size_t left)
{
	size_t count = 1, bytes = entry->name_length;

	while (count < left && addr_equal(&entry[count].addr, &entry->addr)) {
		bytes += 1 + entry[count].name_length;
		if (bytes > NAMES_MAX)
			break;
		count++;
	}
	return count;
}

struct widths {
	int addr;
	int names;
};

static void
print_line(FILE *out, const struct hostsimport_entry *entry, size_t count,
    const struct widths *widths)
{
	enum hostsline_ttl ttl = HOSTSLINE_TTL_DEFAULT;
	char addr[ADDR_TEXT];
	uint32_t ttl_s = HOSTSLINE_TTL_MAX;
	int width = 0;

	fprintf(out, "%-*s", widths->addr, addr_print(&entry->addr, addr));
	for (size_t i = 0; i < count; i++) {
		fputc(' ', out);
		fwrite(entry[i].name, 1, entry[i].name_length, out);
		width += 1 + (int)entry[i].name_length;
		if (entry[i].ttl == HOSTSLINE_TTL_OWN)
			ttl = HOSTSLINE_TTL_OWN;
		if (entry[i].ttl == HOSTSLINE_TTL_OWN &&
		    entry[i].ttl_s < ttl_s)
			ttl_s = entry[i].ttl_s;
	}
	fprintf(out, "%*s ", width < widths->names ? widths->names - width : 0,
	    "");
	print_place(out, entry);
	if (ttl == HOSTSLINE_TTL_OWN)
		fprintf(out, " ttl=%u", (unsigned)ttl_s);
}

static void
widen(struct widths *widths, const struct hostsimport_entry *entry,
    size_t count)
{
	char addr[ADDR_TEXT];
	int length = (int)strlen(addr_print(&entry->addr, addr)), names = 0;

	for (size_t i = 0; i < count; i++)
		names += 1 + (int)entry[i].name_length;
	if (names > NAMES_WIDTH)
		names = NAMES_WIDTH;
	if (length > widths->addr)
		widths->addr = length;
	if (names > widths->names)
		widths->names = names;
}

static size_t
print_active(const struct hostsimport *import, FILE *out, const char *end)
{
	const struct hostsimport_entry *entries = import->entries;
	struct widths widths = {0};
	size_t active = 0, n;

	while (active < import->entry_count &&
	    entries[active].state == HOSTSIMPORT_ACTIVE)
		active++;
	for (size_t i = 0; i < active; i += n) {
		n = count_line(&entries[i], active - i);
		widen(&widths, &entries[i], n);
	}
	for (size_t i = 0; i < active; i += n) {
		n = count_line(&entries[i], active - i);
		print_line(out, &entries[i], n, &widths);
		fputs(end, out);
	}
	return active;
}

/* Does the target have this line already, from an import before? */
static bool
has_line(const struct hostsimport *import, const char *text, size_t length)
{
	const struct source_text *file = &import->files[0];
	size_t at = 0, end, line;

	if (!import->has_target)
		return false;
	for (; at < file->length; at += line + end) {
		line = hostsline_length(file->bytes + at, file->length - at,
		    &end);
		if (line == length &&
		    memcmp(file->bytes + at, text, length) == 0)
			return true;
	}
	return false;
}

static char *
format_conflict(const struct hostsimport_entry *entry, size_t *length)
{
	char *text = NULL;
	FILE *out = memory_stream(&text, length);

	fputc('#', out);
	print_line(out, entry, 1, &(struct widths){0});
	memory_stream_close(out);
	return text;
}

static void
print_conflicts(const struct hostsimport *import, size_t first, FILE *out,
    const char *end)
{
	const struct hostsimport_entry *last = NULL;

	for (size_t i = first; i < import->entry_count; i++) {
		const struct hostsimport_entry *entry = &import->entries[i];
		size_t length;
		char *line = format_conflict(entry, &length);

		if (!has_line(import, line, length)) {
			if (!last || strcmp((const char *)last->wire,
			    (const char *)entry->wire) != 0)
				fprintf(out, "%s# conflict: %.*s%s", end,
				    (int)entry->name_length, entry->name,
				    end);
			fprintf(out, "%s%s", line, end);
			last = entry;
		}
		free(line);
	}
}

static void
print_target(const struct hostsimport *import, FILE *out, const char *end)
{
	const struct source_text *file = &import->files[0];

	if (!import->has_target || file->length == 0)
		return;
	fwrite(file->bytes, 1, file->length, out);
	if (file->bytes[file->length - 1] != '\n' &&
	    file->bytes[file->length - 1] != '\r')
		fputs(end, out);
}

char *
hostsimport_text(const struct hostsimport *import, size_t *length)
{
	const char *end = import->file_count > 0 ? choose_line_end(import) :
	    "\n";
	char *news = NULL, *text = NULL;
	size_t news_length, active;
	FILE *out = memory_stream(&news, &news_length);

	active = print_active(import, out, end);
	print_conflicts(import, active, out, end);
	memory_stream_close(out);
	if (news_length > 0) {
		out = memory_stream(&text, length);
		print_target(import, out, end);
		fwrite(news, 1, news_length, out);
		memory_stream_close(out);
	}
	free(news);
	return text;
}
