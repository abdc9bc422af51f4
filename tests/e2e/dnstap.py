# SPDX-License-Identifier: BSD-2-Clause
"""dnstap of a real daemon, read by Debian's own dnstap-ldns and fstrm_capture,
and byte by byte: the packets of clients and of an upstream are those that were
sent and received; readers that are late, go away and come back, or never read."""
import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

from hostlertest import (BUILD, LIMIT_S, Daemon, case, dns, finish, folder,
                         rcode, same, until)

if "#define HAVE_DNSTAP 1" not in (BUILD / "config.h").read_text():
    print("SKIP: built without dnstap")
    sys.exit(77)
if not shutil.which("dnstap-ldns") or not shutil.which("fstrm_capture"):
    print("SKIP: dnstap-ldns or fstrm_capture is not installed")
    sys.exit(77)

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''%s}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
zones: [big.test.zone]
forward: [{zone: example.com, to: ["127.0.0.1@%d"]}]
"""
CONTENT = b"protobuf:dnstap.Dnstap"
ACCEPT, START, STOP, READY, FINISH = 1, 2, 3, 4, 5
CLIENT_QUERY, CLIENT_RESPONSE, FORWARDER_QUERY, FORWARDER_RESPONSE = 5, 6, 7, 8


# ---- Frame Streams and protobuf, as far as dnstap needs them ----

def control(kind):
    """A control frame: an empty one's length ahead of it."""
    field = (struct.pack("!II", 1, len(CONTENT)) + CONTENT
             if kind in (ACCEPT, READY) else b"")
    frame = struct.pack("!I", kind) + field
    return struct.pack("!II", 0, len(frame)) + frame


def frames_of(path, ends=([START, STOP],)):
    """The data frames of a file that is whole: START, frames, STOP."""
    data = path.read_bytes()
    at, kinds, frames = 0, [], []
    while at < len(data):
        length = struct.unpack_from("!I", data, at)[0]
        at += 4
        if length == 0:
            length = struct.unpack_from("!I", data, at)[0]
            kinds.append(struct.unpack_from("!I", data, at + 4)[0])
            at += 4
        else:
            frames.append(data[at:at + length])
        at += length
    case(f"{path.name} is whole", kinds in ends and at == len(data),
         (kinds, at, len(data)))
    return frames


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def fields_of(data):
    """The fields of a protobuf message by their numbers."""
    at, found = 0, {}
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            found[key >> 3], at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            found[key >> 3] = data[at:at + length]
            at += length
        else:
            assert key & 7 == 5, key
            found[key >> 3] = struct.unpack_from("<I", data, at)[0]
            at += 4
    return found


def messages_of(path):
    """What dnstap.proto calls Message, of each frame."""
    return [fields_of(fields_of(frame)[14]) for frame in frames_of(path)]


def of_type(messages, kind):
    return [message for message in messages if message[1] == kind]


def read_by_ldns(path, *how):
    got = subprocess.run(["dnstap-ldns", *how, "-r", str(path)], text=True,
                         capture_output=True, timeout=LIMIT_S)
    case(f"dnstap-ldns reads {path.name}", got.returncode == 0, got.stderr)
    return got.stdout


# ---- an upstream, and clients that keep what they send ----

class Upstream:
    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.asked, self.said = [], []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            reply = dns.message.make_response(dns.message.from_wire(data))
            reply.flags |= dns.flags.RA
            reply.answer.append(dns.rrset.from_text(
                reply.question[0].name, 60, "IN", "A", "192.0.2.7"))
            self.asked.append(data)
            self.said.append(reply.to_wire())
            self.socket.sendto(self.said[-1], peer)


def exchange(daemon, name, tcp=False, rdtype="A"):
    """Bytes that were sent, received, and our port."""
    query = dns.message.make_query(name, rdtype, use_edns=0).to_wire()
    kind = socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as s:
        s.settimeout(LIMIT_S)
        s.connect((daemon.address, daemon.port))
        s.sendall(struct.pack("!H", len(query)) + query if tcp else query)
        reply = s.recv(65535)
        if tcp:
            while len(reply) < 2 or len(reply) < 2 + struct.unpack_from(
                    "!H", reply)[0]:
                reply += s.recv(65535)
            reply = reply[2:]
        return query, reply, s.getsockname()[1]


def fresh(where, upstream, tap):
    (where / "vms.hosts").write_text("10.0.2.4 web\n")
    (where / "big.test.zone").write_text("x TXT" + ' "%s"' % ("a" * 250) * 200)
    daemon = Daemon(where, None)
    retap(daemon, upstream, tap)
    return daemon


def retap(daemon, upstream, tap):
    daemon.configure(CONFIG % (f", dnstap: {{{tap}}}" if tap else "",
                               upstream.port))


def stat(daemon, name):
    got = daemon.ctl_run("stats")
    return int(re.search(rf"(?m)^{re.escape(name)} (\d+)$", got.stdout)[1])


def wait_written(daemon, count):
    same(f"{count} messages are written",
         until(lambda: stat(daemon, "dnstap.written"), count)[0], count)


# ---- a file ----

def check_client(messages, sent, begun):
    queries, replies = (of_type(messages, kind)
                        for kind in (CLIENT_QUERY, CLIENT_RESPONSE))
    same("clients' queries, byte for byte",
         sorted(one[10] for one in queries), sorted(one[0] for one in sent))
    same("and their answers", sorted(one[14] for one in replies),
         sorted(one[1] for one in sent))
    same("from whom, and to which address",
         sorted((one[4], one[6], one[5]) for one in queries),
         sorted((b"\x7f\0\0\1", port, b"\x7f\0\0\1") for _, _, port in sent))
    same("UDP and TCP", sorted(one[3] for one in replies), [1, 1, 2])
    now = time.time()
    case("when asked", all(begun - 1 < one[8] + one[9] / 1e9 <= now
                           for one in queries), (begun, now, queries))
    case("and answered later", all(
        (one[12], one[13]) > (one[8], one[9]) for one in replies), replies)


def check_forwarder(messages, upstream):
    queries, replies = (of_type(messages, kind)
                        for kind in (FORWARDER_QUERY, FORWARDER_RESPONSE))
    same("what the upstream was asked", [one[10] for one in queries],
         upstream.asked)
    same("and what it said", [one[14] for one in replies], upstream.said)
    same("where it is", [(one[5], one[7], one[3]) for one in queries + replies],
         [(b"\x7f\0\0\1", upstream.port, 1)] * 2)
    case("it took some time", (replies[0][12], replies[0][13]) >
         (replies[0][8], replies[0][9]), replies)


def check_file():
    upstream = Upstream()
    begun = time.time()
    with folder() as where:
        path = where / "a.tap"
        tap = "file: a.tap, identity: dns1"
        with fresh(where, upstream, tap) as daemon:
            sent = [exchange(daemon, "web.lab.test"),
                    exchange(daemon, "web.lab.test", tcp=True),
                    exchange(daemon, "www.example.com")]
            wait_written(daemon, 8)
            path.rename(where / "b.tap")
            case("renamed, and HUP", daemon.hup(), daemon.log)
            exchange(daemon, "later.lab.test")
            wait_written(daemon, 10)
            case("HUP with the file in its place", daemon.hup(), daemon.log)
            same("the rest is in a new file", len(list(where.glob("a.tap*"))),
                 1)
            retap(daemon, upstream, "")
            case("turned off", daemon.hup(), daemon.log)
            same("what follows is not written",
                 rcode(daemon.ask("off.lab.test")), "NXDOMAIN")
        messages = messages_of(where / "b.tap")
        check_client(messages, sent, begun)
        check_forwarder(messages, upstream)
        quiet = read_by_ldns(where / "b.tap", "-q")
        # The upstream's names have letters of any case.
        same("dnstap-ldns names all", sorted(
            (kind, proto, name.lower()) for kind, proto, name in re.findall(
                r' (.Q|.R) 127\.0\.0\.1 (UDP|TCP) \d+b "(\S+)\." IN A', quiet)),
            [("CQ", "TCP", "web.lab.test"), ("CQ", "UDP", "web.lab.test"),
             ("CQ", "UDP", "www.example.com"), ("CR", "TCP", "web.lab.test"),
             ("CR", "UDP", "web.lab.test"), ("CR", "UDP", "www.example.com"),
             ("FQ", "UDP", "www.example.com"),
             ("FR", "UDP", "www.example.com")])
        whole = read_by_ldns(where / "b.tap", "-y")
        case("who says it", 'identity: "dns1"' in whole and
             'version: "hostler ' in whole, whole)
        same("the new file has what came later",
             read_by_ldns(path, "-q").count("later.lab.test."), 2)
        with fresh(where, upstream, tap + ", messages: [forwarder]") as daemon:
            exchange(daemon, "other.example.com")
            wait_written(daemon, 2)
        same("a file that is there is put aside",
             len(list(where.glob("a.tap.2*Z"))), 1)
        same("forwarder alone", [one[1] for one in messages_of(path)],
             [FORWARDER_QUERY, FORWARDER_RESPONSE])


def check_link():
    """The disk that is meant for it keeps what is put aside, link and all."""
    upstream = Upstream()
    with folder() as where:
        disk = where / "disk"
        disk.mkdir()
        (where / "a.tap").symlink_to("disk/a.tap")
        for start in ("the first", "the second"):
            with fresh(where, upstream, "file: a.tap") as daemon:
                exchange(daemon, "web.lab.test")
                wait_written(daemon, 2)
                case(f"through a link, {start} start",
                     "no dnstap" not in daemon.log, daemon.log)
        same("the link is as it was", os.readlink(where / "a.tap"),
             "disk/a.tap")
        same("both files are on the disk",
             (len(list(disk.glob("a.tap*"))), len(messages_of(where / "a.tap"))),
             (2, 2))


def check_wrong():
    upstream = Upstream()
    with folder() as where:
        with fresh(where, upstream, "file: none/a.tap") as daemon:
            case("a folder that is not there is told at its place",
                 re.search(r"hostler\.yaml:2:\d+: error: no dnstap to .*No such",
                           daemon.log), daemon.log)
            os.mkfifo(where / "fifo")
            reader = os.open(where / "fifo", os.O_RDONLY | os.O_NONBLOCK)
            retap(daemon, upstream, "file: fifo")
            got = daemon.ctl_run("reload")
            os.close(reader)
            case("a pipe is no file", "this is no file" in got.stdout and
                 got.returncode == 1, got.stdout)
            same("it answers", rcode(daemon.ask("web.lab.test")), "NOERROR")


def check_tried():
    """-t says what the start would, and neither makes nor renames."""
    with folder() as where:
        daemon = fresh(where, Upstream(), "file: none/a.tap")
        got = daemon.check()
        case("-t: the folder is not there", got.returncode == 1 and
             re.search(r"hostler\.yaml:2:\d+: error: no dnstap to .*: there is "
                       r"no folder", got.stderr), got.stderr)
        (where / "none").mkdir()
        same("there now", daemon.check().returncode, 0)
        same("and nothing in it", list((where / "none").iterdir()), [])
        (where / "none" / "a.tap").mkdir()
        got = daemon.check()
        case("-t: a folder is no file", got.returncode == 1 and
             "is not a file" in got.stderr, got.stderr)
        (where / "none" / "a.tap").rmdir()
        if os.geteuid() != 0:
            return
        daemon.configure(re.sub(r"control: .*", "", daemon.conf.read_text())
                         .replace("user: ''", "user: nobody"))
        (where / "none" / "a.tap").write_text("full")
        os.chown(where / "none" / "a.tap", 65534, 65534)
        got = daemon.check()
        case("-t as root: what has something in it must be renamed",
             got.returncode == 1 and
             f"setfacl -m u:nobody:wx {where}/none" in got.stderr, got.stderr)
        same("it has its name", (where / "none" / "a.tap").read_text(), "full")
        os.truncate(where / "none" / "a.tap", 0)
        same("an empty one need not", daemon.check().returncode, 0)


def check_full():
    """No room for more than 30 kB: what was cut is taken away again."""
    upstream = Upstream()
    with folder() as where:
        with fresh(where, upstream, "file: a.tap") as daemon:
            # Not from the start on: a sanitizer has files of its own.
            resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE,
                             (30000, 30000))
            asked = 0
            while asked < 2000 and (asked % 50 or
                                    stat(daemon, "dnstap.lost") == 0):
                exchange(daemon, "web.lab.test")
                asked += 1
            case("a full disk: messages are lost",
                 stat(daemon, "dnstap.lost") > 0, asked)
            case("and told", daemon.wait_log("messages of dnstap are lost"),
                 daemon.log)
            written = stat(daemon, "dnstap.written")
        # There may be no room for STOP.
        got = frames_of(where / "a.tap", ([START], [START, STOP]))
        case("all that counts as written is there", len(got) >= written > 50,
             (len(got), written))


# ---- a socket ----

@contextlib.contextmanager
def capture(where, name):
    """fstrm_capture at where/socket, until it is told to end."""
    (where / "socket").unlink(missing_ok=True)
    process = subprocess.Popen(
        ["fstrm_capture", "-t", CONTENT.decode(), "-u", str(where / "socket"),
         "-w", str(where / name)], stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(LIMIT_S)


def names_in(path):
    return re.findall(r' CQ .*"(\S+)\.lab\.test\."', read_by_ldns(path, "-q"))


def check_socket():
    upstream = Upstream()
    with folder() as where, fresh(where, upstream,
                                  "socket: socket") as daemon:
        exchange(daemon, "early.lab.test")
        with capture(where, "one.tap"):
            wait_written(daemon, 2)
            exchange(daemon, "web.lab.test")
            wait_written(daemon, 4)
        exchange(daemon, "between.lab.test")
        with capture(where, "two.tap"):
            wait_written(daemon, 6)
            exchange(daemon, "again.lab.test")
            wait_written(daemon, 8)
            same("nothing is lost", stat(daemon, "dnstap.lost"), 0)
            retap(daemon, upstream, "")
            case("turned off", daemon.hup(), daemon.log)
        same("a late reader gets what came before it",
             names_in(where / "one.tap"), ["early", "web"])
        same("one that comes back what came between",
             names_in(where / "two.tap"), ["between", "again"])


class Deaf:
    """Shakes hands, and then reads nothing."""

    def __init__(self, path):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.peer = None
        threading.Thread(target=self.greet, daemon=True).start()

    def greet(self):
        peer = self.listener.accept()[0]
        peer.recv(4096)
        peer.sendall(control(ACCEPT))
        self.peer = peer


def check_deaf():
    upstream = Upstream()
    with folder() as where:
        deaf = Deaf(where / "socket")
        with fresh(where, upstream, "socket: socket") as daemon:
            until(lambda: deaf.peer is not None, True)
            slowest, asked = 0.0, 0
            # 50 kB each: the ring has room for 80, the socket for a few.
            while asked < 2000 and (asked % 50 or
                                    stat(daemon, "dnstap.lost") == 0):
                start = time.monotonic()
                reply = exchange(daemon, "x.big.test", tcp=True,
                                 rdtype="TXT")[1]
                slowest = max(slowest, time.monotonic() - start)
                asked += 1
            case("a reader that never reads: messages are lost",
                 stat(daemon, "dnstap.lost") > 0, asked)
            case("and told", daemon.wait_log("messages of dnstap are lost"),
                 daemon.log)
            case("no client waits", slowest < 5 and len(reply) > 12, slowest)
            start = time.monotonic()
            same("it ends", daemon.stop(), 0)
            case("and soon", time.monotonic() - start < 20)


check_file()
check_link()
check_wrong()
check_tried()
check_full()
check_socket()
check_deaf()
finish()
