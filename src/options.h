/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - hostler's command line (hostler(8)). */
#ifndef HOSTLER_OPTIONS_H
#define HOSTLER_OPTIONS_H

#include "conf.h"

enum options_task {
	OPTIONS_SERVE,
	OPTIONS_CHECK,			/* -t */
	OPTIONS_PRINT,			/* -T */
	OPTIONS_TOLD,			/* -V, -h: printed, all is done */
	OPTIONS_WRONG,			/* told on stderr */
};

/* Fill options (zeroed before; its strings are argv's). */
enum options_task options_read(int argc, char **argv,
    struct conf_options *options);

#endif
