# SPDX-License-Identifier: BSD-2-Clause
"""The examples of hostler.yaml(5), each loaded as it stands there."""
import pathlib
import re
import subprocess

from hostlertest import HOSTLER, LIMIT_S, SRC, case, finish, folder

PAGE = SRC / "man" / "hostler.yaml.5"


def run(*words):
    return subprocess.run([HOSTLER, *words], capture_output=True, text=True,
                          timeout=LIMIT_S)


def examples():
    """Every literal block of the page is a configuration."""
    text = PAGE.read_text()
    for block in re.findall(r"(?ms)^\.Bd -literal\n(.*?)^\.Ed$", text):
        yield block.replace("\\(dq", '"').replace("\\e", "\\")


def make_files(where, effective):
    """What the example names below its own folder, so that it can be read."""
    for path in re.findall(r'"(%s/[^"]+)"' % re.escape(str(where)), effective):
        path = pathlib.Path(path)
        if path.name == "ethers":
            path.write_text("52:54:00:00:00:01 web1\n")
        elif path.suffix == ".hosts":
            path.write_text("192.168.56.11 web1\n")
        elif path.suffix == ".zone":
            path.write_text("web1 A 192.168.56.11\n")
        elif not path.suffix:
            path.mkdir(exist_ok=True)


def check(number, text):
    with folder() as where:
        conf = where / "hostler.yaml"
        conf.write_text(text)
        printed = run("-T", "-c", str(conf))
        if not case(f"example {number} is understood",
                    printed.returncode == 0 and not printed.stderr,
                    printed.stderr):
            return
        make_files(where, printed.stdout)
        tested = run("-t", "-c", str(conf))
        case(f"example {number} has no error", tested.returncode == 0,
             tested.stderr)


blocks = list(examples())
case("there are examples", len(blocks) >= 4, len(blocks))
for number, block in enumerate(blocks, 1):
    check(number, block)
finish()
