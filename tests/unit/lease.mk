# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_lease
TESTS += tests/unit/check_lease
tests_unit_check_lease_SOURCES = tests/unit/check_lease.c
tests_unit_check_lease_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_lease_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
endif

EXTRA_DIST += tests/golden/leases
