# SPDX-License-Identifier: BSD-2-Clause
# Stories through query_step: tests/scenes/run plays every *.scene.
SCENES = \
	tests/scenes/absent.scene \
	tests/scenes/additional.scene \
	tests/scenes/cname-isolated.scene \
	tests/scenes/cname.scene \
	tests/scenes/cut.scene \
	tests/scenes/dname.scene \
	tests/scenes/edns.scene \
	tests/scenes/forward.scene \
	tests/scenes/hosts.scene \
	tests/scenes/inherit.scene \
	tests/scenes/isolated.scene \
	tests/scenes/known.scene \
	tests/scenes/leases.scene \
	tests/scenes/loopback.scene \
	tests/scenes/nested.scene \
	tests/scenes/networks.scene \
	tests/scenes/not-ready.scene \
	tests/scenes/overlay.scene \
	tests/scenes/own-name.scene \
	tests/scenes/prefetch.scene \
	tests/scenes/private-names.scene \
	tests/scenes/ranks.scene \
	tests/scenes/rebind.scene \
	tests/scenes/refusals.scene \
	tests/scenes/restarts.scene \
	tests/scenes/reverse.scene \
	tests/scenes/special.scene \
	tests/scenes/stale.scene \
	tests/scenes/told.scene \
	tests/scenes/truncation.scene \
	tests/scenes/views.scene \
	tests/scenes/wildcard.scene

check_PROGRAMS += tests/scenes/run
TESTS += tests/scenes/run
tests_scenes_run_SOURCES = \
	tests/scenes/packets.c \
	tests/scenes/packets.h \
	tests/scenes/run.c \
	tests/scenes/story.c \
	tests/scenes/story.h \
	tests/scenes/world.c \
	tests/scenes/world.h
tests_scenes_run_LDADD = $(LINK_QUERY) $(LIBS_NAMES)
EXTRA_DIST += $(SCENES)
