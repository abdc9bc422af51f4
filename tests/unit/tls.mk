# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_streams
TESTS += tests/unit/check_streams
tests_unit_check_streams_SOURCES = tests/unit/check_streams.c $(CRAFT)
tests_unit_check_streams_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_streams_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_peer
TESTS += tests/unit/check_peer
tests_unit_check_peer_SOURCES = tests/unit/check_peer.c
tests_unit_check_peer_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_peer_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
endif
