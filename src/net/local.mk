# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/net/libnet.a
src_net_libnet_a_SOURCES = \
	src/net/acceptor.c src/net/acceptor.h \
	src/net/connection.c src/net/connection.h \
	src/net/crowd.c src/net/crowd.h \
	src/net/late.c src/net/late.h \
	src/net/leftovers.c src/net/leftovers.h \
	src/net/listen.c src/net/listen.h \
	src/net/loop.c src/net/loop.h \
	src/net/mailbox.c src/net/mailbox.h \
	src/net/outgoing.c \
	src/net/outgoing.h \
	src/net/peer.c src/net/peer.h \
	src/net/pipeline.c src/net/pipeline.h \
	src/net/segments.c src/net/segments.h \
	src/net/serving.c src/net/serving.h \
	src/net/sighting.c src/net/sighting.h \
	src/net/stream.c src/net/stream.h \
	src/net/streams.c src/net/streams.h \
	src/net/tcp.c src/net/tcp.h \
	src/net/tcpbatch.c src/net/tcpbatch.h \
	src/net/tls.c src/net/tls.h \
	src/net/transport.c src/net/transport.h \
	src/net/troubles.c src/net/troubles.h \
	src/net/turns.c src/net/turns.h \
	src/net/udp.c src/net/udp.h \
	src/net/upstream.c src/net/upstream.h \
	src/net/waiting.c src/net/waiting.h \
	src/net/worker.c src/net/worker.h
