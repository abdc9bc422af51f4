# SPDX-License-Identifier: BSD-2-Clause
"""Files change while hostler runs, in all the ways that editors and tools
change them: each change is live within a second of the edit without anybody
telling hostler, what is broken keeps what was good and says so, and files that
are none of hostler's business cause nothing.

With --long also five minutes of random edits and questions."""
import contextlib
import os
import pathlib
import random
import socket
import subprocess
import sys
import threading
import time
import unicodedata

from hostlertest import HOSTLER, Daemon, case, finish, folder, look, same, until

# The machine may be busy: each change has so long, and nine in ten of them a
# second (check_times).
LIVE_S = float(os.environ.get("LIVE_S", "5"))
MOST_S = 1.0
QUIET_S = 0.9           # long enough for a wrong publish to show
LONG_S = float(os.environ.get("LONG_S", "300"))
HEAD = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''}
control: {socket: {ctl}}
domain: lab.test
"""


times = []


def check_times():
    times.sort()
    middle, most = times[len(times) // 2], times[len(times) * 9 // 10]
    print(f"     | {len(times)} changes, live after {middle:.2f} s, nine in "
          f"ten after {most:.2f} s, the slowest after {times[-1]:.2f} s")
    case("nine in ten changes are live within a second", most <= MOST_S,
         most)


def live(daemon, what, name, wanted, kind="A", limit_s=LIVE_S):
    """The answer is there soon."""
    got, took_s = until(lambda: look(daemon, name, kind), wanted, 2 * LIVE_S)
    times.append(took_s)
    return case(f"{what}: {name} {kind} is {wanted}",
                got == wanted and took_s <= limit_s,
                f"{got} after {took_s:.2f} s")


def stays(daemon, what, edit):
    """The edit publishes nothing."""
    before = daemon.status()["generation"]
    edit()
    got, _ = until(lambda: daemon.status()["generation"] != before, True,
                   QUIET_S)
    case(f"{what}: nothing is published", not got)


def says(daemon, what, *words, end_s=30):
    """Status shows these words, soon."""
    def shown():
        text = daemon.ctl_run("status").stdout
        return all(word in text for word in words)
    got, _ = until(shown, True, end_s)
    return case(what + ": status says so", got,
                daemon.ctl_run("status").stdout)


def into_place(path, text):
    fresh = path.with_name("." + path.name + ".new")
    fresh.write_text(text)
    fresh.rename(path)


# ---- watching ----

def in_place(path, text):
    path.write_text(text)


def in_steps(path, text):
    """An editor that truncates, writes a piece, and then the rest."""
    with open(path, "w", buffering=1) as file:
        for line in text.splitlines(True):
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


def by_backup(path, text):
    """As vim does: the old file is renamed, a new one written, the old one
    removed."""
    backup = path.with_name(path.name + "~")
    path.rename(backup)
    path.write_text(text)
    backup.unlink()


def by_other_link(path, text):
    other = path.with_name("another-name")
    if not other.exists():
        os.link(path, other)
        return False
    other.write_text(text)
    return True


def appended(path, text):
    with open(path, "a") as file:
        file.write(text)


def check_ways(where):
    (where / "vms.hosts").write_text("10.0.0.1 web\n")
    ways = [in_place, into_place, in_steps, by_backup, appended]
    with Daemon(where, HEAD + "hosts: [vms.hosts]\nforward: []\n") as daemon:
        path = where / "vms.hosts"
        for i, way in enumerate(ways * 2):
            way(path, f"10.0.1.{i} web{i}\n10.0.2.{i} other{i}\n")
            live(daemon, way.__name__, f"web{i}.lab.test", f"10.0.1.{i}")
            if way not in (appended, ways[0]) and i:
                live(daemon, way.__name__, f"web{i - 1}.lab.test", "NXDOMAIN")
        check_own_way(daemon, where)
        check_neighbours(daemon, where)


def check_own_way(daemon, where):
    path = where / "vms.hosts"
    path.write_text("10.0.0.1 web\n")
    live(daemon, "written", "web.lab.test", "10.0.0.1")
    os.link(path, where / "another-name")
    path.write_text("10.0.0.2 web\n")
    live(daemon, "with another hard link", "web.lab.test", "10.0.0.2")
    (where / "another-name").write_text("10.0.0.3 web\n")
    live(daemon, "by its other name", "web.lab.test", "10.0.0.3")
    (where / "another-name").unlink()
    real = where / "real.hosts"
    real.write_text("10.0.0.4 web\n")
    path.unlink()
    path.symlink_to("real.hosts")
    live(daemon, "a link in its place", "web.lab.test", "10.0.0.4")
    real.write_text("10.0.0.5 web\n")
    live(daemon, "where the link leads", "web.lab.test", "10.0.0.5")
    (where / "deep").mkdir()
    (where / "deep" / "hosts").write_text("10.0.0.6 web\n")
    (where / "fresh").symlink_to("deep/hosts")
    (where / "fresh").rename(path)
    live(daemon, "a link to elsewhere", "web.lab.test", "10.0.0.6")
    into_place(where / "deep" / "hosts", "10.0.0.7 web\n")
    live(daemon, "renamed where the link leads", "web.lab.test", "10.0.0.7")
    (where / "deep").rename(where / "moved")
    says(daemon, "its folder moved away", "last good content")
    same("what was there stays", look(daemon, "web.lab.test"), "10.0.0.7")
    (where / "deep").mkdir()
    (where / "deep" / "hosts").write_text("10.0.0.8 web\n")
    live(daemon, "another folder in its place", "web.lab.test", "10.0.0.8")
    path.unlink()
    path.write_text("10.0.0.9 web\n")
    live(daemon, "a file again", "web.lab.test", "10.0.0.9")


def check_neighbours(daemon, where):
    """What lies beside it, and what does not change it."""
    path = where / "vms.hosts"
    text = path.read_text()
    stays(daemon, "an unrelated file", lambda: (
        (where / "unrelated").write_text("x"), (where / "unrelated").unlink(),
        (where / "vms.hosts~").write_text("10.0.0.66 web\n")))
    stays(daemon, "rewritten as it was", lambda: path.write_text(text))
    stays(daemon, "touched", lambda: os.utime(path))
    stays(daemon, "renamed into place as it was",
          lambda: into_place(path, text))


def check_folder(where):
    hosts = where / "hosts.d"
    hosts.mkdir()
    (hosts / "10-a").write_text("10.0.0.1 a\n")
    with Daemon(where, HEAD + "hosts: [hosts.d/]\nforward: []\n") as daemon:
        same("a file in a folder", look(daemon, "a.lab.test"), "10.0.0.1")
        (hosts / "20-b").write_text("10.0.0.2 b\n")
        live(daemon, "a file added", "b.lab.test", "10.0.0.2")
        (hosts / "20-b").write_text("10.0.0.3 b\n")
        live(daemon, "a file written", "b.lab.test", "10.0.0.3")
        (hosts / "10-a").unlink()
        live(daemon, "a file removed", "a.lab.test", "NXDOMAIN")
        (hosts / "20-b").rename(hosts / "30-b")
        live(daemon, "a file renamed", "b.lab.test", "10.0.0.3")
        for name in (".b.swp", "30-b~", "#30-b#", "30-b.bak", "x.dpkg-new",
                     "30-b.orig", "4913", "x.tmp"):
            (hosts / name).write_text("10.0.0.66 left-behind\n")
        (hosts / "sub").mkdir()
        (hosts / "sub" / "c").write_text("10.0.0.67 left-behind\n")
        (hosts / "40-c").write_text("10.0.0.4 c\n")
        live(daemon, "beside what editors leave behind", "c.lab.test",
             "10.0.0.4")
        same("that is passed over", look(daemon, "left-behind.lab.test"),
             "NXDOMAIN")
        stays(daemon, "more of it", lambda: (
            (hosts / "30-b~").write_text("10.0.0.68 left-behind\n"),
            (hosts / ".b.swp").unlink()))
        (hosts / "50-bad").write_text("10.0.0.999 bad\n10.0.0.5 good\n")
        live(daemon, "a file with a bad line", "good.lab.test", "10.0.0.5")
        says(daemon, "a bad line in a folder", "50-bad:1:1: error",
             "some lines are bad")
        (hosts / "50-bad").unlink()
        live(daemon, "it is gone", "good.lab.test", "NXDOMAIN")
        same("and its fault too", daemon.source("hosts.d/")["state"], "good")
        hosts.rename(where / "elsewhere")
        says(daemon, "the folder is gone", "hosts.d/: error",
             "last good content")
        same("what it gave stays", look(daemon, "b.lab.test"), "10.0.0.3")
        hosts.mkdir()
        (hosts / "1").write_text("10.0.0.7 b\n")
        live(daemon, "another folder", "b.lab.test", "10.0.0.7")


def check_noise(where):
    """Somebody who never stops writing is read all the same."""
    path = where / "vms.hosts"
    into_place(path, "10.0.0.0 count\n")
    written, lags, stop = [], [], threading.Event()

    def write():
        while not stop.wait(0.03):
            turn = len(written) + 1
            into_place(path, f"10.0.{turn >> 8}.{turn & 255} count\n")
            written.append(time.monotonic())

    with Daemon(where, HEAD + "hosts: [vms.hosts]\nforward: []\n") as daemon:
        writer = threading.Thread(target=write)
        writer.start()
        end = time.monotonic() + 3
        while time.monotonic() < end:
            parts = look(daemon, "count.lab.test").split(".")
            seen = int(parts[2]) * 256 + int(parts[3])
            if seen < len(written):     # the next one is waited for
                lags.append(time.monotonic() - written[seen])
        stop.set()
        writer.join()
        case(f"{len(written)} writes in a row, none waits for long",
             lags and max(lags) <= LIVE_S, max(lags, default=None))


def check_many(where):
    (where / "many").mkdir()
    for i in range(1000):
        (where / "many" / f"{i:04d}").write_text(f"10.1.{i >> 8}.{i & 255} "
                                                 f"m{i}\n")
    with Daemon(where, HEAD + "hosts: [many/]\nforward: []\n") as daemon:
        for turn in range(3):
            into_place(where / "many" / f"0{turn}00",
                       f"10.2.0.{turn} m{turn}00\n")
            live(daemon, "one of a thousand files", f"m{turn}00.lab.test",
                 f"10.2.0.{turn}")


def swap(where, version, text):
    """As Kubernetes publishes a ConfigMap."""
    folder_of = where / "map" / f"..{version}"
    folder_of.mkdir()
    (folder_of / "vms").write_text(text)
    (where / "map" / "..data_tmp").symlink_to(folder_of.name)
    (where / "map" / "..data_tmp").rename(where / "map" / "..data")


def check_swaps(where):
    (where / "map").mkdir()
    swap(where, "1", "10.0.0.1 web\n")
    (where / "map" / "vms").symlink_to("..data/vms")
    for entry in ("map/vms", "map/"):
        config = HEAD + f"hosts: [{entry}]\nforward: []\n"
        with Daemon(where, config) as daemon:
            for turn in range(3):
                version = f"{entry.count('/')}{len(entry)}{turn}"
                swap(where, version, f"10.0.{turn}.1 web\n")
                live(daemon, f"..data swapped, {entry}", "web.lab.test",
                     f"10.0.{turn}.1")


def check_appearing(where):
    """Named, and there only later: SERVFAIL until then."""
    config = HEAD.replace("lab.test", "''") + """
hosts: [{path: late/vms.hosts, domain: late.test}]
zones: [late/zone.test.zone, {path: late/x, name: named.test}]
forward: []
"""
    with Daemon(where, config) as daemon:
        for name in ("web.late.test", "web.zone.test", "web.named.test"):
            same(f"{name} is not ready", look(daemon, name), "SERVFAIL 14")
        case("status is degraded", daemon.status()["degraded"])
        says(daemon, "what is missing", "late/vms.hosts: missing",
             "late/zone.test.zone: missing", "no such file")
        (where / "late").mkdir()
        (where / "late" / "vms.hosts").write_text("10.0.0.1 web\n")
        live(daemon, "appeared", "web.late.test", "10.0.0.1")
        (where / "late" / "zone.test.zone").write_text("web A 10.0.0.2\n")
        live(daemon, "appeared", "web.zone.test", "10.0.0.2")
        same("no such name in it", look(daemon, "x.zone.test"), "NXDOMAIN")
        same("the other is not ready", look(daemon, "web.named.test"),
             "SERVFAIL 14")
        into_place(where / "late" / "x", "web A 10.0.0.3\n")
        live(daemon, "appeared", "web.named.test", "10.0.0.3")
        case("and all is well", not daemon.status()["degraded"])


def check_rights(where):
    """As a user for whom chmod means something."""
    path = where / "vms.hosts"
    path.write_text("10.0.0.1 web\n")
    daemon = Daemon(where, HEAD + "hosts: [vms.hosts]\nforward: []\n")
    if os.geteuid() == 0:
        where.chmod(0o755)
        os.chown(where, 65534, 65534)
        daemon.under = ["setpriv", "--reuid=65534", "--regid=65534",
                         "--clear-groups"]
    with daemon:
        path.chmod(0)
        says(daemon, "chmod 000", "no right to read",
             "last good content stays in use")
        same("it keeps", look(daemon, "web.lab.test"), "10.0.0.1")
        path.write_text("10.0.0.2 web\n") if os.geteuid() == 0 else None
        path.chmod(0o644)
        got, _ = until(lambda: daemon.source("vms.hosts")["state"], "good")
        same("chmod back", got, "good")
        path.write_text("10.0.0.3 web\n")
        live(daemon, "readable again", "web.lab.test", "10.0.0.3")


def enter(daemon, *command):
    """In the daemon's mount namespace."""
    pid = str(daemon.process.pid)
    return subprocess.run(["nsenter", "-t", pid, "-m", "--wdns=/", *command]
                          if os.geteuid() == 0 else
                          ["nsenter", "-t", pid, "-U", "-m", "--wdns=/",
                           "--preserve-credentials", *command],
                          check=True, capture_output=True)


def can_mount():
    flags = [] if os.geteuid() == 0 else ["-r"]
    return subprocess.run(["unshare", *flags, "-m", "mount", "--bind", "/tmp",
                           "/tmp"], capture_output=True).returncode == 0


def check_mounts(where):
    path, over = where / "vms.hosts", where / "over.hosts"
    path.write_text("10.0.0.1 web\n")
    over.write_text("10.0.0.2 web\n")
    daemon = Daemon(where, HEAD + "hosts: [vms.hosts]\nforward: []\n")
    daemon.under = ["unshare", *([] if os.geteuid() == 0 else ["-r"]), "-m"]
    with daemon:
        enter(daemon, "mount", "--bind", str(over), str(path))
        live(daemon, "mounted over", "web.lab.test", "10.0.0.2")
        over.write_text("10.0.0.3 web\n")
        live(daemon, "written below a mount", "web.lab.test", "10.0.0.3")
        enter(daemon, "umount", str(path))
        live(daemon, "unmounted", "web.lab.test", "10.0.0.1")


# ---- serials and upstreams ----

def serial(daemon, zone):
    answer = daemon.ask(zone, "SOA").answer
    return answer[0][0].serial if answer else None


def check_serial(where):
    path = where / "lab.test.zone"
    path.write_text("$TTL 60\nweb A 10.0.0.1\n")
    config = HEAD.replace("lab.test", "''") + \
        "hosts: []\nzones: [lab.test.zone]\nforward: []\n"
    with Daemon(where, config) as daemon:
        first = serial(daemon, "lab.test")
        path.write_text("$TTL 60\nweb A 10.0.0.1\n; a comment, below\n")
        path.write_text("$TTL 60\n\n; a comment, above\nweb A 10.0.0.1\n")
        until(lambda: ":4" in daemon.ctl_run("explain",
                                             "web.lab.test").stdout, True)
        case("the line moved", "lab.test.zone:4" in
             daemon.ctl_run("explain", "web.lab.test").stdout)
        same("the serial stays for a moved line", serial(daemon, "lab.test"),
             first)
        path.write_text("$TTL 60\nweb A 10.0.0.2\n")
        live(daemon, "another address", "web.lab.test", "10.0.0.2")
        second = serial(daemon, "lab.test")
        case("the serial grows with the records", second > first,
             f"{first} {second}")
        path.write_text("$TTL 61\nweb A 10.0.0.2\n")
        got, _ = until(lambda: serial(daemon, "lab.test") > second, True)
        case("and with a TTL", got)


class Upstream:
    """Answers every question with one address, and counts them."""

    def __init__(self, address, ttl=60):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.address, self.ttl, self.asked = address, ttl, []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        import dns.flags
        import dns.message
        import dns.rrset
        while True:
            try:
                data, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            query = dns.message.from_wire(data)
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            self.asked.append(query.question[0].name.to_text().lower())
            reply.answer = [dns.rrset.from_text(query.question[0].name,
                                                self.ttl, "IN", "A",
                                                self.address)]
            self.socket.sendto(reply.to_wire(), peer)


def check_resolv_conf(where):
    """Port 53 is nobody's here: which server is asked shows in status."""
    path = where / "resolv.conf"
    path.write_text("nameserver 127.0.0.77\n")
    config = HEAD + "hosts: []\nforward: [{zone: \".\", to: [resolv.conf]}]\n"

    def servers():
        return daemon.status()["forward"][0]["to"]

    def follows(what, wanted):
        got, took_s = until(servers, wanted, 2 * LIVE_S)
        case(f"resolv.conf {what}", got == wanted and took_s <= LIVE_S,
             f"{got} after {took_s:.2f} s")

    with Daemon(where, config) as daemon:
        same("resolv.conf is read", servers(), ["127.0.0.77@53"])
        path.write_text("nameserver 127.0.0.78\n")
        follows("written", ["127.0.0.78@53"])
        into_place(path, "nameserver 127.0.0.79\nnameserver 127.0.0.80\n")
        follows("renamed into place", ["127.0.0.79@53", "127.0.0.80@53"])
        stays(daemon, "resolv.conf as it was", lambda: into_place(
            path, "nameserver 127.0.0.79\nnameserver 127.0.0.80\n"))
        path.write_text("")
        follows("emptied", [])
        same("no upstream at present", look(daemon, "www.example.org"),
             "SERVFAIL 22")
        says(daemon, "no upstream", "no upstream at present")
        path.unlink()
        (where / "run").mkdir()
        (where / "run" / "resolv").write_text("nameserver 127.0.0.81\n")
        path.symlink_to("run/resolv")
        follows("a link", ["127.0.0.81@53"])


# ---- what is broken ----

ZONE = "web A 10.0.0.1\n"
BREAKS = {
    "emptied": lambda path: path.write_text(""),
    "gone": lambda path: path.unlink(),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a link in a circle": lambda path: (path.unlink(),
                                        path.symlink_to(path.name)),
    "a link to nowhere": lambda path: (path.unlink(),
                                       path.symlink_to("nowhere")),
    "a FIFO": lambda path: (path.unlink(), os.mkfifo(path)),
    "a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "a socket": lambda path: (path.unlink(), bind_at(path)),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 64),
    "a line of 10 MB": lambda path: path.write_bytes(b"x" * 10_000_000),
    "zeros": lambda path: path.write_bytes(b"\0" * 100_000),
    "UTF-16": lambda path: path.write_text("10.0.0.9 web\n", "utf-16"),
    "ELF": lambda path: path.write_bytes(
        pathlib.Path("/bin/true").read_bytes()),
}
WORDS = {
    "emptied": "empty", "gone": "no such file", "a folder": "folder",
    "a link in a circle": "circle", "a link to nowhere": "no such file",
    "a FIFO": "not a regular file", "a device": "not a regular file",
    "a socket": "error",
}


def bind_at(path):
    with socket.socket(socket.AF_UNIX) as sock:
        here = os.getcwd()
        os.chdir(path.parent)
        sock.bind(path.name)
        os.chdir(here)


def clear(path):
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    elif path.exists() or path.is_symlink():
        path.unlink()


def check_breaks(where):
    hosts, zone, other = (where / name for name in
                          ("vms.hosts", "zone.test.zone", "other.hosts"))
    config = HEAD + "hosts: [vms.hosts, other.hosts]\n" \
        "zones: [zone.test.zone]\nforward: []\n"
    hosts.write_text("10.0.0.1 web\n")
    zone.write_text(ZONE)
    other.write_text("10.0.0.2 other\n")
    with Daemon(where, config) as daemon:
        for turn, (how, damage) in enumerate(BREAKS.items()):
            check_break(daemon, where, how, damage, turn)
        case("the daemon lives", daemon.process.poll() is None)


def check_break(daemon, where, how, damage, turn):
    hosts, zone, other = (where / name for name in
                          ("vms.hosts", "zone.test.zone", "other.hosts"))
    for path in (hosts, zone):
        damage(path)
    for path in (hosts, zone):
        got, _ = until(lambda: daemon.source(path.name)["state"] != "good",
                       True, 5)
        case(f"{path.name} is {how}: status shows it", got,
             daemon.source(path.name))
    text = daemon.ctl_run("status").stdout
    case(f"{how}: in words", WORDS.get(how, "error") in text, text)
    case(f"{how}: in few of them", len(text) < 30000, len(text))
    odd = [char for char in text if char not in "\n\t" and
           unicodedata.category(char) in ("Cc", "Zl", "Zp")]
    same(f"{how}: nothing unprintable", odd, [])
    same(f"hosts file {how}: kept", look(daemon, "web.lab.test"), "10.0.0.1")
    same(f"zone {how}: kept", look(daemon, "web.zone.test"), "10.0.0.1")
    other.write_text(f"10.0.1.{turn} other\n")
    live(daemon, f"beside what is {how}", "other.lab.test", f"10.0.1.{turn}")
    for path, text in ((hosts, f"10.0.2.{turn} web\n"),
                       (zone, f"web A 10.0.3.{turn}\n")):
        clear(path)
        path.write_text(text)
    live(daemon, f"{how}, mended", "web.lab.test", f"10.0.2.{turn}")
    live(daemon, f"{how}, mended", "web.zone.test", f"10.0.3.{turn}")
    hosts.write_text("10.0.0.1 web\n")
    zone.write_text(ZONE)
    live(daemon, "as before", "web.lab.test", "10.0.0.1")
    live(daemon, "as before", "web.zone.test", "10.0.0.1")
    got, _ = until(lambda: daemon.status()["diagnostics"], "")
    same(f"{how}: nothing is left of it", got, "")


def check_start(where):
    """Broken from the start: SERVFAIL, told, and live when mended.  A folder
    without files is one of hosts files, and fine."""
    config = HEAD + "hosts: [{path: vms.hosts, domain: own.test}, good.hosts]" \
        "\nzones: [zone.test.zone]\nleases: [{path: leases, " \
        "domain: leased.test}]\nforward: []\n"
    (where / "good.hosts").write_text("10.0.0.2 other\n")
    paths = [where / "vms.hosts", where / "zone.test.zone", where / "leases"]
    for how, damage in BREAKS.items():
        if how == "emptied":
            continue                    # an empty file is one without names
        for path in paths:
            clear(path)
            path.write_text("x\n")
            damage(path)
        with Daemon(where, config) as daemon:
            got = subprocess.run([HOSTLER, "-t", "-c", daemon.conf],
                                 capture_output=True, timeout=60)
            same(f"-t with what is {how}", got.returncode, 1)
            same(f"hosts {how} at first", look(daemon, "web.own.test"),
                 "NXDOMAIN" if how == "a folder" else "SERVFAIL 14")
            same(f"zone {how} at first", look(daemon, "web.zone.test"),
                 "SERVFAIL 14")
            same("the rest is served", look(daemon, "other.lab.test"),
                 "10.0.0.2")
            case(f"{how} at first: degraded", daemon.status()["degraded"])
            for path, text in zip(paths, (
                    "10.0.0.1 web\n", ZONE, f"{int(time.time()) + 900} "
                    "52:54:00:00:00:01 10.0.0.3 web *\n")):
                clear(path)
                path.write_text(text)
            for name, address in (("own", 1), ("zone", 1), ("leased", 3)):
                live(daemon, f"{how} at first", f"web.{name}.test",
                     f"10.0.0.{address}")
            check_lease_breaks(daemon, how, damage, paths[2])


def check_lease_breaks(daemon, how, damage, path):
    text = path.read_text()
    damage(path)
    got, _ = until(lambda: daemon.source("leases")["state"] != "good", True)
    case(f"leases {how}: status shows it", got, daemon.source("leases"))
    same(f"leases {how}: kept", look(daemon, "web.leased.test"), "10.0.0.3")
    clear(path)
    path.write_text(text.replace("10.0.0.3", "10.0.0.4"))
    live(daemon, f"leases {how}, mended", "web.leased.test", "10.0.0.4",
         limit_s=2 * LIVE_S)            # half-written files are waited for


def check_faults(where):
    """Errors in a file: a zone is kept whole, of hosts the names on the bad
    line."""
    hosts, zone = where / "vms.hosts", where / "zone.test.zone"
    hosts.write_text("10.0.0.1 web\n10.0.0.2 db\n")
    zone.write_text("web A 10.0.0.1\ndb A 10.0.0.2\n")
    config = HEAD + "hosts: [vms.hosts]\nzones: [zone.test.zone]\n" \
        "forward: []\n"
    with Daemon(where, config) as daemon:
        zone.write_text("web A 10.0.0.11\ndb A 10.0.0.999\n")
        says(daemon, "a zone with an error",
             "zone.test.zone:2:6: error: 10.0.0.999",
             "    2 | db A 10.0.0.999", "last good content")
        same("is kept whole", look(daemon, "web.zone.test"), "10.0.0.1")
        hosts.write_text("10.0.0.11 web\n10.0.0.999 db\n10.0.0.3 new\n")
        live(daemon, "hosts with a bad line", "web.lab.test", "10.0.0.11")
        same("a new line counts", look(daemon, "new.lab.test"), "10.0.0.3")
        same("a name on the bad line keeps", look(daemon, "db.lab.test"),
             "10.0.0.2")
        says(daemon, "both", "vms.hosts:2:1: error", "zone.test.zone:2:6")
        case("explain says so", "has an error now" in
             daemon.ctl_run("explain", "db.lab.test").stdout,
             daemon.ctl_run("explain", "db.lab.test").stdout)
        same("reload is refused in part", daemon.ctl_run("reload").returncode,
             1)
        same("still kept", look(daemon, "db.lab.test"), "10.0.0.2")
        hosts.write_text("10.0.0.11 web\n10.0.0.22 db\n")
        live(daemon, "hosts mended", "db.lab.test", "10.0.0.22")
        says(daemon, "the other is not", "zone.test.zone:2:6")
        zone.write_text("web A 10.0.0.11\ndb A 10.0.0.22\n")
        live(daemon, "zone mended", "web.zone.test", "10.0.0.11")
        got, _ = until(lambda: daemon.status()["degraded"], False)
        same("all is well", got, False)


def check_first(where):
    """Broken from the start: which zone it is shows by $ORIGIN."""
    (where / "cluster").write_text("$ORIGIN odd.test.\nweb A 10.0.0.999\n")
    config = HEAD + "hosts: []\nzones: [cluster]\nforward: []\n"
    with Daemon(where, config) as daemon:
        same("a zone broken from the start", look(daemon, "web.odd.test"),
             "SERVFAIL 14")
        same("its apex", look(daemon, "odd.test", "SOA"), "SERVFAIL 14")
        same("no other name", look(daemon, "web.odder.test"), "NXDOMAIN")
        (where / "cluster").write_text("$ORIGIN new.test.\nweb A 10.0.0.999\n")
        live(daemon, "another origin", "web.new.test", "SERVFAIL 14")
        same("the first is nobody's", look(daemon, "web.odd.test"),
             "NXDOMAIN")
        (where / "cluster").write_text("$ORIGIN odd.test.\nweb A 10.0.0.9\n")
        live(daemon, "mended", "web.odd.test", "10.0.0.9")


def check_twins(where):
    (where / "vms.hosts").write_text("10.0.0.1 web\n")
    os.link(where / "vms.hosts", where / "linked.hosts")
    (where / "sym.hosts").symlink_to("vms.hosts")
    config = HEAD + "hosts: [vms.hosts, linked.hosts, sym.hosts]\n" \
        "forward: []\n"
    with Daemon(where, config) as daemon:
        says(daemon, "one file named thrice", "linked.hosts: warning",
             "sym.hosts: warning", "[same-file]")
        same("it answers", look(daemon, "web.lab.test"), "10.0.0.1")
        same("and loads", daemon.status()["degraded"], False)
        daemon.configure(config + "warnings: {off: [same-file]}\n")
        daemon.ctl_run("reload")
        text = daemon.ctl_run("status").stdout
        case("switched off", "same-file" not in text, text)
        daemon.configure(config)
        daemon.ctl_run("reload")
        says(daemon, "and on", "[same-file]")


def check_crowd(where):
    """More addresses of one name than an answer carries, in two files."""
    folder = where / "hosts.d"
    folder.mkdir()
    (folder / "a").write_text("".join(f"fd::{i:x} web\n"
                                      for i in range(1, 2322)))
    (folder / "b").write_text("fd::a web\nfd::f00 web # hostler: ok\n"
                              "fd::f01 web\nfd::f02 web\n")
    config = HEAD + "hosts: [hosts.d]\nforward: []\n"
    with Daemon(where, config) as daemon:
        says(daemon, "what no answer carries", "b:3:", "2 of them are left out",
             "[too-many-records]")
        answer = daemon.ask("web.lab.test", "AAAA", tcp=True).answer
        same("the others are given", [len(rrset) for rrset in answer], [2322])
        (folder / "b").write_text("fd::f00 web # hostler: ok\n")
        got, _ = until(lambda: "too-many-records" in
                       daemon.ctl_run("status").stdout, False, 5)
        same("mended", got, False)


# ---- a long time ----

def random_text(dice, kind):
    lines = []
    for _ in range(dice.randrange(30)):
        name = f"h{dice.randrange(40)}"
        address = f"10.{dice.randrange(300)}.0.{dice.randrange(260)}"
        lines.append(f"{name} A {address}" if kind == "zone" else
                     f"{address} {name} {name}x")
    return "\n".join(lines) + "\n"


def random_edit(dice, paths):
    path = dice.choice(paths)
    kind = "zone" if path.suffix == ".zone" else "hosts"
    with contextlib.suppress(OSError):
        if dice.random() < 0.3:
            clear(path)
        if dice.random() < 0.15:
            clear(path)             # a FIFO would make us wait
            path.write_text("10.0.0.1 web\n")
            dice.choice(list(BREAKS.values()))(path)
        elif path.is_file() or not (path.exists() or path.is_symlink()):
            dice.choice([in_place, into_place, in_steps])(
                path, random_text(dice, kind))
        else:
            clear(path)


def resident(daemon):
    return [int(line.split()[1]) for line in
            open(f"/proc/{daemon.process.pid}/status")
            if line.startswith("VmRSS")][0]


def check_long(where):
    dice = random.Random(1)
    (where / "hosts.d").mkdir()
    paths = [where / name for name in ("a.hosts", "b.hosts", "z.test.zone",
                                       "hosts.d/1", "hosts.d/2")]
    config = HEAD + "hosts: [a.hosts, b.hosts, hosts.d/]\n" \
        "zones: [z.test.zone]\nforward: []\n"
    for path in paths:
        path.write_text("")
    with Daemon(where, config) as daemon:
        end = time.monotonic() + LONG_S
        half, edits = None, 0
        while time.monotonic() < end:
            random_edit(dice, paths)
            edits += 1
            for _ in range(20):
                look(daemon, f"h{dice.randrange(40)}." +
                     dice.choice(["lab.test", "z.test"]))
            if dice.random() < 0.05:
                daemon.ctl_run("reload")
            while daemon.read_log():
                pass
            if half is None and time.monotonic() > end - LONG_S / 2:
                half = resident(daemon)
        case(f"alive after {edits} edits", daemon.process.poll() is None)
        now = resident(daemon)
        case("no growth", now < half * 1.3 + 4096, f"{half} kB, then {now}")
        for path in paths:
            clear(path)
            path.write_text("h1.z.test. A 10.9.9.9\n" if path.suffix ==
                            ".zone" else "10.9.9.8 h1\n")
        live(daemon, "after all that", "h1.z.test", "10.9.9.9")
        live(daemon, "after all that", "h1.lab.test", "10.9.9.8")


CHECKS = [check_start, check_ways, check_folder, check_noise, check_many,
          check_swaps, check_appearing,
          check_rights, check_serial, check_resolv_conf, check_breaks,
          check_faults, check_first, check_twins, check_crowd]

if __name__ == "__main__":
    if can_mount():
        CHECKS.append(check_mounts)
    else:
        print("note: nothing may be mounted here")
    if "--long" in sys.argv:
        CHECKS.append(check_long)
    chosen = [word for word in sys.argv[1:] if not word.startswith("-")]
    for check in CHECKS:
        if chosen and check.__name__ not in chosen:
            continue
        with folder() as place:
            check(place)
    if times:
        check_times()
    finish()
