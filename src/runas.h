/* SPDX-License-Identifier: BSD-2-Clause */
/* runas.h - whom hostler becomes after binding, when it is started as root.
 *
 * That is `user` of the configuration.  Where nobody wrote that key and the
 * default user is not there (a build that was only tried out), it is nobody,
 * with a warning: less than what was meant, and safer than root.  Who writes ''
 * keeps root.
 */
#ifndef HOSTLER_RUNAS_H
#define HOSTLER_RUNAS_H

#include "conf.h"

/* NULL: the process stays who it is (it is not root, or is to stay root).  The
 * user may not exist: then hostler does not start. */
const char *runas_user(const struct conf *conf);

#endif
