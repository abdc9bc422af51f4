/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/memory.h"

/* OpenSSL counts the references: the context itself is the trust. */
static SSL_CTX *
context_of(struct tls_trust *trust)
{
	return (SSL_CTX *)trust;
}

/* A ticket comes when it likes, behind the handshake; the last one counts.  A
 * copy: OpenSSL spoils the session of a connection that is cut. */
static int
on_session(SSL *ssl, SSL_SESSION *session)
{
	struct tls_memory *memory = SSL_get_app_data(ssl);

	if (memory != NULL) {
		SSL_SESSION_free(memory->session);
		memory->session = SSL_SESSION_dup(session);
	}
	return 0;			/* the caller keeps it */
}

static const char *
last_error(void)
{
	unsigned long error = ERR_peek_last_error();
	const char *words = error ? ERR_reason_error_string(error) : NULL;

	ERR_clear_error();
	return words ? words : "no reason is known";
}

struct tls_trust *
tls_trust_new(const char *ca_file, char **wrong)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	int good;

	assert(context != NULL);
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT |
	    SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, on_session);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	good = ca_file ? SSL_CTX_load_verify_file(context, ca_file) :
	    SSL_CTX_set_default_verify_paths(context);
	if (good == 1)
		return (struct tls_trust *)context;
	*wrong = memory_string(last_error());
	SSL_CTX_free(context);
	return NULL;
}

struct tls_trust *
tls_trust_hold(struct tls_trust *trust)
{
	SSL_CTX_up_ref(context_of(trust));
	return trust;
}

void
tls_trust_release(struct tls_trust *trust)
{
	SSL_CTX_free(context_of(trust));
}

void
tls_memory_forget(struct tls_memory *memory)
{
	SSL_SESSION_free(memory->session);
	memory->session = NULL;
}

/* Addresses are not sent as server name (RFC 6066 3). */
static bool
set_server(SSL *ssl, const char *server)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, server, address) == 1 ||
	    inet_pton(AF_INET6, server, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
		    server) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, server) == 1 &&
	    SSL_set_tlsext_host_name(ssl, server) == 1;
}

struct bufferevent *
tls_start(struct tls_trust *trust, const struct tls_start *start)
{
	SSL *ssl = SSL_new(context_of(trust));
	struct tls_memory *memory = start->memory;
	struct bufferevent *events;

	if (ssl == NULL || !set_server(ssl, start->server)) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_app_data(ssl, memory);
	/* More than once where several connections are opened together: a
	 * server knows us by our address anyway (RFC 8446 C.4). */
	if (memory->session && SSL_SESSION_is_resumable(memory->session))
		SSL_set_session(ssl, memory->session);
	events = bufferevent_openssl_socket_new(start->base, start->fd, ssl,
	    BUFFEREVENT_SSL_CONNECTING, 0);
	if (events == NULL)
		SSL_free(ssl);
	return events;
}

bool
tls_is_resumed(struct bufferevent *events)
{
	return SSL_session_reused(bufferevent_openssl_get_ssl(events)) == 1;
}

void
tls_unlearn(struct bufferevent *events)
{
	SSL_set_app_data(bufferevent_openssl_get_ssl(events), NULL);
}

static const char *
refusal(long result)
{
	switch (result) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "its certificate has expired";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "its certificate is not valid yet (or the clock here is "
		       "wrong)";
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "its certificate is for another name";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return "the issuer of its certificate is unknown here (see "
		       "tls.ca-file)";
	default:
		return X509_verify_cert_error_string(result);
	}
}

const char *
tls_why(struct bufferevent *events)
{
	SSL *ssl = bufferevent_openssl_get_ssl(events);
	long result = SSL_get_verify_result(ssl);
	unsigned long error = bufferevent_get_openssl_error(events);
	const char *words;

	if (result != X509_V_OK)
		return refusal(result);
	words = error ? ERR_reason_error_string(error) : NULL;
	if (words)
		return words;
	return SSL_is_init_finished(ssl) ? "it closed the connection" :
	    "it closed the connection in the handshake";
}

/* Ours alone: what the server has still to say is not waited for. */
void
tls_say_goodbye(struct bufferevent *events)
{
	SSL *ssl = bufferevent_openssl_get_ssl(events);

	ERR_clear_error();
	SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN);
	(void)SSL_shutdown(ssl);
	ERR_clear_error();
}

void
tls_free(struct bufferevent *events)
{
	SSL *ssl = bufferevent_openssl_get_ssl(events);

	bufferevent_free(events);
	SSL_free(ssl);
}
