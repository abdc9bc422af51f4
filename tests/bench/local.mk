# SPDX-License-Identifier: BSD-2-Clause
EXTRA_DIST += tests/bench/README tests/bench/million.py \
	tests/bench/restart.py
