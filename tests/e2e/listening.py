# SPDX-License-Identifier: BSD-2-Clause
"""Where hostler can be asked: names of interfaces, `private`, addresses that
come late, are in use, go and come back.  Two machines, host and vm, in network
namespaces; every stage is asked from the vm.

    python3 listening.py hold ADDRESS PORT    has that address, until it ends
    python3 listening.py upstream ADDRESS     says "asked", answers when told"""
import socket
import subprocess
import sys

import netlab
from hostlertest import HOSTLER, case, finish, folder, same, until
from netlab import Machine, ServerOn, ip

WEB = "10.77.7.7"
CONFIG = """
server:
  listen: LISTEN
  user: USER
  threads: 2
  allow: ALLOW
control: {socket: {ctl}}
domain: lab.test
hosts: ['{dir}/hosts']
forward: FORWARD
"""


def user():
    """Whom to become: nobody, where this namespace has users beside root; so
    it shows that a port below 1024 can be had later on."""
    with open("/proc/self/uid_map", encoding="ascii") as lines:
        return "nobody" if int(lines.read().split()[2]) > 65534 else "''"


class Server(ServerOn):
    def __init__(self, machine, where, listen, allow="[private, attached]",
                 forward="[]"):
        super().__init__(machine, where, None)
        self.ctl = str(where / "run" / "ctl")
        self.allow = allow
        self.forward = forward
        self.listen(listen)

    def listen(self, listen):
        self.configure(CONFIG.replace("LISTEN", listen)
                       .replace("USER", user()).replace("ALLOW", self.allow)
                       .replace("FORWARD", self.forward))

    def served(self):
        return sorted(self.status()["listen"])

    def entry(self, name):
        """What an entry stands for: {address: state}."""
        return [{one["address"]: one["state"] for one in entry["addresses"]}
                for entry in self.status()["listeners"]
                if entry["entry"] == name][0]

    def reason(self, name):
        return [entry.get("reason", "") for entry in
                self.status()["listeners"] if entry["entry"] == name][0]


def cable(host, interface, vm, card):
    """An interface of the host, the other end of it in the vm."""
    ip("-n", host.name, "link", "add", interface, "type", "veth", "peer",
       "name", card, "netns", vm.name)
    ip("-n", host.name, "link", "set", interface, "up")
    ip("-n", vm.name, "link", "set", card, "up")


def give(machine, card, *addresses):
    for address in addresses:
        machine.address(card, address)


def take(machine, card, *addresses):
    for address in addresses:
        ip("-n", machine.name, "addr", "del", address, "dev", card)


def ask(vm, server, *words, name="web.lab.test"):
    done = vm.run("dig", "+short", "+tries=1", "+time=3", "@" + server, name,
                  *words)
    return done.stdout.strip() if done.returncode == 0 else "silence"


def answers(what, vm, server, *words):
    """Asked until it answers: an address needs a moment to be noticed."""
    got, _ = until(lambda: ask(vm, server, *words), WEB)
    same(what, got, WEB)
    same(what + ", by TCP", ask(vm, server, "+tcp", *words), WEB)


def becomes(what, get, wanted):
    same(what, until(get, wanted)[0], wanted)


def link_local(machine, card):
    words = machine.run("ip", "-6", "-o", "addr", "show", "dev", card,
                        "scope", "link").stdout.split()
    return words[3].split("/")[0] if len(words) > 3 else ""


def without_link_local(served):
    return [one for one in served if not one.startswith("fe80")]


# ---- interfaces ----

def test_interfaces(host, vm, where):
    with Server(host, where, "[virbr0, vboxnet0@5353, 127.0.0.1]") as server:
        case("an interface that is missing is a warning",
             "virbr0@53: warning: there is no such interface" in server.log,
             server.log)
        case("somebody else will be able to ask",
             "only this machine" not in server.log, server.log)
        same("status: no address", server.entry("virbr0@53"), {})
        case("status: the reason", "no such interface" in
             server.reason("virbr0@53"), server.reason("virbr0@53"))
        case("status as text", "  virbr0@53: there is no such interface" in
             server.ctl_run("status").stdout, server.ctl_run("status").stdout)
        cable(host, "virbr0", vm, "eth1")
        give(host, "virbr0", "10.1.0.1/24", "fd01::1/64")
        give(vm, "eth1", "10.1.0.9/24", "fd01::9/64")
        answers("an interface made later", vm, "10.1.0.1")
        answers("its IPv6 address", vm, "fd01::1")
        becomes("its link-local address is known",
                lambda: link_local(host, "virbr0") != "", True)
        answers("its link-local address", vm,
                link_local(host, "virbr0") + "%eth1")
        give(host, "virbr0", "10.1.0.2/24")
        answers("one more address", vm, "10.1.0.2")
        same("the one before it stays", ask(vm, "10.1.0.1"), WEB)
        take(host, "virbr0", "10.1.0.1/24")
        becomes("an address that goes is served no longer",
                lambda: "10.1.0.1@53" in server.served(), False)
        give(host, "virbr0", "10.1.0.1/24")
        answers("and again when it comes back", vm, "10.1.0.1")
        test_port(server, host, vm)
        test_deleted(server, host, vm)
    ip("-n", host.name, "link", "del", "vboxnet0")


def test_port(server, host, vm):
    cable(host, "vboxnet0", vm, "eth2")
    give(host, "vboxnet0", "192.168.56.1/24")
    give(vm, "eth2", "192.168.56.9/24")
    answers("an interface with a port", vm, "192.168.56.1", "-p", "5353")
    same("each entry has its own", without_link_local(
        server.entry("vboxnet0@5353")), ["192.168.56.1@5353"])
    case("and not the other's port", ask(vm, "192.168.56.1") == "silence")


def test_deleted(server, host, vm):
    ip("-n", host.name, "link", "del", "virbr0")
    becomes("an interface that is deleted", lambda: server.entry("virbr0@53"),
            {})
    same("the others stay", without_link_local(server.served()),
         ["127.0.0.1@53", "192.168.56.1@5353"])
    cable(host, "virbr0", vm, "eth1")
    give(host, "virbr0", "10.2.0.1/24")
    give(vm, "eth1", "10.2.0.9/24")
    answers("and made again, with another address", vm, "10.2.0.1")
    ip("-n", host.name, "link", "del", "virbr0")


# ---- private ----

def test_private(host, vm, where):
    give(host, "eth0", "203.0.113.5/24")
    with Server(host, where, "private") as server:
        same("private: the machine's private addresses", server.served(),
             ["127.0.0.1@53", "192.168.0.5@53", "::1@53", "fd00::5@53"])
        case("others can ask", "only this machine" not in server.log)
        answers("private", vm, "192.168.0.5")
        case("a public address is not served", ask(vm, "203.0.113.5") ==
             "silence")
        give(host, "eth0", "172.20.0.5/24", "100.64.0.5/24", "fd20::5/64",
             "169.254.9.9/24", "198.51.100.5/24")
        becomes("private addresses that come later", server.served,
                ["100.64.0.5@53", "127.0.0.1@53", "172.20.0.5@53",
                 "192.168.0.5@53", "::1@53", "fd00::5@53", "fd20::5@53"])
        give(vm, "eth0", "172.20.0.9/24")
        answers("one of them", vm, "172.20.0.5")
        take(host, "eth0", "172.20.0.5/24", "100.64.0.5/24", "fd20::5/64",
             "169.254.9.9/24", "198.51.100.5/24")
        becomes("and go", server.served,
                ["127.0.0.1@53", "192.168.0.5@53", "::1@53", "fd00::5@53"])
        test_burst(server, host)
    take(host, "eth0", "203.0.113.5/24")
    take(vm, "eth0", "172.20.0.9/24")


def test_burst(server, host):
    many = [f"10.9.0.{i}" for i in range(1, 61)]
    for verb, count in (("add", len(many) + 4), ("del", 4)):
        batch = "".join(f"addr {verb} {one}/24 dev eth0\n"
                        for one in (many if verb == "add" else many[::-1]))
        subprocess.run(["ip", "-n", host.name, "-batch", "-"], input=batch,
                       text=True, check=True)
        becomes(f"{len(many)} at once, {verb}",
                lambda: len(server.served()), count)


# ---- one address by several entries ----

def test_duplicates(host, vm, where):
    with Server(host, where, "[192.168.0.5, eth0, private]") as server:
        same("an address that three entries name is opened once",
             without_link_local(server.served()),
             ["127.0.0.1@53", "192.168.0.5@53", "::1@53", "fd00::5@53"])
        for entry in ("192.168.0.5@53", "eth0@53", "private@53"):
            same(f"{entry} stands for it, too",
                 server.entry(entry)["192.168.0.5@53"], "listening")
        give(host, "eth0", "192.168.0.6/24")
        answers("one more", vm, "192.168.0.6")
        take(host, "eth0", "192.168.0.6/24")
    with Server(host, where, "[0.0.0.0, private]") as server:
        same("a wildcard takes its family", server.served(),
             ["0.0.0.0@53", "::1@53", "fd00::5@53"])
        answers("beside private", vm, "192.168.0.5")


# ---- late ----

def test_late(host, vm, where):
    with Server(host, where, "[192.168.0.77, 'fd00::77', 127.0.0.1]") as server:
        case("an address that is missing is a warning",
             "192.168.0.77@53: warning: this machine has no such address" in
             server.log, server.log)
        same("status: waiting", server.entry("192.168.0.77@53"),
             {"192.168.0.77@53": "waiting"})
        same("it is not served", server.served(), ["127.0.0.1@53"])
        give(host, "eth0", "192.168.0.77/24")
        same("served at once", ask(vm, "192.168.0.77"), WEB)
        give(host, "eth0", "fd00::77/64")
        answers("and the other", vm, "fd00::77")
        becomes("status: listening", server.served,
                ["127.0.0.1@53", "192.168.0.77@53", "fd00::77@53"])
        take(host, "eth0", "192.168.0.77/24")
        becomes("it goes: waiting", lambda: server.entry("192.168.0.77@53"),
                {"192.168.0.77@53": "waiting"})
        give(host, "eth0", "192.168.0.77/24")
        same("and is back at once", ask(vm, "192.168.0.77"), WEB)
    take(host, "eth0", "192.168.0.77/24", "fd00::77/64")


# ---- in use ----

def holder(host, address, port=53):
    process = subprocess.Popen(
        host.command(sys.executable, __file__, "hold", address, str(port)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "held\n":
        raise RuntimeError(f"{address} cannot be held")
    return process


def let_go(process):
    process.stdin.close()
    process.wait()
    process.stdout.close()


def exit_code(host, where, listen):
    server = Server(host, where, listen)
    done = subprocess.run(server.under + [HOSTLER, "-c", str(server.conf)],
                          capture_output=True, text=True, timeout=30,
                          check=False)
    return done.returncode, done.stderr


def test_in_use(host, vm, where):
    held = holder(host, "192.168.0.5")
    code, said = exit_code(host, where, "[127.0.0.1, 192.168.0.5]")
    same("an address written out that is in use is fatal", code, 2)
    case("the program is named", "192.168.0.5@53: error: cannot listen here: "
         "it is in use by python" in said, said)
    code, said = exit_code(host, where, "[private, 192.168.0.5]")
    same("and where another entry stands for it, too", code, 2)
    with Server(host, where, "[private, eth0@5353]") as server:
        case("one that private stands for is a warning", "192.168.0.5@53: "
             "warning: cannot listen here: it is in use by python" in
             server.log, server.log)
        same("the others are served", without_link_local(server.served()),
             ["127.0.0.1@53", "192.168.0.5@5353", "::1@53", "fd00::5@53",
              "fd00::5@5353"])
        same("status: in use", server.entry("private@53")["192.168.0.5@53"],
             "in-use")
        text = server.ctl_run("status").stdout
        case("by whom", "192.168.0.5@53 (it is in use by python" in text,
             text)
        case("and that does not make it degraded",
             not server.status()["degraded"])
        answers("another address meanwhile", vm, "fd00::5")
        let_go(held)
        answers("taken when it is free", vm, "192.168.0.5")
        same("status: listening",
             server.entry("private@53")["192.168.0.5@53"], "listening")
        test_late_in_use(server, host, vm)


def test_late_in_use(server, host, vm):
    """Another program is there sooner, everywhere."""
    held = holder(host, "0.0.0.0", 5353)
    give(host, "eth0", "192.168.0.8/24")
    becomes("in use when it comes",
            lambda: server.entry("eth0@5353").get("192.168.0.8@5353"),
            "in-use")
    let_go(held)
    answers("free, too", vm, "192.168.0.8", "-p", "5353")
    take(host, "eth0", "192.168.0.8/24")


# ---- reload ----

def test_reload(host, vm, where):
    cable(host, "br-lab", vm, "eth3")
    give(host, "br-lab", "10.3.0.1/24")
    give(vm, "eth3", "10.3.0.9/24")
    with Server(host, where, "[127.0.0.1, lo]") as server:
        case("only loopback: VMs cannot ask here",
             "only this machine can ask here" in server.log, server.log)
        server.listen("[127.0.0.1, br-lab, br-none]")
        done = server.ctl_run("reload")
        same("reload", done.returncode, 0)
        case("it warns of an interface that is missing",
             "br-none@53: warning: there is no such" in done.stdout,
             done.stdout)
        answers("an interface that a reload adds", vm, "10.3.0.1")
        held = holder(host, "192.168.0.5")
        server.listen("[br-lab, 192.168.0.5]")
        done = server.ctl_run("reload")
        same("a reload with an address in use fails", done.returncode, 1)
        case("and is degraded", server.status()["degraded"])
        same("what was good stays", ask(vm, "10.3.0.1"), WEB)
        let_go(held)
        answers("the address is taken when it is free", vm, "192.168.0.5")
        case("and all is well", not server.status()["degraded"])
        server.listen("[0.0.0.0, br-lab]")
        same("from an address to all", server.ctl_run("reload").returncode, 0)
        becomes("all", lambda: without_link_local(server.served()),
                ["0.0.0.0@53"])
        answers("asked there", vm, "192.168.0.5")
        server.listen("private")
        same("and back", server.ctl_run("reload").returncode, 0)
        becomes("to single ones", server.served, [
            "10.3.0.1@53", "127.0.0.1@53", "192.168.0.5@53", "::1@53",
            "fd00::5@53"])
        answers("asked again", vm, "10.3.0.1")


def test_in_flight(host, vm, where):
    """A query that waits for an upstream is answered, though the address has
    been given up meanwhile."""
    upstream = subprocess.Popen(
        host.command(sys.executable, __file__, "upstream", "127.0.0.9"),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    same("an upstream", upstream.stdout.readline(), "ready\n")
    forward = "[{zone: ., to: [127.0.0.9]}]"
    with Server(host, where, "[br-lab, eth0]", forward=forward) as server:
        query = subprocess.Popen(
            vm.command("dig", "+short", "+tries=1", "+time=15", "@10.3.0.1",
                       "slow.example"), stdout=subprocess.PIPE, text=True)
        same("the upstream is asked", upstream.stdout.readline(), "asked\n")
        server.listen("[eth0]")
        same("reload", server.ctl_run("reload").returncode, 0)
        same("the address is given up",
             [one for one in server.served() if one.startswith("10.3")], [])
        upstream.stdin.write("answer\n")
        upstream.stdin.flush()
        same("the query is answered", query.communicate()[0].strip(),
             "192.0.2.99")
        server.listen("[br-lab]")
        same("taken up again", server.ctl_run("reload").returncode, 0)
        answers("at once", vm, "10.3.0.1")
    upstream.kill()
    upstream.communicate()
    ip("-n", host.name, "link", "del", "br-lab")


# ---- who may ask ----

def test_attached(host, vm, where):
    with Server(host, where, "eth9", allow="[attached]") as server:
        def stranger():
            return server.ctl_run("explain", "web.lab.test", "from",
                                  "198.51.100.9").stdout.splitlines()

        case("a stranger", any("REFUSED" in line for line in stranger()),
             stranger())
        cable(host, "eth9", vm, "eth9")
        give(host, "eth9", "198.51.100.1/24")
        give(vm, "eth9", "198.51.100.9/24")
        answers("a new network's clients are attached", vm, "198.51.100.1")
        ip("-n", host.name, "link", "del", "eth9")
        becomes("and strangers when it has gone",
                lambda: any("REFUSED" in line for line in stranger()), True)


def test_printed():
    done = subprocess.run(
        [HOSTLER, "-T", "-l", "private", "-l", "virbr0@5353", "-l",
         "192.0.2.7"], capture_output=True, text=True, check=False)
    lines = [line.strip() for line in done.stdout.splitlines()[1:5]]
    same("-T prints them as written", lines,
         ["listen:", '- "private@53"', '- "virbr0@5353"', '- "192.0.2.7@53"'])


# ---- other programs ----

def hold(address, port):
    """As a program that would share its address."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((address, int(port)))
    print("held", flush=True)
    sys.stdin.read()


def upstream(address):
    import dns.message
    import dns.rrset

    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    print("ready", flush=True)
    while True:
        packet, client = sock.recvfrom(4096)
        print("asked", flush=True)
        sys.stdin.readline()
        reply = dns.message.make_response(dns.message.from_wire(packet),
                                          recursion_available=True)
        reply.answer.append(dns.rrset.from_text(
            reply.question[0].name, 300, "IN", "A", "192.0.2.99"))
        sock.sendto(reply.to_wire(), client)


def main():
    netlab.enter()
    with folder() as where:
        where.chmod(0o755)
        (where / "hosts").write_text(f"{WEB} web\n")
        netlab.bridge("lan")
        host = Machine("host", where).card("lan", "192.168.0.5/24",
                                           "fd00::5/64")
        vm = Machine("vm", where).card("lan", "192.168.0.9/24", "fd00::9/64")
        test_printed()
        test_interfaces(host, vm, where)
        test_private(host, vm, where)
        test_duplicates(host, vm, where)
        test_late(host, vm, where)
        test_in_use(host, vm, where)
        test_reload(host, vm, where)
        test_in_flight(host, vm, where)
        test_attached(host, vm, where)
    finish()


if __name__ == "__main__":
    roles = {"hold": hold, "upstream": upstream}
    if len(sys.argv) > 1:
        roles[sys.argv[1]](*sys.argv[2:])
    else:
        main()
