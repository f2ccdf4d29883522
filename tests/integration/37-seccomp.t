#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Filters on live processes: every action, rules with arguments, listeners, exec, and what the levels refuse.
. "$(dirname "$0")/lib.sh"
need "${CC:-cc}"
plan 62

here=$(dirname "$0")
ATTACK=$TMP/attack
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -O1 -static -o "$ATTACK" "$here/src/attack.c" 2> "$TMP/cc.err" || bail "attack.c does not compile"

bundle '.process.rlimits += [{type: "RLIMIT_CORE", soft: 0, hard: 0}]'
cp "$ATTACK" "$BUNDLE/rootfs/bin/attack"
cp "$BUNDLE/config.json" "$TMP/base.json"
LEVEL=none
arch=$(case $(uname -m) in x86_64) echo '"SCMP_ARCH_X86_64"' ;; aarch64) echo '"SCMP_ARCH_AARCH64"' ;; esac)

set_up() { # FILTER ARG...
	_f=$1
	shift
	jq "$_f" "$TMP/base.json" | jq '.process.args = $ARGS.positional' --args -- "$@" > "$BUNDLE/config.json" || bail "jq refused: $_f"
}
run_it() { # FILTER ARG...: output and status
	set_up "$@"
	caisson --policy $LEVEL run -b "$BUNDLE" "$ID" 2>&1 < /dev/null
	echo "status $?"
}
# deny RULES [DEFAULT]: a filter that allows all but what the rules say
deny() {
	printf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: [%s], syscalls: [%s]}' "$arch" "$1"
}
call() { run_it "$1" /bin/attack call "$2" | head -n 1; }

# ---- actions ----

is "without a filter the call works" "$(call . getppid)" "getppid=0"
is "ERRNO is EPERM" "$(call "$(deny '{names: ["getppid"], action: "SCMP_ACT_ERRNO"}')" getppid)" "getppid=1"
is "ERRNO with its number" "$(call "$(deny '{names: ["getppid"], action: "SCMP_ACT_ERRNO", errnoRet: 99}')" getppid)" "getppid=99"
is "ERRNO with 0 is success without the call" "$(call "$(deny '{names: ["getppid"], action: "SCMP_ACT_ERRNO", errnoRet: 0}')" getppid)" "getppid=0"
is "KILL_PROCESS" "$(call "$(deny '{names: ["getppid"], action: "SCMP_ACT_KILL_PROCESS"}')" getppid)" "status 159"
is "KILL" "$(call "$(deny '{names: ["getppid"], action: "SCMP_ACT_KILL"}')" getppid)" "status 159"
is "TRAP" "$(call "$(deny '{names: ["getppid"], action: "SCMP_ACT_TRAP"}')" getppid)" "status 159"
is "LOG lets it through" "$(call "$(deny '{names: ["getppid"], action: "SCMP_ACT_LOG"}')" getppid)" "getppid=0"
is "TRACE without a tracer is ENOSYS" "$(call "$(deny '{names: ["getppid"], action: "SCMP_ACT_TRACE"}')" getppid)" "getppid=38"
is "other calls are not touched" "$(call "$(deny '{names: ["getppid"], action: "SCMP_ACT_ERRNO"}')" umask)" "umask=0"
is "a default of ERRNO and a list of what is allowed" \
	"$(call '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 77, syscalls: [{names: ["execve", "exit_group", "exit", "write", "writev",
	"brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "mprotect", "fstat", "newfstatat", "close", "mmap", "munmap"],
	action: "SCMP_ACT_ALLOW"}]}' getppid)" "getppid=77"
is "a name that this kernel does not know is left out" \
	"$(call "$(deny '{names: ["no_such_call", "getppid"], action: "SCMP_ACT_ERRNO"}')" getppid)" "getppid=1"
set_up "$(deny '{names: ["getppid"], action: "SCMP_ACT_MAYBE"}')" /bin/true
fails "an action that nobody knows" "linux.seccomp.syscalls[0].action" caisson create -b "$BUNDLE" "$ID"
set_up "$(deny '{names: ["getppid"], action: "SCMP_ACT_ALLOW", errnoRet: 5}')" /bin/true
fails "a number for an action that has none" "linux.seccomp.syscalls[0]" caisson create -b "$BUNDLE" "$ID"
set_up "$(deny '') | .linux.seccomp.architectures = [\"SCMP_ARCH_PDP11\"]" /bin/true
fails "an architecture that nobody knows" "linux.seccomp.architectures[0]" caisson create -b "$BUNDLE" "$ID"

# ---- arguments ----

arg() { deny "{names: [\"lseek\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 88, args: [$1]}"; }
seeks() { run_it "$1" /bin/attack call seek_set seek_end | head -n 2 | tr '\n' ' ' | sed 's/=[02]9* /=ok /g;s/=29/=ok/g'; }
is "EQ" "$(seeks "$(arg '{index: 2, value: 2, op: "SCMP_CMP_EQ"}')")" "seek_set=ok seek_end=88 "
is "NE" "$(seeks "$(arg '{index: 2, value: 2, op: "SCMP_CMP_NE"}')")" "seek_set=88 seek_end=ok "
is "GT" "$(seeks "$(arg '{index: 2, value: 1, op: "SCMP_CMP_GT"}')")" "seek_set=ok seek_end=88 "
is "GE" "$(seeks "$(arg '{index: 2, value: 2, op: "SCMP_CMP_GE"}')")" "seek_set=ok seek_end=88 "
is "LT" "$(seeks "$(arg '{index: 2, value: 1, op: "SCMP_CMP_LT"}')")" "seek_set=88 seek_end=ok "
is "LE" "$(seeks "$(arg '{index: 2, value: 0, op: "SCMP_CMP_LE"}')")" "seek_set=88 seek_end=ok "
is "MASKED_EQ" "$(seeks "$(arg '{index: 2, value: 2, valueTwo: 2, op: "SCMP_CMP_MASKED_EQ"}')")" "seek_set=ok seek_end=88 "
is "two conditions must both hold" "$(seeks "$(arg '{index: 2, value: 2, op: "SCMP_CMP_EQ"}, {index: 1, value: 5, op: "SCMP_CMP_EQ"}')")" \
	"seek_set=ok seek_end=ok "
set_up "$(arg '{index: 6, value: 2, op: "SCMP_CMP_EQ"}')" /bin/true
fails "a seventh argument" "linux.seccomp.syscalls[0].args[0].index" caisson create -b "$BUNDLE" "$ID"
is "64 bits are compared" "$(call "$(deny '{names: ["personality"], action: "SCMP_ACT_ERRNO", errnoRet: 88,
	args: [{index: 0, value: 4294967296, op: "SCMP_CMP_GE"}]}')" personality)" "personality=0"

# ---- how many filters, and for whom ----

status_line() { printf '%s\n' "$out" | sed -n "s/^$1:[[:space:]]*//p"; }
out=$(run_it . /bin/cat /proc/self/status)
is "no filter without one" "$(status_line Seccomp)" 0
one=$(deny '{names: ["getppid"], action: "SCMP_ACT_ERRNO"}')
out=$(run_it "$one" /bin/cat /proc/self/status)
is "one filter" "$(status_line Seccomp) $(status_line Seccomp_filters)" "2 1"
out=$(run_it "$one | .process.noNewPrivileges = false" /bin/cat /proc/self/status)
is "without no_new_privs too" "$(status_line Seccomp) $(status_line NoNewPrivs)" "2 0"
out=$(run_it "$one | .process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}" /bin/cat /proc/self/status)
is "for a user without capabilities" "$(status_line Seccomp) $(status_line NoNewPrivs) $(status_line CapEff)" "2 0 0000000000000000"
set_up "$one" /bin/sleep 100
ok "a container with a filter" caisson --policy none run -d -b "$BUNDLE" "$ID"
is "exec meets the same" "$(caisson exec "$ID" attack call getppid umask < /dev/null | tr '\n' ' ')" "getppid=1 umask=0 "
out=$(caisson exec "$ID" cat /proc/self/status < /dev/null)
is "and as many" "$(status_line Seccomp_filters)" 1
caisson delete --force "$ID"
is "flags are accepted" "$(call "$one | .linux.seccomp.flags = [\"SECCOMP_FILTER_FLAG_LOG\", \"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]" getppid)" "getppid=1"
set_up "$one | .linux.seccomp.flags = [\"SECCOMP_FILTER_FLAG_NONE\"]" /bin/true
fails "a flag that nobody knows" "linux.seccomp.flags[0]" caisson create -b "$BUNDLE" "$ID"

# ---- a listener ----

notify=$(deny '{names: ["getppid"], action: "SCMP_ACT_NOTIFY"}')
agent() {
	rm -f "$TMP/agent.sock" "$TMP/agent.json"
	timeout 20 "$ATTACK" agent "$TMP/agent.sock" "$TMP/agent.json" "$1" > "$TMP/agent.out" &
	AGENT=$!
	wait_for 3 grep -q ready "$TMP/agent.out"
}
agent 2
set_up "$notify | .linux.seccomp.listenerPath = \"$TMP/agent.sock\" | .linux.seccomp.listenerMetadata = \"to whom\"" /bin/attack call getppid getppid
is "the agent answers" "$(caisson --policy none run -b "$BUNDLE" "$ID" 2>&1 < /dev/null | tr '\n' ' ')" "getppid=0 getppid=1 "
wait $AGENT
is "and had all it needs" "$?" 0
is "the message: version, descriptor, metadata" "$(jq -c '[.ociVersion, .fds, .metadata]' "$TMP/agent.json")" '["1.0.2",["seccompFd"],"to whom"]'
is "and the state" "$(jq -r '[.state.id, .state.bundle] | join(" ")' "$TMP/agent.json")" "$ID $BUNDLE"
is "and pids that agree" "$(jq -r '.pid == .state.pid and .pid > 1' "$TMP/agent.json")" true
agent 2
reconfig '.process.noNewPrivileges = false'
is "without no_new_privs too" "$(caisson --policy none run -b "$BUNDLE" "$ID" 2>&1 < /dev/null | tr '\n' ' ')" "getppid=0 getppid=1 "
wait $AGENT
rm -f "$TMP/agent.sock"
fails "nobody listens" "listenerPath" caisson --policy none run -b "$BUNDLE" "$ID"
leftovers_after "and nothing stays"
reconfig '.linux.seccomp.listenerPath = "relative"'
fails "a relative path" "linux.seccomp.listenerPath" caisson --policy none create -b "$BUNDLE" "$ID"
reconfig 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
fails "NOTIFY without a path" "listenerPath" caisson --policy none create -b "$BUNDLE" "$ID"
reconfig '.linux.seccomp.listenerMetadata = "x"'
fails "metadata without a path" "listener" caisson --policy none create -b "$BUNDLE" "$ID"
set_up "$(deny '{names: ["sendmsg"], action: "SCMP_ACT_NOTIFY"}') | .linux.seccomp.listenerPath = \"$TMP/agent.sock\"" /bin/true
fails "the call that hands the listener over" "sendmsg" caisson --policy none create -b "$BUNDLE" "$ID"

# ---- levels ----

# A filter like an engine's: it allows much, and the level adds its own.
engine='.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["reboot"], action: "SCMP_ACT_ERRNO"}]}'
calls() { run_it "$engine" /bin/attack call "$@" | grep '=' | tr '\n' ' '; }
LEVEL=none
like "none: the engine's filter alone" "$(calls unshare af_alg af_inet)" '^unshare=0 af_alg=(0|97) af_inet=0 $'
LEVEL=baseline
is "baseline: AF_ALG and AF_VSOCK are refused" "$(calls af_alg af_vsock)" "af_alg=97 af_vsock=97 "
is "baseline: the rest is as asked" "$(calls af_inet af_unix af_netlink unshare umask)" "af_inet=0 af_unix=0 af_netlink=0 unshare=0 umask=0 "
out=$(run_it "$engine" /bin/cat /proc/self/status)
is "baseline: one filter more" "$(status_line Seccomp_filters)" 2
out=$(run_it . /bin/cat /proc/self/status)
is "baseline: none where the engine wants none" "$(status_line Seccomp)" 0
is "baseline: numbers that do not exist yet are ENOSYS" "$(run_it "$engine" /bin/attack nr 499 | grep -cx 38)" 1
LEVEL=hardened
got=$(calls unshare setns keyctl add_key bpf io_uring mount init_module kexec swapon af_alg af_vsock af_packet userfaultfd)
unlike "hardened: nothing of the kernel's insides answers" "$got" '=(0|14|22|9|95) '
like "hardened: io_uring is ENOSYS" "$got" 'io_uring=38'
is "hardened: servers find what they need" "$(calls af_inet af_unix umask getppid)" "af_inet=0 af_unix=0 umask=0 getppid=0 "
is "hardened: TIOCSTI is refused" "$(calls tiocsti)" "tiocsti=1 "
is "hardened: an odd personality is refused" "$(calls personality_odd)" "personality_odd=1 "
is "hardened: a number that does not exist is ENOSYS" "$(run_it "$engine" /bin/attack nr 499 | grep -cx 38)" 1
out=$(run_it . /bin/cat /proc/self/status)
isnt "hardened: filtered although the engine wants none" "$(status_line Seccomp)" 0
set_up . /bin/sleep 100
ok "a hardened container" caisson --policy hardened run -d -b "$BUNDLE" "$ID"
is "exec is as filtered" "$(caisson exec "$ID" attack call unshare io_uring < /dev/null 2>&1 | tr '\n' ' ')" "unshare=1 io_uring=38 "
caisson delete --force "$ID"
leftovers_after
