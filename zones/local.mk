# SPDX-License-Identifier: BSD-2-Clause
# The worked examples: installed below $(docdir)/examples, folder by folder.
examplesdir = $(docdir)/examples
nobase_dist_examples_DATA = \
	zones/README \
	zones/bridged/hostler.yaml \
	zones/bridged/hosts \
	zones/demo/cluster.test.zone \
	zones/demo/hostler.yaml \
	zones/demo/hosts \
	zones/isolated/hostler.yaml \
	zones/isolated/hosts \
	zones/kubeadm/hostler.yaml \
	zones/kubeadm/hosts \
	zones/kubeadm/kube-dns-nodeport.yaml \
	zones/nat/hostler-zone.yaml \
	zones/nat/hostler.yaml \
	zones/nat/hosts \
	zones/nat/lab.test.zone \
	zones/openstack/floating.hosts \
	zones/openstack/hostler.yaml \
	zones/openstack/tenant.hosts \
	zones/portforward/hostler.yaml \
	zones/portforward/lab.test.zone \
	zones/twocards/hosts \
	zones/twocards/hostler.yaml
