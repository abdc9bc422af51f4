# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_table tests/unit/check_index
check_PROGRAMS += tests/unit/check_merge
TESTS += tests/unit/check_table tests/unit/check_index tests/unit/check_merge
tests_unit_check_table_SOURCES = tests/unit/check_table.c
tests_unit_check_table_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_table_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
tests_unit_check_index_SOURCES = tests/unit/check_index.c
tests_unit_check_index_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_index_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
tests_unit_check_merge_SOURCES = tests/unit/check_merge.c
tests_unit_check_merge_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_merge_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
endif
