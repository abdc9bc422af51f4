# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_segments
TESTS += tests/unit/check_segments
tests_unit_check_segments_SOURCES = tests/unit/check_segments.c
tests_unit_check_segments_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_segments_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_lines
TESTS += tests/unit/check_lines
tests_unit_check_lines_SOURCES = tests/unit/check_lines.c
tests_unit_check_lines_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_lines_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
endif
