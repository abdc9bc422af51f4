# SPDX-License-Identifier: BSD-2-Clause
"""Rights and the sandbox of a real daemon, started as root and by an ordinary
user: what every thread has left, what `status` says of it, what cannot be done
any more, and that everything else goes on inside: set, reload, low ports,
sources in new folders, watching, tls://."""
import contextlib
import ctypes
import os
import pwd
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading

from hostlertest import (BUILD, HOSTLER, HOSTLERCTL, LIMIT_S, Daemon, case,
                         dns, finish, folder, look, rcode, records, same,
                         until)

ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
BUILT = "#define HAVE_SECCOMP 1" in (BUILD / "config.h").read_text()
SANITIZED = "#define SANITIZED 1" in (BUILD / "config.h").read_text()
# landlock_create_ruleset: which version is there?
ABI = max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))
BIND_SERVICE = 1 << 10
READ_SEARCH = 1 << 2

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: %s}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts]
managed-hosts: own/managed.hosts
forward: []
"""


def reachable(program, where):
    """What was built may lie where an ordinary user does not get to."""
    return str(shutil.copy(program, where / os.path.basename(program)))


class Safe(Daemon):
    """In a folder that everybody may read; its own folder is own/, which is
    the daemon's user's."""

    def __init__(self, where, config, user=None):
        super().__init__(where, None)
        os.chmod(where, 0o755)
        (where / "vms.hosts").write_text("10.0.2.4 web\n")
        (where / "own").mkdir(exist_ok=True)
        self.ctl = str(where / "own" / "ctl")
        self.configure(config)
        if ROOT:
            os.chown(where / "own", NOBODY.pw_uid, NOBODY.pw_gid)
        if ROOT and user:
            self.under = ["setpriv", f"--reuid={NOBODY.pw_uid}",
                          f"--regid={NOBODY.pw_gid}", "--clear-groups"]
            self.program = reachable(HOSTLER, where)

    def rights(self):
        return self.status()["rights"]

    def threads(self):
        """What /proc says of every thread: a list of mappings.  One may end
        meanwhile: the linter's."""
        found = []
        base = f"/proc/{self.process.pid}/task"
        for task in os.listdir(base):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
                    open(f"{base}/{task}/status", encoding="ascii") as status:
                found.append(dict(line.rstrip("\n").split(":\t", 1)
                                  for line in status if ":\t" in line))
        return found


def whoever():
    """The daemon as root with a user, and as an ordinary user."""
    return (None, "ordinary") if ROOT else ("ordinary",)


def user_of(kind):
    return "''" if kind else "nobody"


# ---- what is left ----

def check_threads(daemon, kind, what):
    threads = daemon.threads()
    case(f"{what}: there are threads", len(threads) >= 3, str(len(threads)))
    uid = NOBODY.pw_uid if ROOT else os.getuid()
    wanted = {
        "Uid": "\t".join([str(uid)] * 4),
        "NoNewPrivs": "1",
        "Seccomp": "2" if BUILT else "0",
        "CapAmb": f"{0:016x}",
        "CapInh": f"{0:016x}",
    }
    if not kind:
        wanted["CapBnd"] = f"{0:016x}"
        wanted["CapEff"] = wanted["CapPrm"] = f"{BIND_SERVICE:016x}"
    elif ROOT:
        wanted["CapEff"] = wanted["CapPrm"] = f"{0:016x}"
    for key, value in wanted.items():
        same(f"{what}: {key} of every thread",
             {one[key] for one in threads}, {value})


def check_status(daemon, kind):
    rights = daemon.rights()
    same("status: user", rights["user"],
         "nobody" if ROOT else pwd.getpwuid(os.getuid()).pw_name)
    if ROOT:
        same("status: capabilities", rights["capabilities"],
             [] if kind else ["cap_net_bind_service"])
    same("status: no new privileges", rights["no-new-privileges"], True)
    same("status: no core files", rights["core-files"], False)
    same("status: does not read all", rights["reads-all"], False)
    same("status: seccomp", rights["seccomp"], "on" if BUILT else "not built")
    same("status: landlock", (rights["landlock"], rights["landlock-abi"]),
         ("on" if ABI else "not in this kernel", ABI))
    same("status: its own folders", rights["writable"],
         [str(daemon.dir / "own")])
    text = daemon.ctl_run("status").stdout
    for words in (f"rights: user {rights['user']}, capabilities: ",
                  "no new ones, no core files",
                  f"sandbox: seccomp {rights['seccomp']}, "
                  f"landlock {rights['landlock']}"):
        case(f"status says: {words}", words in text, text)
    limits = open(f"/proc/{daemon.process.pid}/limits",
                  encoding="ascii").read()
    same("no core files", re.search(r"core file size +(\d+) +(\d+)",
                                    limits).groups(), ("0", "0"))


# ---- what cannot be done ----

def check_outside(daemon, where, stays):
    """The managed file made a link that leads out of the folder."""
    outside = where / "outside"
    outside.mkdir(mode=0o777, exist_ok=True)
    os.chmod(outside, 0o777)
    managed = where / "own" / "managed.hosts"
    managed.unlink(missing_ok=True)
    managed.symlink_to(outside / "there")
    got = daemon.ctl_run("set", "out", "10.0.0.66")
    if stays:
        same("set through a link to the outside fails", got.returncode, 1)
        case("and says that there is no right", "no right" in got.stdout,
             got.stdout + got.stderr)
        case("nothing is there", not os.listdir(outside))
    else:
        same("without a sandbox it works", got.returncode, 0)
        case("the file is there", (outside / "there").exists())
    managed.unlink()


# ---- what goes on ----

def free_low_address():
    """An address of loopback with port 53 free: others test beside us."""
    for last in range(2, 250):
        address = f"127.53.{os.getpid() % 250}.{last}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            with contextlib.suppress(OSError):
                udp.bind((address, 53))
                return address
    raise RuntimeError("no free address")


def check_low_port(daemon):
    address = free_low_address()
    text = daemon.conf.read_text()
    daemon.conf.write_text(text.replace("listen: [", f'listen: ["{address}", '))
    got = daemon.ctl_run("reload")
    same("a reload binds port 53", got.returncode, 0)
    query = dns.message.make_query("web.lab.test", "A")
    same("which answers", records(dns.query.udp(
        query, address, timeout=LIMIT_S).answer), ["web.lab.test. A 10.0.2.4"])
    daemon.conf.write_text(text)
    daemon.ctl_run("reload")


def check_set(daemon):
    same("set", daemon.ctl_run("set", "db", "10.0.0.7").returncode, 0)
    same("is served", until(lambda: look(daemon, "db.lab.test"),
                            "10.0.0.7")[0], "10.0.0.7")
    same("set again", daemon.ctl_run("set", "db", "10.0.0.8").returncode, 0)
    same("is served too", until(lambda: look(daemon, "db.lab.test"),
                                "10.0.0.8")[0], "10.0.0.8")
    same("unset", daemon.ctl_run("unset", "db").returncode, 0)
    same("is gone", until(lambda: look(daemon, "db.lab.test"),
                          "NXDOMAIN")[0], "NXDOMAIN")


def check_new_folder(daemon, where):
    """Reading stays free: neither the folder nor the file was there."""
    with folder() as new:
        os.chmod(new, 0o755)
        (new / "more.hosts").write_text("10.0.3.1 more\n")
        (new / "new.test.zone").write_text("www A 10.0.3.2\n")
        text = daemon.conf.read_text()
        daemon.conf.write_text(text.replace(
            "hosts: [vms.hosts", f"zones: [{new}/new.test.zone]\n"
            f"hosts: [vms.hosts, {new}/more.hosts"))
        same("a reload adds sources in a new folder",
             daemon.ctl_run("reload").returncode, 0)
        same("a hosts file", look(daemon, "more.lab.test"), "10.0.3.1")
        same("a zone", look(daemon, "www.new.test"), "10.0.3.2")
        (new / "more.hosts").write_text("10.0.3.3 more\n")
        same("which are watched", until(lambda: look(daemon, "more.lab.test"),
                                        "10.0.3.3")[0], "10.0.3.3")
        daemon.conf.write_text(text)
        daemon.ctl_run("reload")
    (where / "vms.hosts").write_text("10.0.2.4 web\n10.0.2.5 late\n")
    same("an edit is live", until(lambda: look(daemon, "late.lab.test"),
                                  "10.0.2.5")[0], "10.0.2.5")


def check_verbs(daemon):
    for words in (("explain", "web"), ("names",), ("stats",),
                  ("flush-all",)):
        same(f"{words[0]} works", daemon.ctl_run(*words).returncode, 0)
    start = len(daemon.log)
    daemon.process.send_signal(signal.SIGUSR1)
    case("USR1 logs the counters", daemon.wait_log("queries.", start),
         daemon.log)
    same("TCP", rcode(daemon.ask("web.lab.test", tcp=True)), "NOERROR")


def check_working(kind):
    with folder() as where:
        daemon = Safe(where, CONFIG % user_of(kind), kind)
        with daemon:
            check_threads(daemon, kind, f"as {kind or 'root'}")
            check_status(daemon, kind)
            check_set(daemon)
            check_verbs(daemon)
            check_new_folder(daemon, where)
            if not kind:
                check_low_port(daemon)
            case("HUP is done", daemon.hup(), daemon.log)
            check_threads(daemon, kind, "after reloads")
            check_outside(daemon, where, ABI > 0)
            same("TERM ends with 0", daemon.stop(), 0)
        case("the control socket is gone", not os.path.exists(daemon.ctl))


def check_switched_off(kind):
    config = CONFIG.replace("threads: 2", "threads: 1, sandbox: no")
    with folder() as where:
        with Safe(where, config % user_of(kind), kind) as daemon:
            rights = daemon.rights()
            same("sandbox: no is seen in status", (rights["seccomp"],
                 rights["landlock"], rights["writable"]), ("off", "off", []))
            same("no filter", {one["Seccomp"] for one in daemon.threads()},
                 {"0"})
            same("no new privileges all the same",
                 {one["NoNewPrivs"] for one in daemon.threads()
                  if one["Pid"] == one["Tgid"]}, {"1"})
            check_outside(daemon, where, False)
            daemon.configure(config.replace(", sandbox: no", "").replace(
                "threads: 1", "threads: 1, read-all: yes") % user_of(kind))
            got = daemon.ctl_run("reload")
            for key in ("sandbox", "read-all"):
                case(f"{key} needs a restart", f"'{key}' has changed" in
                     got.stdout and "needs-restart" in got.stdout, got.stdout)


def check_moved_managed(kind):
    with folder() as where:
        (where / "other").mkdir()
        os.chmod(where / "other", 0o777)
        with Safe(where, CONFIG % user_of(kind), kind) as daemon:
            text = daemon.conf.read_text()
            daemon.conf.write_text(text.replace("own/managed", "own/new"))
            got = daemon.ctl_run("reload")
            case("another managed file in the folder", "needs-restart" not in
                 got.stdout, got.stdout)
            same("is written", daemon.ctl_run("set", "a", "10.0.0.1").
                 returncode, 0)
            case("there", (where / "own" / "new.hosts").exists())
            daemon.conf.write_text(text.replace("own/managed", "other/new"))
            got = daemon.ctl_run("reload")
            same("one in another folder needs a restart", "'managed-hosts' "
                 "has changed" in got.stdout, ABI > 0)
            same("set works", daemon.ctl_run("set", "b", "10.0.0.2").
                 returncode, 0)
            same("in the old place", (where / "other" / "new.hosts").exists(),
                 ABI == 0)


# ---- tls:// ----

def serve_tls(listening, context):
    with contextlib.suppress(OSError):
        while True:
            plain, _ = listening.accept()
            with context.wrap_socket(plain, server_side=True) as stream:
                size = int.from_bytes(stream.recv(2), "big")
                query = dns.message.from_wire(stream.recv(size))
                reply = dns.message.make_response(query)
                reply.answer.append(dns.rrset.from_text(
                    query.question[0].name, 60, "IN", "A", "192.0.2.9"))
                wire = reply.to_wire()
                stream.sendall(len(wire).to_bytes(2, "big") + wire)


def check_tls(kind):
    if not shutil.which("openssl"):
        return
    with folder() as where:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem", "-out",
             "ca.pem", "-days", "30", "-subj", "/CN=up.example", "-addext",
             "subjectAltName=DNS:up.example"], cwd=where, check=True,
            capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(where / "ca.pem", where / "key.pem")
        listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=serve_tls, args=(listening, context),
                         daemon=True).start()
        config = (CONFIG % user_of(kind)).replace(
            "forward: []", 'forward: [{zone: ".", to: ["tls://127.0.0.1@'
            f'{listening.getsockname()[1]}#up.example"]}}]\n'
            "tls: {ca-file: ca.pem}")
        with Safe(where, config, kind) as daemon:
            same("a tls:// upstream answers", look(daemon, "far.example"),
                 "192.0.2.9")
        listening.close()


# ---- files that the user may not read ----

def mend(text):
    """Run the command that the diagnostic names."""
    command = re.search(r"setfacl -m u:nobody:[rx]+ [^;]*", text)
    if case("the command is named", command is not None, text):
        subprocess.run(command.group(0), shell=True, check=True)


def run_check(daemon):
    return subprocess.run([HOSTLER, "-t", "-c", str(daemon.conf)],
                          capture_output=True, text=True, timeout=LIMIT_S,
                          check=False)


PRIVATE = CONFIG.replace("hosts: [vms.hosts]", 'hosts: ["home/my vms.hosts"]')


def check_private():
    with folder() as where:
        daemon = Safe(where, PRIVATE % "nobody")
        home, file = where / "home", where / "home" / "my vms.hosts"
        home.mkdir(mode=0o700)
        file.write_text("10.0.9.9 private\n")
        os.chmod(file, 0o600)
        os.chmod(home, 0o700)
        got = run_check(daemon)
        same("-t as root: an error", got.returncode, 1)
        case("that names user and folder", "'nobody' has no right to enter "
             f"the folder {home}" in got.stderr, got.stderr)
        with daemon:
            log = daemon.log
            case("the daemon names them too", "'nobody' has no right to enter "
                 f"the folder {home}" in log and "read-all: yes" in log, log)
            same("its names are not served", look(daemon, "private.lab.test"),
                 "SERVFAIL 14")
            mend(log)
            got = daemon.ctl_run("reload").stdout
            case("then the file is what says no", "has no right to read it"
                 in got, got)
            check = run_check(daemon).stderr
            case("-t says so too", "has no right to read it" in check and
                 f"setfacl -m u:nobody:r '{file}'" in check, check)
            mend(got)
            same("mended", daemon.ctl_run("reload").returncode, 0)
            same("its names are served", look(daemon, "private.lab.test"),
                 "10.0.9.9")
            same("-t is content", run_check(daemon).returncode, 0)


def check_read_all():
    config = PRIVATE.replace("threads: 2", "threads: 2, read-all: yes")
    with folder() as where:
        daemon = Safe(where, config % "nobody")
        (where / "home").mkdir(mode=0o700)
        (where / "home" / "my vms.hosts").write_text("10.0.9.9 private\n")
        os.chmod(where / "home" / "my vms.hosts", 0o600)
        os.chmod(daemon.conf, 0o600)
        same("-t is content with read-all", run_check(daemon).returncode, 0)
        with daemon:
            same("read-all: it is served", look(daemon, "private.lab.test"),
                 "10.0.9.9")
            rights = daemon.rights()
            same("status shows it", (rights["reads-all"],
                 rights["capabilities"]), (True, [
                     "cap_dac_read_search", "cap_net_bind_service"]))
            case("in words too", "reads every file" in
                 daemon.ctl_run("status").stdout)
            same("every thread of ours has no more", {
                one["CapEff"] for one in daemon.threads()
                if one["Pid"] == one["Tgid"]},
                {f"{BIND_SERVICE | READ_SEARCH:016x}"})
            same("a reload reads a private configuration",
                 daemon.ctl_run("reload").returncode, 0)
    with folder() as where:
        with Safe(where, (CONFIG % "''").replace(
                "threads: 2", "threads: 1, read-all: yes"), "ordinary") \
                as daemon:
            case("read-all without the right is told",
                 "CAP_DAC_READ_SEARCH" in daemon.log, daemon.log)


def check_read_all_of_a_unit():
    """Started as the packaged unit does it: no root, the right is ambient."""
    both = "+net_bind_service,+dac_read_search"
    for wanted in ("yes", "no"):
        with folder() as where:
            daemon = Safe(where, PRIVATE.replace(
                "threads: 2", f"threads: 1, read-all: {wanted}") % "''",
                "ordinary")
            daemon.under += [f"--inh-caps={both}", f"--ambient-caps={both}"]
            (where / "home").mkdir(mode=0o700)
            (where / "home" / "my vms.hosts").write_text("10.0.9.9 private\n")
            os.chmod(where / "home" / "my vms.hosts", 0o600)
            with daemon:
                reads = wanted == "yes"
                same(f"an ambient right, read-all: {wanted}",
                     rcode(daemon.ask("private.lab.test")),
                     "NOERROR" if reads else "SERVFAIL")
                same("status shows what is kept",
                     daemon.rights()["capabilities"],
                     (["cap_dac_read_search"] if reads else []) +
                     ["cap_net_bind_service"])


def check_private_configuration():
    with folder() as where:
        daemon = Safe(where, CONFIG % "nobody")
        os.chmod(daemon.conf, 0o600)
        got = run_check(daemon)
        case("-t warns of a private configuration", got.returncode == 0 and
             "[private-configuration]" in got.stderr, got.stderr)
        with daemon:
            got = daemon.ctl_run("reload")
            case("a reload cannot read it, and says what to do",
                 got.returncode == 1 and
                 f"setfacl -m u:nobody:r {daemon.conf}" in got.stdout,
                 got.stdout)
            same("and goes on", look(daemon, "web.lab.test"), "10.0.2.4")


def check_tried_managed():
    """-t tells what set would fail at, and makes nothing."""
    with folder() as where:
        daemon = Safe(where, CONFIG % user_of(not ROOT))
        text = daemon.conf.read_text()
        path = where / "own" / "managed.hosts"
        user = "nobody" if ROOT else pwd.getpwuid(os.geteuid()).pw_name

        def told(what, words):
            got = run_check(daemon)
            at = f"{daemon.conf}:6:16: warning: hostlerctl set cannot write "
            case(f"-t, managed-hosts: {what}", got.returncode == 0 and
                 at in got.stderr and words in got.stderr and
                 "[unwritable-managed-hosts]" in got.stderr, got.stderr)

        def clean(what):
            got = run_check(daemon)
            case(f"-t, managed-hosts: {what}", got.returncode == 0 and
                 "hostlerctl set" not in got.stderr, got.stderr)

        clean("in the user's folder it can be made")
        same("and is not", path.exists(), False)
        path.mkdir()
        told("a folder", "is not a file")
        path.rmdir()
        daemon.conf.write_text(text.replace(" own/managed", " none/managed"))
        clean("the start makes its folder")
        same("-t does not", (where / "none").exists(), False)
        nowhere = text.replace(" own/managed", " no/such/managed")
        daemon.conf.write_text(nowhere)
        told("not two folders", f"install -d -o {user} {where}/no")
        daemon.conf.write_text(nowhere +
                               "warnings: {off: unwritable-managed-hosts}\n")
        clean("the warning can be switched off")
        daemon.conf.write_text(text)
        path.write_text("10.0.0.9 other\n")
        if ROOT:
            check_tried_foreign(daemon, path, told, clean)


def check_tried_foreign(daemon, path, told, clean):
    told("root's file", f"chown nobody: {path}")
    with daemon:
        case("set cannot, indeed", "keep its owner" in
             daemon.ctl_run("set", "a", "10.0.0.1").stdout)
    os.chown(path, NOBODY.pw_uid, 0)
    told("of root's group", f"chown nobody: {path}")
    os.chown(path.parent, NOBODY.pw_uid, 0)
    path.parent.chmod(0o2755)
    clean("which the folder's mark gives to every file in it")
    with daemon:
        got = daemon.ctl_run("set", "a", "10.0.0.1")
        case("set can, indeed", got.returncode == 0, (got, daemon.log))
    path.parent.chmod(0o755)
    os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    path.chmod(0o444)
    clean("its own, be it without the right to write")
    os.chown(path.parent, 0, 0)
    daemon.conf.write_text(daemon.conf.read_text().replace("control:",
                                                           "# control:"))
    told("root's folder", f"setfacl -m u:nobody:wx {path.parent}")


# ---- the user, the control socket ----

def check_fallback():
    """Nobody wrote `user`, and the default one may not be there."""
    users = {entry.pw_name for entry in pwd.getpwall()}
    wanted = "hostler" if "hostler" in users else "nobody"
    with folder() as where:
        daemon = Safe(where, (CONFIG % "nobody").replace(", user: nobody", ""))
        if wanted == "hostler":
            shutil.chown(where / "own", "hostler")
        with daemon:
            same("the default user", daemon.rights()["user"], wanted)
            same("a warning where it is another one", "hostler runs as "
                 "'nobody'" in daemon.log, wanted == "nobody")
            same("it answers", look(daemon, "web.lab.test"), "10.0.2.4")


def check_root_stays():
    with folder() as where:
        with Safe(where, CONFIG % "''") as daemon:
            rights = daemon.rights()
            same("user: '' keeps root", rights["user"], "root")
            same("in the sandbox all the same", (rights["seccomp"],
                 rights["landlock"], rights["no-new-privileges"]), (
                     "on" if BUILT else "not built",
                     "on" if ABI else "not in this kernel", True))
            check_set(daemon)
            check_outside(daemon, where, ABI > 0)


def check_control_folder():
    with folder() as where:
        config = CONFIG.replace("{ctl}", "{dir}/fresh/ctl")
        daemon = Safe(where, config % user_of(None if ROOT else "ordinary"))
        daemon.ctl = str(where / "fresh" / "ctl")
        with daemon:
            case("a missing folder is made, and said", "made the folder "
                 f"{where}/fresh" in daemon.log, daemon.log)
            same("the socket's mode", oct(os.stat(daemon.ctl).st_mode & 0o777),
                 "0o660")
            same("hostlerctl gets there", daemon.ctl_run("status").returncode,
                 0)
        daemon.configure(config.replace("fresh/ctl", "no/such/ctl") %
                         user_of(None if ROOT else "ordinary"))
        got = subprocess.run([HOSTLER, "-c", str(daemon.conf)],
                             capture_output=True, text=True, timeout=LIMIT_S,
                             check=False)
        same("two folders are not made", (got.returncode,
             (where / "no").exists()), (3, False))


def check_managed_folder():
    """Nobody has made it before the first start, be it for itself or that of
    the control socket, too."""
    for control in ("own", "fresh"):
        config = CONFIG.replace("{ctl}", "{dir}/%s/ctl" % control).replace(
            "own/managed", "fresh/managed")
        with folder() as where:
            daemon = Safe(where, config % user_of(None if ROOT else "ordinary"))
            daemon.ctl = str(where / control / "ctl")
            got = run_check(daemon)
            same("-t says nothing of a folder that the start makes",
                 (got.returncode, "cannot write" in got.stderr), (0, False))
            with daemon:
                case("managed-hosts: its folder is made, and said",
                     f"made the folder {where}/fresh" in daemon.log, daemon.log)
                check_set(daemon)
            same("by the user that hostler becomes",
                 pwd.getpwuid((where / "fresh").stat().st_uid).pw_name,
                 "nobody" if ROOT else pwd.getpwuid(os.geteuid()).pw_name)


def check_unmade_folder():
    """Who cannot make it is told before the start."""
    with folder() as where:
        daemon = Safe(where, CONFIG.replace("own/managed", "fresh/managed") %
                      "''", "ordinary")
        got = subprocess.run(
            [*daemon.under, daemon.program, "-t", "-c", str(daemon.conf)],
            capture_output=True, text=True, timeout=LIMIT_S, check=False)
        case("-t warns of a folder that the start cannot make",
             f"hostlerctl set cannot write {where}/fresh/" in got.stderr,
             got.stderr)


def check_default_folder():
    """/run/hostler, left behind by a daemon that stayed root; and where the
    hostlerctl of somebody who has a folder by login looks, too."""
    with folder() as where:
        daemon = Safe(where, (CONFIG % "nobody").replace(
            "control: {socket: {ctl}}\n", ""))
        daemon.under = ["unshare", "--mount", "sh", "-ec",
                        "mount -t tmpfs -o mode=755 tmpfs /run\n"
                        'mkdir -m 755 /run/hostler\nexec "$@"', "sh"]
        with daemon:
            inside = ["nsenter", "-t", str(daemon.process.pid), "-m"]
            same("the default folder is the user's", subprocess.run(
                inside + ["stat", "-c", "%U %a", "/run/hostler"],
                capture_output=True, text=True, check=False).stdout,
                "nobody 755\n")
            got = subprocess.run(
                inside + ["setpriv", f"--reuid={NOBODY.pw_uid}",
                          f"--regid={NOBODY.pw_gid}", "--clear-groups", "env",
                          f"XDG_RUNTIME_DIR={where}", reachable(HOSTLERCTL, where), "-c",
                          str(daemon.conf), "status"],
                capture_output=True, text=True, timeout=LIMIT_S, check=False)
            same("hostlerctl finds the machine's daemon", got.returncode, 0)


def check_runtime_folder():
    """An ordinary user's own daemon, and the user's hostlerctl."""
    with folder() as where:
        daemon = Safe(where, (CONFIG % "''").replace(
            "control: {socket: {ctl}}\n", ""), "ordinary")
        runtime = where / "own"
        set_runtime = ["env", f"XDG_RUNTIME_DIR={runtime}"]
        daemon.under += set_runtime
        with daemon:
            path = runtime / "hostler" / "hostler.sock"
            same("the socket is below XDG_RUNTIME_DIR",
                 oct(os.stat(path).st_mode & 0o777), "0o660")
            got = subprocess.run(
                daemon.under + [reachable(HOSTLERCTL, where), "-c", str(daemon.conf), "status"],
                capture_output=True, text=True, timeout=LIMIT_S, check=False)
            same("hostlerctl finds it", got.returncode, 0)


for one in whoever():
    check_working(one)
    check_moved_managed(one)
    check_tls(one)
check_switched_off(whoever()[-1])
check_tried_managed()
check_control_folder()
check_managed_folder()
check_runtime_folder()
if ROOT:
    if shutil.which("setfacl"):
        check_private()
    check_read_all()
    check_read_all_of_a_unit()
    check_private_configuration()
    check_fallback()
    check_root_stays()
    check_default_folder()
    check_unmade_folder()
finish()
