/* SPDX-License-Identifier: BSD-2-Clause */
#include "serve/hosthead.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/memory.h"

#define PORT_DIGITS 5

/* Without the port; 0: it is no host at all. */
static size_t
host_length(const char *value)
{
	const char *end = *value == '[' ? strchr(value, ']') : NULL;
	size_t length, digits;

	if (*value == '[' && !end)
		return 0;
	length = end ? (size_t)(end + 1 - value) : strcspn(value, ":");
	if (value[length] == '\0')
		return length;
	if (value[length] != ':')
		return 0;
	digits = strspn(value + length + 1, "0123456789");
	if (digits > PORT_DIGITS || value[length + 1 + digits] != '\0')
		return 0;
	return length;
}

static bool
is_address(const char *host, size_t length)
{
	struct addr addr;

	if (host[0] == '[')
		return addr_parse(&addr, host + 1, length - 2) == NULL &&
		    addr.family == 6;
	return addr_parse(&addr, host, length) == NULL && addr.family == 4;
}

static bool
is_name(const char *name, const char *host, size_t length)
{
	return strlen(name) == length && strncasecmp(name, host, length) == 0;
}

bool
hosthead_allows(const struct hosthead_names *names, const char *value)
{
	size_t length = host_length(value);

	if (length == 0)
		return false;
	if (is_address(value, length))
		return true;
	if (length > 1 && value[length - 1] == '.')
		length--;
	if (is_name("localhost", value, length))
		return true;
	for (size_t i = 0; i < names->count; i++)
		if (is_name(names->list[i], value, length))
			return true;
	return false;
}

void
hosthead_fini(struct hosthead_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
	*names = (struct hosthead_names){0};
}

/* As they are compared: without the dot that makes a name absolute. */
static char *
copy_name(const char *name)
{
	char *copy = memory_string(name);
	size_t length = strlen(copy);

	if (length > 1 && copy[length - 1] == '.')
		copy[length - 1] = '\0';
	return copy;
}

void
hosthead_set(struct hosthead_names *names, const char *const *list,
    size_t count)
{
	hosthead_fini(names);
	names->list = memory_zeroed(count, sizeof *names->list);
	names->count = count;
	for (size_t i = 0; i < count; i++)
		names->list[i] = copy_name(list[i]);
}
