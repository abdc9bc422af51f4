# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_rebind
TESTS += tests/unit/check_rebind
tests_unit_check_rebind_SOURCES = tests/unit/check_rebind.c
tests_unit_check_rebind_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_rebind_LDADD = $(LINK_QUERY) $(LIBS_NAMES) $(CHECK_LIBS)
endif
