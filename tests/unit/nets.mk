# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_networks
TESTS += tests/unit/check_networks
tests_unit_check_networks_SOURCES = tests/unit/check_networks.c
tests_unit_check_networks_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_networks_LDADD = $(LINK_QUERY) $(LIBS_NAMES) $(CHECK_LIBS)
endif
