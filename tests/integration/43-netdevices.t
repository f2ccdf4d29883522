#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices: devices of the host move in with their name, addresses and state. "The host" is a network namespace that
# this test makes, so that nothing of the machine's is touched.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
need ip unshare nsenter
unshare -n true 2> /dev/null || skip_all "no network namespace may be made here"
if ! unshare -n ip link add cs0 type dummy 2> /dev/null && ! unshare -n ip link add cs0 type veth peer name cs1 2> /dev/null; then
	skip_all "this kernel makes neither dummy nor veth devices"
fi
plan 40

# A process that holds the host's network; its end ends the devices.
unshare -n sleep 300 &
HOST=$!
trap 'kill "$HOST" 2> /dev/null; _cleanup' EXIT
wait_for 5 sh -c "[ \"\$(readlink /proc/$HOST/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]" || bail "no namespace"
host() { nsenter -t "$HOST" -n -- "$@"; }
run() { CAISSON_TEST_MARK=$MARK host timeout -k 5 30 "$CAISSON" --root "$STATE" "$@" < /dev/null; }
# device NAME: a new one, a dummy where the kernel has them.
device() { host ip link add "$1" type dummy 2> /dev/null || host ip link add "$1" type veth peer name "$1p"; }
on_host() { host ip -o link show "$1" > /dev/null 2>&1; }
# inside ARGS: ip(8) of the host in the container's network.
inside() { nsenter -t "$(caisson state "$ID" | jq .pid)" -n -- ip "$@"; }
has_addresses() { inside -o addr show dev "$1" scope global | awk '{ print $4 }' | sort | tr '\n' ' '; }
mtu() { cat | sed -n 's/.* mtu \([0-9]*\).*/\1/p'; }

# ---- name, addresses, state ----
bundle '.process.args = ["/bin/sleep", "100"]'
device cs0
host ip link set cs0 mtu 1400 address 02:00:00:00:aa:01
host ip addr add 192.0.2.7/24 brd 192.0.2.255 dev cs0
host ip addr add 192.0.2.8/24 dev cs0
host ip addr add 198.51.100.1 peer 198.51.100.2/32 dev cs0
host ip addr add 169.254.7.7/16 scope link dev cs0
host ip addr add 203.0.113.9/32 valid_lft 600 preferred_lft 600 dev cs0
six=
[ -d /proc/sys/net/ipv6 ] && host ip addr add 2001:db8::7/64 dev cs0 nodad 2> /dev/null && six="2001:db8::7/64 "
host ip link set cs0 up && host ip route add 198.18.0.0/15 via 192.0.2.1 dev cs0
reconfig '.linux.netDevices = { cs0: { name: "eth9" } }'
ok "create with a device" run create -b "$BUNDLE" "$ID"
is "it is no longer on the host"           "$(on_host cs0 && echo there)" ""
is "it has the new name inside, and is up" "$(inside -o link show dev eth9 | grep -c '[<,]UP[,>]')" 1
is "its MTU stays"                         "$(inside -o link show dev eth9 | mtu)" 1400
like "its hardware address too"            "$(inside -o link show dev eth9)" "02:00:00:00:aa:01"
is "so do the permanent global addresses, and no others" "$(has_addresses eth9)" "192.0.2.7/24 192.0.2.8/24 198.51.100.1 $six"
like "with their broadcast"                "$(inside -o addr show dev eth9)" "192.0.2.7/24 brd 192.0.2.255"
like "and their peer"                      "$(inside -o addr show dev eth9)" "198.51.100.1 peer 198.51.100.2/32"
is "routes of the host stay behind; those of the addresses come by themselves" \
	"$(inside route | awk '{ print $1 }' | sort | tr '\n' ' ')" "192.0.2.0/24 198.51.100.2 "
is "the loopback device is up as ever"     "$(inside -o link show dev lo | grep -c '[<,]UP[,>]')" 1
ok "start"                                 run start "$ID"
is "the program sees it"                   "$(caisson exec "$ID" cat /sys/class/net/eth9/mtu)" 1400
caisson delete --force "$ID"
is "nobody moves it back at the end"       "$(on_host cs0 && echo there)" ""

# ---- names ----
device cs1
device cs2
device cs3
reconfig '.linux.netDevices = { cs1: {}, cs2: { name: "net%d" }, cs3: { name: "net%d" } }'
ok "several devices"                       run run -d -b "$BUNDLE" "$ID"
is "without a name it keeps its own; %d becomes a number" "$(inside -o link | awk -F'[ :@]+' '$2 != "lo" { print $2 }' | grep -v '^cs[0-9]p$' | sort | tr '\n' ' ')" "cs1 net0 net1 "
caisson delete --force "$ID"

# ---- sysctls and hooks see it ----
device cs4
reconfig '.linux.netDevices = { cs4: { name: "eth0" } } | .linux.sysctl = { "net.ipv4.conf.eth0.forwarding": "1" }'
reconfig ".hooks = { createContainer: [{ path: \"/bin/sh\", args: [\"sh\", \"-c\", \"ip -o link show dev eth0 > $TMP/hook 2>&1\"], env: [\"PATH=$PATH\"] }] }"
ok "a sysctl of the moved device"          run run -d -b "$BUNDLE" "$ID"
is "is set"                                "$(caisson exec "$ID" cat /proc/sys/net/ipv4/conf/eth0/forwarding)" 1
like "and createContainer hooks find the device" "$(cat "$TMP/hook")" "eth0"
caisson delete --force "$ID"
reconfig 'del(.hooks) | del(.linux.sysctl)'

# ---- a namespace that others made ----
unshare -n sleep 300 &
OTHER=$!
wait_for 5 sh -c "[ \"\$(readlink /proc/$OTHER/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
nsenter -t "$OTHER" -n -- ip link add eth0 type dummy 2> /dev/null || nsenter -t "$OTHER" -n -- ip link add eth0 type veth peer name eth0p
device eth0
host ip addr add 192.0.2.40/24 dev eth0
reconfig ".linux.namespaces |= map(if .type == \"network\" then .path = \"/proc/$OTHER/ns/net\" else . end)"
reconfig '.linux.netDevices = { eth0: { name: "eth1" } }'
ok "into a joined namespace"               run run -d -b "$BUNDLE" "$ID"
is "where its old name is taken"           "$(has_addresses eth1)" "192.0.2.40/24 "
caisson delete --force "$ID"
device cs5
host ip addr add 192.0.2.50/24 dev cs5
host ip link set cs5 up
device cs6
reconfig '.linux.netDevices = { cs5: {}, cs6: { name: "eth1" } }'
fails "a name that is taken is refused"    "a device named eth1 is there already" run run -b "$BUNDLE" "$ID"
ok "the device before it is on the host again" on_host cs5
is "with its addresses"                    "$(host ip -o addr show dev cs5 scope global | awk '{ print $4 }')" 192.0.2.50/24
is "and up"                                "$(host ip -o link show dev cs5 | grep -c '[<,]UP[,>]')" 1
ok "the other never left"                  on_host cs6
is "nothing stays in the joined namespace" "$(nsenter -t "$OTHER" -n -- ip -o link show cs5 2> /dev/null)" ""
kill "$OTHER"

# ---- refusals ----
bundle '.process.args = ["/bin/true"] | .linux.netDevices = { cs5: { name: "in5" } }'
reconfig '.hooks = { createRuntime: [{ path: "/bin/false" }] }'
fails "a launch that fails later"          "hooks.createRuntime[0]" run run -b "$BUNDLE" "$ID"
ok "gives the device back"                 on_host cs5
reconfig 'del(.hooks)'
fails "and one that fails when the process waits already" "--pid-file" run create --pid-file "$TMP/nowhere/pid" -b "$BUNDLE" "$ID"
ok "gives it back too"                     on_host cs5
reconfig '.linux.netDevices = { cs5: {}, nope0: {} }'
fails "a device that is not there is named" "linux.netDevices: find nope0 on the host" run run -b "$BUNDLE" "$ID"
ok "and the one before it is back"         on_host cs5
reconfig '.linux.netDevices = { lo: { name: "lo1" } }'
fails "one that cannot be moved is refused" "linux.netDevices: move lo" run run -b "$BUNDLE" "$ID"
reconfig '.linux.netDevices = { cs5: { name: "lo" } }'
fails "lo is taken"                        "a device named lo is there already" run run -b "$BUNDLE" "$ID"
reconfig '.linux.netDevices = { cs5: { name: "0123456789abcdef" } }'
fails "a name that is none is refused"     "linux.netDevices.cs5.name" run run -b "$BUNDLE" "$ID"
reconfig '.linux.netDevices = { cs5: {} } | .linux.namespaces |= map(select(.type != "network"))'
fails "without a network namespace it is refused" "linux.netDevices: needs a network namespace" run run -b "$BUNDLE" "$ID"
ok "after all that the device is where it was" on_host cs5

# ---- user namespaces ----
reconfig '.linux.namespaces += [{ type: "network" }, { type: "user" }] | .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 65536 }] | .linux.gidMappings = .linux.uidMappings'
reconfig '.process.args = ["/bin/cat", "/sys/class/net/cs5/mtu"]'
chmod 755 "$TMP" "$BUNDLE"
chown -R 100000:100000 "$BUNDLE/rootfs"
is "with a user namespace"                 "$(run run -b "$BUNDLE" "$ID" 2>&1)" 1500
if nsenter -t "$HOST" -n -- setpriv --reuid 1000 --regid 1000 --clear-groups unshare -U true 2> /dev/null; then
	cp "$CAISSON" "$TMP/caisson"
	mkdir -m 700 "$TMP/run"
	chown -R 1000:1000 "$TMP/run" "$BUNDLE"
	reconfig '.linux.netDevices = { cs6: {} } | .linux.uidMappings = [{ containerID: 0, hostID: 1000, size: 1 }] | .linux.gidMappings = .linux.uidMappings | .process.user = {uid: 0, gid: 0}'
	fails "an ordinary user may not take devices of the host" "devices of the host cannot be moved" \
		nsenter -t "$HOST" -n -- setpriv --reuid 1000 --regid 1000 --clear-groups env XDG_RUNTIME_DIR="$TMP/run" CAISSON_TEST_MARK="$MARK" \
		timeout 30 "$TMP/caisson" run -b "$BUNDLE" "$ID"
else
	skip "an ordinary user may not take devices of the host" "ordinary users may not make user namespaces here"
fi
kill "$HOST"
leftovers_after
