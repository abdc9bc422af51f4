# SPDX-License-Identifier: BSD-2-Clause
# What surrounds the programs.  The folders are configure's --with-...-dir; those
# for systemd and the shells are below the prefix by default, where they look for
# /usr and /usr/local.
EXTRA_DIST += contrib/check contrib/lab contrib/labpage contrib/package \
	contrib/package-check contrib/packages contrib/up
dist_pkgdata_DATA = contrib/hostler.schema.json
dist_pkgdata_SCRIPTS = contrib/vm-check
dist_examples_DATA = contrib/Vagrantfile contrib/hostler.yaml
cloudinitdir = $(examplesdir)/cloud-init
dist_cloudinit_DATA = contrib/cloud-init/hostler.yaml
dist_sysusers_DATA = contrib/sysusers.d/hostler.conf
dist_tmpfiles_DATA = contrib/tmpfiles.d/hostler.conf
dist_bashcompletion_DATA = contrib/completion/bash/hostler \
	contrib/completion/bash/hostlerctl
dist_zshcompletion_DATA = contrib/completion/zsh/_hostlerctl
logrotatedir = $(sysconfdir)/logrotate.d
dist_logrotate_DATA = contrib/logrotate/hostler

# The places of the programs are put in.
put_in = sed -e 's,[@]sbindir[@],$(sbindir),g' -e 's,[@]bindir[@],$(bindir),g' \
	-e 's,[@]sysconfdir[@],$(sysconfdir),g' \
	-e 's,[@]service_type[@],$(service_type),g'
contrib/systemd/hostler.service: $(srcdir)/contrib/systemd/hostler.service.in \
		Makefile
	@$(MKDIR_P) contrib/systemd
	$(AM_V_GEN)$(put_in) $(srcdir)/contrib/systemd/hostler.service.in >$@
contrib/apparmor/usr.sbin.hostler: \
		$(srcdir)/contrib/apparmor/usr.sbin.hostler.in Makefile
	@$(MKDIR_P) contrib/apparmor
	$(AM_V_GEN)$(put_in) $(srcdir)/contrib/apparmor/usr.sbin.hostler.in >$@
EXTRA_DIST += contrib/systemd/hostler.service.in \
	contrib/apparmor/usr.sbin.hostler.in
systemdunit_DATA = contrib/systemd/hostler.service
apparmordir = $(sysconfdir)/apparmor.d
apparmor_DATA = contrib/apparmor/usr.sbin.hostler
CLEANFILES += $(systemdunit_DATA) $(apparmor_DATA)

EXTRA_DIST += contrib/debian/changelog contrib/debian/control \
	contrib/debian/copyright contrib/debian/hostler.docs \
	contrib/debian/hostler.install contrib/debian/hostler.postrm \
	contrib/debian/rules contrib/debian/source/format
