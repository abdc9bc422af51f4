# SPDX-License-Identifier: BSD-2-Clause
HOSTSFACTS = tests/unit/hostsfacts.c tests/unit/hostsfacts.h
CPPFLAGS_HOSTSFACTS = $(AM_CPPFLAGS) -iquote $(srcdir)/tests/unit
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_replace
TESTS += tests/unit/check_replace
tests_unit_check_replace_SOURCES = tests/unit/check_replace.c
tests_unit_check_replace_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_replace_LDADD = $(LINK_SYS) $(LINK_BASE) $(LIBS_SYS) $(CHECK_LIBS)

check_PROGRAMS += tests/unit/check_hostsedit
TESTS += tests/unit/check_hostsedit
tests_unit_check_hostsedit_SOURCES = tests/unit/check_hostsedit.c $(HOSTSFACTS)
tests_unit_check_hostsedit_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_hostsedit_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)

check_PROGRAMS += tests/unit/check_hostsimport
TESTS += tests/unit/check_hostsimport
tests_unit_check_hostsimport_SOURCES = tests/unit/check_hostsimport.c
tests_unit_check_hostsimport_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_hostsimport_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
endif
