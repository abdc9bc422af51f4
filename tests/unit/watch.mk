# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_watch tests/unit/check_neighbours
TESTS += tests/unit/check_watch tests/unit/check_neighbours
tests_unit_check_watch_SOURCES = tests/unit/check_watch.c
tests_unit_check_watch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_watch_LDADD = $(LINK_SYS) $(LINK_BASE) $(LIBS_SYS) $(CHECK_LIBS)
tests_unit_check_neighbours_SOURCES = tests/unit/check_neighbours.c
tests_unit_check_neighbours_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_neighbours_LDADD = $(LINK_SYS) $(LINK_BASE) $(LIBS_SYS) $(CHECK_LIBS)
endif
