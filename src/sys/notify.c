/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/notify.h"

#include "config.h"

#ifdef HAVE_SYSTEMD

#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/memory.h"

#define STORE_AT_ONCE 64		/* the kernel's limit is 253 */

void
notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void
notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_mono_us());
}

void
notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void
notify_main_process(pid_t pid)
{
	sd_notifyf(0, "MAINPID=%lld", (long long)pid);
}

void
notify_take_sockets(void (*give)(void *context, int fd, const char *name),
    void *context)
{
	char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	for (int i = 0; i < count; i++) {
		give(context, SD_LISTEN_FDS_START + i, names[i]);
		free(names[i]);
	}
	free(names);
}

/* Not polled: a socket that has an error is still ours to serve. */
void
notify_store(const char *name, const int *fds, unsigned count)
{
	char *text = memory_format("FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);

	for (unsigned at = 0; at < count; at += STORE_AT_ONCE)
		sd_pid_notify_with_fds(0, 0, text, fds + at,
		    count - at < STORE_AT_ONCE ? count - at : STORE_AT_ONCE);
	free(text);
}

void
notify_forget(const char *name)
{
	sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", name);
}

#else

void
notify_ready(void)
{
}

void
notify_reloading(void)
{
}

void
notify_stopping(void)
{
}

void
notify_main_process(pid_t pid)
{
	(void)pid;
}

void
notify_take_sockets(void (*give)(void *context, int fd, const char *name),
    void *context)
{
	(void)give;
	(void)context;
}

void
notify_store(const char *name, const int *fds, unsigned count)
{
	(void)name;
	(void)fds;
	(void)count;
}

void
notify_forget(const char *name)
{
	(void)name;
}

#endif
