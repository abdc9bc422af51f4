# SPDX-License-Identifier: BSD-2-Clause
"""The examples of hostler.yaml(5), each loaded as it stands there, and the
configurations in hostler-recipes(7)."""
import pathlib
import re
import subprocess

from hostlertest import HOSTLER, LIMIT_S, SRC, case, finish, folder

PAGE = SRC / "man" / "hostler.yaml.5"
RECIPES = SRC / "man" / "hostler-recipes.7"


def run(*words):
    return subprocess.run([HOSTLER, *words], capture_output=True, text=True,
                          timeout=LIMIT_S)


def examples(page):
    """Its literal blocks."""
    text = page.read_text()
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


def check_recipe(number, text):
    """What it names is on other machines: that it is understood is all."""
    with folder() as where:
        conf = where / "hostler.yaml"
        conf.write_text(text)
        printed = run("-T", "-c", str(conf))
        case(f"recipe {number} is understood",
             printed.returncode == 0 and not printed.stderr, printed.stderr)


blocks = list(examples(PAGE))
case("there are examples", len(blocks) >= 4, len(blocks))
for number, block in enumerate(blocks, 1):
    check(number, block)
recipes = [text for text in examples(RECIPES)
           if text.startswith("# /etc/hostler/hostler.yaml")]
case("there are recipes", len(recipes) >= 5, len(recipes))
for number, block in enumerate(recipes, 1):
    check_recipe(number, block)
finish()
