# SPDX-License-Identifier: BSD-2-Clause
"""hostlerctl client-config: each snippet as it was looked over once, and read
by a program that knows its syntax; which servers and domains are in it."""
import configparser
import json
import re
import shutil
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree

import yaml

from hostlertest import (HOSTLERCTL, LIMIT_S, SRC, case, finish, folder, same)

DNSMASQ = shutil.which("dnsmasq") or shutil.which("/usr/sbin/dnsmasq")
if not DNSMASQ:
    print("SKIP: dnsmasq is not installed")
    sys.exit(77)

FORMATS = ("netplan", "resolved", "networkmanager", "resolv.conf",
           "cloud-init", "ignition", "libvirt", "virtualbox", "vmware",
           "openstack", "docker", "kubernetes", "windows", "macos", "wsl",
           "router")
SPLIT = ("resolved", "networkmanager", "kubernetes", "windows", "macos")
GOLDEN = SRC / "tests" / "e2e" / "clientconfig"
SERVER = "203.0.113.53"
CONFIG = """
server: {listen: [%s, 127.0.0.1]}
domain: lab.test
hosts: []
networks: {lab: 203.0.113.0/24}
""" % SERVER


def run(where, *words, config=CONFIG):
    path = where / "hostler.yaml"
    path.write_text(config)
    return subprocess.run([HOSTLERCTL, "-c", str(path), *words],
                          capture_output=True, text=True, timeout=LIMIT_S)


def snippet(where, name, *words, config=CONFIG):
    done = run(where, "client-config", "--for", name, *words, config=config)
    case(f"{name} {' '.join(words)} is printed", done.returncode == 0,
         done.stderr)
    return done.stdout


def check_golden(where):
    for name in FORMATS:
        same(f"{name}, as it was looked over", snippet(where, name),
             (GOLDEN / f"{name}.expect").read_text())
    for name in SPLIT:
        same(f"{name} --all, as it was looked over",
             snippet(where, name, "--all"),
             (GOLDEN / f"{name}-all.expect").read_text())


def ini(text):
    parser = configparser.ConfigParser()
    parser.optionxform = str
    parser.read_string(text)
    return parser


def is_shell(text):
    return subprocess.run(["sh", "-n"], input=text, text=True,
                          check=False).returncode == 0


def check_yaml(where):
    card = yaml.safe_load(snippet(where, "netplan"))[
        "network"]["ethernets"]["eth0"]
    same("netplan's servers", card["nameservers"],
         {"addresses": [SERVER], "search": ["lab.test"]})
    same("and none by DHCP", card["dhcp4-overrides"], {"use-dns": False})
    text = snippet(where, "cloud-init")
    case("cloud-init knows it by its first line",
         text.startswith("#cloud-config\n"))
    cloud = yaml.safe_load(text)
    same("cloud-init's file", ini(cloud["write_files"][0]["content"])[
        "Resolve"]["DNS"], SERVER)
    same("its mode is a text", cloud["write_files"][0]["permissions"], "0644")
    same("its command is a list", cloud["runcmd"],
         [["systemctl", "restart", "systemd-resolved"]])


def check_json(where):
    file = json.loads(snippet(where, "ignition"))["storage"]["files"][0]
    same("ignition's mode is decimal", file["mode"], 0o644)
    text = urllib.parse.unquote(file["contents"]["source"].removeprefix(
        "data:,"))
    same("ignition's file", dict(ini(text)["Resolve"]),
         {"DNS": SERVER, "Domains": "lab.test ~."})
    same("docker's settings", json.loads(snippet(where, "docker")),
         {"dns": [SERVER], "dns-search": ["lab.test"]})


def check_xml(where):
    network = xml.etree.ElementTree.fromstring(snippet(where, "libvirt"))
    space = "{http://libvirt.org/schemas/network/dnsmasq/1.0}"
    options = [one.get("value") for one in
               network.findall(f"{space}options/{space}option")]
    case("libvirt gives hostler out",
         f"dhcp-option=option:dns-server,{SERVER}" in options, options)
    same("its own server is off", network.find("dns").get("enable"), "no")
    check_dnsmasq("what libvirt hands to dnsmasq", where, "\n".join(options))


def check_dnsmasq(what, where, text):
    (where / "dnsmasq.conf").write_text(text + "\n")
    done = subprocess.run([DNSMASQ, "--test",
                           f"--conf-file={where}/dnsmasq.conf"],
                          capture_output=True, text=True, check=False)
    case(f"{what} is good", done.returncode == 0, done.stderr)


def check_router(where):
    check_dnsmasq("the router's part", where, snippet(where, "router"))
    check_dnsmasq("the same for IPv6", where, snippet(
        where, "router", "--server", "fd00::53"))


def check_ini(where):
    same("resolved, split", dict(ini(snippet(where, "resolved"))["Resolve"]),
         {"DNS": SERVER, "Domains": "lab.test ~113.0.203.in-addr.arpa"})
    same("resolved, all", dict(ini(snippet(where, "resolved", "--all"))[
        "Resolve"]), {"DNS": SERVER, "Domains": "lab.test ~."})


def check_shell(where):
    for name in ("networkmanager", "openstack", "virtualbox", "macos", "wsl"):
        case(f"{name} is a shell script", is_shell(snippet(where, name)))
    for name in ("networkmanager", "macos"):
        case(f"{name} --all is one, too",
             is_shell(snippet(where, name, "--all")))


def check_wsl(where):
    """Run in a folder of its own, twice."""
    etc = where / "etc"
    etc.mkdir()
    (etc / "wsl.conf").write_text("[boot]\nsystemd=true\n[network]\n"
                                  "generateResolvConf = true\nhostname = a\n")
    (etc / "resolv.conf").symlink_to("/nonexistent/resolv.conf")
    script = snippet(where, "wsl").replace("/etc/", f"{etc}/")
    for _ in range(2):
        subprocess.run(["sh", "-e"], input=script, text=True, check=True)
    conf = ini((etc / "wsl.conf").read_text())
    same("WSL stops writing resolv.conf", dict(conf["network"]),
         {"generateResolvConf": "false", "hostname": "a"})
    same("the rest of wsl.conf stays", dict(conf["boot"]), {"systemd": "true"})
    same("and resolv.conf is a file", (etc / "resolv.conf").read_text(),
         f"search lab.test\nnameserver {SERVER}\n")


def check_macos(where):
    """Its loop, with the commands of macOS taken out."""
    etc = where / "mac"
    script = snippet(where, "macos").replace("/etc/", f"{etc}/").replace(
        "sudo networksetup", "true").replace("sudo ", "")
    subprocess.run(["sh", "-e"], input=script, text=True, check=True)
    same("macOS has a file a domain",
         {one.name: one.read_text() for one in (etc / "resolver").iterdir()},
         {name: f"nameserver {SERVER}\n" for name in
          ("lab.test", "113.0.203.in-addr.arpa")})


def check_braces(where):
    for words, depth in (((), 1), (("--all",), 0)):
        text = re.sub("#.*", "", snippet(where, "kubernetes", *words))
        same(f"the Corefile's braces {words}", (text.count("{"),
                                                text.count("}")), (depth,) * 2)
        case("it forwards here", re.search(
            rf"(?m)^ *forward \. {SERVER}$", text), text)


def refused(where, what, word, *words, config=CONFIG):
    done = run(where, "client-config", *words, config=config)
    case(f"{what} is refused", done.returncode == 1 and not done.stdout,
         done.stdout)
    case(f"{what}: what to do", word in done.stderr, done.stderr)


def check_refusals(where):
    refused(where, "no format", "netplan, resolved")
    refused(where, "an unknown format", "there is no format 'net'", "--for",
            "net")
    loopback = "server: {listen: [127.0.0.1, '::1']}\ndomain: lab.test\n"
    for name in FORMATS:
        if name not in ("resolved", "networkmanager"):
            refused(where, f"loopback for {name}", "`listen`", "--for", name,
                    config=loopback)
            refused(where, f"a typed loopback for {name}", "every machine's",
                    "--for", name, "--server", "127.0.0.53")
    case("but this machine may ask itself", "DNS=127.0.0.1\n" in snippet(
        where, "resolved", config=loopback))
    refused(where, "another port", "port 5300", "--for", "netplan",
            config="server: {listen: ['203.0.113.53@5300']}\n")
    refused(where, "0.0.0.0", "no address that", "--for", "netplan",
            "--server", "0.0.0.0")
    refused(where, "a name", "is not an address", "--for", "netplan",
            "--server", "dns.lab.test")
    refused(where, "IPv6 for VirtualBox", "IPv4", "--for", "virtualbox",
            "--server", "fd00::53")
    refused(where, "five servers", "at most 3", "--for", "netplan",
            *(word for i in range(5) for word in ("--server", f"192.0.2.{i}")))
    refused(where, "split without a domain", "--all", "--for", "windows",
            config="server: {listen: [203.0.113.53]}\ndomain: ''\nhosts: []\n")
    done = run(where, "status", "--for", "netplan")
    case("--for is client-config's", "go with client-config" in done.stderr,
         done.stderr)


def facts(where, config, *words):
    done = run(where, "--json", "client-config", "--for", "resolved", *words,
               config=config)
    return json.loads(done.stdout)


def check_domains(where):
    """What is hostler's own: domains, zones, networks."""
    (where / "corp.zone").write_text("$ORIGIN corp.test.\n@ A 192.0.2.1\n")
    (where / "inner.corp.test.zone").write_text("@ A 192.0.2.1\n")
    (where / "old.hosts").write_text("192.0.2.3 a\n")
    got = facts(where, """
server: {listen: [203.0.113.53]}
domain: Lab.test
zones: [corp.zone, inner.corp.test.zone]
hosts: [{path: old.hosts, domain: old.test}]
leases: [{path: none.leases, domain: vms.lab.test, format: dnsmasq}]
networks:
  a: 198.51.96.0/22
  b: 10.0.0.0/8
  c: 172.16.0.0/12
  d: 203.0.113.64/26
  e: {prefix: 10.9.0.0/16, isolated: yes}
  f: fd00:1:2::/48
  g: 198.18.64.0/18
""")
    wanted = (["lab.test", "old.test", "corp.test"] +
              [f"{i}.51.198.in-addr.arpa" for i in range(96, 100)] +
              ["10.in-addr.arpa"] +
              [f"{i}.172.in-addr.arpa" for i in range(16, 32)] +
              ["113.0.203.in-addr.arpa", "2.0.0.0.1.0.0.0.0.0.d.f.ip6.arpa",
               "18.198.in-addr.arpa"])
    same("domains, each once, none below another", sorted(got["domains"]),
         sorted(wanted))
    same("the domain comes first", got["domains"][0], "lab.test")
    same("which one is searched", got["domain"], "lab.test")
    above = snippet(where, "resolved", config="""
server: {listen: [203.0.113.53]}
domain: lab.corp.test
zones: [corp.zone]
""")
    same("a zone above the domain goes there, too",
         re.findall("(?m)^Domains=(.*)$", above), ["lab.corp.test ~corp.test"])
    same("the form", (got["for"], got["scope"], got["servers"]),
         ("resolved", "split", [SERVER]))
    two = snippet(where, "resolv.conf", "--server", "203.0.113.53", "--server",
                  "203.0.113.54")
    same("two servers, as two hostlers have them",
         re.findall("(?m)^nameserver (.*)$", two),
         ["203.0.113.53", "203.0.113.54"])
    none = run(where, "client-config", "--for", "resolv.conf",
               config=CONFIG.replace("domain: lab.test", "domain: ''"))
    same("without a domain none is searched", (
        "search" in none.stdout.replace("\n#", ""), none.returncode),
        (False, 0))
    case("which is told", "short names" in none.stderr, none.stderr)
    isolated = facts(where, "server: {listen: [10.0.2.15, 203.0.113.53]}\n"
                     "networks: {n: {prefix: 10.0.2.0/24, isolated: yes}}\n")
    same("an address in an isolated network comes last",
         isolated["servers"], [SERVER])


with folder() as place:
    for check in (check_golden, check_yaml, check_json, check_xml,
                  check_router, check_ini, check_shell, check_wsl,
                  check_macos, check_braces, check_refusals, check_domains):
        check(place)
finish()
