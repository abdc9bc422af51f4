# SPDX-License-Identifier: BSD-2-Clause
"""contrib/cloud-init and contrib/Vagrantfile: read as those who read them do,
and what they write for hostler is read by hostler."""
import json
import re
import subprocess
import sys

from hostlertest import HOSTLER, LIMIT_S, SRC, case, finish, folder, same

try:
    import yaml
except ImportError:
    print("SKIP: python3-yaml is not installed")
    sys.exit(77)

CONTRIB = SRC / "contrib"
# What cloud-init's schema has for the keys that are used.
KINDS = {"hostname": str, "packages": list, "write_files": list, "runcmd": list}


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True,
                          timeout=LIMIT_S, **more)


def check_hostler(what, files):
    """The files by name, in a folder in place of /etc/hostler."""
    with folder() as where:
        for name, text in files.items():
            (where / name).write_text(text)
        got = run(HOSTLER, "-t", "-c", str(where / "hostler.yaml"))
        case(f"{what}: hostler takes it", got.returncode == 0, got.stderr)
        same(f"{what}: without a warning", got.stderr.strip(), "")


def check_cloud_init():
    text = (CONTRIB / "cloud-init" / "hostler.yaml").read_text()
    same("cloud-init: it is user-data", text.split("\n")[0], "#cloud-config")
    data = yaml.safe_load(text)
    same("cloud-init: the keys and their kinds",
         {key: type(value) for key, value in data.items()}, KINDS)
    case("cloud-init: every command is a list of words",
         all(isinstance(word, str) for line in data["runcmd"] for word in line))
    same("cloud-init: every file has a path and content",
         [set(one) for one in data["write_files"]],
         [{"path", "content"}] * len(data["write_files"]))
    files = {one["path"].removeprefix("/etc/hostler/"): one["content"]
             for one in data["write_files"]}
    same("cloud-init: they are hostler's", sorted(files),
         ["hostler.yaml", "vms.hosts"])
    check_hostler("cloud-init", files)


def check_vagrant():
    path = CONTRIB / "Vagrantfile"
    got = run("ruby", "-c", str(path))
    same("Vagrantfile: ruby -c", (got.returncode, got.stdout.strip()),
         (0, "Syntax OK"))
    got = run("ruby", str(SRC / "tests" / "e2e" / "vagrant.rb"), str(path))
    if not case("Vagrantfile: it is read", got.returncode == 0, got.stderr):
        return
    machines = json.loads(got.stdout)
    case("Vagrantfile: a server and clients", len(machines) >= 2, machines)
    for name, machine in machines.items():
        same(f"Vagrantfile: {name} has its own name", machine["hostname"], name)
        for step in machine["provision"].values():
            got = run("sh", "-n", input=step["shell"])
            same(f"Vagrantfile: {name}: sh -n", got.stderr, "")
    same("Vagrantfile: host-only addresses differ",
         len({machine["private_network"] for machine in machines.values()}),
         len(machines))
    serve = machines["dns"]["provision"]["serve"]["shell"]
    files = dict(re.findall(r"(?ms)^cat >/etc/hostler/(\S+) <<'END'\n(.*?)^END$",
                            serve))
    same("Vagrantfile: what is written", sorted(files),
         ["hostler.yaml", "vms.hosts"])
    same("Vagrantfile: every machine has its line",
         {tuple(line.split()) for line in files["vms.hosts"].splitlines()},
         {(machine["private_network"], name)
          for name, machine in machines.items()})
    check_hostler("Vagrantfile", files)


check_cloud_init()
check_vagrant()
finish()
