# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_lint tests/unit/check_linting \
	tests/unit/check_examples
TESTS += tests/unit/check_lint tests/unit/check_linting \
	tests/unit/check_examples
tests_unit_check_lint_SOURCES = tests/unit/check_lint.c \
	tests/unit/lintlab.c tests/unit/lintlab.h
tests_unit_check_lint_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_lint_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
tests_unit_check_linting_SOURCES = tests/unit/check_linting.c \
	src/linting.c src/linting.h
tests_unit_check_linting_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_linting_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=lint_run
tests_unit_check_linting_LDADD = $(LINK_SYS) $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
tests_unit_check_examples_SOURCES = tests/unit/check_examples.c
tests_unit_check_examples_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_examples_LDADD = $(LINK_CONF) $(LIBS_CONF) $(CHECK_LIBS)
endif
EXTRA_DIST += tests/golden/lint
