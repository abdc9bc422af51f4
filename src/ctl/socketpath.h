/* SPDX-License-Identifier: BSD-2-Clause */
/* socketpath.h - at which control socket a daemon is asked, where -s does not
 * say.
 */
#ifndef HOSTLER_CTL_SOCKETPATH_H
#define HOSTLER_CTL_SOCKETPATH_H

#include "conf.h"

/* The configuration's; where it names none that of a daemon of our own, else
 * the machine's.  NULL: there is to be none. */
const char *socketpath_choose(const struct conf *conf);

#endif
