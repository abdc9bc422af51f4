# SPDX-License-Identifier: BSD-2-Clause
"""Answers by the client's own network, on machines with several cards: the
worked example zones/twocards as it stands, then with other settings."""
import netlab
from hostlertest import case, finish, folder, same

# What each asks.
AT = {"web": "192.168.56.5", "db": "192.168.56.5", "server": "127.0.0.1",
      "laptop": "192.168.0.5"}
REVERSE_4 = "15.2.0.10.in-addr.arpa"


def build(where):
    """web and db with a NAT card each, the server with its own; all three on
    the host-only bridge; web and the laptop on the home one."""
    netlab.bridge("hostonly")
    netlab.bridge("home")
    made = {}
    for name, cards in (
            ("web", [("nat", "10.0.2.15/24"),
                     ("hostonly", "192.168.56.11/24", "fd56::11/64"),
                     ("home", "192.168.0.11/24")]),
            ("db", [("nat", "10.0.2.15/24"),
                    ("hostonly", "192.168.56.12/24", "fd56::12/64")]),
            ("server", [("nat", "10.0.2.15/24"),
                        ("hostonly", "192.168.56.5/24", "fd56::5/64"),
                        ("home", "192.168.0.5/24")]),
            ("laptop", [("home", "192.168.0.20/24")])):
        machine = made[name] = netlab.Machine(name, where)
        machine.resolver(AT[name], "lab.test")
        for on, *addresses in cards:
            if on == "nat":             # one for each VM
                on = f"nat-{name}"
                netlab.bridge(on)
            machine.card(on, *addresses)
    virtualbox = netlab.Machine("virtualbox", where)
    virtualbox.card("nat-server", "10.0.2.3/24")
    virtualbox.upstream("10.0.2.3", "203.0.113.80")
    return made


def check_vms(web, db):
    for vm in (web, db):
        for to, at in (("IPv4", "192.168.56.5"), ("IPv6", "fd56::5")):
            ask = vm.name + " asks by " + to
            same(f"{ask}: web, its own network first",
                 vm.dig("@" + at, "web.lab.test", "A"),
                 ["192.168.56.11", "192.168.0.11"])
            same(f"{ask}: web, AAAA",
                 vm.dig("@" + at, "web.lab.test", "AAAA"), ["fd56::11"])
            same(f"{ask}: db", vm.dig("@" + at, "db", "A"), ["192.168.56.12"])
    same("getent on web: db", web.getent("db"), "192.168.56.12")
    same("getent on web: db, IPv6", web.getent("db", "ahostsv6"), "fd56::12")
    same("getent on db: web", db.getent("web"), "192.168.56.11")
    same("db reaches web by its name", db.run(
        "ping", "-c", "1", "-W", "5", "-4", "web").returncode, 0)
    same("outside comes from the NAT's resolver",
         db.getent("www.example.com"), "203.0.113.80")


def check_isolated(machines):
    for machine in machines:
        at = "@" + AT[machine.name]
        for kind in ("A", "AAAA", "ANY"):
            for name in ("web", "db", "server", "nat-only"):
                said = machine.full(at, name + ".lab.test", kind)
                case(f"{machine.name}: {name} {kind} has nothing of 10.0.2.0/24",
                     "status: NOERROR" in said and "10.0.2." not in said, said)
        said = machine.full(at, REVERSE_4, "PTR")
        case(f"{machine.name}: nor is there a reverse name",
             "status: NXDOMAIN" in said and "lab.test" not in said, said)
        said = machine.full(at, "nat-only.lab.test", "A")
        case(f"{machine.name}: NODATA says why",
             "ANSWER: 0" in said and "EDE: 17" in said, said)
        same(f"{machine.name}: the other reverse names",
             machine.dig(at, "-x", "192.168.56.12"),
             ["db.lab.test."])
    same("IPv6 too", machines[0].dig("@fd56::5", "-x", "fd56::11"),
         ["web.lab.test."])


def check_example(made, where):
    with netlab.ServerOn(made["server"], where,
                         netlab.example("twocards", where)):
        check_vms(made["web"], made["db"])
        check_isolated([made["web"], made["db"], made["laptop"]])
        laptop = made["laptop"]
        same("the laptop is at home: that address first",
             laptop.dig("@192.168.0.5", "web.lab.test"),
             ["192.168.0.11", "192.168.56.11"])
        ttl = laptop.full("@192.168.0.5", "+ttlid", "web.lab.test")
        case("good for five seconds", "\t5\tIN\tA" in ttl, ttl)


def check_only(made, where):
    config = netlab.example("twocards", where).replace(
        "answer-by-network: prefer", "answer-by-network: only")
    web, laptop = made["web"], made["laptop"]
    with netlab.ServerOn(made["server"], where, config) as daemon:
        same("only: a VM gets the host-only address",
             web.dig("@192.168.56.5", "web.lab.test"), ["192.168.56.11"])
        same("only: by IPv6 as well",
             web.dig("@fd56::5", "web.lab.test"), ["192.168.56.11"])
        same("only: the laptop gets the other",
             laptop.dig("@192.168.0.5", "web.lab.test"), ["192.168.0.11"])
        same("only: an AAAA out of its reach is none of its business",
             laptop.dig("@192.168.0.5", "web.lab.test", "AAAA"), [])
        same("only: with none in common all are given",
             laptop.dig("@192.168.0.5", "db.lab.test", "AAAA"), ["fd56::12"])
        same("getent on the laptop", laptop.getent("web"), "192.168.0.11")
        daemon.configure(config.replace("answer-by-network: only",
                                        "answer-by-network: off"))
        case("reloaded", daemon.hup(), daemon.log)
        for machine in (web, laptop):
            same(f"off: {machine.name} gets them as they are written",
                 machine.dig("@" + AT[machine.name], "web.lab.test"),
                 ["192.168.0.11", "192.168.56.11"])
            case("off: isolated addresses are no answer all the same",
                 machine.dig("@" + AT[machine.name], "nat-only.lab.test") == [])


def check_not_isolated(made, where):
    """What is isolated is decided by the configuration, at each reload."""
    config = netlab.example("twocards", where)
    laptop = made["laptop"]
    with netlab.ServerOn(made["server"], where, config) as daemon:
        for word, answers, names in (
                ("yes", [], []),
                ("no", ["10.0.2.15"], ["web.lab.test."]),
                ("yes", [], [])):
            daemon.configure(config.replace("isolated: yes",
                                            "isolated: " + word))
            case("reloaded", daemon.hup(), daemon.log)
            same(f"isolated: {word}: the address",
                 laptop.dig("@192.168.0.5", "nat-only.lab.test"), answers)
            same(f"isolated: {word}: its reverse name",
                 laptop.dig("@192.168.0.5", "-x", "10.0.2.15"), names)


def check_attached(made, where):
    """No network is declared: the prefixes of the server's own cards count,
    as they are at the last reload."""
    (where / "far.hosts").write_text("10.7.7.9 far\n172.31.7.9 far\n"
                                     "192.168.0.11 web\n192.168.56.11 web\n")
    config = ("control: {socket: {ctl}}\n"
              "server: {listen: [192.168.56.5, 192.168.0.5, 127.0.0.1], "
              "user: '', threads: 1}\n"
              "domain: lab.test\nhosts: [far.hosts]\nforward: []\n")
    server, web, laptop = made["server"], made["web"], made["laptop"]
    netlab.bridge("later")
    guest = netlab.Machine("guest", where).card("later", "172.31.7.20/24")
    guest.route("192.168.56.0/24", "via", "172.31.7.5")
    with netlab.ServerOn(server, where, config) as daemon:
        same("attached: web's own network",
             web.dig("@192.168.56.5", "web.lab.test"),
             ["192.168.56.11", "192.168.0.11"])
        same("attached: the laptop's own",
             laptop.dig("@192.168.0.5", "web.lab.test"),
             ["192.168.0.11", "192.168.56.11"])
        server.card("later", "172.31.7.5/24")
        case("reloaded", daemon.hup(), daemon.log)
        same("a card that came later counts after a reload",
             guest.dig("@192.168.56.5", "far.lab.test"),
             ["172.31.7.9", "10.7.7.9"])
        same("the server itself is in all of its own",
             server.dig("@127.0.0.1", "far.lab.test"),
             ["172.31.7.9", "10.7.7.9"])
        said = daemon.ctl_run("explain", "web.lab.test", "from",
                              "::ffff:192.168.56.11")
        case("explain: a mapped client is its IPv4 address",
             "192.168.56.11" in said.stdout and "::ffff" not in said.stdout,
             said.stdout)


def check_cards(server, daemon):
    """Cards are named or numbered; the loopback's clients are those that its
    own addresses make possible."""
    def explain(card):
        return daemon.ctl_run("explain", "here.lab.test", "from",
                              f"fe80::20%{card}").stdout

    link = server.run("ip", "-o", "link", "show", "dev", "eth2").stdout
    number = link.split(":")[0]
    case("explain: a card's number", "192.168.0.12" in explain(number),
         explain(number))
    case("explain: lo has no link-local clients", "lo has no" in explain("lo"),
         explain("lo"))
    server.address("lo", "fe80::1/64")
    case("explain: but where it has such an address", "asked by fe80::20" in
         explain("lo"), explain("lo"))


def check_link_local(made, where):
    """Who asks from a link-local address is where the card is."""
    (where / "link.hosts").write_text("192.168.0.11 web\n192.168.56.11 web\n")
    (where / "home.hosts").write_text("192.168.0.12 here\n")
    config = ("control: {socket: {ctl}}\n"
              "server: {listen: ['fe80::5%%eth1', 'fe80::5%%eth2'], user: '', "
              "threads: 1, allow: [%s], explain-to: 192.168.0.0/24}\n"
              "domain: lab.test\nhosts: [link.hosts]\nforward: []\n"
              "answer-by-network: only\n"
              "views: [{name: home, clients: [192.168.0.0/24], inherit: yes, "
              "hosts: [home.hosts]}]\n")
    server, web, laptop = made["server"], made["web"], made["laptop"]
    for machine, card, address in ((server, "eth1", "fe80::5/64"),
                                   (server, "eth2", "fe80::5/64"),
                                   (web, "eth1", "fe80::11/64"),
                                   (laptop, "eth0", "fe80::20/64")):
        machine.address(card, address)
    with netlab.ServerOn(server, where, config % "attached") as daemon:
        same("link-local: the network of web's card",
             web.dig("@fe80::5%eth1", "web.lab.test"), ["192.168.56.11"])
        same("link-local: the network of the laptop's",
             laptop.dig("@fe80::5%eth0", "web.lab.test"), ["192.168.0.11"])
        same("link-local: by TCP", laptop.dig(
            "+tcp", "@fe80::5%eth0", "web.lab.test"), ["192.168.0.11"])
        same("link-local: the view of the laptop's card",
             laptop.dig("@fe80::5%eth0", "here.lab.test"), ["192.168.0.12"])
        same("link-local: which is not that of web's",
             web.dig("@fe80::5%eth1", "here.lab.test"), [])
        for machine, card, told in ((laptop, "eth0", True),
                                    (web, "eth1", False)):
            said = machine.run("kdig", "+edns", f"@fe80::5%{card}",
                               "web.lab.test").stdout
            same(f"link-local: told where it is from: {told}",
                 "link.hosts:" in said, told)
        said = daemon.ctl_run("explain", "here.lab.test", "from",
                              "fe80::20%eth2")
        case("explain: the same", "192.168.0.12" in said.stdout, said.stdout)
        check_cards(server, daemon)
        daemon.configure(config % "192.168.0.0/16")
        case("reloaded", daemon.hup(), daemon.log)
        case("link-local: who may ask is as it is written", "REFUSED" in
             laptop.full("@fe80::5%eth0", "here.lab.test"))


netlab.enter()
with folder() as lab:
    machines = build(lab)
    check_example(machines, lab)
    check_only(machines, lab)
    check_not_isolated(machines, lab)
    check_attached(machines, lab)
    check_link_local(machines, lab)
finish()
