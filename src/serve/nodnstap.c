/* SPDX-License-Identifier: BSD-2-Clause */
/* dnstap.h where libfstrm is not to be had. */
#include "base/memory.h"
#include "serve/dnstap.h"

struct dnstap *
dnstap_new(struct observer *observer)
{
	(void)observer;
	return NULL;
}

void
dnstap_free(struct dnstap *tap)
{
	(void)tap;
}

char *
dnstap_set(struct dnstap *tap, const struct dnstap_settings *settings)
{
	(void)tap;
	return settings->socket || settings->file ?
	    memory_string("this hostler was built without it") : NULL;
}

struct dnstap_counts
dnstap_count(const struct dnstap *tap)
{
	(void)tap;
	return (struct dnstap_counts){0, 0};
}
