# SPDX-License-Identifier: BSD-2-Clause
"""The same zone file served by hostler and by NSD, the same questions asked of
both: over UDP without and with EDNS, and over TCP, RD=0.  rcode, flags, answer
and authority must be the same but for what RFCs leave open:

* the order of records in an RRset, and compression;
* the TTL of a synthesised CNAME (RFC 6672 2.2 allows the DNAME's; older
  servers write 0);
* ANY: minimal or all (RFC 8482), compared as "at least one record of that
  name"; so a chain that begins there may be followed or not, and rcode with it;
* authority NS records in a positive answer (RFC 1034 4.3.2 puts none there;
  "minimal responses" differ between servers): left out on both sides;
* when a UDP answer is truncated, what of it is left (only TC is compared);
* the opcode's own code for a question outside every zone: REFUSED on both.

Additional records are hints; of those only in-domain glue is compared."""
import collections
import shutil
import subprocess
import sys
import time

from hostlertest import (SRC, Daemon, ask_udp, case, dns, finish, folder,
                         free_port, rcode, same)

NSD = shutil.which("nsd") or shutil.which("nsd", path="/usr/sbin:/sbin")
if NSD is None:
    print("SKIP: nsd is not installed")
    sys.exit(77)

NSD_CONF = """
server:
 ip-address: 127.0.0.1@{port}
 server-count: 1
 username: ""
 chroot: ""
 zonesdir: "{dir}"
 database: ""
 pidfile: "{dir}/nsd.pid"
 xfrdfile: "{dir}/xfrd"
 xfrdir: "{dir}"
 zonelistfile: "{dir}/zonelist"
 minimal-responses: no
 rrl-ratelimit: 0
remote-control:
 control-enable: no
zone:
 name: compare.test
 zonefile: compare.zone
"""
CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 1, user: ''}
control: {socket: {ctl}}
domain: ''
hosts: []
zones: [{path: compare.zone, name: compare.test}]
forward: []
"""
TYPES = ["A", "AAAA", "NS", "SOA", "MX", "TXT", "CNAME", "SRV", "PTR", "DS",
         "DNAME", "HTTPS", "SVCB", "CAA", "TYPE65400", "ANY"]
NAMES = """@ ns1 mail www web alias1 alias2 dangling outside _sip._tcp _tcp sip2
svc caa loc ptr naptr sshfp tlsa unknown deep b.c.deep a.b.c.deep z.b.c.deep
wild any.wild many.labels.wild exact.wild below.exact.wild empty.wild
b.empty.wild x.empty.wild *.wild any.cwild cwild any.nswild sub ns.sub deeper.sub
new.sub a.new.sub insecure x.insecure dn x.dn y.dn z.dn a.b.dn target long
nothere a.nothere host-7 host-9 WWW WeB""".split()
SPECIAL = [("loc", "LOC"), ("naptr", "NAPTR"), ("sshfp", "SSHFP"),
           ("tlsa", "TLSA"), ("sub", "DS"), ("sub", "NSEC")]


def questions():
    for name in NAMES:
        for kind in TYPES:
            yield ("compare.test." if name == "@" else name + ".compare.test."), kind
    for name, kind in SPECIAL:
        yield name + ".compare.test.", kind
    yield "other.example.", "A"


def ask(port, name, kind, way):
    query = dns.message.make_query(name, kind,
                                   use_edns=False if way == "udp" else 0,
                                   payload=1232)
    query.flags &= ~dns.flags.RD
    send = dns.query.tcp if way == "tcp" else ask_udp
    return send(query, "127.0.0.1", port=port, timeout=10)


def rows(section, synthesised):
    found = collections.Counter()
    for rrset in section:
        ttl = 0 if rrset.name in synthesised and \
            rrset.rdtype == dns.rdatatype.CNAME else rrset.ttl
        for rdata in rrset:
            found[(str(rrset.name).lower(), ttl,
                   dns.rdatatype.to_text(rrset.rdtype),
                   str(rdata).lower())] += 1
    return found


def digest(message, kind):
    """What of an answer must be the same."""
    flags = {flag: bool(message.flags & getattr(dns.flags, flag))
             for flag in ("QR", "AA", "TC", "RD", "AD", "CD")}
    owners = {rrset.name for rrset in message.answer
              if rrset.rdtype == dns.rdatatype.DNAME}
    synthesised = {rrset.name for rrset in message.answer
                   if any(rrset.name != o and rrset.name.is_subdomain(o)
                          for o in owners)}
    answer = rows(message.answer, synthesised)
    authority = rows([rrset for rrset in message.authority
                      if not (message.answer and
                              rrset.rdtype == dns.rdatatype.NS)], set())
    glue = rows([rrset for rrset in message.additional
                 if str(rrset.name).endswith(".sub.compare.test.")], set())
    if flags["TC"]:
        answer = authority = glue = None
    elif kind == "ANY" and answer:
        return "some", flags
    return rcode(message), flags, answer, authority, glue


with folder() as where:
    shutil.copy(SRC / "tests/e2e/compare.zone", where / "compare.zone")
    port = free_port()
    (where / "nsd.conf").write_text(NSD_CONF.replace("{port}", str(port))
                                    .replace("{dir}", str(where)))
    nsd = subprocess.Popen([NSD, "-d", "-c", str(where / "nsd.conf")],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while True:
            try:
                ask(port, "compare.test.", "SOA", "tcp")
                break
            except (OSError, EOFError, dns.exception.Timeout):
                if nsd.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)
        with Daemon(where, CONFIG) as daemon:
            counted = collections.Counter()
            different = 0
            for name, kind in questions():
                for way in ("udp", "edns", "tcp"):
                    ours = digest(ask(daemon.port, name, kind, way), kind)
                    theirs = digest(ask(port, name, kind, way), kind)
                    counted[way] += 1
                    counted[theirs[0]] += 1
                    if ours != theirs:
                        different += 1
                        case(f"{way} {name} {kind}", False,
                             f"\n  hostler {ours}\n  NSD     {theirs}")
            print("compared: " + ", ".join(f"{number} {what}" for what, number
                                           in sorted(counted.items())))
            case("several hundred questions were compared",
                 counted["udp"] > 300 and counted["NOERROR"] > 300 and
                 counted["NXDOMAIN"] > 100, str(counted))
            same("differences", different, 0)
    finally:
        nsd.terminate()
        nsd.wait(30)
finish()
