# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/sys/libsys.a
src_sys_libsys_a_SOURCES = \
	src/sys/filesystem.c src/sys/filesystem.h \
	src/sys/files.c src/sys/files.h \
	src/sys/given.c src/sys/given.h \
	src/sys/handover.c src/sys/handover.h \
	src/sys/ifaces.c src/sys/ifaces.h \
	src/sys/ifacewatch.c src/sys/ifacewatch.h \
	src/sys/neighbours.c src/sys/neighbours.h \
	src/sys/netlink.c src/sys/netlink.h \
	src/sys/notify.c src/sys/notify.h \
	src/sys/ports.c src/sys/ports.h \
	src/sys/resolvconf.c src/sys/resolvconf.h \
	src/sys/rights.c src/sys/rights.h \
	src/sys/watch.c src/sys/watch.h \
	src/sys/watchplan.c src/sys/watchplan.h
