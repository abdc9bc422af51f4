/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/lease.h"

#include <string.h>
#include <time.h>

#define WORDS 8				/* of a statement; more do not count */
#define NAME_MAX_BYTES 512

/* A word, or what stands between quotes, escapes as written. */
struct word {
	struct lease_span span;
	bool quoted;
};

enum ending {
	ENDING_SEMICOLON,
	ENDING_OPEN,			/* of a block */
	ENDING_CLOSE,
	ENDING_FILE,
};

struct statement {
	struct word words[WORDS];
	unsigned count;
	const char *brace;		/* the one it ends with */
};

struct scan {
	const char *at;
	const char *end;
};

/* A `lease` or an `iaaddr` block in reading. */
struct block {
	struct lease lease;
	struct word addr;
	struct word name;		/* length 0: none */
	struct word forward;		/* the name put into the DNS */
	bool bad;
};

/* ---- statements ---- */

static void
skip_blanks(struct scan *scan)
{
	while (scan->at < scan->end) {
		const char *lf;

		if (*scan->at == '#') {
			lf = memchr(scan->at, '\n',
			    (size_t)(scan->end - scan->at));
			scan->at = lf != NULL ? lf : scan->end;
		} else if (*scan->at == ' ' || *scan->at == '\t' ||
		    *scan->at == '\r' || *scan->at == '\n') {
			scan->at++;
		} else {
			return;
		}
	}
}

static bool
ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ';' ||
	    c == '{' || c == '}' || c == '"' || c == '#';
}

/* false: the string does not end. */
static bool
read_string(struct scan *scan, struct word *word)
{
	word->quoted = true;
	word->span.at = ++scan->at;
	while (scan->at < scan->end && *scan->at != '"') {
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			scan->at++;
		scan->at++;
	}
	word->span.length = (size_t)(scan->at - word->span.at);
	if (scan->at >= scan->end)
		return false;
	scan->at++;
	return true;
}

static void
read_word(struct scan *scan, struct word *word)
{
	word->quoted = false;
	word->span.at = scan->at;
	while (scan->at < scan->end && !ends_word(*scan->at))
		scan->at++;
	word->span.length = (size_t)(scan->at - word->span.at);
}

static enum ending
read_statement(struct scan *scan, struct statement *statement)
{
	memset(statement, 0, sizeof(*statement));
	for (;;) {
		struct word word;

		skip_blanks(scan);
		if (scan->at == scan->end)
			return ENDING_FILE;
		statement->brace = scan->at;
		switch (*scan->at) {
		case ';':
			scan->at++;
			return ENDING_SEMICOLON;
		case '{':
			scan->at++;
			return ENDING_OPEN;
		case '}':
			scan->at++;
			return ENDING_CLOSE;
		case '"':
			if (!read_string(scan, &word))
				return ENDING_FILE;
			break;
		default:
			read_word(scan, &word);
			break;
		}
		if (statement->count < WORDS)
			statement->words[statement->count++] = word;
	}
}

static bool
is_word(const struct statement *statement, unsigned i, const char *text)
{
	return i < statement->count && !statement->words[i].quoted &&
	    lease_is_word(statement->words[i].span, text);
}

/* Behind its opening brace; ENDING_FILE: it is not closed. */
static enum ending
skip_block(struct scan *scan)
{
	struct statement statement;
	size_t depth = 1;

	while (depth > 0) {
		switch (read_statement(scan, &statement)) {
		case ENDING_OPEN:
			depth++;
			break;
		case ENDING_CLOSE:
			depth--;
			break;
		case ENDING_FILE:
			return ENDING_FILE;
		case ENDING_SEMICOLON:
			break;
		}
	}
	return ENDING_CLOSE;
}

/* ---- values ---- */

/* Numbers with one byte between them; false: there are others, or fewer. */
static bool
read_numbers(struct lease_span span, char separator, int64_t *numbers,
    unsigned count)
{
	const char *at = span.at, *end = span.at + span.length;

	for (unsigned i = 0; i < count; i++) {
		const char *stop = i + 1 < count ?
		    memchr(at, separator, (size_t)(end - at)) : end;

		if (stop == NULL || stop - at > 4 ||
		    !lease_read_number(&numbers[i], at, (size_t)(stop - at)))
			return false;
		at = stop < end ? stop + 1 : end;
	}
	return true;
}

/* `W Y/M/D H:M:S`, in UTC. */
static bool
read_civil(const struct statement *statement, int64_t *time_s)
{
	int64_t date[3], clock[3];
	struct tm tm;

	if (statement->count < 4 ||
	    !read_numbers(statement->words[2].span, '/', date, 3) ||
	    !read_numbers(statement->words[3].span, ':', clock, 3) ||
	    date[0] < 1970 || date[1] < 1 || date[1] > 12 || date[2] < 1 ||
	    date[2] > 31 || clock[0] > 23 || clock[1] > 59 || clock[2] > 60)
		return false;
	memset(&tm, 0, sizeof(tm));
	tm.tm_year = (int)date[0] - 1900;
	tm.tm_mon = (int)date[1] - 1;
	tm.tm_mday = (int)date[2];
	tm.tm_hour = (int)clock[0];
	tm.tm_min = (int)clock[1];
	tm.tm_sec = (int)clock[2];
	*time_s = timegm(&tm);
	return true;
}

static void
read_time(struct lease_reading *reading, struct block *block,
    const struct statement *statement, int64_t *time_s)
{
	struct lease_span all = statement->words[0].span;

	if (is_word(statement, 1, "never")) {
		*time_s = LEASE_NEVER;
		return;
	}
	if (is_word(statement, 1, "epoch") && statement->count > 2 &&
	    lease_read_number(time_s, statement->words[2].span.at,
	    statement->words[2].span.length))
		return;
	if (read_civil(statement, time_s))
		return;
	all.length = (size_t)(statement->brace - all.at);
	if (!block->bad)
		lease_fault(reading, all, "a time is written W YYYY/MM/DD "
		    "HH:MM:SS, 'epoch' and a number, or 'never'");
	block->bad = true;
}

/* \" \\ and \ooo (octal). */
static size_t
unescape(char name[NAME_MAX_BYTES], struct lease_span span)
{
	const char *at = span.at, *end = span.at + span.length;
	size_t length = 0;

	while (at < end && length < NAME_MAX_BYTES) {
		unsigned value = 0, digits = 0;

		if (*at != '\\' || at + 1 == end) {
			name[length++] = *at++;
			continue;
		}
		at++;
		while (at < end && digits < 3 && *at >= '0' && *at <= '7') {
			value = value * 8 + (unsigned)(*at++ - '0');
			digits++;
		}
		name[length++] = digits > 0 ? (char)value : *at++;
	}
	return length;
}

/* ---- blocks ---- */

static void
read_state(struct block *block, const struct statement *statement)
{
	if (is_word(statement, 0, "abandoned") ||
	    (is_word(statement, 0, "binding") &&
	    is_word(statement, 1, "state") &&
	    !is_word(statement, 2, "active")))
		block->lease.state = LEASE_ENDED;
}

static void
read_identity(struct block *block, const struct statement *statement)
{
	struct lease *lease = &block->lease;
	struct lease_span last =
	    statement->words[statement->count - 1].span;

	if (is_word(statement, 0, "hardware") &&
	    is_word(statement, 1, "ethernet")) {
		lease->has_mac = lease_read_mac(lease->mac, last.at,
		    last.length);
	} else if (is_word(statement, 0, "uid") && last.length > 0) {
		lease->client = last.at;
		lease->client_length = last.length;
	}
}

static void
read_line(struct lease_reading *reading, struct block *block,
    const struct statement *statement)
{
	struct lease *lease = &block->lease;

	if (statement->count == 0)
		return;
	read_state(block, statement);
	read_identity(block, statement);
	if (is_word(statement, 0, "starts") || is_word(statement, 0, "cltt"))
		read_time(reading, block, statement,
		    is_word(statement, 0, "starts") || lease->starts_s == 0 ?
		    &lease->starts_s : &(int64_t){0});
	else if (is_word(statement, 0, "ends"))
		read_time(reading, block, statement, &lease->expires_s);
	else if (statement->count > 1 &&
	    (is_word(statement, 0, "client-hostname") ||
	    (is_word(statement, 0, "hostname") &&
	    block->name.span.length == 0)))
		block->name = statement->words[1];
	else if (is_word(statement, 0, "set") && statement->count > 3 &&
	    is_word(statement, 1, "ddns-fwd-name"))
		block->forward = statement->words[3];
}

static void
close_block(struct lease_reading *reading, struct block *block)
{
	struct lease *lease = &block->lease;
	char name[NAME_MAX_BYTES];

	if (block->name.span.length == 0)
		block->name = block->forward;
	if (block->name.span.length > 0) {
		lease->name_length = unescape(name, block->name.span);
		lease->name = name;
	}
	if (block->bad) {
		lease->state = LEASE_BAD;
		lease->addr.family = 0;
	}
	lease_add(reading, lease, block->addr.span.at);
}

/* From behind its opening brace to behind the closing one. */
static enum ending
parse_block(struct lease_reading *reading, struct scan *scan,
    struct block *block)
{
	struct statement statement;
	enum ending ending;

	block->bad = !lease_read_addr(reading, &block->lease.addr,
	    block->addr.span);
	for (;;) {
		ending = read_statement(scan, &statement);
		if (ending == ENDING_OPEN)
			ending = skip_block(scan);
		else if (ending == ENDING_CLOSE)
			break;
		else
			read_line(reading, block, &statement);
		if (ending == ENDING_FILE)
			return ENDING_FILE;
	}
	close_block(reading, block);
	return ENDING_CLOSE;
}

static enum ending
parse_lease(struct lease_reading *reading, struct scan *scan,
    const struct statement *head)
{
	struct block block = {.lease = {.state = LEASE_LIVE}};

	if (head->count < 2) {
		lease_fault(reading, (struct lease_span){head->brace, 1},
		    "an address is missing before this");
		return skip_block(scan);
	}
	block.addr = head->words[1];
	return parse_block(reading, scan, &block);
}

/* ia-na "..." { cltt ...; iaaddr ADDR { ... } }: who it is stands without, the
 * rest within. */
static enum ending
parse_ia(struct lease_reading *reading, struct scan *scan,
    const struct statement *head)
{
	struct block outer = {.lease = {.state = LEASE_LIVE}};
	struct statement statement;
	enum ending ending;

	if (head->count > 1) {
		outer.lease.client = head->words[1].span.at;
		outer.lease.client_length = head->words[1].span.length;
	}
	for (;;) {
		struct block block = outer;

		ending = read_statement(scan, &statement);
		if (ending == ENDING_CLOSE)
			return ENDING_CLOSE;
		if (ending == ENDING_SEMICOLON)
			read_line(reading, &outer, &statement);
		if (ending == ENDING_OPEN) {
			block.addr = statement.words[1];
			if (is_word(&statement, 0, "iaaddr") &&
			    statement.count > 1)
				ending = parse_block(reading, scan, &block);
			else
				ending = skip_block(scan);
		}
		if (ending == ENDING_FILE)
			return ENDING_FILE;
	}
}

static enum ending
parse_statement(struct lease_reading *reading, struct scan *scan)
{
	struct statement statement;
	enum ending ending = read_statement(scan, &statement);

	if (ending == ENDING_CLOSE)
		lease_fault(reading, (struct lease_span){statement.brace, 1},
		    "nothing is open that this could close");
	if (ending != ENDING_OPEN)
		return ending;
	if (is_word(&statement, 0, "lease"))
		return parse_lease(reading, scan, &statement);
	if (is_word(&statement, 0, "ia-na") || is_word(&statement, 0, "ia-ta"))
		return parse_ia(reading, scan, &statement);
	return skip_block(scan);
}

/* A log: what is written last stands at its end, and may stand there in
 * part. */
enum leasefile_result
leasedhcpd_parse(struct lease_reading *reading)
{
	const struct source_text *text = reading->text;
	struct scan scan = {text->bytes, text->bytes + text->length};
	char last = scan.end[-1];

	if (last != '\n' && last != '}')
		return LEASEFILE_HALF;
	for (;;) {
		skip_blanks(&scan);
		if (scan.at == scan.end)
			return LEASEFILE_GOOD;
		if (parse_statement(reading, &scan) == ENDING_FILE)
			return LEASEFILE_HALF;
	}
}
