/* SPDX-License-Identifier: BSD-2-Clause */
/* doctordaemon.c - does a hostler run here, and what does it say of itself? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "ctl/client.h"
#include "ctl/doctorchecks.h"

#define CHECK "daemon"

static json_t *
ask_status(const char *socket)
{
	json_t *status = NULL;
	char *text;
	size_t length;
	FILE *stream;

	if (client_try(socket, "status") != CLIENT_DONE)
		return NULL;
	stream = memory_stream(&text, &length);
	if (client_ask(socket, "status --json", stream, PAINT_OFF) ==
	    CLIENT_DONE) {
		fflush(stream);
		status = json_loadb(text, length, 0, NULL);
	}
	memory_stream_close(stream);
	free(text);
	return status;
}

static void
tell_none(const struct doctor *doctor)
{
	if (doctor->socket && access(doctor->socket, W_OK) != 0 &&
	    errno == EACCES) {
		findings_add(doctor->findings, FINDINGS_WARNING, CHECK,
		    "you have no right to ask the daemon at %s",
		    doctor->socket);
		findings_advise(doctor->findings, "run this as root");
		return;
	}
	findings_add(doctor->findings, FINDINGS_WARNING, CHECK,
	    "no hostler answers at %s", doctor->socket ? doctor->socket :
	    "a control socket: none is configured");
	findings_advise(doctor->findings, "start it: systemctl start hostler, "
	    "or hostler -c FILE; one with another socket: -s SOCKET");
}

void
doctordaemon_check(struct doctor *doctor)
{
	const char *version = "";
	json_int_t generation = 0, names = 0;
	int degraded = 0;

	doctor->status = doctor->socket ? ask_status(doctor->socket) : NULL;
	if (!doctor->status || json_unpack(doctor->status,
	    "{s:s, s:b, s:I, s:I}", "version", &version, "degraded",
	    &degraded, "generation", &generation, "names", &names) != 0) {
		tell_none(doctor);
		return;
	}
	findings_add(doctor->findings, degraded ? FINDINGS_ERROR :
	    FINDINGS_OK, CHECK, "hostler %s runs%s, generation %lld, %lld "
	    "names", version, degraded ? " degraded" : "",
	    (long long)generation, (long long)names);
	if (degraded)
		findings_advise(doctor->findings, "hostlerctl status   shows "
		    "which source or upstream is at fault");
}
