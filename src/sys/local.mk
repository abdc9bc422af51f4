# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/sys/libsys.a
src_sys_libsys_a_SOURCES =
