# SPDX-License-Identifier: BSD-2-Clause
if HAVE_CHECK
check_PROGRAMS += \
	tests/unit/check_dname \
	tests/unit/check_message \
	tests/unit/check_reply
TESTS += \
	tests/unit/check_dname \
	tests/unit/check_message \
	tests/unit/check_reply
tests_unit_check_dname_SOURCES = tests/unit/check_dname.c
tests_unit_check_dname_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_dname_LDADD = $(LINK_DNS) $(LDNS_LIBS) $(CHECK_LIBS)
tests_unit_check_message_SOURCES = tests/unit/check_message.c
tests_unit_check_message_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_message_LDADD = $(LINK_DNS) $(LDNS_LIBS) $(CHECK_LIBS)
tests_unit_check_reply_SOURCES = tests/unit/check_reply.c
tests_unit_check_reply_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_reply_LDADD = $(LINK_DNS) $(LDNS_LIBS) $(CHECK_LIBS)
endif
