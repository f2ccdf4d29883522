#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a profile says of calls, sockets and requests to terminals, on live processes: one test for each answer, and its twin.
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
need "${CC:-cc}"
policy_place || skip_all "$NO_PLACE"
plan 34

here=$(dirname "$0")
bundle .
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O1 -static -o "$BUNDLE/rootfs/bin/attack" "$here/src/attack.c" 2> "$TMP/cc.err" || bail "attack.c does not compile"
config '{"schema":1}'
# says MEMBERS: the profile over baseline
says() { profile x "{\"schema\":1,\"extends\":\"${BASE:-none}\",$1}"; }
# calls CALL...: what they answer in a container with it
calls() {
	# shellcheck disable=SC2016 # jq's
	edit '.process.args = $ARGS.positional' --args -- /bin/attack call "$@"
	caisson --policy x run -b "$BUNDLE" "$ID" 2>&1 < /dev/null | grep '=' | tr '\n' ' '
}
# edit FILTER OPTION...: jq's
edit() {
	_filter=$1
	shift
	jq "$_filter" "$BUNDLE/config.json" "$@" > "$TMP/new.json" || bail "jq refused: $_filter"
	cp "$TMP/new.json" "$BUNDLE/config.json"
}

says '"syscalls":{"allow":["@service","ptrace"]}'
is "a single call beside a group; what is privileged is EPERM" "$(calls ptrace perf)" "ptrace=3 perf=1 "
says '"syscalls":{"deny":["getppid"]}'
is "a single call taken from all of them: EPERM" "$(calls getppid umask)" "getppid=1 umask=0 "
says '"syscalls":{"deny":["getppid"],"errno":{"getppid":"ENOTTY","@keyring":"EACCES"}}'
is "with another answer, which refuses nothing by itself" "$(calls getppid umask)" "getppid=25 umask=0 "
says '"syscalls":{"allow":["@service"],"errno":{"@keyring":"EACCES","keyctl":"ENODATA"}}'
is "an answer for a group, and a nearer one for a call" "$(calls add_key keyctl bpf)" "add_key=13 keyctl=61 bpf=1 "
says '"syscalls":{"allow":["@service"]}'
is "what a kernel may lack is ENOSYS" "$(calls io_uring clone3)" "io_uring=38 clone3=38 "
says '"syscalls":{"allow":["@service","io_uring_setup"]}'
unlike "and there when it is allowed by name" "$(calls io_uring)" 'io_uring=38'
says '"syscalls":{"kill":["getppid"]}'
reconfig '.process.args = ["/bin/attack", "call", "getppid"]'
caisson --policy x run -b "$BUNDLE" "$ID" > "$TMP/out" 2>&1 < /dev/null
is "a deadly call ends the process with SIGSYS" "$?" 159
is "and another does not" "$(calls umask)" "umask=0 "

says '"sockets":{"families":["unix","netlink"],"netlink":["route"]},"syscalls":{"architectures":["native"]}'
is "a family that is not allowed is EAFNOSUPPORT" "$(calls af_inet af_packet af_alg)" "af_inet=97 af_packet=97 af_alg=97 "
is "those that are allowed, and every other call" "$(calls af_unix af_netlink getppid unshare)" "af_unix=0 af_netlink=0 getppid=0 unshare=0 "
says '"sockets":{"netlink":["audit"]}'
is "a netlink protocol that is not allowed is EPROTONOSUPPORT" "$(calls af_netlink af_inet)" "af_netlink=93 af_inet=0 "
is "32-bit calls make it no list, and that is said" \
	"$(caisson --policy x run -b "$BUNDLE" "$ID" 2>&1 < /dev/null | grep -c 'through socketcall(2)')" 1
says '"sockets":{"families":{"remove":["packet"]}}'
is "all families but one" "$(calls af_packet af_inet af_unix)" "af_packet=97 af_inet=0 af_unix=0 "
says '"ioctl":{"deny":["TIOCSTI"]}'
is "a request to terminals is EPERM" "$(calls tiocsti)" "tiocsti=1 "
says '"ioctl":{"deny":["TIOCSETD"]}'
unlike "another is not" "$(calls tiocsti)" "tiocsti=1 "

# the engine's filter beside it: a list like Docker's, which says EPERM
engine() { edit '.linux.seccomp = $d[0].linux.seccomp' --slurpfile d "$here/../data/seccomp/docker.json"; }
number() {
	edit '.process.args = ["/bin/attack", "nr", $n]' --arg n "$1"
	caisson --policy "$2" run -b "$BUNDLE" "$ID" 2> /dev/null < /dev/null
}
[ "$(uname -m)" = x86_64 ] && engine
for level in none baseline hardened; do
	is "$level: a number newer than Docker's list is ENOSYS" "$(number 499 $level)" 38
done
is "none: a call that Docker's list leaves out is EPERM" "$(number 425 none)" 1
is "baseline: so it is there" "$(number 425 baseline)" 1
is "hardened: the later filter says ENOSYS" "$(number 425 hardened)" 38
BASE=hardened says '"syscalls":{"errno":{"@uring":"ENODEV"}}'
is "and what a profile says is heard too" "$(number 425 x)" 19

# how many filters, and what posture says
filters() {
	reconfig '.process.args = ["/bin/cat", "/proc/self/status"]'
	caisson --policy "$1" run -b "$BUNDLE" "$ID" 2>&1 < /dev/null | sed -n 's/^Seccomp_filters:[[:space:]]*//p'
}
is "none: the engine's, and that of the floor" "$(filters none)" 2
is "baseline: one more, which logs nothing" "$(filters baseline)" 2
is "hardened: a third, whose refusals are logged" "$(filters hardened)" 3
BASE=hardened says '"syscalls":{"log":false}'
is "without it when nothing is to be logged" "$(filters x)" 2
says '"mode":"warn","syscalls":{"kill":["getppid"]},"sockets":{"families":[]}'
is "a profile that only warns refuses nothing" "$(calls getppid af_inet)" "getppid=0 af_inet=0 "
like "and says what it would" "$(caisson --policy x run -b "$BUNDLE" "$ID" 2>&1 < /dev/null)" 'policy in warn mode: sockets: any family would be'
says '"warn":["sockets"],"sockets":{"families":["unix"]},"ioctl":{"deny":["TIOCSTI"]}'
is "one control that only warns, and one that holds" "$(calls af_inet tiocsti)" "af_inet=0 tiocsti=1 "

says '"sockets":{"families":["unix"]},"syscalls":{"deny":["kcmp"],"architectures":["native"]}'
reconfig '.process.args = ["/bin/sleep", "60"]'
ok "a container that stays" caisson --policy x run -d -b "$BUNDLE" "$ID"
is "exec meets the same" "$(caisson exec "$ID" /bin/attack call af_inet af_unix < /dev/null 2>&1 | tr '\n' ' ')" "af_inet=97 af_unix=0 "
is "posture counts them" "$(caisson posture --json "$ID" | jq -r '.controls[] | select(.control == "system call filters") | .verdict')" ok
caisson delete --force "$ID"
says '"syscalls":{"deny":["execve"]}'
fails "a list without execve" 'refused by x.json $.syscalls.deny (syscalls): without execve no program could be started' \
	caisson --policy x create -b "$BUNDLE" "$ID"
leftovers_after "and nothing is left"
