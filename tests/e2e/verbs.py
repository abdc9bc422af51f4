# SPDX-License-Identifier: BSD-2-Clause
"""What hostlerctl's verbs say and do, with a daemon and without one."""
import json
import os
import re
import subprocess
import time
import unicodedata

from hostlertest import (HOSTLERCTL, LIMIT_S, Daemon, case, finish, folder,
                         look, rcode, same, until)
from live import Upstream

CONFIG = """
server: {listen: ["127.0.0.1@{port}", "127.0.0.2@{port}"], user: '',
         allow: [127.0.0.0/8, 10.9.0.0/16]}
control: {socket: {ctl}}
domain: lab.test
hosts: [vms.hosts, more.hosts]
zones: [zone.test.zone]
leases: [dnsmasq.leases]
managed-hosts: managed.hosts
networks: {office: 10.0.0.0/24, nat: {prefix: 10.0.2.0/24, isolated: yes}}
forward: [{zone: ".", to: ["127.0.0.1@{upstream}"]},
          {zone: down.test, to: ["127.0.0.1@1"]}]
views:
  - {name: asked, listen: [127.0.0.2], hosts: [asked.hosts], inherit: yes}
  - {name: tenant, clients: [10.9.0.0/16], hosts: [tenant.hosts], inherit: yes}
"""
FILES = {
    "vms.hosts": "10.0.0.1 web web1\n10.0.2.15 natted\n10.0.0.7 bücher\n"
                 "127.0.0.1 looped\n",
    "more.hosts": "10.0.0.99 web\n",
    "tenant.hosts": "10.9.0.1 web\n",
    "zone.test.zone": "@ SOA ns host 7 60 60 60 60\n@ NS ns\nns A 10.0.0.53\n"
                      "www CNAME alias\nalias CNAME web.lab.test.\n"
                      "out CNAME www.example.org.\n*.wild A 10.0.0.5\n"
                      "loop CNAME loop2\nloop2 CNAME loop\n"
                      "txt TXT \"a\\007\\027[31mb\"\n"
                      "a\\027[31mb A 10.0.0.66\n"
                      "both A 10.0.0.8\nempty.deep A 10.0.0.9\n"
                      "sub NS ns.sub\nns.sub A 10.0.0.54\n"
                      "x A 10.0.0.55\ny A 10.0.0.56\n"
                      "below.dn A 10.0.0.57\ndn DNAME nowhere.invalid.\n",
    "asked.hosts": "10.8.0.1 web\n",
    "managed.hosts": "# made by hand\n10.0.0.50 kept # a note\n",
}


def fill(where):
    for name, text in FILES.items():
        (where / name).write_text(text)
    (where / "vms.hosts").write_text(FILES["vms.hosts"] +
                                     "10.0.0.77 both.zone.test\n")
    (where / "dnsmasq.leases").write_text(
        f"{int(time.time()) + 900} 52:54:00:00:00:01 10.0.0.30 leased *\n"
        f"{int(time.time()) + 900} 52:54:00:00:00:02 10.0.0.31 web *\n")


def run(daemon, line, code=0):
    """A verb; what it said, after its exit code was looked at."""
    got = daemon.ctl_run(*line.split())
    same(f"{line}: exit", got.returncode, code)
    odd = [char for char in got.stdout + got.stderr if char not in "\n\t" and
           unicodedata.category(char) == "Cc"]
    same(f"{line}: nothing unprintable", odd, [])
    return got.stdout + got.stderr


def shows(daemon, line, *words, code=0):
    text = run(daemon, line, code)
    missing = [word for word in words if word not in text]
    case(f"{line}: shows {', '.join(words)}", not missing,
         f"{missing} not in\n{text}")
    return text


# ---- explain ----

def check_explain(daemon):
    shows(daemon, "explain web", "web A, asked by 127.0.0.1", "10.0.0.1",
          "vms.hosts:1:", "view top level", "network office",
          "shadowed:", "more.hosts:1", "dnsmasq.leases:2")
    shows(daemon, "explain WEB.Lab.Test", "10.0.0.1", "domain lab.test")
    shows(daemon, "explain www.zone.test", "is an alias", "zone.test.zone:4",
          "zone.test.zone:5", "vms.hosts:1", "web.lab.test. 5 A 10.0.0.1",
          "zone zone.test")
    shows(daemon, "explain any.wild.zone.test", "covered by a wildcard",
          "rule 2", "zone.test.zone:7")
    shows(daemon, "explain web AAAA", "NODATA", "not with this type",
          "it has: A")
    shows(daemon, "explain deep.zone.test", "only names below it")
    shows(daemon, "explain natted", "isolated network",
          "vms.hosts:2", "never given")
    shows(daemon, "explain looped from 10.9.1.1", "loopback")
    shows(daemon, "explain both.zone.test", "zone.test.zone:12",
          "shadowed:", "vms.hosts:5", "10.0.0.77")
    shows(daemon, "explain wbe.lab.test", "NXDOMAIN", "did you mean",
          "rule 3", "web")
    text = shows(daemon, "explain below.dn.zone.test", "below a DNAME",
                 "zone.test.zone:18")
    case("a name is not meant by itself", "mean below.dn.zone.test" not in
         text, text)
    shows(daemon, "explain web to 127.0.0.2", "view asked", "10.8.0.1",
          "asked.hosts:1")
    shows(daemon, "explain leased to 127.0.0.2", "view asked", "10.0.0.30")
    shows(daemon, "explain x.invalid", "NXDOMAIN", "special name", "rule 4")
    shows(daemon, "explain localhost", "127.0.0.1", "rule 4")
    shows(daemon, "explain unknownthing", "NXDOMAIN", "short name", "rule 4")
    shows(daemon, "explain leased", "lease ends in", "dnsmasq.leases:1")
    shows(daemon, "explain 10.0.0.1", "PTR", "web", "vms.hosts:1",
          "reverse name")
    shows(daemon, "explain 1.0.0.10.in-addr.arpa PTR", "vms.hosts:1")
    shows(daemon, "explain x.sub.zone.test", "the delegation's own servers",
          "10.0.0.54@53", "rule 0")
    shows(daemon, "explain loop.zone.test", "chain ends")
    shows(daemon, "explain bücher", "bücher", "10.0.0.7")
    shows(daemon, "explain web from 10.9.1.1", "view tenant", "10.9.0.1",
          "tenant.hosts:1")
    shows(daemon, "explain www.zone.test from 10.9.1.1", "view tenant")
    shows(daemon, "explain web to 127.0.0.1", "10.0.0.1")
    shows(daemon, "explain web from 8.8.8.8", "REFUSED", "allow")
    shows(daemon, "explain txt.zone.test TXT", "zone.test.zone:10")
    shows(daemon, "explain a\\027[31mb.zone.test", "10.0.0.66")
    shows(daemon, "explain xn--bcher-kva", "bücher")


def check_explain_json(daemon):
    got = json.loads(run(daemon, "explain www.zone.test --json"))
    same("JSON: rcode", got["rcode"], "NOERROR")
    same("JSON: the steps", [step["decision"] for step in got["steps"]],
         ["cname", "cname", "records"])
    record = got["steps"][2]["records"][0]
    same("JSON: the record", (record["data"], record["line"],
                              record["network"], record["given"]),
         ("10.0.0.1", 1, "office", True))
    same("JSON: what is shadowed", sorted(
        one["data"] for one in got["steps"][2]["shadowed"]),
        ["10.0.0.31", "10.0.0.99"])
    got = json.loads(run(daemon, "--json explain natted"))
    same("JSON: withheld", (got["steps"][0]["decision"], got["ede"]),
         ("withheld", 17))
    got = json.loads(run(daemon, "--json explain wbe.lab.test"))
    same("JSON: the nearest", got["nearest"], "web.lab.test")


def check_bad_words(daemon):
    shows(daemon, "explain", "which name", code=1)
    shows(daemon, "explain web NOTYPE", "'NOTYPE' is not a type", code=1)
    shows(daemon, "explain web A AAAA", "'AAAA' is not", code=1)
    shows(daemon, "explain web from", "address is missing", code=1)
    shows(daemon, "explain web from nowhere", "'nowhere' is not an address",
          code=1)
    shows(daemon, "explain web from fe80::7",
          "of which interface? from fe80::7%eth0", code=1)
    for card in ("nosuch", "a-name-that-no-card-has", "4000000000", "65533",
                 "", "lo@53"):
        shows(daemon, f"explain web from fe80::7%{card}",
              "is not an address" if "@" in card else
              f"fe80::7: there is no interface '{card}' on this machine",
              code=1)
    shows(daemon, "explain web from fe80::7%lo",
          "fe80::7: lo has no link-local addresses", code=1)
    shows(daemon, "explain web from 10.0.0.7%lo", "is not an address", code=1)
    shows(daemon, "explain web from nowhere%lo", "'nowhere%lo' is not", code=1)
    shows(daemon, "explain web to fe80::7%nosuch", "no interface 'nosuch'",
          code=1)
    shows(daemon, "explain web to fe80::7%lo", "asked by")
    shows(daemon, "explain web from 169.254.0.7", "asked by 169.254.0.7")
    shows(daemon, "explain a..b", "is not a name", code=1)
    shows(daemon, "explain " + "x" * 64, "is not a name", code=1)
    shows(daemon, "explain \x1b[31mred", "cannot be printed", code=1)
    shows(daemon, "frobnicate", "unknown verb", code=1)
    shows(daemon, "flush", "takes one name", code=1)
    shows(daemon, "wait", "which name", code=1)
    shows(daemon, "--ttl 5 status", "--ttl goes with set", code=1)


def check_forwarded(daemon, upstream):
    name = "www.example.org"
    shows(daemon, f"explain {name}", "an upstream would be asked", "forward:",
          f"127.0.0.1@{upstream.port}", "rule 5")
    same("explain asks no upstream", upstream.asked.count(name + "."), 0)
    same("asked", look(daemon, name), "192.0.2.1")
    shows(daemon, f"explain {name}", "from the cache", "s left", "192.0.2.1")
    shows(daemon, "explain out.zone.test", "is an alias", "zone.test.zone:6",
          "from the cache", "192.0.2.1")
    got = json.loads(run(daemon, f"explain {name} --json"))
    case("JSON: what is left in the cache",
         0 < got["steps"][0]["cache-left"] <= 60, got)
    shows(daemon, "explain x.down.test", "forward: down.test")


# ---- flush ----

def check_flush(daemon, upstream):
    def count(name):
        return upstream.asked.count(name + ".")

    names = ["a.one.example", "b.one.example", "c.two.example"]

    def ask_all():
        before = [count(name) for name in names]
        for name in names:
            same(f"{name} answers", look(daemon, name), "192.0.2.1")
        return [count(name) - then for name, then in zip(names, before)]

    ask_all()
    same("all from the cache", ask_all(), [0, 0, 0])
    shows(daemon, "flush A.one.Example", "1 answer flushed")
    same("asked again", ask_all(), [1, 0, 0])
    shows(daemon, "flush-zone one.example", "2 answers flushed")
    same("the zone asked again", ask_all(), [1, 1, 0])
    shows(daemon, "flush nothing.example", "0 answers flushed")
    text = run(daemon, "flush-all")
    case("flush-all says how many", "answers flushed" in text, text)
    same("all asked again", ask_all(), [1, 1, 1])
    got = json.loads(run(daemon, "--json flush-all"))
    case("flush-all in JSON", got["flushed"] >= 3, got)
    same("a reload keeps the cache", [ask_all(), run(daemon, "reload") and
                                      ask_all()], [[1, 1, 1], [0, 0, 0]])


# ---- names ----

def check_names(daemon):
    text = run(daemon, "names")
    lines = [line for line in text.splitlines() if line.startswith("10.") or
             " A " in line]
    case("names: all kinds of sources", all(
        word in text for word in ("vms.hosts:1", "zone.test.zone:",
                                  "dnsmasq.leases:1", "managed.hosts:2",
                                  "view tenant:", "tenant.hosts:1")), text)
    case("names: Unicode", "bücher.lab.test A 10.0.0.7" in text, text)
    case("names: a hostile name is escaped", "a\\027[31mb" in text or
         "a\\x1b[31mb" in text, text)
    case("names: a lease's end", "s left" in text, text)
    top = text[:text.index("view asked:")].splitlines()
    owners = [line.split()[0] for line in top if line]
    keys = [[label.encode().lower() for label in
             reversed(owner.split("."))] for owner in owners
            if owner.isascii()]
    same("names: sorted from the root", keys, sorted(keys))
    case("names: every line has a place", all(":" in line for line in top
                                              if line), text)
    for pattern, wanted in (("wild", ["*.wild.zone.test"]),
                            ("10.0.0.30", ["leased", "leased.lab.test"]),
                            ("*.lab.test", None), ("bücher", None),
                            ("LEASED.lab.test", ["leased.lab.test"]),
                            ("nosuchname", [])):
        text = run(daemon, f"names {pattern}")
        got = sorted({line.split()[0] for line in text.splitlines()
                      if " A " in line})
        if wanted is not None:
            case(f"names {pattern}", got and set(got) <= set(wanted) or
                 got == wanted, got)
        else:
            case(f"names {pattern}: something", bool(got), text)
    got = json.loads(run(daemon, "names leased --json"))
    row = got[0]["names"][0]
    same("names in JSON", (row["data"], row["line"]), ("10.0.0.30", 1))
    case("and what is left", 0 < row["lease-left"] <= 900, row)
    case("lines of A records", len(lines) > 5)


# ---- set, unset, wait ----

def check_set(daemon, where):
    path = where / "managed.hosts"
    shows(daemon, "set new 10.0.0.60", "written to")
    same("set is live at once", look(daemon, "new.lab.test"), "10.0.0.60")
    case("comments are kept", path.read_text().startswith(
        FILES["managed.hosts"]), path.read_text())
    before = path.read_bytes()
    shows(daemon, "set new 10.0.0.60", "says so already")
    same("the file is the same", path.read_bytes(), before)
    run(daemon, "set new 10.0.0.61 fd00::61")
    same("two addresses", (look(daemon, "new.lab.test"),
                           look(daemon, "new.lab.test", "AAAA")),
         ("10.0.0.61", "fd00::61"))
    run(daemon, "set new 10.0.0.61 --ttl 77")
    same("a TTL", daemon.ask("new.lab.test").answer[0].ttl, 77)
    same("what is not named goes", look(daemon, "new.lab.test", "AAAA"),
         "NODATA")
    run(daemon, "set web 10.0.0.62")
    same("it counts before the other files", look(daemon, "web.lab.test"),
         "10.0.0.62")
    run(daemon, "unset web")
    same("and unset leaves them", look(daemon, "web.lab.test"), "10.0.0.1")
    run(daemon, "unset new")
    same("unset", look(daemon, "new.lab.test"), "NXDOMAIN")
    same("the file is as it was", path.read_text(), FILES["managed.hosts"])
    shows(daemon, "unset new", "says so already")
    before = path.read_bytes()
    shows(daemon, "set new 10.0.0.999", "10.0.0.999", code=1)
    shows(daemon, "set new", "", code=1)
    shows(daemon, "set", "set what", code=1)
    shows(daemon, "set a..b 10.0.0.1", "a..b", code=1)
    shows(daemon, "set new 10.0.0.1 --ttl never", "'never' is not", code=1)
    shows(daemon, "set \x1b[31mx 10.0.0.1", "cannot be printed", code=1)
    same("refused: nothing is written", path.read_bytes(), before)
    run(daemon, "set größe 10.0.0.63")
    same("a name in Unicode", look(daemon, "xn--gre-6ka8i.lab.test"),
         "10.0.0.63")
    run(daemon, "unset größe")


def check_wait(daemon):
    start = time.monotonic()
    run(daemon, "wait web")
    case("wait returns at once", time.monotonic() - start < 5)
    start = time.monotonic()
    text = run(daemon, "wait not-yet --timeout 1", code=1)
    took_s = time.monotonic() - start
    case("wait gives up in time", 0.9 <= took_s < 10 and "does not answer" in
         text, f"{took_s} {text}")
    waiting = subprocess.Popen([HOSTLERCTL, "-s", daemon.ctl, "wait", "later",
                                "--timeout", "30"])
    case("it waits", waiting.poll() is None)
    run(daemon, "set later 10.0.0.70")
    same("until it is set", waiting.wait(LIMIT_S), 0)
    run(daemon, "unset later")
    run(daemon, "wait www.zone.test AAAA --timeout 0", code=1)
    run(daemon, "wait www.zone.test --timeout 0")
    run(daemon, "wait web --timeout soon", code=1)
    start = time.monotonic()
    shows(daemon, "wait web A from nowhere", "'nowhere' is not an address",
          code=1)
    shows(daemon, "wait a..b", "is not a name", code=1)
    case("what is refused is not waited for", time.monotonic() - start < 20)


def check_reload(daemon, where):
    text = run(daemon, "reload")
    case("reload without a change shows none", "\n+" not in text and
         "\n-" not in text, text)
    turns = (("10.0.0.98 web\n10.0.0.97 added\n", ["+ added A 10.0.0.97",
              "+ web A 10.0.0.98", "- web A 10.0.0.99"]),
             ("10.0.0.99 web\n", ["+ web A 10.0.0.99", "- added A 10.0.0.97",
              "- web A 10.0.0.98"]))
    # Where this takes long the daemon has looked by itself: once more.
    for turn in range(20):
        lines, wanted = turns[turn % 2]
        fresh = where / ".new"
        fresh.write_text(lines)
        fresh.rename(where / "more.hosts")
        changes = json.loads(run(daemon, "--json reload"))["changes"]
        if changes:
            break
    same("reload shows what changed", sorted(changes), wanted)
    if turn % 2:
        fresh.write_text(turns[0][0])
        fresh.rename(where / "more.hosts")
        run(daemon, "reload")
    (where / "zone.test.zone").write_text("x A 10.0.0.999\n")
    shows(daemon, "reload", "zone.test.zone:1:5: error: 10.0.0.999",
          "    1 | x A 10.0.0.999", code=1)
    (where / "zone.test.zone").write_text(FILES["zone.test.zone"])
    run(daemon, "reload")


def on_terminal(command, **variables):
    """What a person sees, with TERM=xterm."""
    master, slave = os.openpty()
    environ = {key: value for key, value in os.environ.items()
               if key != "NO_COLOR"}
    ended = subprocess.run(command, stdout=slave, stderr=slave,
                           stdin=subprocess.DEVNULL,
                           env={**environ, "TERM": "xterm", **variables},
                           timeout=LIMIT_S)
    os.close(slave)
    seen = b""
    while True:
        try:
            data = os.read(master, 4096)
        except OSError:         # the end of a terminal
            break
        if not data:
            break
        seen += data
    os.close(master)
    return ended.returncode, seen.decode().replace("\r\n", "\n")


def check_colour(daemon, where):
    def shown(*words, **variables):
        return on_terminal([HOSTLERCTL, "-s", daemon.ctl, *words], **variables)

    (where / "zone.test.zone").write_text("x A 10.0.0.999\n")
    plain = daemon.ctl_run("reload")
    code, seen = shown("reload")
    same("the exit code is the same", code, plain.returncode)
    case("on a terminal an error is red", "\033[1;31merror\033[0m: " in seen,
         seen)
    case("its place bold", "\033[1m" + "zone.test.zone:1:5: \033[0m" in
         seen.replace(str(where) + "/", ""), seen)
    case("its caret green", re.search("\033\\[1;32m\\^~+\033", seen), seen)
    tried = [daemon.program, "-t", "-c", str(daemon.conf)]
    seen_tried = on_terminal(tried)[1]
    case("as hostler -t has it", re.search("\033\\[1;32m\\^~+\033", seen_tried)
         and "\033[1;31merror\033[0m: " in seen_tried, seen_tried)
    seen_tried = on_terminal(tried, NO_COLOR="1")[1]
    case("which heeds NO_COLOR, too", "error: " in seen_tried and
         "\033" not in seen_tried, seen_tried)
    without = re.sub("\033\\[[0-9;]*m", "", seen)
    same("but for colours all is the same", without.splitlines()[:3],
         plain.stdout.splitlines()[:3])
    case("none into a pipe", "\033" not in plain.stdout)
    (where / "zone.test.zone").write_text(FILES["zone.test.zone"])
    run(daemon, "reload")
    seen = shown("explain", "web")[1]
    case("a record that is given is green", re.search(
        "\033\\[32m *\\+ A 10", seen), seen)
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        seen = shown("explain", "web", **variables)[1]
        case(f"{variables}: no colours", "\033" not in seen, seen)
    seen = shown("--json", "explain", "web")[1]
    case("nor in JSON", "\033" not in seen, seen)


def check_stats(daemon):
    text = run(daemon, "stats")
    case("stats are numbers", all(line.split()[1].isdigit() for line in
                                  text.splitlines()), text)
    case("and in JSON", isinstance(json.loads(run(daemon, "stats --json")),
                                   dict))
    got = json.loads(run(daemon, "status --json"))
    same("views in status", [view["name"] for view in got["views"]],
         ["asked", "tenant"])


def check_none(where):
    """Without a daemon."""
    gone = str(where / "no-such-socket")
    for words in (["status"], ["explain", "web"], ["flush-all"],
                  ["set", "a", "10.0.0.1"], ["reload"],
                  ["wait", "web", "--timeout", "0"]):
        got = subprocess.run([HOSTLERCTL, "-s", gone, *words],
                             capture_output=True, text=True, timeout=LIMIT_S)
        same(f"no daemon: {' '.join(words)}", got.returncode, 3)
        case("and told", "no " in got.stderr, got.stderr)
    (where / "hostler.yaml").write_text("hosts: []\nforward: []\n")
    got = subprocess.run([HOSTLERCTL, "-c", str(where / "hostler.yaml"),
                          "check"], capture_output=True, timeout=LIMIT_S)
    same("check needs none", got.returncode, 0)
    for words, code in ((["--help"], 0), (["--version"], 0), ([], 1),
                        (["--nonsense"], 1)):
        got = subprocess.run([HOSTLERCTL, *words], capture_output=True,
                             timeout=LIMIT_S)
        same(f"hostlerctl {' '.join(words)}", got.returncode, code)


def check_unmanaged(where):
    config = 'server: {listen: ["127.0.0.1@{port}"], user: ""}\n' \
        "control: {socket: {ctl}}\nhosts: []\nforward: []\n"
    with Daemon(where, config) as daemon:
        shows(daemon, "set a 10.0.0.1", "managed-hosts:", code=1)
        daemon.configure(config + "managed-hosts: made.hosts\n")
        run(daemon, "reload")
        same("all is well without the file", daemon.status()["degraded"],
             False)
        run(daemon, "set a 10.0.0.1")
        same("it is made", (where / "made.hosts").read_text(),
             "10.0.0.1\ta\n")
        same("and counts", look(daemon, "a.internal"), "10.0.0.1")
        run(daemon, "unset a")
        same("gone", look(daemon, "a.internal"), "NXDOMAIN")
        same("all is well", daemon.status()["degraded"], False)


def check_long_line(where):
    """More than the control socket takes is refused, not cut."""
    config = 'server: {listen: ["127.0.0.1@{port}"], user: ""}\n' \
        "control: {socket: {ctl}}\nhosts: []\nforward: []\n" \
        "managed-hosts: made.hosts\n"
    with Daemon(where, config) as daemon:
        many = [f"10.0.{i >> 8}.{i & 255}" for i in range(100)]
        got = daemon.ctl_run("set", "a", *many)
        same("a hundred addresses", (got.returncode, got.stdout),
             (1, "these are too many words at once\n"))
        got = daemon.ctl_run("explain", "x" * 5000)
        same("a word that is too long", got.returncode, 1)
        case("nothing was written", not (where / "made.hosts").exists())
        same("the daemon goes on", daemon.ctl_run("status").returncode, 0)


if __name__ == "__main__":
    server = Upstream("192.0.2.1")
    with folder() as place:
        fill(place)
        config = CONFIG.replace("{upstream}", str(server.port))
        with Daemon(place, config) as running:
            check_explain(running)
            check_explain_json(running)
            check_bad_words(running)
            check_forwarded(running, server)
            check_flush(running, server)
            check_names(running)
            check_set(running, place)
            check_wait(running)
            check_reload(running, place)
            check_colour(running, place)
            check_stats(running)
            same("it still answers", rcode(running.ask("web")), "NOERROR")
    for check in (check_none, check_unmanaged, check_long_line):
        with folder() as place:
            check(place)
    finish()
