/* SPDX-License-Identifier: BSD-2-Clause */
/* idna.h - names in UTF-8 to A-labels and back (IDNA 2008, RFC 5891).
 *
 * What a person writes in a hosts or zone file ("bücher.lab") becomes what
 * goes over the wire ("xn--bcher-kva.lab"): composed (NFC), lower case,
 * mapped as UTS 46 says, non-transitional.  The way back is for display only.
 *
 * Text without an end mark, both ways.  Thread-safe; libidn2 allocates.
 */
#ifndef HOSTLER_NAMES_IDNA_H
#define HOSTLER_NAMES_IDNA_H

#include <stddef.h>

#include "dns/dname.h"

#define IDNA_TEXT 1024			/* room for either result */

/* Fill ascii (NUL at its end).  Returns NULL, or static words for what is
 * wrong, to stand behind "'%s' is not a name: ".  Dots divide labels, a final
 * one stays; a label of ASCII alone comes back in lower case. */
const char *idna_to_ascii(char ascii[IDNA_TEXT], const char *utf8, size_t len);

/* A name that a person typed, in any script, absolute whether or not it ends
 * in a dot.  NULL, or static words as above. */
const char *idna_read_dname(struct dname *name, const char *text);

/* Fill utf8 (NUL at its end) and return it.  Where the name cannot be shown
 * in UTF-8, it is the ASCII form.  At most IDNA_TEXT - 1 bytes of it. */
char *idna_to_utf8(char utf8[IDNA_TEXT], const char *ascii, size_t len);

#endif
