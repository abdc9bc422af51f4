/* SPDX-License-Identifier: BSD-2-Clause */
/* page.h - the status page: one file, put together from src/page when hostler
 * is built, and the policy under which a browser runs it.
 *
 * The page loads nothing and asks nobody but the server that it came from.  Its
 * one script and its one style sheet are named by their SHA-256, so that
 * nothing else runs in it, whatever might get into it.
 */
#ifndef HOSTLER_SERVE_PAGE_H
#define HOSTLER_SERVE_PAGE_H

#include <stddef.h>

/* The file; made at build time. */
extern const unsigned char page_data[];
extern const size_t page_data_size;

#define PAGE_POLICY_MAX 320

/* The value of Content-Security-Policy for it; returns buf. */
char *page_policy(char buf[PAGE_POLICY_MAX]);

#endif
