# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/serve/libserve.a
src_serve_libserve_a_SOURCES = \
	src/serve/control.c src/serve/control.h \
	src/serve/dnstap.h \
	src/serve/facts.c src/serve/facts.h \
	src/serve/hosthead.c src/serve/hosthead.h \
	src/serve/http.c src/serve/http.h \
	src/serve/httpconns.c src/serve/httpconns.h \
	src/serve/httpsocket.c src/serve/httpsocket.h \
	src/serve/liveness.c src/serve/liveness.h \
	src/serve/metrics.c src/serve/metrics.h \
	src/serve/promtext.c src/serve/promtext.h \
	src/serve/history.c src/serve/history.h \
	src/serve/losses.c src/serve/losses.h \
	src/serve/observer.c src/serve/observer.h \
	src/serve/queryline.c src/serve/queryline.h \
	src/serve/querylog.c src/serve/querylog.h \
	src/serve/page.c src/serve/page.h \
	src/serve/toplist.c src/serve/toplist.h \
	src/serve/tops.c src/serve/tops.h \
	src/serve/verbcall.c src/serve/verbcall.h

# The status page, one file of its parts, as C.
PAGE_PARTS = src/page/index.html src/page/page.css src/page/page.js \
	src/page/uplot/uPlot.css src/page/uplot/uPlot.iife.js
EXTRA_DIST += $(PAGE_PARTS) src/page/assemble src/page/embed \
	src/page/uplot/LICENSE
nodist_src_serve_libserve_a_SOURCES = src/serve/page_data.c
CLEANFILES += src/serve/page_data.c
src/serve/page_data.c: $(PAGE_PARTS) src/page/assemble src/page/embed
	$(AM_V_GEN)mkdir -p src/serve && \
	$(srcdir)/src/page/assemble $(srcdir)/src/page | \
	$(srcdir)/src/page/embed >$@.tmp && mv $@.tmp $@

# dnstap is made of what protoc-c makes of dnstap.proto; it is not distributed.
EXTRA_DIST += src/serve/dnstap.proto
DNSTAP_MADE = src/serve/dnstap.pb-c.c src/serve/dnstap.pb-c.h
if DNSTAP
src_serve_libserve_a_SOURCES += src/serve/dnstap.c \
	src/serve/dnstapframe.c src/serve/dnstapframe.h \
	src/serve/dnstapwriter.c src/serve/dnstapwriter.h
nodist_src_serve_libserve_a_SOURCES += $(DNSTAP_MADE)
BUILT_SOURCES += src/serve/dnstap.pb-c.h
CLEANFILES += $(DNSTAP_MADE)
else
src_serve_libserve_a_SOURCES += src/serve/nodnstap.c
endif
src/serve/dnstap.pb-c.h: src/serve/dnstap.proto
	$(AM_V_GEN)$(MKDIR_P) src/serve && $(PROTOC_C) --c_out=src/serve \
		--proto_path=$(srcdir)/src/serve $(srcdir)/src/serve/dnstap.proto
src/serve/dnstap.pb-c.c: src/serve/dnstap.pb-c.h
# For who makes one target, before there are dependencies.
src/serve/dnstap.$(OBJEXT) src/serve/dnstapframe.$(OBJEXT): \
	src/serve/dnstap.pb-c.h
