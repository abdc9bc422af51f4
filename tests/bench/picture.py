#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""picture.py - tables and a picture of what run.py measured.

    tests/bench/picture.py RESULTS.json [--svg FILE] [--readme FILE]
                           [--details FILE]

Prints the tables.  --svg draws the picture; --readme and --details write the
section "How fast" of the README and "Results" of tests/bench/README anew."""
import argparse
import json
import pathlib
import re
import statistics
import textwrap
from xml.sax.saxutils import escape

WIDTH = 800
MARGIN = 28
GAP = 40
ROW = 22
LABEL = 74
VALUE = 52

STYLE = """
svg{--back:#ffffff;--text:#1f2733;--soft:#667085;--other:#b4bfcd;--own:#1f6feb;
--line:#c2410c;--rule:#e4e8ee;--whisker:#3b4657}
@media (prefers-color-scheme:dark){svg{--back:#0f141b;--text:#e6eaf0;
--soft:#94a0b0;--other:#465264;--own:#5aa2ff;--line:#fb923c;--rule:#252d38;
--whisker:#d5dce6}}
.back{fill:var(--back)}
text{font-family:system-ui,sans-serif;font-size:12px;fill:var(--text)}
.head{font-size:19px;font-weight:600}
.name{font-size:13px;font-weight:600}
.soft{fill:var(--soft);font-size:11px}
.other{fill:var(--other)}
.own{fill:var(--own)}
.ours{font-weight:600}
.number{font-variant-numeric:tabular-nums}
.floor{stroke:var(--line);stroke-width:1.5;stroke-dasharray:4 3}
.floortext{fill:var(--line);font-size:11px}
.rule{stroke:var(--rule)}
.cut{stroke:var(--back);stroke-width:2.5;fill:none}
.whisker{stroke:var(--whisker);stroke-width:1.2;opacity:.75}
"""


# ---- figures ----

def spread(values):
    """Median, lowest, highest; None where there are none."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return statistics.median(values), min(values), max(values)


def runs_of(results, work, server):
    return [run for run in results["runs"]
            if run["work"] == work and run["server"] == server]


def figure(results, work, server, key):
    return spread([run.get(key) for run in runs_of(results, work, server)])


def figures(results, work, key):
    """(server, (median, lowest, highest)), the least first; floor apart."""
    found = [(server, figure(results, work, server, key))
             for server in results["titles"]]
    found = [one for one in found if one[1]]
    rows = [one for one in found if one[0] != "floor"]
    return (sorted(rows, key=lambda row: row[1][0]),
            next((one[1] for one in found if one[0] == "floor"), None))


def number(value):
    if value >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def total(results, work, server, key):
    return sum(run.get(key, 0) for run in runs_of(results, work, server))


def good_runs(results, work, server):
    return sum("problem" not in run
               for run in runs_of(results, work, server))


def incomplete(results):
    """The cells that lack runs."""
    out = []
    for work in results["works"]:
        for server, wanted in work["rounds"].items():
            count = good_runs(results, work["name"], server)
            if count < wanted:
                out.append(f"{work['name']} {results['titles'][server]} "
                           f"{count} of {wanted}")
    return out


def rounds_text(results):
    """How many runs the figures are medians of; the cells that differ."""
    others = {}
    for work in results["works"]:
        counts = work["rounds"]
        for server, count in counts.items():
            if count == results["rounds"]:
                continue
            alike = len(set(counts.values())) == 1
            cell_name = work["name"] if alike else (
                f"{work['name']} {results['titles'][server]}")
            names = others.setdefault(count, [])
            if cell_name not in names:
                names.append(cell_name)
    missing = incomplete(results)
    rounds = (f"Median of {results['rounds']} rounds"
              if results["rounds"] > 1 else "One round")
    return (f"{rounds} of {results['seconds']:g} s" + "".join(
        f", of {'one' if count == 1 else count}: {', '.join(names)}"
        for count, names in sorted(others.items())) + "." +
            (" Incomplete: " + ", ".join(missing) + "." if missing else ""))


# ---- tables ----

def columns(rows):
    """Rows of texts, below each other; numbers to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  " + "  ".join(
        cell.ljust(width) if i == 0 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
        for row in rows]


def cell(values, scale=1.0):
    return number(values[0] * scale) if values else "-"


def between(values):
    return f"{number(values[1])}-{number(values[2])}" if values else "-"


def of_floor(floor, values):
    if not floor or not values or not values[0]:
        return "-"
    return f"{floor[0] / values[0]:.2f}"


def work_table(results, work):
    key = work["unit"]
    rows, floor = figures(results, work["name"], key)
    if floor:
        rows = [("floor", floor)] + rows
    table = [["server", "CPU us", "spread", "of floor", "p50 us", "p99 us",
              "busy", "lost", "wrong", "MB"]]
    for server, values in rows:
        name = work["name"]
        table.append([
            results["titles"][server], cell(values), between(values),
            of_floor(floor, values),
            *(cell(figure(results, name, server, one))
              for one in ("p50_us", "p99_us", "busy")),
            *(str(total(results, name, server, one))
              for one in ("lost", "wrong")),
            cell(figure(results, name, server, "memory_mb"))])
    return columns(table)


def net_note(results):
    if not results.get("watched"):
        return "  (what the host held up could not be taken off)"
    return "  (held: the host's part of the time, taken off; all: with it)"


def held(results, name, server):
    """Of a hundred parts of the time."""
    parts = [run.get("stood_ms", 0) / run["seconds"] / 10
             for run in runs_of(results, name, server) if "problem" not in run]
    return f"{sum(parts) / max(len(parts), 1):.1f}"


def steady_table(results, work):
    key, name = work["unit"], work["name"]
    rows, floor = figures(results, name, key)
    if floor:
        rows = [("floor", floor)] + rows
    table = [["server", "p99 us", "spread", "of floor", "held %", "all",
              "p50 us", "longest", "lost"]]
    for server, values in rows:
        table.append([
            results["titles"][server], cell(values), between(values),
            of_floor(floor, values), held(results, name, server),
            *(cell(figure(results, name, server, one)) for one in
              ("p99_us", "net_p50_us", "net_max_us")),
            str(total(results, name, server, "lost"))])
    return columns(table) + [net_note(results)]


def reload_table(results, work):
    table = [["server", "load s", "MB", "peak", "reload s", "longest ms",
              "held %", "all", "lost", "wrong"]]
    name = work["name"]
    for server, values in figures(results, name, "reload_ms")[0]:
        table.append([
            results["titles"][server],
            cell(figure(results, name, server, "load_ms"), 0.001),
            cell(figure(results, name, server, "memory_mb")),
            cell(figure(results, name, server, "peak_mb")),
            cell(values, 0.001),
            cell(figure(results, name, server, "net_max_us"), 0.001),
            held(results, name, server),
            cell(figure(results, name, server, "max_us"), 0.001),
            *(str(total(results, name, server, one))
              for one in ("lost", "wrong"))])
    return columns(table) + [net_note(results)]


CHANGES = [("line_ms", "a line of the hosts file edited"),
           ("set_ms", "hostlerctl set, its own start included"),
           ("lease_ms", "a lease")]


def change_table(results, work):
    table = [["until it answers", "ms", "spread"]]
    for key, title in CHANGES:
        values = figure(results, work["name"], "hostler", key)
        if values:
            run = runs_of(results, work["name"], "hostler")[0]
            lowest = min(run.get(key + "_all", [values[1]]))
            highest = max(run.get(key + "_all", [values[2]]))
            table.append([title, cell(values),
                          f"{number(lowest)}-{number(highest)}"])
    return columns(table) + [
        "  (200 ms of a line's and a lease's are the watcher's quiet time)"]


def text_tables(results):
    out = []
    makers = {"net_p99_us": steady_table, "reload_ms": reload_table,
              "change_ms": change_table}
    for work in results["works"]:
        if not any(run["work"] == work["name"] and "problem" not in run
                   for run in results["runs"]):
            continue
        out += [f"{work['name']}  {work['title']}", ""]
        out += makers.get(work["unit"], work_table)(results, work) + [""]
    return "\n".join(out + [condition(results)])


def versions(results):
    return ", ".join(f"{results['titles'][name]} {version}"
                     for name, version in results["versions"].items()
                     if version)


def condition(results):
    return (f"{results['date']}: {results['processor']}, {results['cores']} "
            f"cores, Linux {results['kernel']}, {results['system']}, "
            f"load {results['load_at_start']:.2f} at the start; "
            f"{results['compiler']}; {versions(results)}. "
            f"{rounds_text(results)}")


# ---- the picture ----

class Panel:
    """Bars of one figure, a server each."""

    def __init__(self, title, unit, rows, floor=None, scale=1.0):
        self.title, self.unit = title, unit
        self.rows = [(name, [value * scale for value in values])
                     for name, values in rows]
        self.floor = floor and [value * scale for value in floor]

    def most(self):
        """Where the scale ends; one server far beyond all others is cut."""
        tops = sorted(values[2] for _, values in self.rows)
        if len(tops) > 2 and tops[-1] > 2 * tops[-2]:
            tops[-1] = 1.6 * tops[-2]
        return max(tops[-1], self.floor[0] if self.floor else 0) or 1

    def height(self):
        return 46 + ROW * len(self.rows) + (14 if self.floor else 0)

    def draw(self, titles, left, top, width):
        bars = left + LABEL
        room = width - LABEL - VALUE
        most = self.most()
        title = self.title[0].upper() + self.title[1:]
        out = [f'<text x="{left}" y="{top + 14}" class="name">'
               f'{escape(title)} <tspan class="soft">{escape(self.unit)}'
               '</tspan></text>']
        y = top + 26
        bottom = y + ROW * len(self.rows)
        for name, values in self.rows:
            out += self.bar(titles[name], name, values,
                            (left, y, bars, room / most, room))
            y += ROW
        if self.floor:
            at = bars + self.floor[0] * room / most
            end = "end" if at > bars + room * 0.6 else "start"
            out.append(f'<path class="floor" d="M{at:.1f} {top + 24}V'
                       f'{bottom + 3}"/><text x="{at:.1f}" y="{bottom + 15}" '
                       f'class="floortext number" text-anchor="{end}">floor '
                       f'{number(self.floor[0])}</text>')
        return out

    @staticmethod
    def bar(title, name, values, where):
        left, y, bars, scale, room = where
        own = name == "hostler"
        width = min(max(values[0] * scale, 1), room)
        low, high = (bars + min(value * scale, room) for value in values[1:])
        middle = y + 9
        cut = values[0] * scale > room + 1
        more = (f'<path class="cut" d="M{bars + width - 16:.1f} {y + 18}l5 '
                '-18m4 0l-5 18"/>') if cut else (
            f'<path class="whisker" fill="none" d="M{low:.1f} {middle - 3}v6'
            f'm0 -3H{high:.1f}m0 -3v6"/>')
        return [
            f'<text x="{left}" y="{y + 13}" class="{"ours" if own else ""}">'
            f'{escape(title)}</text>'
            f'<rect x="{bars}" y="{y + 2}" width="{width:.1f}" height="14" '
            f'rx="2" class="{"own" if own else "other"}"/>{more}'
            f'<text x="{max(high, bars + width) + 6:.1f}" y="{y + 13}" '
            f'class="number{" ours" if own else ""}">{number(values[0])}'
            '</text>']


def panels_of(results):
    out = []
    for work in results["works"]:
        unit = {"cpu_us": "CPU µs a query", "net_p99_us": "p99 µs",
                "reload_ms": "", "change_ms": ""}[work["unit"]]
        rows, floor = figures(results, work["name"], work["unit"])
        if unit and rows:
            out.append(Panel(work["title"], unit, rows, floor))
        if work["unit"] != "reload_ms" or not rows:
            continue
        names = work["title"].split(" names")[0]
        for key, title, unit, scale in (
                ("load_ms", "until the first right answer", "s", 0.001),
                ("memory_mb", "memory", "MB", 1),
                ("reload_ms", "read again, until it answers", "s", 0.001),
                ("net_max_us", "the longest answer meanwhile", "ms",
                 0.001)):
            out.append(Panel(f"{names} names: {title}", unit, figures(
                results, work["name"], key)[0], None, scale))
    return out


def draw(results):
    """The picture, as SVG."""
    column = (WIDTH - 2 * MARGIN - GAP) // 2
    panels = panels_of(results)
    out, y = [], 86
    for first in range(0, len(panels), 2):
        pair = panels[first:first + 2]
        if first:
            out.append(f'<path class="rule" d="M{MARGIN} {y - 12}H'
                       f'{WIDTH - MARGIN}"/>')
        for i, panel in enumerate(pair):
            out += panel.draw(results["titles"], MARGIN + i * (column + GAP),
                              y, column)
        y += max(panel.height() for panel in pair) + 8
    y += 4
    for line in textwrap.wrap(condition(results), 125):
        out.append(f'<text x="{MARGIN}" y="{y}" class="soft">{escape(line)}'
                   '</text>')
        y += 15
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
            f'{y + 8}" width="{WIDTH}" height="{y + 8}" role="img">'
            '<title>How fast hostler is, beside other DNS servers</title>'
            f'<style>{STYLE}</style><rect class="back" width="{WIDTH}" '
            f'height="{y + 8}" rx="8"/>'
            f'<text x="{MARGIN}" y="38" class="head">What an answer costs'
            f'</text><text x="{MARGIN}" y="58" class="soft">Shorter is better. '
            'One core; every answer checked. Thin lines: lowest and highest '
            'round. The floor is what the kernel alone takes.</text>')
    return head + "\n".join(out) + "</svg>\n"


# ---- the sections ----

def best_peer(rows):
    return next(((name, values) for name, values in rows
                 if name not in ("hostler", "floor")), None)


def short_rows(results):
    rows = [["", "floor", "hostler", "the best other"]]
    for work in results["works"]:
        key = work["unit"]
        for key, title, scale in {
                "cpu_us": [("cpu_us", work["title"] + ", CPU us a query", 1)],
                "net_p99_us": [
                    ("net_p99_us", work["title"] + ", p99 us", 1)],
                "reload_ms": [
                    ("load_ms", "until the first right answer, s", 0.001),
                    ("memory_mb", "memory, MB", 1),
                    ("reload_ms", "a reload, until it answers, s", 0.001),
                    ("net_max_us", "the longest answer meanwhile, ms",
                     0.001)],
                "change_ms": []}[key]:
            found, floor = figures(results, work["name"], key)
            if work["unit"] == "reload_ms":
                title = f"{work['title'].split(' names')[0]} names: {title}"
            peer = best_peer(found)
            own = figure(results, work["name"], "hostler", key)
            if own:
                rows.append([title, cell(floor, scale), cell(own, scale),
                             f"{results['titles'][peer[0]]} "
                             f"{cell(peer[1], scale)}" if peer else "-"])
    return rows


def wrapped(text):
    return textwrap.wrap(text, 79, break_long_words=False,
                         break_on_hyphens=False)


def readme_section(results):
    text = wrapped(
        "Measured on one core, beside the floor (a server that does nothing "
        "but receive, append a fixed answer and send) and the servers that "
        "Debian has; every answer is checked.  The picture is "
        "tests/bench/bench.svg.")
    text += [""] + columns(short_rows(results)) + [""]
    text += wrapped(condition(results)) + [""]
    text += wrapped("To repeat it: `make bench` in the folder where it was "
                    "built; tests/bench/README tells what each figure is.")
    return "\n".join(text)


def replace_section(path, heading, text):
    path = pathlib.Path(path)
    old = path.read_text(encoding="utf-8")
    section = f"{heading}\n{'-' * len(heading)}\n\n{text}\n\n\n"
    new, count = re.subn(
        rf"^{heading}\n-+\n.*?(?=^\S[^\n]*\n---+\n|\Z)",
        lambda _: section, old, count=1, flags=re.M | re.S)
    if count != 1:
        raise SystemExit(f"{path}: there is no section '{heading}'")
    path.write_text(new.rstrip("\n") + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="tables and a picture")
    parser.add_argument("results")
    parser.add_argument("--svg")
    parser.add_argument("--readme")
    parser.add_argument("--details")
    options = parser.parse_args()
    results = json.loads(pathlib.Path(options.results).read_text(
        encoding="utf-8"))
    tables = text_tables(results)
    if options.svg:
        pathlib.Path(options.svg).write_text(draw(results), encoding="utf-8")
    if options.readme:
        replace_section(options.readme, "How fast", readme_section(results))
    if options.details:
        replace_section(options.details, "Results", "\n".join(
            line if line.startswith("  ") else "\n".join(wrapped(line))
            for line in tables.split("\n")))
    print(tables)


if __name__ == "__main__":
    main()
