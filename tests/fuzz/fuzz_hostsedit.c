/* SPDX-License-Identifier: BSD-2-Clause */
/* Edits of a hosts file: the first line is NAME [ADDR...] [ttl=N], what is
 * behind it the file.  What is not about the name must survive, the result say
 * what was asked for, and asking again change nothing. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "hostsfacts.h"

#define ADDRS 8

static enum hostsedit_result
edit(const struct source_text *file, const struct hostsedit_entry *entry,
    struct hostsedit_outcome *outcome)
{
	return entry->addr_count > 0 ? hostsedit_set(file, entry, outcome) :
	    hostsedit_unset(file, entry, outcome);
}

static void
check_survival(const struct source_text *before,
    const struct source_text *after, const struct hostsedit_entry *entry)
{
	char *old = hostsfacts_others(before->bytes, before->length, entry);
	char *new = hostsfacts_others(after->bytes, after->length, entry);
	char *lines = hostsfacts_lines(before->bytes, before->length, entry);
	char *rest = hostsfacts_lines(after->bytes, after->length, entry);

	assert(strcmp(old, new) == 0);
	assert(hostsfacts_are_among(lines, rest));
	assert(hostsfacts_judge(after->bytes, after->length, entry) == NULL);
	free(old);
	free(new);
	free(lines);
	free(rest);
}

static void
try_edit(const struct source_text *file, const struct hostsedit_entry *entry)
{
	struct hostsedit_outcome outcome, again;
	enum hostsedit_result result = edit(file, entry, &outcome);
	struct source_text after = *file;

	assert((result == HOSTSEDIT_REFUSED) == (outcome.wrong != NULL));
	assert((result == HOSTSEDIT_CHANGED) == (outcome.bytes != NULL));
	if (result == HOSTSEDIT_REFUSED)
		return;
	if (result == HOSTSEDIT_CHANGED)
		after = (struct source_text){file->path, outcome.bytes,
		    outcome.length};
	assert(edit(&after, entry, &again) == HOSTSEDIT_SAME);
	check_survival(file, &after, entry);
	free(outcome.bytes);
}

static void
read_entry(struct hostsedit_entry *entry, const char **addrs, char *line)
{
	char *at, *word = strtok_r(line, " ", &at);

	entry->name = word ? word : "";
	while (word && (word = strtok_r(NULL, " ", &at))) {
		if (strncmp(word, "ttl=", 4) == 0) {
			entry->ttl = HOSTSLINE_TTL_OWN;
			entry->ttl_s = (uint32_t)strtoul(word + 4, NULL, 10);
		} else if (entry->addr_count < ADDRS) {
			addrs[entry->addr_count++] = word;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dname lab = {5, 1, {3, 'l', 'a', 'b', 0}};
	char *text = memory_alloc(size + 1);
	const char *addrs[ADDRS];
	struct hostsedit_entry entry = {.addrs = addrs, .domain = &lab};
	struct source_text file = {"hosts", "", 0};
	char *cut;

	/* hostsfacts.h works on strings. */
	for (size_t i = 0; i < size; i++)
		text[i] = data[i] ? (char)data[i] : '0';
	text[size] = '\0';
	cut = strchr(text, '\n');
	if (cut) {
		*cut = '\0';
		file.bytes = cut + 1;
		file.length = size - (size_t)(file.bytes - text);
	}
	read_entry(&entry, addrs, text);
	try_edit(&file, &entry);
	entry.addr_count = 0;
	try_edit(&file, &entry);
	free(text);
	return 0;
}
