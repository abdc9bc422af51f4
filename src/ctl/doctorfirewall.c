/* SPDX-License-Identifier: BSD-2-Clause */
/* doctorfirewall.c - firewalls that keep their rules in files that say plainly
 * whether port 53 is let in: ufw and firewalld.  Of others nothing is said. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ctl/doctorchecks.h"
#include "sys/files.h"

#define CHECK "firewall"
#define FILE_MAX (1 << 20)

/* A file of the system's as a text, or NULL; the caller frees it. */
static char *
read_text(const struct doctor *doctor, const char *path)
{
	char *whole = doctor_path(doctor, path), *text = NULL;
	struct files_content file;

	if (!files_read(whole, FILE_MAX, &file)) {
		text = memory_alloc(file.length + 1);
		memcpy(text, file.bytes, file.length);
		text[file.length] = '\0';
		files_release(&file);
	}
	free(whole);
	return text;
}

static bool
has_words(char *text, const char *words)
{
	bool has = text && strstr(text, words);

	free(text);
	return has;
}

/* "53", "any", or a list of ports. */
static bool
has_port(char *ports)
{
	char *rest = NULL;

	for (char *port = strtok_r(ports, ",", &rest); port;
	    port = strtok_r(NULL, ",", &rest))
		if (strcmp(port, "53") == 0 || strcmp(port, "any") == 0)
			return true;
	return false;
}

/* "### tuple ### allow udp 53 0.0.0.0/0 any 10.0.2.0/24 in": action, protocol,
 * port, to, port, from, direction. */
static bool
lets_in(const char *line)
{
	char action[32], protocol[16], ports[128];

	return strstr(line, " in") && sscanf(line,
	    "### tuple ### %31s %15s %127s", action, protocol, ports) == 3 &&
	    strncmp(action, "allow", 5) == 0 &&
	    strcmp(protocol, "tcp") != 0 && has_port(ports);
}

static void
check_ufw(const struct doctor *doctor)
{
	char *rules = read_text(doctor, "/etc/ufw/user.rules"), *rest = NULL;
	bool lets = false;

	if (!rules || !has_words(read_text(doctor, "/etc/ufw/ufw.conf"),
	    "\nENABLED=yes")) {
		free(rules);
		return;
	}
	for (char *line = strtok_r(rules, "\n", &rest); line;
	    line = strtok_r(NULL, "\n", &rest))
		lets |= lets_in(line);
	free(rules);
	if (lets) {
		findings_add(doctor->findings, FINDINGS_OK, CHECK,
		    "ufw has a rule that lets questions in");
		return;
	}
	findings_add(doctor->findings, FINDINGS_WARNING, CHECK,
	    "ufw is on, and no rule of it lets port 53 in");
	findings_advise(doctor->findings, "ufw allow in on %s to any port 53",
	    *doctor->reach->list[0].interface
	    ? doctor->reach->list[0].interface : "INTERFACE");
}

/* The caller frees it. */
static char *
read_default_zone(const struct doctor *doctor)
{
	char *text = read_text(doctor, "/etc/firewalld/firewalld.conf");
	char *at = text ? strstr(text, "\nDefaultZone=") : NULL, *zone;

	if (at)
		at += strlen("\nDefaultZone=");
	zone = at ? memory_format("%.*s", (int)strcspn(at, " \r\n"), at) :
	    memory_string("public");
	free(text);
	return zone;
}

static char *
read_zone(const struct doctor *doctor, const char *zone)
{
	static const char *const folders[] = {"/etc", "/usr/lib"};
	char *text = NULL;

	for (size_t i = 0; i < 2 && !text; i++) {
		char *path = memory_format("%s/firewalld/zones/%s.xml",
		    folders[i], zone);

		text = read_text(doctor, path);
		free(path);
	}
	return text;
}

static void
check_firewalld(const struct doctor *doctor)
{
	char *unit = doctor_path(doctor,
	    "/sys/fs/cgroup/system.slice/firewalld.service");
	char *zone = read_default_zone(doctor);
	char *text = files_exists(unit) ? read_zone(doctor, zone) : NULL;

	if (text && !strstr(text, "<service name=\"dns\"") &&
	    !strstr(text, "port=\"53\"") &&
	    !strstr(text, "target=\"ACCEPT\"")) {
		findings_add(doctor->findings, FINDINGS_WARNING, CHECK,
		    "firewalld runs, and its default zone %s lets no DNS in",
		    zone);
		findings_advise(doctor->findings, "firewall-cmd --permanent "
		    "--zone=%s --add-service=dns; firewall-cmd --reload   "
		    "with the zone of the VMs' interface", zone);
	} else if (text) {
		findings_add(doctor->findings, FINDINGS_OK, CHECK,
		    "firewalld's default zone %s lets DNS in", zone);
	}
	free(text);
	free(zone);
	free(unit);
}

void
doctorfirewall_check(struct doctor *doctor)
{
	if (doctor->reach->count == 0)
		return;
	check_ufw(doctor);
	check_firewalld(doctor);
}
