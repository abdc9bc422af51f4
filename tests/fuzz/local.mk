# SPDX-License-Identifier: BSD-2-Clause
# A target WHAT is tests/fuzz/fuzz_WHAT.c with tests/fuzz/corpus/WHAT/ to start
# from.  It is always built as replay_WHAT, which `make check` runs over that
# corpus, and with --enable-fuzz as fuzz_WHAT, which libFuzzer drives:
#
#	tests/fuzz/fuzz_question -max_total_time=60 NEW-FOLDER \
#		$(srcdir)/tests/fuzz/corpus/question
#
# Each needs a block of lines below.
REPLAY = tests/fuzz/replay.c
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/addresses.h
CFLAGS_FUZZ = $(AM_CFLAGS) $(FUZZ_CFLAGS)
LDFLAGS_FUZZ = $(AM_LDFLAGS) $(FUZZ_CFLAGS)

check_PROGRAMS += tests/fuzz/replay_question
TESTS += tests/fuzz/replay_question
tests_fuzz_replay_question_SOURCES = tests/fuzz/fuzz_question.c $(REPLAY)
tests_fuzz_replay_question_LDADD = $(LINK_DNS)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_question
tests_fuzz_fuzz_question_SOURCES = tests/fuzz/fuzz_question.c
tests_fuzz_fuzz_question_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_question_LDFLAGS = $(LDFLAGS_FUZZ)
tests_fuzz_fuzz_question_LDADD = $(LINK_DNS)
endif

check_PROGRAMS += tests/fuzz/replay_answer
TESTS += tests/fuzz/replay_answer
tests_fuzz_replay_answer_SOURCES = tests/fuzz/fuzz_answer.c $(REPLAY)
tests_fuzz_replay_answer_LDADD = $(LINK_DNS)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_answer
tests_fuzz_fuzz_answer_SOURCES = tests/fuzz/fuzz_answer.c
tests_fuzz_fuzz_answer_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_answer_LDFLAGS = $(LDFLAGS_FUZZ)
tests_fuzz_fuzz_answer_LDADD = $(LINK_DNS)
endif

check_PROGRAMS += tests/fuzz/replay_upstream
TESTS += tests/fuzz/replay_upstream
tests_fuzz_replay_upstream_SOURCES = tests/fuzz/fuzz_upstream.c $(REPLAY)
tests_fuzz_replay_upstream_LDADD = $(LINK_QUERY)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_upstream
tests_fuzz_fuzz_upstream_SOURCES = tests/fuzz/fuzz_upstream.c
tests_fuzz_fuzz_upstream_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_upstream_LDFLAGS = $(LDFLAGS_FUZZ)
tests_fuzz_fuzz_upstream_LDADD = $(LINK_QUERY)
endif

check_PROGRAMS += tests/fuzz/replay_yaml
TESTS += tests/fuzz/replay_yaml
tests_fuzz_replay_yaml_SOURCES = tests/fuzz/fuzz_yaml.c $(REPLAY)
tests_fuzz_replay_yaml_LDADD = $(LINK_CONF) $(LIBS_CONF)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_yaml
tests_fuzz_fuzz_yaml_SOURCES = tests/fuzz/fuzz_yaml.c
tests_fuzz_fuzz_yaml_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_yaml_LDFLAGS = $(LDFLAGS_FUZZ)
tests_fuzz_fuzz_yaml_LDADD = $(LINK_CONF) $(LIBS_CONF)
endif

check_PROGRAMS += tests/fuzz/replay_hosts
TESTS += tests/fuzz/replay_hosts
tests_fuzz_replay_hosts_SOURCES = tests/fuzz/fuzz_hosts.c $(REPLAY)
tests_fuzz_replay_hosts_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_hosts
tests_fuzz_fuzz_hosts_SOURCES = tests/fuzz/fuzz_hosts.c
tests_fuzz_fuzz_hosts_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_hosts_LDFLAGS = $(LDFLAGS_FUZZ)
tests_fuzz_fuzz_hosts_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
endif

check_PROGRAMS += tests/fuzz/replay_zone
TESTS += tests/fuzz/replay_zone
tests_fuzz_replay_zone_SOURCES = tests/fuzz/fuzz_zone.c $(REPLAY)
tests_fuzz_replay_zone_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=zoneplain_read
tests_fuzz_replay_zone_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_zone
tests_fuzz_fuzz_zone_SOURCES = tests/fuzz/fuzz_zone.c
tests_fuzz_fuzz_zone_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_zone_LDFLAGS = $(LDFLAGS_FUZZ) -Wl,--wrap=zoneplain_read
tests_fuzz_fuzz_zone_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
endif

check_PROGRAMS += tests/fuzz/replay_query
TESTS += tests/fuzz/replay_query
tests_fuzz_replay_query_SOURCES = tests/fuzz/fuzz_query.c $(REPLAY)
tests_fuzz_replay_query_LDADD = $(LINK_QUERY) $(LIBS_NAMES)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_query
tests_fuzz_fuzz_query_SOURCES = tests/fuzz/fuzz_query.c
tests_fuzz_fuzz_query_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_query_LDFLAGS = $(LDFLAGS_FUZZ)
tests_fuzz_fuzz_query_LDADD = $(LINK_QUERY) $(LIBS_NAMES)
endif

check_PROGRAMS += tests/fuzz/replay_hostsedit
TESTS += tests/fuzz/replay_hostsedit
tests_fuzz_replay_hostsedit_SOURCES = tests/fuzz/fuzz_hostsedit.c $(REPLAY) \
	$(HOSTSFACTS)
tests_fuzz_replay_hostsedit_CPPFLAGS = $(CPPFLAGS_HOSTSFACTS)
tests_fuzz_replay_hostsedit_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_hostsedit
tests_fuzz_fuzz_hostsedit_SOURCES = tests/fuzz/fuzz_hostsedit.c $(HOSTSFACTS)
tests_fuzz_fuzz_hostsedit_CPPFLAGS = $(CPPFLAGS_HOSTSFACTS)
tests_fuzz_fuzz_hostsedit_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_hostsedit_LDFLAGS = $(LDFLAGS_FUZZ)
tests_fuzz_fuzz_hostsedit_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
endif

check_PROGRAMS += tests/fuzz/replay_lease
TESTS += tests/fuzz/replay_lease
tests_fuzz_replay_lease_SOURCES = tests/fuzz/fuzz_lease.c $(REPLAY)
tests_fuzz_replay_lease_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_lease
tests_fuzz_fuzz_lease_SOURCES = tests/fuzz/fuzz_lease.c
tests_fuzz_fuzz_lease_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_lease_LDFLAGS = $(LDFLAGS_FUZZ)
tests_fuzz_fuzz_lease_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
endif

check_PROGRAMS += tests/fuzz/replay_http
TESTS += tests/fuzz/replay_http
tests_fuzz_replay_http_SOURCES = tests/fuzz/fuzz_http.c $(REPLAY)
tests_fuzz_replay_http_LDADD = $(LINK_SERVE) $(LIBS_NET)
if FUZZ
noinst_PROGRAMS += tests/fuzz/fuzz_http
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c
tests_fuzz_fuzz_http_CFLAGS = $(CFLAGS_FUZZ)
tests_fuzz_fuzz_http_LDFLAGS = $(LDFLAGS_FUZZ)
tests_fuzz_fuzz_http_LDADD = $(LINK_SERVE) $(LIBS_NET)
endif

EXTRA_DIST += tests/fuzz/run
if FUZZ
.PHONY: fuzzers
fuzzers: $(noinst_PROGRAMS)
endif
