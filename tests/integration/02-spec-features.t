#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# spec writes a document that runs; features tells engines what they look for.
. "$(dirname "$0")/lib.sh"
plan 37

# ---- spec ----

mkdir "$TMP/a" "$TMP/b"
(cd "$TMP/a" && caisson spec > "$TMP/out" 2>&1)
is "spec is silent" "$(cat "$TMP/out")" ""
ok "and writes JSON" jq -e . "$TMP/a/config.json"
is "with a terminal" "$(jq -r .process.terminal "$TMP/a/config.json")" true
is "without new privileges" "$(jq -r .process.noNewPrivileges "$TMP/a/config.json")" true
is "on a read-only root" "$(jq -r .root.readonly "$TMP/a/config.json")" true
is "with own namespaces" "$(jq -r '[.linux.namespaces[].type] | sort | join(" ")' "$TMP/a/config.json")" \
	"cgroup ipc mount network pid uts"
like "and masked paths" "$(jq -r '.linux.maskedPaths[]' "$TMP/a/config.json")" '^/proc/kcore$'
cp "$TMP/a/config.json" "$TMP/kept"
fails "an existing config.json is not overwritten" "exists" caisson spec --bundle "$TMP/a"
ok "nor touched" cmp "$TMP/kept" "$TMP/a/config.json"
ok "--rootless --bundle writes elsewhere" caisson spec --rootless --bundle "$TMP/b"
is "with a user namespace and without a network's" \
	"$(jq -r '[.linux.namespaces[].type] | sort | join(" ")' "$TMP/b/config.json")" "cgroup ipc mount pid user uts"
is "with the caller mapped to root" "$(jq -c '.linux.uidMappings' "$TMP/b/config.json")" \
	'[{"containerID":0,"hostID":0,"size":1}]'
fails "a bundle that is not there is named" "open bundle $TMP/none" caisson spec --bundle "$TMP/none"
unlike "never as a container that does not exist" "$(caisson spec --bundle "$TMP/none" 2>&1)" 'does not exist'

bundle
rm "$BUNDLE/config.json"
ok "spec into a bundle" caisson spec --bundle "$BUNDLE"
reconfig '.process.terminal = false | .process.args = ["/bin/echo", "from the template"]'
is "the template runs" "$(caisson run --bundle "$BUNDLE" "$ID" 2>&1)" "from the template"
rm "$BUNDLE/config.json"
ok "spec --rootless into a bundle" caisson spec --rootless --bundle "$BUNDLE"
reconfig '.process.terminal = false | .process.args = ["/bin/echo", "rootless"]'
is "the rootless template runs" "$(caisson run --bundle "$BUNDLE" "$ID" 2>&1)" "rootless"

# ---- features ----

"$CAISSON" features > "$TMP/features.json" 2> "$TMP/err"
is "features succeeds and says nothing else" "$?:$(cat "$TMP/err")" "0:"
ok "it is JSON" jq -e . "$TMP/features.json"
like "indented by four" "$(sed -n 2p "$TMP/features.json")" '^    "ociVersionMin": "1.0.0"'
is "the newest version" "$(jq -r .ociVersionMax "$TMP/features.json")" 1.3.0
is "all hooks" "$(jq -r '.hooks | length' "$TMP/features.json")" 6
is "rro, for recursive read-only mounts" "$(jq '.mountOptions | index("rro") != null' "$TMP/features.json")" true
is "no option twice" "$(jq '.mountOptions | length == (unique | length)' "$TMP/features.json")" true
is "all namespaces" "$(jq -r '.linux.namespaces | join(" ")' "$TMP/features.json")" \
	"cgroup ipc mount network pid time user uts"
is "all capabilities" "$(jq -r '.linux.capabilities | length' "$TMP/features.json")" 41
is "cgroup versions" "$(jq -c '.linux.cgroup | [.v1, .v2]' "$TMP/features.json")" '[true,true]'
systemd=false
for p in "$(dirname "$CAISSON")/caisson-systemd" "$(dirname "$CAISSON")/../libexec/caisson/caisson-systemd"; do [ ! -x "$p" ] || systemd=true; done
is "the systemd driver, when its helper is there" "$(jq -c '.linux.cgroup | [.systemd, .systemdUser]' "$TMP/features.json")" \
	"[$systemd,$systemd]"
is "seccomp" "$(jq -r .linux.seccomp.enabled "$TMP/features.json")" true
is "its actions" "$(jq '.linux.seccomp.actions | index("SCMP_ACT_NOTIFY") != null' "$TMP/features.json")" true
is "its operators" "$(jq '.linux.seccomp.operators | length' "$TMP/features.json")" 7
is "its architectures" "$(jq '.linux.seccomp.archs | index("SCMP_ARCH_X86_64") != null' "$TMP/features.json")" true
is "supported flags are known flags" \
	"$(jq '(.linux.seccomp.supportedFlags - .linux.seccomp.knownFlags) | length' "$TMP/features.json")" 0
is "id-mapped mounts" "$(jq -r .linux.mountExtensions.idmap.enabled "$TMP/features.json")" true
is "network devices" "$(jq -r .linux.netDevices.enabled "$TMP/features.json")" true
leftovers_after
