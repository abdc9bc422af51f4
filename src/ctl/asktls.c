/* SPDX-License-Identifier: BSD-2-Clause */
#include "ctl/asktls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

struct asktls_trust {
	SSL_CTX *context;
	const char *why;		/* NULL: fine */
};

struct asktls {
	SSL *ssl;
	const char *why;
};

static const char *
last_words(const char *otherwise)
{
	unsigned long error = ERR_peek_last_error();
	const char *words = error ? ERR_reason_error_string(error) : NULL;

	ERR_clear_error();
	return words ? words : otherwise;
}

struct asktls_trust *
asktls_trust_new(const char *ca_file)
{
	struct asktls_trust *trust = memory_zeroed(1, sizeof *trust);
	int good = 0;

	trust->context = SSL_CTX_new(TLS_client_method());
	if (trust->context) {
		SSL_CTX_set_min_proto_version(trust->context, TLS1_2_VERSION);
		SSL_CTX_set_verify(trust->context, SSL_VERIFY_PEER, NULL);
		good = ca_file ? SSL_CTX_load_verify_file(trust->context,
		    ca_file) : SSL_CTX_set_default_verify_paths(
		    trust->context);
	}
	if (good != 1)
		trust->why = last_words("the certificates to trust cannot be "
		    "read");
	return trust;
}

void
asktls_trust_free(struct asktls_trust *trust)
{
	SSL_CTX_free(trust->context);
	free(trust);
}

const char *
asktls_trust_why(const struct asktls_trust *trust)
{
	return trust->why ? trust->why : "TLS cannot be started";
}

/* Those are not sent as the server's name (RFC 6066 3). */
static bool
is_address(const char *server)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, server, address) == 1 ||
	    inet_pton(AF_INET6, server, address) == 1;
}

struct asktls *
asktls_new(struct asktls_trust *trust, int fd, const char *server)
{
	struct asktls *tls;
	SSL *ssl = trust->why ? NULL : SSL_new(trust->context);

	/* SSL_set1_host knows an address when it sees one, and checks for
	 * that. */
	if (!ssl || SSL_set_fd(ssl, fd) != 1 ||
	    SSL_set1_host(ssl, server) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	if (!is_address(server))
		SSL_set_tlsext_host_name(ssl, server);
	tls = memory_zeroed(1, sizeof *tls);
	tls->ssl = ssl;
	return tls;
}

void
asktls_free(struct asktls *tls)
{
	SSL_free(tls->ssl);
	ERR_clear_error();
	free(tls);
}

static const char *
explain(struct asktls *tls)
{
	long result = SSL_get_verify_result(tls->ssl);

	if (result != X509_V_OK) {
		ERR_clear_error();
		return X509_verify_cert_error_string(result);
	}
	return last_words("it closed the connection");
}

/* 0: later; -1: failed. */
static int
judge(struct asktls *tls, int result, short *events)
{
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		*events = POLLIN;
		return 0;
	case SSL_ERROR_WANT_WRITE:
		*events = POLLOUT;
		return 0;
	default:
		tls->why = explain(tls);
		return -1;
	}
}

enum asktls_step
asktls_shake(struct asktls *tls, short *events)
{
	int result = SSL_connect(tls->ssl);

	if (result == 1)
		return ASKTLS_DONE;
	return judge(tls, result, events) == 0 ? ASKTLS_LATER : ASKTLS_FAILED;
}

ssize_t
asktls_write(struct asktls *tls, const uint8_t *bytes, size_t length,
    short *events)
{
	int result = SSL_write(tls->ssl, bytes, (int)length);

	return result > 0 ? result : judge(tls, result, events);
}

ssize_t
asktls_read(struct asktls *tls, uint8_t *bytes, size_t length, short *events)
{
	int result = SSL_read(tls->ssl, bytes, (int)length);

	return result > 0 ? result : judge(tls, result, events);
}

const char *
asktls_why(const struct asktls *tls)
{
	return tls->why ? tls->why : "TLS failed";
}
