# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_querylog
TESTS += tests/unit/check_querylog
tests_unit_check_querylog_SOURCES = tests/unit/check_querylog.c
tests_unit_check_querylog_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_querylog_LDADD = $(LINK_SERVE) $(LIBS_NET) $(JANSSON_LIBS) \
	$(CHECK_LIBS)
endif
