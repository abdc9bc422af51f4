/* SPDX-License-Identifier: BSD-2-Clause */
/* Lease files of every format.  The first byte picks it (enum lease_format,
 * from '0'); the rest is the file, what is behind a form feed its next state.
 * With '@', 'A' and so on the format is picked likewise, but
 * the file is a fixed one and the rest is what stands beside it.  What must
 * hold of any content is asserted; reading the same again must come to the
 * same. */
#include <assert.h>
#include <string.h>

#include "names/leasefile.h"
#include "addresses.h"

#define NOW_S 1700000000
#define MONO_S 1000
#define FORMATS (LEASE_NEIGHBOURS + 1)

static const char dnsmasq[] = "0 52:54:00:00:00:01 192.0.2.1 web *\n";
static const char libvirt[] =
    "[{\"ip-address\":\"192.0.2.1\",\"mac-address\":\"52:54:00:00:00:01\"}]";
static const char virtualbox[] =
    "<Leases><Lease mac=\"52:54:00:00:00:01\" state=\"acked\">"
    "<Address value=\"192.0.2.1\"/>"
    "<Time issued=\"1700000000\" expiration=\"60\"/></Lease></Leases>";
static const char macs[] =
    "[{\"domain\":\"db 1\",\"macs\":[\"52:54:00:00:00:01\"]}]";
static const char registry[] =
    "<VirtualBox><Global><MachineRegistry><MachineEntry src=\"a.vbox\"/>"
    "</MachineRegistry></Global></VirtualBox>";
static const char vbox[] =
    "<VirtualBox><Machine name=\"db 1\"><Hardware><Network>"
    "<Adapter MACAddress=\"525400000001\"/>"
    "</Network></Hardware></Machine></VirtualBox>";
static const char ethers[] = "52:54:0:0:0:1 db\n";

struct beside {
	const uint8_t *data;		/* NULL: the fixed ones */
	size_t size;
};

static bool
ends_with(const char *path, const char *end)
{
	size_t length = strlen(path), wanted = strlen(end);

	return length >= wanted && strcmp(path + length - wanted, end) == 0;
}

static const char *
read_beside(void *context, const char *from, const char *path,
    struct source_text *text)
{
	const struct beside *beside = context;
	const char *fixed = ethers;

	(void)from;
	if (ends_with(path, ".macs"))
		fixed = macs;
	else if (ends_with(path, "VirtualBox.xml"))
		fixed = registry;
	else if (ends_with(path, ".vbox"))
		fixed = vbox;
	*text = (struct source_text){"beside", fixed, strlen(fixed)};
	/* The registry stays, or no .vbox file would ever be read. */
	if (beside->data != NULL && fixed != registry) {
		text->bytes = (const char *)beside->data;
		text->length = beside->size;
	}
	return NULL;
}

static const char *
list_none(void *context, const char *folder, const char *suffix,
    struct source_paths *paths)
{
	(void)context;
	(void)folder;
	(void)suffix;
	*paths = (struct source_paths){NULL, 0};
	return NULL;
}

static const char *
fixed_file(enum lease_format format)
{
	switch (format) {
	case LEASE_LIBVIRT:
		return libvirt;
	case LEASE_VIRTUALBOX:
		return virtualbox;
	case LEASE_NEIGHBOURS:
		return "";
	default:
		return dnsmasq;
	}
}

static struct content *
read_lease(enum lease_format format, struct beside file,
    struct beside *beside, const struct content *previous)
{
	static const struct neighbour neighbours[] = {
		{{4, {192, 0, 2, 1}}, {0x52, 0x54, 0, 0, 0, 1}},
	};
	const struct source_spec spec = {
		.kind = SOURCE_LEASE, .path = "f.status", .ttl = 5,
		.has_domain = true, .domain = {5, 1, {3, 'l', 'a', 'b', 0}},
		.format = format, .macs = "ethers",
	};
	const struct source_reader reader = {read_beside, beside, list_none};
	const struct leasefile_input input = {
		.spec = &spec,
		.text = {"f.status", (const char *)file.data, file.size},
		.reader = &reader, .neighbours = neighbours,
		.neighbour_count = 1, .host = "dns.lab", .now_s = NOW_S,
		.mono_s = MONO_S, .previous = previous,
	};
	struct diags *diags = diags_new();
	struct content *content = NULL;
	enum leasefile_result result;

	result = leasefile_parse(&input, diags, &content);
	assert((content != NULL) == (result == LEASEFILE_GOOD));
	assert(result != LEASEFILE_BAD || diags_count(diags, DIAG_ERROR) > 0);
	diags_free(diags);
	return content;
}

static void
check_label(const uint8_t *label)
{
	assert(label[1] != '-' && label[label[0]] != '-');
	for (unsigned i = 1; i <= label[0]; i++)
		assert((label[i] >= 'a' && label[i] <= 'z') ||
		    (label[i] >= '0' && label[i] <= '9') || label[i] == '-');
}

static int64_t
check_node(const struct chunk *chunk, const struct node *node)
{
	const struct rrset *rrset = node_first(node);
	int64_t first_s = 0, end_s;
	struct dname name;

	assert(dname_read(&name, node_name(node), node->name_length));
	assert(name.labels == 2 && memcmp(dname_skip(name.wire, 1), "\3lab",
	    5) == 0);
	check_label(name.wire);
	assert(node->rrset_count > 0 && (node->flags & NODE_SHORT));
	for (unsigned i = 0; i < node->rrset_count; i++) {
		end_s = rrset_expiry(rrset);
		assert(end_s == 0 || end_s > MONO_S);
		if (end_s != 0 && (first_s == 0 || end_s < first_s))
			first_s = end_s;
		for (unsigned j = 0; j < rrset->count; j++) {
			assert(rrset_origins(rrset)[j].chunk == chunk->id);
			assert(rrset_origins(rrset)[j].line <
			    chunk->line_count);
		}
		rrset = rrset_next(rrset);
	}
	return first_s;
}

static void
check_content(const struct content *content)
{
	int64_t due_s = 0;

	for (uint32_t i = 0; i < content->chunk_count; i++) {
		const struct chunk *chunk = content->chunks[i];

		for (uint32_t j = 0; j < chunk->node_count; j++) {
			int64_t end_s = check_node(chunk, chunk_node(chunk, j));

			if (end_s != 0 && (due_s == 0 || end_s < due_s))
				due_s = end_s;
		}
		check_addresses(chunk);
	}
	assert(content->due_s == due_s);
}

static void
read_states(enum lease_format format, struct beside first,
    struct beside second, struct beside *beside)
{
	struct content *a = read_lease(format, first, beside, NULL);
	struct content *b = read_lease(format, second, beside, a);
	struct content *c = b != NULL ? read_lease(format, second, beside, b) :
	    NULL;

	if (a != NULL)
		check_content(a);
	if (b != NULL) {
		check_content(b);
		assert(c != NULL);
		check_content(c);
		assert(content_equal(b, c));
	}
	content_free(a);
	content_free(b);
	content_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct beside beside = {NULL, 0}, first, second;
	enum lease_format format;
	const uint8_t *cut;

	if (size == 0)
		return 0;
	format = (enum lease_format)(data[0] % 16 % FORMATS);
	first = (struct beside){data + 1, size - 1};
	if (data[0] & 0x40) {
		/* 'A' is 1, as '1' is. */
		beside = first;
		first.data = (const uint8_t *)fixed_file(format);
		first.size = strlen(fixed_file(format));
		read_states(format, first, first, &beside);
		return 0;
	}
	second = first;
	cut = first.size > 0 ? memchr(first.data, '\f', first.size) : NULL;
	if (cut != NULL) {
		second.data = cut + 1;
		second.size = (size_t)(data + size - cut) - 1;
		first.size = (size_t)(cut - first.data);
	}
	read_states(format, first, second, &beside);
	return 0;
}
