# SPDX-License-Identifier: BSD-2-Clause
check_PROGRAMS += tests/e2e/load
tests_e2e_load_SOURCES = tests/e2e/load.c
tests_e2e_load_LDADD =

E2E_PY = \
	tests/e2e/allow.py \
	tests/e2e/cache.py \
	tests/e2e/clientconfig.py \
	tests/e2e/compare.py \
	tests/e2e/completion.py \
	tests/e2e/cookies.py \
	tests/e2e/daemon.py \
	tests/e2e/dnstap.py \
	tests/e2e/doctor.py \
	tests/e2e/dot.py \
	tests/e2e/examples.py \
	tests/e2e/handover.py \
	tests/e2e/hostile.py \
	tests/e2e/import.py \
	tests/e2e/install.py \
	tests/e2e/leases.py \
	tests/e2e/listening.py \
	tests/e2e/live.py \
	tests/e2e/manual.py \
	tests/e2e/networks.py \
	tests/e2e/openstack.py \
	tests/e2e/page.py \
	tests/e2e/querylog.py \
	tests/e2e/rate.py \
	tests/e2e/reload.py \
	tests/e2e/safe.py \
	tests/e2e/schema.py \
	tests/e2e/soak.py \
	tests/e2e/sources.py \
	tests/e2e/tcpload.py \
	tests/e2e/verbs.py \
	tests/e2e/views.py \
	tests/e2e/vmcheck.py \
	tests/e2e/web.py
E2E = $(E2E_PY) tests/e2e/lab.sh
TESTS += $(E2E)
EXTRA_DIST += $(E2E) tests/e2e/hostlertest.py tests/e2e/netlab.py \
	tests/e2e/compare.zone tests/e2e/resolve.c tests/e2e/vagrant.rb

EXTRA_DIST += \
	tests/e2e/clientconfig/cloud-init.expect \
	tests/e2e/clientconfig/docker.expect \
	tests/e2e/clientconfig/ignition.expect \
	tests/e2e/clientconfig/kubernetes-all.expect \
	tests/e2e/clientconfig/kubernetes.expect \
	tests/e2e/clientconfig/libvirt.expect \
	tests/e2e/clientconfig/macos-all.expect \
	tests/e2e/clientconfig/macos.expect \
	tests/e2e/clientconfig/netplan.expect \
	tests/e2e/clientconfig/networkmanager-all.expect \
	tests/e2e/clientconfig/networkmanager.expect \
	tests/e2e/clientconfig/openstack.expect \
	tests/e2e/clientconfig/resolv.conf.expect \
	tests/e2e/clientconfig/resolved-all.expect \
	tests/e2e/clientconfig/resolved.expect \
	tests/e2e/clientconfig/router.expect \
	tests/e2e/clientconfig/virtualbox.expect \
	tests/e2e/clientconfig/vmware.expect \
	tests/e2e/clientconfig/windows-all.expect \
	tests/e2e/clientconfig/windows.expect \
	tests/e2e/clientconfig/wsl.expect

E2E_NEEDS = src/hostler$(EXEEXT) src/hostlerctl$(EXEEXT) \
	tests/e2e/load$(EXEEXT)
$(E2E_PY:.py=.log) tests/e2e/lab.log: $(E2E_NEEDS)
	tests/e2e/rate.py tests/e2e/tcpload.py \
	tests/e2e/scarce.py tests/e2e/clocks.py \
	tests/e2e/leases.py tests/e2e/verbs.py tests/e2e/soak.py \
	tests/e2e/dot.py tests/e2e/handover.py
E2E += tests/e2e/querylog.py tests/e2e/dnstap.py
E2E += tests/e2e/clientconfig.py tests/e2e/doctor.py \
	tests/e2e/vmcheck.py
CLIENTCONFIG = tests/e2e/clientconfig
EXTRA_DIST += $(CLIENTCONFIG)/cloud-init.expect \
	$(CLIENTCONFIG)/docker.expect $(CLIENTCONFIG)/ignition.expect \
	$(CLIENTCONFIG)/kubernetes-all.expect \
	$(CLIENTCONFIG)/kubernetes.expect $(CLIENTCONFIG)/libvirt.expect \
	$(CLIENTCONFIG)/macos-all.expect $(CLIENTCONFIG)/macos.expect \
	$(CLIENTCONFIG)/netplan.expect \
	$(CLIENTCONFIG)/networkmanager-all.expect \
	$(CLIENTCONFIG)/networkmanager.expect \
	$(CLIENTCONFIG)/openstack.expect $(CLIENTCONFIG)/resolv.conf.expect \
	$(CLIENTCONFIG)/resolved-all.expect $(CLIENTCONFIG)/resolved.expect \
	$(CLIENTCONFIG)/router.expect $(CLIENTCONFIG)/virtualbox.expect \
	$(CLIENTCONFIG)/vmware.expect $(CLIENTCONFIG)/windows-all.expect \
	$(CLIENTCONFIG)/windows.expect $(CLIENTCONFIG)/wsl.expect
E2E += tests/e2e/install.py tests/e2e/completion.py tests/e2e/examples.py
EXTRA_DIST += tests/e2e/vagrant.rb
E2E += tests/e2e/safe.py tests/e2e/allow.py
TESTS += $(E2E)
EXTRA_DIST += $(E2E) tests/e2e/hostlertest.py tests/e2e/netlab.py \
	tests/e2e/compare.zone tests/e2e/resolve.c tests/e2e/jump.c
E2E_NEEDS = src/hostler$(EXEEXT) src/hostlerctl$(EXEEXT) \
	tests/e2e/load$(EXEEXT)
tests/e2e/daemon.log tests/e2e/reload.log: $(E2E_NEEDS)
tests/e2e/sources.log tests/e2e/compare.log: $(E2E_NEEDS)
tests/e2e/hostile.log tests/e2e/lab.log: $(E2E_NEEDS)
tests/e2e/import.log tests/e2e/manual.log tests/e2e/schema.log: $(E2E_NEEDS)
tests/e2e/networks.log tests/e2e/openstack.log tests/e2e/views.log: $(E2E_NEEDS)
tests/e2e/live.log tests/e2e/cache.log tests/e2e/listening.log: $(E2E_NEEDS)
tests/e2e/leases.log tests/e2e/verbs.log: $(E2E_NEEDS)
tests/e2e/soak.log: $(E2E_NEEDS)
tests/e2e/dot.log tests/e2e/handover.log: $(E2E_NEEDS)
tests/e2e/querylog.log tests/e2e/dnstap.log: $(E2E_NEEDS)
tests/e2e/clientconfig.log: $(E2E_NEEDS)
tests/e2e/install.log tests/e2e/completion.log tests/e2e/examples.log: $(E2E_NEEDS)
tests/e2e/cookies.log: $(E2E_NEEDS)
tests/e2e/doctor.log tests/e2e/vmcheck.log: $(E2E_NEEDS)
tests/e2e/rate.log: $(E2E_NEEDS)
tests/e2e/safe.log tests/e2e/allow.log: $(E2E_NEEDS)
tests/e2e/tcpload.log: $(E2E_NEEDS)
tests/e2e/scarce.log: $(E2E_NEEDS)
# The wall clock of clocks.py.
check_DATA = tests/e2e/jump.so
CLEANFILES += tests/e2e/jump.so
tests/e2e/jump.so: tests/e2e/jump.c
	$(AM_V_CC)$(CC) -Wall -Wextra -Werror -O1 -shared -fPIC \
		-o $@ $(srcdir)/tests/e2e/jump.c -ldl
tests/e2e/clocks.log: $(E2E_NEEDS) tests/e2e/jump.so
