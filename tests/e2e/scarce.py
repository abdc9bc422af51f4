# SPDX-License-Identifier: BSD-2-Clause
"""hostler where there is too little of something: 64 descriptors, and floods
that would like all of its memory.

Nothing spins (the process's CPU time is looked at), UDP is served as ever, TCP
by giving way, a reload and hostlerctl have what they need; and memory comes to
rest."""
import contextlib
import os
import pathlib
import random
import resource
import select
import socket
import struct
import time

from hostlertest import (HOSTLER, LIMIT_S, Daemon, case, dns, finish, folder,
                         rcode, same, until)

DESCRIPTORS = 64
CROWD = 300             # connections
LOOK_S = 1.0
RETRY_S = 3
CPU_S = 0.5             # of two threads; seen: under 0.01
NAME = "web.lab.test"
SILENT = "127.0.0.3"
# What two threads may keep for slow readers, and as much as half of it besides.
GROWN_MB = 192
PLAIN = not any(mark in pathlib.Path(HOSTLER).read_bytes()
                for mark in (b"__asan_init", b"__tsan_init"))

CONFIG = """
server:
  listen: ["127.0.0.1@{port}"]
  threads: 2
  user: ''
  allow: any
  rate-limit: {exempt: 127.0.0.1}
  tcp: {idle: 60s}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
cache: {size: 4M}
forward:
  - {zone: up.example, to: ["127.0.0.1@%d"]}
  - {zone: tcp.example, to: ["tcp://127.0.0.1@%d"]}
"""


class Upstream:
    """Takes questions and connections and says nothing."""

    def __init__(self):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.tcp = socket.socket()
        self.tcp.bind(("127.0.0.1", 0))
        self.tcp.listen(1000)
        self.tcp_port = self.tcp.getsockname()[1]

    def close(self):
        self.udp.close()
        self.tcp.close()


def make(where, upstream):
    lines = [f"10.{i // 60000}.{i // 250 % 240}.{1 + i % 250} many"
             for i in range(1000)]
    (where / "vms.hosts").write_text("10.0.0.1 web\n" + "\n".join(lines) +
                                     "\n")
    return Daemon(where, CONFIG % (upstream.port, upstream.tcp_port))


def question(name, ident=0):
    """By hand: there are many of them."""
    labels = b"".join(bytes([len(label)]) + label.encode()
                      for label in name.split("."))
    return struct.pack("!6H", ident, 0x100, 1, 0, 0, 1) + labels + \
        b"\0\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\0\0"


def framed(message):
    return struct.pack("!H", len(message)) + message


def cpu_s(daemon):
    words = pathlib.Path(f"/proc/{daemon.process.pid}/stat").read_text()
    words = words.rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(daemon):
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def spent_s(daemon, work):
    """CPU time of the daemon while this is done again and again."""
    before, end = cpu_s(daemon), time.monotonic() + LOOK_S
    while time.monotonic() < end:
        work()
    return cpu_s(daemon) - before


def connect(daemon):
    one = socket.socket()
    one.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        one.connect(("127.0.0.1", daemon.port))
    return one


def ask_udp(daemon, name=NAME):
    """As a resolver does: a flood may have filled the socket's buffer."""
    for _ in range(LIMIT_S // RETRY_S):
        with contextlib.suppress(dns.exception.Timeout):
            return rcode(daemon.ask(name, timeout=RETRY_S))
    return "no answer"


def check_served(daemon, when):
    same(f"{when}: UDP is served", ask_udp(daemon), "NOERROR")
    code, _ = until(lambda: try_tcp(daemon), "NOERROR")
    same(f"{when}: TCP is served", code, "NOERROR")
    case(f"{when}: hostlerctl is heard", daemon.ctl_run("stats").returncode
         == 0)


def try_tcp(daemon):
    """One that is idle for a moment may have to give way to others."""
    try:
        return rcode(daemon.ask(NAME, tcp=True, timeout=LIMIT_S))
    except (OSError, EOFError) as error:
        return str(error)


def check_descriptors(where, upstream):
    daemon = make(where, upstream)
    daemon.under = ["prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"]
    with daemon:
        daemon.read_log()
        case("it is told", "limit of open files is 64" in daemon.log,
             daemon.log)
        check_served(daemon, "at first")
        crowd = [connect(daemon) for _ in range(CROWD)]
        spent = spent_s(daemon, lambda: ask_udp(daemon))
        print(f"{CROWD} connections: {spent:.2f} s of CPU in {LOOK_S} s")
        case("connections that wait do not make it spin",
             not PLAIN or spent < CPU_S, spent)
        check_served(daemon, "with a crowd at the door")
        rounds = [0]

        def again():
            at = rounds[0] % CROWD
            crowd[at].close()
            crowd[at] = connect(daemon)
            rounds[0] += 1

        spent = spent_s(daemon, again)
        each_us = spent / rounds[0] * 1e6
        print(f"{rounds[0]} connections come and go: {spent:.2f} s of CPU, "
              f"{each_us:.0f} us each")
        case("it works for those that come, and no more",
             not PLAIN or spent < CPU_S or each_us < 1000, (spent, rounds))
        check_served(daemon, "while they come and go")
        for one in crowd:
            one.close()
        check_questions(daemon)


def check_questions(daemon):
    """Of questions to silent upstreams there may be as many as sockets; the
    others fail at once, and nothing else does."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    # Room for all answers: they may come while nobody reads.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    client.connect(("127.0.0.1", daemon.port))
    answered = set()
    for i in range(CROWD):
        zone = "tcp" if i % 2 else "up"
        client.send(question(f"n{i}.{zone}.example", i))
        read_ids(client, answered, 0)
    def again():
        read_ids(client, answered, 0)
        ask_udp(daemon)

    spent = spent_s(daemon, again)
    print(f"{CROWD} questions: {spent:.2f} s of CPU in {LOOK_S} s")
    case("questions that wait do not make it spin",
         not PLAIN or spent < CPU_S, spent)
    check_served(daemon, "with many questions out")
    pathlib.Path(daemon.dir / "vms.hosts").write_text("10.0.0.1 web new\n")
    case("it reloads", daemon.hup())
    same("and has read", ask_udp(daemon, "new.lab.test"), "NOERROR")
    until(lambda: read_ids(client, answered, 0.1), CROWD)
    same("every question had its answer", len(answered), CROWD)
    client.close()


def read_ids(client, ids, wait_s):
    """The ids of all that has come; how many there are by now."""
    while select.select([client], [], [], wait_s)[0]:
        ids.add(struct.unpack("!H", client.recv(4096)[:2])[0])
    return len(ids)


# ---- memory ----

def fill_tcp(daemon, count):
    """Connections that leave their answers, and such that send no more than a
    part of a long question."""
    crowd = []
    asking = framed(question("many.lab.test")) * 40
    part = b"\xff\xff" + bytes(60000)
    for i in range(count):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.bind((f"127.0.2.{1 + i % 250}", 0))
        one.connect(("127.0.0.1", daemon.port))
        one.setblocking(False)
        with contextlib.suppress(OSError):
            one.send(part if i % 2 else asking)
        crowd.append(one)
    return crowd


def fill_waiting(daemon):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.connect(("127.0.0.1", daemon.port))
    for i in range(5000):
        client.send(question(f"w{random.getrandbits(40):x}{i}.up.example", i))
    return client


def fill_rates(daemon):
    """Of as many kinds and prefixes as there are on loopback."""
    clients = []
    for i in range(500):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((f"127.7.{i % 250}.{1 + i // 250}", 0))
        one.connect(("127.0.0.1", daemon.port))
        for k in range(20):
            one.send(question(f"no{k}.lab.test", k))
        clients.append(one)
    return clients


def flood_all(daemon):
    """How much memory it has while all of that goes on."""
    crowd = fill_tcp(daemon, 500)
    crowd.append(fill_waiting(daemon))
    crowd += fill_rates(daemon)
    same("UDP is served in the flood", ask_udp(daemon), "NOERROR")
    most = rss_mb(daemon)
    for one in crowd:
        one.close()
    return most


def check_memory(where, upstream):
    """What may be kept: 64 MB a thread for slow readers, tables of waiting
    questions and of rates of a fixed size, 4 MB of cache."""
    resource.setrlimit(resource.RLIMIT_NOFILE,
                       (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with make(where, upstream) as daemon:
        ask_udp(daemon)
        before = rss_mb(daemon)
        most = [flood_all(daemon) for _ in range(3)]
        print(f"{before:.0f} MB, in three floods", *(f"{one:.0f}" for one in
                                                     most))
        if PLAIN:
            case("a flood has its bounds", max(most) - before < GROWN_MB,
                 (before, most))


def main():
    upstream = Upstream()
    with folder() as where:
        check_descriptors(where, upstream)
    with folder() as where:
        check_memory(where, upstream)
    upstream.close()
    finish()


main()
