/* SPDX-License-Identifier: BSD-2-Clause */
/* httpsocket.h - the sockets that HTTP is served at.
 *
 * Opened by main while it may (before rights are dropped).
 */
#ifndef HOSTLER_SERVE_HTTPSOCKET_H
#define HOSTLER_SERVE_HTTPSOCKET_H

#include "base/addr.h"
#include "base/diag.h"

/* A listening socket, or -1 with a diagnostic that names the program that holds
 * the address (or the right that is missing) and what to do.  An address that
 * this machine does not have is bound all the same, with a warning: it is
 * served from the moment on that it is there. */
int httpsocket_open(const struct endpoint *endpoint, struct diags *diags);

#endif
