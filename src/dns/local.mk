# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/dns/libdns.a
src_dns_libdns_a_SOURCES = \
	src/dns/cookie.c src/dns/cookie.h \
	src/dns/cookie.c src/dns/cookie.h \
	src/dns/dname.c src/dns/dname.h \
	src/dns/message.c src/dns/message.h \
	src/dns/question.c src/dns/question.h \
	src/dns/rdata.c src/dns/rdata.h \
	src/dns/reply.c src/dns/reply.h \
	src/dns/types.c src/dns/types.h \
	src/dns/wire.c src/dns/wire.h
