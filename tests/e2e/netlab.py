# SPDX-License-Identifier: BSD-2-Clause
"""Machines for the end-to-end tests: network namespaces with cards of their
own.  enter() first of all: it starts the test anew where it may make them, as
root or in a user namespace, and everything in there goes when the test ends.

    python3 netlab.py upstream ADDRESS ANSWER

is an upstream for such a machine: every name has that one address, and none is
below arpa."""
import os
import pathlib
import socket
import subprocess
import sys

from hostlertest import LIMIT_S, SRC, Daemon

INSIDE = "HOSTLER_NETLAB"


def enter():
    if os.environ.get(INSIDE) == "yes":
        # Names of namespaces are files; these are seen in here alone.
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
        os.mkdir("/run/netns")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    spaces = ["--net", "--mount", "--pid", "--fork"]
    if os.geteuid() != 0:
        spaces = ["--user", "--map-root-user"] + spaces
    try:
        tried = subprocess.run(["unshare", *spaces, "true"],
                               stderr=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        tried = None
    if tried is None or tried.returncode:
        print("SKIP: network namespaces need root or user namespaces")
        sys.exit(77)
    os.environ[INSIDE] = "yes"
    os.execvp("unshare", ["unshare", *spaces, "--kill-child", "--mount-proc",
                          sys.executable, *sys.argv])


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def bridge(name):
    ip("link", "add", name, "type", "bridge")
    ip("link", "set", name, "up")


class Machine:
    """A namespace.  `search` and the server it asks are its resolv.conf."""

    def __init__(self, name, where):
        self.name = name
        self.etc = where / f"etc-{name}"
        self.cards = 0
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")
        self.etc.mkdir()
        (self.etc / "hosts").write_text("")
        (self.etc / "nsswitch.conf").write_text("hosts: files dns\n")
        self.resolver("127.0.0.1")

    def resolver(self, server, search="invalid"):
        (self.etc / "resolv.conf").write_text(
            f"nameserver {server}\nsearch {search}\n")
        return self

    def card(self, on, *addresses):
        """One more card, its cable in this bridge."""
        card = f"eth{self.cards}"
        cable = f"{self.name}-{self.cards}"
        self.cards += 1
        ip("link", "add", cable, "type", "veth", "peer", "name", card,
           "netns", self.name)
        ip("link", "set", cable, "master", on, "up")
        ip("-n", self.name, "link", "set", card, "up")
        for address in addresses:
            self.address(card, address)
        return self

    def address(self, card, address):
        more = ["nodad"] if ":" in address else []
        ip("-n", self.name, "addr", "add", address, "dev", card, *more)

    def route(self, *words):
        ip("-n", self.name, "route", "add", *words)

    def command(self, *words):
        """What runs these words there, with that machine's own /etc."""
        script = "".join(f'mount --bind "{self.etc}/{file}" /etc/{file}; '
                         for file in ("resolv.conf", "hosts", "nsswitch.conf"))
        return ["ip", "netns", "exec", self.name, "unshare", "--mount", "sh",
                "-ec", script + 'exec "$@"', "sh", *words]

    def run(self, *words, **more):
        return subprocess.run(self.command(*words), capture_output=True,
                              text=True, timeout=LIMIT_S, check=False, **more)

    def dig(self, *words):
        """The lines of a short answer, in the order that they came in."""
        done = self.run("dig", "+short", "+tries=2", "+time=5", *words)
        return done.stdout.split("\n")[:-1]

    def full(self, *words):
        """All that dig shows."""
        return self.run("dig", "+tries=2", "+time=5", *words).stdout

    def getent(self, name, database="ahostsv4"):
        """The first address, as programs see it; '' for none."""
        words = self.run("getent", database, name).stdout.split()
        return words[0] if words else ""

    def upstream(self, address, answer):
        """Runs until the test ends; it answers when this returns."""
        process = subprocess.Popen(
            self.command(sys.executable, __file__, "upstream", address,
                         answer),
            stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"no upstream at {address}")
        return process


class ServerOn(Daemon):
    """hostler on a machine; {dir} and {ctl} are put in, the port is 53."""

    def __init__(self, machine, where, config, args=()):
        super().__init__(where, config, args)
        self.under = machine.command()


def example(name, where):
    """A worked example of zones/ for a test: its files in `where`, its
    configuration, which needs no user of its own and has a control socket."""
    folder = pathlib.Path(SRC) / "zones" / name
    for file in folder.iterdir():
        if file.name != "hostler.yaml":
            (where / file.name).write_text(file.read_text())
    text = (folder / "hostler.yaml").read_text()
    return text.replace("\nserver:\n", "\ncontrol: {socket: {ctl}}\n"
                        "server:\n  user: ''\n  threads: 1\n", 1)


def serve(address, answer):
    import dns.message
    import dns.rcode
    import dns.rdatatype
    import dns.rrset

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.bind((address, 53))
    print("ready", flush=True)
    while True:
        packet, client = sock.recvfrom(4096)
        query = dns.message.from_wire(packet)
        reply = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        if question.name.canonicalize().labels[-2:-1] == (b"arpa",):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.A:
            reply.answer.append(dns.rrset.from_text(
                question.name, 300, "IN", "A", answer))
        sock.sendto(reply.to_wire(), client)


if __name__ == "__main__":
    serve(*sys.argv[2:])
