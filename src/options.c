/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <getopt.h>
#include <stdio.h>

static const char usage[] =
    "usage: hostler [-c FILE] [-l ADDR[@PORT]]... [-H HOSTSFILE]...\n"
    "               [-z ZONEFILE]... [-D DOMAIN] [-f UPSTREAM]... [-Rv]\n"
    "       hostler -t ...    read everything, print every diagnostic, exit\n"
    "       hostler -T ...    print the effective configuration, exit\n"
    "       hostler -V | -h\n"
    "\n"
    "  -c FILE      the configuration (default " CONF_DEFAULT_FILE
    ", if there)\n"
    "  -l ADDRESS   listen here, in place of the configured addresses; an\n"
    "               interface's name or 'private' will do too\n"
    "  -H FILE      one more hosts file, or a folder of them\n"
    "  -z FILE      one more zone file\n"
    "  -D DOMAIN    short names live here too (default internal)\n"
    "  -f UPSTREAM  forward other names to ADDR[@PORT], tcp://ADDR[@PORT],\n"
    "               tls://ADDR[@PORT]#SERVERNAME or the servers of a\n"
    "               resolv.conf, in place of the configured ones\n"
    "  -R           replace the hostler that runs, without a lost query\n"
    "  -v           log more\n"
    "\n"
    "hostler stays in the foreground and logs to stderr.  It reads\n"
    "its sources again as they change, on SIGHUP the configuration too; see\n"
    "hostler(8) and hostler.yaml(5).\n";

static bool
keep_option(struct conf_option_list *list, const char *text)
{
	if (list->count == CONF_OPTIONS_MAX)
		return false;
	list->text[list->count++] = text;
	return true;
}

/* False: not an option of hostler's. */
static bool
take_option(int letter, struct conf_options *options, enum options_task *task)
{
	switch (letter) {
	case 'c':
		options->file = optarg;
		return true;
	case 'l':
		return keep_option(&options->listen, optarg);
	case 'H':
		return keep_option(&options->hosts, optarg);
	case 'z':
		return keep_option(&options->zones, optarg);
	case 'f':
		return keep_option(&options->forward, optarg);
	case 'D':
		options->domain = optarg;
		return true;
	case 'R':
		options->replace = true;
		return true;
	case 'v':
		options->verbose = true;
		return true;
	case 't':
		*task = OPTIONS_CHECK;
		return true;
	case 'T':
		*task = OPTIONS_PRINT;
		return true;
	default:
		return false;
	}
}

enum options_task
options_read(int argc, char **argv, struct conf_options *options)
{
	enum options_task task = OPTIONS_SERVE;
	int letter;

	while ((letter = getopt(argc, argv, "c:l:H:z:D:f:RvtTVh")) != -1) {
		if (letter == 'V') {
			puts("hostler " HOSTLER_VERSION);
			return OPTIONS_TOLD;
		}
		if (letter == 'h') {
			fputs(usage, stdout);
			return OPTIONS_TOLD;
		}
		if (!take_option(letter, options, &task)) {
			fputs(usage, stderr);
			return OPTIONS_WRONG;
		}
	}
	if (optind == argc)
		return task;
	fprintf(stderr, "hostler: '%s' is not an option\n\n%s", argv[optind],
	    usage);
	return OPTIONS_WRONG;
}
