# SPDX-License-Identifier: BSD-2-Clause
"""One hostler takes the place of another: under load, with TCP connections and
questions that wait for an upstream; what fails on the way; and sockets that a
service manager keeps or passes, which this test plays."""
import array
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
import types

from hostlertest import (BUILD, HOSTLER, LIMIT_S, Daemon, case, dns, finish,
                         folder, free_port, look, same)

NAMES = 1000
CONFIG = """
server: {listen: [%s], threads: %s, user: ''}
control: {socket: {ctl}}
%s
domain: load.test
hosts: [vms.hosts, %s]
forward: [%s]
"""
HERE = '"127.0.0.1@{port}"'


def config(threads=2, more="/dev/null", forward="", listen=HERE, http=""):
    return CONFIG % (listen, threads, http, more, forward)


def write_names(where):
    (where / "vms.hosts").write_text("".join(
        f"10.0.{i >> 8}.{i & 255} h{i:04d}\n" for i in range(NAMES)))


def follower(old, text):
    """A daemon that is to take the place of another."""
    new = Daemon(old.dir, None, ["-R"])
    new.port, new.ctl = old.port, old.ctl
    new.conf = old.dir / f"{id(new)}.yaml"
    new.configure(text)
    return new


def ended(daemon):
    """The status with which the process ends by itself."""
    code = daemon.process.wait(LIMIT_S)
    while daemon.read_log():
        pass
    if code:
        print(daemon.log)
    daemon.process = None
    return code


# ---- clients ----

class Load:
    """Questions that are under way, once this is made."""

    def __init__(self, daemon, rate):
        self.process = subprocess.Popen(
            [BUILD / "tests/e2e/load", "127.0.0.1", str(daemon.port),
             str(rate), "300", str(NAMES)], stdout=subprocess.PIPE, text=True)
        case("a load is under way",
             self.process.stdout.readline() == "under way\n")

    def judge(self, what):
        self.process.terminate()
        said, _ = self.process.communicate(timeout=LIMIT_S)
        print(said.strip())
        numbers = dict(re.findall(r"(\w+) (\d+)", said))
        same(f"{what}: none lost, none wrong",
             (numbers["lost"], numbers["wrong"]), ("0", "0"))


def question(name, ident):
    query = dns.message.make_query(name, "A", use_edns=False)
    query.id = ident
    return query.to_wire()


class Connection:
    """A TCP client that holds on to its one connection."""

    def __init__(self, daemon):
        self.socket = socket.create_connection(("127.0.0.1", daemon.port),
                                               LIMIT_S)
        self.ident = 0

    def send(self, name):
        self.ident += 1
        data = question(name, self.ident)
        self.socket.sendall(struct.pack("!H", len(data)) + data)

    def read(self, length):
        data = b""
        while len(data) < length:
            more = self.socket.recv(length - len(data))
            if not more:
                raise OSError("closed by the server")
            data += more
        return data

    def get(self):
        try:
            length = struct.unpack("!H", self.read(2))[0]
            reply = dns.message.from_wire(self.read(length))
        except OSError as error:
            return str(error)
        return " ".join(str(rr) for rrset in reply.answer for rr in rrset)


class Upstream:
    """Keeps what it is asked until it is let go."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        port = self.socket.getsockname()[1]
        self.entry = f'{{zone: up.test, to: ["127.0.0.1@{port}"]}}'
        self.free = threading.Event()
        self.seen = set()
        self.changed = threading.Condition()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            threading.Thread(target=self.answer, args=(data, peer),
                             daemon=True).start()

    def answer(self, data, peer):
        query = dns.message.from_wire(data)
        name = query.question[0].name
        with self.changed:
            self.seen.add(name.to_text().lower())
            self.changed.notify_all()
        self.free.wait()
        reply = dns.message.make_response(query)
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "A",
                                                "192.0.2.9"))
        self.socket.sendto(reply.to_wire(), peer)

    def wait_for(self, count):
        with self.changed:
            return self.changed.wait_for(lambda: len(self.seen) >= count,
                                         LIMIT_S)


class Asker:
    """Asks at the control socket over and over: is somebody always there?"""

    def __init__(self, daemon):
        self.path = daemon.ctl
        self.wrong = []
        self.count = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def ask(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
            s.settimeout(LIMIT_S)
            s.connect(self.path)
            s.sendall(b"stats\n")
            data = b""
            while more := s.recv(65536):
                data += more
        return data

    def run(self):
        while not self.over.is_set():
            self.count += 1
            try:
                data = self.ask()
                if not data.startswith(b"0\n") or b"queries" not in data:
                    self.wrong.append(data[:80])
            except OSError as error:
                self.wrong.append(error)

    def judge(self, what="the control socket answered all along"):
        self.over.set()
        self.thread.join()
        case(what, self.count > 2 and not self.wrong,
             (self.count, self.wrong[:3]))


class Scraper(Asker):
    """The same of HTTP, where a request that the old one has read in part when
    it ends may be cut off, but nobody is turned away."""

    def __init__(self, daemon, port):
        self.port = port
        super().__init__(daemon)

    def ask(self):
        with socket.create_connection(("127.0.0.1", self.port),
                                      LIMIT_S) as s:
            s.sendall(b"GET /health HTTP/1.0\r\n\r\n")
            try:
                data = s.recv(65536)
            except ConnectionResetError:
                data = b""
        if data and b" 200 " not in data:
            raise OSError(data)
        return b"0\nqueries"


def ask_later(daemon, name):
    """A question over UDP, whose answer is read later."""
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(LIMIT_S)
    s.connect(("127.0.0.1", daemon.port))
    s.send(question(name, 7))
    return s


def hear(s):
    with s:
        try:
            reply = dns.message.from_wire(s.recv(4096))
        except OSError as error:
            return str(error)
    return " ".join(str(rr) for rrset in reply.answer for rr in rrset)


def service(what, daemon):
    """Many clients, so that every socket of the address has some."""
    got = {look(daemon, "h0007.load.test", tcp=tcp)
           for _ in range(24) for tcp in (False, True)}
    same(what, got, {"10.0.0.7"})


# ---- taking over ----

def check_under_load(where):
    upstream = Upstream()
    old = Daemon(where, config(forward=upstream.entry))
    new = follower(old, config(more="new.hosts", forward=upstream.entry))
    (where / "new.hosts").write_text("10.9.9.9 fresh\n")
    with old:
        load, asker = Load(old, 3000), Asker(old)
        idle, half, busy = (Connection(old) for _ in range(3))
        idle.send("h0001.load.test")
        same("TCP before", idle.get(), "10.0.0.1")
        data = question("h0002.load.test", 1)
        data = struct.pack("!H", len(data)) + data
        half.socket.sendall(data[:11])
        for i in range(3):
            busy.send(f"tcp{i}.up.test")
        waiting = [ask_later(old, f"udp{i}.up.test") for i in range(20)]
        case("the upstream was asked", upstream.wait_for(23))
        new.start()
        case("the old one knows", old.wait_log("serves now"), old.log)
        idle.send("h0003.load.test")
        same("an idle TCP connection lives on", idle.get(), "10.0.0.3")
        half.socket.sendall(data[11:])
        same("one in the middle of a question too", half.get(), "10.0.0.2")
        upstream.free.set()
        same("questions that waited are answered",
             {hear(s) for s in waiting}, {"192.0.2.9"})
        same("by TCP too", {busy.get() for _ in range(3)}, {"192.0.2.9"})
        busy.send("h0004.load.test")
        same("and that connection lives on", busy.get(), "10.0.0.4")
        same("the old one ends with", ended(old), 0)
    with_new(new, load)
    asker.judge()
    same("it stops with", new.stop(), 0)
    case("and takes the control socket away", not os.path.exists(new.ctl))


def with_new(new, load):
    same("the new one has what is new", look(new, "fresh.load.test"),
         "10.9.9.9")
    case("it says what came to it", new.wait_log("3 TCP connections"),
         new.log)
    service("every socket is served", new)
    load.judge("a restart")
    same("hostlerctl reaches it", new.ctl_run("status").returncode, 0)
    case("a reload goes on working", new.hup(), new.log)


def check_http(where):
    port = free_port()
    text = config(http=f"http: {{listen: [127.0.0.1@{port}]}}")
    old = Daemon(where, text).start()
    scraper = Scraper(old, port)
    for _ in range(2):
        new = follower(old, text).start()
        same("HTTP: the old one ends with", ended(old), 0)
        old = new
    scraper.judge("HTTP turned nobody away")
    same("HTTP: the last one ends with", old.stop(), 0)


def check_numbers_of_threads(where):
    old = Daemon(where, config(1)).start()
    load = Load(old, 2000)
    for threads in (4, 1, 3):
        new = follower(old, config(threads)).start()
        same(f"{threads} threads: the one before ends with", ended(old), 0)
        service(f"{threads} threads serve", new)
        old = new
    load.judge("other numbers of threads")
    old.stop()


def check_addresses(where):
    """The wildcard address after one of its own, and the other way round: the
    sockets of the one stand in the way of the other."""
    old = Daemon(where, config()).start()
    for listen in ('"0.0.0.0@{port}"', HERE):
        new = follower(old, config(listen=listen)).start()
        same(f"{listen}: the one before ends with", ended(old), 0)
        service(f"{listen} is served", new)
        old = new
    old.stop()


def check_nobody(where):
    new = Daemon(where, config(), ["-R"])
    with new:
        case("nobody to replace: it starts all the same",
             "nobody to replace" in new.log, new.log)
        service("and serves", new)


# ---- what fails on the way ----

def try_to_replace(old, text, program=HOSTLER, under=()):
    new = follower(old, text)
    return subprocess.run([*under, program, "-R", "-c", str(new.conf)],
                          capture_output=True, text=True, timeout=LIMIT_S)


def check_failures(where):
    with Daemon(where, config()) as old:
        load = Load(old, 2000)
        got = try_to_replace(old, "server: {listen: 7}\n")
        same("a broken configuration: the new one ends with",
             got.returncode, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            other = f'"127.0.0.1@{taken.getsockname()[1]}"'
            got = try_to_replace(old, config(listen=f"{HERE}, {other}"))
        same("an address in use: it ends with", got.returncode, 2)
        case("and says so", "in use" in got.stderr, got.stderr)
        case("the old one goes on", old.wait_log("this one goes on"), old.log)
        same("its control socket is there", old.ctl_run("status").returncode,
             0)
        check_dying(old)
        check_playing(old)
        load.judge("failures")
        service("the old one serves", old)


def check_dying(old):
    """Killed while it reads its names.  On a machine that stands still for
    long it may be too late for that: then it serves, and is replaced in turn."""
    big = old.dir / "big.hosts"
    big.write_text("".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255} big{i}\n"
                           for i in range(200000)))
    died = False
    for _ in range(5):
        new = follower(old, config(more="big.hosts"))
        start = len(old.log)
        process = subprocess.Popen([HOSTLER, "-R", "-c", str(new.conf)],
                                   stderr=subprocess.DEVNULL)
        case("the new one has asked", old.wait_log("about to take", start),
             old.log)
        process.kill()
        process.wait()
        died = old.wait_log("this one goes on", start)
        if died:
            break
        old.start()
    case("killed half way: the old one goes on", died, old.log)
    same("its control socket answers", old.ctl_run("status").returncode, 0)


def hand_over(old, words=b"handover 1\n"):
    """Play the new one: the connection, and what the old one says first."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(LIMIT_S)
    s.connect(old.ctl)
    s.sendall(words)
    return s, s.recv(2)


def read_parcels(s):
    """(kind, descriptors) of each, to the end word."""
    while True:
        data, fds, _, _ = socket.recv_fds(s, 16, 253)
        _, kind, count, length = struct.unpack("=IIII", data)
        if kind == 3:
            return
        yield kind, fds, count, length


def check_playing(old):
    s, answer = hand_over(old)
    same("it gives its sockets", answer, b"0\n")
    parcels = list(read_parcels(s))
    same("control, then UDP and TCP", [p[0] for p in parcels], [2, 1, 1])
    same("as many as it says", [len(p[1]) for p in parcels], [1, 2, 2])
    names = [socket.socket(fileno=fd).getsockname()
             for p in parcels[1:] for fd in p[1]]
    same("at its address", set(names), {("127.0.0.1", old.port)})
    second, answer = hand_over(old)
    same("one at a time", (answer, b"about to replace" in second.recv(200)),
         (b"1\n", True))
    start = len(old.log)
    s.sendall(b"nonsense that is longer than a header")
    case("nonsense: the old one goes on",
         old.wait_log("this one goes on", start), old.log)
    third, answer = hand_over(old, b"handover 7\n")
    same("another version is refused", answer, b"1\n")
    for one in (s, second, third):
        one.close()


def check_rights(where):
    if os.geteuid() != 0:
        return
    os.chmod(where, 0o755)
    os.chown(where, 65534, 65534)
    text = config().replace("user: ''", "user: nobody")
    old = Daemon(where, text).start()
    os.chmod(old.ctl, 0o666)
    got = try_to_replace(old, config(), under=[
        "setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"])
    same("another user is refused", got.returncode, 2)
    case("and told why", "root" in got.stderr, got.stderr)
    new = follower(old, text).start()
    same("root may, after rights were dropped", ended(old), 0)
    service("its sockets work", new)
    own = follower(new, text)
    own.under = ["setpriv", "--reuid=65534", "--regid=65534",
                 "--clear-groups"]
    own.start()
    same("the user itself may", ended(new), 0)
    service("and serves", own)
    own.stop()


# ---- the service manager ----

CREDENTIALS = struct.Struct("=iII")     # struct ucred: process, user, group


class Manager:
    """The socket of sd_notify, and what came to it.  As with NotifyAccess=main,
    the default of a unit of Type=notify, only the main process is listened to:
    the first that says something, until it names another."""

    def __init__(self, where):
        self.path = str(where / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(LIMIT_S)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.under = ["env", f"NOTIFY_SOCKET={self.path}"]
        self.main = None
        self.texts = []
        self.ignored = []
        self.kept = {}

    def receive(self):
        """The sender's process, what it says, and descriptors."""
        data, others, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(
            CREDENTIALS.size) + socket.CMSG_SPACE(253 * 4))
        fds = array.array("i")
        for _, kind, more in others:
            if kind == socket.SCM_RIGHTS:
                fds.frombytes(more)
            elif kind == socket.SCM_CREDENTIALS:
                pid = CREDENTIALS.unpack(more)[0]
        return pid, data.decode(), fds

    def say(self, text):
        """From the process of this test."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(text.encode(), self.path)

    def read_one(self):
        pid, text, fds = self.receive()
        fields = dict(line.split("=", 1) for line in text.split("\n"))
        if self.main is None:
            self.main = pid
        if pid != self.main:
            for fd in fds:
                os.close(fd)
            self.ignored.append(fields)
            return {}
        self.main = int(fields.get("MAINPID", pid))
        self.texts.append(fields)
        if "FDSTOREREMOVE" in fields:
            for fd in self.kept.pop(fields["FDNAME"], []):
                os.close(fd)
        elif fields.get("FDSTORE"):
            self.kept.setdefault(fields["FDNAME"], []).extend(fds)
        return fields

    def wait_for(self, key, value=None):
        """Read until such a message came; it, or None."""
        while True:
            try:
                fields = self.read_one()
            except OSError:
                return None
            if key in fields and value in (None, fields[key]):
                return fields

    def kinds(self, name):
        found = [socket.socket(fileno=os.dup(fd)).type
                 for fd in self.kept.get(name, [])]
        return sorted(found)

    def sockets(self):
        return [(fd, name) for name, fds in self.kept.items() for fd in fds]


PASSER = """
import fcntl, os, sys
fds = [fcntl.fcntl(int(word), fcntl.F_DUPFD, 200)
       for word in sys.argv[1].split(",")]
for number, fd in enumerate(fds):
    os.dup2(fd, 3 + number)
os.environ.update(LISTEN_FDS=str(len(fds)), LISTEN_PID=str(os.getpid()),
                  LISTEN_FDNAMES=sys.argv[2])
os.closerange(3 + len(fds), 1000)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def passed(daemon, manager, sockets):
    """The daemon gets these (descriptor, name) as a service manager does it."""
    daemon.under = manager.under + [
        sys.executable, "-c", PASSER, ",".join(str(fd) for fd, _ in sockets),
        ":".join(name for _, name in sockets)]
    daemon.pass_fds = [fd for fd, _ in sockets]
    manager.main = None
    return daemon


def check_store(where):
    manager = Manager(where)
    first = Daemon(where, config())
    first.under = manager.under
    name = f"127.0.0.1@{first.port}"
    first.start()
    case("it says that it is ready", manager.wait_for("READY"))
    same("its sockets are kept", manager.kinds(name),
         [socket.SOCK_STREAM] * 2 + [socket.SOCK_DGRAM] * 2)
    load = Load(first, 1000)
    service("they are served", first)
    same("it stops with", first.stop(), 0)
    case("and says so", manager.wait_for("STOPPING"))
    waiting = [ask_later(first, "h0005.load.test") for _ in range(20)]
    connection = Connection(first)
    connection.send("h0006.load.test")
    second = Daemon(where, None)
    second.port = first.port
    other = free_port()
    second.configure(config(3, listen=f'{HERE}, "127.0.0.1@{other}"'))
    passed(second, manager, manager.sockets())
    with second:
        same("what was asked meanwhile is answered",
             {hear(s) for s in waiting}, {"10.0.0.5"})
        same("by TCP too", connection.get(), "10.0.0.6")
        load.judge("a restart that keeps the sockets")
        service("every socket is served", second)
        check_store_follows(second, manager, other)


def check_store_follows(daemon, manager, other):
    """A reload that leaves out an address, and one that adds it."""
    name = f"127.0.0.1@{other}"
    case("a new address is kept", manager.wait_for("READY") and
         len(manager.kinds(name)) == 6, manager.texts)
    daemon.configure(config(3))
    case("reloaded", daemon.hup(), daemon.log)
    case("an address that is gone is forgotten",
         manager.wait_for("FDSTOREREMOVE") and name not in manager.kept,
         manager.texts)


def open_plain(port=0):
    """As a .socket unit opens them: one each, for itself alone."""
    tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind(("127.0.0.1", port))
    tcp.listen(8)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    return udp, tcp


def check_activation(where):
    manager = Manager(where)
    daemon = Daemon(where, None)
    udp, tcp = open_plain(daemon.port)
    other, _ = open_plain()
    pipe = os.pipe()
    daemon.configure(config(4))
    passed(daemon, manager, [(udp.fileno(), "dns.socket"),
                             (tcp.fileno(), "dns.socket"),
                             (other.fileno(), "other"), (pipe[0], "pipe")])
    waiting = ask_later(daemon, "h0008.load.test")
    with daemon:
        same("what was asked before the start is answered", hear(waiting),
             "10.0.0.8")
        service("a .socket unit's sockets are served", daemon)
        case("one that nobody wants is closed and told",
             "'other' of the service manager is closed" in daemon.log,
             daemon.log)
        case("what is no socket too", "'pipe' of the service manager is not "
             "taken" in daemon.log, daemon.log)
        manager.wait_for("READY")
        same("the manager is to forget both", {
            fields["FDNAME"] for fields in manager.texts
            if "FDSTOREREMOVE" in fields}, {"other", "pipe"})


def check_main_process(where):
    manager = Manager(where)
    old = Daemon(where, config())
    new = follower(old, config())
    old.under = new.under = manager.under
    old.start()
    manager.wait_for("READY")
    new.start()
    same("the old one names the new", manager.wait_for("MAINPID")["MAINPID"],
         str(new.process.pid))
    same("and ends with", ended(old), 0)
    case("the new one names itself",
         manager.wait_for("MAINPID", str(new.process.pid)))
    case("and is ready", manager.wait_for("READY"))
    case("nobody said STOPPING", not any("STOPPING" in fields
                                         for fields in manager.texts))
    new.stop()


def parcel(kind, count):
    return struct.pack("=IIII", 0x684f7354, kind, count, 0)


class Replaced:
    """Plays the one that is replaced, and that ends when it is told to."""

    def __init__(self, path, ports):
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.control.settimeout(LIMIT_S)    # and so it does not block
        self.control.bind(path)
        self.control.listen(8)
        self.sockets = [one for port in ports for one in open_plain(port)]
        self.done = None
        self.thread = threading.Thread(target=self.give, daemon=True)
        self.thread.start()

    def give(self):
        self.other, _ = self.control.accept()
        self.other.recv(100)
        self.other.sendall(b"0\n")
        for kind, given in ((2, [self.control]), (1, self.sockets), (3, [])):
            socket.send_fds(self.other, [parcel(kind, len(given))],
                            [one.fileno() for one in given])
        self.done = self.other.recv(16)

    def is_done(self):
        self.thread.join(LIMIT_S)
        return self.done == parcel(4, 0)

    def end(self):
        for one in (self.other, self.control, *self.sockets):
            one.close()


def check_store_of_two(where):
    """As long as the old one has not named the new, the manager does not hear
    what the new one says; and of an address that is served no more, the old
    one's sockets are not to stay with the manager: what comes to them is
    lost."""
    manager = Manager(where)
    manager.main = os.getpid()
    new = Daemon(where, None, ["-R"])
    gone, added = free_port(), free_port()
    new.configure(config(listen=f'{HERE}, "127.0.0.1@{added}"'))
    new.under = manager.under
    old = Replaced(new.ctl, [new.port, gone])
    names = [f"127.0.0.1@{port}" for port in (new.port, added, gone)]
    manager.kept[names[2]] = [os.dup(one.fileno()) for one in old.sockets[2:]]
    with new:
        case("the old one may let go", old.is_done(), new.log)
        same("a reload before it has",
             new.ctl_run("reload").returncode, 0)
        manager.say(f"MAINPID={new.process.pid}")
        old.end()
        for who in ("the old one", "the new one"):
            case(f"{who} names the new", manager.wait_for(
                "MAINPID", str(new.process.pid)), manager.texts)
        case("which is ready", manager.wait_for("READY"), manager.texts)
        for name in names[:2]:
            same("its sockets are kept", manager.kinds(name),
                 [socket.SOCK_STREAM] * 2 + [socket.SOCK_DGRAM] * 2)
        case("those of the old one are forgotten",
             names[2] not in manager.kept, manager.texts)
        same("nothing was to be kept that is not", [
            fields for fields in manager.ignored
            if fields.keys() & {"FDSTORE", "FDSTOREREMOVE"}], [])


def pass_connection(old):
    """A TCP connection that the one that is replaced had; its client."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        client = Connection(types.SimpleNamespace(port=door.getsockname()[1]))
        server, _ = door.accept()
    with server:
        server.setblocking(False)
        socket.send_fds(old.other, [parcel(5, 1)], [server.fileno()])
    return client


def check_third(where):
    """Who replaced another is not replaced before that one has ended: what
    still comes from there would be lost."""
    new = Daemon(where, config(), ["-R"])
    old = Replaced(new.ctl, [new.port])
    with new:
        case("the first may let go", old.is_done(), new.log)
        got = try_to_replace(new, config())
        same("a third is refused with", got.returncode, 2)
        case("and told why", "cannot be replaced: the one that it replaced "
             "has not ended yet" in got.stderr, got.stderr)
        case("the second tells, too", new.wait_log("wants to take over: the "
             "one that"), new.log)
        ours = Connection(new)
        theirs = pass_connection(old)
        ours.send("h0001.load.test")
        theirs.send("h0002.load.test")
        same("the second serves", ours.get(), "10.0.0.1")
        same("and what still comes from the first", theirs.get(), "10.0.0.2")
        old.end()
        case("the first has ended", new.wait_log("old hostler has ended; 1"),
             new.log)
        third = follower(new, config()).start()
        same("then a third may: the second ends with", ended(new), 0)
        theirs.send("h0003.load.test")
        same("and has what came from the first", theirs.get(), "10.0.0.3")
        third.stop()


def stop_first(where):
    """Replaced, and stopped while it waits for an answer; the two daemons."""
    upstream = Upstream()
    text = config(forward=upstream.entry)
    first = Daemon(where, text).start()
    ask_later(first, "held.up.test").close()
    case("the upstream of the first was asked", upstream.wait_for(1))
    second = follower(first, text).start()
    case("the first knows", first.wait_log("serves now"), first.log)
    first.process.send_signal(signal.SIGSTOP)
    got = try_to_replace(second, text)
    same("the first is stopped: a third is refused with", got.returncode, 2)
    return first, second


def check_given_up(first, second):
    """One that is stopped does not keep a third away for ever."""
    case("the first is given up, and named", second.wait_log(
        f"process {first.process.pid}, which was replaced, does not end"),
        second.log)
    third = follower(second, config()).start()
    same("a third may: the second ends with", ended(second), 0)
    service("and the third serves", third)
    first.process.send_signal(signal.SIGCONT)
    same("the first goes on, and ends with", ended(first), 0)
    service("which changes nothing", third)
    third.stop()


checks = [check_under_load, check_http, check_numbers_of_threads,
          check_addresses, check_nobody, check_failures, check_rights,
          check_third]
# What --without-systemd leaves out.
if "#define HAVE_SYSTEMD 1" in (BUILD / "config.h").read_text():
    checks += [check_store, check_store_of_two, check_activation,
               check_main_process]
with folder() as slow:
    write_names(slow)
    both = stop_first(slow)             # and given up while others are checked
    for check in checks:
        with folder() as where:
            write_names(where)
            check(where)
    check_given_up(*both)
finish()
