#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Mixed questions for a while, local and forwarded, old names and new ones,
with an upstream that dies, comes back, falls silent: every question has an
answer within five seconds, the local ones are right throughout, and memory is
flat.

    soak.py [SECONDS [PERIOD]]      of load (12), of each turn of the
                                    upstream's (2.5)
"""
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import time

from hostlertest import Daemon, case, finish, folder, free_port

SERVES = len(sys.argv) > 1 and sys.argv[1] == "serve"
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 and not SERVES else 12
PERIOD = float(sys.argv[2]) if len(sys.argv) > 2 else 2.5
RATE = 400                      # questions a second
ANSWER_S = 5.0
LOCAL = "192.168.56.7"
REMOTE = "203.0.113.80"


def serve(port):
    """A UDP upstream: every A question has the same answer."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", port))
    print("ready", flush=True)
    while True:
        packet, client = sock.recvfrom(4096)
        end = packet.index(b"\0", 12) + 5
        sock.sendto(packet[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + packet[12:end] +
                    b"\xc0\x0c\0\1\0\1\0\0\0\x0a\0\4" +
                    socket.inet_aton(REMOTE), client)


class Upstream:
    def __init__(self, port):
        self.port = port
        self.process = None
        self.turn_at = 0.0
        self.turns = 0

    def turn(self, now):
        """Where it is time: there, gone, there, silent, and so on."""
        if now < self.turn_at:
            return
        self.turn_at = now + PERIOD
        step = self.turns % 4
        self.turns += 1
        if step == 0:
            self.start()
        elif step == 1:
            self.stop()
        elif step == 2:
            self.start()
        else:
            self.process.send_signal(signal.SIGSTOP)

    def start(self):
        self.stop()
        self.process = subprocess.Popen(
            [sys.executable, __file__, "serve", str(self.port)],
            stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
        self.process = None


def make_packet(number, name):
    packet = struct.pack(">HHHHHH", number, 0x100, 1, 0, 0, 0)
    for label in name.split("."):
        packet += bytes([len(label)]) + label.encode()
    return packet + b"\0\0\1\0\1"


def choose_name(count):
    kind = random.random()
    if kind < 0.4:
        return "web.lab.test", LOCAL
    if kind < 0.7:
        return f"old{random.randrange(50)}.example.net", None
    return f"new{count}.example.net", None


class Load:
    def __init__(self, port):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.out = {}           # id: (when, what must be the answer)
        self.sent = 0
        self.answered = {}      # rcode: how many
        self.wrong = []
        self.slowest = 0.0

    def send(self, now):
        number = self.sent % 65536
        if number in self.out:
            self.wrong.append("an id is out for too long")
        name, wanted = choose_name(self.sent)
        self.out[number] = now, wanted
        self.sock.send(make_packet(number, name))
        self.sent += 1

    def receive(self, now):
        try:
            packet = self.sock.recv(4096)
        except BlockingIOError:
            return False
        number, flags, _, count = struct.unpack(">HHHH", packet[:8])
        when, wanted = self.out.pop(number, (None, None))
        if when is None:
            self.wrong.append("an answer to no question")
            return True
        self.slowest = max(self.slowest, now - when)
        self.answered[flags & 15] = self.answered.get(flags & 15, 0) + 1
        if wanted and (count != 1 or
                       packet[-15:-11] != socket.inet_aton(wanted) and
                       packet[-4:] != socket.inet_aton(wanted)):
            self.wrong.append("a local name's answer")
        return True

    def work(self, until, upstream):
        """Questions at the rate until then, and what comes of them."""
        start, before = time.monotonic(), self.sent
        now = start
        while now < until:
            upstream.turn(now)
            while self.sent - before < (now - start) * RATE:
                self.send(now)
            select.select([self.sock], [], [], 1 / RATE)
            now = time.monotonic()
            while self.receive(now):
                pass

    def drain(self):
        end = time.monotonic() + ANSWER_S + 1
        while self.out and time.monotonic() < end:
            select.select([self.sock], [], [], 0.1)
            while self.receive(time.monotonic()):
                pass


def memory_kb(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


def main():
    port = free_port()
    config = ("server: {listen: ['127.0.0.1@{port}'], user: '', threads: 1}\n"
              "control: {socket: '{ctl}'}\n"
              "domain: lab.test\nhosts: [vms.hosts]\n"
              "cache: {size: 1M}\n"
              f"forward: [{{zone: ., to: ['127.0.0.1@{port}']}}]\n")
    with folder() as where:
        (where / "vms.hosts").write_text(LOCAL + " web\n")
        upstream = Upstream(port)
        with Daemon(where, config) as daemon:
            load = Load(daemon.port)
            start = time.monotonic()
            load.work(start + SECONDS / 3, upstream)
            early = memory_kb(daemon.process.pid)
            load.work(start + SECONDS, upstream)
            load.drain()
            late = memory_kb(daemon.process.pid)
            upstream.stop()
        print(f"     | {load.sent} questions, by rcode {load.answered}, the "
              f"slowest after {load.slowest:.2f} s, {early} and {late} kB")
        case("questions were asked", load.sent > SECONDS * RATE * 0.5,
             load.sent)
        case("some were answered, some could not be",
             load.answered.get(0, 0) > 0, load.answered)
        case("no question without an answer", not load.out, len(load.out))
        case("nothing wrong", not load.wrong, load.wrong[:3])
        case("none after five seconds", load.slowest < ANSWER_S + 0.5,
             load.slowest)
        # 1 MB of cache, and what a sanitizer keeps of freed memory.
        case("memory is flat", late < early * 1.3 + 3000, (early, late))
    finish()


if SERVES:
    serve(int(sys.argv[2]))
main()
