/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/notify.h"

#include "config.h"

#ifdef HAVE_SYSTEMD

#include <systemd/sd-daemon.h>

#include "base/clock.h"

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

#endif
