/* SPDX-License-Identifier: BSD-2-Clause */
#include "names/leasemachines.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "names/leasejson.h"
#include "names/leasexml.h"

#define PATH_MACHINE "/VirtualBox/Machine"
#define PATH_ADAPTER PATH_MACHINE "/Hardware/Network/Adapter"
#define PATH_ENTRY "/VirtualBox/Global/MachineRegistry/MachineEntry"

static struct diag_place
file_place(const struct lease_reading *reading)
{
	return (struct diag_place){.file = reading->text->path};
}

/* ---- VirtualBox ---- */

struct machine {
	struct leasemacs *macs;
	char *name;
};

static void
start_machine(void *context, const char *path, const char *at,
    const char **attributes)
{
	struct machine *machine = context;
	struct leasemacs_entry entry = {.line = 0};
	const char *text;

	(void)at;
	if (strcmp(path, PATH_MACHINE) == 0) {
		text = leasexml_attribute(attributes, "name");
		free(machine->name);
		machine->name = memory_string(text);
		return;
	}
	if (strcmp(path, PATH_ADAPTER) != 0 || machine->name == NULL)
		return;
	text = leasexml_attribute(attributes, "MACAddress");
	if (text == NULL || !lease_read_mac(entry.mac, text, strlen(text)))
		return;
	entry.name = machine->name;
	entry.name_length = strlen(machine->name);
	leasemacs_add(machine->macs, &entry);
}

/* A file that ends early is being written: it is read again soon. */
static enum leasemacs_result
judge(struct lease_reading *reading, enum leasefile_result result)
{
	if (result == LEASEFILE_BAD)
		diags_then(reading->diags, "the machines in it give no names "
		    "to leases");
	return result == LEASEFILE_GOOD ? LEASEMACS_WHOLE : LEASEMACS_PARTS;
}

enum leasemacs_result
leasemachines_read_vbox(struct leasemacs *macs,
    const struct source_text *text, struct diags *diags)
{
	struct lease_reading reading;
	struct machine machine = {macs, NULL};
	const struct leasexml_visitor visitor = {
		start_machine, NULL, &machine,
	};
	enum leasefile_result result;

	if (text->length == 0)
		return LEASEMACS_PARTS;
	lease_reading_init(&reading, text, diags);
	result = leasexml_parse(&reading, &visitor);
	free(machine.name);
	return judge(&reading, result);
}

static void
start_entry(void *context, const char *path, const char *at,
    const char **attributes)
{
	struct leasemachines_paths *paths = context;
	const char *source;

	(void)at;
	if (strcmp(path, PATH_ENTRY) != 0)
		return;
	source = leasexml_attribute(attributes, "src");
	if (source == NULL)
		return;
	paths->list = memory_resize(paths->list, paths->count + 1,
	    sizeof(paths->list[0]));
	paths->list[paths->count++] = memory_string(source);
}

enum leasemacs_result
leasemachines_read_registry(struct leasemachines_paths *paths,
    const struct source_text *text, struct diags *diags)
{
	struct lease_reading reading;
	const struct leasexml_visitor visitor = {start_entry, NULL, paths};

	*paths = (struct leasemachines_paths){NULL, 0};
	if (text->length == 0)
		return LEASEMACS_PARTS;
	lease_reading_init(&reading, text, diags);
	return judge(&reading, leasexml_parse(&reading, &visitor));
}

void
leasemachines_free_paths(struct leasemachines_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->list[i]);
	free(paths->list);
}

/* ---- libvirt ---- */

static void
add_domain(struct leasemacs *macs, const json_t *item)
{
	const json_t *name = json_object_get(item, "domain");
	const json_t *list = json_object_get(item, "macs");
	struct leasemacs_entry entry = {.line = 0};

	if (!json_is_string(name))
		return;
	entry.name = json_string_value(name);
	entry.name_length = json_string_length(name);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *mac = json_array_get(list, i);

		if (json_is_string(mac) && lease_read_mac(entry.mac,
		    json_string_value(mac), json_string_length(mac)))
			leasemacs_add(macs, &entry);
	}
}

enum leasemacs_result
leasemachines_read_domains(struct leasemacs *macs,
    const struct source_text *text, struct diags *diags)
{
	struct lease_reading reading;
	struct diag_place place;
	enum leasefile_result result;
	json_t *root;

	if (text->length == 0)
		return LEASEMACS_WHOLE;
	lease_reading_init(&reading, text, diags);
	result = leasejson_load(&reading, &root);
	if (result != LEASEFILE_GOOD)
		return judge(&reading, result);
	if (!json_is_array(root)) {
		place = file_place(&reading);
		diags_add(diags, DIAG_ERROR, &place, NULL,
		    "a .macs file of libvirt is a list of domains");
		result = LEASEFILE_BAD;
	}
	for (size_t i = 0; i < json_array_size(root); i++)
		add_domain(macs, json_array_get(root, i));
	json_decref(root);
	return judge(&reading, result);
}
