# SPDX-License-Identifier: BSD-2-Clause
dist_man_MANS += man/hostler-recipes.7 man/hostler.8 \
	man/hostler.yaml.5 man/hostlerctl.8
