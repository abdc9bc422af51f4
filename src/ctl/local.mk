# SPDX-License-Identifier: BSD-2-Clause
bin_PROGRAMS += src/hostlerctl
src_hostlerctl_SOURCES = \
	src/ctl/client.c src/ctl/client.h \
	src/ctl/hostlerctl.c \
	src/ctl/import.c src/ctl/import.h
src_hostlerctl_LDADD = $(LINK_CONF) $(LIBS_CONF)
