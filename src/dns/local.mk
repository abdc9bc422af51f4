# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/dns/libdns.a
src_dns_libdns_a_SOURCES = \
	src/dns/dname.h \
	src/dns/message.h \
	src/dns/question.h \
	src/dns/rdata.h \
	src/dns/reply.h \
	src/dns/types.h \
	src/dns/wire.h
