/* SPDX-License-Identifier: BSD-2-Clause */
/* trust.h - the certificates by which tls:// upstreams are known, kept over
 * reloads for as long as they are the same.
 *
 * Made anew only where the file changed: workers then open new connections and
 * shake hands in full.  Where it cannot be used any more, what was believed
 * before is believed on.  Main's thread.
 */
#ifndef HOSTLER_TRUST_H
#define HOSTLER_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "conf.h"
#include "net/tls.h"

struct trust {
	struct tls_trust *tls;		/* NULL: none */
	uint64_t hash;			/* of what it was made from */
};

/* True: trust->tls is another one now. */
bool trust_renew(struct trust *trust, const struct conf *conf,
    struct diags *diags);
void trust_fini(struct trust *trust);

#endif
