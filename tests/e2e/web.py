# SPDX-License-Identifier: BSD-2-Clause
"""Metrics, health and the verbs by HTTP: what they say, whom they refuse, and
that nothing which strangers do to them touches DNS."""
import contextlib
import http.client
import json
import math
import select
import socket
import sys
import threading
import time

from hostlertest import (LIMIT_S, Daemon, case, finish, folder, free_port,
                         look, same, until)
from live import Upstream

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    print("SKIP: python3-prometheus-client is not installed")
    sys.exit(77)

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], user: ''}
control: {socket: {ctl}}
http: {listen: [HTTP], names: [dns.lab.test]}
domain: lab.test
hosts: [vms.hosts]
zones: [z.test.zone]
forward: [{zone: ".", to: ["127.0.0.1@UPSTREAM"]}]
views:
  - {name: tenant, clients: [10.9.0.0/16], hosts: [vms.hosts], inherit: yes}
"""
NAMES = 100000
AHEAD_MAX = 100 << 20


def fill(where):
    (where / "vms.hosts").write_text("10.0.0.1 web\n10.0.0.2 db\n")
    (where / "z.test.zone").write_text("www A 10.0.0.3\n")


class Served(Daemon):
    """hostler with HTTP at a port of its own."""

    def __init__(self, where, upstream=1, listen=None):
        self.http = free_port()
        self.upstream = upstream
        super().__init__(where, None)
        self.serve(listen or [f"127.0.0.1@{self.http}"])

    def serve(self, listen):
        quoted = ", ".join(f'"{one}"' for one in listen)
        self.configure(CONFIG.replace("HTTP", quoted)
                       .replace("UPSTREAM", str(self.upstream)))

    def connect(self, port=None):
        return socket.create_connection(("127.0.0.1", port or self.http),
                                        timeout=LIMIT_S)

    def get(self, path, method="GET", headers=None, port=None):
        """Status and body; 0 where there is no answer."""
        connection = http.client.HTTPConnection(
            "127.0.0.1", port or self.http, timeout=LIMIT_S)
        with contextlib.closing(connection):
            try:
                connection.request(method, path, headers=headers or {})
                reply = connection.getresponse()
                return reply.status, reply.read().decode()
            except (OSError, http.client.HTTPException):
                return 0, ""

    def raw(self, data):
        """What comes back for these bytes, until the end."""
        got = b""
        with self.connect() as stream:
            with contextlib.suppress(OSError):
                stream.sendall(data)
                while True:
                    part = stream.recv(65536)
                    if not part:
                        break
                    got += part
        return got

    def metrics(self):
        return read_metrics(self.get("/metrics")[1])


def read_metrics(page):
    """The samples by name and labels, as a reader of Prometheus takes them:
    families well formed, no series twice, histograms whole."""
    samples = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            if key in samples:
                raise ValueError(f"twice: {key}")
            samples[key] = sample.value
        check_histogram(family)
    return samples


def check_histogram(family):
    counts = {}
    for sample in family.samples:
        if family.type != "histogram":
            continue
        labels = dict(sample.labels)
        bound = labels.pop("le", None)
        rest = counts.setdefault(tuple(sorted(labels.items())), {})
        rest[sample.name if bound is None else float(bound)] = sample.value
    for labels, values in counts.items():
        bounds = sorted(key for key in values if isinstance(key, float))
        steps = [values[bound] for bound in bounds]
        if bounds[-1] != math.inf or steps != sorted(steps) or \
                steps[-1] != values[family.name + "_count"]:
            raise ValueError(f"{family.name} {labels}: {values}")


def value(samples, name, **labels):
    return samples.get((name, tuple(sorted(labels.items()))))


# ---- what it says ----

def check_metrics(daemon):
    for _ in range(3):
        look(daemon, "www.example.org")
    look(daemon, "web.lab.test", tcp=True)
    look(daemon, "none.lab.test", "TXT")
    look(daemon, "www.z.test", "TYPE999")
    samples = daemon.metrics()

    def shows(wanted, name, **labels):
        same(f"{name} {labels}", value(samples, name, **labels), wanted)

    requests = "hostler_dns_requests_total"
    shows(3, requests, proto="udp", family="1", type="A")
    shows(1, requests, proto="tcp", family="1", type="A")
    shows(1, requests, proto="udp", family="1", type="TXT")
    shows(1, requests, proto="udp", family="1", type="other")
    shows(0, requests, proto="udp", family="2", type="A")
    responses = "hostler_dns_responses_total"
    shows(1, responses, rcode="NOERROR", source="forward")
    shows(2, responses, rcode="NOERROR", source="cache")
    shows(1, responses, rcode="NOERROR", source="hosts")
    shows(1, responses, rcode="NOERROR", source="zone")
    took = "hostler_dns_request_duration_seconds"
    shows(2, took + "_count", source="cache")
    case("answers took some time",
         0 < value(samples, took + "_sum", source="forward") < LIMIT_S)
    to = f"127.0.0.1@{daemon.upstream}"
    shows(1, "hostler_forward_requests_total", to=to, rcode="NOERROR")
    shows(1, "hostler_forward_request_duration_seconds_count", to=to)
    shows(1, "hostler_forward_sent_total", to=to)
    shows(1, "hostler_cache_entries")
    shows(2, "hostler_cache_hits_total")
    shows(1, "hostler_cache_misses_total")
    check_source_metrics(daemon, samples, shows)


def check_source_metrics(daemon, samples, shows):
    hosts, zone = str(daemon.dir / "vms.hosts"), str(daemon.dir /
                                                     "z.test.zone")
    shows(2, "hostler_source_records", file=hosts)
    shows(2, "hostler_source_records", file=hosts, view="tenant")
    shows(0, "hostler_source_errors", file=zone)
    at = value(samples, "hostler_source_last_success_timestamp_seconds",
               file=zone)
    case("a source's last success is now", abs(time.time() - at) < LIMIT_S, at)
    version = daemon.status()["version"]
    case("build_info has the version", any(
        name == "hostler_build_info" and ("version", version) in labels
        for name, labels in samples))
    case("the process is measured",
         value(samples, "process_resident_memory_bytes") > 1 << 20 and
         value(samples, "process_open_fds") > 5 and
         value(samples, "process_cpu_seconds_total") > 0 and
         abs(time.time() - value(samples, "process_start_time_seconds")) <
         LIMIT_S)


def check_reload_metrics(daemon):
    (daemon.dir / "vms.hosts").write_text("10.0.0.1 web\n10.0.0.999 bad\n"
                                          "10.0.0.4 new\n")
    daemon.hup()
    samples = daemon.metrics()
    hosts = str(daemon.dir / "vms.hosts")
    # The watcher may have seen it, too.
    case("a reload with an error is a failure",
         value(samples, "hostler_reload_total", result="failure") >= 1)
    same("its source has an error",
         value(samples, "hostler_source_errors", file=hosts), 1)
    status, body = daemon.get("/ready")
    same("bad lines are no reason to go elsewhere", status, 200)
    case("but they are told", body.startswith("ready\n") and hosts in body,
         body)
    fill(daemon.dir)
    daemon.hup()
    samples = daemon.metrics()
    case("and one without a success",
         value(samples, "hostler_reload_total", result="success") >= 1)
    same("the error is gone",
         value(samples, "hostler_source_errors", file=hosts), 0)


def check_ready(where):
    (where / "z.test.zone").unlink()
    with Served(where) as daemon:
        status, body = daemon.get("/ready")
        same("a source that was never read: not ready", status, 503)
        case("it is named", "not ready\n" in body and "z.test.zone" in body,
             body)
        same("but healthy", daemon.get("/health"), (200, "ok\n"))
        fill(where)
        same("once it is there, ready",
             until(lambda: daemon.get("/ready"), (200, "ready\n"))[0],
             (200, "ready\n"))
        (where / "z.test.zone").unlink()
        daemon.hup()
        status, body = daemon.get("/ready")
        same("a file that goes later is served on: ready", status, 200)
        case("and told", "last good content" in body, body)
        fill(where)


def check_verbs(daemon):
    status = json.loads(daemon.get("/api/status")[1])
    same("status shows where HTTP is", status["http"],
         [f"127.0.0.1@{daemon.http}"])
    same("and is what hostlerctl says", sorted(status),
         sorted(daemon.status()))
    views = json.loads(daemon.get("/api/names?pattern=WEB")[1])
    same("names by a pattern", [(view["view"], view["matches"],
                                 [row["name"] for row in view["names"]])
                                for view in views],
         [("top level", 1, ["web.lab.test"]),
          ("tenant", 1, ["web.lab.test"])])
    whole = json.loads(daemon.get("/api/names")[1])[0]
    parts = [json.loads(daemon.get(f"/api/names?limit=1&offset={at}")[1])[0]
             for at in range(whole["matches"])]
    same("names one by one are all names",
         [row for part in parts for row in part["names"]], whole["names"])
    same("beyond the last there is none",
         json.loads(daemon.get("/api/names?offset=99")[1])[0]["names"], [])
    said = json.loads(daemon.get(
        "/api/explain?name=web.lab.test&type=A&from=127.0.0.1")[1])
    case("explain says where it is from", "vms.hosts" in json.dumps(said),
         said)
    case("stats has counters",
         json.loads(daemon.get("/api/stats")[1])["cache.misses"] > 0)
    for verb in ("reload", "flush-all", "set", "unset", "answers", "flush"):
        same(f"{verb} is not to be had", daemon.get(f"/api/{verb}")[0], 404)


# ---- what it refuses ----

def check_refusals(daemon):
    long_name = "a" * 5000
    for what, path, headers, wanted in (
            ("its address", "/health", {"Host": "127.0.0.1:1"}, 200),
            ("localhost", "/health", {"Host": "localhost"}, 200),
            ("the machine's name", "/health",
             {"Host": socket.gethostname()}, 200),
            ("it in the domain", "/health", {
                "Host": socket.gethostname().split(".")[0] + ".LAB.test:9153"},
             200),
            ("a name of http.names", "/health", {"Host": "dns.lab.test"}, 200),
            ("somebody else's name", "/metrics", {"Host": "evil.test"}, 403),
            ("an address in a name", "/", {"Host": "127.0.0.1.evil.test"},
             403),
            ("a path upwards", "/../../etc/passwd", {}, 404),
            ("the same in disguise", "/%2e%2e/%2e%2e/etc/passwd", {}, 404),
            ("a zero byte", "/api/explain?name=web%00.lab.test", {}, 400),
            ("a name too long", f"/api/explain?name={long_name}", {}, 400),
            ("a line end in a name", "/api/explain?name=a%0Ab", {}, 400),
            ("an option", "/api/names?pattern=--json", {}, 400),
            ("too many names", "/api/names?limit=1001", {}, 400),
            ("an unknown parameter", "/api/names?x=1", {}, 400),
            ("headers without end", "/health", {"X": "x" * 100000}, 400)):
        got = daemon.get(path, headers=headers)[0]
        # Who is cut off while it still sends may not hear the status.
        case(f"{what}: {wanted}", got == wanted or (
            got == 0 and "without end" in what), got)
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        same(f"{method} is refused", daemon.get("/health", method)[0], 405)
    same("HEAD has no body", daemon.get("/health", "HEAD"), (200, ""))


def check_garbage(daemon):
    for data in (b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                 b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 50,
                 b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
                 b"Content-Length: 99999999999\r\n\r\n",
                 b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
                 b"GET " + b"/" * 100000 + b" HTTP/1.1\r\n\r\n",
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                 b"GET http://[::1 HTTP/1.1\r\n\r\n",
                 b"GET /health?%zz HTTP/1.1\r\nHost: localhost\r\n"
                 b"Connection: close\r\n\r\n"):
        with daemon.connect() as stream:
            with contextlib.suppress(OSError):
                stream.sendall(data)
    same("after garbage it is healthy", daemon.get("/health"), (200, "ok\n"))
    same("and answers names", look(daemon, "web.lab.test"), "10.0.0.1")


def check_crowd(daemon):
    """Connections that ask nothing, half a question, or read nothing."""
    crowd = []
    for number in range(600):
        stream = daemon.connect()
        crowd.append(stream)
        with contextlib.suppress(OSError):
            if number % 3:
                stream.sendall(b"GET /metrics HTTP/1.1\r\nHost: local")
    start = time.monotonic()
    same("in a crowd it is healthy", daemon.get("/health"), (200, "ok\n"))
    case("at once", time.monotonic() - start < 5)
    same("names are answered", look(daemon, "web.lab.test"), "10.0.0.1")
    samples = daemon.metrics()
    case("the crowd is not kept",
         value(samples, "process_open_fds") < 350,
         value(samples, "process_open_fds"))
    for stream in crowd:
        stream.close()
    greedy = []
    for _ in range(40):
        stream = daemon.connect()
        stream.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
                       * 20)
        greedy.append(stream)
    same("nor do those that read nothing stop it", daemon.get("/health"),
         (200, "ok\n"))
    for stream in greedy:
        stream.close()


def check_sending_ahead(daemon):
    """Who asks on and on and reads nothing is not listened to any more."""
    request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2000
    sent = 0
    with daemon.connect() as stream:
        stream.setblocking(False)
        while sent < AHEAD_MAX and select.select([], [stream], [], 2)[1]:
            try:
                sent += stream.send(request)
            except BlockingIOError:
                pass
            except OSError:
                break
    case("what is sent ahead is not kept", sent < AHEAD_MAX, sent)
    same("and health is told", daemon.get("/health"), (200, "ok\n"))


# ---- what goes on meanwhile ----

def check_scrapes_during_reloads(daemon):
    wrong, ended = [], threading.Event()

    def scrape():
        while not ended.is_set():
            status, page = daemon.get("/metrics")
            try:
                if status != 200 or not read_metrics(page):
                    wrong.append(status)
            except ValueError as error:
                wrong.append(error)

    threads = [threading.Thread(target=scrape) for _ in range(2)]
    for thread in threads:
        thread.start()
    for turn in range(20):
        (daemon.dir / "vms.hosts").write_text(
            "".join(f"10.0.{turn}.{at} h{at}\n" for at in range(1, 50)))
        daemon.hup()
    ended.set()
    for thread in threads:
        thread.join()
    same("every scrape during 20 reloads is good", wrong, [])
    fill(daemon.dir)
    daemon.hup()


def check_long_reload(daemon):
    """Main is away for as long as it reads: HTTP is not."""
    (daemon.dir / "vms.hosts").write_text("".join(
        f"10.{at >> 16}.{at >> 8 & 255}.{at & 255} h{at}\n"
        for at in range(NAMES)))
    count = 0
    while daemon.read_log():
        pass
    start = len(daemon.log)
    reload = threading.Thread(target=daemon.hup)
    reload.start()
    while "reloaded" not in daemon.log[start:] and reload.is_alive():
        if daemon.get("/health") != (200, "ok\n"):
            break
        count += 1
    reload.join()
    case(f"healthy {count} times while {NAMES} names are read", count > 1)
    same("and the names are there", json.loads(daemon.get(
        "/api/names?limit=1&pattern=h*.lab.test")[1])[0]["matches"], NAMES)
    fill(daemon.dir)
    daemon.hup()


def check_addresses(daemon):
    other = free_port()
    daemon.serve([f"127.0.0.1@{daemon.http}", f"127.0.0.1@{other}"])
    daemon.hup()
    same("an address that a reload adds",
         [daemon.get("/health", port=port)[0] for port in
          (daemon.http, other)], [200, 200])
    idle = daemon.connect(other)
    daemon.serve([f"127.0.0.1@{daemon.http}"])
    daemon.hup()
    same("and one that it takes away",
         [daemon.get("/health", port=port)[0] if port == daemon.http else
          connects(port) for port in (daemon.http, other)], [200, False])
    idle.close()
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", other))
        holder.listen()
        daemon.serve([f"127.0.0.1@{daemon.http}", f"127.0.0.1@{other}"])
        daemon.hup()
        said = daemon.status()
        case("one in use is an error that status shows",
             said["degraded"] and f"127.0.0.1@{other}: error:" in
             said["diagnostics"] and "in use" in said["diagnostics"],
             said["diagnostics"])
        same("the other is served", daemon.get("/health")[0], 200)
    same("once it is free it is served",
         until(lambda: daemon.get("/health", port=other)[0], 200)[0], 200)
    same("and nothing is wrong any more",
         until(lambda: daemon.status()["degraded"], False)[0], False)


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S).close()
        return True
    except ConnectionRefusedError:
        return False


def check_start_with_address_in_use(where):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with Served(where, listen=[f"127.0.0.1@{port}"]) as daemon:
            same("names are served without HTTP",
                 look(daemon, "web.lab.test"), "10.0.0.1")
            case("the log says why there is none",
                 f"127.0.0.1@{port}: error: cannot serve HTTP here" in
                 daemon.log and "python3" in daemon.log, daemon.log)


def check_end(where):
    daemon = Served(where).start()
    streams = [daemon.connect() for _ in range(30)]
    for stream in streams[:20]:
        stream.sendall(b"GET /metrics HTTP/1.1\r\nHost: x")
    for stream in streams[20:]:
        stream.sendall(b"GET /api/names HTTP/1.1\r\nHost: localhost\r\n\r\n")
    start = time.monotonic()
    same("with open connections it ends well", daemon.stop(), 0)
    case("and soon", time.monotonic() - start < 20)
    for stream in streams:
        stream.close()


def check_few_descriptors(where):
    daemon = Served(where)
    daemon.under = ["prlimit", "--nofile=64:64"]
    with daemon:
        crowd = [daemon.connect() for _ in range(100)]
        same("with 64 descriptors: names in a crowd",
             look(daemon, "web.lab.test"), "10.0.0.1")
        same("health, too", daemon.get("/health"), (200, "ok\n"))
        for stream in crowd:
            stream.close()


with folder() as there:
    fill(there)
    upstream = Upstream("192.0.2.80")
    with Served(there, upstream.port) as served:
        check_metrics(served)
        check_reload_metrics(served)
        check_verbs(served)
        check_refusals(served)
        check_garbage(served)
        check_crowd(served)
        check_sending_ahead(served)
        check_scrapes_during_reloads(served)
        check_long_reload(served)
        check_addresses(served)
    check_ready(there)
    check_start_with_address_in_use(there)
    check_end(there)
    check_few_descriptors(there)
    with Daemon(there, CONFIG.replace("listen: [HTTP], ", "")
                .replace("UPSTREAM", "1")) as quiet:
        same("without http.listen there is no HTTP", quiet.status()["http"],
             [])
finish()
