# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/base/libbase.a
src_base_libbase_a_SOURCES = \
	src/base/addr.c src/base/addr.h \
	src/base/arena.c src/base/arena.h \
	src/base/clock.c src/base/clock.h \
	src/base/colour.c src/base/colour.h \
	src/base/diag.c src/base/diag.h \
	src/base/editdistance.c src/base/editdistance.h \
	src/base/epoch.c src/base/epoch.h \
	src/base/hash.c src/base/hash.h \
	src/base/hex.h \
	src/base/links.h \
	src/base/log.c src/base/log.h \
	src/base/memory.c src/base/memory.h \
	src/base/neighbour.h \
	src/base/parts.h \
	src/base/pages.c src/base/pages.h \
	src/base/poison.h \
	src/base/printable.c src/base/printable.h \
	src/base/random.c src/base/random.h \
	src/base/ring.c src/base/ring.h \
	src/base/stats.c src/base/stats.h
