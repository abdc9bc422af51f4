# SPDX-License-Identifier: BSD-2-Clause
# What hostler and hostlerctl share (configuration and loading), and the daemon.

noinst_LIBRARIES += src/libconf.a
src_libconf_a_SOURCES = \
	src/check.c src/check.h \
	src/checkwrites.c src/checkwrites.h \
	src/conf.c src/conf.h \
	src/conflog.c src/conflog.h \
	src/conflimits.c src/conflimits.h \
	src/confprint.c \
	src/confhttp.c src/confhttp.h \
	src/confread.c src/confread.h \
	src/confsources.c src/confsources.h \
	src/confviews.c src/confviews.h \
	src/confyaml.c src/confyaml.h \
	src/jsontext.c src/jsontext.h \
	src/lintconf.c src/lintconf.h \
	src/listenplan.c src/listenplan.h \
	src/load.c src/load.h \
	src/loadfiles.c src/loadfiles.h \
	src/loadread.c src/loadread.h \
	src/loadsource.h \
	src/realms.c src/realms.h \
	src/refused.c src/refused.h \
	src/runas.c src/runas.h \
	src/warnids.c src/warnids.h

LINK_CONF = src/libconf.a $(LINK_SYS) $(LINK_NAMES)
LIBS_CONF = $(LIBS_NAMES) $(LIBS_SYS) $(YAML_LIBS) $(JANSSON_LIBS)

sbin_PROGRAMS += src/hostler
src_hostler_SOURCES = \
	src/descriptors.c src/descriptors.h \
	src/confine.c src/confine.h \
	src/explain.c src/explain.h \
	src/explaintext.c \
	src/fdstore.c src/fdstore.h \
	src/follow.c src/follow.h \
	src/giveway.c src/giveway.h \
	src/giving.c src/giving.h \
	src/linting.c src/linting.h \
	src/listeners.c src/listeners.h \
	src/main.c \
	src/options.c src/options.h \
	src/policymake.c src/policymake.h \
	src/refresh.c src/refresh.h \
	src/reload.c src/reload.h \
	src/routes.c src/routes.h \
	src/sourcefacts.c src/sourcefacts.h \
	src/statuspage.c src/statuspage.h \
	src/taps.c src/taps.h \
	src/takeover.c src/takeover.h \
	src/telling.c src/telling.h \
	src/trust.c src/trust.h \
	src/verbhands.c \
	src/verblisteners.c src/verblisteners.h \
	src/verbupstreams.c \
	src/verbupstreams.h \
	src/verbnames.c \
	src/web.c src/web.h \
	src/verbrights.c src/verbrights.h \
	src/verbs.c src/verbs.h
src_hostler_LDADD = src/libconf.a $(LINK_SERVE) $(LIBS_NET) \
	$(YAML_LIBS) $(JANSSON_LIBS) $(DNSTAP_LIBS)
