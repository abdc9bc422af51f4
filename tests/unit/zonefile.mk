# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_zonefile
TESTS += tests/unit/check_zonefile
tests_unit_check_zonefile_SOURCES = tests/unit/check_zonefile.c
tests_unit_check_zonefile_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_zonefile_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
endif
