/* SPDX-License-Identifier: BSD-2-Clause */
/* source.h - what a source is, and what reading it gives: content.
 *
 * A source is one entry of the configuration: a zone file, a hosts file or a
 * directory of them, (later) a lease file.  Reading it gives a struct content:
 * chunks, each with an arena that holds its nodes.  Content is immutable once
 * the index has taken it; a reload makes new content that may share unchanged
 * chunks with the old.
 *
 * Parsers work on buffers.  Files are opened by the caller (reload, `check`),
 * and through struct source_reader where a file names another ($INCLUDE).
 */
#ifndef HOSTLER_NAMES_SOURCE_H
#define HOSTLER_NAMES_SOURCE_H

#include "base/addr.h"
#include "base/arena.h"
#include "base/diag.h"
#include "dns/dname.h"
#include "names/node.h"

/* How a lease file is written. */
enum lease_format {
	LEASE_AUTO,			/* told by its content */
	LEASE_DNSMASQ,
	LEASE_LIBVIRT,			/* .status, joined with .macs */
	LEASE_DHCPD,			/* ISC and VMware */
	LEASE_KEA,			/* CSV */
	LEASE_NETWORKD,			/* JSON */
	LEASE_VIRTUALBOX,		/* XML, joined with .vbox files */
	LEASE_BOOTPD,			/* macOS */
	LEASE_NEIGHBOURS,		/* no file: the kernel's table, joined
					 * with a list of MACs */
};

struct source_spec {
	enum source_kind kind;
	const char *path;		/* as diagnostics show it */
	uint32_t rank;			/* place among those of its kind */
	uint32_t ttl;			/* hosts, leases: of every record */
	bool has_domain;
	bool overlay;			/* zones */
	struct dname domain;		/* hosts: short names live here too;
					 * zones: the origin, lower */
	enum lease_format format;	/* leases, as the next two */
	const char *machines;		/* folder of .vbox files; NULL: none */
	const char *macs;		/* neighbours: /etc/ethers, or such a
					 * folder; NULL: none */
};

/* A file in memory, or (hosts files) one whose bytes are NULL: see
 * hostsfile.h.  Not NUL-terminated; may hold any bytes. */
struct source_text {
	const char *path;
	const char *bytes;
	size_t length;
};

/* How bytes of a text that is not in memory are got (its bytes are NULL, its
 * length is known): so many as there is room for, from `at` on, all of them.
 * NULL, or why not, in static words: the file has become shorter, say.  Any
 * thread, several at the same time. */
struct source_room {
	char *bytes;
	size_t length;
};
struct source_fetch {
	const char *(*read)(void *context, const struct source_text *text,
	    size_t at, const struct source_room *room);
	void *context;
};

/* Paths of files, in the order of their names. */
struct source_paths {
	const char *const *list;
	size_t count;
};

/* How a parser reads a further file.  read returns NULL and fills text (path
 * as diagnostics show it; the reader owns the bytes until the parser has
 * returned), or says in words why not.  from is the naming file's path, ""
 * where path is to be taken as it is.
 *
 * list finds the files in folder whose names end in suffix, those of folders
 * in it too, a few levels deep (machines/GROUP/VM/VM.vbox) and without
 * following links to folders; each path begins with folder, and is read with
 * from "".  NULL, or words for why the folder cannot be read; the reader owns
 * the paths, as it does texts.  list may be NULL where no lease file is
 * parsed. */
struct source_reader {
	const char *(*read)(void *context, const char *from, const char *path,
	    struct source_text *text);
	void *context;
	const char *(*list)(void *context, const char *folder,
	    const char *suffix, struct source_paths *paths);
};

/* A stretch of a file: at most 65,536 lines; hosts files about 16 KB.
 * id is unique among all chunks that live; first_line counts from 1 and may be
 * changed by the writer when lines move. */
struct chunk {
	uint32_t id;
	uint32_t references;		/* contents that hold it; writer only */
	struct arena *arena;
	char *path;			/* in the arena */
	uint32_t first_line;
	uint32_t line_count;
	uint64_t text_hash;		/* of its bytes and what its parsing */
	size_t text_length;		/* depends on (ttl, domain); a hash of
					 * 0 means: not to be shared */
	struct node *nodes;		/* the first: chunk_node */
	uint32_t *node_at;		/* of each, 8 bytes from the first */
	uint32_t node_count;
	uint32_t short_count;		/* nodes that are NODE_SHORT */
	uint32_t record_count;
	uint32_t reverse_count;		/* addresses, those listed too */
	uint32_t listed_count;
	/* an address that its node does not mark (reverse.h) */
	struct chunk_reverse {
		struct node *node;
		struct addr addr;
		uint32_t before;	/* goes ahead of this node's */
	} *listed;
};

/* Nodes are in file order, one behind the other in the arena. */
static inline struct node *
chunk_node(const struct chunk *chunk, uint32_t i)
{
	return (struct node *)((uint64_t *)chunk->nodes + chunk->node_at[i]);
}

struct content {
	struct source_spec spec;	/* with strings of its own */
	struct chunk **chunks;		/* in file order */
	uint32_t chunk_count;
	uint32_t record_count;
	uint32_t serial;		/* zones: of its SOA */
	bool soa_made;			/* zones: the file has none */
	int64_t due_s;			/* leases: the monotonic second in
					 * which the first of them ends and
					 * the file is to be read again; 0:
					 * none does */
};

/* What parsers make content with.  A chunk begins with an id, one reference,
 * an arena (the chunk itself and its path are in it) and first_line;
 * content_add, of one that is done, gives the reference to content.
 * content_share adds a chunk that another content holds: one more reference.
 * content_new copies spec, its path too. */
struct content *content_new(const struct source_spec *spec);
struct chunk *chunk_new(const char *path, uint32_t first_line);
void content_add(struct content *content, struct chunk *chunk);
void content_share(struct content *content, struct chunk *chunk);
/* Give a reference back; with the last one go the chunk and its id, which the
 * next chunk gets. */
void chunk_drop(struct chunk *chunk);

/* Drop the chunks that were added last, so that `count` are left. */
void content_cut(struct content *content, uint32_t count);

/* The same with another rank; the chunks are shared. */
struct content *content_ranked(const struct content *old, uint32_t rank);

void content_free(struct content *content);	/* and chunks it alone holds */
uint32_t chunk_new_id(void);			/* one thread: the loader */

/* Have two contents the same records?  Then a made serial stays. */
bool content_equal(const struct content *a, const struct content *b);
/* And, of two that are equal, at the same places?  Then nothing needs to be
 * published at all. */
bool content_places_equal(const struct content *a, const struct content *b);

#endif
