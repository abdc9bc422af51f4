/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leaserows.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

#define QUOTE_MAX 64

struct choice {
	const struct leaserows_input *input;
	struct leaserows *rows;
	struct leaserow **order;	/* room for all rows */
	unsigned told[DIAG_LEVELS];
};

/* ---- telling ---- */

static struct lease_span
span_of(const struct lease *lease, struct lease_span name)
{
	if (name.length > 0)
		return name;
	return (struct lease_span){lease->at, 1};
}

/* The name as it stands in the row's line, for the caret. */
static struct lease_span
find_name(const struct leaserows_input *input, const struct lease *lease)
{
	const struct source_text *text = input->reading->text;
	const char *end = text->bytes + text->length, *found, *lf;
	struct lease_span none = {lease->at, 0};

	if (lease->name == NULL)
		return none;
	lf = memchr(lease->at, '\n', (size_t)(end - lease->at));
	found = memmem(lease->at, (size_t)((lf != NULL ? lf : end) -
	    lease->at), lease->name, lease->name_length);
	return found != NULL ?
	    (struct lease_span){found, lease->name_length} : none;
}

/* One more entry of this level may be added, at the row's place. */
static bool
start_telling(struct choice *c, enum diag_level level,
    const struct lease *lease, struct diag_place *place)
{
	if (c->told[level]++ >= LEASE_FAULTS_SHOWN)
		return false;
	if (lease->at != NULL)
		*place = lease_place(c->input->reading,
		    span_of(lease, find_name(c->input, lease)));
	else
		*place = (struct diag_place){
			.file = c->input->reading->text->path,
		};
	return true;
}

static void
tell_rest(const struct choice *c, enum diag_level level, const char *what)
{
	struct diag_place place = {.file = c->input->reading->text->path};

	if (c->told[level] > LEASE_FAULTS_SHOWN)
		diags_add(c->input->reading->diags, level, &place, NULL,
		    "%s that are not shown: %u", what,
		    c->told[level] - LEASE_FAULTS_SHOWN);
}

static int
quote_length(size_t length)
{
	return length < QUOTE_MAX ? (int)length : QUOTE_MAX;
}

static void
tell_refused(struct choice *c, const struct lease *lease,
    struct lease_span name, const char *why)
{
	struct diag_place place;

	if (!start_telling(c, DIAG_WARNING, lease, &place))
		return;
	diags_add(c->input->reading->diags, DIAG_WARNING, &place,
	    "refused-name", "'%.*s' %s", quote_length(name.length), name.at,
	    why);
	diags_then(c->input->reading->diags, "the lease is passed over");
}

/* The domain itself, with or without its final dot, is what everybody sends:
 * that it goes is not worth a word. */
static bool
is_own_domain(const struct source_spec *spec, const struct leasename *name)
{
	char text[DNAME_TEXT_MAX];
	size_t length, rest = name->rest_length;

	if (rest > 0 && name->rest[rest - 1] == '.')
		rest--;
	if (rest == 0)
		return true;
	if (!spec->has_domain)
		return false;
	dname_print(spec->domain.wire, text);
	length = strlen(text) - 1;
	return rest == length && strncasecmp(name->rest, text, length) == 0;
}

static void
note_cut(struct choice *c, const struct leaserow *row)
{
	const struct leasename *name = &row->name;
	struct diag_place place;

	if (is_own_domain(c->input->spec, name) ||
	    !start_telling(c, DIAG_NOTE, row->lease, &place))
		return;
	diags_add(c->input->reading->diags, DIAG_NOTE, &place, NULL,
	    "a lease gives its first label: '%.*s' without '.%.*s'",
	    name->length, (const char *)name->label,
	    quote_length(name->rest_length), name->rest);
}

/* ---- order ---- */

static int64_t
end_of(const struct lease *lease)
{
	return lease->expires_s == LEASE_NEVER ? INT64_MAX : lease->expires_s;
}

/* Rows are of one list: the place in it is the last resort. */
static bool
is_newer(const struct lease *a, const struct lease *b)
{
	if (a->starts_s != 0 && b->starts_s != 0 &&
	    a->starts_s != b->starts_s)
		return a->starts_s > b->starts_s;
	if (end_of(a) != end_of(b))
		return end_of(a) > end_of(b);
	return a > b;
}

static int
compare_places(const struct leaserow *a, const struct leaserow *b)
{
	return a < b ? -1 : a > b;
}

static int
compare_addrs(const void *a, const void *b)
{
	const struct leaserow *x = *(struct leaserow *const *)a;
	const struct leaserow *y = *(struct leaserow *const *)b;
	int order = memcmp(&x->lease->addr, &y->lease->addr,
	    sizeof(x->lease->addr));

	return order != 0 ? order : compare_places(x, y);
}

static int
compare_bytes(const void *a, size_t a_length, const void *b, size_t b_length)
{
	size_t least = a_length < b_length ? a_length : b_length;
	int order = least > 0 ? memcmp(a, b, least) : 0;

	if (order != 0)
		return order;
	return a_length < b_length ? -1 : a_length > b_length;
}

static int
compare_names(const struct leasename *a, uint8_t a_family,
    const struct leasename *b, uint8_t b_family)
{
	int order = compare_bytes(a->label, a->length, b->label, b->length);

	return order != 0 ? order : a_family - b_family;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct leaserow *x = *(struct leaserow *const *)a;
	const struct leaserow *y = *(struct leaserow *const *)b;
	int order = compare_names(&x->name, x->lease->addr.family, &y->name,
	    y->lease->addr.family);

	return order != 0 ? order : compare_places(x, y);
}

static int
compare_machines(const struct lease *a, const struct lease *b)
{
	if (a->has_mac != b->has_mac)
		return a->has_mac ? -1 : 1;
	if (a->has_mac)
		return memcmp(a->mac, b->mac, LEASE_MAC);
	return compare_bytes(a->client, a->client_length, b->client,
	    b->client_length);
}

static int
compare_clients(const void *a, const void *b)
{
	const struct leaserow *x = *(struct leaserow *const *)a;
	const struct leaserow *y = *(struct leaserow *const *)b;
	int order = compare_machines(x->lease, y->lease);

	if (order == 0)
		order = x->lease->addr.family - y->lease->addr.family;
	return order != 0 ? order : compare_places(x, y);
}

static size_t
sort_rows(struct choice *c, enum leaserow_state state,
    int (*compare)(const void *, const void *))
{
	size_t count = 0;

	for (size_t i = 0; i < c->rows->count; i++) {
		if (c->rows->items[i].state == state)
			c->order[count++] = &c->rows->items[i];
	}
	if (count > 0)
		qsort(c->order, count, sizeof(c->order[0]), compare);
	return count;
}

/* ---- the rules ---- */

static void
leave_old_rows(struct choice *c)
{
	size_t count = sort_rows(c, LEASEROW_IN, compare_addrs);

	for (size_t i = 0; i + 1 < count; i++) {
		if (addr_equal(&c->order[i]->lease->addr,
		    &c->order[i + 1]->lease->addr))
			c->order[i]->state = LEASEROW_OUT;
	}
}

static void
leave_dead_rows(struct choice *c)
{
	for (size_t i = 0; i < c->rows->count; i++) {
		struct leaserow *row = &c->rows->items[i];
		const struct lease *lease = row->lease;

		if (row->state == LEASEROW_IN &&
		    (lease->state == LEASE_ENDED ||
		    (lease->expires_s != LEASE_NEVER &&
		    lease->expires_s <= c->input->reading->now_s)))
			row->state = LEASEROW_OUT;
	}
}

static const struct leasemacs_entry *
find_machine(const struct choice *c, const struct lease *lease)
{
	return lease->has_mac ? leasemacs_find(c->input->macs, lease->mac) :
	    NULL;
}

/* A guest that calls itself localhost is known by its machine's name; only
 * where there is none either is that told. */
static void
name_row(struct choice *c, struct leaserow *row)
{
	const struct lease *lease = row->lease;
	const struct leasemacs_entry *machine;
	struct lease_span name = {lease->name, lease->name_length};
	const char *wrong = NULL;

	if (name.at != NULL) {
		wrong = leasename_clean(&row->name, name.at, name.length,
		    LEASENAME_GUEST, c->input->host);
		if (wrong == NULL && row->state == LEASEROW_IN)
			note_cut(c, row);
		if (wrong == NULL)
			return;
	}
	machine = find_machine(c, lease);
	if (machine != NULL) {
		name = (struct lease_span){machine->name,
		    machine->name_length};
		wrong = leasename_clean(&row->name, name.at, name.length,
		    LEASENAME_MACHINE, c->input->host);
		if (wrong == NULL)
			return;
	}
	if (row->state == LEASEROW_IN && name.length > 0)
		tell_refused(c, lease, name, wrong);
	row->state = LEASEROW_OUT;
}

static void
leave_old_clients(struct choice *c)
{
	size_t count = sort_rows(c, LEASEROW_IN, compare_clients);
	struct leaserow *newest = NULL;

	for (size_t i = 0; i < count; i++) {
		struct leaserow *row = c->order[i];
		const struct lease *lease = row->lease;

		if (newest == NULL || (!lease->has_mac && !lease->client) ||
		    compare_machines(newest->lease, lease) != 0 ||
		    newest->lease->addr.family != lease->addr.family) {
			newest = row;
		} else if (is_newer(lease, newest->lease)) {
			newest->state = LEASEROW_OUT;
			newest = row;
		} else {
			row->state = LEASEROW_OUT;
		}
	}
}

/* Without anything to tell them by they are taken for two. */
static bool
is_one_machine(const struct lease *a, const struct lease *b)
{
	if (a->has_mac && b->has_mac)
		return memcmp(a->mac, b->mac, LEASE_MAC) == 0;
	return a->client != NULL && b->client != NULL &&
	    compare_bytes(a->client, a->client_length, b->client,
	    b->client_length) == 0;
}

static void
leave_for(struct choice *c, struct leaserow *old, const struct leaserow *row)
{
	char addr[ADDR_TEXT], other[ADDR_TEXT];
	struct diag_place place;

	old->state = LEASEROW_OUT;
	if (is_one_machine(old->lease, row->lease) ||
	    !start_telling(c, DIAG_WARNING, old->lease, &place))
		return;
	diags_add(c->input->reading->diags, DIAG_WARNING, &place,
	    "shared-name", "two machines are called '%.*s': %s, and %s "
	    "on line %u", row->name.length, (const char *)row->name.label,
	    addr_print(&old->lease->addr, addr),
	    addr_print(&row->lease->addr, other), row->lease->line);
	diags_then(c->input->reading->diags, "the newest lease counts, %s; "
	    "give one of them another name", other);
}

/* The newest of each name and family stays in order[], which is by_name
 * afterwards. */
static void
leave_old_names(struct choice *c)
{
	size_t count = sort_rows(c, LEASEROW_IN, compare_rows), in = 0;

	for (size_t i = 0; i < count; i++) {
		struct leaserow *row = c->order[i];
		struct leaserow *last = in > 0 ? c->order[in - 1] : NULL;

		if (last == NULL || compare_names(&last->name,
		    last->lease->addr.family, &row->name,
		    row->lease->addr.family) != 0 ||
		    c->input->format == LEASE_NEIGHBOURS) {
			c->order[in++] = row;
		} else if (is_newer(row->lease, last->lease)) {
			leave_for(c, last, row);
			c->order[in - 1] = row;
		} else {
			leave_for(c, row, last);
		}
	}
	c->rows->in_count = in;
}

static void
start_rows(struct leaserows *rows, const struct lease_list *list)
{
	*rows = (struct leaserows){
		.items = memory_zeroed(list->count + 1,
		    sizeof(rows->items[0])),
		.count = list->count,
		.by_name = memory_zeroed(list->count + 1,
		    sizeof(rows->by_name[0])),
	};
	for (size_t i = 0; i < list->count; i++) {
		rows->items[i].lease = &list->items[i];
		rows->items[i].state = list->items[i].state == LEASE_BAD ?
		    LEASEROW_KEEP : LEASEROW_IN;
	}
}

void
leaserows_choose(struct leaserows *rows, const struct leaserows_input *input)
{
	struct choice c = {.input = input, .rows = rows};

	start_rows(rows, input->reading->leases);
	c.order = rows->by_name;
	if (input->format != LEASE_NEIGHBOURS)
		leave_old_rows(&c);
	leave_dead_rows(&c);
	for (size_t i = 0; i < rows->count; i++) {
		if (rows->items[i].state != LEASEROW_OUT)
			name_row(&c, &rows->items[i]);
	}
	if (input->format == LEASE_DHCPD)
		leave_old_clients(&c);
	leave_old_names(&c);
	tell_rest(&c, DIAG_WARNING, "leases with a warning");
	tell_rest(&c, DIAG_NOTE, "names that were cut");
}

void
leaserows_fini(struct leaserows *rows)
{
	free(rows->items);
	free(rows->by_name);
}

bool
leaserows_has(const struct leaserows *rows, const struct leasename *name,
    uint8_t family)
{
	size_t low = 0, high = rows->in_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct leaserow *row = rows->by_name[middle];

		if (compare_names(&row->name, row->lease->addr.family, name,
		    family) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < rows->in_count && compare_names(
	    &rows->by_name[low]->name, rows->by_name[low]->lease->addr.family,
	    name, family) == 0;
}
