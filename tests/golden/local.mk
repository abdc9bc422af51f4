# SPDX-License-Identifier: BSD-2-Clause
include tests/golden/zone.mk
