# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_conf
TESTS += tests/unit/check_conf
tests_unit_check_conf_SOURCES = tests/unit/check_conf.c
tests_unit_check_conf_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_conf_LDADD = $(LINK_CONF) $(LIBS_CONF) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_loadfiles
TESTS += tests/unit/check_loadfiles
tests_unit_check_loadfiles_SOURCES = tests/unit/check_loadfiles.c
tests_unit_check_loadfiles_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_loadfiles_LDADD = $(LINK_CONF) $(LIBS_CONF) $(CHECK_LIBS)
endif
