# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_crowd
TESTS += tests/unit/check_crowd
tests_unit_check_crowd_SOURCES = tests/unit/check_crowd.c
tests_unit_check_crowd_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_crowd_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_cookie
TESTS += tests/unit/check_cookie
tests_unit_check_cookie_SOURCES = tests/unit/check_cookie.c
tests_unit_check_cookie_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_cookie_LDADD = $(LINK_DNS) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_rate
TESTS += tests/unit/check_rate
tests_unit_check_rate_SOURCES = tests/unit/check_rate.c
tests_unit_check_rate_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_rate_LDADD = $(LINK_QUERY) $(LIBS_NAMES) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_descriptors
TESTS += tests/unit/check_descriptors
tests_unit_check_descriptors_SOURCES = tests/unit/check_descriptors.c \
	src/descriptors.c
tests_unit_check_descriptors_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_descriptors_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
endif
