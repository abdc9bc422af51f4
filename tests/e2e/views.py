# SPDX-License-Identifier: BSD-2-Clause
"""Views by the client's prefix, on machines: the longest wins, what a view
lacks is inherited or not, and upstreams that differ do not share a cache."""
import subprocess

import netlab
from hostlertest import HOSTLER, case, finish, folder, same

CONFIG = """
control: {socket: {ctl}}
server:
  {listen: [172.31.0.53, "fd31::53", 192.168.56.53], user: '', threads: 2}
domain: lab.test
hosts: [top.hosts]
forward: [{zone: ., to: [192.168.56.1]}]
views:
  - {name: all-four, clients: [0.0.0.0/0], hosts: [all.hosts], inherit: yes}
  - name: narrow
    clients: [172.31.0.128/25, "fd31::b:0/112"]
    hosts: [narrow.hosts]
    inherit: yes
  - name: wide
    clients: [172.31.0.0/24, "fd31::/64"]
    hosts: [wide.hosts]
    forward: [{zone: ., to: [192.168.56.2]}]
"""
HOSTS = {
    "top": "192.168.56.7 web\n192.168.56.8 db\n192.168.56.9 x.deep.lab.test\n",
    "all": "192.168.56.70 web\n",
    "wide": "172.31.0.7 web\n",
    "narrow": "172.31.0.9 web\n",
}


def build(where):
    netlab.bridge("lan")
    made = {}
    for name, asks, *addresses in (
            ("server", "", "172.31.0.53/24", "fd31::53/64",
             "192.168.56.53/24"),
            ("wide", "172.31.0.53", "172.31.0.5/24", "fd31::a:5/64"),
            ("narrow", "172.31.0.53", "172.31.0.200/24", "fd31::b:5/64"),
            ("home", "192.168.56.53", "192.168.56.20/24", "fd56::5/64"),
            ("one", "", "192.168.56.1/24"),
            ("two", "", "192.168.56.2/24")):
        made[name] = netlab.Machine(name, where).card("lan", *addresses)
        if asks:
            made[name].resolver(asks, "lab.test")
    made["home"].route("fd31::/64", "dev", "eth0")
    made["server"].route("fd56::/64", "dev", "eth0")
    made["one"].upstream("192.168.56.1", "203.0.113.1")
    made["two"].upstream("192.168.56.2", "203.0.113.2")
    for name, text in HOSTS.items():
        (where / f"{name}.hosts").write_text(text)
    return made


def check_names(wide, narrow, home):
    same("wide: its own web", wide.getent("web"), "172.31.0.7")
    same("narrow: the longer prefix",
         narrow.getent("web"), "172.31.0.9")
    same("anyone else: any prefix goes ahead of none",
         home.getent("web"), "192.168.56.70")
    same("wide, IPv6", wide.dig("@fd31::53", "web.lab.test"), ["172.31.0.7"])
    same("narrow, IPv6", narrow.dig("@fd31::53", "web.lab.test"),
         ["172.31.0.9"])
    same("an IPv6 client that no prefix fits: the top level",
         home.dig("@fd31::53", "web.lab.test"), ["192.168.56.7"])
    same("the address asked is none of a prefix's business",
         narrow.dig("@172.31.0.53", "+tcp", "web.lab.test"), ["172.31.0.9"])


def check_inherit(wide, narrow):
    same("inherited: a name", narrow.getent("db"), "192.168.56.8")
    same("inherited: a reverse name",
         narrow.dig("@172.31.0.53", "-x", "192.168.56.8"), ["db.lab.test."])
    said = narrow.full("@172.31.0.53", "deep.lab.test")
    case("inherited: an empty name", "status: NOERROR" in said and
         "ANSWER: 0" in said, said)
    said = wide.full("@172.31.0.53", "db.lab.test")
    case("not inherited: NXDOMAIN", "NXDOMAIN" in said, said)
    same("not inherited: no reverse name, and nobody to ask",
         wide.dig("@172.31.0.53", "-x", "192.168.56.8"), [])


def check_cache(wide, narrow, home, daemon):
    for turn in ("asked", "kept"):
        same(f"{turn}: home's upstream", home.getent("www.example.com"),
             "203.0.113.1")
        same(f"{turn}: wide's upstream", wide.getent("www.example.com"),
             "203.0.113.2")
        same(f"{turn}: narrow has the top level's",
             narrow.getent("www.example.com"), "203.0.113.1")
    got = narrow.dig("@172.31.0.53", "+norecurse", "www.example.com")
    same("nor is a cache shown to RD=0", got, [])
    said = daemon.ctl_run("explain", "www.example.com", "from", "172.31.0.5")
    case("explain: wide's upstream", "192.168.56.2" in said.stdout and
         "192.168.56.1@" not in said.stdout, said.stdout)


def check_unasked(where):
    conf = where / "unasked.yaml"
    for listen, told in (("[127.0.0.1, 127.0.0.2]", 0), ("[127.0.0.1]", 1),
                         ("[0.0.0.0]", 0), ('["::"]', 1)):
        conf.write_text(f"server: {{listen: {listen}}}\nhosts: []\n"
                        "views: [{name: v, listen: [127.0.0.2]}]\n")
        got = subprocess.run([HOSTLER, "-t", "-c", str(conf)],
                             capture_output=True, text=True, check=False)
        said = got.stdout + got.stderr
        same(f"listen: {listen} and a view at 127.0.0.2",
             said.count("unasked.yaml:3:9: warning: nobody gets the view 'v' "
                        "by asking 127.0.0.2"), told)


netlab.enter()
with folder() as lab:
    check_unasked(lab)
    m = build(lab)
    with netlab.ServerOn(m["server"], lab, CONFIG) as server:
        check_names(m["wide"], m["narrow"], m["home"])
        check_inherit(m["wide"], m["narrow"])
        check_cache(m["wide"], m["narrow"], m["home"], server)
finish()
