# SPDX-License-Identifier: BSD-2-Clause
"""The daemon as its user meets it: options, exit statuses, diagnostics, reload,
sources that break, addresses in use, the control socket."""
import json
import os
import shutil
import socket
import subprocess
import time

from hostlertest import (BUILD, HOSTLER, HOSTLERCTL, LIMIT_S, SRC, Daemon, case,
                         dns, ede, finish, folder, free_port, rcode, records,
                         same)

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
zones: [cluster.test.zone]
forward: []
"""
QUIET_S = 0.2                           # the watcher's
HOSTS = "10.0.2.4 linux\n10.0.2.12 localDB\n"
ZONE = "$TTL 300\nweb A 10.0.2.20\n*.apps A 10.0.2.21\n"


def run(*args, **more):
    return subprocess.run([HOSTLER, *args], capture_output=True, text=True,
                          timeout=LIMIT_S, **more)


def write(where, hosts=HOSTS, zone=ZONE):
    (where / "vms.hosts").write_text(hosts)
    (where / "cluster.test.zone").write_text(zone)


def check_options():
    same("-V ends with 0", run("-V").returncode, 0)
    case("-h shows the usage", "usage: hostler" in run("-h").stdout)
    same("an unknown option ends with 1", run("-x").returncode, 1)
    same("a word too many ends with 1", run("word").returncode, 1)
    got = run("-T", "-c", "/dev/null", "-l", "1.1.1.1:53")
    same("ADDR:PORT ends with 1", got.returncode, 1)
    case("and says that ADDR@PORT is meant", "@" in got.stderr, got.stderr)
    got = run("-T", "-c", "/dev/null", "-l", "127.0.0.2@5301", "-D", "x.test",
              "-f", "192.0.2.1", "-H", "/tmp/more")
    same("-T ends with 0", got.returncode, 0)
    for wanted in ("127.0.0.2@5301", "x.test", "192.0.2.1", "/etc/hosts",
                   "/tmp/more"):
        case(f"-T shows {wanted}", wanted in got.stdout, got.stdout)
    case("-l replaces the default", "::1@53" not in got.stdout)
    with folder() as where:
        (where / "again.yaml").write_text(got.stdout)
        again = run("-T", "-c", str(where / "again.yaml"))
        same("what -T prints is a configuration, and the same one",
             again.stdout, got.stdout)


def check_configuration():
    with folder() as where:
        conf = where / "bad.yaml"
        conf.write_text("server:\n  lisen: [127.0.0.1]\n  threads: many\n"
                        "hosts: yes\nhtp: {}\n")
        got = run("-t", "-c", str(conf))
        same("-t with errors ends with 1", got.returncode, 1)
        for wanted in (f"{conf}:2:3: error:", "'listen'", f"{conf}:3:12: error:",
                       f"{conf}:4:8: error:", f"{conf}:5:1: error:",
                       "    2 |   lisen: [127.0.0.1]", "  ^~~~~"):
            case(f"-t shows {wanted.strip()}", wanted in got.stderr, got.stderr)
        same("and the daemon does not start with it",
             run("-c", str(conf)).returncode, 1)
        same("nor with a file that is not there",
             run("-c", str(where / "none.yaml")).returncode, 1)
        if os.geteuid() == 0:
            conf.write_text("server: {user: no-such-user}\n")
            got = run("-t", "-c", str(conf))
            same("a user that is not there is an error of -t", got.returncode, 1)
            case("and named", "'no-such-user'" in got.stderr, got.stderr)
        conf.write_text("a: [\n")
        got = run("-t", "-c", str(conf))
        case("text that is no YAML is told with its line",
             "error:" in got.stderr and f"{conf}:" in got.stderr, got.stderr)


def check_data_errors():
    with folder() as where:
        write(where, zone=ZONE + "db A 999.1.1.1\nx NOTATYPE y\n",
              hosts="10.0.2.4 linux\n10.0.2.300 bad\n")
        daemon = Daemon(where, CONFIG)
        got = run("-t", "-c", str(daemon.conf))
        same("-t with broken data ends with 1", got.returncode, 1)
        for wanted in ("cluster.test.zone:4:6: error:", "    4 | db A 999.1.1.1",
                       "cluster.test.zone:5:3: error:", "vms.hosts:2:1: error:"):
            case(f"-t shows {wanted.strip()}", wanted in got.stderr, got.stderr)
        got = subprocess.run([HOSTLERCTL, "-c", str(daemon.conf), "--json",
                              "check"], capture_output=True, text=True,
                             timeout=LIMIT_S)
        same("hostlerctl check ends with 1", got.returncode, 1)
        lines = sorted((d["file"].rsplit("/", 1)[1], d["line"])
                       for d in json.loads(got.stdout)
                       if d["level"] == "error")
        same("and gives the same places as JSON", lines,
             [("cluster.test.zone", 4), ("cluster.test.zone", 5),
              ("vms.hosts", 2)])
        write(where)
        same("mended, -t ends with 0",
             run("-t", "-c", str(daemon.conf)).returncode, 0)
        (where / "vms.hosts").unlink()
        same("a file that is not there is an error of -t",
             run("-t", "-c", str(daemon.conf)).returncode, 1)


def check_answers(daemon):
    same("a short name answers", records(daemon.ask("localdb").answer),
         ["localdb. A 10.0.2.12"])
    answer = daemon.ask("LocalDB.Lab.Test")
    same("and below the domain, its case kept", records(answer.answer),
         ["LocalDB.Lab.Test. A 10.0.2.12"])
    case("with AA", bool(answer.flags & dns.flags.AA))
    answer = daemon.ask("localdb.lab.test", "AAAA")
    same("a type that it lacks: NOERROR", rcode(answer), "NOERROR")
    same("without an answer", answer.answer, [])
    case("with a SOA", "SOA" in str(answer.authority[0]), str(answer))
    same("another name of the domain: NXDOMAIN",
         rcode(daemon.ask("nobody.lab.test")), "NXDOMAIN")
    same("a zone's name", records(daemon.ask("web.cluster.test").answer),
         ["web.cluster.test. A 10.0.2.20"])
    same("over TCP", records(daemon.ask("web.cluster.test", tcp=True).answer),
         ["web.cluster.test. A 10.0.2.20"])
    same("a wildcard", records(daemon.ask("a.b.apps.cluster.test").answer),
         ["a.b.apps.cluster.test. A 10.0.2.21"])
    same("the reverse name",
         records(daemon.ask("12.2.0.10.in-addr.arpa", "PTR").answer),
         ["12.2.0.10.in-addr.arpa. PTR localdb.lab.test."])
    answer = daemon.ask("www.example.com")
    same("no upstream: NXDOMAIN at once", rcode(answer), "NXDOMAIN")
    case("and why", bool(ede(answer)), str(answer))


def check_reload(daemon, where):
    write(where, hosts=HOSTS + "10.0.2.13 fresh\n", zone=ZONE + "new A 10.9.9.9\n")
    case("SIGHUP is followed by 'reloaded'", daemon.hup(), daemon.log)
    same("a new line of the hosts file answers",
         records(daemon.ask("fresh").answer), ["fresh. A 10.0.2.13"])
    same("a new record of the zone answers",
         records(daemon.ask("new.cluster.test").answer),
         ["new.cluster.test. A 10.9.9.9"])
    write(where, hosts="10.0.2.99 localDB\n10.0.2.400 linux\n",
          zone="web A 1.2.3.4.5\n")
    got = daemon.ctl_run("reload")
    same("a reload with errors ends with 1", got.returncode, 1)
    case("and shows them with a caret", "error" in got.stdout and "^" in got.stdout,
         got.stdout)
    same("a zone with an error keeps its last good content",
         records(daemon.ask("new.cluster.test").answer),
         ["new.cluster.test. A 10.9.9.9"])
    same("a good line of a hosts file with errors counts",
         records(daemon.ask("localdb").answer), ["localdb. A 10.0.2.99"])
    same("the name on the bad line keeps what it had",
         records(daemon.ask("linux").answer), ["linux. A 10.0.2.4"])
    case("status says degraded", "degraded" in daemon.ctl_run("status").stdout)
    write(where, hosts="", zone="")
    daemon.hup()
    same("a file that is suddenly empty keeps its content",
         records(daemon.ask("localdb").answer), ["localdb. A 10.0.2.99"])
    (where / "cluster.test.zone").unlink()
    daemon.hup()
    same("so does one that is gone",
         records(daemon.ask("new.cluster.test").answer),
         ["new.cluster.test. A 10.9.9.9"])
    write(where)
    same("mended, a reload ends with 0", daemon.ctl_run("reload").returncode, 0)
    same("what was taken out is gone", rcode(daemon.ask("new.cluster.test")),
         "NXDOMAIN")


def changed_lines(text):
    return sorted(line for line in text.splitlines() if line[:2] in ("+ ", "- "))


def check_changes(daemon, where):
    write(where)
    daemon.ctl_run("reload")
    same("a reload of nothing new shows no change",
         changed_lines(daemon.ctl_run("reload").stdout), [])
    wanted = ["+ *.pods.example AAAA fd00::7", "+ localdb A 10.0.2.77",
              "+ mail.cluster.test MX 10 web.cluster.test.",
              '+ web.cluster.test TXT "a b"', "- localdb A 10.0.2.12"]
    # Where this takes long the daemon has looked by itself: once more.
    for _ in range(10):
        write(where)
        daemon.ctl_run("reload")
        start = time.monotonic()
        write(where, hosts="# a line moves all others\n10.0.2.4 linux\n"
              "10.0.2.77 localDB\nfd00::7 *.pods.example\n",
              zone=ZONE + 'web TXT "a b"\nmail MX 10 web\n')
        got = changed_lines(daemon.ctl_run("reload").stdout)
        if got == wanted or time.monotonic() - start < QUIET_S:
            break
    same("a reload shows what changed, and nothing else", got, wanted)
    good = daemon.conf.read_text()
    daemon.conf.write_text(good.replace("hosts: [vms.hosts]", "hosts: []"))
    got = json.loads(daemon.ctl_run("--json", "reload").stdout)
    same("a source that is taken out takes its records with it",
         got["changes"], ["- *.pods.example AAAA fd00::7", "- linux A 10.0.2.4",
                          "- localdb A 10.0.2.77"])
    same("as JSON, with the number of those not shown", got["more-changes"], 0)
    daemon.conf.write_text(good)
    write(where)
    daemon.ctl_run("reload")


def check_bad_configuration_at_reload(daemon):
    good = daemon.conf.read_text()
    daemon.conf.write_text("server: {lisen: []}\n")
    got = daemon.ctl_run("reload")
    same("a broken configuration at a reload ends with 1", got.returncode, 1)
    case("and is shown", "'listen'" in got.stdout, got.stdout)
    same("nothing is lost by it", records(daemon.ask("linux").answer),
         ["linux. A 10.0.2.4"])
    daemon.conf.write_text(good.replace("threads: 2", "threads: 1"))
    got = daemon.ctl_run("reload")
    case("threads need a restart, and a reload says so",
         "restart" in got.stdout, got.stdout)
    daemon.conf.write_text(good)
    daemon.ctl_run("reload")


def check_listeners(daemon):
    good = daemon.conf.read_text()
    extra = free_port("127.0.0.3")
    daemon.conf.write_text(good.replace(
        "listen: [", f'listen: ["127.0.0.3@{extra}", '))
    same("an address is added", daemon.ctl_run("reload").returncode, 0)
    query = dns.message.make_query("linux", "A")
    same("and answers", records(dns.query.udp(query, "127.0.0.3", port=extra,
                                              timeout=5).answer),
         ["linux. A 10.0.2.4"])
    same("over TCP too", records(dns.query.tcp(query, "127.0.0.3", port=extra,
                                               timeout=5).answer),
         ["linux. A 10.0.2.4"])
    daemon.conf.write_text(good)
    same("it is dropped", daemon.ctl_run("reload").returncode, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        same("and closed", tcp.connect_ex(("127.0.0.3", extra)), 111)
    same("the other goes on", records(daemon.ask("linux").answer),
         ["linux. A 10.0.2.4"])


def check_control(daemon):
    got = daemon.ctl_run("--json", "status")
    same("status ends with 0", got.returncode, 0)
    status = json.loads(got.stdout)
    same("two sources", len(status["sources"]), 2)
    case("ready", status["ready"] and not status["degraded"], got.stdout)
    got = daemon.ctl_run("stats")
    case("stats counts", "queries.udp.ipv4 " in got.stdout, got.stdout)
    udp = json.loads(daemon.ctl_run("--json", "stats").stdout)["queries.udp.ipv4"]
    daemon.ask("linux")
    same("one more query is one more", json.loads(daemon.ctl_run(
        "--json", "stats").stdout)["queries.udp.ipv4"], udp + 1)
    same("an unknown verb ends with 1", daemon.ctl_run("dance").returncode, 1)
    same("the socket's mode", oct(os.stat(daemon.ctl).st_mode & 0o777), "0o660")
    other = subprocess.run([HOSTLERCTL, "-s", daemon.ctl + "x", "status"],
                           capture_output=True, text=True, timeout=LIMIT_S)
    same("no daemon ends with 3", other.returncode, 3)


def check_address_in_use(daemon, where):
    second = where / "second.yaml"
    second.write_text(f"server: {{listen: ['127.0.0.1@{daemon.port}'], user: ''}}\n"
                      f"control: {{socket: {where}/ctl2}}\n")
    got = run("-c", str(second))
    same("an address in use ends with 2", got.returncode, 2)
    case("and the program that holds it is named",
         "hostler" in got.stderr and str(daemon.process.pid) in got.stderr,
         got.stderr)


def check_daemon():
    with folder() as where:
        write(where)
        with Daemon(where, CONFIG) as daemon:
            case("one note that only loopback is served",
                 "only this machine" in daemon.log, daemon.log)
            check_answers(daemon)
            check_reload(daemon, where)
            check_changes(daemon, where)
            check_bad_configuration_at_reload(daemon)
            check_listeners(daemon)
            check_control(daemon)
            check_address_in_use(daemon, where)
            same("TERM ends with 0", daemon.stop(), 0)
        case("the control socket is gone", not os.path.exists(daemon.ctl))


def check_told_once():
    """A bad line is told at the start, and not again when something else
    changes."""
    with folder() as where:
        write(where)
        (where / "bad.hosts").write_text("10.1.1.999 bad\n")
        with Daemon(where, CONFIG.replace("vms.hosts",
                                          "bad.hosts, vms.hosts")) as daemon:
            same("told at the start", daemon.log.count("10.1.1.999 bad"), 1)
            for number in (1, 2):
                (where / "vms.hosts").write_text(f"10.9.9.{number} other\n")
                case("a change is read", daemon.wait_log(
                    f"+ other A 10.9.9.{number}"), daemon.log)
            same("not told again", daemon.log.count("10.1.1.999 bad"), 1)


def check_broken_start():
    with folder() as where:
        (where / "cluster.test.zone").write_text("web A 1.2.3\n")
        with Daemon(where, CONFIG.replace("vms.hosts",
                                          "late.hosts, vms.hosts")) as daemon:
            answer = daemon.ask("web.cluster.test")
            same("a broken zone at the start: SERVFAIL", rcode(answer),
                 "SERVFAIL")
            same("not ready (14)", ede(answer), [14])
            same("a missing hosts file: its domain too",
                 rcode(daemon.ask("x.lab.test")), "SERVFAIL")
            write(where)
            (where / "late.hosts").write_text("10.1.1.1 late\n")
            daemon.hup()
            same("mended", records(daemon.ask("web.cluster.test").answer),
                 ["web.cluster.test. A 10.0.2.20"])
            same("there at last", records(daemon.ask("late.lab.test").answer),
                 ["late.lab.test. A 10.1.1.1"])
            same("and nobody else", rcode(daemon.ask("x.lab.test")),
                 "NXDOMAIN")


def check_folder():
    with folder() as where:
        os.chmod(where, 0o755)
        (where / "cluster.test.zone").write_text(ZONE)
        hosts = where / "hosts.d"
        hosts.mkdir()
        (hosts / "10-one").write_text("10.1.0.1 one\n")
        (hosts / "20-two").write_text("10.1.0.2 two\n10.1.0.9 one\n")
        (hosts / "20-two~").write_text("10.1.0.3 backup\n")
        with Daemon(where, CONFIG.replace("vms.hosts", "hosts.d/")) as daemon:
            same("lines within one folder add up",
                 records(daemon.ask("one").answer),
                 ["one. A 10.1.0.1", "one. A 10.1.0.9"])
            same("an editor's backup file does not count",
                 rcode(daemon.ask("backup.lab.test")), "NXDOMAIN")
            (hosts / "10-one").unlink()
            (hosts / "10-one").symlink_to("10-one")
            (hosts / "20-two").write_text("10.1.0.22 two\n")
            got = daemon.ctl_run("reload")
            case("a link that leads to itself is told",
                 "circle" in got.stdout, got.stdout)
            same("its names stay", records(daemon.ask("one").answer),
                 ["one. A 10.1.0.1"])
            same("the other files count", records(daemon.ask("two").answer),
                 ["two. A 10.1.0.22"])
            (hosts / "10-one").unlink()
            daemon.ctl_run("reload")
            same("a deleted file takes its names with it",
                 rcode(daemon.ask("one.lab.test")), "NXDOMAIN")


def check_rights():
    if os.geteuid() != 0:
        return
    with folder() as where:
        os.chmod(where, 0o755)
        write(where)
        config = CONFIG.replace("user: ''", "user: nobody")
        os.chown(where, 65534, 65534)
        with Daemon(where, config) as daemon:
            status = open(f"/proc/{daemon.process.pid}/status").read()
            same("rights are dropped", [line.split()[1:5] for line in
                 status.splitlines() if line.startswith("Uid:")],
                 [["65534"] * 4])
            case("no new ones can be had", "NoNewPrivs:\t1" in status, status)
            case("it answers", records(daemon.ask("linux").answer) ==
                 ["linux. A 10.0.2.4"])
        os.chmod(where / "vms.hosts", 0o600)
        got = run("-t", "-c", str(daemon.conf))
        same("-t sees what the user may not read", got.returncode, 1)
        case("and says so", "nobody" in got.stderr, got.stderr)
        config = CONFIG.replace("user: ''", "user: nosuchuser")
        daemon = Daemon(where, config)
        same("a user that does not exist ends with 1",
             run("-c", str(daemon.conf)).returncode, 1)


def check_low_port():
    if os.geteuid() != 0:
        return
    with folder() as where:
        (where / "low.yaml").write_text(
            "server: {listen: ['127.0.0.1@1'], user: ''}\n"
            f"control: {{socket: {where}/ctl}}\n")
        os.chmod(where, 0o777)
        got = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
             HOSTLER, "-c", str(where / "low.yaml")], capture_output=True,
            text=True, timeout=LIMIT_S)
        same("a port below 1024 without the right ends with 2",
             got.returncode, 2)
        case("and says what to do", "1024" in got.stderr or
             "cap_net_bind_service" in got.stderr.lower(), got.stderr)


def check_examples():
    found = sorted((SRC / "zones").glob("*/hostler.yaml"))
    case("there are examples", len(found) >= 6, str(found))
    for conf in found:
        # -t as root tries what hostler's user may read: not where this lies.
        with folder() as where:
            shutil.copytree(conf.parent, where / "copy")
            got = run("-t", "-c", str(where / "copy" / "hostler.yaml"))
        case(f"{conf.parent.name} is clean",
             got.returncode == 0 and "error" not in got.stderr and
             "warning" not in got.stderr, got.stderr)


check_options()
check_configuration()
check_data_errors()
check_daemon()
check_told_once()
check_broken_start()
check_folder()
check_rights()
check_low_port()
check_examples()
assert BUILD.is_dir()
finish()
