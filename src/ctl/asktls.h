/* SPDX-License-Identifier: BSD-2-Clause */
/* asktls.h - TLS over a connected, non-blocking socket, for ask.c: the
 * certificate must be for the server's name and issued by whom is trusted.
 *
 * Every function that cannot go on says in *events what to wait for.
 */
#ifndef HOSTLER_CTL_ASKTLS_H
#define HOSTLER_CTL_ASKTLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct asktls_trust;
struct asktls;

/* NULL ca_file: OpenSSL's default.  Never NULL; where the file is no good,
 * asktls_new says no and asktls_trust_why tells. */
struct asktls_trust *asktls_trust_new(const char *ca_file);
void asktls_trust_free(struct asktls_trust *trust);
const char *asktls_trust_why(const struct asktls_trust *trust);

/* fd stays the caller's.  NULL: see asktls_trust_why. */
struct asktls *asktls_new(struct asktls_trust *trust, int fd,
    const char *server);
void asktls_free(struct asktls *tls);

enum asktls_step {
	ASKTLS_DONE,
	ASKTLS_LATER,
	ASKTLS_FAILED,
};
enum asktls_step asktls_shake(struct asktls *tls, short *events);

/* How many bytes; 0: later; -1: asktls_why says why. */
ssize_t asktls_write(struct asktls *tls, const uint8_t *bytes, size_t length,
    short *events);
ssize_t asktls_read(struct asktls *tls, uint8_t *bytes, size_t length,
    short *events);

/* Static, or OpenSSL's. */
const char *asktls_why(const struct asktls *tls);

#endif
