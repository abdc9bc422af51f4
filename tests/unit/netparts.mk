# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_net_parts
TESTS += tests/unit/check_net_parts
tests_unit_check_net_parts_SOURCES = tests/unit/check_net_parts.c $(CRAFT)
tests_unit_check_net_parts_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_net_parts_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_net_scarce
TESTS += tests/unit/check_net_scarce
tests_unit_check_net_scarce_SOURCES = tests/unit/check_net_scarce.c $(NETLAB)
tests_unit_check_net_scarce_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_net_scarce_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
endif
