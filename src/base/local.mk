# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/base/libbase.a
src_base_libbase_a_SOURCES = \
	src/base/addr.h \
	src/base/arena.h \
	src/base/clock.h \
	src/base/diag.h \
	src/base/epoch.h \
	src/base/hash.h \
	src/base/log.h \
	src/base/memory.h \
	src/base/random.h \
	src/base/stats.h
