# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_query
TESTS += tests/unit/check_query
tests_unit_check_query_SOURCES = tests/unit/check_query.c
tests_unit_check_query_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_query_LDADD = $(LINK_QUERY) $(LIBS_NAMES) $(CHECK_LIBS)
endif
