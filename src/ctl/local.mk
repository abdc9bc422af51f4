# SPDX-License-Identifier: BSD-2-Clause
bin_PROGRAMS += src/hostlerctl
src_hostlerctl_SOURCES = \
	src/ctl/client.c src/ctl/client.h \
	src/ctl/clientconfig.c src/ctl/clientconfig.h \
	src/ctl/clientfacts.c src/ctl/clientfacts.h \
	src/ctl/clientformats.c src/ctl/clientformats.h \
	src/ctl/clientnetworks.c \
	src/ctl/clientsystems.c \
	src/ctl/hostlerctl.c \
	src/ctl/import.c src/ctl/import.h \
	src/ctl/reach.c src/ctl/reach.h
src_hostlerctl_LDADD = $(LINK_CONF) $(LIBS_CONF)
