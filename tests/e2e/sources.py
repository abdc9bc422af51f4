# SPDX-License-Identifier: BSD-2-Clause
"""Sources that come, go, change places and change their meaning while hostler
runs: after every reload the answers are those of a fresh start."""
from hostlertest import Daemon, case, finish, folder, rcode, records, same

HEAD = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''}
control: {socket: {ctl}}
forward: []
"""
FILES = {
    "one.hosts": "10.1.0.1 both one\n",
    "two.hosts": "10.2.0.1 both two\n",
    "cluster.zone": "@ SOA ns host 1 60 60 60 60\n@ NS ns\nns A 10.3.0.1\n"
                    "www A 10.3.0.2\nsub NS ns.sub\nns.sub A 10.3.0.3\n"
                    "sub DS 1 8 2 " + "00" * 32 + "\n",
    "sub.zone": "@ SOA ns host 1 60 60 60 60\n@ NS ns\nns A 10.4.0.1\n"
                "www A 10.4.0.2\n",
    "rival.zone": "@ SOA ns host 1 60 60 60 60\n@ NS ns\nns A 10.5.0.1\n"
                  "www A 10.5.0.2\nrival A 10.5.0.3\n",
}
PARENT = "{path: cluster.zone, name: cluster.test}"
CHILD = "{path: sub.zone, name: sub.cluster.test}"
RIVAL = "{path: rival.zone, name: cluster.test}"
BOTH = "[one.hosts, two.hosts]"


def config(domain="lab.test", hosts="[]", zones="[]"):
    return f"{HEAD}domain: {domain}\nhosts: {hosts}\nzones: {zones}\n"


def look(port_of, name, kind="A"):
    """What a question gives, in short: the rcode, else the data."""
    answer = port_of.ask(name, kind, rd=False)
    if answer.answer:
        return " ".join(line.split(" ", 2)[2] for line in
                        records(answer.answer))
    if rcode(answer) == "NOERROR":
        return "referral" if not answer.flags & 0x400 else "NODATA"
    return rcode(answer)


def become(daemon, wanted, status=0, **parts):
    """Reload with another configuration; wanted: {question: answer}."""
    daemon.configure(config(**parts))
    words = ", ".join(f"{key} {value}" for key, value in parts.items())
    got = daemon.ctl_run("reload")
    same(f"reload with {words}", got.returncode, status)
    check(daemon, wanted, "then ")
    with folder() as where:
        fill(where)
        with Daemon(where, config(**parts)) as fresh:
            check(fresh, wanted, "in a fresh start ")
    return got.stdout


def check(daemon, wanted, when):
    for question, answer in wanted.items():
        same(when + question, look(daemon, *question.split()), answer)


def fill(where):
    for name, text in FILES.items():
        (where / name).write_text(text)


def check_hosts(daemon):
    become(daemon, {"both.lab.test": "10.1.0.1", "two": "10.2.0.1",
                    "x.lab.test": "NXDOMAIN"}, hosts=BOTH)
    become(daemon, {"both.new.test": "10.1.0.1", "two.new.test": "10.2.0.1",
                    "x.new.test": "NXDOMAIN", "both.lab.test": "NXDOMAIN",
                    "both": "10.1.0.1", "1.0.2.10.in-addr.arpa PTR":
                    "both.new.test."}, domain="new.test", hosts=BOTH)
    become(daemon, {"both.new.test": "10.2.0.1", "one": "10.1.0.1"},
           domain="new.test", hosts="[two.hosts, one.hosts]")
    become(daemon, {"both": "10.2.0.1", "one.new.test": "NXDOMAIN",
                    "1.0.1.10.in-addr.arpa PTR": "NXDOMAIN"},
           domain="new.test", hosts="[two.hosts]")
    become(daemon, {"both": "NXDOMAIN", "two.new.test": "NXDOMAIN"},
           domain="new.test")


def check_kept(daemon, where):
    """What is kept of a broken source takes its new place as well."""
    wanted = {"both": "10.2.0.1", "one": "10.1.0.1", "two": "10.2.0.1"}
    daemon.configure(config(hosts=BOTH))
    daemon.ctl_run("reload")
    same("the first entry counts", look(daemon, "both"), "10.1.0.1")
    (where / "two.hosts").write_text("10.2.0.999 both two\n")
    daemon.configure(config(hosts="[two.hosts, one.hosts]"))
    daemon.ctl_run("reload")
    check(daemon, wanted, "of a bad line, then ")
    fill(where)
    daemon.configure(config(hosts=BOTH))
    daemon.ctl_run("reload")
    same("the first entry counts again", look(daemon, "both"), "10.1.0.1")
    (where / "two.hosts").unlink()
    daemon.configure(config(hosts="[two.hosts, one.hosts]"))
    daemon.ctl_run("reload")
    check(daemon, wanted, "of a lost file, then ")
    fill(where)


def check_overlay(daemon):
    plain = {"www.cluster.test": "10.3.0.2", "x.cluster.test": "NXDOMAIN"}
    over = PARENT.replace("}", ", overlay: yes}")
    become(daemon, plain, zones=f"[{PARENT}]")
    become(daemon, {"www.cluster.test": "10.3.0.2"}, zones=f"[{over}]")
    made = [str(one.name) for one in daemon.ask("x.cluster.test").authority]
    case("what an overlay lacks is not its own", made != ["cluster.test."],
         made)
    become(daemon, plain, zones=f"[{PARENT}]")
    made = [str(one.name) for one in daemon.ask("x.cluster.test").authority]
    same("what the zone lacks is", made, ["cluster.test."])


def check_nested(daemon):
    alone = {"sub.cluster.test NS": "referral", "www.cluster.test": "10.3.0.2",
             "sub.cluster.test DS": "1 8 2 " + "00" * 32}
    nested = {"www.sub.cluster.test": "10.4.0.2",
              "x.sub.cluster.test": "NXDOMAIN",
              "ns.sub.cluster.test": "10.4.0.1",
              "www.cluster.test": "10.3.0.2",
              "sub.cluster.test NS": "ns.sub.cluster.test.",
              "sub.cluster.test DS": alone["sub.cluster.test DS"],
              "sub.cluster.test A": "NODATA"}
    orphan = {"www.sub.cluster.test": "10.4.0.2",
              "www.cluster.test": "NXDOMAIN"}
    become(daemon, alone, zones=f"[{PARENT}]")
    become(daemon, nested, zones=f"[{PARENT}, {CHILD}]")
    become(daemon, nested, zones=f"[{CHILD}, {PARENT}]")
    become(daemon, orphan, zones=f"[{CHILD}]")
    become(daemon, nested, zones=f"[{PARENT}, {CHILD}]")
    become(daemon, alone, zones=f"[{PARENT}]")


def check_rivals(daemon):
    first = {"www.cluster.test": "10.3.0.2", "rival.cluster.test": "NXDOMAIN"}
    second = {"www.cluster.test": "10.5.0.2",
              "rival.cluster.test": "10.5.0.3",
              "sub.cluster.test NS": "NXDOMAIN"}
    said = become(daemon, first, status=1, zones=f"[{PARENT}, {RIVAL}]")
    case("the second file of a zone is refused", "already" in said, said)
    become(daemon, second, status=1, zones=f"[{RIVAL}, {PARENT}]")
    become(daemon, second, zones=f"[{RIVAL}]")
    become(daemon, first, status=1, zones=f"[{PARENT}, {RIVAL}]")
    become(daemon, first, zones=f"[{PARENT}]")


with folder() as place:
    fill(place)
    with Daemon(place, config()) as served:
        check_hosts(served)
        check_kept(served, place)
        check_overlay(served)
        check_nested(served)
        check_rivals(served)
finish()
