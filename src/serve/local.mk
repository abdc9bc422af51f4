# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/serve/libserve.a
src_serve_libserve_a_SOURCES = \
	src/serve/control.c src/serve/control.h \
	src/serve/hosthead.c src/serve/hosthead.h \
	src/serve/http.c src/serve/http.h \
	src/serve/httpconns.c src/serve/httpconns.h \
	src/serve/httpsocket.c src/serve/httpsocket.h \
	src/serve/liveness.c src/serve/liveness.h \
	src/serve/history.c src/serve/history.h \
	src/serve/observer.c src/serve/observer.h \
	src/serve/queryline.c src/serve/queryline.h \
	src/serve/querylog.c src/serve/querylog.h \
	src/serve/toplist.c src/serve/toplist.h \
	src/serve/tops.c src/serve/tops.h
