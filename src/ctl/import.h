/* SPDX-License-Identifier: BSD-2-Clause */
/* import.h - `hostlerctl import`: the hosts files of many VMs made one
 * (names/hostsimport.h), shown or written.
 *
 * The result, or JSON, goes to stdout, diagnostics to stderr.  Nothing is
 * written where a file could not be read at all; conflicts and bad lines do not
 * stand in the way of the rest.
 */
#ifndef HOSTLER_CTL_IMPORT_H
#define HOSTLER_CTL_IMPORT_H

#include "conf.h"

enum import_result {
	IMPORT_CLEAN,
	IMPORT_FAULTS,			/* conflicts, bad lines, or failed */
};

struct import_request {
	const struct conf_options *conf;
	char **paths;			/* files or folders; ends with NULL */
	const char *to;			/* IMPORT_FILE */
	enum {
		IMPORT_SHOWN,
		IMPORT_FILE,
		IMPORT_MANAGED,		/* the configuration's managed-hosts */
	} place;
	enum {
		IMPORT_TEXT,
		IMPORT_JSON,
	} form;
};

enum import_result import_run(const struct import_request *request);

#endif
