/* SPDX-License-Identifier: BSD-2-Clause */
#include "verbrights.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "jsontext.h"
#include "sys/rights.h"

static bool
has_no_new_privs(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool
makes_core_files(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur > 0;
}

static void
print_writable(const struct confinement *confinement, FILE *out)
{
	const struct landlock_places *places = &confinement->places;

	if (confinement->sandbox.landlock != SANDBOX_ON)
		return;
	fputs(places->count ? ", writes in " : ", writes nowhere", out);
	for (size_t i = 0; i < places->count; i++)
		fprintf(out, "%s%s", i ? ", " : "", places->paths[i]);
}

void
verbrights_print(const struct confinement *confinement, FILE *out)
{
	const struct sandbox_state *sandbox = &confinement->sandbox;
	char *capabilities = rights_capabilities();

	fprintf(out, "rights: user %s, capabilities: %s%s%s%s\n",
	    rights_user(), *capabilities ? capabilities : "none",
	    rights_read_all() ? " (reads every file)" : "",
	    has_no_new_privs() ? ", no new ones" : "",
	    makes_core_files() ? "" : ", no core files");
	fprintf(out, "sandbox: seccomp %s, landlock %s",
	    sandbox_wall_word(sandbox->seccomp),
	    sandbox_wall_word(sandbox->landlock));
	if (sandbox->landlock_abi)
		fprintf(out, " (ABI %d)", sandbox->landlock_abi);
	print_writable(confinement, out);
	fputc('\n', out);
	free(capabilities);
}

static json_t *
make_words(char *text)
{
	json_t *list = json_array();
	char *rest = NULL;

	for (char *word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		json_array_append_new(list, json_string(word));
	return list;
}

static json_t *
make_places(const struct landlock_places *places)
{
	json_t *list = json_array();

	for (size_t i = 0; i < places->count; i++)
		json_array_append_new(list, jsontext_make(places->paths[i]));
	return list;
}

json_t *
verbrights_make(const struct confinement *confinement)
{
	const struct sandbox_state *sandbox = &confinement->sandbox;
	char *capabilities = rights_capabilities();
	json_t *object = json_pack(
	    "{s:s, s:o, s:b, s:b, s:b, s:s, s:s, s:i, s:o}",
	    "user", rights_user(),
	    "capabilities", make_words(capabilities),
	    "reads-all", (int)rights_read_all(),
	    "no-new-privileges", (int)has_no_new_privs(),
	    "core-files", (int)makes_core_files(),
	    "seccomp", sandbox_wall_word(sandbox->seccomp),
	    "landlock", sandbox_wall_word(sandbox->landlock),
	    "landlock-abi", sandbox->landlock_abi,
	    "writable", make_places(&confinement->places));

	free(capabilities);
	return object;
}
