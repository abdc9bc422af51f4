/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/socketpath.h"

#include "sys/files.h"

const char *
socketpath_choose(const struct conf *conf)
{
	const char *path = conf->control_socket;

	if (!conf->control_given && (!path || !files_exists(path)) &&
	    files_exists(CONF_CONTROL_SOCKET))
		return CONF_CONTROL_SOCKET;
	return path;
}
