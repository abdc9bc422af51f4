/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "dns/types.h"
#include "dns/wire.h"
#include "names/lintrule.h"

/* ---- public-domain, and the domains' dot-local ---- */

/* Top-level domains of the real DNS that people take for their own; all of
 * two letters belong to countries (ISO 3166) and are judged by that. */
static const char *const public_tlds[] = {
	"academy", "aero", "agency", "ai", "app", "arpa", "asia", "biz",
	"blog", "box", "cat", "center", "cloud", "club", "com", "company",
	"computer", "consulting", "coop", "dev", "digital", "domains", "edu",
	"email", "engineering", "foo", "games", "gov", "group", "host",
	"hosting", "info", "int", "jobs", "life", "link", "live", "me",
	"media", "mil", "mobi", "museum", "name", "net", "network", "new",
	"news", "one", "online", "org", "page", "post", "pro", "prod",
	"recipes", "rocks", "run", "science", "services", "shop", "site",
	"software", "solutions", "space", "store", "studio", "support",
	"systems", "team", "tech", "tel", "today", "tools", "top", "travel",
	"website", "wiki", "win", "work", "works", "world", "xyz", "zip",
	"zone",
};

/* RFC 2606, 6762 appendix G, 8375; ICANN's .internal. */
static bool
is_set_apart(const uint8_t *name)
{
	static const char *const set_apart[] = {
		"example.com.", "example.net.", "example.org.", "home.arpa.",
		"in-addr.arpa.", "ip6.arpa.",
	};

	for (size_t i = 0; i < sizeof(set_apart) / sizeof(*set_apart); i++) {
		struct dname apart = dname_from(set_apart[i]);

		if (dname_is_below_or_at(name, apart.wire))
			return true;
	}
	return false;
}

static bool
is_letter(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool
looks_public(const struct dname *name)
{
	const uint8_t *tld;

	if (name->labels < 2 || is_set_apart(name->wire))
		return false;
	tld = dname_skip(name->wire, name->labels - 1u);
	if (tld[0] == 2)
		return is_letter(tld[1]) && is_letter(tld[2]);
	for (size_t i = 0; i < sizeof(public_tlds) / sizeof(*public_tlds);
	     i++) {
		if (strlen(public_tlds[i]) == tld[0] &&
		    memcmp(public_tlds[i], tld + 1, tld[0]) == 0)
			return true;
	}
	return false;
}

static bool
is_local(const uint8_t *name, unsigned length)
{
	static const uint8_t local[] = "\5local";

	return length >= sizeof(local) &&
	    memcmp(name + length - sizeof(local), local,
	    sizeof(local)) == 0 &&
	    dname_is_below_or_at(name, local);
}

static const char local_then[] =
    "most systems ask for .local by multicast (RFC 6762), and never here; "
    "take a name below internal, or home.arpa";

static void
look_domain(struct lint_walk *walk, const struct lint_domain *domain)
{
	char name[DNAME_TEXT_MAX], text[DNAME_TEXT_MAX + 120];

	dname_print(domain->name.wire, name);
	if (is_local(domain->name.wire, domain->name.length)) {
		snprintf(text, sizeof(text), "the domain %s lies below "
		    ".local, which belongs to multicast DNS", name);
		lint_report_domain(walk, LINT_DOT_LOCAL, domain, text,
		    local_then);
	} else if (!domain->overlay && looks_public(&domain->name)) {
		snprintf(text, sizeof(text), "the domain %s looks public: "
		    "names of the real one that hostler does not know get "
		    "NXDOMAIN", name);
		lint_report_domain(walk, LINT_PUBLIC_DOMAIN, domain, text,
		    "take a name below internal, or let unknown names be "
		    "forwarded: domain: {name: ..., overlay: yes}");
	}
}

void
lint_look_domains(struct lint_walk *walk)
{
	for (size_t i = 0; i < walk->input->domain_count; i++)
		look_domain(walk, &walk->input->domains[i]);
}

/* ---- dot-local ---- */

static struct origin
first_written(const struct node *node)
{
	const struct rrset *rrset = node_first(node);

	for (unsigned i = 1; i < node->rrset_count &&
	     (rrset->flags & RRSET_MADE); i++)
		rrset = rrset_next(rrset);
	return rrset_origins(rrset)[0];
}

/* Of a zone below .local one word is enough, or one mark; and a hosts name that
 * is there only because of its source's domain is told where that is
 * written. */
static void
look_local(struct lint_walk *walk, const struct node *node)
{
	const struct source_spec *spec = &walk->content->spec;
	const struct lint_spot spot = {
		.id = LINT_DOT_LOCAL,
		.origin = first_written(node),
		.then = local_then,
	};
	char name[DNAME_TEXT_MAX];

	if (!is_local(node_name(node), node->name_length))
		return;
	if (spec->kind == SOURCE_ZONE ? walk->told_local :
	    (node->flags & NODE_SHORT) && spec->has_domain &&
	    is_local(spec->domain.wire, spec->domain.length))
		return;
	if (origin_column(spot.origin) > 0)
		walk->told_local = true;
	if (!lint_wants(walk, LINT_DOT_LOCAL, spot.origin))
		return;
	lint_report(walk, &spot, "%s lies below .local, which belongs to "
	    "multicast DNS", dname_print(node_name(node), name));
}

/* ---- doubled-origin ---- */

bool
lint_is_doubled(const struct lint_walk *walk, const uint8_t *name)
{
	const struct dname *origin = &walk->content->spec.domain;
	unsigned labels = dname_labels(name);
	const uint8_t *twice;

	if (walk->content->spec.kind != SOURCE_ZONE || origin->labels == 0 ||
	    labels < 2u * origin->labels)
		return false;
	twice = dname_skip(name, labels - 2u * origin->labels);
	return memcmp(twice, origin->wire, origin->length - 1u) == 0 &&
	    dname_equal(twice + origin->length - 1, origin->wire);
}

static const char doubled_then[] =
    "end a name that is written in full with a dot, or leave the origin out";

static void
look_doubled_owner(struct lint_walk *walk, const struct node *node)
{
	const struct lint_spot spot = {
		.id = LINT_DOUBLED_ORIGIN,
		.origin = first_written(node),
		.then = doubled_then,
	};
	char name[DNAME_TEXT_MAX], origin[DNAME_TEXT_MAX];

	if (!lint_is_doubled(walk, node_name(node)) ||
	    !lint_wants(walk, LINT_DOUBLED_ORIGIN, spot.origin))
		return;
	lint_report(walk, &spot, "%s has the zone's origin %s twice: a final "
	    "dot was forgotten", dname_print(node_name(node), name),
	    dname_print(walk->content->spec.domain.wire, origin));
}

/* Where in the rdata the name is that people write without its dot; -1: the
 * type has none. */
static int
target_at(uint16_t type)
{
	switch (type) {
	case TYPE_CNAME:
	case TYPE_DNAME:
	case TYPE_NS:
	case TYPE_PTR:
		return 0;
	case TYPE_MX:
		return 2;
	case TYPE_SRV:
		return 6;
	default:
		return -1;
	}
}

static void
look_doubled_target(struct lint_walk *walk, const struct rrset *rrset,
    unsigned at)
{
	uint32_t offset = 0;

	for (unsigned i = 0; i < rrset->count; i++) {
		const struct lint_spot spot = {
			.id = LINT_DOUBLED_ORIGIN,
			.origin = rrset_origins(rrset)[i],
			.then = doubled_then,
		};
		char name[DNAME_TEXT_MAX], origin[DNAME_TEXT_MAX];
		uint16_t length;
		const uint8_t *rdata = rrset_rdata(rrset, &offset, &length);
		struct dname target;

		if (!dname_read(&target, rdata + at, length - at))
			continue;
		dname_lower(target.wire);
		if (!lint_is_doubled(walk, target.wire) ||
		    !lint_wants(walk, LINT_DOUBLED_ORIGIN, spot.origin))
			continue;
		lint_report(walk, &spot, "the target %s has the zone's "
		    "origin %s twice: a final dot was forgotten",
		    dname_print(target.wire, name),
		    dname_print(walk->content->spec.domain.wire, origin));
	}
}

void
lint_look_name(struct lint_walk *walk, const struct lint_owner *owner)
{
	const struct node *node = owner->node;
	const struct rrset *rrset = node_first(node);

	look_local(walk, node);
	if (walk->content->spec.kind != SOURCE_ZONE)
		return;
	look_doubled_owner(walk, node);
	for (unsigned i = 0; i < node->rrset_count; i++) {
		int at = rrset->flags & RRSET_MADE ? -1 :
		    target_at(rrset->type);

		if (at >= 0)
			look_doubled_target(walk, rrset, (unsigned)at);
		rrset = rrset_next(rrset);
	}
}
