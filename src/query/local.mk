# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/query/libquery.a
src_query_libquery_a_SOURCES = \
	src/query/answer.c \
	src/query/answer.h \
	src/query/cache.c \
	src/query/cache.h \
	src/query/forward.c \
	src/query/forward.h \
	src/query/health.c \
	src/query/health.h \
	src/query/policy.h \
	src/query/query.h
