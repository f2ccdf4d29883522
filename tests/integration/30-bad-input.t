#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Malformed and hostile bundles: one clear line with the JSON path, status 1, bounded memory and time, nothing left.
. "$(dirname "$0")/lib.sh"
plan 102

# A runtime that reads what it is given without bounds would pass this limit of address space.
MEMORY_KB=400000
bounded() {
	(
		# shellcheck disable=SC3045 # dash and busybox have it
		ulimit -v $MEMORY_KB
		exec timeout -k 2 "${SECONDS_ALLOWED:-10}" "$CAISSON" --root "$STATE" "$@"
	)
}

# refused NAME ERE: create ends with 1 and one line that matches, prints nothing else and leaves nothing.
refused() {
	bounded create --bundle "$BUNDLE" "$ID" > "$TMP/out" 2> "$TMP/err" < /dev/null && _rc=0 || _rc=$?
	_lines=$(wc -l < "$TMP/err" | tr -d ' ')
	if [ "$_rc" -eq 0 ]; then
		timeout 10 "$CAISSON" --root "$STATE" delete --force "$ID"
	fi
	if [ "$_rc $_lines $(wc -c < "$TMP/out" | tr -d ' ')" = "1 1 0" ] && grep -Eq -e "$2" "$TMP/err" && ! _our_states | grep -q .; then
		_pass "$1"
	else
		_fail "$1"
		diag "status $_rc, $_lines lines, wanted /$2/"
		head -c 600 "$TMP/err" | tr -d '\000' | sed 's/^/# /'
	fi
}

# accepted NAME: run succeeds within the same bounds.
accepted() {
	bounded run --bundle "$BUNDLE" "$ID" > "$TMP/out" 2> "$TMP/err" < /dev/null && _rc=0 || _rc=$?
	is "$1" "$_rc $(head -c 300 "$TMP/err")" "0 "
}

bundle
cp "$BUNDLE/config.json" "$TMP/good.json"
with() {
	jq "$1" "$TMP/good.json" > "$BUNDLE/config.json" || bail "jq refused: $1"
}
text() { printf "$@" > "$BUNDLE/config.json"; }

# ---- the file ----

rm "$BUNDLE/config.json"
refused "no config.json" 'config.json: No such file'
mkdir "$BUNDLE/config.json"
refused "a directory" 'config.json'
rmdir "$BUNDLE/config.json"
mkfifo "$BUNDLE/config.json"
refused "a pipe that nobody writes to" 'config.json.*regular file'
rm "$BUNDLE/config.json"
ln -s /dev/zero "$BUNDLE/config.json"
refused "a link to an endless device" 'config.json'
ln -sf config.json "$BUNDLE/config.json"
refused "a link to itself" 'config.json.*[Ss]ymbolic link'
ln -sf nowhere "$BUNDLE/config.json"
refused "a link to nothing" 'config.json: No such file'
ln -sf "$TMP/good.json" "$BUNDLE/config.json"
accepted "a link to a good one is followed"
rm "$BUNDLE/config.json"
fails "a bundle that is not there" "No such file" caisson create --bundle "$TMP/nowhere" "$ID"
fails "a bundle that is a file" "Not a directory" caisson create --bundle "$TMP/good.json" "$ID"

# ---- the text ----

text ''
refused "an empty file" 'config.json'
text '   \n\t\n'
refused "blanks alone" 'config.json'
text '\000\000\000'
refused "NUL bytes" 'config.json'
{ cat "$TMP/good.json"; printf '\000'; } > "$BUNDLE/config.json"
refused "a NUL after the end" 'config.json'
sed 's/"caisson"/"cai\\u0000sson"/' "$TMP/good.json" > "$BUNDLE/config.json"
refused "an escaped NUL in a string" 'NUL|zero|u0000'
text '{'
refused "an open brace" 'config.json'
text '[]'
refused "an array" 'must be an object'
text '"x"'
refused "a string" 'config.json'
text '\357\273\277{}'
refused "a byte order mark" 'config.json'
{ cat "$TMP/good.json"; echo '{}'; } > "$BUNDLE/config.json"
refused "something after the end" 'config.json'
head -c 700 "$TMP/good.json" > "$BUNDLE/config.json"
refused "cut off in the middle" 'config.json'
printf '{"ociVersion":"1.0.2","hostname":"\377\376"}' > "$BUNDLE/config.json"
refused "bytes that are not UTF-8" 'UTF-8|decode byte'
sed 's/"hostname"/"hostname": "x", "hostname"/' "$TMP/good.json" > "$BUNDLE/config.json"
refused "a key twice" 'hostname'
printf '{"ociVersion":"1.0.2","x":%s' "$(head -c 100000 /dev/zero | tr '\0' '[')" > "$BUNDLE/config.json"
refused "a hundred thousand arrays in each other" 'deep|nest|level'
printf '{"ociVersion":"1.0.2","annotations":%s' "$(yes '{"a":' | head -n 50000 | tr -d '\n')" > "$BUNDLE/config.json"
refused "fifty thousand objects in each other" 'deep|nest|level'
printf '{"ociVersion":"1.0.2","process":{"user":{"uid":%s}}}' "$(head -c 100000 /dev/zero | tr '\0' '9')" > "$BUNDLE/config.json"
refused "a number of a hundred thousand digits" 'process.user.uid|number'
text '{"ociVersion":"1.0.2","process":{"user":{"uid":NaN}}}'
refused "NaN" 'config.json'
text '{"ociVersion":"1.0.2",}'
refused "a comma too many" 'config.json'
text '{"ociVersion":"1.0.2" /* no */}'
refused "a comment" 'config.json'

# ---- the size ----

{ printf '{"ociVersion":"1.0.2","annotations":{"a":"'; head -c 67108864 /dev/zero | tr '\0' a; printf '"}}'; } > "$BUNDLE/config.json"
refused "64 MiB" 'larger|limit'
rm "$BUNDLE/config.json"
truncate -s 1T "$BUNDLE/config.json"
refused "a hole of a terabyte" 'larger|limit'
with '.mounts += [range(70000) | {destination: "/m\(.)", type: "tmpfs", source: "x"}]'
refused "seventy thousand mounts" 'mounts: has more than'
with '.mounts += [range(10000) | {destination: "/m", type: "tmpfs", source: "x", options: ["wrong"]}]'
refused "ten thousand mounts whose first is wrong" 'mounts.7. on /m: option wrong'
with '.process.env = [range(100000) | "A\(.)=b"]'
refused "a hundred thousand variables" 'process.env'
with '.process.args = [range(100000) | "x"]'
refused "a hundred thousand arguments" 'process.args'
with '.process.args = ["/bin/true", ("x" * 200000)]'
bounded run --bundle "$BUNDLE" "$ID" > "$TMP/out" 2>&1 < /dev/null && rc=0 || rc=$?
like "an argument that no kernel takes" "$rc $(head -c 300 "$TMP/out")" '^1 .*[Aa]rgument list too long'
with '.annotations = ([range(100000) | {key: "k\(.)", value: "v"}] | from_entries)'
refused "a hundred thousand annotations" 'annotations'
with '.linux.maskedPaths = [range(100000) | "/x\(.)"]'
refused "a hundred thousand masked paths" 'linux.maskedPaths'
with '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [range(100000) | {names: ["read"], action: "SCMP_ACT_ERRNO"}]}'
refused "a hundred thousand filter rules" 'linux.seccomp'
with '.hooks.prestart = [range(100000) | {path: "/bin/true"}]'
refused "a hundred thousand hooks" 'hooks.prestart'
with '.linux.uidMappings = [range(100000) | {containerID: ., hostID: ., size: 1}]'
refused "a hundred thousand id mappings" 'linux.uidMappings'
with '.process.rlimits = [range(100000) | {type: "RLIMIT_CORE", soft: 0, hard: 0}]'
refused "a hundred thousand limits" 'process.rlimits'
with '.linux.namespaces += [range(100000) | {type: "ipc"}]'
refused "a hundred thousand namespaces" 'linux.namespaces'
with '.process.user.additionalGids = [range(100000)]'
refused "more groups than a process can have" 'process.user.additionalGids'
with '.linux.namespaces |= map(if .type == "network" then .path = ("/" + "a" * 70000) else . end)'
refused "a namespace path of 70 kB" 'network|net namespace|linux.namespaces'
with '.mounts += [{destination: ("/" + "d/" * 40000), type: "tmpfs"}]'
refused "a destination of 80 kB" 'mounts\[7\]'
with '.root.path = ("/" + "r/" * 40000)'
refused "a root of 80 kB" 'root'
with '.hostname = "h" * 10000'
refused "a hostname of 10 kB" 'hostname'
with '.process.env = ["PATH=/bin"] + [range(1000) | "VARIABLE\(.)=\("v" * 100)"]'
accepted "a thousand variables are not too many"
with '.annotations = ([range(1000) | {key: "k\(.)", value: "v"}] | from_entries)'
accepted "nor a thousand annotations"

# ---- wrong types and values, each named by its path ----

while IFS='|' read -r filter pattern; do
	[ -n "$filter" ] || continue
	with "$filter"
	refused "$filter" "$pattern"
done << 'END'
.ociVersion = 1|ociVersion: must be a string
del(.ociVersion)|ociVersion: is required
.ociVersion = "2.0.0"|ociVersion
.process = []|process: must be an object
.process.args = "true"|process.args: must be an array
.process.args = []|process.args
.process.args = [1]|process.args\[0\]: must be a string
.process.args = [""]|process.args: the first
.process.cwd = "relative"|process.cwd
.process.cwd = ""|process.cwd
.process.env = ["novalue"]|process.env\[0\]
.process.env = ["=x"]|process.env\[0\]
.process.user.uid = -1|process.user.uid
.process.user.uid = 4294967295|process.user.uid
.process.user.uid = 4294967296|process.user.uid
.process.user.uid = 1.5|process.user.uid
.process.user.uid = "0"|process.user.uid
.process.user.gid = 18446744073709551616|process.user.gid
.process.user.umask = 512|process.user.umask
.process.terminal = "yes"|process.terminal
.process.noNewPrivileges = 1|process.noNewPrivileges
.process.capabilities.bounding = "CAP_KILL"|process.capabilities.bounding
.process.rlimits = [{"type": "RLIMIT_FOO", "soft": 1, "hard": 1}]|process.rlimits\[0\]
.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}]|process.rlimits\[0\]
.process.oomScoreAdj = 1001|process.oomScoreAdj
.root = "rootfs"|root: must be an object
.mounts = {}|mounts: must be an array
.mounts[0].destination = 1|mounts\[0\].destination
.mounts[0].options = "ro"|mounts\[0\].options
del(.mounts[0].destination)|mounts\[0\].destination: is required
.hooks.prestart = [{"path": "relative"}]|hooks.prestart\[0\].path
.hooks.prestart = [{"path": "/bin/true", "timeout": 0}]|hooks.prestart\[0\].timeout
.hooks.prestart = [{"path": "/bin/true", "timeout": -1}]|hooks.prestart\[0\].timeout
.linux.namespaces += [{"type": "pid"}]|linux.namespaces\[6\]
.linux.namespaces += [{"type": "planet"}]|linux.namespaces\[6\].type
.linux.namespaces[0].path = "relative"|linux.namespaces\[0\].path
.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}]|linux.gidMappings
.linux.devices = [{"path": "/dev/x", "type": "z"}]|linux.devices\[0\].type
.linux.devices = [{"path": "dev/x", "type": "c", "major": 1, "minor": 3}]|linux.devices\[0\].path
.linux.devices = [{"path": "/dev/x", "type": "c"}]|linux.devices\[0\]
.linux.sysctl = {"kernel.core_pattern": "/x"}|linux.sysctl
.linux.maskedPaths = ["relative"]|linux.maskedPaths\[0\]
.linux.rootfsPropagation = "sideways"|linux.rootfsPropagation
.linux.cgroupsPath = "../../../x"|linux.cgroupsPath
.linux.seccomp = {"defaultAction": "SCMP_ACT_MAYBE"}|linux.seccomp.defaultAction
.linux.resources.unified = {"../../x": "1"}|linux.resources.unified
.linux.resources.unified = {"/etc/x": "1"}|linux.resources.unified
END

# ---- the root file system ----

with '.root.path = "nowhere"'
refused "a root that is not there" 'nowhere.*No such file'
echo x > "$BUNDLE/file"
with '.root.path = "file"'
refused "a root that is a file" 'file.*([Nn]ot a directory|is not a directory)'
ln -s rootfs "$BUNDLE/link"
with '.root.path = "link" | .process.args = ["/bin/true"]'
accepted "a root that is a link to a directory"
with 'del(.root)'
refused "no root" 'root'
with 'del(.linux)'
refused "no linux section" 'linux|namespace'

leftovers_after
