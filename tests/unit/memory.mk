# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_reverse
TESTS += tests/unit/check_reverse
tests_unit_check_reverse_SOURCES = tests/unit/check_reverse.c
tests_unit_check_reverse_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_reverse_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
endif
