#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Quantities and identity that profiles say, and what a service says of itself: applied, met with what the document asks, refused.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"

policy_place || skip_all "$NO_PLACE"
printf '%s\n' '{ "schema": 1 }' > "$ETC/caisson.json"
plan 69

# profile NAME MEMBERS: /etc's profile of that name.
profile() { printf '{ "schema": 1, %s }\n' "$2" > "$ETC/profiles/$1.json"; }
# run_it PROFILE SCRIPT: what the script says under it.
run_it() { reconfig ".process.args = [\"/bin/sh\", \"-c\", \"$2\"]"; caisson --policy "$1" run -b "$BUNDLE" "$ID-$((_k = ${_k:-0} + 1))" 2>&1; }
explained() { caisson --policy "$1" explain "$BUNDLE"; }
check_says() { caisson policy check "$ETC/profiles/$1.json" 2>&1; }
as_docker='.process.capabilities |= with_entries(.value = ["CAP_CHOWN","CAP_KILL","CAP_SETUID","CAP_SETGID"]) | .root.readonly = false | .process.noNewPrivileges = false'
bundle "$as_docker"
ROOT=$TMP/root
rootfs "$ROOT"
mkdir -p "$TMP/vol"
# Launch's own words but the warnings.
launch() { caisson launch --userns host "$@" 2> "$TMP/.err"; }

# ---- what a service says of itself ----
profile svc-s '"extends": "strict", "user": { "uid": 33, "gid": 33 }, "service": { "ports": [ 80, 5432 ], "stop_signal": "SIGQUIT",
	"stop_timeout": "1s", "volumes": [ "/data" ], "writable": [ "/tmp", "/srv" ] }'
plan_of() { caisson explain launch --userns host --policy svc-s "$@" 2> /dev/null; }
like "explain shows how it is stopped, and why" "$(plan_of "$ROOT" true)" '^stop +- +signal SIGQUIT, SIGKILL after 1 s +svc-s.json'
like "a flag wins over the profile" "$(plan_of --stop-signal INT --stop-timeout 5 "$ROOT" true)" '^stop +- +signal SIGINT, SIGKILL after 5 s +--stop-signal'
printf '%s' '{ "config": { "StopSignal": "SIGUSR1" } }' > "$TMP/image.json"
like "the image wins too" "$(plan_of --image-config "$TMP/image.json" "$ROOT" true)" '^stop +- +signal SIGUSR1, SIGKILL after 1 s +image'
like "explain shows its ports" "$(plan_of "$ROOT" true)" '^ports +- +80 5432 +svc-s.json \$\.service\.ports'
like "L11 counts them" "$(plan_of --network host "$ROOT" true)" 'launch check L11: the service listens on port 80, which uid 33 may not take'
like "L15: a place that it cannot write to" "$(plan_of "$ROOT" true)" 'launch check L15: the service writes to /srv'
unlike "L15 is silent where it can" "$(plan_of -v "$TMP/vol:/srv" "$ROOT" true)" 'launch check L15'
is "its volume is a place of its user's own" "$(launch --policy svc-s "$ROOT" sh -c 'touch /data/x && stat -c "%u %g" /data')" "33 33"
like "... which launch says" "$(cat "$TMP/.err")" "the profile's volume /data is a tmpfs"
chmod 777 "$TMP/vol"
is "-v takes its place" "$(launch --policy svc-s -v "$TMP/vol:/data" "$ROOT" sh -c 'echo kept > /data/y'; cat "$TMP/vol/y")" kept
is "-v below it too" "$(launch --policy svc-s -v "$TMP/vol:/data/sub" "$ROOT" sh -c 'cat /data/sub/y; touch /data/z 2> /dev/null || echo shut' | xargs)" "kept shut"
launch -d --policy svc-s --name "$MARK-s" "$ROOT" sh -c 'trap "" TERM; while :; do sleep 0.05; done' > /dev/null
sleep 0.3
caisson kill "$MARK-s" TERM
ok "detached, its timeout is counted" wait_for 10 has_status "$MARK-s" stopped
caisson delete --force "$MARK-s"
profile svc-bad '"service": { "ports": [ 0 ] }'
like "a port out of range is refused" "$(check_says svc-bad)" '\$\.service\.ports\[0\]: must be an integer from 1 to 65535'
profile svc-bad '"service": { "stop_signal": "SIGTREM" }'
like "a misspelt signal too" "$(check_says svc-bad)" '\$\.service\.stop_signal: unknown word "SIGTREM"; did you mean SIGTERM'
profile svc-bad '"service": { "stop_timeout": "90" }'
like "and seconds without a unit in text" "$(check_says svc-bad)" '\$\.service\.stop_timeout: must be seconds, or text such as "90s"'

# ---- limits of the process ----
limit_of() { printf '%s\n' "$out" | sed -n "s/^Max $1  *\([^ ]*\)  *\([^ ]*\) .*/\1 \2/p"; }
bundle "$as_docker | .process.rlimits = [{ type: \"RLIMIT_FSIZE\", soft: 5000, hard: 9000 }, { type: \"RLIMIT_NPROC\", soft: 7, hard: 7 }]"
profile svc-r '"extends": "baseline", "rlimits": { "fsize": "4K", "nproc": 100, "stack": { "soft": "1M", "hard": "2M" }, "sigpending": 9,
	"msgqueue": "unlimited", "nofile": { "soft": 30, "hard": 40 }, "core": 0, "rttime": 500, "rtprio": 0, "nice": 0, "cpu": "1K",
	"data": "512M", "rss": "512M", "as": "512M", "locks": 5 }'
reconfig '.process.args = ["/bin/cat", "/proc/self/limits"]'
out=$(caisson --policy svc-r run -b "$BUNDLE" "$ID-l" 2>&1)
is "a limit that the document names is cut" "$(limit_of 'file size')" "4096 4096"
is "one that is small enough is kept" "$(limit_of processes)" "7 7"
is "one that it does not name is set, soft and hard" "$(limit_of 'stack size')" "1048576 2097152"
is "open files too" "$(limit_of 'open files')" "30 40"
is "what is unlimited is left alone" "$(limit_of 'msgqueue size')" "$(sed -n 's/^Max msgqueue size  *\([^ ]*\)  *\([^ ]*\) .*/\1 \2/p' /proc/self/limits)"
is "and so on" "$(for w in 'pending signals' 'realtime timeout' 'cpu time' 'data size' 'resident set' 'address space' 'file locks' 'core file size'; do
	limit_of "$w"; done | xargs)" "9 9 500 500 1024 1024 536870912 536870912 536870912 536870912 536870912 536870912 5 5 0 0"
like "explain says what decided" "$(explained svc-r)" '^file size +9000 +4096 +svc-r.json \$\.rlimits\.fsize'
reconfig '.process.args = ["/bin/sleep", "100"] | .process.rlimits = []'
caisson --policy svc-r run -d -b "$BUNDLE" "$ID"
ok "posture agrees" caisson posture "$ID"
like "... and has looked" "$(caisson posture "$ID")" '^stack size +1048576 / 2097152 +1048576 / 2097152 +ok'
printf '%s' '{ "args": ["/bin/cat", "/proc/self/limits"], "cwd": "/", "env": [], "user": { "uid": 0, "gid": 0 } }' > "$TMP/process.json"
out=$(caisson exec --process "$TMP/process.json" "$ID" 2>&1)
is "a process that joins and names no limit gets them too" "$(limit_of 'stack size') $(limit_of 'open files')" "1048576 2097152 30 40"
caisson delete --force "$ID"
profile svc-bad '"rlimits": { "stack": { "soft": 9, "hard": 8 } }'
like "a soft limit above the hard one is refused" "$(check_says svc-bad)" '\$\.rlimits\.stack: the soft limit is above the hard one'
profile svc-bad '"rlimits": { "stack": { "soft": 9 } }'
like "half a pair too" "$(check_says svc-bad)" '\$\.rlimits\.stack: hard is required'
profile svc-bad '"rlimits": { "nfile": 9 }'
like "and an unknown limit" "$(check_says svc-bad)" '\$\.rlimits: unknown key "nfile"; did you mean nofile'

# ---- resources ----
resources() { caisson --policy "$1" explain --json "$BUNDLE" | jq -c "$2"; }
bundle "$as_docker"
profile svc-q '"extends": "baseline", "resources": { "memory": "64M", "swap": "16M", "cpu": "1.5", "io_weight": 200 }'
is "swap is counted with the memory" "$(resources svc-q '.plan.resources["memory.swap"].v')" 83886080
is "processors are a quota" "$(resources svc-q '[.plan.resources["cpu.quota"].v, .plan.resources["cpu.period"].v]')" "[150000,100000]"
is "a share of the disks" "$(resources svc-q '.plan.resources["blkio.weight"].v')" 200
reconfig '.linux.resources += { cpu: { quota: 20000, period: 50000 }, memory: { limit: 33554432, swap: 37748736 }, blockIO: { weight: 100 } }'
is "what is asked and small enough is kept" "$(resources svc-q '[.plan.resources["memory.swap"].v, .plan.resources["cpu.quota"].v, .plan.resources["blkio.weight"].v]')" \
	"[37748736,20000,100]"
reconfig '.linux.resources += { cpu: { quota: 200000, period: 50000 }, memory: { limit: 33554432, swap: -1 }, blockIO: { weight: 1000 } }'
is "what is more is cut, in its own period" "$(resources svc-q '[.plan.resources["memory.swap"].v, .plan.resources["cpu.quota"].v, .plan.resources["cpu.period"].v, .plan.resources["blkio.weight"].v]')" \
	"[50331648,75000,50000,200]"
like "explain says so" "$(explained svc-q)" '^cpu +4\.000 cpus +1\.500 cpus +svc-q.json \$\.resources\.cpu'
reconfig 'del(.linux.resources.memory, .linux.resources.cpu, .linux.resources.blockIO)'
profile svc-c '"extends": "baseline", "resources": { "cpu": ".5", "memory": "64M" }'
reconfig '.process.args = ["/bin/sleep", "100"]'
caisson --policy svc-c run -d -b "$BUNDLE" "$ID" 2> "$TMP/.err"
like "the kernel has the quota" "$(caisson posture "$ID")" '^cpu quota +50000 us +50000 us +ok'
caisson delete --force "$ID"
profile svc-w '"extends": "baseline", "resources": { "swap": 0 }'
fails "swap without memory is refused" 'resources.swap needs a limit of memory' caisson --policy svc-w create -b "$BUNDLE" "$ID"
profile svc-n '"extends": "baseline", "resources": { "require": ["pids", "cpu"] }'
fails "a limit that must be there and is not" 'neither the document nor the profile limits pids' caisson --policy svc-n create -b "$BUNDLE" "$ID"
reconfig '.linux.resources += { pids: { limit: 50 }, cpu: { quota: 20000 } }'
ok "it is there" caisson --policy svc-n run -d -b "$BUNDLE" "$ID"
caisson delete --force "$ID"
fails "not where there is no cgroup" 'there is no cgroup to limit pids with' caisson --cgroup-manager disabled --policy svc-n create -b "$BUNDLE" "$ID"
profile svc-nw '"extends": "svc-n", "warn": ["resources"]'
reconfig 'del(.linux.resources.pids)'
like "which can only warn" "$(explained svc-nw)" 'policy in warn mode: would be refused by svc-n.json \$\.resources\.require'
profile svc-g '"extends": "baseline", "oom": { "group": true }'
if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then
	is "oom.group is set" "$(resources svc-g '.plan.resources.unified[0].value')" '"1"'
else
	fails "oom.group is refused without cgroup v2" 'this host has cgroup v1, which has no memory.oom.group' caisson --policy svc-g create -b "$BUNDLE" "$ID"
fi
for w in '"cpu": 0' '"cpu": "1.123456"' '"cpu": "x"'; do
	profile svc-bad "\"resources\": { $w }"
	like "resources: $w is refused" "$(check_says svc-bad)" '\$\.resources\.cpu: must be a number of processors'
done

# ---- who may join ----
bundle "$as_docker | .process.args = [\"/bin/sleep\", \"100\"] | .process.user = { uid: 5, gid: 6, additionalGids: [7] }"
profile svc-e '"extends": "baseline", "exec": { "allow": "same-user" }'
caisson --policy svc-e run -d -b "$BUNDLE" "$ID"
is "the container's own user joins" "$(caisson exec "$ID" id -u 2>&1)" 5
fails "another does not" 'refused by svc-e.json $.exec.allow (exec): only the container'"'"'s own user, 5:6, may join it' caisson exec --user 0 "$ID" id
fails "nor does another group" 'may join it' caisson exec --user 5:0 "$ID" id
fails "nor a further one" 'may join it' caisson exec --user 5:6 --additional-gids 8 "$ID" id
caisson delete --force "$ID"
profile svc-d '"extends": "svc-e", "exec": { "allow": "deny" }'
caisson --policy svc-d run -d -b "$BUNDLE" "$ID"
fails "with deny nobody does" 'refused by svc-d.json $.exec.allow (exec): nothing may join this container' caisson exec "$ID" id
caisson --log "$TMP/denied.log" --log-format json exec "$ID" id > /dev/null 2>&1 < /dev/null
is "and the log says that it was the policy" "$(jq -r 'select(.level == "error") | .code' "$TMP/denied.log")" policy.refused
caisson delete --force "$ID"
like "explain says who may" "$(explained svc-d)" '^exec +anybody +nobody +svc-d.json'
profile svc-f '"extends": "none", "exec": { "allow": "inherit" }'
printf '%s\n' '{ "schema": 1, "floor": "svc-d" }' > "$ETC/caisson.json"
like "a floor's deny holds" "$(explained svc-f)" '^exec +anybody +nobody +floor svc-d.json'

# ---- labels ----
profile svc-l '"extends": "baseline", "lsm": { "apparmor": "mine" }'
printf '%s\n' '{ "schema": 1, "floor": "svc-l" }' > "$ETC/caisson.json"
fails "a floor names no label" 'names a label of a security module, and a floor may not' caisson create -b "$BUNDLE" "$ID"
printf '%s\n' '{ "schema": 1 }' > "$ETC/caisson.json"
if [ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ]; then
	like "the profile's AppArmor profile" "$(explained svc-l)" '^apparmor +- +mine +svc-l.json'
else
	fails "without AppArmor its profile is refused" 'refused by svc-l.json $.lsm.apparmor (lsm): apparmor "mine" cannot be applied: AppArmor is not enabled on this host' \
		caisson --policy svc-l create -b "$BUNDLE" "$ID"
fi
profile svc-la '"extends": "svc-l", "lsm": { "apparmor": "as-asked" }'
unlike "as-asked takes it back" "$(explained svc-la)" '^apparmor'
profile svc-lw '"extends": "svc-l", "warn": ["lsm"]'
like "lsm can only warn" "$(explained svc-lw)" 'policy in warn mode: .*apparmor'

# ---- PID 1 of a launch ----
printf '%s\n' '#!/bin/sh' 'echo "I am $$"' > "$ROOT/bin/s6-svscan"
chmod 755 "$ROOT/bin/s6-svscan"
first() { _p=$1; shift; launch --policy "$_p" --user 33:33 "$@" "$ROOT" sh -c 'echo $$'; }
profile svc-i '"extends": "strict", "init": "off"'
profile svc-io '"extends": "strict", "init": "on"'
is "init off: the program is PID 1" "$(first svc-i)" 1
isnt "--init wins" "$(first svc-i --init)" 1
isnt "auto: caisson-init is" "$(first strict)" 1
is "auto: but not before an init" "$(launch --user 33:33 "$ROOT" /bin/s6-svscan)" "I am 1"
isnt "on: before any program" "$(launch --policy svc-io --user 33:33 "$ROOT" /bin/s6-svscan)" "I am 1"
is "--no-init wins" "$(first svc-io --no-init)" 1
fails "what needs it says so" 'with --init, as the profile says "off"' caisson launch --policy svc-i --drain 5 --user 33:33 "$ROOT" true

# ---- whose ids ----
profile svc-u '"extends": "strict", "user": { "uid": 33, "gid": 33, "map": "require" }'
fails "ids of the host against the profile" '--userns host: svc-u.json $.user.map requires ids of the container'"'"'s own' \
	caisson launch --userns host --policy svc-u "$ROOT" true
profile svc-ub '"extends": "baseline", "user": { "map": "require" }'
fails "an engine's container without a user namespace" 'the container'"'"'s ids are the host'"'"'s; let the engine give it a user namespace' \
	caisson --policy svc-ub create -b "$BUNDLE" "$ID"
reconfig '.linux.namespaces += [{ type: "user" }] | .linux.uidMappings = [{ containerID: 0, hostID: 100000, size: 1000 }]
	| .linux.gidMappings = [{ containerID: 0, hostID: 100000, size: 1000 }]'
like "and with one" "$(explained svc-ub)" '^user ids +its own +its own'
out=$(caisson launch --policy svc-u "$ROOT" sed -n 's/^ *0 *\([0-9]*\).*/\1/p' /proc/self/uid_map 2>&1)
like "a launch takes a range, or says that there is none" "$out" '^[1-9][0-9]+$|svc-u.json \$\.user\.map: |svc-u.json .*ids'
profile svc-uh '"extends": "strict", "user": { "uid": 33, "gid": 33, "map": "host" }'
is "map host: those of the host" "$(caisson launch --policy svc-uh "$ROOT" sed -n 's/^ *0 *\([0-9]*\).*/\1/p' /proc/self/uid_map 2> /dev/null)" 0

leftovers_after
