# SPDX-License-Identifier: BSD-2-Clause
NETLAB = tests/unit/netlab.c tests/unit/netlab.h $(CRAFT)
if HAVE_CHECK
check_PROGRAMS += tests/unit/check_net_udp
TESTS += tests/unit/check_net_udp
tests_unit_check_net_udp_SOURCES = tests/unit/check_net_udp.c $(NETLAB)
tests_unit_check_net_udp_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_net_udp_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_net_tcp
TESTS += tests/unit/check_net_tcp
tests_unit_check_net_tcp_SOURCES = tests/unit/check_net_tcp.c $(NETLAB)
tests_unit_check_net_tcp_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_net_tcp_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_net_workers
TESTS += tests/unit/check_net_workers
tests_unit_check_net_workers_SOURCES = tests/unit/check_net_workers.c $(NETLAB)
tests_unit_check_net_workers_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_net_workers_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_net_tables
TESTS += tests/unit/check_net_tables
tests_unit_check_net_tables_SOURCES = tests/unit/check_net_tables.c $(CRAFT)
tests_unit_check_net_tables_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_net_tables_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_net_serving
TESTS += tests/unit/check_net_serving
tests_unit_check_net_serving_SOURCES = tests/unit/check_net_serving.c $(CRAFT)
tests_unit_check_net_serving_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_net_serving_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
check_PROGRAMS += tests/unit/check_net_scarce
TESTS += tests/unit/check_net_scarce
tests_unit_check_net_scarce_SOURCES = tests/unit/check_net_scarce.c $(NETLAB)
tests_unit_check_net_scarce_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_check_net_scarce_LDADD = $(LINK_NET) $(LIBS_NET) $(CHECK_LIBS)
endif
