# SPDX-License-Identifier: BSD-2-Clause
BENCH_PY = tests/bench/run.py tests/bench/picture.py tests/bench/servers.py \
	tests/bench/million.py tests/bench/restart.py
EXTRA_DIST += tests/bench/README $(BENCH_PY) tests/bench/results.json \
	tests/bench/bench.svg

check_PROGRAMS += tests/bench/ask tests/bench/floor tests/bench/makedata
BENCH_TOOLS = tests/bench/ask$(EXEEXT) tests/bench/floor$(EXEEXT) \
	tests/bench/makedata$(EXEEXT)
tests_bench_ask_SOURCES = tests/bench/ask.c tests/bench/asker.c \
	tests/bench/asker.h tests/bench/asklines.c tests/bench/latency.c \
	tests/bench/latency.h tests/bench/questions.c tests/bench/questions.h \
	tests/bench/witness.c tests/bench/witness.h
tests_bench_ask_LDADD =
tests_bench_floor_SOURCES = tests/bench/floor.c tests/bench/reply.c \
	tests/bench/reply.h
tests_bench_floor_LDADD =
tests_bench_makedata_SOURCES = tests/bench/makedata.c
tests_bench_makedata_LDADD =

# make bench		the tables
#			BIG=1: with 1,000,000 names; REPS, DUR: rounds, seconds;
#			WORKS="W1 W4", SERVERS="floor hostler nsd": only these
# make bench-record	all of it, kept in tests/bench/results.json; the picture
#			and the tables of both READMEs are made anew; refused
#			where the machine is busy (BUSY=1: not) or a run failed
# make bench-picture	the picture and those tables from the results kept
BENCH_FLAGS = --build . $(if $(BIG),--big 1000000) \
	$(if $(REPS),--reps $(REPS)) \
	$(if $(DUR),--dur $(DUR)) $(if $(WORKS),--works '$(WORKS)') \
	$(if $(SERVERS),--servers '$(SERVERS)')
BENCH_RUN = $(PYTHON3) -B $(srcdir)/tests/bench/run.py
BENCH_KEPT = $(srcdir)/tests/bench/results.json
PYTHON3 = /usr/bin/python3

bench: all $(BENCH_TOOLS)
	$(BENCH_RUN) $(BENCH_FLAGS) --json bench.json --svg bench.svg
CLEANFILES += bench.json bench.svg

bench-record: all $(BENCH_TOOLS)
	$(BENCH_RUN) --big 1000000 $(BENCH_FLAGS) --json bench.json \
		--record $(BENCH_KEPT) $(if $(BUSY),--busy-machine)
	$(MAKE) bench-picture

bench-picture:
	$(PYTHON3) -B $(srcdir)/tests/bench/picture.py $(BENCH_KEPT) \
		--svg $(srcdir)/tests/bench/bench.svg \
		--readme $(srcdir)/README --details $(srcdir)/tests/bench/README

# make bench-instructions	counts them, and keeps them in
#				tests/bench/instructions
# make check-instructions	5 % more than is kept there is a failure, 30 %
#				fewer, too
# make bench-stages		and where they are spent
BENCH_COUNT = $(PYTHON3) -B $(srcdir)/tests/bench/instructions.py .
EXTRA_DIST += tests/bench/instructions.py tests/bench/instructions

bench-instructions: all $(BENCH_TOOLS) tests/bench/steady.so
	$(BENCH_COUNT) --write
check-instructions: all $(BENCH_TOOLS) tests/bench/steady.so
	$(BENCH_COUNT)
bench-stages: all $(BENCH_TOOLS) tests/bench/steady.so
	$(BENCH_COUNT) --stages

EXTRA_DIST += tests/bench/steady.c
CLEANFILES += tests/bench/steady.so
tests/bench/steady.so: tests/bench/steady.c
	$(AM_V_CC)$(CC) $(AM_CFLAGS) -O1 -shared -fPIC \
		-o $@ $(srcdir)/tests/bench/steady.c -ldl

# make bench-lookup	the index of names two ways; line: a query without
#			sockets, see the heads of both
check_PROGRAMS += tests/bench/lookup tests/bench/line
tests_bench_lookup_SOURCES = tests/bench/lookup.c
tests_bench_lookup_LDADD = $(LINK_NAMES) $(LIBS_NAMES)
tests_bench_line_SOURCES = tests/bench/line.c
tests_bench_line_LDADD = $(LINK_QUERY) $(LIBS_NAMES)

bench-lookup: tests/bench/lookup$(EXEEXT) tests/bench/line$(EXEEXT)
	tests/bench/lookup
	tests/bench/line 1000000 known
