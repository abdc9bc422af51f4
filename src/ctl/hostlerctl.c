/* SPDX-License-Identifier: BSD-2-Clause */
/* hostlerctl.c - talks to the daemon; `check` works without one. */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "check.h"
#include "confread.h"
#include "ctl/client.h"
#include "ctl/import.h"

static const char usage[] =
    "usage: hostlerctl [-c FILE | -s SOCKET] [--json] VERB\n"
    "\n"
    "  status     what is served, from which files, since when\n"
    "  reload     read every file again, and show what changed\n"
    "  check      the diagnostics of every file; needs no daemon\n"
    "  stats      the counters\n"
    "  import FILE... [--write | --to FILE]\n"
    "             hosts files of many VMs made one; needs no daemon\n"
    "\n"
    "  -c FILE    the configuration (default " CONF_DEFAULT_FILE ")\n"
    "  -s SOCKET  the daemon's control socket\n"
    "  --json     for programs\n"
    "\n"
    "Exit status: 0 done, 1 refused or failed, 3 no daemon.\n";

struct options {
	struct conf_options conf;
	const char *socket;
	bool json;
	bool write;
	const char *to;
};

static int
run_check(const struct options *options)
{
	return check_files(&options->conf,
	    options->json ? CHECK_JSON : CHECK_TEXT, stdout) == CHECK_CLEAN
	    ? CLIENT_DONE : CLIENT_FAILED;
}

static int
run_import(const struct options *options, char **paths)
{
	const struct import_request request = {
		.conf = &options->conf,
		.paths = paths,
		.to = options->to,
		.place = options->to ? IMPORT_FILE :
		    options->write ? IMPORT_MANAGED : IMPORT_SHOWN,
		.form = options->json ? IMPORT_JSON : IMPORT_TEXT,
	};

	if (!paths[0]) {
		fputs("hostlerctl: import needs the hosts files to read\n",
		    stderr);
		return CLIENT_FAILED;
	}
	return import_run(&request) == IMPORT_CLEAN ? CLIENT_DONE :
	    CLIENT_FAILED;
}

static char *
find_socket(const struct options *options)
{
	struct diags *diags;
	struct conf *conf;
	char *path = NULL;

	if (options->socket)
		return memory_string(options->socket);
	diags = diags_new();
	conf = confread(&options->conf, diags);
	if (!conf)
		diags_print(diags, stderr,
		    isatty(2) ? DIAG_COLOUR : DIAG_PLAIN);
	else if (!conf->control_socket)
		fputs("hostlerctl: no control socket is configured: name it "
		      "with -s\n", stderr);
	else
		path = memory_string(conf->control_socket);
	diags_free(diags);
	conf_free(conf);
	return path;
}

static char *
join_words(const struct options *options, char **words)
{
	char *line = memory_string(words[0]);

	for (words++; *words; words++) {
		char *longer = memory_format("%s %s", line, *words);

		free(line);
		line = longer;
	}
	if (options->json) {
		char *longer = memory_format("%s --json", line);

		free(line);
		line = longer;
	}
	return line;
}

static int
ask_daemon(const struct options *options, char **words)
{
	char *path = find_socket(options);
	char *line;
	int code;

	if (!path)
		return CLIENT_FAILED;
	line = join_words(options, words);
	code = client_ask(path, line, stdout);
	free(line);
	free(path);
	return code;
}

static bool
is_verb(const char *word)
{
	static const char *const verbs[] = {"status", "reload", "stats"};

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(word, verbs[i]) == 0)
			return true;
	return false;
}

static int
run(const struct options *options, char **words)
{
	if (!words[0]) {
		fputs(usage, stderr);
		return CLIENT_FAILED;
	}
	if (strcmp(words[0], "import") == 0)
		return run_import(options, words + 1);
	if (options->write || options->to) {
		fputs("hostlerctl: --write and --to go with import\n", stderr);
		return CLIENT_FAILED;
	}
	if (strcmp(words[0], "check") == 0)
		return run_check(options);
	if (is_verb(words[0]))
		return ask_daemon(options, words);
	fprintf(stderr, "hostlerctl: unknown verb '%s'\n\n%s", words[0],
	    usage);
	return CLIENT_FAILED;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"to", required_argument, NULL, 't'},
	    {"write", no_argument, NULL, 'w'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {NULL, 0, NULL, 0},
	};
	struct options options = {0};
	int letter;

	while ((letter = getopt_long(argc, argv, "c:s:hV", longs, NULL)) !=
	    -1) {
		switch (letter) {
		case 'c':
			options.conf.file = optarg;
			break;
		case 's':
			options.socket = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 't':
			options.to = optarg;
			break;
		case 'w':
			options.write = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return CLIENT_DONE;
		case 'V':
			puts("hostlerctl " HOSTLER_VERSION);
			return CLIENT_DONE;
		default:
			fputs(usage, stderr);
			return CLIENT_FAILED;
		}
	}
	return run(&options, argv + optind);
}
