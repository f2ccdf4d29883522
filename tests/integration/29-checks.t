#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The launch checks on real roots: what the unit tests say with values, create, run and explain say of files. Costs seconds.
. "$(dirname "$0")/lib.sh"
plan 29

# ---- L01 ----
if command -v setcap > /dev/null 2>&1 && : > "$TMP/probe" && setcap cap_sys_admin+ep "$TMP/probe" 2> /dev/null; then
	bundle '.process.args = ["/opt/true"] | .process.user = { uid: 1000, gid: 1000 }'
	mkdir "$BUNDLE/rootfs/opt" && cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/opt/true"
	setcap cap_sys_admin+ep "$BUNDLE/rootfs/opt/true"
	fails "L01: a file that demands too much is refused with the remedy" "launch check L01: /opt/true cannot be run: its file demands SYS_ADMIN" \
		caisson run -b "$BUNDLE" "$ID"
	fails "L01: explain refuses it in the same words" "launch check L01: /opt/true" caisson explain "$BUNDLE"
	out=$(caisson --policy none run -b "$BUNDLE" "$ID" 2>&1)
	like "L01: without the check the kernel refuses" "$out" '/opt/true.*([Pp]ermission|not permitted)'
	caisson delete --force "$ID" > /dev/null 2>&1
	ok "L01: on a root that is nosuid the twin runs" caisson --policy hardened run -b "$BUNDLE" "$ID"
	setcap cap_sys_admin+p "$BUNDLE/rootfs/opt/true"
	ok "L01: without the effective bit the twin runs" caisson run -b "$BUNDLE" "$ID"
else
	skip 5 "setcap(8) is not installed, or this file system has no capabilities"
fi

# check ID: the warning that explain gives at the level hardened, or nothing.
check() { caisson --policy hardened explain "$BUNDLE" 2>&1 | grep "^warning: launch check $1:"; }

# ---- L03, L04 ----
bundle '.process.args = ["/entry.sh"] | .process.capabilities |= map_values(["CAP_SETUID", "CAP_SETGID"])'
printf '%s\n' '#!/bin/sh' 'exec setpriv --reuid=1000 --bounding-set=-all id' > "$BUNDLE/rootfs/entry.sh"
chmod 755 "$BUNDLE/rootfs/entry.sh"
like "L03: a script that cuts its bounding set is warned about" "$(check L03)" '/entry.sh calls setpriv --bounding-set.*allow SETPCAP'
like "L03: explain has a row of it" "$(caisson --policy hardened explain "$BUNDLE")" '^launch check L03 .*launch check$'
is "L03: the JSON says that it is a warning" \
	"$(caisson --policy hardened explain --json "$BUNDLE" 2> /dev/null | jq -r '.controls[] | select(.control == "launch check L03") | .kind')" warned
is "L04: without an init there is nobody to signal" "$(check L04)" ""
reconfig '.process.args = ["/sbin/docker-init", "--", "/entry.sh"]'
like "L04: an init without KILL before a script that steps down" "$(check L04)" 'setpriv makes the program another user.*allow KILL'
like "L03: the script behind an init is seen" "$(check L03)" '/entry.sh'
reconfig '.process.capabilities |= map_values(["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_KILL"])'
is "L03: its twin with SETPCAP is not" "$(check L03)" ""
is "L04: its twin with KILL is not" "$(check L04)" ""

# ---- L05 ----
mkdir "$TMP/volume" && chown 999:999 "$TMP/volume" && chmod 700 "$TMP/volume"
bundle ".process.capabilities |= map_values([\"CAP_KILL\"]) |
	.mounts += [{ destination: \"/data\", type: \"bind\", source: \"$TMP/volume\", options: [\"rbind\"] }]"
like "L05: a volume that root cannot enter" "$(check L05)" '/data of uid 999 \(mode 0700\).*DAC_OVERRIDE'
chmod 755 "$TMP/volume"
is "L05: its open twin" "$(check L05)" ""

# ---- L06 ----
bundle '.process.capabilities |= map_values(["CAP_DAC_READ_SEARCH"])'
is "L06: the level takes the capability" "$(check L06)" ""
ok "L06: and it runs" caisson --policy hardened run -b "$BUNDLE" "$ID"

# ---- L07 ----
bundle '.mounts += [{ destination: "/srv", type: "tmpfs", source: "tmpfs", options: ["nosuid"] }]'
mkdir -p "$BUNDLE/rootfs/srv" && : > "$BUNDLE/rootfs/srv/index.html"
like "L07: what a tmpfs hides is listed" "$(check L07)" 'tmpfs on /srv hides what the image has there: index\.html;.*copy_up'
like "L07: run says it, too" "$(caisson --policy hardened run -b "$BUNDLE" "$ID" 2>&1)" 'launch check L07'
is "L07: baseline does not" "$(caisson run -b "$BUNDLE" "$ID" 2>&1 | grep 'launch check')" ""
rm "$BUNDLE/rootfs/srv/index.html"
is "L07: an empty directory is its twin" "$(check L07)" ""
: > "$BUNDLE/rootfs/srv/index.html"
reconfig '.mounts[-1].options = ["nosuid", "tmpcopyup"]'
is "L07: copied up is its twin" "$(check L07)" ""

# ---- L08 ----
case $(uname -m) in
x86_64) machine='\003' other='\050' ;;
aarch64) machine='\050' other='\003' ;;
*) machine='' ;;
esac
if [ -n "$machine" ]; then
	bundle '.process.args = ["/small"]'
	# elf MACHINE: the head of a 32-bit program.
	elf() { { printf '\177ELF\001\001\001\000\000\000\000\000\000\000\000\000\002\000'; printf '%b' "\\0${1#?}"; printf '\000'; head -c 64 /dev/zero; } > "$BUNDLE/rootfs/small"; }
	elf "$machine"
	chmod 755 "$BUNDLE/rootfs/small"
	fails "L08: a 32-bit program is refused with the word for its profile" \
		'/small is a 32-bit program, and only native system calls are let through; add "compat32"' caisson --policy hardened run -b "$BUNDLE" "$ID"
	ok "L08: where it may, it is explained" caisson explain "$BUNDLE"
	elf "$other"
	ok "L08: another family's is an emulator's matter" caisson --policy hardened explain "$BUNDLE"
else
	skip 3 "no 32-bit family is known for $(uname -m)"
fi

# ---- L10, L11 ----
bundle '.process.args = ["java"] | .mounts += [{ destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["noexec"] }]'
cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/bin/java"
like "L10: Java with a noexec /tmp" "$(check L10)" '/bin/java is a Java machine.*noexec.*"exec": true'
reconfig '.process.env += ["TMPDIR=/var/tmp"]'
is "L10: with another place for temporary files" "$(check L10)" ""

bundle '.process.user = { uid: 1000, gid: 1000 } | del(.linux.namespaces[] | select(.type == "network"))'
printf '%s' '{ "config": { "ExposedPorts": { "1/tcp": {} } } }' > "$TMP/image.json"
if [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 1 ]; then
	like "L11: a low port in the host's network" \
		"$(caisson --policy hardened explain --image-config "$TMP/image.json" "$BUNDLE" 2>&1)" '^warning: launch check L11: the image listens on port 1,'
else
	skip "L11: a low port in the host's network" "this host lets anybody take low ports"
fi
leftovers_after
