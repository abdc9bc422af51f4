# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_apart
TESTS += tests/unit/check_apart
tests_unit_check_apart_SOURCES = tests/unit/check_apart.c
tests_unit_check_apart_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_apart_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=zoneplain_read
tests_unit_check_apart_LDADD = $(LINK_SYS) $(LINK_NAMES) $(LIBS_SYS) \
	$(LIBS_NAMES) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_indexapart
TESTS += tests/unit/check_indexapart
tests_unit_check_indexapart_SOURCES = tests/unit/check_indexapart.c
tests_unit_check_indexapart_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_indexapart_LDADD = $(LINK_SYS) $(LINK_NAMES) $(LIBS_SYS) \
	$(LIBS_NAMES) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_indexworlds
TESTS += tests/unit/check_indexworlds
tests_unit_check_indexworlds_SOURCES = tests/unit/check_indexworlds.c
tests_unit_check_indexworlds_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_indexworlds_LDADD = $(LINK_SYS) $(LINK_NAMES) $(LIBS_SYS) \
	$(LIBS_NAMES) $(CHECK_LIBS)
endif
