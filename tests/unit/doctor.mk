# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_ownlease
TESTS += tests/unit/check_ownlease
tests_unit_check_ownlease_SOURCES = tests/unit/check_ownlease.c
tests_unit_check_ownlease_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_ownlease_LDADD = $(LINK_SYS) $(LINK_BASE) $(LIBS_SYS) $(CHECK_LIBS)
endif
