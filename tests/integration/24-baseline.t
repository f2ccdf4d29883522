#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without a configuration an ordinary container must not notice the policy. A row for each kind of container that engines make, and what
# of the plan is any different from level "none":
#
#   an image without a label     the second filter, and missing masks where the engine masks something    1
#   an image with a label        the capabilities besides                                                  2
#   privileged                   nothing, and a record that says so                                        3, 27-levels.t
#   32-bit programs              both architectures stay                                                   4
#   no filter of the engine's    nothing; explain says that it stands                                      5
#   a build                      as an image without a label; a rule can tell it                           6, engines/buildah.t
#   the pause of a pod           the same; a rule can tell it                                              7, engines/cri.t
#   exec                         what it asks for; from hardened on no more than the container has         8, 27-levels.t
#   restore                      refused: checkpoints are not there yet                                    9, 05-compat.t
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
policy_place || skip_all "$NO_PLACE"
plan 64

src=${CAISSON_SRCDIR:-$(dirname "$0")/../..}
samples=$src/tests/data/valid

# plan_of LEVEL BUNDLE: what would be applied, without what the policy says of itself.
plan_of() {
	caisson --policy "$1" explain --json "$2" 2> /dev/null |
		jq -S '.plan | del(.reasons, .warnings, .level, .level_from, .profile, .exec.fits, .filter.caps, .process.has_caps) | del(.exec | select(. == {}))'
}

# changes BUNDLE: the members of the plan in which the two differ, in one line.
changes() {
	plan_of none "$1" > "$TMP/none.json"
	plan_of baseline "$1" > "$TMP/baseline.json"
	[ -s "$TMP/none.json" ] && [ -s "$TMP/baseline.json" ] || { echo "no plan"; return; }
	jq -rn --slurpfile a "$TMP/none.json" --slurpfile b "$TMP/baseline.json" \
		'[($a[0] + $b[0] | keys[]) as $k | select($a[0][$k] != $b[0][$k]) | $k] | join(" ")'
}
engine_of() { jq -cS .filter.engine "$1"; }
control() { caisson explain --json "$1" 2> /dev/null | jq -r --arg c "$2" '[.controls[] | select(.control == $c) | .result + " by " + .rule] | join("; ")'; }

ordinary='^(filter|)( ?masked_paths)?( ?readonly_paths)?$'

# 1: the documents that engines write, whole
for sample in "$samples"/*/; do
	name=$(basename "$sample")
	mkdir -p "$TMP/$name/rootfs"
	# A label is row 2's, and a profile of AppArmor's this host's.
	jq 'del(.annotations["security.capabilities", "io.containers.capabilities"], .process.apparmorProfile, .process.selinuxLabel, .linux.mountLabel)' \
		"$sample/config.json" > "$TMP/$name/config.json"
	like "$name: at most the filter and the masks" "$(changes "$TMP/$name")" "$ordinary"
	is "$name: the engine's own filter is the same" "$(engine_of "$TMP/baseline.json")" "$(engine_of "$TMP/none.json")"
done

# 2
docker=$TMP/engine-docker
jq '.annotations["security.capabilities"] = "chown kill"' "$samples/engine-docker/config.json" > "$docker/config.json"
is "with a label the capabilities are cut as well" "$(changes "$docker")" "cap_ceiling filter label_caps label_caps_set process"
is "and of the process nothing else" "$(jq -cS '.process | del(.caps)' "$TMP/baseline.json")" "$(jq -cS '.process | del(.caps)' "$TMP/none.json")"

# 3: recognised by its shape
all=$(caisson features 2> /dev/null | jq -c .linux.capabilities)
jq --argjson all "$all" 'del(.linux.seccomp, .linux.maskedPaths, .linux.readonlyPaths, .annotations)
	| .process.capabilities = { bounding: $all, effective: $all, permitted: $all }
	| .linux.resources.devices = [{ allow: true, access: "rwm" }]' "$samples/engine-docker/config.json" > "$docker/config.json"
is "a privileged container is passed through" "$(changes "$docker")" ""
is "known by its shape" "$(jq .privileged_shape "$TMP/baseline.json")" true
is "and explain has a line for it" "$(control "$docker" privileged)" "passed through by level baseline"
jq '.linux.maskedPaths = ["/proc/kcore"]' "$docker/config.json" > "$docker/new" && mv "$docker/new" "$docker/config.json"
is "with one mask it is no such container" "$(plan_of baseline "$docker" | jq .privileged_shape)" null

# 4
cp "$samples/engine-docker/config.json" "$docker"
is "32-bit calls stay what the engine says" "$(plan_of baseline "$docker" | jq -c .filter.own.allow_compat32)" true

# 5
jq 'del(.linux.seccomp)' "$samples/engine-docker/config.json" > "$docker/config.json"
like "without a filter of the engine's there is none of ours" "$(changes "$docker")" '^(masked_paths|readonly_paths|masked_paths readonly_paths|)$'
like "and explain says whose choice that is, and what it would have" "$(control "$docker" "system calls")" '^no filter.* by config.json$'

# 6, 7: kinds, by the bundle's place and the engine's annotation; each like any other until a rule says more
profile told '{ "schema": 1, "name": "told", "extends": "baseline", "umask": "0027" }'
profile_of() { caisson explain --json "$1" 2> /dev/null | jq -r .profile; }
build=$TMP/var/lib/buildkit/runc-overlayfs/executor/x1
pod=$TMP/run/io.containerd.runtime.v2.task/k8s.io/p1
mkdir -p "$build/rootfs" "$pod/rootfs"
cp "$samples/engine-buildkit/config.json" "$build"
cp "$samples/engine-containerd-pod/config.json" "$pod"
like "a build is as any other container" "$(changes "$build")" "$ordinary"
like "so is the pause of a pod" "$(changes "$pod")" "$ordinary"
config '{ "schema": 1, "rules": [ { "match": { "kind": "build" }, "profile": "told" } ] }'
is "a rule can tell a build" "$(profile_of "$build") $(profile_of "$pod") $(profile_of "$docker")" "told baseline baseline"
config '{ "schema": 1, "rules": [ { "match": { "kind": "sandbox" }, "profile": "told" } ] }'
is "and the pause of a pod" "$(profile_of "$build") $(profile_of "$pod") $(profile_of "$docker")" "baseline told baseline"
config '{ "schema": 1 }'

# 8: a privileged exec, as engines send it
bundle '.process.args = ["/bin/sleep", "600"]'
caisson run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
jq --argjson all "$all" '.process | .args = ["/bin/grep", "CapEff", "/proc/self/status"] | .noNewPrivileges = false
	| .capabilities = { bounding: $all, effective: $all, permitted: $all }' "$BUNDLE/config.json" > "$TMP/process.json"
is "exec gets what it asks for" "$(caisson exec -p "$TMP/process.json" "$ID" 2>&1 | cut -f 2)" "$(sed -n 's/^CapEff:[[:space:]]*//p' /proc/self/status)"
caisson delete --force "$ID"
bundle '.process.args = ["/bin/sleep", "600"]'
caisson --policy hardened run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
fails "from hardened on it is refused" 'refused by level "hardened" (privileged): exec asks for every capability' caisson exec -p "$TMP/process.json" "$ID"
jq '.capabilities |= map_values(. - ["CAP_BPF"])' "$TMP/process.json" > "$TMP/less.json"
is "and what is not all of them is no more than the container" "$(caisson exec -p "$TMP/less.json" "$ID" 2>&1 | sed -n 's/^CapEff:[[:space:]]*//p')" 0000000000000420
caisson delete --force "$ID"

# 9
fails "restore is refused" "" caisson restore --bundle "$BUNDLE" --image-path "$TMP" "$ID"
leftovers_after
