# SPDX-License-Identifier: BSD-2-Clause
"""What the end-to-end tests have in common: a daemon in a folder of its own,
questions to it, and cases that are counted.

Nothing waits by sleeping: a daemon is up when it says "ready", gone when its
process ended, and a reload is over when hostlerctl returns.  Every wait has a
limit."""
import contextlib
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

try:
    import dns.edns
    import dns.flags
    import dns.message
    import dns.query
    import dns.rcode
    import dns.rdatatype
except ImportError:
    print("SKIP: python3-dnspython is not installed")
    sys.exit(77)

SRC = pathlib.Path(os.environ["abs_top_srcdir"])
BUILD = pathlib.Path(os.environ["abs_top_builddir"])
HOSTLER = str(BUILD / "src" / "hostler")
HOSTLERCTL = str(BUILD / "src" / "hostlerctl")
LIMIT_S = 60

failures = []
cases = 0
counting = threading.Lock()


def case(what, good, detail=""):
    """Count one thing that must hold, and say it."""
    global cases
    with counting:
        cases += 1
        print(("ok   " if good else "FAIL ") + what +
              ("" if good else f": {detail}"), flush=True)
        if not good:
            failures.append(what)
    return good


def same(what, got, wanted):
    return case(what, got == wanted, f"got {got!r}, not {wanted!r}")


def fail_for_thread(args):
    """What a thread did not catch fails the test as well."""
    case(f"{args.thread.name} ended well", False, "".join(
        traceback.format_exception(args.exc_value)))


threading.excepthook = fail_for_thread


def at_once(*checks):
    """Each check in a thread of its own, and all of them to the end."""
    threads = [threading.Thread(target=check, name=check.__name__)
               for check in checks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def finish():
    print(f"{cases - len(failures)} of {cases} held")
    for what in failures[:8]:
        print(f"did not hold: {what}")
    sys.exit(1 if failures or not cases else 0)


def kernels_lowest():
    """The least of the ports that the kernel gives to who names none."""
    path = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
    return int(path.read_text(encoding="ascii").split()[0])


held = {}                       # port: what keeps others from it


def free_port(address="127.0.0.1"):
    """A port that is free for UDP and TCP, and stays so: none that the kernel
    gives anybody, and held, at an address that no test serves, as long as
    this process lives.  So no other test finds it, nor does the socket of a
    question of some other hostler, which draws from all ports."""
    for _ in range(1000):
        port = random.randrange(12000, max(kernels_lowest(), 20000))
        holder = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                holder.bind(("127.255.255.254", port))
                tcp.bind((address, port))
                udp.bind((address, port))
            except OSError:
                holder.close()
                continue
        held[port] = holder
        return port
    raise RuntimeError("no free port")


@contextlib.contextmanager
def folder():
    """A folder of the test's own; others may read it, as the user that hostler
    becomes when the test is root's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="hostler-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def ask_udp(query, *where, **how):
    """What comes from anywhere else, a late answer to who had this port before,
    is passed over."""
    return dns.query.udp(query, *where, ignore_unexpected=True, **how)


@contextlib.contextmanager
def preloaded(shim, **more):
    """What is started in here has a library put before the C library; where a
    sanitizer's runtime has to come first it is told that it is not the first."""
    options = os.environ.get("ASAN_OPTIONS", "")
    more.update(LD_PRELOAD=str(BUILD / "tests" / "e2e" / shim),
                ASAN_OPTIONS=options + ":verify_asan_link_order=0")
    before = {name: os.environ.get(name) for name in more}
    os.environ.update(more)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def what_matters(log):
    """Of what a daemon said: what a sanitizer, or else it itself at the end."""
    lines = log.splitlines()
    for i, line in enumerate(lines):
        if re.search(r"Sanitizer|runtime error:|[Aa]ssertion", line):
            return "\n".join(lines[i:i + 50])
    return "\n".join(lines[-30:])


class Daemon:
    """hostler with a configuration; {port}, {dir} and {ctl} are put in."""

    def __init__(self, where, config, args=(), address="127.0.0.1"):
        self.dir = where
        self.address = address
        self.port = free_port(address)
        self.ctl = str(where / "ctl")
        self.conf = where / "hostler.yaml"
        self.args = list(args)
        self.program = HOSTLER
        self.under = []         # what starts it, somewhere else
        self.pass_fds = ()
        self.log = ""
        self.process = None
        if config is not None:
            self.configure(config)

    def configure(self, config):
        if "0.0.0.0@{port}" in config and self.port in held:
            held.pop(self.port).close()
        text = config
        for key, value in (("{port}", str(self.port)), ("{dir}", str(self.dir)),
                           ("{ctl}", self.ctl)):
            text = text.replace(key, value)
        self.conf.write_text(text)

    def start(self):
        command = self.under + [self.program, "-c", str(self.conf)] + self.args
        # A file: nobody has to read it for the daemon to go on.
        self.log_file = tempfile.TemporaryFile()
        self.log_read = 0
        before = len(self.log)
        self.process = subprocess.Popen(command, stderr=self.log_file,
                                        stdin=subprocess.DEVNULL,
                                        pass_fds=self.pass_fds)
        if not self.wait_log("ready", before):
            log = self.log[before:]
            self.stop()
            raise RuntimeError("hostler did not become ready:\n" +
                               what_matters(log))
        return self

    def read_log(self, wait_s=0.0):
        end = time.monotonic() + wait_s
        while True:
            data = os.pread(self.log_file.fileno(), 1 << 20, self.log_read)
            self.log_read += len(data)
            self.log += data.decode("utf-8", "replace")
            if data or time.monotonic() >= end:
                return bool(data)
            select.select([], [], [], 0.005)

    def wait_log(self, word, start=0):
        end = time.monotonic() + LIMIT_S
        while word not in self.log[start:]:
            if time.monotonic() > end:
                return False
            if not self.read_log(0.2) and self.process.poll() is not None:
                while self.read_log():
                    pass
                return word in self.log[start:]
        return True

    def hup(self):
        """SIGHUP, and wait until the daemon says that it is over."""
        while self.read_log():
            pass
        start = len(self.log)
        self.process.send_signal(signal.SIGHUP)
        return self.wait_log("reloaded", start)

    def check(self):
        """hostler -t of its configuration."""
        return subprocess.run([self.program, "-t", "-c", str(self.conf)],
                              capture_output=True, text=True, timeout=LIMIT_S)

    def ctl_run(self, *words):
        return subprocess.run([HOSTLERCTL, "-s", self.ctl, *words],
                              capture_output=True, text=True, timeout=LIMIT_S)

    def status(self):
        return json.loads(self.ctl_run("--json", "status").stdout)

    def source(self, end):
        """What status says of the source whose path ends so."""
        return [one for one in self.status()["sources"]
                if one["path"].endswith(end)][0]

    def stop(self):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        while self.read_log():
            pass
        self.log_file.close()
        self.process = None
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        code = self.stop()
        if code not in (0, None):
            case("hostler ended well", False,
                 f"status {code}\n{what_matters(self.log)}")

    def ask(self, name, kind="A", tcp=False, rd=True, edns=True, source=None,
            address=None, do=False, timeout=10):
        query = dns.message.make_query(name, kind, use_edns=0 if edns else False,
                                       want_dnssec=do)
        if not rd:
            query.flags &= ~dns.flags.RD
        send = dns.query.tcp if tcp else ask_udp
        return send(query, address or self.address, timeout=timeout,
                    port=self.port, source=source)


def records(section):
    """The records of a section as sorted texts, without TTLs."""
    found = []
    for rrset in section:
        kind = dns.rdatatype.to_text(rrset.rdtype)
        found += [f"{rrset.name} {kind} {rdata}" for rdata in rrset]
    return sorted(found)


def until(what, wanted, limit_s=LIMIT_S):
    """Ask again until it is what is wanted, and for how long that took: what
    it was at last, and the seconds."""
    start = time.monotonic()
    while True:
        got = what()
        took_s = time.monotonic() - start
        if got == wanted or took_s > limit_s:
            return got, took_s
        select.select([], [], [], 0.01)


def look(daemon, name, kind="A", **how):
    """What a question gives, in short: the data, the rcode and EDE, NODATA."""
    answer = daemon.ask(name, kind, **how)
    if answer.answer:
        return " ".join(line.split(" ", 2)[2] for line in
                        records(answer.answer))
    if rcode(answer) == "NOERROR":
        return "NODATA"
    return " ".join([rcode(answer)] + [str(code) for code in ede(answer)])


def rcode(message):
    return dns.rcode.to_text(message.rcode())


def ede(message):
    return [int(option.code) for option in message.options
            if isinstance(option, dns.edns.EDEOption)]
