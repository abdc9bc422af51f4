/* SPDX-License-Identifier: BSD-2-Clause */
/* tls.h - TLS to upstreams (RFC 7858, 8310): whom to trust, and the handshake.
 *
 * A server must prove the name that the configuration gives it; a chain that
 * does not verify, a wrong name or an old certificate ends the handshake.
 * There is no other profile: what is not verified is not spoken to.  TLS 1.2
 * at least.
 *
 * The one rule: a bufferevent from tls_start ends by tls_say_goodbye (where
 * its handshake is over and nothing failed) and tls_free.
 *
 * OpenSSL is used here alone.
 */
#ifndef HOSTLER_NET_TLS_H
#define HOSTLER_NET_TLS_H

#include <stdbool.h>

struct bufferevent;
struct event_base;
struct ssl_session_st;

/* Certificates that are believed.  Immutable; references; any thread. */
struct tls_trust;

/* From a file of certificates (PEM), or where that is NULL from OpenSSL's
 * default, which SSL_CERT_FILE and SSL_CERT_DIR change.  NULL: *wrong says
 * why, the caller frees it. */
struct tls_trust *tls_trust_new(const char *ca_file, char **wrong);
struct tls_trust *tls_trust_hold(struct tls_trust *trust);
void tls_trust_release(struct tls_trust *trust);	/* NULL is fine */

/* What a connection leaves to the next one to the same server under the same
 * trust: the last session that it gave us (RFC 8446 2.2).  Outlives every
 * connection that was started with it.  One thread. */
struct tls_memory {
	struct ssl_session_st *session;	/* NULL: none */
};
void tls_memory_forget(struct tls_memory *memory);

struct tls_start {
	struct event_base *base;
	int fd;				/* connected; stays the caller's */
	const char *server;		/* a name, or an address */
	struct tls_memory *memory;
};
/* Begin the handshake: BEV_EVENT_CONNECTED tells of its end, EOF or ERROR of
 * its failure.  No callbacks are set yet.  NULL: no memory.  A server that
 * closes without saying so is an error. */
struct bufferevent *tls_start(struct tls_trust *trust,
    const struct tls_start *start);
bool tls_is_resumed(struct bufferevent *events);

/* It leaves nothing to its memory any more. */
void tls_unlearn(struct bufferevent *events);

/* Why the handshake failed, or what else ended it, in a few words that fit
 * behind the upstream's name; static, or OpenSSL's. */
const char *tls_why(struct bufferevent *events);

void tls_say_goodbye(struct bufferevent *events);
void tls_free(struct bufferevent *events);

#endif
