# SPDX-License-Identifier: BSD-2-Clause
"""hostlerctl import over the hosts files of twenty VMs with three conflicts in
them: shown, written, written again, and served."""
import json
import re
import subprocess

from hostlertest import (HOSTLERCTL, LIMIT_S, Daemon, case, finish, folder,
                         rcode, records, same)

VMS = 20
CONFLICTS = {"db", "cache.lab.test", "web07"}


def address(number):
    return f"192.168.56.{10 + number}"


def vm_hosts(number):
    """As a VM's file looks after years: what the installer wrote, its own name
    on a loopback address, its peers, copied from the first VM."""
    name = f"web{number:02}"
    lines = ["127.0.0.1\tlocalhost", f"127.0.1.1\t{name}.lab.test {name}", "",
             "# The following lines are desirable for IPv6 capable hosts",
             "::1     ip6-localhost ip6-loopback", "fe00::0 ip6-localnet",
             "ff02::1 ip6-allnodes", ""]
    for peer in range(VMS):
        if peer != number:
            lines.append(f"{address(peer)} web{peer:02}.lab.test web{peer:02}")
    lines += [f"{address(50)}  db", f"{address(51)}\tcache.lab.test # shared"]
    end = "\r\n" if number % 5 == 4 else "\n"
    return end.join(lines) + end


def plant(files):
    """Three names that one VM (or two) has with another address."""
    def put(number, old, new):
        text = files[number].read_bytes().decode()
        assert old in text
        files[number].write_bytes(text.replace(old, new).encode())

    put(3, f"{address(50)}  db", f"{address(150)}  db")
    put(12, "cache.lab.test # shared", "cache.lab.test # shared\n"
        f"{address(151)} cache.lab.test")
    put(15, f"{address(7)} web07.lab.test web07",
        f"{address(7)} web07.lab.test\n{address(157)} web07")


def line_of(path, pattern):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.search(pattern, line):
            return number
    raise AssertionError(f"{pattern} is not in {path}")


def ctl(where, *words):
    return subprocess.run([HOSTLERCTL, *words], capture_output=True, text=True,
                          timeout=LIMIT_S, cwd=where)


def active(text):
    found = {}
    for line in text.splitlines():
        words = line.split("#")[0].split()
        for name in words[1:]:
            found.setdefault(name, set()).add(words[0])
    return found


def check_text(shown):
    lines = [line for line in shown.stdout.splitlines()
             if line and not line.startswith("#")]
    found = active(shown.stdout)
    same("conflicts make it fail", shown.returncode, 1)
    same("each name once, but for the conflicts", set(found),
         {f"web{n:02}.lab.test" for n in range(VMS)} |
         {f"web{n:02}" for n in range(VMS)} - CONFLICTS)
    case("each with its address", all(
        found[name] == {address(int(name[3:5]))} for name in found), found)
    same("a line an address, by address", [line.split()[0] for line in lines],
         [address(n) for n in range(VMS)])
    case("the alias is behind the name", all(
        re.match(r"\S+ +web(\d\d)\.lab\.test( web\1)? +# from ", line)
        for line in lines), lines)
    same("comments are in one column", len({line.index("#") for line in lines}),
         1)
    same("conflicts have headings",
         set(re.findall(r"(?m)^# conflict: (\S+)$", shown.stdout)), CONFLICTS)
    for name, other in (("db", 150), ("cache.lab.test", 151), ("web07", 157)):
        own = {"db": 50, "cache.lab.test": 51, "web07": 7}[name]
        commented = set(re.findall(rf"(?m)^#(\S+) {re.escape(name)} ",
                                   shown.stdout))
        same(f"{name} comes with every address", commented,
             {address(own), address(other)})


def check_diagnostics(shown, names):
    errors = [line for line in shown.stderr.splitlines() if ": error: " in line]
    notes = [line for line in shown.stderr.splitlines()
             if ": note: conflict: " in line]
    same("an error a conflict", len(errors), 3)
    same("and the other place of each", len(notes), 3)
    for name, pattern in (("db", r" db$"), ("cache.lab.test", r"cache\."),
                          ("web07", r"web07\.lab\.test web07")):
        first = names[0]
        place = f"{first.name}:{line_of(first, pattern)}:"
        case(f"{name}'s first place", any(
            line.startswith(place) and f"'{name}'" in line for line in errors),
            errors)
    place = f"{names[3].name}:{line_of(names[3], ' db$')}:"
    case("the other db's place", any(line.startswith(place) for line in notes),
         notes)
    case("and its line", f"| {address(150)}  db" in shown.stderr, shown.stderr)
    same("each VM's own names are noted", len(re.findall(
        r"'web\d\d(?:\.lab\.test)?' is this VM's own name", shown.stderr)),
        2 * VMS)


def check_written(where, names):
    target = where / "lab.hosts"
    target.write_text("# by hand\n10.9.9.9 printer   # keep me\n")
    target.chmod(0o640)
    (where / "hostler.yaml").write_text("managed-hosts: lab.hosts\n")
    words = ("-c", "hostler.yaml", "import", *names)
    before = {path.name for path in where.iterdir()}
    shown = ctl(where, *words)
    same("without --write nothing is written", target.read_text(),
         "# by hand\n10.9.9.9 printer   # keep me\n")
    same("and the conflicts are told", shown.returncode, 1)
    written = ctl(where, *words, "--write")
    text = target.read_text()
    case("what was there stays",
         text.startswith("# by hand\n10.9.9.9 printer   # keep me\n"), text)
    same("the rest is behind it", active(text),
         active(shown.stdout) | {"printer": {"10.9.9.9"}})
    case("what was done is told", f"{2 * VMS - 1} names added, 3 conflicts"
         in written.stdout, written.stdout)
    same("the mode stays", target.stat().st_mode & 0o777, 0o640)
    same("nothing is left behind", {path.name for path in where.iterdir()},
         before)
    again = ctl(where, *words, "--write")
    same("a second time changes nothing", target.read_text(), text)
    case("and says so", "nothing new" in again.stdout, again.stdout)
    return target


def check_to(where, names):
    first = ctl(where, "import", names[0], "--to", "new.hosts")
    same("one file has no conflict", first.returncode, 0)
    same("--to writes", active((where / "new.hosts").read_text())["db"],
         {address(50)})
    missing = ctl(where, "import", names[0], "none.hosts", "--to", "x.hosts")
    same("a file that is not there fails", missing.returncode, 1)
    case("and nothing is written", not (where / "x.hosts").exists())
    case("and told by its name", "none.hosts: error:" in missing.stderr,
         missing.stderr)
    same("no file is an error", ctl(where, "import").returncode, 1)
    other = ctl(where, "check", "--write")
    case("other verbs have no --write", other.returncode == 1 and
         "go with import" in other.stderr, other.stderr)
    (where / "none.yaml").write_text("domain: lab.test\n")
    unset = ctl(where, "-c", "none.yaml", "import", names[0], "--write")
    case("--write needs managed-hosts", unset.returncode == 1 and
         "managed-hosts" in unset.stderr, unset.stderr)


def check_json(where, names):
    shown = ctl(where, "--json", "import", *names)
    parsed = json.loads(shown.stdout)
    same("JSON has the entries", len(parsed["entries"]), 2 * VMS - 1)
    same("and the conflicts", {entry["name"] for entry in parsed["conflicts"]},
         CONFLICTS)
    case("with their places", all(
        entry["file"] in names and entry["line"] > 0
        for entry in parsed["entries"] + parsed["conflicts"]), parsed)
    same("and the diagnostics", sum(
        diag["level"] == "error" for diag in parsed["diagnostics"]), 3)


def check_served(where, target):
    config = ("server: {listen: [127.0.0.1@{port}], user: ''}\n"
              "control: {socket: '{ctl}'}\ndomain: lab.test\n"
              f"hosts: ['{target}']\nforward: []\n")
    with Daemon(where, config) as daemon:
        same("an imported name is served",
             records(daemon.ask("web05.lab.test").answer),
             [f"web05.lab.test. A {address(5)}"])
        target.write_text(target.read_text() +
                          f"{address(60)} slow.lab.test # ttl=60\n")
        same("the edit is read", daemon.ctl_run("reload").returncode, 0)
        same("a line's own TTL is served",
             daemon.ask("slow.lab.test").answer[0].ttl, 60)
        same("another line has the default",
             daemon.ask("web05.lab.test").answer[0].ttl, 5)
        same("a name in conflict is not", rcode(daemon.ask("db.lab.test")),
             "NXDOMAIN")


def main():
    with folder() as where:
        files = [where / f"web{n:02}.hosts" for n in range(VMS)]
        for number, path in enumerate(files):
            path.write_bytes(vm_hosts(number).encode())
        plant(files)
        names = [path.name for path in files]
        shown = ctl(where, "import", *names)
        check_text(shown)
        check_diagnostics(shown, files)
        target = check_written(where, names)
        check_to(where, names)
        check_json(where, names)
        check_served(where, target)
    finish()


main()
