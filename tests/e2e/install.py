# SPDX-License-Identifier: BSD-2-Clause
"""What `make install` puts beside the programs, each looked at by the program
that it is for: systemd, AppArmor, logrotate; and the packaged configuration."""
import os
import re
import subprocess

from hostlertest import BUILD, HOSTLER, HOSTLERCTL, SRC, case, finish, folder, same

LIMIT_S = 300
EXPOSURE_MAX = "19"             # tenths: under 2.0
# Beside hostler's own keys a unit may say where systemd puts its folders.
WRITES = {"RuntimeDirectory", "StateDirectory", "LogsDirectory"}
PREFIX = "usr/local"
INSTALLED = [
    "etc/apparmor.d/usr.sbin.hostler",
    "etc/logrotate.d/hostler",
    "bin/hostlerctl",
    "lib/systemd/system/hostler.service",
    "lib/sysusers.d/hostler.conf",
    "lib/tmpfiles.d/hostler.conf",
    "sbin/hostler",
    "share/bash-completion/completions/hostler",
    "share/bash-completion/completions/hostlerctl",
    "share/doc/hostler/examples/Vagrantfile",
    "share/doc/hostler/examples/cloud-init/hostler.yaml",
    "share/doc/hostler/examples/hostler.yaml",
    "share/hostler/hostler.schema.json",
    "share/zsh/site-functions/_hostlerctl",
]


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True,
                          timeout=LIMIT_S, **more)


def ended_well(what, got):
    return case(what, got.returncode == 0, got.stdout + got.stderr)


def install(where):
    """A place where the prefix is /usr/local, whatever configure was told."""
    env = {key: value for key, value in os.environ.items()
           if not key.startswith(("MAKE", "MFLAGS"))}
    got = run("make", "-s", "-C", str(BUILD), "install", f"prefix=/{PREFIX}",
              f"DESTDIR={where}", env=env)
    ended_well("make install", got)
    return where / PREFIX


def check_places(root):
    for path in INSTALLED:
        case(f"{path} is there", (root / path).is_file())
    left = [path for path in INSTALLED if not path.startswith(("bin", "sbin"))
            and re.search(r"@\w+@", (root / path).read_text())]
    same("nothing is left to be put in", left, [])


def make_unit(root, where):
    """The unit with programs that are where it says."""
    text = (root / "lib/systemd/system/hostler.service").read_text()
    same("the unit starts the installed hostler",
         re.findall(r"(?m)^ExecStart=(.*)$", text), [f"/{PREFIX}/sbin/hostler"])
    unit = where / "hostler.service"
    unit.write_text(text.replace(f"/{PREFIX}/sbin/hostler", HOSTLER)
                    .replace(f"/{PREFIX}/bin/hostlerctl", HOSTLERCTL))
    return unit


def check_unit(root, where):
    unit = make_unit(root, where)
    text = unit.read_text()
    got = run("systemd-analyze", "verify", "--man=no", str(unit))
    same("systemd-analyze verify has nothing to say",
         (got.returncode, got.stdout + got.stderr), (0, ""))
    secure = ("systemd-analyze", "security", "--offline=true", "--no-pager",
              f"--threshold={EXPOSURE_MAX}", str(unit))
    ended_well("its exposure is under 2.0", run(*secure))
    unit.write_text(text.replace("MemoryDenyWriteExecute=yes\n", "")
                    .replace("PrivateDevices=yes\n", ""))
    case("and would be more with less", run(*secure).returncode != 0)
    unit.write_text(text.replace("\nType=", "\nType=x"))
    got = run("systemd-analyze", "verify", "--man=no", str(unit))
    case("verify sees what is wrong", "service type" in got.stderr, got.stderr)
    check_reach(text)


def check_reach(text):
    """Sources may be anywhere, and only what is hostler's is written."""
    settings = dict(re.findall(r"(?m)^(\w+)=(.*)$", text))
    same("homes can be read", settings["ProtectHome"], "read-only")
    same("the rest is not written", settings["ProtectSystem"], "strict")
    same("its own folders are hostler's",
         {settings[key] for key in WRITES}, {"hostler"})
    for name in ("CapabilityBoundingSet", "AmbientCapabilities"):
        same(f"{name}: what it may keep", sorted(settings[name].split()),
             ["CAP_DAC_READ_SEARCH", "CAP_NET_BIND_SERVICE"])


def check_user(root, where):
    """systemd-sysusers and systemd-tmpfiles, in a root of their own."""
    place = where / "root"
    for path in ("etc", "var/lib", "var/log", "run"):
        (place / path).mkdir(parents=True)
    made = run("systemd-sysusers", f"--root={place}",
               str(root / "lib/sysusers.d/hostler.conf"))
    ended_well("systemd-sysusers", made)
    passwd = (place / "etc/passwd").read_text()
    case("it makes the user, without a shell",
         re.search(r"(?m)^hostler:.*:/var/lib/hostler:\S*nologin$", passwd),
         passwd)
    case("and the group", re.search(r"(?m)^hostler:",
                                    (place / "etc/group").read_text()))
    made = run("systemd-tmpfiles", f"--root={place}", "--create",
               str(root / "lib/tmpfiles.d/hostler.conf"))
    ended_well("systemd-tmpfiles", made)
    modes = {path: oct((place / path / "hostler").stat().st_mode & 0o7777)
             for path in ("run", "var/lib", "var/log")}
    same("and the folders", modes, {"run": "0o755", "var/lib": "0o755",
                                    "var/log": "0o750"})


def check_apparmor(root, where):
    profile = root / "etc/apparmor.d/usr.sbin.hostler"
    parse = ("apparmor_parser", "--skip-kernel-load", "--skip-cache")
    ended_well("apparmor_parser takes the profile", run(*parse, str(profile)))
    read = run("apparmor_parser", "--preprocess", str(profile))
    ended_well("and its includes", read)
    case("it is for the installed hostler",
         f"profile hostler /{PREFIX}/sbin/hostler" in read.stdout)
    case("which runs nothing", not re.search(
        r"(?m)^\s*/\S+ \w*[xX]\w*,", profile.read_text()))
    broken = where / "broken"
    broken.write_text(profile.read_text().replace("netlink raw", "netlink raww"))
    case("it sees what is wrong", run(*parse, str(broken)).returncode != 0)


def check_logrotate(root, where):
    """A turn of it, in a folder of our own and as ourselves."""
    logs = where / "logs"
    logs.mkdir(mode=0o700)
    text = (root / "etc/logrotate.d/hostler").read_text()
    same("it is for the query logs",
         re.findall(r"(?m)^(/\S+) \{$", text), ["/var/log/hostler/*.log"])
    told = where / "told"
    text = text.replace("/var/log/hostler", str(logs))
    text = re.sub(r"(?m)^\tsu .*\n", "", text)
    text = re.sub(r"(?m)^\tcreate .*\n", "\tcreate 0640\n", text)
    text = re.sub(r"(?s)postrotate\n.*?endscript",
                  f"postrotate\n\t\techo hup >>{told}\n\tendscript", text)
    conf = where / "logrotate"
    conf.write_text(text)
    conf.chmod(0o600)
    turn = ("logrotate", "-f", "-s", str(where / "state"), str(conf))
    ended_well("no log is no fault", run(*turn))
    (logs / "queries.log").write_text("one\n")
    (logs / "more.log").write_text("two\n")
    ended_well("logrotate", run(*turn))
    same("the old ones are kept, new ones begun",
         {path.name: path.stat().st_size for path in logs.iterdir()},
         {"queries.log": 0, "queries.log.1": 4, "more.log": 0, "more.log.1": 4})
    same("hostler is told once", told.read_text(), "hup\n")


def check_packaged(where):
    """contrib/hostler.yaml as it is, where only its folder differs, and that of
    the control socket, which may be somebody's here."""
    conf = where / "hostler.yaml"
    conf.write_text((SRC / "contrib" / "hostler.yaml").read_text().replace(
        "/run/hostler", str(where / "run")))
    got = run(HOSTLER, "-t", "-c", str(conf))
    ended_well("the packaged configuration is right", got)
    # What is commented out in it is an offer: it must be right, too.
    offers = re.sub(r"(?m)^#(?=\w|  - )", "", conf.read_text())
    conf.write_text(offers)
    case("it has offers", re.search(r"(?m)^zones:", offers), offers)
    (where / "hosts.d").mkdir()
    (where / "lab.test.zone").write_text("web A 192.168.56.11\n")
    ended_well("and with all that it offers",
               run(HOSTLER, "-t", "-c", str(conf)))


with folder() as place:
    installed = install(place / "installed")
    check_places(installed)
    check_unit(installed, place)
    check_user(installed, place)
    check_apparmor(installed, place)
    check_logrotate(installed, place)
    check_packaged(place)
finish()
