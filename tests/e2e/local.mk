# SPDX-License-Identifier: BSD-2-Clause
check_PROGRAMS += tests/e2e/load
tests_e2e_load_SOURCES = tests/e2e/load.c
tests_e2e_load_LDADD =

E2E_PY = \
	tests/e2e/allow.py \
	tests/e2e/bench.py \
	tests/e2e/broken.py \
	tests/e2e/cache.py \
	tests/e2e/clientconfig.py \
	tests/e2e/clocks.py \
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
	tests/e2e/idle.py \
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
	tests/e2e/quiet.py \
	tests/e2e/reload.py \
	tests/e2e/safe.py \
	tests/e2e/scarce.py \
	tests/e2e/schema.py \
	tests/e2e/segments.py \
	tests/e2e/soak.py \
	tests/e2e/sources.py \
	tests/e2e/tcpload.py \
	tests/e2e/verbs.py \
	tests/e2e/views.py \
	tests/e2e/vmcheck.py \
	tests/e2e/watching.py \
	tests/e2e/web.py
E2E = $(E2E_PY) tests/e2e/lab.sh
TESTS += $(E2E)
EXTRA_DIST += $(E2E) tests/e2e/hostlertest.py tests/e2e/netlab.py \
	tests/e2e/compare.zone tests/e2e/resolve.c tests/e2e/vagrant.rb \
	tests/e2e/jump.c tests/e2e/hold.c tests/e2e/broken.c

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
	tests/e2e/load$(EXEEXT) $(BENCH_TOOLS)
$(E2E_PY:.py=.log) tests/e2e/lab.log: $(E2E_NEEDS)

# The wall clock of clocks.py, a kernel that is slow to watch, and a disk that
# breaks.
check_DATA = tests/e2e/jump.so tests/e2e/hold.so tests/e2e/broken.so
CLEANFILES += tests/e2e/jump.so tests/e2e/hold.so tests/e2e/broken.so
tests/e2e/jump.so: tests/e2e/jump.c
	$(AM_V_CC)$(CC) -Wall -Wextra -Werror -O1 -shared -fPIC \
		-o $@ $(srcdir)/tests/e2e/jump.c -ldl
tests/e2e/clocks.log: tests/e2e/jump.so
tests/e2e/hold.so: tests/e2e/hold.c
	$(AM_V_CC)$(CC) -Wall -Wextra -Werror -O1 -shared -fPIC \
		-o $@ $(srcdir)/tests/e2e/hold.c
tests/e2e/watching.log: tests/e2e/hold.so
tests/e2e/broken.so: tests/e2e/broken.c
	$(AM_V_CC)$(CC) -Wall -Wextra -Werror -O1 -shared -fPIC \
		-o $@ $(srcdir)/tests/e2e/broken.c
tests/e2e/broken.log: tests/e2e/broken.so
