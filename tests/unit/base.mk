# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_base tests/unit/check_sys
TESTS += tests/unit/check_base tests/unit/check_sys
tests_unit_check_base_SOURCES = tests/unit/check_base.c
tests_unit_check_base_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_base_LDADD = $(LINK_BASE) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_links
TESTS += tests/unit/check_links
tests_unit_check_links_SOURCES = tests/unit/check_links.c
tests_unit_check_links_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_links_LDADD = $(LINK_BASE) $(CHECK_LIBS)
tests_unit_check_sys_SOURCES = tests/unit/check_sys.c
tests_unit_check_sys_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_sys_LDADD = $(LINK_SYS) $(LINK_BASE) $(LIBS_SYS) $(CHECK_LIBS)
endif
