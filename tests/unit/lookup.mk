# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_pages
TESTS += tests/unit/check_pages
tests_unit_check_pages_SOURCES = tests/unit/check_pages.c
tests_unit_check_pages_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_pages_LDADD = $(LINK_BASE) $(CHECK_LIBS)
endif
