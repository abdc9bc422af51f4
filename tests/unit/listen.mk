# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_ifacewatch
TESTS += tests/unit/check_ifacewatch
tests_unit_check_ifacewatch_SOURCES = tests/unit/check_ifacewatch.c
tests_unit_check_ifacewatch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_ifacewatch_LDADD = $(LINK_SYS) $(LINK_BASE) $(LIBS_SYS) $(CHECK_LIBS)
endif
