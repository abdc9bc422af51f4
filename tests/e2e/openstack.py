# SPDX-License-Identifier: BSD-2-Clause
"""The worked example zones/openstack: a tenant network behind a router that
masquerades, the server outside.  What tells a tenant from everyone else is the
address that was asked, and nothing else does."""
import shutil
import sys

import netlab
from hostlertest import case, finish, folder, same

ROUTER = """
table ip nat {
	chain pre {
		type nat hook prerouting priority dstnat
		ip daddr 172.24.4.11 dnat to 172.31.0.11
	}
	chain post {
		type nat hook postrouting priority srcnat
		oifname eth1 ip saddr 172.31.0.11 snat to 172.24.4.11
		oifname eth1 masquerade
	}
}
"""


def build(where):
    netlab.bridge("tenant")
    netlab.bridge("outside")
    made = {}
    for name, on, address, asks in (
            ("web", "tenant", "172.31.0.11/24", "172.24.4.6"),
            ("db", "tenant", "172.31.0.12/24", "172.24.4.6"),
            ("other", "outside", "172.24.4.99/24", "172.24.4.5"),
            ("server", "outside", "172.24.4.5/24", "127.0.0.1")):
        made[name] = netlab.Machine(name, where).card(on, address)
        made[name].resolver(asks, "cloud.test")
    made["server"].address("eth0", "172.24.4.6/24")
    router = netlab.Machine("router", where)
    router.card("tenant", "172.31.0.1/24")
    router.card("outside", "172.24.4.2/24", "172.24.4.11/32")
    router.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
    rules = router.run("nft", "-f", "-", input=ROUTER)
    same("the router masquerades", (rules.returncode, rules.stderr), (0, ""))
    for name in ("web", "db"):
        made[name].route("default", "via", "172.31.0.1")
    return made


def check_tenant(vm):
    for way in ("+notcp", "+tcp"):
        same(f"{vm.name} {way}: web has its fixed address",
             vm.dig("@172.24.4.6", way, "web.cloud.test"), ["172.31.0.11"])
    same(f"getent on {vm.name}: web", vm.getent("web"), "172.31.0.11")
    same(f"getent on {vm.name}: mariadb", vm.getent("mariadb"), "172.31.0.12")
    same(f"{vm.name}: the reverse name",
         vm.dig("@172.24.4.6", "-x", "172.31.0.12"), ["db.cloud.test."])
    same(f"{vm.name}: the server, which the view inherits",
         vm.getent("server"), "172.24.4.5")
    same(f"{vm.name}: the reverse name of a floating address, inherited too",
         vm.dig("@172.24.4.6", "-x", "172.24.4.11"), ["web.cloud.test."])


def check_other(other):
    for way in ("+notcp", "+tcp"):
        same(f"everyone else {way}: web has its floating address",
             other.dig("@172.24.4.5", way, "web.cloud.test"), ["172.24.4.11"])
    same("getent: web", other.getent("web"), "172.24.4.11")
    said = other.full("@172.24.4.5", "db.cloud.test")
    case("db has none, and is nobody's business", "NXDOMAIN" in said, said)
    said = other.full("@172.24.4.5", "-x", "172.31.0.11")
    case("nor are the fixed addresses' names", "NXDOMAIN" in said, said)


def check_example(made, where):
    with netlab.ServerOn(made["server"], where,
                         netlab.example("openstack", where)):
        check_tenant(made["web"])
        check_tenant(made["db"])
        check_other(made["other"])
        for machine in (made["db"], made["other"]):
            got = machine.run("ping", "-c", "1", "-W", "5", "web")
            same(f"{machine.name} reaches web by its name", got.returncode, 0)


SEEN = """control: {socket: {ctl}}
server: {listen: [172.24.4.6], user: '', threads: 1}
domain: cloud.test
forward: []
hosts: []
views:
  - {name: fixed, clients: [172.31.0.0/24], hosts: [fixed.seen]}
  - {name: router, clients: [172.24.4.2/32], hosts: [router.seen]}
  - {name: floating, clients: [172.24.4.11/32], hosts: [floating.seen]}
"""


def check_by_client(made, where):
    """Why the example does not go by the client's address."""
    config = netlab.example("openstack", where).replace(
        "listen: [172.24.4.6]\n", "clients: [172.31.0.0/24]\n")
    with netlab.ServerOn(made["server"], where, config) as daemon:
        same("by client address a tenant gets the floating one",
             made["db"].dig("@172.24.4.6", "web.cloud.test"), ["172.24.4.11"])
        same("and does not know its own neighbour",
             made["web"].dig("@172.24.4.6", "db.cloud.test"), [])
        for name, address in (("fixed", "192.0.2.1"), ("router", "192.0.2.2"),
                              ("floating", "192.0.2.3")):
            (where / f"{name}.seen").write_text(f"{address} seen\n")
        daemon.configure(SEEN)
        case("reloaded", daemon.hup(), daemon.log)
        same("for db arrives with the router's address",
             made["db"].dig("@172.24.4.6", "seen.cloud.test"), ["192.0.2.2"])
        same("and web with its floating one",
             made["web"].dig("@172.24.4.6", "seen.cloud.test"), ["192.0.2.3"])


netlab.enter()
if not shutil.which("nft"):
    print("SKIP: nft (package nftables) is not installed")
    sys.exit(77)
with folder() as lab:
    machines = build(lab)
    check_example(machines, lab)
    check_by_client(machines, lab)
finish()
