/* SPDX-License-Identifier: BSD-2-Clause */
/* leasexml.h - XML for lease files: expat, with what it could be abused for
 * switched off.  A document type (and so every entity of its own) is refused,
 * and so are elements nested deeper than LEASEXML_DEPTH.
 */
#ifndef HOSTLER_NAMES_LEASEXML_H
#define HOSTLER_NAMES_LEASEXML_H

#include "names/lease.h"

#define LEASEXML_DEPTH 64

/* path is that of the element from the root, "/Leases/Lease" ("" where it is
 * longer than any that matters); at is where the element begins; attributes
 * are name, value, ..., NULL.  end may be NULL. */
struct leasexml_visitor {
	void (*start)(void *context, const char *path, const char *at,
	    const char **attributes);
	void (*end)(void *context, const char *path);
	void *context;
};

/* HALF: the text ends before its root element does.  BAD has told why. */
enum leasefile_result leasexml_parse(struct lease_reading *reading,
    const struct leasexml_visitor *visitor);

/* NULL: there is no such attribute. */
const char *leasexml_attribute(const char **attributes, const char *name);

#endif
