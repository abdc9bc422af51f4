#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# lab.sh - network namespaces stand for the VMs (contrib/lab): each has only a
# resolv.conf that names the server, and no hosts entry.
set -u
here=$(cd "$(dirname "$0")" && pwd)
export top=${abs_top_srcdir:?}
if [ -z "${lab:-}" ]; then
	HOSTLER_BUILD=${abs_top_builddir:?} exec "$top/contrib/lab" run \
		bash "$here/lab.sh"
fi

held=0 broken=0
same() { # same WHAT GOT WANTED
	if [ "$2" = "$3" ]; then
		held=$((held + 1))
		echo "ok   $1"
	else
		broken=$((broken + 1))
		echo "FAIL $1: got '$2', not '$3'"
	fi
}
holds() { # holds WHAT COMMAND...
	local what=$1 said
	shift
	said=$("$@" 2>&1)
	same "$what" "$?" 0
	[ -z "${said:-}" ] || echo "$said" | sed 's/^/     | /'
}
address() { # address MACHINE NAME
	on "$1" getent ahostsv4 "$2" | awk '{print $1; exit}'
}

same "red's /etc/hosts is empty" "$(on red cat /etc/hosts)" ""
holds "red pings localDB" on red ping -c 1 -W 5 localDB
holds "red pings blue by its full name" on red ping -c 1 -W 5 blue.lab.test
holds "blue pings red" on blue ping -c 1 -W 5 red
same "getent hosts on red" "$(address red localDB)" 192.168.15.2
same "a name outside comes from the upstream" \
	"$(address blue www.example.com)" 203.0.113.80
same "and again, from the cache" "$(address red www.example.com)" 203.0.113.80
same "the reverse name" "$(on blue getent hosts 192.168.15.1 |
	awk '{print $2}')" red.lab.test

same "a VM with two cards: red is told the one that it reaches" \
	"$(address red gold)" 192.168.56.21
holds "and reaches it" on red ping -c 1 -W 5 gold
same "never its NAT" "$(on red getent ahostsv4 gold | grep -c 10.0.2.15)" 0
same "explain says why" "$(hostlerctl explain gold from 192.168.56.11 |
	grep -c 'isolated network')" 1
same "a tenant's machine by its fixed address, for the tenant" \
	"$(address teal teal)" 172.31.0.10
same "by its floating one for everyone else" "$(address red teal)" \
	192.168.15.20
holds "which leads there" on red ping -c 1 -W 5 teal
same "the tenant has the other names too" "$(address teal localDB)" \
	192.168.15.2

"$lab/on" hostler "$top/contrib/labpage" inside 192.168.15.5 9153 \
	"$lab/page" &
"$top/contrib/labpage" outside 9153 "$lab/page" >"$lab/url" &
page() { # once both are there
	for _ in $(seq 100); do
		python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=10).read().decode())' \
			http://127.0.0.1:9153/ 2>/dev/null && break
		sleep 0.1
	done
}
same "the status page comes out of the lab" \
	"$(page | grep -c '<title>hostler</title>')" 1
same "labpage says where" "$(cat "$lab/url")" http://127.0.0.1:9153/

echo "192.168.15.1 web" >>"$lab/hosts"
same "a line that was not read yet does not count" "$(address red web)" ""
pid=$(pgrep -f "hostler -c $lab/hostler.yaml" | tail -n 1)
kill -HUP "$pid"
for _ in $(seq 100); do
	[ -n "$(address red web)" ] && break
done
same "an edit and a SIGHUP: red sees it" "$(address red web)" 192.168.15.1
same "blue sees it" "$(address blue web)" 192.168.15.1

echo "192.168.15.999 oops" >>"$lab/hosts"
said=$(hostlerctl reload)
same "a typo: reload ends with 1" "$?" 1
same "its line is shown" "$(grep -c "hosts:6:1: error" <<<"$said")" 1
same "with a caret" "$(grep -A2 "hosts:6:1: error" <<<"$said" |
	grep -c '\^~')" 1
same "the names stay up" "$(address red localDB)" 192.168.15.2

if command -v musl-gcc >/dev/null; then
	musl-gcc -static -o "$lab/resolve" "$here/resolve.c" || exit 1
	slow() { awk '$3 >= 100 {print}' "$lab/musl"; }
	on red "$lab/resolve" localDB localDB.lab.test www.example.com \
		nosuch.lab.test nosuch >"$lab/musl"
	sed 's/^/     | /' "$lab/musl"
	same "musl: localDB" "$(awk '$1 == "localDB" {print $2}' "$lab/musl")" \
		192.168.15.2
	same "musl: outside" "$(awk '$1 == "www.example.com" {print $2}' \
		"$lab/musl")" 203.0.113.80
	same "musl: every answer under 100 ms" "$(slow)" ""
	sed -i 's/^forward: .*/forward: []/' "$lab/hostler.yaml"
	sed -i '$ d' "$lab/hosts"
	hostlerctl reload >/dev/null
	on red "$lab/resolve" localDB www.example.com nosuch.example.net \
		>"$lab/musl"
	sed 's/^/     | /' "$lab/musl"
	same "musl, isolated: localDB" \
		"$(awk '$1 == "localDB" {print $2}' "$lab/musl")" 192.168.15.2
	same "musl, isolated: outside is nothing" \
		"$(awk '$1 == "nosuch.example.net" {print $2}' "$lab/musl")" "-"
	same "musl, isolated: every answer under 100 ms" "$(slow)" ""
else
	echo "musl-gcc is not installed: clients of musl are not tried"
fi
echo "$held of $((held + broken)) held"
[ "$broken" -eq 0 ]
