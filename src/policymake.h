/* SPDX-License-Identifier: BSD-2-Clause */
/* policymake.h - from the configuration, the names of every view and the
 * interfaces of this machine to the policy that the workers read.
 *
 * Where no network is declared, those that this machine's own interfaces are
 * in count as declared, each interface one network.
 */
#ifndef HOSTLER_POLICYMAKE_H
#define HOSTLER_POLICYMAKE_H

#include "base/diag.h"
#include "conf.h"
#include "query/policy.h"
#include "realms.h"
#include "sys/ifaces.h"

/* Never NULL; policy_free frees it.  Faults of upstream lists go to diags. */
struct policy *policymake(const struct conf *conf, const struct realms *realms,
    const struct ifaces *ifaces, struct diags *diags);

#endif
