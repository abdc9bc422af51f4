# SPDX-License-Identifier: BSD-2-Clause
"""contrib/vm-check: made-up systems in folders, each with one fault, read by
dash and by busybox's shell; then machines that ask a real hostler."""
import shutil
import subprocess
import sys

import netlab
from hostlertest import LIMIT_S, SRC, case, finish, folder, same

SCRIPT = SRC / "contrib" / "vm-check"
SHELLS = (["dash"], ["busybox", "sh"])
for tool in ("dash", "busybox", "shellcheck"):
    if not shutil.which(tool):
        print(f"SKIP: {tool} is not installed")
        sys.exit(77)

HOSTS = """127.0.0.1\tlocalhost
127.0.1.1 web1.lab.test web1
::1     localhost ip6-localhost ip6-loopback
fe00::0 ip6-localnet
ff02::1 ip6-allnodes
"""
GOOD = {
    "etc/resolv.conf": "search lab.test\nnameserver 10.0.2.15\n",
    "etc/hosts": HOSTS,
    "etc/hostname": "web1\n",
    "etc/nsswitch.conf": "passwd: files\nhosts:          files dns\n",
}
STUB = {"etc/resolv.conf": "nameserver 127.0.0.53\noptions edns0\nsearch .\n"}
LIST = "run/systemd/resolve/resolv.conf"


def build(where, changes):
    shutil.rmtree(where, ignore_errors=True)
    for path, text in {**GOOD, **changes}.items():
        if text is None:
            continue
        path = where / path
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            path.symlink_to(text[3:])
        else:
            path.write_text(text)
    return where


def read(done):
    """Its lines, and what it came to."""
    lines = done.stdout.splitlines()
    return lines[:-1], done.returncode


def check(where, what, changes, level, words, *args):
    """One line has this level and these words; no error but that."""
    root = build(where / "root", changes)
    for shell in SHELLS:
        done = subprocess.run(shell + [str(SCRIPT), "-r", str(root), *args],
                              capture_output=True, text=True, timeout=LIMIT_S)
        lines, code = read(done)
        said = [line for line in lines if line.split()[0] == level and
                all(word in line for word in words)]
        errors = [line for line in lines if line.startswith("error")]
        case(f"{shell[0]}: {what}", len(said) == 1 and not done.stderr and
             len(errors) == (level == "error") and code == len(errors),
             done.stdout + done.stderr)


def check_resolv_conf(where):
    def say(what, text, level, *words, args=()):
        check(where, what, {"etc/resolv.conf": text}, level, words, *args)

    check(where, "a VM that is well", {}, "ok", ["10.0.2.15 is asked"])
    say("a public server beside hostler", "search lab.test\n"
        "nameserver 10.0.2.15\nnameserver 9.9.9.9\n", "error",
        "9.9.9.9, a public server", "now and then")
    say("the router beside hostler", "search lab.test\n"
        "nameserver 10.0.2.15\nnameserver 10.0.2.2\n", "warning", "10.0.2.2",
        "same files")
    say("a server from the router by IPv6", "search lab.test\n"
        "nameserver 10.0.2.15\nnameserver fe80::1%eth0\n", "error", "fe80::1",
        "bypasses hostler", "UseDNS=no")
    say("another is asked", "search lab.test\nnameserver 10.0.2.2\n", "error",
        "10.0.2.15 is not asked", args=("10.0.2.15",))
    say("only public ones", "search lab.test\nnameserver 1.1.1.1\n", "error",
        "no private server", "1.1.1.1")
    say("nobody", "search lab.test\n# nameserver 10.0.2.15\n", "error",
        "no server is asked")
    say("no search domain", "nameserver 10.0.2.15\n", "warning",
        "no search domain")
    say("the last search line counts", "search a.test\nnameserver 10.0.2.15\n"
        "domain b.test # its\n", "ok", "completed by b.test")
    say("too many", "search lab.test\nnameserver 10.0.2.15\n" + "".join(
        f"nameserver 10.0.2.{i}\n" for i in (16, 17, 18)), "warning",
        "first three of 4")
    say("Docker", "search lab.test\nnameserver 127.0.0.11\n"
        "nameserver 10.0.2.15", "ok", "Docker's own")
    say("a forwarder in the VM", "search lab.test\nnameserver 127.0.0.1\n"
        "nameserver 10.0.2.15", "warning", "127.0.0.1 is a program")


    check(where, "no resolv.conf", {"etc/resolv.conf": None}, "error",
          ["/etc/resolv.conf is not there"])
    check(where, "a link to nothing", {"etc/resolv.conf": "-> /run/none"},
          "error", ["/etc/resolv.conf is not there"])


def check_resolved(where):
    def say(what, text, level, *words, **more):
        check(where, what, {**STUB, LIST: text, **more}, level, words)

    say("resolved that is well", "nameserver 10.0.2.15\nsearch lab.test\n",
        "ok", "10.0.2.15 is asked")
    say("resolved without a search domain", "nameserver 10.0.2.15\nsearch .\n",
        "error", "no search domain", "systemd-resolved never asks")
    say("unless it is told to ask", "nameserver 10.0.2.15\nsearch .\n",
        "warning", "no search domain", **{
            "etc/systemd/resolved.conf.d/a.conf":
            "[Resolve]\nResolveUnicastSingleLabel=yes\n"})
    say("resolved with a public one", "nameserver 10.0.2.15\n"
        "nameserver 8.8.8.8\nsearch lab.test\n", "error", "8.8.8.8")
    check(where, "resolved is not there", STUB, "error",
          ["is systemd-resolved running?"])
    link = {"etc/resolv.conf": "-> ../run/systemd/resolve/stub-resolv.conf"}
    check(where, "the link to the stub", {**link, LIST:
          "nameserver 10.0.2.15\nsearch lab.test\n"}, "ok",
          ["10.0.2.15 is asked"])
    check(where, "a link of that system", {
        "etc/resolv.conf": "-> /run/NetworkManager/resolv.conf",
        "run/NetworkManager/resolv.conf":
        "nameserver 10.0.2.15\nsearch nm.test\n"}, "ok",
        ["completed by nm.test"])


def check_nsswitch(where):
    def say(what, text, level, *words, args=()):
        check(where, what, {"etc/nsswitch.conf": text}, level, words, *args)

    say("no dns", "hosts: files mdns4 myhostname\n", "error",
        "does not ask DNS", "files mdns4 myhostname")
    say("mdns ahead", "hosts: files mdns4_minimal [NOTFOUND=return] dns\n",
        "warning", "mdns", ".local")
    say("mdns ahead of such a name", "hosts: files mdns4_minimal "
        "[NOTFOUND=return] dns\n", "error", "mdns", ".local",
        args=("web.local",))
    say("resolve", "hosts: mymachines resolve [!UNAVAIL=return] files\n", "ok",
        "asks DNS")
    say("no hosts line", "passwd: files\n", "ok", "asks DNS")


def check_hosts(where):
    def say(what, text, level, *words, args=()):
        check(where, what, {"etc/hosts": HOSTS + text}, level, words, *args)

    say("no old lines", "# 10.0.2.12 db\n0.0.0.0 ads.example\n"
        "10.0.2.9 web1\n", "ok", "no names of other machines")
    say("an old line", "10.0.2.12 db # old\n", "warning",
        "/etc/hosts:6: 10.0.2.12 db", "wins over hostler")
    say("of the name asked for", "10.0.2.12 db.lab.test\n", "error",
        "/etc/hosts:6: 10.0.2.12 db.lab.test", args=("db",))
    say("many", "".join(f"10.0.2.{i} vm{i}\n" for i in range(20, 30)),
        "warning", "5 more names")
    say("stars are no file names", "10.0.2.12 *\n", "warning",
        "10.0.2.12 *:")


def check_usage(where):
    for words in (["-x"], ["-r"], ["10.0.2.15", "db", "more"]):
        done = subprocess.run(["dash", str(SCRIPT), *words], text=True,
                              capture_output=True, timeout=LIMIT_S)
        same(f"usage for {words}", (done.returncode, done.stdout), (2, ""))
    root = build(where / "root", {})
    with open(SCRIPT, encoding="utf-8") as text:
        done = subprocess.run(["dash", "-s", "--", "-r", str(root),
                               "10.0.2.15"], stdin=text, capture_output=True,
                              text=True, timeout=LIMIT_S)
    same("piped into a shell", read(done)[1], 0)
    done = subprocess.run(["shellcheck", "-s", "sh", str(SCRIPT)],
                          capture_output=True, text=True, timeout=LIMIT_S)
    same("shellcheck has nothing to say", done.stdout, "")


# ---- against a real hostler ----

CONFIG = """
server: {listen: [10.0.2.15], threads: 1, user: '', allow: [%s]}
control: {socket: {ctl}}
domain: lab.test
hosts: [{dir}/vm.hosts]
forward: []
"""
RESOLVECTL = """#!/bin/sh
case $1 in
dns) printf 'Global:\\nLink 2 (eth0): 10.0.2.15 [fd00::1]:53%%eth0#r\\n' ;;
domain) printf 'Global: ~.\\nLink 2 (eth0): lab.test\\n' ;;
esac
"""


def look(vm, *words, shell=("dash",), path=""):
    done = vm.run("env", f"PATH={path}/usr/sbin:/usr/bin:/sbin:/bin", *shell,
                  str(SCRIPT), *words)
    return done.stdout, done.returncode


def expect(what, got, wanted, code):
    case(what, all(word in got[0] for word in wanted) and got[1] == code, got)


def check_machines(where):
    netlab.bridge("nat")
    server = netlab.Machine("server", where).card("nat", "10.0.2.15/24")
    vm = netlab.Machine("vm", where).card("nat", "10.0.2.4/24")
    vm.resolver("10.0.2.15", "lab.test")
    (where / "vm.hosts").write_text("10.0.2.12 db\n")
    expect("nobody there", look(vm, "10.0.2.15", "db"),
           ["error   10.0.2.15 does not answer", "db is not found"], 1)
    for allowed, told, code in (("10.0.2.0/24", "ok      10.0.2.15 answers", 0),
                                ("10.9.9.9/32", "error   10.0.2.15 refuses",
                                 1)):
        with netlab.ServerOn(server, where, CONFIG % allowed):
            for shell in SHELLS:
                expect(f"{shell[0]}: {told}", look(
                    vm, "10.0.2.15", "db", shell=shell), [told], code)
            if code:
                continue
            expect("the name is found", look(vm, "db"),
                   ["10.0.2.15 is taken for hostler",
                    "ok      db is found: 10.0.2.12"], 0)
            expect("a name that nobody knows", look(vm, "dc"),
                   ["says that there is no dc", "hostlerctl explain dc",
                    "dc is not found"], 1)
            tools = where / "bin"
            tools.mkdir()
            for tool in ("nslookup", "ash"):
                (tools / tool).symlink_to(shutil.which("busybox"))
            (tools / "getent").symlink_to(shutil.which("getent"))
            expect("with busybox alone", (lambda done: (
                done.stdout, done.returncode))(vm.run(
                    "env", f"PATH={tools}", f"{tools}/ash", str(SCRIPT),
                    "db")), ["10.0.2.15 answers", "db is found"], 0)
            (tools / "resolvectl").write_text(RESOLVECTL)
            (tools / "resolvectl").chmod(0o755)
            vm.resolver("127.0.0.53")
            expect("resolvectl is asked", look(vm, path=f"{tools}:"),
                   ["10.0.2.15 is asked", "error   fd00::1 is asked, too",
                    "completed by lab.test"], 1)
            vm.resolver("10.0.2.15", "lab.test")


netlab.enter()
with folder() as place:
    check_resolv_conf(place)
    check_resolved(place)
    check_nsswitch(place)
    check_hosts(place)
    check_usage(place)
    check_machines(place)
finish()
