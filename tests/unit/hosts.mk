# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_changes
TESTS += tests/unit/check_changes
tests_unit_check_changes_SOURCES = tests/unit/check_changes.c
tests_unit_check_changes_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_changes_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_hostsfile
TESTS += tests/unit/check_hostsfile
tests_unit_check_hostsfile_SOURCES = tests/unit/check_hostsfile.c
tests_unit_check_hostsfile_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_hostsfile_LDADD = $(LINK_NAMES) $(LIBS_NAMES) $(CHECK_LIBS)
endif

EXTRA_DIST += \
	tests/golden/hosts/errors.expect \
	tests/golden/hosts/errors.hosts \
	tests/golden/hosts/idna.expect \
	tests/golden/hosts/idna.hosts \
	tests/golden/hosts/limits.expect \
	tests/golden/hosts/limits.hosts \
	tests/golden/hosts/linux.expect \
	tests/golden/hosts/linux.hosts \
	tests/golden/hosts/mac.expect \
	tests/golden/hosts/mac.hosts \
	tests/golden/hosts/wildcard.expect \
	tests/golden/hosts/wildcard.hosts \
	tests/golden/hosts/windows.expect \
	tests/golden/hosts/windows.hosts
