# SPDX-License-Identifier: BSD-2-Clause
noinst_LIBRARIES += src/names/libnames.a
src_names_libnames_a_SOURCES = \
	src/names/areas.c \
	src/names/areas.h \
	src/names/byaddr.c \
	src/names/byaddr.h \
	src/names/byname.c \
	src/names/changes.c src/names/changes.h \
	src/names/byname.h \
	src/names/deal.c src/names/deal.h \
	src/names/generate.c \
	src/names/generate.h \
	src/names/hostschunk.c src/names/hostschunk.h \
	src/names/hostscut.c src/names/hostscut.h \
	src/names/hostsedit.c src/names/hostsedit.h \
	src/names/hostsfile.c \
	src/names/hostsfile.h \
	src/names/hostsimport.c src/names/hostsimport.h \
	src/names/hostskeep.c \
	src/names/hostskeep.h \
	src/names/hostsline.c \
	src/names/hostsline.h \
	src/names/idna.c \
	src/names/idna.h \
	src/names/index.c \
	src/names/indexfill.c src/names/indexfill.h \
	src/names/index.h \
	src/names/lintrun.c src/names/lint.h \
	src/names/lintaddrs.c \
	src/names/lintsieve.c \
	src/names/rdataslots.c src/names/rdataslots.h \
	src/names/lintfirsts.c src/names/lintfirsts.h \
	src/names/lintserved.c \
	src/names/lintcuts.c \
	src/names/lintlarge.c \
	src/names/lintlinks.c \
	src/names/lintnames.c \
	src/names/lintranks.c \
	src/names/lintrule.h \
	src/names/linttell.c \
	src/names/lease.c \
	src/names/lease.h \
	src/names/leasebootpd.c \
	src/names/leasecontent.c \
	src/names/leasecontent.h \
	src/names/leasedhcpd.c \
	src/names/leasednsmasq.c \
	src/names/leasefile.c \
	src/names/leasefile.h \
	src/names/leaseinput.h \
	src/names/leaseformat.c \
	src/names/leaseformat.h \
	src/names/leasejoin.c \
	src/names/leasejoin.h \
	src/names/leasejson.c \
	src/names/leasejson.h \
	src/names/leasekea.c \
	src/names/leaselibvirt.c \
	src/names/leasemachines.c \
	src/names/leasemachines.h \
	src/names/leasemacs.c \
	src/names/leasemacs.h \
	src/names/leasename.c \
	src/names/leasename.h \
	src/names/leasenetworkd.c \
	src/names/leaserows.c \
	src/names/leaserows.h \
	src/names/leasevirtualbox.c \
	src/names/leasexml.c \
	src/names/leasexml.h \
	src/names/merge.c \
	src/names/merge.h \
	src/names/node.c \
	src/names/node.h \
	src/names/pieces.c src/names/pieces.h \
	src/names/pointers.c src/names/pointers.h \
	src/names/rare.c \
	src/names/rare.h \
	src/names/rarecheck.c \
	src/names/rarecheck.h \
	src/names/raretype.c \
	src/names/raretype.h \
	src/names/rdataprint.c src/names/rdataprint.h \
	src/names/rdatatext.c \
	src/names/rdatatext.h \
	src/names/records.c \
	src/names/records.h \
	src/names/reverse.c src/names/reverse.h \
	src/names/slabs.c src/names/slabs.h \
	src/names/snapshot.h \
	src/names/source.c \
	src/names/source.h \
	src/names/sources.c \
	src/names/sources.h \
	src/names/table.c \
	src/names/table.h \
	src/names/token.c \
	src/names/token.h \
	src/names/trash.c \
	src/names/trash.h \
	src/names/unpaired.c src/names/unpaired.h \
	src/names/version.c \
	src/names/version.h \
	src/names/zone.c \
	src/names/zone.h \
	src/names/zonebuild.c \
	src/names/zonebuild.h \
	src/names/zoneentry.c \
	src/names/zoneentry.h \
	src/names/zoneplain.c \
	src/names/zoneplain.h \
	src/names/zonefile.c \
	src/names/zonefile.h
