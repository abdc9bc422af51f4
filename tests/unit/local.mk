# SPDX-License-Identifier: BSD-2-Clause
include tests/unit/base.mk
include tests/unit/watch.mk
include tests/unit/cache.mk
include tests/unit/forward.mk
include tests/unit/zonefile.mk
include tests/unit/conf.mk
include tests/unit/hosts.mk
include tests/unit/query.mk
include tests/unit/index.mk
include tests/unit/dns.mk
include tests/unit/net.mk
include tests/unit/hands.mk
include tests/unit/lint.mk
include tests/unit/lease.mk
include tests/unit/nets.mk
include tests/unit/tls.mk
include tests/unit/observe.mk
