# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_ifacewatch
TESTS += tests/unit/check_ifacewatch
tests_unit_check_ifacewatch_SOURCES = tests/unit/check_ifacewatch.c
tests_unit_check_ifacewatch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_ifacewatch_LDADD = $(LINK_SYS) $(LINK_BASE) $(LIBS_SYS) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_listeners
TESTS += tests/unit/check_listeners
tests_unit_check_listeners_SOURCES = tests/unit/check_listeners.c
tests_unit_check_listeners_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_listeners_LDADD = $(LINK_CONF) $(LIBS_CONF) $(CHECK_LIBS)
endif
