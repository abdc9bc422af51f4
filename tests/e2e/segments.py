# SPDX-License-Identifier: BSD-2-Clause
"""Bursts of questions from a few sockets, answered in a batch: each answer
comes once and is right, over links where the kernel takes messages of segments,
cuts them itself, or refuses them.  Two machines, host and vm, in network
namespaces.

hostler is stopped while a burst comes in: so all of it is there at once.

    python3 segments.py burst ADDRESS     sends, says "sent", reads, says how it
                                          was
    python3 segments.py feature CARD CODE VALUE     one of ethtool(8)'s"""
import array
import fcntl
import json
import signal
import socket
import struct
import subprocess
import sys
import time

import netlab
from hostlertest import LIMIT_S, case, finish, folder, same
from netlab import Machine, ServerOn, ip

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

SOCKETS = 5
QUESTIONS = 40                  # a socket
REMEMBERED_S = 60               # SEGMENTS_REFUSED_MS
MANY = 60                       # addresses of the longest answer
CONFIG = """
server: {listen: LISTEN, user: '', threads: 1, allow: [any]}
control: {socket: {ctl}}
domain: lab.test
hosts: ['{dir}/hosts']
"""
ETHTOOL_STXCSUM = 0x17
ETHTOOL_SGSO = 0x24
ETHTOOL_STSO = 0x1f


# ---- the client ----

def question(number):
    """Of many lengths, short and long answers mixed; half of them with EDNS."""
    kinds = (("A", f"n{1 + number % 3}.lab.test"),
             ("A", f"n{1 + number * 7 % MANY}.lab.test"),
             ("AAAA", f"n{1 + number % 9}.lab.test"),
             ("A", f"none{'x' * (number % 11)}.lab.test"))
    kind, name = kinds[number % 4]
    return dns.message.make_query(name, kind, use_edns=number % 3 - 1)


def is_right(query, answer):
    if answer.question != query.question:
        return False
    name = answer.question[0].name.labels[0].decode()
    if name.startswith("none"):
        return answer.rcode() == dns.rcode.NXDOMAIN and not answer.answer
    if answer.rcode() != dns.rcode.NOERROR:
        return False
    if answer.question[0].rdtype == dns.rdatatype.AAAA:
        return not answer.answer
    if answer.flags & dns.flags.TC:
        return query.edns < 0 and int(name[1:]) > 29
    got = sorted(str(one) for rrset in answer.answer for one in rrset)
    return got == sorted(addresses(int(name[1:])))


def addresses(count):
    return [f"10.9.{count}.{last}" for last in range(1, count + 1)]


def open_socket(address):
    family, kind, proto, _, name = socket.getaddrinfo(
        address, 53, type=socket.SOCK_DGRAM)[0]
    sock = socket.socket(family, kind, proto)
    sock.settimeout(LIMIT_S)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.connect(name)          # hears nothing but from the address it asked
    return sock


def take(sock, wait):
    """What came: {id: [answers]}, until so many came."""
    came = {}
    for _ in range(wait):
        answer = dns.message.from_wire(sock.recv(65535))
        came.setdefault(answer.id, []).append(answer)
    return came


def burst(address):
    socks = [open_socket(address) for _ in range(SOCKETS)]
    asked = [{} for _ in socks]
    for number in range(QUESTIONS):
        for queries, sock in zip(asked, socks):
            query = question(number)
            query.id = number
            queries[number] = query
            sock.send(query.to_wire())
    print("sent", flush=True)
    wrong = []
    for queries, sock in zip(asked, socks):
        came = take(sock, QUESTIONS)
        wrong += [str(query.question[0]) for number, query in queries.items()
                  if len(came.get(number, [])) != 1 or
                  not is_right(query, came[number][0])]
        # Nothing came twice: the next thing that is heard is the next answer.
        last = question(0)
        last.id = 1000
        sock.send(last.to_wire())
        if 1000 not in take(sock, 1):
            wrong.append("something more")
    print(json.dumps(wrong))


def feature(card, code, value):
    words = array.array("I", [int(code), int(value)])
    request = struct.pack("16sP", card.encode(), words.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, 0x8946, request)      # SIOCETHTOOL


# ---- the test ----

def stats(server, *names):
    lines = server.ctl_run("stats").stdout.splitlines()
    words = dict(line.split() for line in lines)
    return [int(words[name]) for name in names]


def ask(server, vm, address, what):
    """A burst; how many answers went as segments, how many messages were
    refused."""
    before = stats(server, "segments.sent", "segments.refused")
    server.process.send_signal(signal.SIGSTOP)
    client = subprocess.Popen(
        vm.command(sys.executable, __file__, "burst", address),
        stdout=subprocess.PIPE, text=True)
    same(f"{what}: sent", client.stdout.readline(), "sent\n")
    server.process.send_signal(signal.SIGCONT)
    try:
        said = client.communicate(timeout=2 * LIMIT_S)[0]
    except subprocess.TimeoutExpired:
        client.kill()
        said = ""
    same(f"{what}: each answer came once", said, "[]\n")
    after = stats(server, "segments.sent", "segments.refused",
                  "dropped.send")
    same(f"{what}: none was dropped", after[2], 0)
    return after[0] - before[0], after[1] - before[1]


def test_taken(server, vm, address, what):
    sent, refused = ask(server, vm, address, what)
    case(f"{what}: most went as segments", sent > SOCKETS * QUESTIONS / 2,
         sent)
    same(f"{what}: none refused", refused, 0)


def change(machine, card, *codes):
    for code, value in codes:
        same(f"{card}: feature {code:#x} is {value}", subprocess.run(
            machine.command(sys.executable, __file__, "feature", card,
                            str(code), str(value)), check=False).returncode, 0)


def test_taken_all(server, host, vm):
    for address in ("192.168.0.5", "fd00::5"):
        test_taken(server, vm, address, address)
    change(host, "eth0", (ETHTOOL_STSO, 0), (ETHTOOL_SGSO, 0))
    test_taken(server, vm, "192.168.0.5", "cut before the card")
    change(host, "eth0", (ETHTOOL_SGSO, 1), (ETHTOOL_STSO, 1))


def test_without_checksums(server, host, vm):
    """Newer kernels write them, older ones refuse."""
    change(host, "eth0", (ETHTOOL_STXCSUM, 0))
    for address in ("192.168.0.5", "fd00::5"):
        ask(server, vm, address, f"without checksums, {address}")
    change(host, "eth0", (ETHTOOL_STXCSUM, 1))


def test_refused(server, vm):
    """A link that longer answers do not fit: in fragments, and singly."""
    began = time.monotonic()
    _, refused = ask(server, vm, "10.5.0.1", "a small link")
    case("a small link: refused", refused > 0, refused)
    for _ in range(5):          # until it was in time
        asked = time.monotonic()
        again = ask(server, vm, "10.5.0.1", "again")
        if time.monotonic() - began < REMEMBERED_S:
            break
        began = asked if again[1] else began
    same("again: not tried", again, (0, 0))
    test_taken(server, vm, "192.168.0.5", "others still")


def main():
    netlab.enter()
    with folder() as where:
        with open(where / "hosts", "w", encoding="ascii") as hosts:
            for count in range(1, MANY + 1):
                for address in addresses(count):
                    hosts.write(f"{address} n{count}\n")
        netlab.bridge("lan")
        host = Machine("host", where).card("lan", "192.168.0.5/24",
                                           "fd00::5/64", "fe80::5/64")
        vm = Machine("vm", where).card("lan", "192.168.0.9/24", "fd00::9/64")
        ip("-n", "host", "link", "add", "small", "mtu", "576", "type", "veth",
           "peer", "name", "small", "mtu", "576", "netns", "vm")
        for machine, last in ((host, 1), (vm, 2)):
            ip("-n", machine.name, "link", "set", "small", "up")
            machine.address("small", f"10.5.0.{last}/24")
        with ServerOn(host, where, CONFIG.replace(
                "LISTEN", "[192.168.0.5, 'fd00::5', 10.5.0.1]")) as server:
            test_taken_all(server, host, vm)
            test_refused(server, vm)
            test_without_checksums(server, host, vm)
        with ServerOn(host, where, CONFIG.replace(
                "LISTEN", "[0.0.0.0, '::']")) as server:
            test_taken_all(server, host, vm)
            test_taken(server, vm, "fe80::5%eth0", "link-local")
            test_refused(server, vm)
            test_without_checksums(server, host, vm)
    finish()


if __name__ == "__main__":
    roles = {"burst": burst, "feature": feature}
    if len(sys.argv) > 1:
        roles[sys.argv[1]](*sys.argv[2:])
    else:
        main()
