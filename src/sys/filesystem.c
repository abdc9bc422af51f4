/* SPDX-License-Identifier: BSD-2-Clause */
#include "sys/filesystem.h"

#include <stddef.h>

bool
filesystem_is_blind(uint32_t filesystem)
{
	static const uint32_t blind[] = {
		0x00006969,		/* NFS */
		0x0000517b,		/* SMB */
		0xff534d42,		/* CIFS */
		0xfe534d42,		/* SMB 2 */
		0x01021997,		/* 9p */
		0x65735546,		/* FUSE, virtiofs */
		0x786f4256,		/* VirtualBox shared folder */
		0xbacbacbc,		/* VMware shared folder */
		0x00c36400,		/* Ceph */
		0x5346414f,		/* AFS */
		0x6b414653,		/* AFS in the kernel */
		0x7461636f,		/* OCFS2 */
		0x01161970,		/* GFS2 */
		0x0bd00bd0,		/* Lustre */
		0x47504653,		/* GPFS */
	};

	for (size_t i = 0; i < sizeof blind / sizeof *blind; i++)
		if (blind[i] == filesystem)
			return true;
	return false;
}
