/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists whose members bring their own links. */
#include "base/links.h"

#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define MANY 4

static struct member {
	char letter;
	struct link link, other;
} members[MANY];
static struct links links, others;

static void
setup(void)
{
	links_init(&links);
	links_init(&others);
	memset(members, 0, sizeof members);
	for (unsigned i = 0; i < MANY; i++)
		members[i].letter = (char)('a' + i);
}

static void
append_all(void)
{
	for (unsigned i = 0; i < MANY; i++)
		links_append(&links, &members[i].link);
}

/* Both ways. */
static void
expect(const char *letters)
{
	size_t length = strlen(letters);
	struct link *link = links_first(&links);
	const struct link *before = &links.ends;

	for (size_t i = 0; i < length; i++) {
		const struct member *member = links_member(link,
		    offsetof(struct member, link));

		ck_assert_ptr_nonnull(member);
		ck_assert_int_eq(member->letter, letters[i]);
		ck_assert_ptr_eq(link->before, before);
		ck_assert(links_has(link));
		before = link;
		link = links_next(&links, link);
	}
	ck_assert_ptr_null(link);
	ck_assert_ptr_eq(links.ends.before, before);
}

START_TEST(none_is_in_an_empty_list)
{
	expect("");
	ck_assert(!links_has(&members[0].link));
	ck_assert_ptr_null(links_member(links_first(&links),
	    offsetof(struct member, link)));
}
END_TEST

START_TEST(members_stand_as_they_came)
{
	append_all();
	expect("abcd");
}
END_TEST

START_TEST(any_may_go)
{
	append_all();
	links_remove(&members[1].link);
	ck_assert(!links_has(&members[1].link));
	expect("acd");
	links_remove(&members[0].link);
	expect("cd");
	links_remove(&members[3].link);
	expect("c");
	links_remove(&members[2].link);
	expect("");
}
END_TEST

START_TEST(who_comes_again_is_the_last)
{
	append_all();
	links_remove(&members[0].link);
	links_append(&links, &members[0].link);
	expect("bcda");
}
END_TEST

START_TEST(one_may_be_in_two)
{
	append_all();
	links_append(&others, &members[2].other);
	ck_assert_ptr_eq(links_member(links_first(&others),
	    offsetof(struct member, other)), &members[2]);
	links_remove(&members[2].link);
	expect("abd");
	ck_assert(links_has(&members[2].other));
	ck_assert_ptr_null(links_next(&others, links_first(&others)));
}
END_TEST

int
main(void)
{
	return suite_run("base/links", (const struct suite_case[]){
	    {
		.name = "links",
		.setup = setup,
		.tests = SUITE_TESTS(none_is_in_an_empty_list,
		    members_stand_as_they_came, any_may_go,
		    who_comes_again_is_the_last, one_may_be_in_two),
	    },
	    {0},
	});
}
