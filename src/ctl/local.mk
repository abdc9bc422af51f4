# SPDX-License-Identifier: BSD-2-Clause
bin_PROGRAMS += src/hostlerctl
src_hostlerctl_SOURCES = \
	src/ctl/ask.c src/ctl/ask.h \
	src/ctl/asktls.c src/ctl/asktls.h \
	src/ctl/client.c src/ctl/client.h \
	src/ctl/clientconfig.c src/ctl/clientconfig.h \
	src/ctl/clientfacts.c src/ctl/clientfacts.h \
	src/ctl/clientformats.c src/ctl/clientformats.h \
	src/ctl/clientnetworks.c \
	src/ctl/clientsystems.c \
	src/ctl/doctor.c src/ctl/doctor.h \
	src/ctl/doctorchecks.h \
	src/ctl/doctordaemon.c \
	src/ctl/doctorfiles.c \
	src/ctl/doctorfirewall.c \
	src/ctl/doctorlisten.c \
	src/ctl/doctorports.c \
	src/ctl/doctorresolv.c \
	src/ctl/doctorupstreams.c \
	src/ctl/findings.c src/ctl/findings.h \
	src/ctl/hostlerctl.c \
	src/ctl/import.c src/ctl/import.h \
	src/ctl/paint.c src/ctl/paint.h \
	src/ctl/reach.c src/ctl/reach.h \
	src/ctl/socketpath.c src/ctl/socketpath.h
src_hostlerctl_LDADD = $(LINK_CONF) $(LIBS_CONF) $(SSL_LIBS)
