# SPDX-License-Identifier: BSD-2-Clause
"""hostlerctl doctor on a machine of its own, a network namespace: each thing
that it can find is made up there, and what it says to do is read.

    python3 doctor.py hold NAME ADDRESS

is a program of that name that holds port 53 of the address."""
import contextlib
import json
import os
import pathlib
import pty
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

import netlab
from hostlertest import (HOSTLERCTL, LIMIT_S, Daemon, case, finish, folder,
                         same)

OWN = "10.77.0.5"
CONFIG = """
server: {listen: [%(listen)s], user: '%(user)s'}
control: {socket: %(dir)s/ctl}
domain: lab.test
hosts: [%(hosts)s]
forward: [%(forward)s]
%(more)s
"""


class Place:
    """A configuration, and the system's files below root."""

    def __init__(self, where):
        self.dir = where
        self.root = where / "root"
        (where / "hosts").write_text("10.77.0.9 web\n")
        self.write("etc/resolv.conf", "nameserver 127.0.0.2\n")

    def write(self, path, text):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)
        return path

    def conf(self, **changes):
        values = {"listen": OWN, "user": "", "dir": self.dir, "more": "",
                  "hosts": self.dir / "hosts", "forward": ""}
        values.update(changes)
        if "to" in changes:
            values["forward"] = f"{{zone: '.', to: [{changes['to']}]}}"
        (self.dir / "hostler.yaml").write_text(CONFIG % values)

    def run(self, *words, **changes):
        self.conf(**changes)
        return subprocess.run(
            [HOSTLERCTL, "-c", str(self.dir / "hostler.yaml"), *words,
             "doctor", "--root", str(self.root)],
            capture_output=True, text=True, timeout=LIMIT_S)

    def found(self, check, **changes):
        """The findings of one examination, and the exit status."""
        done = self.run("--json", **changes)
        return [one for one in json.loads(done.stdout)
                if one["check"] == check], done.returncode


def expect(what, found, level, words, advice=()):
    """One of the findings has this level, these words and this advice."""
    for one in found[0]:
        said = "\n".join(one["advice"])
        if (one["level"] == level and all(w in one["text"] for w in words)
                and all(w in said for w in advice)):
            break
    else:
        case(what, False, found)
        return
    case(what, level != "error" or found[1] == 1, f"status {found[1]}")


def hold(name, address):
    """The program itself."""
    pathlib.Path("/proc/self/comm").write_text(name)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.bind((address, 53))
    tcp = socket.create_server((address, 53), family=family)
    print("ready", flush=True)
    sys.stdin.read()
    del udp, tcp


@contextlib.contextmanager
def holder(name, address):
    process = subprocess.Popen([sys.executable, __file__, "hold", name,
                                address], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if process.stdout.readline() != "ready\n":
        raise RuntimeError(f"{name} does not hold {address}")
    try:
        yield process.pid
    finally:
        process.stdin.close()
        process.wait(LIMIT_S)
        process.stdout.close()


# ---- ports ----

def check_ports(place):
    expect("a free port", place.found("port"), "ok", [f"{OWN}@53 is free"])
    expect("an interface that is still to come",
           place.found("port", listen="virbr8"), "warning",
           ["virbr8@53 stands for no address"], ["as soon as"])
    with holder("dnsmasq", OWN):
        expect("held, and a word stands for it",
               place.found("port", listen="private"), "warning",
               [f"{OWN}@53 is held by"])
    with holder("systemd-resolve", "127.0.0.53") as pid:
        expect("resolved's stub in the way",
               place.found("port", listen="0.0.0.0"), "error",
               ["0.0.0.0@53", "systemd-resolved", f"process {pid}"],
               ["DNSStubListener=no", "resolved.conf.d/", "ln -sf ..",
                "restart systemd-resolved"])
        expect("beside it is room", place.found("port"), "ok",
               [f"{OWN}@53 is free"])
        expect("which is told", place.found("port"), "ok",
               ["127.0.0.53@53 belongs to systemd-resolved", "not in"])
    netlab.ip("link", "add", "virbr7", "type", "bridge")
    netlab.ip("addr", "add", "192.168.133.1/24", "dev", "virbr7")
    with holder("dnsmasq", "192.168.133.1"):
        place.write("var/lib/libvirt/dnsmasq/other.conf",
                    "strict-order\ninterface=virbr0\n")
        expect("libvirt's, by the bridge's name",
               place.found("port", listen="192.168.133.1"), "error",
               ["held by libvirt's dnsmasq"], ["virsh net-edit default"])
        place.write("var/lib/libvirt/dnsmasq/lab.conf",
                    "strict-order\ninterface=virbr7\n")
        expect("libvirt's, by its own files",
               place.found("port", listen="192.168.133.1"), "error",
               ["held by libvirt's dnsmasq"],
               ["virsh net-edit lab", "<dns enable='no'/>"])
        expect("an address that a word stands for is no error",
               place.found("port", listen="private"), "warning",
               ["192.168.133.1@53 is held by libvirt's dnsmasq"],
               ["virsh net-edit lab"])
        same("not in the whole either", place.run(
            listen="private").returncode, 0)
        expect("the others are free", place.found("port", listen="private"),
               "ok", [f"{OWN}@53 is free"])
    for name, word, advice in (("dnsmasq", "dnsmasq", "port=0"),
                               ("hostler", "another hostler", "-s SOCKET"),
                               ("named", "named", "another address")):
        with holder(name, OWN):
            expect(f"{name} in the way", place.found("port"), "error",
                   [f"{OWN}@53 is held by {word}"], [advice])


# ---- the daemon ----

def check_daemon(place):
    expect("no daemon is no error", place.found("daemon"), "warning",
           ["no hostler answers at"], ["systemctl start hostler"])
    same("nor is the whole", place.run().returncode, 0)
    place.conf(listen=f"{OWN}, '::1@5353'")
    text = (place.dir / "hostler.yaml").read_text()
    zone = place.dir / "lab.test.zone"
    zone.write_text("web A 10.77.0.9\n")
    with Daemon(place.dir, text + f"zones: [{zone}]\n") as daemon:
        def look(check):
            done = subprocess.run(
                [HOSTLERCTL, "-c", str(daemon.conf), "--json", "doctor",
                 "--root", str(place.root)], capture_output=True, text=True,
                timeout=LIMIT_S)
            return [one for one in json.loads(done.stdout)
                    if one["check"] == check], done.returncode

        expect("a daemon that runs", look("daemon"), "ok",
               ["runs, generation"])
        expect("its port", look("port"), "ok",
               [f"{OWN}@53 is served by hostler (process "
                f"{daemon.process.pid})"])
        expect("its other port", look("port"), "ok",
               ["::1@5353 is served by hostler"])
        zone.write_text("web A 10.77.0.999\n")
        daemon.hup()
        expect("a degraded one", look("daemon"), "error", ["runs degraded"],
               ["hostlerctl status"])
        zone.write_text("web A 10.77.0.9\n")
        daemon.hup()
        daemon.conf.write_text(daemon.conf.read_text().replace(
            OWN, f"{OWN}, 127.0.0.9"))
        expect("an address that it does not serve", look("port"), "error",
               ["127.0.0.9@53", "does not serve it"], ["reload"])


# ---- loops, resolv.conf ----

def check_loops(place):
    file = "/etc/resolv.conf"

    def look(text, check="loop", **changes):
        place.write("etc/resolv.conf", text)
        return place.found(check, to=file, **changes)

    expect("no loop", look("nameserver 127.0.0.2\n"), "ok",
           [file, "does not lead back"])
    expect("nobody but hostler", look(f"nameserver {OWN}\n"), "error",
           ["only itself", f"{OWN}@53"], ["forward: "])
    expect("hostler among others",
           look(f"nameserver 127.0.0.2\nnameserver {OWN}\n"), "warning",
           ["one of them is itself"], ["forward: "])
    expect("by 0.0.0.0", look("nameserver 127.0.0.1\n", listen="0.0.0.0"),
           "error", ["only itself", "127.0.0.1@53"])
    expect("another port is another server",
           look(f"nameserver {OWN}\n", listen=f"{OWN}@5300"), "ok",
           ["does not lead back"])
    expect("a public server beside hostler", look(
        f"nameserver {OWN}\nnameserver 9.9.9.9\n", "resolv.conf"), "warning",
        ["beside hostler", "now and then"], ["client-config"])
    expect("hostler alone", look(f"nameserver {OWN}\n", "resolv.conf"), "ok",
           ["this machine asks hostler"])
    stub = "nameserver 127.0.0.53\n"
    expect("the stub, nobody knows whom it asks", look(stub), "warning",
           ["stub", "questions go round"], ["forward: "])
    list_of_stub = place.write("run/systemd/resolve/resolv.conf",
                               f"nameserver {OWN}\n")
    expect("the stub, which asks hostler", look(stub), "error",
           ["/run/systemd/resolve/resolv.conf", "only itself"])
    list_of_stub.unlink()
    (place.root / "etc/resolv.conf").unlink()
    expect("no list", place.found("loop", to=file), "error",
           ["cannot be read"], ["forward: "])
    place.write("etc/resolv.conf", "nameserver 127.0.0.2\n")
    expect("hostler by its address", place.found("loop", to=OWN), "error",
           [f"{OWN}@53 is hostler itself"], ["`forward`"])


# ---- upstreams ----

def answer(query, rcode):
    return (query[:2] + struct.pack("!H", 0x8180 | rcode) + query[4:6] +
            bytes(6) + query[12:])


class Upstream:
    """Answers with an rcode by the transports named; silent or deaf else."""

    def __init__(self, transports, rcode=0, context=None, port=0):
        self.rcode = rcode
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.tcp = socket.socket()
        self.tcp.bind(("127.0.0.1", port))
        self.port = self.tcp.getsockname()[1]
        self.udp.bind(("127.0.0.1", self.port))
        if "udp" in transports:
            threading.Thread(target=self.serve_udp, daemon=True).start()
        if "tcp" in transports:
            self.tcp.listen()
            threading.Thread(target=self.serve_tcp, args=(context,),
                             daemon=True).start()

    def serve_udp(self):
        while True:
            query, client = self.udp.recvfrom(4096)
            self.udp.sendto(b"\0" * 20, client)     # somebody's nonsense
            self.udp.sendto(answer(query, self.rcode), client)

    def serve_tcp(self, context):
        while True:
            client, _ = self.tcp.accept()
            with contextlib.suppress(OSError):
                if context:
                    client = context.wrap_socket(client, server_side=True)
                query = client.recv(4096)
                got = answer(query[2:], self.rcode)
                whole = struct.pack("!H", len(got)) + got
                step = len(whole) if context else 1
                for at in range(0, len(whole), step):
                    client.send(whole[at:at + step])
                client.recv(1)          # until the other side closes
            client.close()

    def __str__(self):
        return f"127.0.0.1@{self.port}"


def make_tls(where):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out",
         "cert.pem", "-days", "30", "-subj", "/CN=dns.lab.test", "-addext",
         "subjectAltName=DNS:dns.lab.test,IP:127.0.0.1"], cwd=where,
        check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(where / "cert.pem", where / "key.pem")
    return context


def check_upstreams(place):
    good = Upstream(("udp", "tcp"))
    udp = Upstream(("udp",))
    tcp = Upstream(("tcp",))
    refusing = Upstream(("udp", "tcp"), rcode=5)
    silent = Upstream(())
    expect("a good one", place.found("upstream", to=good), "ok",
           [str(good), "UDP", "TCP", "ms"])
    expect("UDP alone", place.found("upstream", to=udp), "warning",
           [str(udp), "TCP Connection refused"], ["firewall"])
    expect("tcp:// is asked by TCP alone",
           place.found("upstream", to=f'"tcp://{tcp}"'), "ok", [str(tcp)])
    expect("one that refuses", place.found("upstream", to=refusing), "error",
           ["says REFUSED"], ["does not forward"])
    start = time.monotonic()
    got = place.found("upstream", to=f"{silent}, {tcp}, {good}")
    case("nobody waits long", time.monotonic() - start < 40,
         time.monotonic() - start)
    expect("a silent one with a spare", got, "warning",
           [f"{silent} is of no use", "UDP no answer"], ["ip route get"])
    expect("TCP alone", got, "warning", [str(tcp), "UDP no answer"],
           ["firewall"])
    expect("the spare", got, "ok", [str(good)])
    expect("nobody there", place.found("upstream", to="127.0.0.2"), "error",
           ["127.0.0.2@53 is of no use", "UDP Connection refused"],
           ["ip route get"])
    expect("nothing to ask", place.found("upstream"), "ok",
           ["isolated network"])
    same("each once, however often it is named", len(place.found(
        "upstream", to=good, more="views: [{name: v, clients: [10.0.0.0/8], "
        f"forward: [{{zone: '.', to: [{good}]}}]}}]")[0]), 1)
    place.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    Upstream(("udp", "tcp"), port=53)
    expect("those of a resolv.conf",
           place.found("upstream", to="/etc/resolv.conf"), "ok",
           ["127.0.0.1@53 answers"])
    place.write("etc/resolv.conf", "nameserver 127.0.0.2\n")


def check_tls(place):
    os.environ.pop("SSL_CERT_FILE", None)
    context = make_tls(place.dir)
    tls = Upstream(("tcp",), context=context)
    deaf = Upstream(("tcp",))
    trust = f"tls: {{ca-file: {place.dir}/cert.pem}}"

    def look(name, server=tls, more=trust):
        return place.found("upstream", to=f'"tls://{server}#{name}"',
                           more=more)

    expect("by TLS", look("dns.lab.test"), "ok", [str(tls), "TLS"])
    expect("by TLS, named by its address", look("127.0.0.1"), "ok",
           [str(tls), "TLS"])
    expect("the wrong name", look("other.lab.test"), "error",
           ["ostname mismatch"], ["openssl s_client", "ca-file"])
    expect("an unknown issuer", look("dns.lab.test", more=""), "error",
           ["self-signed"], ["ca-file"])
    expect("no certificates to trust", look(
        "dns.lab.test", more=f"tls: {{ca-file: {place.dir}/none.pem}}"),
        "error", [str(tls)], ["ca-file"])
    expect("no TLS there", look("dns.lab.test", server=deaf), "error",
           [str(deaf)])


# ---- files ----

def check_files(place):
    expect("good files", place.found("files"), "ok", ["1 file can be read"])
    expect("a missing file", place.found(
        "files", hosts=f"{place.dir}/none.hosts"), "error",
        ["none.hosts is not there"], ["take it out"])
    same("a lease file may come later", place.found(
        "files", more=f"leases: [{{path: {place.dir}/none.leases, "
        "format: dnsmasq}]")[0][0]["level"], "ok")
    secret = place.dir / "secret.hosts"
    secret.write_text("10.77.0.9 web\n")
    secret.chmod(0o600)
    expect("a file for root alone", place.found(
        "files", user="nobody", hosts=secret), "error",
        ["secret.hosts", "by the user nobody"],
        [f"setfacl -m u:nobody:r {secret}"])
    expect("a user that is not there", place.found("files", user="nosuch"),
           "error", ["no user 'nosuch'"], ["adduser"])
    folder_of_them = place.dir / "hosts.d"
    folder_of_them.mkdir()
    for name in ("a", "b", ".hidden"):
        (folder_of_them / name).write_text("10.77.0.9 web\n")
    expect("a folder of them", place.found("files", hosts=folder_of_them),
           "ok", ["2 files"])


# ---- listening, leases ----

def check_listening(place):
    expect("loopback alone", place.found("listen", listen="127.0.0.1"),
           "warning", ["no VM can ask it"],
           ["server: {listen: [private]}", f"that is {OWN}"])
    expect("another port", place.found("listen", listen=f"{OWN}@5300"),
           "warning", ["5300", "clients ask port 53"], ["@5300"])
    expect("an address that is not there",
           place.found("listen", listen="10.77.9.9"), "warning",
           ["no address 10.77.9.9"], ["ip address"])
    expect("one that stays", place.found("listen"), "ok",
           [f"{OWN} on eth0", "no lease"])


def check_leases(place):
    lent = "10.77.0.7"
    netlab.ip("addr", "add", f"{lent}/24", "dev", "eth0", "valid_lft", "3600",
              "preferred_lft", "3600")
    netlab.ip("addr", "add", "fd77::7/64", "dev", "eth0", "nodad",
              "valid_lft", "3600", "preferred_lft", "3600")
    place.write("sys/class/net/eth0/address", "52:54:00:12:34:56\n")
    place.write("proc/net/route", "Iface\tDestination\tGateway \tFlags\n"
                "eth0\t004D0A00\t00000000\t0001\n"
                f"eth0\t00000000\t{gateway_hex('10.77.0.1')}\t0003\n")

    def look(listen=lent):
        return place.found("lease", listen=f"'{listen}'")

    said = [f"{lent} on eth0 is only lent", "valid for"]
    expect("the kernel knows", look(), "warning", said,
           ["reserve it for 52:54:00:12:34:56", "/etc/network/interfaces",
            "gateway 10.77.0.1"])
    expect("an IPv6 one", look("fd77::7"), "warning",
           ["fd77::7 on eth0 is only lent"])
    same("which is no error", look()[1], 0)
    place.write("var/lib/NetworkManager/internal-0-eth0.lease",
                f"# private\nADDRESS={lent}\nNETMASK=255.255.255.0\n")
    expect("by NetworkManager", look(), "warning",
           said + ["by NetworkManager"],
           [f"ipv4.method manual ipv4.addresses {lent}/24", "device show eth0"])
    same("whose old files mean nothing by themselves", place.found(
        "lease", listen=OWN)[0], [])
    networkd = place.write("run/systemd/netif/leases/2",
                           f"ADDRESS={OWN}\nLIFETIME=3600\n")
    expect("by systemd-networkd", look(OWN), "warning",
           [f"{OWN} on eth0", "by systemd-networkd"],
           ["/etc/systemd/network", f"Address={OWN}/24"])
    netplan = place.write("etc/netplan/50-cloud-init.yaml", "network: {}\n")
    expect("with netplan", look(OWN), "warning", [OWN],
           ["/etc/netplan", f"addresses: [{OWN}/24]", "via: 10.77.0.1"])
    netplan.unlink()
    networkd.unlink()
    dhclient = "lease {\n  interface \"eth0\";\n  fixed-address %s;\n" \
        "  expire 6 %s;\n}\n"
    file = place.write("var/lib/dhcp/dhclient.eth0.leases", dhclient % (
        OWN, "2001/01/06 10:00:00"))
    same("dhclient's, long over", look(OWN)[0], [])
    file.write_text(dhclient % (OWN, "2001/01/06 10:00:00") +
                    dhclient % (OWN, "2099/01/06 10:00:00"))
    expect("by dhclient", look(OWN), "warning",
           [f"{OWN} on eth0", "by dhclient", "valid for"])
    file.unlink()
    place.write("var/lib/dhcpcd/eth0.lease", bytes(16) +
                socket.inet_aton(OWN) + bytes(220))
    expect("by dhcpcd", look(OWN), "warning", ["by dhcpcd"],
           ["/etc/dhcpcd.conf", f"static ip_address={OWN}/24"])
    (place.root / "var/lib/dhcpcd/eth0.lease").unlink()


def gateway_hex(address):
    return f"{struct.unpack('=I', socket.inet_aton(address))[0]:08X}"


# ---- firewalls ----

def check_firewalls(place):
    same("none that is known", place.found("firewall")[0], [])
    rules = "*filter\n### RULES ###\n\n### tuple ### %s\n-A ...\nCOMMIT\n"
    place.write("etc/ufw/user.rules", rules % (
        "allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in"))
    place.write("etc/ufw/ufw.conf", "# ufw\nENABLED=no\n")
    same("ufw is off", place.found("firewall")[0], [])
    place.write("etc/ufw/ufw.conf", "# ufw\nENABLED=yes\n")
    expect("ufw keeps clients out", place.found("firewall"), "warning",
           ["no rule", "port 53"], ["ufw allow in on eth0 to any port 53"])
    place.write("etc/ufw/user.rules", rules %
                "allow any 53 0.0.0.0/0 any 0.0.0.0/0 out")
    expect("ufw lets questions out alone", place.found("firewall"), "warning",
           ["no rule"], ["ufw allow in"])
    for rule in ("allow any 53 0.0.0.0/0 any 10.77.0.0/24 in",
                 "allow any any 0.0.0.0/0 any 10.77.0.0/24 in",
                 "allow udp 22,53,80 0.0.0.0/0 any 0.0.0.0/0 in",
                 "allow udp 53 0.0.0.0/0 any 0.0.0.0/0 in_eth0"):
        place.write("etc/ufw/user.rules", rules % rule)
        expect(f"ufw with {rule}", place.found("firewall"), "ok", ["ufw"])
    place.write("etc/ufw/ufw.conf", "# ufw\nENABLED=no\n")
    zone = "<zone>\n  <service name=\"%s\"/>\n</zone>\n"
    place.write("usr/lib/firewalld/zones/home.xml", zone % "ssh")
    place.write("etc/firewalld/firewalld.conf", "# f\nDefaultZone=home\n")
    same("firewalld does not run", place.found("firewall")[0], [])
    place.write("sys/fs/cgroup/system.slice/firewalld.service/x", "")
    expect("firewalld keeps clients out", place.found("firewall"), "warning",
           ["zone home"], ["--zone=home --add-service=dns"])
    place.write("etc/firewalld/zones/home.xml", zone % "dns")
    expect("firewalld lets them in", place.found("firewall"), "ok",
           ["zone home"])


# ---- client-config goes by the same interfaces ----

def check_client_config(place):
    def servers(listen, *words):
        place.conf(listen=listen)
        done = subprocess.run(
            [HOSTLERCTL, "-c", str(place.dir / "hostler.yaml"), "--json",
             "client-config", "--for", "networkmanager", *words],
            capture_output=True, text=True, timeout=LIMIT_S)
        return json.loads(done.stdout)

    same("an interface", servers("virbr7")["servers"], ["192.168.133.1"])
    for word in ("private", "0.0.0.0"):
        same(word, servers(word)["servers"], [OWN])
    got = servers(OWN)
    same("the reverse zone of its network", got["domains"],
         ["lab.test", "0.77.10.in-addr.arpa"])
    case("its connection", "device show 'eth0'" in got["text"], got["text"])


# ---- the form ----

def check_form(place):
    done = place.run(to=f"{OWN}, 127.0.0.2@5399")
    lines = done.stdout.splitlines()
    case("a line each, then what to do", all(
        line.split()[0] in ("ok", "warning", "error") or
        line.startswith("        ") for line in lines[:-1]), done.stdout)
    case("counted", lines[-1].startswith("2 errors, "), lines[-1])
    same("errors show in the status", done.returncode, 1)
    case("no colour in a file", "\033" not in done.stdout)
    (place.dir / "odd\033[31m").write_text("10.77.0.9 web\n")
    done = place.run(hosts=f'"{place.dir}/none\\e[31m"')
    case("no escape from a path", "\033" not in done.stdout and
         "none\\x1b[31m" in done.stdout, done.stdout)
    place.conf()
    master, slave = pty.openpty()
    subprocess.run([HOSTLERCTL, "-c", str(place.dir / "hostler.yaml"),
                    "doctor", "--root", str(place.root)], stdout=slave,
                   timeout=LIMIT_S, check=False)
    os.close(slave)
    case("colour on a terminal", b"\033[32mok" in os.read(master, 65536))
    os.close(master)
    (place.dir / "hostler.yaml").write_text("nonsense: 1\n")
    done = subprocess.run([HOSTLERCTL, "-c", str(place.dir / "hostler.yaml"),
                           "doctor"], capture_output=True, text=True,
                          timeout=LIMIT_S)
    same("a configuration with errors", (
        done.returncode, "error   configuration" in done.stdout,
        "nonsense" in done.stderr), (1, True, True))
    done = subprocess.run([HOSTLERCTL, "--root", "/x", "status"],
                          capture_output=True, text=True, timeout=LIMIT_S)
    same("--root is the doctor's", (done.returncode,
                                    "goes with doctor" in done.stderr),
         (1, True))


def main():
    netlab.enter()
    netlab.ip("link", "add", "eth0", "type", "bridge")
    netlab.ip("link", "set", "eth0", "up")
    netlab.ip("addr", "add", f"{OWN}/24", "dev", "eth0")
    with folder() as where:
        os.chmod(where, 0o755)
        place = Place(where)
        for check in (check_ports, check_daemon, check_loops, check_upstreams,
                      check_tls, check_files, check_listening, check_leases,
                      check_firewalls, check_client_config, check_form):
            check(place)
    finish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["hold"]:
        hold(*sys.argv[2:])
    else:
        main()
