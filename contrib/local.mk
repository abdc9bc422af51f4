# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += contrib/check contrib/lab contrib/packages contrib/up
