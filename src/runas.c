/* SPDX-License-Identifier: BSD-2-Clause */
#include "runas.h"

#include <unistd.h>

#include "sys/rights.h"

#define LAST_RESORT "nobody"

const char *
runas_user(const struct conf *conf)
{
	if (geteuid() != 0 || !*conf->user)
		return NULL;
	if (conf->user_given || rights_user_exists(conf->user) ||
	    !rights_user_exists(LAST_RESORT))
		return conf->user;
	return LAST_RESORT;
}
