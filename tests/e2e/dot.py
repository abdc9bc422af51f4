# SPDX-License-Identifier: BSD-2-Clause
"""Upstreams by TLS and by TCP: a real unbound, with certificates that this test
makes with openssl, behind a relay that counts connections, notes the lengths
of TLS records and cuts connections when told to."""
import contextlib
import os
import select
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading

from hostlertest import (HOSTLER, LIMIT_S, Daemon, case, dns, ede, finish,
                         folder, free_port, rcode, records, same, until)

if not shutil.which("openssl") or not os.path.exists("/usr/sbin/unbound"):
    print("SKIP: openssl or unbound is not installed")
    sys.exit(77)

os.environ.pop("SSL_CERT_FILE", None)
NAME = "dns.relay.example"

UNBOUND = """
server:
  interface: 127.0.0.1@{port}
  {tls}
  directory: "{dir}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  verbosity: 1
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  incoming-num-tcp: 300
  local-zone: "up.example." redirect
  local-data: "up.example. 60 A 192.0.2.7"
remote-control:
  control-enable: no
"""

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 1, user: ''}
control: {socket: {ctl}}
hosts: []
forward: [{zone: ".", to: ["%s"]}]
%s
"""

CA_CONFIG = """
[ca]
default_ca = here
[here]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


class Relay:
    """A port in front of another one."""

    def __init__(self, to):
        self.to = to
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.count = 0
        self.pairs = []
        self.sent = b""         # by the client on the last connection
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            client, _ = self.listening.accept()
            server = socket.create_connection(("127.0.0.1", self.to))
            self.count += 1
            self.sent = b""
            self.pairs.append((client, server))
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self.pass_on, daemon=True,
                                 args=(one, other, one is client)).start()

    def pass_on(self, source, target, is_client):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if is_client:
                    self.sent += data
                target.sendall(data)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def cut(self):
        for client, _ in self.pairs:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        self.pairs.clear()

    def record_lengths(self):
        """Of the application data that the client sent last."""
        at, found = 0, []
        while at + 5 <= len(self.sent):
            kind, _, length = struct.unpack("!BHH", self.sent[at:at + 5])
            if kind == 23:
                found.append(length)
            at += 5 + length
        return found


def openssl(where, *words):
    subprocess.run(["openssl", *words], cwd=where, check=True,
                   capture_output=True)


def make_ca(where, name):
    openssl(where, "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.pem", "-days", "30", "-subj", f"/CN={name}")


def make_certificate(where, name, dates=()):
    """For NAME and for 127.0.0.1, by the authority `ca`."""
    openssl(where, "req", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key",
            "-out", f"{name}.csr", "-subj", f"/CN={name}", "-addext",
            f"subjectAltName=DNS:{NAME},IP:127.0.0.1")
    openssl(where, "ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem",
            "-keyfile", "ca.key", "-in", f"{name}.csr", "-out", f"{name}.pem",
            "-notext", *(dates or ("-days", "30")))


def make_all(where):
    (where / "ca.cnf").write_text(CA_CONFIG)
    (where / "index.txt").write_text("")
    (where / "serial").write_text("01\n")
    make_ca(where, "ca")
    make_ca(where, "other")
    make_certificate(where, "good")
    make_certificate(where, "old", ("-startdate", "20200101000000Z",
                                    "-enddate", "20200201000000Z"))


@contextlib.contextmanager
def unbound(where, certificate=None):
    """The port that it answers at."""
    port = free_port()
    tls = f"""tls-port: {port}
  tls-service-key: "{where}/{certificate}.key"
  tls-service-pem: "{where}/{certificate}.pem" """ if certificate else ""
    conf = where / f"unbound-{certificate}.conf"
    conf.write_text(UNBOUND.format(port=port, dir=where, tls=tls))
    process = subprocess.Popen(["/usr/sbin/unbound", "-d", "-c", str(conf)],
                               stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if "start of service" in line:
                break
        else:
            raise RuntimeError("unbound did not start")
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield port
    finally:
        process.terminate()
        process.wait()


def counter(daemon, name):
    for line in daemon.ctl_run("stats").stdout.splitlines():
        words = line.split()
        if words and words[0] == name:
            return int(words[1])
    return None


def right(daemon, what, name):
    same(what, records(daemon.ask(name).answer), [f"{name}. A 192.0.2.7"])


def ask_many(daemon, names):
    """All at once; how many were answered well."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", daemon.port))
        for name in names:
            s.send(dns.message.make_query(name, "A").to_wire())
        good = 0
        for _ in names:
            if not select.select([s], [], [], 10)[0]:
                break
            got = dns.message.from_wire(s.recv(4096))
            good += rcode(got) == "NOERROR" and len(got.answer) == 1
        return good


def start(where, to, more=""):
    return Daemon(where, CONFIG % (to, more))


def refused(where, what, to, word, more="", times=4):
    """Not spoken to, nor by any other way; and it says why."""
    with start(where, to, more) as daemon:
        for i in range(times):
            answer = daemon.ask(f"n{i}.up.example")
            same(f"{what}: no answer", rcode(answer), "SERVFAIL")
            case(f"{what}: with a reason", bool(ede(answer)), ede(answer))
        for way in ("udp", "tcp"):
            same(f"{what}: nothing by {way}",
                 counter(daemon, f"forward.sent.{way}"), 0)
        told = daemon.status()["forward"][0]["troubles"]
        case(f"{what}: status says it", len(told) == 1 and
             word in told[0]["error"], told)
        text = daemon.ctl_run("status").stdout
        case(f"{what}: in words", word in text, text)
        while daemon.read_log():
            pass
        same(f"{what}: one line in the log", daemon.log.count(word), 1)


def good_cases(where, relay):
    ca = f"tls: {{ca-file: {where}/ca.pem}}"
    to = f"tls://127.0.0.1@{relay.port}#{NAME}"
    with start(where, to, ca) as daemon:
        right(daemon, "by TLS", "a.up.example")
        case("a question fills a block of 128 bytes",
             2 + 128 + 17 in relay.record_lengths(), relay.record_lengths())
        same("200 at once", ask_many(
            daemon, [f"m{i}.up.example" for i in range(200)]), 200)
        case("by a few connections", relay.count <= 4, relay.count)
        before = relay.count
        for i in range(20):
            right(daemon, "one more", f"o{i}.up.example")
        same("by the same ones", relay.count, before)
        relay.cut()
        right(daemon, "after a cut", "b.up.example")
        same("another connection", relay.count, before + 1)
        same("its session is resumed", counter(
            daemon, "streams.tls.resumed"), before)
        same("after one full handshake", counter(
            daemon, "streams.tls.verified"), 1)
        same("nothing by UDP", counter(daemon, "forward.sent.udp"), 0)
        same("nothing by TCP", counter(daemon, "forward.sent.tcp"), 0)
        same("no trouble", daemon.status()["forward"][0]["troubles"], [])
        same("status has it as it was written",
             daemon.status()["forward"][0]["to"], [to])
    with start(where, f"tls://127.0.0.1@{relay.port}#127.0.0.1", ca) as daemon:
        right(daemon, "an address as name", "c.up.example")
    os.environ["SSL_CERT_FILE"] = str(where / "ca.pem")
    with start(where, to) as daemon:
        right(daemon, "SSL_CERT_FILE", "d.up.example")
    del os.environ["SSL_CERT_FILE"]


def reload_cases(where, relay):
    """The file of certificates changes under a running daemon."""
    trusted = where / "trusted.pem"
    trusted.write_text((where / "other.pem").read_text())
    with start(where, f"tls://127.0.0.1@{relay.port}#{NAME}",
               f"tls: {{ca-file: {trusted}}}") as daemon:
        same("another authority", rcode(daemon.ask("a.up.example")),
             "SERVFAIL")
        trusted.write_text((where / "ca.pem").read_text())
        daemon.hup()
        same("the right one after a reload", until(
            lambda: rcode(daemon.ask("b.up.example")), "NOERROR", 40)[0],
            "NOERROR")
        same("its trouble is over",
             daemon.status()["forward"][0]["troubles"], [])
        trusted.write_text("no certificate\n")
        daemon.hup()
        case("one that cannot be read is told of",
             "no certificates" in daemon.log, daemon.log)
        right(daemon, "what was read before is in use", "c.up.example")
        trusted.write_text((where / "other.pem").read_text())
        daemon.hup()
        same("what is not believed any more is not spoken to", until(
            lambda: rcode(daemon.ask("d.up.example")), "SERVFAIL")[0],
            "SERVFAIL")


def missing_cases(where):
    """No certificates to begin with."""
    lost = where / "lost.pem"
    conf = f"tls: {{ca-file: {lost}}}"
    to = f"tls://127.0.0.1@1#{NAME}"
    with start(where, to, conf) as daemon:
        case("a file that is missing is told of", str(lost) in daemon.log,
             daemon.log)
        same("nobody is asked", rcode(daemon.ask("a.up.example")),
             "SERVFAIL")
        told = daemon.status()["forward"][0]["troubles"]
        case("status says why", len(told) == 1 and
             "no certificates" in told[0]["error"], told)
    tested = subprocess.run([HOSTLER, "-t", "-c",
                             str(where / "hostler.yaml")],
                            capture_output=True, text=True, timeout=60)
    case("-t says it, too", tested.returncode == 1 and
         str(lost) in tested.stderr, tested.stderr)


class Answerer:
    """A server by TLS that answers the first question, and notes how the
    connection ends then."""

    def __init__(self, where):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        self.context.load_cert_chain(where / "good.pem", where / "good.key")
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.end = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        client, _ = self.listening.accept()
        with self.context.wrap_socket(
                client, server_side=True, suppress_ragged_eofs=False) as tls:
            length = struct.unpack("!H", tls.recv(2))[0]
            reply = dns.message.make_response(
                dns.message.from_wire(tls.recv(length)))
            reply.answer.append(dns.rrset.from_text(
                reply.question[0].name, 60, "IN", "A", "192.0.2.7"))
            data = reply.to_wire()
            tls.sendall(struct.pack("!H", len(data)) + data)
            try:
                self.end = "goodbye" if tls.recv(1) == b"" else "more"
            except OSError:
                self.end = "cut"


def goodbye_cases(where, believed):
    """Whoever is left is told so (RFC 8446 6.1), and can tell it from a cut."""
    for what, wanted in (("stopped", "goodbye"), ("killed", "cut")):
        answerer = Answerer(where)
        with start(where, f"tls://127.0.0.1@{answerer.port}#{NAME}",
                   believed) as daemon:
            right(daemon, f"before it is {what}", "a.up.example")
            if what == "killed":
                daemon.process.kill()
                daemon.process.wait()
                daemon.process = None
        answerer.thread.join(LIMIT_S)
        same(f"{what}: the connection's end", answerer.end, wanted)


def plain_cases(where, relay):
    with start(where, f"tcp://127.0.0.1@{relay.port}") as daemon:
        right(daemon, "by TCP", "a.up.example")
        same("TCP: 200 at once", ask_many(
            daemon, [f"m{i}.up.example" for i in range(200)]), 200)
        case("TCP: by a few connections", relay.count <= 4, relay.count)
        before = relay.count
        relay.cut()
        right(daemon, "TCP: after a cut", "b.up.example")
        same("TCP: another connection", relay.count, before + 1)
        same("TCP: nothing by UDP", counter(daemon, "forward.sent.udp"), 0)


def main():
    with folder() as where:
        make_all(where)
        believed = f"tls: {{ca-file: {where}/ca.pem}}"
        with unbound(where, "good") as port:
            good_cases(where, Relay(port))
            reload_cases(where, Relay(port))
            missing_cases(where)
            goodbye_cases(where, believed)
            refused(where, "a wrong name",
                    f"tls://127.0.0.1@{port}#other.relay.example",
                    "for another name", believed)
            refused(where, "a wrong address as name",
                    f"tls://127.0.0.1@{port}#127.0.0.2", "for another name",
                    believed)
            refused(where, "an unknown authority",
                    f"tls://127.0.0.1@{port}#{NAME}", "issuer")
        with unbound(where, "old") as port:
            refused(where, "an expired certificate",
                    f"tls://127.0.0.1@{port}#{NAME}", "expired", believed)
        with unbound(where) as port:
            # Once: every answer takes as long as a handshake may.
            refused(where, "no TLS at all",
                    f"tls://127.0.0.1@{port}#{NAME}", "handshake", believed, 1)
            plain_cases(where, Relay(port))


main()
finish()
