/* SPDX-License-Identifier: BSD-2-Clause */
/* findings.h - what the doctor found: one line each, and what to do.
 *
 *   error   port: 192.168.122.1@53 is held by libvirt's dnsmasq (process 812)
 *           virsh net-edit default      and write <dns enable='no'/> into it
 *
 * The one rule: a finding says what is, its advice what to do; what is in order
 * has no advice.  Strings are copied; nothing is printed before the end.
 */
#ifndef HOSTLER_CTL_FINDINGS_H
#define HOSTLER_CTL_FINDINGS_H

#include <stdio.h>

enum findings_level {
	FINDINGS_OK,
	FINDINGS_WARNING,
	FINDINGS_ERROR,
	FINDINGS_LEVELS,
};

enum findings_form {
	FINDINGS_PLAIN,
	FINDINGS_COLOUR,
	FINDINGS_JSON,
};

struct findings;

struct findings *findings_new(void);
void findings_free(struct findings *findings);

/* check is the name of what was looked at, one word, static. */
void findings_add(struct findings *findings, enum findings_level level,
    const char *check, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A line of advice to the finding added last. */
void findings_advise(struct findings *findings, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

unsigned findings_count(const struct findings *findings,
    enum findings_level level);

void findings_print(const struct findings *findings, FILE *out,
    enum findings_form form);

#endif
