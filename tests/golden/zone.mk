# SPDX-License-Identifier: BSD-2-Clause
check_PROGRAMS += tests/golden/check_golden_zone
TESTS += tests/golden/check_golden_zone
tests_golden_check_golden_zone_SOURCES = tests/golden/check_golden_zone.c \
	tests/golden/zone_print.c tests/golden/zone_print.h
tests_golden_check_golden_zone_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
EXTRA_DIST += tests/golden/zone
