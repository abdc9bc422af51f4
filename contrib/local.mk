# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += contrib/check contrib/lab contrib/packages contrib/up
dist_pkgdata_DATA = contrib/hostler.schema.json
