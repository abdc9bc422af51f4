# SPDX-License-Identifier: BSD-2-Clause
"""What is kept of upstreams' answers, and given of them: with a daemon and an
upstream of the test's own, which counts what it is asked."""
import socket
import threading

from hostlertest import (Daemon, case, dns, ede, finish, folder, look, records,
                         same)
import dns.rrset

CONFIG = """
server: {listen: ["127.0.0.1@{port}"], threads: 2, user: ''}
control: {socket: {ctl}}
domain: lab.test
hosts: []
"""


class Upstream:
    """Answers as `say` tells; a name is asked for as often as `asked` has."""

    def __init__(self, say):
        self.say = say
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.forward = f'forward: [{{zone: ".", to: ["127.0.0.1@{self.port}"]}}]\n'
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            data, peer = self.socket.recvfrom(4096)
            query = dns.message.from_wire(data)
            self.asked.append(query.question[0].name.to_text(True).lower())
            reply = dns.message.make_response(query)
            reply.flags |= dns.flags.RA
            if self.say(query.question[0], reply) is not False:
                self.socket.sendto(reply.to_wire(), peer)

    def count(self, name):
        return self.asked.count(name)


def give(reply, question, ttl, kind, data):
    reply.answer.append(dns.rrset.from_text(question.name, ttl, "IN", kind,
                                            data))


def stats(daemon, name):
    for line in daemon.ctl_run("stats").stdout.splitlines():
        words = line.replace(":", " ").split()
        if words and words[0] == name:
            return int(words[-1])
    return None


# ---- rebind-protection ----

def check_rebind(where):
    upstream = Upstream(lambda q, reply: give(reply, q, 300, "A", "10.1.2.3"))
    plain = CONFIG + upstream.forward
    guarded = (plain + "rebind-protection: {enabled: yes, "
               "allow: [corp.example]}\n")
    with Daemon(where, plain) as daemon:
        same("a private address passes by default",
             look(daemon, "evil.example"), "10.1.2.3")
        daemon.configure(guarded)
        case("a reload switches the protection on", daemon.hup(), daemon.log)
        answer = daemon.ask("evil.example")
        same("what the cache has is withheld", records(answer.answer), [])
        same("and why", ede(answer), [17])
        case("with a SOA", answer.authority and
             "SOA" in str(answer.authority[0]), str(answer))
        same("no upstream is asked for that", upstream.count("evil.example"), 1)
        same("an allowed name has its address",
             look(daemon, "db.corp.example"), "10.1.2.3")
        same("stats counts it", stats(daemon, "rebind.withheld"), 1)
        text = daemon.ctl_run("explain", "evil.example").stdout
        case("explain says so", "rebind-protection" in text, text)
        daemon.configure(plain)
        case("and off", daemon.hup(), daemon.log)
        same("it is given again", look(daemon, "evil.example"), "10.1.2.3")
        same("from the cache", upstream.count("evil.example"), 1)


with folder() as where:
    check_rebind(where)
finish()
