# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/query/libquery.a
src_query_libquery_a_SOURCES = \
	src/query/additional.c \
	src/query/additional.h \
	src/query/answer.c \
	src/query/answer.h \
	src/query/cache.c \
	src/query/cache.h \
	src/query/chain.c \
	src/query/chain.h \
	src/query/chaos.c \
	src/query/chaos.h \
	src/query/flight.h \
	src/query/flights.c \
	src/query/forward.h \
	src/query/forwardask.c \
	src/query/forwardsend.c \
	src/query/forwardtake.c \
	src/query/give.c \
	src/query/give.h \
	src/query/health.c \
	src/query/health.h \
	src/query/local.c \
	src/query/local.h \
	src/query/negative.c \
	src/query/negative.h \
	src/query/networks.c \
	src/query/networks.h \
	src/query/policy.c \
	src/query/policy.h \
	src/query/step.c \
	src/query/query.h \
	src/query/rate.c \
	src/query/rate.h \
	src/query/rebind.c \
	src/query/rebind.h \
	src/query/referral.c \
	src/query/referral.h \
	src/query/servers.c \
	src/query/servers.h \
	src/query/special.c \
	src/query/special.h \
	src/query/tally.c \
	src/query/tally.h \
	src/query/trace.c \
	src/query/trace.h
