# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_priority
TESTS += tests/unit/check_priority
tests_unit_check_priority_SOURCES = tests/unit/check_priority.c \
	src/giving.c src/giving.h
tests_unit_check_priority_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_priority_LDADD = $(LINK_SYS) $(LINK_BASE) $(LIBS_SYS) \
	$(CHECK_LIBS)
endif
