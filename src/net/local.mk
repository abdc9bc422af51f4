# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/net/libnet.a
src_net_libnet_a_SOURCES = \
	src/net/listen.h \
	src/net/upstream.c \
	src/net/upstream.h \
	src/net/worker.h
