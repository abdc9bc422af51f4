# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_handover
TESTS += tests/unit/check_handover
tests_unit_check_handover_SOURCES = tests/unit/check_handover.c
tests_unit_check_handover_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_handover_LDADD = $(LINK_SYS) $(LINK_BASE) $(LIBS_SYS) $(CHECK_LIBS)
endif
