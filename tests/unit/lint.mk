# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_lint
TESTS += tests/unit/check_lint
tests_unit_check_lint_SOURCES = tests/unit/check_lint.c \
	tests/unit/lintlab.c tests/unit/lintlab.h
tests_unit_check_lint_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_lint_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
endif
EXTRA_DIST += tests/golden/lint
