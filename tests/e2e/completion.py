# SPDX-License-Identifier: BSD-2-Clause
"""Completion in bash and zsh, asked of the shells: every verb of hostlerctl and
every option of hostler is there, and what stands behind them."""
import os
import pathlib
import pty
import re
import select
import subprocess
import time

from hostlertest import (HOSTLER, HOSTLERCTL, LIMIT_S, SRC, case, finish, folder,
                         same)

PLACE = SRC / "contrib" / "completion"

# Fills COMP_* as readline does, calls the function that `complete` names, and
# prints what it found.
BASH = r"""
. /usr/share/bash-completion/bash_completion
. "$PLACE/bash/$1"
COMP_WORDS=("$@") COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMP_CWORD=$(($# - 1))
COMPREPLY=()
"$(complete -p "$1" | sed 's/.*-F \([^ ]*\) .*/\1/')"
printf '%s\n' "${COMPREPLY[@]}"
"""


def ask_bash(*words, cwd=None):
    got = subprocess.run(["bash", "--norc", "-c", BASH, "bash", *words],
                         capture_output=True, text=True, timeout=LIMIT_S,
                         cwd=cwd, env={**os.environ, "PLACE": str(PLACE)})
    if got.stderr:
        case(" ".join(words) + " is quiet", False, got.stderr)
    return sorted(got.stdout.split())


def verbs():
    """As `hostlerctl -h` lists them."""
    text = subprocess.run([HOSTLERCTL, "-h"], capture_output=True,
                          text=True, timeout=LIMIT_S).stdout
    lines = re.findall(r"(?m)^  ([a-z].*?)(?:   .*)?$", text)
    return sorted({word for line in lines
                   for word in re.findall(r"(?:^|, )([a-z][a-z-]+)", line)})


def formats():
    """As client-config tells who asks for one that is not there."""
    text = subprocess.run([HOSTLERCTL, "client-config", "--for", "nothing"],
                          capture_output=True, text=True,
                          timeout=LIMIT_S).stderr
    return text.strip().split(" one of ")[1].split(", ")


def options():
    text = subprocess.run([HOSTLER, "-h"], capture_output=True, text=True,
                          timeout=LIMIT_S).stdout
    usage = text[:text.index("\n\n")]
    return sorted(set(re.findall(r"-[a-zA-Z]\b", usage)))


def check_bash(where):
    all_verbs = verbs()
    case("there are verbs", len(all_verbs) >= 13, all_verbs)
    same("every verb is completed",
         sorted(set(all_verbs) - set(ask_bash("hostlerctl", ""))), [])
    same("by its beginning", ask_bash("hostlerctl", "flu"),
         ["flush", "flush-all", "flush-zone"])
    same("behind options", ask_bash("hostlerctl", "--json", "-c", "x", "rel"),
         ["reload"])
    case("there are formats", len(formats()) >= 16, formats())
    same("every format of client-config",
         ask_bash("hostlerctl", "client-config", "--for", ""),
         sorted(formats()))
    same("explain: a type", ask_bash("hostlerctl", "explain", "web", "AA"),
         ["AAAA"])
    same("no type where the name stands",
         ask_bash("hostlerctl", "explain", "AA"), [])
    same("options of a verb", ask_bash("hostlerctl", "import", "--"),
         ["--to", "--write"])
    (where / "web1.hosts").touch()
    same("files", ask_bash("hostlerctl", "import", "web", cwd=where),
         ["web1.hosts"])
    same("hostler's files", ask_bash("hostler", "-H", "web", cwd=where),
         ["web1.hosts"])
    same("every option of hostler is completed",
         sorted(set(options()) - set(ask_bash("hostler", "-"))), [])


class Zsh:
    """zsh on a terminal of its own, as a user has it but without his files."""

    def __init__(self, where):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="dumb", HOME=str(where), ZDOTDIR=str(where),
                              COLUMNS="200", LINES="100")
            os.execvp("zsh", ["zsh", "-f", "-i"])
        self.seen = ""
        self.type("unsetopt zle_bracketed_paste prompt_sp; "
                  f"fpath=({PLACE}/zsh $fpath); autoload -U compinit; "
                  f"compinit -u -d {where}/dump; setopt no_list_beep; "
                  "LISTMAX=1000; cd " + str(where) + "; print REA''DY\n")
        self.wait("READY")

    def type(self, text):
        os.write(self.fd, text.encode())

    def wait(self, wanted):
        """True once all that is wanted was shown."""
        end = time.monotonic() + LIMIT_S
        words = [wanted] if isinstance(wanted, str) else wanted
        while any(word not in self.seen for word in words):
            if not select.select([self.fd], [], [],
                                 max(0, end - time.monotonic()))[0]:
                return False
            self.seen += os.read(self.fd, 65536).decode("utf-8", "replace")
        return True

    def complete(self, line, wanted):
        """Type the line and a tab, and wait for what is wanted."""
        self.seen = ""
        self.type(line + "\t")
        good = self.wait(wanted)
        case(f"zsh: {line!r}", good, self.seen)
        self.seen = ""
        self.type("\x15print CLE''AR\n")
        self.wait("CLEAR")

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def check_zsh(where):
    same("zsh -n", subprocess.run(["zsh", "-n", str(PLACE / "zsh/_hostlerctl")],
                                  timeout=LIMIT_S).returncode, 0)
    zsh = Zsh(where)
    zsh.complete("hostlerctl ", [f"{verb} " for verb in verbs()])
    zsh.complete("hostlerctl stat", ["status", "stats"])
    zsh.complete("hostlerctl --json rel", "reload")
    zsh.complete("hostlerctl client-config --for ", formats())
    zsh.complete("hostlerctl explain web f", "from")
    zsh.complete("hostlerctl import web", "web1.hosts")
    zsh.complete("hostler -", options())
    zsh.close()


with folder() as place:
    check_bash(pathlib.Path(place))
    check_zsh(pathlib.Path(place))
finish()
