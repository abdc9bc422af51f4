/* SPDX-License-Identifier: BSD-2-Clause */
/* confread.h - hostler.yaml and the options, read into a struct conf.
 *
 * libyaml gives every node its line and column; every fault is told with the
 * line and a caret, all of them in one run: unknown keys (with the nearest
 * known one), wrong types, wrong values, keys that this version does not
 * offer.  A file with an error gives no configuration.
 */
#ifndef HOSTLER_CONFREAD_H
#define HOSTLER_CONFREAD_H

#include "base/diag.h"
#include "conf.h"

/* NULL where there was at least one error. */
struct conf *confread(const struct conf_options *options,
    struct diags *diags);

/* The file's part alone, from memory: for tests and the fuzzer.  path is for
 * diagnostics and for the folder of relative paths. */
struct conf *confread_text(const char *path, const char *text, size_t length,
    struct diags *diags);

#endif
