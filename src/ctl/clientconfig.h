/* SPDX-License-Identifier: BSD-2-Clause */
/* clientconfig.h - hostlerctl client-config: the snippet that points a VM, a
 * network or the host machine at hostler.
 *
 * Needs no daemon: it goes by the configuration and by the interfaces of the
 * machine that it runs on.  Remarks go to stderr, so that what is printed can
 * be put into a file.
 */
#ifndef HOSTLER_CTL_CLIENTCONFIG_H
#define HOSTLER_CTL_CLIENTCONFIG_H

#include "conf.h"
#include "ctl/clientfacts.h"

#define CLIENTCONFIG_SERVERS_MAX (CLIENTFACTS_SERVERS_MAX + 1)

enum clientconfig_form {
	CLIENTCONFIG_TEXT,
	CLIENTCONFIG_JSON,		/* the snippet and its facts */
};

struct clientconfig_request {
	const struct conf_options *conf;
	const char *format;		/* NULL: not said */
	const char *servers[CLIENTCONFIG_SERVERS_MAX];
	size_t server_count;		/* one too many shows as an error */
	enum clientfacts_scope scope;
	enum clientconfig_form form;
};

enum clientconfig_result {
	CLIENTCONFIG_DONE,
	CLIENTCONFIG_FAILED,		/* told on stderr */
};

enum clientconfig_result clientconfig_run(
    const struct clientconfig_request *request);

#endif
