# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_ring
TESTS += tests/unit/check_ring
tests_unit_check_ring_SOURCES = tests/unit/check_ring.c
tests_unit_check_ring_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_ring_LDADD = $(LINK_QUERY) $(LIBS_NAMES) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_observer
TESTS += tests/unit/check_observer
tests_unit_check_observer_SOURCES = tests/unit/check_observer.c $(NETLAB)
tests_unit_check_observer_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_observer_LDADD = $(LINK_SERVE) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_statuslists
TESTS += tests/unit/check_statuslists
tests_unit_check_statuslists_SOURCES = tests/unit/check_statuslists.c
tests_unit_check_statuslists_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_statuslists_LDADD = $(LINK_SERVE) $(LIBS_NET) $(CHECK_LIBS)
endif
