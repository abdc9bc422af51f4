# SPDX-License-Identifier: BSD-2-Clause
"""The servers that are compared, each with the least configuration for the
work, and what /proc tells of them.

A server runs in a session of its own, so that children and threads are counted
with it, and is ended by its processes' ids."""
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import time

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
START_LIMIT_S = 60
STOP_LIMIT_S = 10
RELOAD_LIMIT_S = 60


class Place:
    """Where one run of a server has its files and addresses."""

    def __init__(self, folder, ports):
        """ports: port, upstream_port and web_port"""
        self.folder = pathlib.Path(folder)
        self.address, self.port = "127.0.0.1", ports.port
        self.upstream, self.upstream_port = "127.0.0.2", ports.upstream_port
        self.web_port = ports.web_port

    def __getattr__(self, name):
        """place.hosts and so on: the data as it is at present."""
        return str(self.folder / name.replace("_", "-"))

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="ascii")
        return str(self.folder / name)


# ---- what each one is told ----

def floor(place, work):
    del place
    return ["-m", "tcp"] if work.transport == "tcp" else []


def hostler(place, work):
    text = (f"server: {{listen: ['{place.address}@{place.port}'], threads: 1, "
            f"user: ''}}\ncontrol: {{socket: {place.control}}}\n"
            f"http: {{listen: {place.address}@{place.web_port}}}\n")
    if work.forwards:
        to = f"['{place.upstream}@{place.upstream_port}']"
        text += ("hosts: []\ncache: {size: 512M}\n"
                 f"forward: [{{zone: ., to: {to}}}, "
                 f"{{zone: test, to: {to}}}]\n")
    else:
        text += ("domain: cluster.test\nforward: []\n"
                 f"hosts: [{{path: {place.hosts}, ttl: 3600}}]\n")
    return ["-c", place.write("hostler.yaml", text)]


def nsd(place, work):
    del work
    return ["-d", "-c", place.write("nsd.conf", f"""server:
 ip-address: {place.address}@{place.port}
 server-count: 1
 username: ""
 chroot: ""
 zonesdir: "{place.folder}"
 database: ""
 pidfile: "{place.pid}"
 xfrdfile: "{place.xfrd}"
 xfrdir: "{place.folder}"
 zonelistfile: "{place.list}"
 rrl-ratelimit: 0
 minimal-responses: yes
 tcp-count: 100
remote-control:
 control-enable: no
zone:
 name: cluster.test
 zonefile: "{place.zone}"
""")]


def knotd(place, work):
    del work
    return ["-c", place.write("knot.conf", f"""server:
  listen: {place.address}@{place.port}
  rundir: {place.folder}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
control:
  listen: {place.control}
database:
  storage: {place.database}
zone:
  - domain: cluster.test
    storage: {place.folder}
    file: {place.zone}
    zonefile-sync: -1
    journal-content: none
    semantic-checks: off
""")]


def unbound(place, work):
    text = f"""server:
 interface: {place.address}@{place.port}
 do-ip6: no
 username: ""
 chroot: ""
 directory: "{place.folder}"
 pidfile: "{place.pid}"
 use-syslog: no
 num-threads: 1
 module-config: "iterator"
 do-not-query-localhost: no
 access-control: 127.0.0.0/8 allow
 incoming-num-tcp: 100
 outgoing-range: 8192
 num-queries-per-thread: 4096
 msg-cache-size: 256m
 rrset-cache-size: 512m
 so-rcvbuf: 4m
 so-sndbuf: 4m
 minimal-responses: yes
 local-zone: "test." nodefault
"""
    if not work.forwards:
        text += f' include: "{place.local_data}"\n'
    text += ("remote-control:\n control-enable: yes\n control-use-cert: no\n"
             f" control-interface: {place.control}\n")
    if work.forwards:
        text += ('forward-zone:\n name: "."\n forward-addr: '
                 f"{place.upstream}@{place.upstream_port}\n")
    return ["-d", "-c", place.write("unbound.conf", text)]


def dnsmasq(place, work):
    text = f"""port={place.port}
listen-address={place.address}
bind-interfaces
user={"root" if os.geteuid() == 0 else ""}
no-resolv
no-hosts
no-poll
cache-size=100000
dns-forward-max=10000
log-facility={place.log_text}
"""
    if work.forwards:
        text += f"server={place.upstream}#{place.upstream_port}\n"
    else:
        text += (f"addn-hosts={place.hosts}\nlocal=/cluster.test/\n"
                 "local-ttl=3600\n")
    return ["-k", "-C", place.write("dnsmasq.conf", text)]


def named(place, work):
    text = f"""options {{
 directory "{place.folder}";
 listen-on port {place.port} {{ {place.address}; }};
 listen-on-v6 {{ none; }};
 pid-file "{place.pid}";
 session-keyfile "{place.key}";
 managed-keys-directory "{place.folder}";
 dnssec-validation no;
 minimal-responses yes;
 max-cache-size 1024M;
 recursive-clients 10000;
 empty-zones-enable no;
 notify no;
"""
    if work.forwards:
        text += (" recursion yes; forward only;\n forwarders { "
                 f"{place.upstream} port {place.upstream_port}; }};\n}};\n")
    else:
        text += (' recursion no;\n};\nzone "cluster.test" { type primary; '
                 f'file "{place.zone}"; }};\n')
    return ["-f", "-n", "1", "-c", place.write("named.conf",
                                              text + "controls { };\n")]


def pdns_server(place, work):
    del work
    place.write("zones.conf", 'zone "cluster.test" { type master; file '
                f'"{place.zone}"; }};\n')
    place.write("pdns.conf", f"""launch=bind
bind-config={place.folder}/zones.conf
local-address={place.address}
local-port={place.port}
socket-dir={place.folder}
receiver-threads=1
distributor-threads=1
reuseport=no
daemon=no
guardian=no
loglevel=2
zone-cache-refresh-interval=0
max-tcp-connections=100
max-cache-entries=4000000
max-packet-cache-entries=4000000
""")
    return [f"--config-dir={place.folder}"]


# ---- how each one is told to read its data again ----

def hang_up(server):
    os.kill(server.process.pid, signal.SIGHUP)


def search(name):
    """A program's path; daemons are not on everybody's PATH."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")


def run_quietly(name, *arguments):
    subprocess.run([search(name) or name, *arguments], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   timeout=RELOAD_LIMIT_S)


def knot_reload(server):
    run_quietly("knotc", "-s", server.place.control, "zone-reload",
                "cluster.test")


def unbound_reload(server):
    run_quietly("unbound-control", "-c",
                str(server.place.folder / "unbound.conf"), "reload")


class Kind:
    """One program.  modes: local, forward, tcp; data: the file it loads;
    most_names: more it is not given."""

    def __init__(self, name, title, arguments, modes, **more):
        self.name, self.title, self.arguments = name, title, arguments
        self.modes = modes.split()
        self.data = more.get("data", "")
        self.package = more.get("package")
        self.reload = more.get("reload")
        self.most_names = more.get("most_names", 10000000)
        self.program = None

    def find(self, build):
        """Its path; None where it is not installed."""
        own = {"floor": "tests/bench/floor", "hostler": "src/hostler"}
        if self.name in own:
            self.program = str(pathlib.Path(build).resolve() /
                               own[self.name])
        else:
            self.program = search(self.name)
        return self.program

    def version(self):
        if self.name == "floor":
            return ""
        flag = {"dnsmasq": "-v", "nsd": "-v", "named": "-v", "pdns_server":
                "--version"}.get(self.name, "-V")
        told = subprocess.run([self.program, flag], capture_output=True,
                              text=True, check=False, timeout=10)
        found = re.search(r"\d+\.\d+[\w.]*", told.stdout + told.stderr)
        return found[0].rstrip(".") if found else ""


KINDS = [
    Kind("floor", "floor", floor, "local forward tcp"),
    Kind("hostler", "hostler", hostler, "local forward tcp", data="hosts",
         reload=hang_up),
    Kind("nsd", "NSD", nsd, "local tcp", data="zone", package="nsd",
         reload=hang_up),
    Kind("knotd", "Knot", knotd, "local tcp", data="zone", package="knot",
         reload=knot_reload),
    Kind("unbound", "unbound", unbound, "local forward tcp",
         data="local-data", package="unbound", reload=unbound_reload,
         most_names=100000),
    Kind("dnsmasq", "dnsmasq", dnsmasq, "local forward tcp", data="hosts",
         package="dnsmasq-base", reload=hang_up, most_names=100000),
    Kind("named", "BIND", named, "local forward tcp", data="zone",
         package="bind9", reload=hang_up),
    Kind("pdns_server", "PowerDNS", pdns_server, "local tcp", data="zone",
         package="pdns-server pdns-backend-bind"),
]


# ---- one that runs ----

def question(name, packet_id):
    packet = struct.pack(">HHHHHH", packet_id, 0x100, 1, 0, 0, 0)
    for label in name.split("."):
        packet += bytes([len(label)]) + label.encode()
    return packet + b"\0\0\1\0\1"


def fields(pid):
    """What follows the program's name in /proc/PID/stat."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(") ")[2].split()


def cpu_between_s(before, after):
    """CPU between two Server.cpu(): by thread, unless the ticks, in which those
    are that ended meanwhile, say otherwise."""
    ticks_s = after[0] - before[0]
    threads_s = (sum(after[1].values()) - sum(before[1].values())) / 1e9
    return threads_s if abs(threads_s - ticks_s) < 3 * TICK_S else ticks_s


class Server:
    """A program at work; to be used by `with`."""

    def __init__(self, kind, place, work, core):
        self.kind, self.place, self.work, self.core = kind, place, work, core
        self.process = None
        self.load_ms = 0.0

    def __enter__(self):
        arguments = self.kind.arguments(self.place, self.work)
        if self.kind.name == "floor":
            arguments += [self.place.address, str(self.place.port)]
        self.start([self.kind.program, *arguments])
        return self

    def start(self, command):
        os.makedirs(self.place.database, exist_ok=True)
        with open(self.place.log, "wb") as log:
            started = time.monotonic()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.place.folder, start_new_session=True,
                preexec_fn=lambda: os.sched_setaffinity(0, {self.core}))
        wanted = "10.0.0.7" if self.work.forwards else "10.99.0.1"
        if self.kind.name == "floor":
            wanted = None
        try:
            self.await_answer(wanted, started + START_LIMIT_S)
        except BaseException:
            self.__exit__()
            raise
        self.load_ms = 1000 * (time.monotonic() - started)

    def ask(self, name):
        """The first address of the name; None: no answer yet."""
        packet = question(name, int.from_bytes(os.urandom(2), "big"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.02)
            try:
                client.connect((self.place.address, self.place.port))
                client.send(packet)
                answer = client.recv(4096)
            except OSError:
                return None
        if answer[:2] != packet[:2] or answer[6:8] == b"\0\0":
            return None
        return socket.inet_ntoa(answer[len(packet) + 12:len(packet) + 16])

    def await_answer(self, wanted, limit):
        """wanted None: any; and over TCP, that it can be reached."""
        name = "vm7.new.test" if self.work.forwards else "probe.cluster.test"
        while True:
            if self.kind.name == "floor" and self.work.transport == "tcp":
                with socket.socket() as client:
                    if client.connect_ex((self.place.address,
                                          self.place.port)) == 0:
                        return
            else:
                got = self.ask(name)
                if got is not None and wanted in (None, got):
                    return
            if self.process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError(
                    f"{self.kind.title} does not answer:\n" + self.said())
            time.sleep(0.002)

    def said(self):
        with open(self.place.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:]

    def pids(self):
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                row = fields(name)
            except OSError:
                continue
            if row[3] == str(self.process.pid) and row[0] != "Z":
                found.append(int(name))
        return found

    def threads_ns(self):
        """CPU by thread of those that live; finer than the kernel's ticks."""
        found = {}
        for pid in self.pids():
            for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                try:
                    found[path.parent.name] = int(path.read_text(
                        encoding="ascii").split()[0])
                except OSError:
                    pass
        return found

    def cpu(self):
        """For cpu_between_s()."""
        return self.cpu_s(), self.threads_ns()

    def cpu_s(self):
        """Of all its processes, and of their children that have ended."""
        total = 0
        for pid in self.pids():
            try:
                total += sum(int(field) for field in fields(pid)[11:15])
            except OSError:
                pass
        return total * TICK_S

    def memory_mb(self):
        """What is its own, and at most was: proportional set, peak."""
        now = most = 0
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/smaps_rollup",
                          encoding="ascii") as rollup:
                    now += int(re.search(r"Pss:\s+(\d+)", rollup.read())[1])
                with open(f"/proc/{pid}/status", encoding="utf-8") as status:
                    most += int(re.search(r"VmHWM:\s+(\d+)",
                                          status.read())[1])
            except (OSError, TypeError):
                pass
        return now / 1024, most / 1024

    def __exit__(self, *_):
        for how in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.pids():
                try:
                    os.kill(pid, how)
                except ProcessLookupError:
                    pass
            limit = time.monotonic() + STOP_LIMIT_S
            while self.pids() and time.monotonic() < limit:
                self.process.poll()
                time.sleep(0.005)
        self.process.wait()
