# SPDX-License-Identifier: BSD-2-Clause
CRAFT = tests/unit/craft.c tests/unit/craft.h
if HAVE_CHECK
check_PROGRAMS += \
	tests/unit/check_answer \
	tests/unit/check_cache \
	tests/unit/check_forward \
	tests/unit/check_health \
	tests/unit/check_upstream
TESTS += \
	tests/unit/check_answer \
	tests/unit/check_cache \
	tests/unit/check_forward \
	tests/unit/check_health \
	tests/unit/check_upstream
tests_unit_check_answer_SOURCES = tests/unit/check_answer.c $(CRAFT)
tests_unit_check_answer_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_answer_LDADD = $(LINK_QUERY) $(CHECK_LIBS)
tests_unit_check_cache_SOURCES = tests/unit/check_cache.c $(CRAFT)
tests_unit_check_cache_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_cache_LDADD = $(LINK_QUERY) $(CHECK_LIBS)
tests_unit_check_forward_SOURCES = tests/unit/check_forward.c $(CRAFT)
tests_unit_check_forward_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_forward_LDADD = $(LINK_QUERY) $(CHECK_LIBS)
tests_unit_check_health_SOURCES = tests/unit/check_health.c
tests_unit_check_health_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_health_LDADD = $(LINK_QUERY) $(CHECK_LIBS)
tests_unit_check_upstream_SOURCES = tests/unit/check_upstream.c $(CRAFT)
tests_unit_check_upstream_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_upstream_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
endif
