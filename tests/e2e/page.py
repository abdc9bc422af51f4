# SPDX-License-Identifier: BSD-2-Clause
"""The status page in a real browser: it loads, shows what the daemon does,
searches, explains, and shows whatever a stranger calls himself as text.

The browser is Debian's chromium, told what to do through chromedriver (the
WebDriver protocol).  With PAGE_SHOTS=FOLDER a picture of each view is left
there."""
import base64
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hostlertest import (Daemon, LIMIT_S, case, finish, folder, free_port,
                         same, until)
from live import Upstream

CONFIG = """server:
  listen: ["127.0.0.1@{port}"]
  threads: 2
  user: ""
control: {socket: "{ctl}"}
http: {listen: "127.0.0.1@HTTP"}
domain: lab.test
hosts: ["{dir}/hosts"]
zones: [{path: "{dir}/evil.zone", name: evil.test}]
leases: ["{dir}/dnsmasq.leases"]
networks: {hostonly: 192.168.56.0/24}
forward: [{zone: fwd.test, to: ["127.0.0.1@NOBODY"]},
          {zone: up.test, to: ["127.0.0.1@UPSTREAM"]}]
"""
HOSTS = """192.168.56.10 web1 www
192.168.56.11 db1
999.1.1.1 broken
"""
# A name that is a piece of HTML, in a zone file and in a question.
EVIL = "<img/src=x/onerror=hit=1>"
ZONE = f"{EVIL} 60 IN A 192.168.56.66\n"
VIEWS = ("overview", "names", "sources", "upstreams", "asked")
WIDE, PHONE = (1200, 1000), (390, 844)


class Browser:
    """chromium behind chromedriver, in a folder of its own."""

    def __init__(self, where):
        self.port = free_port()
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={self.port}"], cwd=where,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.base = f"http://127.0.0.1:{self.port}"
        self.wait_driver()
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu",
                     "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking",
                     "--disable-component-update", "--hide-scrollbars",
                     f"--user-data-dir={where}/profile"]
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments}}}})
        self.base += "/session/" + made["sessionId"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait(LIMIT_S)

    def wait_driver(self):
        by = time.monotonic() + LIMIT_S
        while time.monotonic() < by:
            try:
                if self.call("GET", "/status")["ready"]:
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.05)
        raise RuntimeError("chromedriver did not start")

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return json.load(answer)["value"]

    def go(self, url):
        self.call("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync",
                         {"script": script, "args": list(arguments)})

    def until(self, script, *arguments):
        """What the script returns, once it is true."""
        by = time.monotonic() + LIMIT_S
        while time.monotonic() < by:
            value = self.run(script, *arguments)
            if value:
                return value
            time.sleep(0.05)
        return None

    def size(self, size):
        self.call("POST", "/goog/cdp/execute", {
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": {"width": size[0], "height": size[1],
                       "deviceScaleFactor": 1, "mobile": size is PHONE}})

    def scheme(self, name):
        self.call("POST", "/goog/cdp/execute", {
            "cmd": "Emulation.setEmulatedMedia",
            "params": {"features": [{"name": "prefers-color-scheme",
                                     "value": name}]}})

    def log(self):
        return self.call("POST", "/se/log", {"type": "browser"})

    def picture(self):
        return base64.b64decode(self.call("GET", "/screenshot"))


def keep_picture(browser, name):
    where = os.environ.get("PAGE_SHOTS")
    picture = browser.picture()
    case(f"{name}: a picture", picture[:4] == b"\x89PNG" and
         len(picture) > 5000, len(picture))
    if where:
        pathlib.Path(where, name + ".png").write_bytes(picture)


def ask_raw(daemon, label, times=1):
    """A question whose first label is any bytes."""
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(LIMIT_S)
    client.connect((daemon.address, daemon.port))
    for i in range(times):
        client.send(struct.pack("!HHHHHH", i, 0x100, 1, 0, 0, 0) +
                    bytes([len(label)]) + label + b"\3lab\4test\0\0\1\0\1")
        client.recv(4096)
    client.close()


def text_of(browser, element):
    return browser.run("return document.getElementById(arguments[0])"
                       ".textContent", element)


def open_view(browser, url, view):
    browser.go(f"{url}/#{view}")
    case(f"{view} is shown", browser.until(
        "return !document.getElementById(arguments[0]).hidden", view))


def check_overview(browser, daemon, url):
    open_view(browser, url, "overview")
    same("the state is told", browser.until(
        "const s = document.getElementById('state').textContent;"
        "return s !== 'asking…' && s"), "degraded")
    ask_raw(daemon, b"web1", 200)
    case("queries show up in the figures", browser.until(
        "const tile = document.querySelector('#tiles b');"
        "return tile && Number(tile.textContent) > 0"))
    case("in the plot", browser.until(
        "return document.querySelector('#rate canvas') && "
        "document.getElementById('rate-key').textContent.includes('hosts')"))
    case("and in the latencies", browser.until(
        "return document.querySelector('#latency .bar i')"))
    keep_picture(browser, "overview")


def check_explain(browser, daemon):
    browser.run("""
        document.getElementById('explain-name').value = 'wbe1.lab.test';
        document.getElementById('explain-from').value = '192.168.56.9';
        document.getElementById('explain-to').value = '127.0.0.1';
        document.querySelector('#explain button').click();""")
    said = browser.until("return document.getElementById('explained')"
                         ".textContent")
    told = daemon.ctl_run("explain", "wbe1.lab.test", "from",
                          "192.168.56.9", "to", "127.0.0.1").stdout
    same("explain says what the command says", said.strip(), told.strip())
    case("did you mean", "did you mean web1.lab.test" in said, said)
    keep_picture(browser, "explain")


def rows(browser, table):
    return browser.run("return [...document.querySelectorAll("
                       "`#${arguments[0]} tbody tr`)].map(r => "
                       "[...r.cells].map(c => c.textContent))", table)


def search(browser, text):
    browser.run("""
        const box = document.getElementById('search');
        box.value = arguments[0];
        box.dispatchEvent(new Event('input'));""", text)


def check_names(browser, url):
    open_view(browser, url, "names")
    case("all names are there", browser.until(
        "return document.querySelectorAll('#names-table tbody tr').length "
        ">= 4"))
    search(browser, "db1")
    case("the search finds one", browser.until(
        "const r = document.querySelectorAll('#names-table tbody tr');"
        "return r.length === 1 && r[0].textContent.includes('db1')"))
    row = rows(browser, "names-table")[0]
    same("with name, type, data, network and place",
         [row[0], row[1], row[2], row[3], row[4].rsplit("/", 1)[-1]],
         ["db1.lab.test", "A", "192.168.56.11", "hostonly", "hosts:2"])
    search(browser, "web1")
    case("when it was asked last", browser.until(
        "const r = document.querySelectorAll('#names-table tbody tr');"
        "return r.length === 1 && r[0].textContent.includes(' ago')"))
    search(browser, "192.168.56.77")
    row = browser.until(
        "const r = document.querySelectorAll('#names-table tbody tr');"
        "return r.length === 1 && r[0].textContent.includes('leased') && "
        "[...r[0].cells].map(c => c.textContent)")
    case("an address is found, and what is left of its lease", row and
         row[0] == "leased.lab.test" and row[5].endswith("min"), row)
    search(browser, "no such")
    case("nothing found is said", browser.until(
        "return document.getElementById('names-table').textContent"
        ".includes('no name here is like that')"))
    search(browser, "")
    case("a hostile name shows as text", browser.until(
        "return document.getElementById('names-table').textContent"
        ".includes(arguments[0])", EVIL + ".evil.test"),
        rows(browser, "names-table"))
    keep_picture(browser, "names")


def check_sources(browser, url):
    open_view(browser, url, "sources")
    case("what is wrong is told as `check` does", browser.until(
        "return document.getElementById('diagnostics').textContent"
        ".includes(\"hosts:3:1: error: '999.1.1.1' is not an address\")"))
    table = rows(browser, "sources-table")
    same("each source has a row", len(table), 3)
    same("with its state", sorted(row[3] for row in table),
         ["good", "good", "some lines are bad, the others count"])
    keep_picture(browser, "sources")


def check_upstreams(browser, daemon, url, upstream):
    daemon.ask("x.fwd.test")
    daemon.ask("x.up.test")
    open_view(browser, url, "upstreams")
    # For half a second at first: asked again, it is for longer.
    case("upstreams have their health", until(lambda: daemon.ask(
        "x.fwd.test", timeout=LIMIT_S) and browser.run(
            "return document.getElementById('upstreams-table').textContent"
            ".includes('passed over')"), True)[0],
        rows(browser, "upstreams-table"))
    case("and routes", "fwd.test" in text_of(browser, "routes-table"))
    case("how quick they are, as a plot", browser.until(
        "return document.querySelector('#rtt canvas') && document."
        "getElementById('rtt-key').textContent.includes(arguments[0])",
        f"127.0.0.1@{upstream.port}"))
    keep_picture(browser, "upstreams")


def check_asked(browser, daemon, url):
    ask_raw(daemon, EVIL.encode(), 50)
    ask_raw(daemon, b"a\nb\"'\x00\xff\\", 20)
    open_view(browser, url, "asked")
    case("a hostile question shows as text", browser.until(
        "return document.getElementById('asked-failed').textContent"
        ".includes(arguments[0])", EVIL + ".lab.test"),
        rows(browser, "asked-failed"))
    case("most asked", "web1.lab.test" in text_of(browser, "asked-names"))
    case("clients", "127.0.0.1" in text_of(browser, "asked-clients"))
    keep_picture(browser, "asked")


def check_safety(browser, url):
    same("no picture, script or frame came in by a name", browser.run(
        "return document.querySelectorAll('img, iframe, main script')"
        ".length"), 0)
    same("nothing ran", browser.run("return window.hit || 0"), 0)
    # What would happen if something did get in.
    browser.run("document.body.insertAdjacentHTML('beforeend', "
                "'<img src=\"data:,\" onerror=\"window.hit = 1\">');")
    case("and nothing would: the policy forbids it", browser.until(
        "return document.body.lastElementChild.complete") and
        browser.run("return window.hit || 0") == 0)
    browser.log()           # of that trial
    answer = urllib.request.urlopen(url, timeout=LIMIT_S)
    policy = answer.headers["Content-Security-Policy"]
    case("the policy is strict", "default-src 'none'" in policy and
         "unsafe" not in policy and "*" not in policy, policy)
    page = answer.read().decode()
    case("the page names no other host", not re.search(
        r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", page))


def check_looks(browser, url):
    browser.scheme("dark")
    open_view(browser, url, "overview")
    dark = browser.run("return getComputedStyle(document.body)"
                       ".backgroundColor")
    keep_picture(browser, "overview-dark")
    browser.scheme("light")
    light = browser.run("return getComputedStyle(document.body)"
                        ".backgroundColor")
    case("light and dark", dark != light, (dark, light))
    browser.size(PHONE)
    for view in VIEWS:
        open_view(browser, url, view)
        case(f"{view} fits a phone", browser.until(
            "return document.documentElement.scrollWidth <= innerWidth"),
            browser.run("return document.documentElement.scrollWidth"))
    open_view(browser, url, "overview")
    keep_picture(browser, "overview-phone")


def check_page(where):
    (where / "hosts").write_text(HOSTS)
    (where / "evil.zone").write_text(ZONE)
    (where / "dnsmasq.leases").write_text(
        f"{int(time.time()) + 3000} 52:54:00:00:00:07 192.168.56.77 leased *\n")
    http, upstream = free_port(), Upstream("192.0.2.1")
    url = f"http://127.0.0.1:{http}"
    config = CONFIG.replace("HTTP", str(http)) \
        .replace("NOBODY", str(free_port())) \
        .replace("UPSTREAM", str(upstream.port))
    with Daemon(where, config) as daemon, Browser(where) as browser:
        browser.size(WIDE)
        check_overview(browser, daemon, url)
        check_explain(browser, daemon)
        check_names(browser, url)
        check_sources(browser, url)
        check_upstreams(browser, daemon, url, upstream)
        check_asked(browser, daemon, url)
        same("the console is silent", browser.log(), [])
        check_safety(browser, url)
        check_looks(browser, url)
        same("and it stays so", browser.log(), [])


for program in ("chromedriver", "chromium"):
    if not shutil.which(program):
        print(f"SKIP: {program} is not installed")
        sys.exit(77)
with folder() as where:
    check_page(where)
finish()
