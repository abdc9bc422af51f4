# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_leftovers
TESTS += tests/unit/check_leftovers
tests_unit_check_leftovers_SOURCES = tests/unit/check_leftovers.c
tests_unit_check_leftovers_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_leftovers_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_turns
TESTS += tests/unit/check_turns
tests_unit_check_turns_SOURCES = tests/unit/check_turns.c
tests_unit_check_turns_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_turns_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_connection
TESTS += tests/unit/check_connection
tests_unit_check_connection_SOURCES = tests/unit/check_connection.c
tests_unit_check_connection_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_connection_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
endif
