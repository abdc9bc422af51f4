/* SPDX-License-Identifier: BSD-2-Clause */
/* hostlerctl.c - talks to the daemon; `check` works without one. */
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "check.h"
#include "confread.h"
#include "ctl/client.h"
#include "ctl/clientconfig.h"
#include "ctl/doctor.h"
#include "ctl/import.h"
#include "ctl/socketpath.h"
#include "sys/files.h"

static const char usage[] =
    "usage: hostlerctl [-c FILE | -s SOCKET] [--json] VERB\n"
    "\n"
    "  status     what is served, from which files, since when\n"
    "  reload     read every file again, and show what changed\n"
    "  check      the diagnostics of every file; needs no daemon\n"
    "  stats      the counters\n"
    "  explain NAME [TYPE] [from ADDR] [to ADDR]\n"
    "             what a client is answered and why, line by line\n"
    "  names [PATTERN]\n"
    "             the local names and where they are written\n"
    "  set NAME ADDR... [--ttl S]\n"
    "  unset NAME keep a line in the managed hosts file\n"
    "  wait NAME [TYPE] [--timeout S]\n"
    "             until the name answers (30 s at most, if not said)\n"
    "  flush NAME, flush-zone NAME, flush-all\n"
    "             of the cache of forwarded answers\n"
    "  import FILE... [--write | --to FILE]\n"
    "             hosts files of many VMs made one; needs no daemon\n"
    "  doctor     what stands in hostler's way here, and what to do;\n"
    "             needs no daemon\n"
    "  client-config --for SYSTEM [--server ADDR]... [--all]\n"
    "             what to write where, so that SYSTEM (netplan, libvirt,\n"
    "             windows, ...) asks hostler; needs no daemon\n"
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
	const char *ttl;
	const char *timeout;
	const char *format;		/* --for */
	const char *servers[CLIENTCONFIG_SERVERS_MAX];
	size_t server_count;
	bool all;
	const char *root;
};

static int
run_check(const struct options *options, char **words)
{
	(void)words;
	return check_files(&options->conf,
	    options->json ? CHECK_JSON : CHECK_TEXT, stdout) == CHECK_CLEAN
	    ? CLIENT_DONE : CLIENT_FAILED;
}

static int
run_import(const struct options *options, char **words)
{
	char **paths = words + 1;
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

static int
run_client_config(const struct options *options, char **words)
{
	struct clientconfig_request request = {
		.conf = &options->conf,
		.format = options->format,
		.server_count = options->server_count,
		.scope = options->all ? CLIENTFACTS_ALL : CLIENTFACTS_SPLIT,
		.form = options->json ? CLIENTCONFIG_JSON : CLIENTCONFIG_TEXT,
	};

	(void)words;
	memcpy(request.servers, options->servers, sizeof request.servers);
	return clientconfig_run(&request) == CLIENTCONFIG_DONE ? CLIENT_DONE :
	    CLIENT_FAILED;
}

static int
run_doctor(const struct options *options, char **words)
{
	const struct doctor_request request = {
		.conf = &options->conf,
		.socket = options->socket,
		.root = options->root ? options->root : "",
		.form = options->json ? DOCTOR_JSON : DOCTOR_TEXT,
	};

	(void)words;
	return doctor_run(&request, stdout) == DOCTOR_FINE ? CLIENT_DONE :
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
		diags_print(diags, stderr, diags_colour(stderr));
	else if (!socketpath_choose(conf))
		fputs("hostlerctl: no control socket is configured: name it "
		      "with -s\n", stderr);
	else
		path = memory_string(socketpath_choose(conf));
	diags_free(diags);
	conf_free(conf);
	return path;
}

/* Takes line. */
static char *
add_word(char *line, const char *word)
{
	char *longer = memory_format("%s %s", line, word);

	free(line);
	return longer;
}

/* NULL: told. */
static char *
join_words(const struct options *options, char **words)
{
	char *line;

	for (size_t i = 0; words[i]; i++)
		if (!*words[i] || strpbrk(words[i], " \t\r\n")) {
			fprintf(stderr, "hostlerctl: '%s' is not one word\n",
			    words[i]);
			return NULL;
		}
	line = memory_string(words[0]);
	for (size_t i = 1; words[i]; i++)
		line = add_word(line, words[i]);
	if (options->ttl)
		line = add_word(add_word(line, "--ttl"), options->ttl);
	if (options->json)
		line = add_word(line, "--json");
	return line;
}

static int
ask_daemon(const struct options *options, char **words)
{
	char *line = join_words(options, words);
	char *path = line ? find_socket(options) : NULL;
	int code = CLIENT_FAILED;

	if (path)
		code = client_ask(path, line, stdout,
		    options->json ? PAINT_OFF : paint_wanted(stdout));
	free(line);
	free(path);
	return code;
}

/* ---- wait ---- */

#define WAIT_S 30			/* unless --timeout says */
#define WAIT_MOST_S 86400
#define WAIT_STEP_MS 100

static bool
read_timeout(const struct options *options, int64_t *timeout_ms)
{
	char *end = NULL;
	long seconds = WAIT_S;

	if (options->timeout)
		seconds = strtol(options->timeout, &end, 10);
	if (options->timeout && (end == options->timeout || *end ||
	    seconds < 0 || seconds > WAIT_MOST_S)) {
		fprintf(stderr, "hostlerctl: '%s' is not a number of seconds"
		    "\n", options->timeout);
		return false;
	}
	*timeout_ms = (int64_t)seconds * 1000;
	return true;
}

/* A daemon that is not there yet is waited for, too; a question that it refuses
 * is not. */
static int
ask_until(const char *path, const char *line, int64_t until_ms)
{
	const struct timespec step = {0, WAIT_STEP_MS * 1000000L};

	for (;;) {
		int code = client_try(path, line);

		if (code == CLIENT_DONE)
			return code;
		if (code == CLIENT_FAILED)
			return client_ask(path, line, stderr,
			    paint_wanted(stderr));
		if (clock_mono_ms() >= until_ms)
			return code;
		nanosleep(&step, NULL);
	}
}

static int
run_wait(const struct options *options, char **words)
{
	int code = CLIENT_FAILED;
	char *path, *line;
	int64_t timeout_ms;

	if (!words[1]) {
		fputs("hostlerctl: wait for which name?\n", stderr);
		return CLIENT_FAILED;
	}
	if (!read_timeout(options, &timeout_ms))
		return CLIENT_FAILED;
	words[0] = (char[]){"answers"};
	line = join_words(options, words);
	path = line ? find_socket(options) : NULL;
	if (path)
		code = ask_until(path, line, clock_mono_ms() + timeout_ms);
	if (path && code == CLIENT_NOT_YET)
		fprintf(stderr, "hostlerctl: %s does not answer\n", words[1]);
	if (path && code == CLIENT_NO_DAEMON)
		fprintf(stderr, "hostlerctl: no daemon at %s\n", path);
	free(line);
	free(path);
	return code == CLIENT_NOT_YET ? CLIENT_FAILED : code;
}

/* ---- verbs ---- */

struct verb {
	const char *name;
	int (*run)(const struct options *options, char **words);
};

static const struct verb verbs[] = {
    {"check", run_check},
    {"client-config", run_client_config},
    {"doctor", run_doctor},
    {"import", run_import},
    {"wait", run_wait},
    {"status", ask_daemon},
    {"reload", ask_daemon},
    {"stats", ask_daemon},
    {"explain", ask_daemon},
    {"names", ask_daemon},
    {"flush", ask_daemon},
    {"flush-zone", ask_daemon},
    {"flush-all", ask_daemon},
    {"set", ask_daemon},
    {"unset", ask_daemon},
};

/* An option that means nothing to the verb is a slip, and told. */
static bool
fit_options(const struct options *options, const char *verb)
{
	const char *wrong = NULL;

	if ((options->format || options->server_count || options->all) &&
	    strcmp(verb, "client-config") != 0)
		wrong = "--for, --server and --all go with client-config";
	if (options->root && strcmp(verb, "doctor") != 0)
		wrong = "--root goes with doctor";
	if ((options->write || options->to) && strcmp(verb, "import") != 0)
		wrong = "--write and --to go with import";
	if (options->ttl && strcmp(verb, "set") != 0)
		wrong = "--ttl goes with set";
	if (options->timeout && strcmp(verb, "wait") != 0)
		wrong = "--timeout goes with wait";
	if (wrong)
		fprintf(stderr, "hostlerctl: %s\n", wrong);
	return !wrong;
}

static int
run(const struct options *options, char **words)
{
	if (!words[0]) {
		fputs(usage, stderr);
		return CLIENT_FAILED;
	}
	if (!fit_options(options, words[0]))
		return CLIENT_FAILED;
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(words[0], verbs[i].name) == 0)
			return verbs[i].run(options, words);
	fprintf(stderr, "hostlerctl: unknown verb '%s'\n\n%s", words[0],
	    usage);
	return CLIENT_FAILED;
}

/* What stands alone, and what takes a value: where the value goes. */
enum {
	LETTER_ALL = 256,
	LETTER_FOR,
	LETTER_JSON,
	LETTER_ROOT,
	LETTER_SERVER,
	LETTER_TIMEOUT,
	LETTER_TO,
	LETTER_TTL,
	LETTER_WRITE,
};

static const struct option longs[] = {
    {"all", no_argument, NULL, LETTER_ALL},
    {"for", required_argument, NULL, LETTER_FOR},
    {"json", no_argument, NULL, LETTER_JSON},
    {"root", required_argument, NULL, LETTER_ROOT},
    {"server", required_argument, NULL, LETTER_SERVER},
    {"timeout", required_argument, NULL, LETTER_TIMEOUT},
    {"to", required_argument, NULL, LETTER_TO},
    {"ttl", required_argument, NULL, LETTER_TTL},
    {"write", no_argument, NULL, LETTER_WRITE},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const char **
find_value(struct options *options, int letter)
{
	size_t last = options->server_count;

	switch (letter) {
	case 'c':
		return &options->conf.file;
	case 's':
		return &options->socket;
	case LETTER_FOR:
		return &options->format;
	case LETTER_ROOT:
		return &options->root;
	case LETTER_SERVER:
		if (last < CLIENTCONFIG_SERVERS_MAX)
			options->server_count++;
		else
			last--;
		return &options->servers[last];
	case LETTER_TIMEOUT:
		return &options->timeout;
	case LETTER_TO:
		return &options->to;
	case LETTER_TTL:
		return &options->ttl;
	default:
		return NULL;
	}
}

static bool *
find_switch(struct options *options, int letter)
{
	switch (letter) {
	case LETTER_ALL:
		return &options->all;
	case LETTER_JSON:
		return &options->json;
	case LETTER_WRITE:
		return &options->write;
	default:
		return NULL;
	}
}

int
main(int argc, char **argv)
{
	struct options options = {0};
	const char **value;
	int letter;
	bool *on;

	while ((letter = getopt_long(argc, argv, "c:s:hV", longs, NULL)) !=
	    -1) {
		value = find_value(&options, letter);
		on = find_switch(&options, letter);
		if (value) {
			*value = optarg;
		} else if (on) {
			*on = true;
		} else if (letter == 'h') {
			fputs(usage, stdout);
			return CLIENT_DONE;
		} else if (letter == 'V') {
			puts("hostlerctl " HOSTLER_VERSION);
			return CLIENT_DONE;
		} else {
			fputs(usage, stderr);
			return CLIENT_FAILED;
		}
	}
	return run(&options, argv + optind);
}
