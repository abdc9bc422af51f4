/* SPDX-License-Identifier: BSD-2-Clause */
/* lookup [NAMES...] - the index of names two ways: the hash table of
 * names/table.h, and a QP-trie, on the work of this server.
 *
 * The trie is of the kind that authoritative servers use: a branch tells names
 * apart by one character (letters folded, what is in no host name takes two
 * steps), a bitmap says which characters come, their twigs lie one behind the
 * other and are found by counting bits.  A name's labels go from the root down,
 * so that a name that is absent ends beside its closest encloser.
 *
 * NAMES owners vm0000001.cluster.test ...; both lead to the same nodes, which
 * hold owner and an A record.  Batches of 64 random names, nine in ten known,
 * the others absent with a search for the closest encloser.  Plain: one after
 * the other.  Staged: the table as query_begin and query_prefetch do it; the
 * trie a level of all 64 at a time, each step's twigs brought near before.
 * Between two batches the nearest caches are filled with other things.
 *
 * Prints for each: nanoseconds a lookup (the median batch, with hash or key
 * made from the owner), bytes a name beside the node, nanoseconds to insert
 * one, and to change one with all older versions kept whole (copy on write).
 */
#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/pages.h"
#include "dns/dname.h"
#include "names/table.h"

#define BATCH 64
#define BATCHES 4001
#define CHANGES 2001
#define OTHER_BYTES (1u << 20)
#define DIGITS 7

static const struct hash_key hash_key = { 0x6c6f6f6b, 0x7570 };
static uint8_t other[OTHER_BYTES];

struct leaf {
	uint8_t length;
	uint8_t labels;
	uint8_t wire[46];		/* owner, then a record */
};

/* ---- the trie ---- */

/* A step is 1 (the end of a label, and of the name), or a character: the
 * bitmap has 48 bits.  What is no letter, digit, hyphen or underscore is two
 * steps of its upper and lower four bits. */
#define KEY_MAX (2 * DNAME_MAX + 2)
#define STEP_END 1
#define STEP_OTHER 2			/* and 16 of the upper bits */

/* where: bit 0 set on branches; bits 1 to 48 which steps come; above them the
 * step's place in the key. */
struct twig {
	uint64_t where;
	union {
		struct twig *twigs;
		const struct leaf *leaf;
	} to;
};

struct key {
	unsigned length;
	uint8_t step[KEY_MAX];
};

static unsigned
step_of(unsigned c, uint8_t to[2])
{
	if (c >= 'a' && c <= 'z')
		to[0] = (uint8_t)(22 + c - 'a');
	else if (c >= '0' && c <= '9')
		to[0] = (uint8_t)(12 + c - '0');
	else if (c == '-' || c == '_')
		to[0] = c == '-' ? 10 : 11;
	else {
		to[0] = (uint8_t)(STEP_OTHER + (c >> 5));
		to[1] = (uint8_t)(STEP_END + 1 + c % 32);
		return 2;
	}
	return 1;
}

static uint8_t step_table[256][2];
static uint8_t step_count[256];

static void
make_steps(void)
{
	for (unsigned c = 0; c < 256; c++)
		step_count[c] = (uint8_t)step_of(c, step_table[c]);
}

static void
make_key(const uint8_t *name, struct key *key)
{
	const uint8_t *label[DNAME_LABELS_MAX];
	unsigned labels = 0, at = 0;

	for (; name[0] != 0; name += name[0] + 1u)
		label[labels++] = name;
	while (labels-- > 0) {
		for (unsigned i = 1; i <= label[labels][0]; i++) {
			unsigned c = label[labels][i];

			key->step[at] = step_table[c][0];
			key->step[at + 1] = step_table[c][1];
			at += step_count[c];
		}
		key->step[at++] = STEP_END;
	}
	key->step[at++] = STEP_END;
	key->length = at;
}

static inline bool
is_branch(const struct twig *twig)
{
	return twig->where & 1;
}

static inline unsigned
place_of(const struct twig *twig)
{
	return (unsigned)(twig->where >> 49);
}

static inline uint64_t
bit_of(const struct twig *twig, const struct key *key)
{
	unsigned place = place_of(twig);

	return UINT64_C(1) << (place < key->length ? key->step[place] : 1);
}

#define BITMAP ((UINT64_C(1) << 49) - 2)

static inline unsigned
twig_count(const struct twig *twig)
{
	return (unsigned)__builtin_popcountll(twig->where & BITMAP);
}

static inline struct twig *
twig_at(const struct twig *twig, uint64_t bit)
{
	return twig->to.twigs +
	    __builtin_popcountll(twig->where & BITMAP & (bit - 1));
}

/* Where two keys part; their length where they do not. */
static unsigned
parting(const struct key *a, const struct key *b)
{
	unsigned i = 0;

	while (i < a->length && i < b->length && a->step[i] == b->step[i])
		i++;
	return i;
}

/* Any leaf that shares the way as far as it goes. */
static const struct leaf *
nearest(const struct twig *twig, const struct key *key)
{
	while (is_branch(twig)) {
		uint64_t bit = bit_of(twig, key);

		twig = twig->where & bit ? twig_at(twig, bit) :
		    twig->to.twigs;
	}
	return twig->to.leaf;
}

static void
split_twig(struct twig *twig, const struct key *key, const struct key *near,
    const struct leaf *leaf)
{
	unsigned place = parting(key, near);
	unsigned new = key->step[place], old = near->step[place];
	struct twig *twigs = memory_alloc(2 * sizeof(*twigs));

	twigs[new > old] = (struct twig){ .to.leaf = leaf };
	twigs[new < old] = *twig;
	*twig = (struct twig){
		.where = 1 | UINT64_C(1) << new | UINT64_C(1) << old |
		    (uint64_t)place << 49,
		.to.twigs = twigs,
	};
}

static void
grow_twig(struct twig *twig, uint64_t bit, const struct leaf *leaf)
{
	unsigned count = twig_count(twig);
	unsigned at = (unsigned)(twig_at(twig, bit) - twig->to.twigs);

	twig->to.twigs = memory_resize(twig->to.twigs, count + 1,
	    sizeof(*twig));
	memmove(twig->to.twigs + at + 1, twig->to.twigs + at,
	    (count - at) * sizeof(*twig));
	twig->to.twigs[at] = (struct twig){ .to.leaf = leaf };
	twig->where |= bit;
}

static void
trie_add(struct twig *root, const struct leaf *leaf)
{
	struct key key, near;
	struct twig *twig = root;
	unsigned place;

	make_key(leaf->wire, &key);
	if (root->where == 0 && root->to.leaf == NULL) {
		root->to.leaf = leaf;
		return;
	}
	make_key(nearest(root, &key)->wire, &near);
	place = parting(&key, &near);
	while (is_branch(twig) && place_of(twig) < place)
		twig = twig_at(twig, bit_of(twig, &key));
	if (is_branch(twig) && place_of(twig) == place)
		grow_twig(twig, bit_of(twig, &key), leaf);
	else
		split_twig(twig, &key, &near, leaf);
}

/* The same leaf anew: every run of twigs on the way is copied, and what it
 * replaced freed, as if no reader were left. */
static struct twig
trie_changed(const struct twig *from, const struct key *key,
    const struct leaf *leaf)
{
	struct twig to = *from;
	size_t size;
	uint64_t bit;

	if (!is_branch(from)) {
		to.to.leaf = leaf;
		return to;
	}
	size = twig_count(from) * sizeof(to);
	bit = bit_of(from, key);
	to.to.twigs = memcpy(memory_alloc(size), from->to.twigs, size);
	*twig_at(&to, bit) = trie_changed(twig_at(from, bit), key, leaf);
	free(from->to.twigs);
	return to;
}

static size_t
trie_bytes(const struct twig *twig)
{
	size_t bytes = 0;

	if (!is_branch(twig))
		return 0;
	for (unsigned i = 0; i < twig_count(twig); i++)
		bytes += trie_bytes(&twig->to.twigs[i]);
	return bytes + malloc_usable_size(twig->to.twigs) + sizeof(size_t);
}

static void
trie_free(const struct twig *twig)
{
	for (unsigned i = 0; is_branch(twig) && i < twig_count(twig); i++)
		trie_free(&twig->to.twigs[i]);
	if (is_branch(twig))
		free(twig->to.twigs);
}

/* ---- both ---- */

enum way {
	WAY_TABLE,
	WAY_TABLE_STAGED,
	WAY_TRIE,
	WAY_TRIE_STAGED,
	WAYS
};

struct bench {
	unsigned names;
	struct arena *arena;
	struct leaf **leaves;
	struct leaf *encloser;		/* cluster.test */
	struct table_writer *writer;
	const struct table *table;
	struct twig trie;
	uint64_t random;
	uint8_t asked[BATCH][48];
	unsigned found;			/* so that nothing is left out */
};

static uint32_t
draw(struct bench *bench)
{
	bench->random = bench->random * 6364136223846793005u +
	    1442695040888963407u;
	return (uint32_t)(bench->random >> 33);
}

static uint64_t
hash_of(const void *context, table_slot slot)
{
	const struct leaf *leaf = table_pointer(slot);

	(void)context;
	return dname_hash(&hash_key, leaf->wire);
}

static struct leaf *
new_leaf(struct bench *bench, const char *text)
{
	struct dname name = dname_from(text);
	struct leaf *leaf = arena_alloc(bench->arena, sizeof(*leaf));

	assert(name.length + 16u <= sizeof(leaf->wire));
	leaf->length = name.length;
	leaf->labels = name.labels;
	memcpy(leaf->wire, name.wire, name.length);
	return leaf;
}

static void
make_leaves(struct bench *bench)
{
	char text[64];

	bench->arena = arena_new((size_t)1 << 20);
	bench->leaves = memory_alloc(bench->names * sizeof(bench->leaves[0]));
	bench->encloser = new_leaf(bench, "cluster.test.");
	for (unsigned i = 0; i < bench->names; i++) {
		snprintf(text, sizeof(text), "vm%07u.cluster.test.", i + 1);
		bench->leaves[i] = new_leaf(bench, text);
	}
}

static void
ask(struct bench *bench)
{
	char digits[16];

	for (unsigned i = 0; i < BATCH; i++) {
		const struct leaf *any = bench->leaves[0];
		unsigned number = draw(bench) % bench->names + 1;

		memcpy(bench->asked[i], any->wire, any->length);
		snprintf(digits, sizeof(digits), "%07u", number);
		memcpy(bench->asked[i] + 3, digits, DIGITS);
		if (draw(bench) % 10 == 0)	/* absent, and near one */
			bench->asked[i][3 + DIGITS - 1] = 'x';
	}
}

/* ---- looking up ---- */

static const struct leaf *
table_find(const struct table *table, uint64_t hash, const uint8_t *name,
    unsigned length)
{
	struct table_cursor cursor = { 0 };
	table_slot slot;

	while ((slot = table_next(table, hash, &cursor)) != 0) {
		const struct leaf *leaf = table_pointer(slot);

		if (leaf->length == length &&
		    memcmp(leaf->wire, name, length) == 0)
			return leaf;
	}
	return NULL;
}

static void
table_ask(struct bench *bench, const uint8_t *name, uint64_t hash)
{
	unsigned length = bench->leaves[0]->length;
	uint64_t suffixes[DNAME_LABELS_MAX + 1];
	const struct leaf *leaf = table_find(bench->table, hash, name, length);

	if (leaf != NULL) {
		bench->found++;
		return;
	}
	dname_hash_suffixes(&hash_key, name, suffixes);
	for (unsigned i = 1; leaf == NULL && name[0] != 0; i++) {
		length -= name[0] + 1u;
		name += name[0] + 1u;
		leaf = table_find(bench->table, suffixes[i], name, length);
	}
	assert(leaf == bench->encloser);
}

static void
table_plain(struct bench *bench)
{
	for (unsigned i = 0; i < BATCH; i++)
		table_ask(bench, bench->asked[i],
		    dname_hash(&hash_key, bench->asked[i]));
}

static void
table_staged(struct bench *bench)
{
	uint64_t hash[BATCH];

	for (unsigned i = 0; i < BATCH; i++) {
		hash[i] = dname_hash(&hash_key, bench->asked[i]);
		table_prefetch(bench->table, hash[i]);
	}
	for (unsigned i = 0; i < BATCH; i++)
		table_prefetch_target(bench->table, hash[i]);
	for (unsigned i = 0; i < BATCH; i++)
		table_ask(bench, bench->asked[i], hash[i]);
}

/* At the end of the way: is it the name, or where do they part?  The label
 * that ends last before that place is the closest encloser's. */
static void
trie_judge(struct bench *bench, const struct twig *twig, const uint8_t *name,
    const struct key *key)
{
	const struct leaf *leaf = twig->to.leaf;
	struct key near;
	unsigned place, labels = 0;

	if (leaf->length == bench->leaves[0]->length &&
	    memcmp(leaf->wire, name, leaf->length) == 0) {
		bench->found++;
		return;
	}
	make_key(leaf->wire, &near);
	place = parting(key, &near);
	for (unsigned i = 0; i < place; i++)
		labels += key->step[i] == STEP_END;
	assert(labels == bench->encloser->labels);
}

static void
trie_plain(struct bench *bench)
{
	struct key key;

	for (unsigned i = 0; i < BATCH; i++) {
		const struct twig *twig = &bench->trie;

		make_key(bench->asked[i], &key);
		while (is_branch(twig)) {
			uint64_t bit = bit_of(twig, &key);

			twig = twig->where & bit ? twig_at(twig, bit) :
			    twig->to.twigs;
		}
		trie_judge(bench, twig, bench->asked[i], &key);
	}
}

static bool
trie_step(const struct twig **at, const struct key *key)
{
	const struct twig *twig = *at;
	uint64_t bit;

	if (!is_branch(twig))
		return false;
	bit = bit_of(twig, key);
	*at = twig->where & bit ? twig_at(twig, bit) : twig->to.twigs;
	__builtin_prefetch(*at);
	return true;
}

static void
trie_staged(struct bench *bench)
{
	static struct key key[BATCH];
	const struct twig *at[BATCH];
	unsigned moving = BATCH;

	for (unsigned i = 0; i < BATCH; i++) {
		make_key(bench->asked[i], &key[i]);
		at[i] = &bench->trie;
	}
	while (moving > 0) {
		moving = 0;
		for (unsigned i = 0; i < BATCH; i++)
			moving += trie_step(&at[i], &key[i]);
	}
	for (unsigned i = 0; i < BATCH; i++)
		__builtin_prefetch(at[i]->to.leaf);
	for (unsigned i = 0; i < BATCH; i++)
		trie_judge(bench, at[i], bench->asked[i], &key[i]);
}

/* ---- measuring ---- */

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *values, unsigned count)
{
	qsort(values, count, sizeof(values[0]), compare);
	return values[count / 2];
}

static double
measure_way(struct bench *bench, enum way way)
{
	static void (*const run[WAYS])(struct bench *) = {
		table_plain, table_staged, trie_plain, trie_staged,
	};
	static double took[BATCHES];

	bench->random = 42;
	for (unsigned n = 0; n < BATCHES; n++) {
		int64_t from_ns;

		ask(bench);
		for (unsigned i = 0; i < OTHER_BYTES; i += 64)
			other[i]++;
		from_ns = clock_mono_ns();
		run[way](bench);
		took[n] = (double)(clock_mono_ns() - from_ns) / BATCH;
	}
	return median(took, BATCHES);
}

static double
insert_table(struct bench *bench)
{
	struct table_garbage *garbage;
	int64_t from_ns = clock_mono_ns();
	uint64_t hash;

	bench->writer = table_writer_new(hash_of, NULL);
	table_reserve(bench->writer, bench->names + 1);
	hash = dname_hash(&hash_key, bench->encloser->wire);
	table_change(bench->writer, hash, 0,
	    table_slot_of(hash, bench->encloser, 0));
	for (unsigned i = 0; i < bench->names; i++) {
		hash = dname_hash(&hash_key, bench->leaves[i]->wire);
		table_change(bench->writer, hash, 0,
		    table_slot_of(hash, bench->leaves[i], 0));
	}
	bench->table = table_freeze(bench->writer, &garbage);
	table_garbage_free(garbage);
	return (double)(clock_mono_ns() - from_ns) / bench->names;
}

static double
insert_trie(struct bench *bench)
{
	int64_t from_ns = clock_mono_ns();

	bench->trie = (struct twig){ 0 };
	trie_add(&bench->trie, bench->encloser);
	for (unsigned i = 0; i < bench->names; i++)
		trie_add(&bench->trie, bench->leaves[i]);
	return (double)(clock_mono_ns() - from_ns) / bench->names;
}

/* To a mark on the same node and back, each a version of its own. */
static double
change_table(struct bench *bench)
{
	static double took[CHANGES];

	for (unsigned n = 0; n < CHANGES; n++) {
		const struct leaf *leaf =
		    bench->leaves[draw(bench) % bench->names];
		uint64_t hash = dname_hash(&hash_key, leaf->wire);
		struct table_garbage *garbage;
		int64_t from_ns = clock_mono_ns();

		for (unsigned mark = 0; mark < 2; mark++) {
			table_change(bench->writer, hash,
			    table_slot_of(hash, leaf, mark),
			    table_slot_of(hash, leaf, !mark));
			bench->table = table_freeze(bench->writer, &garbage);
			table_garbage_free(garbage);
		}
		took[n] = (double)(clock_mono_ns() - from_ns) / 2;
	}
	return median(took, CHANGES);
}

static double
change_trie(struct bench *bench)
{
	static double took[CHANGES];
	struct key key;

	for (unsigned n = 0; n < CHANGES; n++) {
		const struct leaf *leaf =
		    bench->leaves[draw(bench) % bench->names];
		int64_t from_ns = clock_mono_ns();

		make_key(leaf->wire, &key);
		bench->trie = trie_changed(&bench->trie, &key, leaf);
		took[n] = (double)(clock_mono_ns() - from_ns);
	}
	return median(took, CHANGES);
}

static void
compare_both(unsigned names)
{
	struct bench bench = { .names = names };
	double inserted[2], changed[2], took[WAYS];

	make_leaves(&bench);
	inserted[0] = insert_table(&bench);
	inserted[1] = insert_trie(&bench);
	pages_settle();
	for (enum way way = 0; way < WAYS; way++)
		took[way] = measure_way(&bench, way);
	changed[0] = change_table(&bench);
	changed[1] = change_trie(&bench);
	printf("%8u table %6.0f %6.0f %6.1f %6.0f %7.0f\n", names, took[0],
	    took[1], (double)table_bytes(bench.table) / names, inserted[0],
	    changed[0]);
	printf("%8u trie  %6.0f %6.0f %6.1f %6.0f %7.0f\n", names, took[2],
	    took[3], (double)trie_bytes(&bench.trie) / names, inserted[1],
	    changed[1]);
	assert(bench.found > WAYS * BATCHES * BATCH / 2);
	trie_free(&bench.trie);
	table_writer_free(bench.writer);
	arena_free(bench.arena);
	free(bench.leaves);
}

int
main(int argc, char **argv)
{
	static const char *const usual[] = { "1000", "100000", "1000000" };
	unsigned count = argc > 1 ? (unsigned)argc - 1 : 3;

	make_steps();
	printf("   names       plain staged  bytes insert  change\n");
	for (unsigned i = 0; i < count; i++) {
		int names = atoi(argc > 1 ? argv[i + 1] : usual[i]);

		if (names < 10 || names > 9999999) {
			fputs("usage: lookup [NAMES...], 10 to 9999999\n",
			    stderr);
			return 2;
		}
		compare_both((unsigned)names);
	}
	return 0;
}
