# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_LIBRARIES = tests/unit/libmarks.a
tests_unit_libmarks_a_SOURCES = tests/unit/marks.c \
	tests/unit/suite.c tests/unit/suite.h
tests_unit_libmarks_a_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
endif
CHECK_LIBS = tests/unit/libmarks.a @CHECK_LIBS@

include tests/unit/base.mk
include tests/unit/watch.mk
include tests/unit/safe.mk
include tests/unit/socket.mk
include tests/unit/cache.mk
include tests/unit/forward.mk
include tests/unit/zonefile.mk
include tests/unit/conf.mk
include tests/unit/hosts.mk
include tests/unit/query.mk
include tests/unit/index.mk
include tests/unit/dns.mk
include tests/unit/memory.mk
include tests/unit/net.mk
include tests/unit/hands.mk
include tests/unit/lint.mk
include tests/unit/lease.mk
include tests/unit/nets.mk
include tests/unit/tls.mk
include tests/unit/tcp.mk
include tests/unit/observe.mk
include tests/unit/listen.mk
include tests/unit/handover.mk
include tests/unit/limits.mk
include tests/unit/querylog.mk
include tests/unit/doctor.mk
include tests/unit/http.mk
include tests/unit/quiet.mk
include tests/unit/loader.mk
include tests/unit/lookup.mk
