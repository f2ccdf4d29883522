#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An ordinary user's own policy files: they narrow what the operator's give, for that user alone, and nothing else.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
need setpriv unshare jq
setpriv --reuid 1000 --regid 1000 --clear-groups unshare -U true > /dev/null 2>&1 || skip_all "ordinary users may not make user namespaces here"
policy_place || skip_all "$NO_PLACE"
plan 39

BIN=$TMP/caisson
cp "$CAISSON" "$BIN"
mkdir -m 755 "$TMP/home"
mkdir -m 700 "$TMP/run"
chown 1000:1000 "$TMP/home" "$TMP/run"
user() { setpriv --reuid 1000 --regid 1000 --clear-groups env -u XDG_CONFIG_HOME HOME="$TMP/home" XDG_RUNTIME_DIR="$TMP/run" CAISSON_TEST_MARK="$MARK" "$@"; }
rl() { user timeout -k 5 30 "$BIN" "$@"; }
OWN=$TMP/home/.config/caisson
own() { printf '%s\n' "$2" > "$OWN/$1" && chown 1000:1000 "$OWN/$1"; }
rows() { rl "$@" explain --json "$BUNDLE" 2>&1 | jq -r '.controls[] | select(.control == "profile" or .control == "no_new_privileges" or .control == "root") | [.control, .asked, .result, .rule] | join("|")'; }

bundle
rm "$BUNDLE/config.json"
chown -R 1000:1000 "$BUNDLE"
rl spec --rootless --bundle "$BUNDLE"
reconfig '.process.terminal = false | .process.noNewPrivileges = false | .process.args = ["/bin/sh", "-c", "grep NoNewPrivs /proc/self/status"]'
nnp() { rl "$@" run -b "$BUNDLE" "$ID" 2> "$TMP/err" | tr -d '\t'; }

is "without a place of one's own nothing is different" "$(nnp)" "NoNewPrivs:0"
ok "nor is anything checked" rl policy check
user mkdir -p "$OWN/profiles"
is "nor with an empty one" "$(nnp)" "NoNewPrivs:0"

# ---- it narrows ----
own caisson.json '{ "schema": 1, "default": "mine" }'
own profiles/mine.json '{ "schema": 1, "no_new_privileges": true, "rootfs": { "read_only": true } }'
is "what it chooses holds" "$(nnp)" "NoNewPrivs:1"
is "explain names the file that chose" "$(rows | grep -F "|mine|")" "profile|mine|met with it|$OWN/caisson.json \$.default"
is "and the file that decides" "$(rows | grep no_new)" "no_new_privileges|off|on|caller's $OWN/profiles/mine.json \$.no_new_privileges"
is "over what holds without it" "$(rows | grep '^profile|baseline')" "profile|baseline|baseline|built-in default"
is "also where a level is named" "$(nnp --policy none)" "NoNewPrivs:1"
config '{ "schema": 1, "default": "hardened", "report": { "path": "'"$ETC"'/decisions", "journal": false } }'
own profiles/mine.json '{ "schema": 1, "rootfs": { "read_only": true } }'
is "the operator's default holds with it" "$(nnp)" "NoNewPrivs:1"
like "beside it" "$(rows)" "hardened\|hardened\|caisson.json \\\$.default"
own caisson.json '{ "schema": 1, "mode": "off" }'
is "a mode of its own turns nothing else off" "$(nnp)" "NoNewPrivs:1"
own caisson.json '{ "schema": 1, "default": "strict", "mode": "warn" }'
is "nor does warning" "$(nnp)" "NoNewPrivs:1"
like "what it would do is said" "$(rl explain "$BUNDLE" 2>&1)" "policy in warn mode: .*caller's strict"
own caisson.json '{ "schema": 1, "rules": [ { "match": { "hostname": "web" }, "profile": "mine" } ] }'
is "a rule of its own that does not match" "$(rows | grep -c '|mine|')" 0
reconfig '.hostname = "web"'
is "and that does" "$(rows | grep -F '|mine|')" "profile|mine|met with it|$OWN/caisson.json \$.rules[0]"

# ---- by name ----
own caisson.json '{ "schema": 1 }'
is "--policy may name one of its profiles" "$(rows --policy mine | grep -F '|mine|')" "profile|mine|met with it|--policy"
is "which takes nothing's place" "$(nnp --policy mine)" "NoNewPrivs:1"
profile mine '{ "schema": 1 }'
is "the operator's of the same name is meant" "$(rows --policy mine | grep -F '|mine|')" "profile|mine|mine|--policy"
rm "$ETC/profiles/mine.json"
ok "policy show knows it" rl policy show mine
like "with its file" "$(rl policy show mine)" "rootfs.read_only +true +$OWN/profiles/mine.json"
like "policy diff too" "$(rl policy diff none mine)" 'rootfs.read_only: mine is stricter'
like "and policy check" "$(rl policy check)" "$OWN/caisson.json: good"
fails "which is nothing for root" 'there is no profile "mine"' env HOME="$TMP/home" "$CAISSON" policy show mine

# ---- it does nothing else ----
own profiles/mine.json '{ "schema": 1, "capabilities": { "grant": [ { "cap": "SYS_ADMIN", "why": "w" } ] } }'
fails "it grants nothing" "$OWN/profiles/mine.json: \$.capabilities.grant: is for the operator's profiles alone" rl --policy mine run -b "$BUNDLE" "$ID"
like "and policy check says so" "$(rl policy check 2>&1)" "mine.json: \\\$.capabilities.grant: is for"
own caisson.json '{ "schema": 1, "report": { "journal": false } }'
fails "it says nothing about reports" "$OWN/caisson.json: \$: report.journal is for the operator's caisson.json alone" rl run -b "$BUNDLE" "$ID"
own caisson.json '{ "schema": 1, "flor": "strict" }'
fails "what is wrong with it stops a launch" "policy: $OWN/caisson.json: \$: unknown key \"flor\"; did you mean floor?" rl run -b "$BUNDLE" "$ID"
is "and not root's" "$(HOME=$TMP/home XDG_CONFIG_HOME=$TMP/home/.config "$CAISSON" explain "$BUNDLE" 2>&1 | grep -c flor)" 0
is "nor that of a user namespace's root" "$(user unshare -Ur "$BIN" explain "$BUNDLE" 2>&1 | grep -c flor)" 0
own caisson.json '{ "schema": 1 }'
chmod 664 "$OWN/caisson.json"
fails "one that others may write to is not believed" "$OWN/caisson.json: can be written by its group" rl run -b "$BUNDLE" "$ID"
chmod 644 "$OWN/caisson.json"
chown 1001 "$OWN/caisson.json"
fails "nor one of another user's" "$OWN/caisson.json: belongs to uid 1001; what policy is read from must be root's or the caller's own" rl run -b "$BUNDLE" "$ID"
rm "$OWN/caisson.json" && ln -s /dev/null "$OWN/caisson.json"
fails "nor a link" "policy: $OWN/caisson.json: is a symbolic link" rl run -b "$BUNDLE" "$ID"
rm "$OWN/caisson.json"
is "XDG_CONFIG_HOME names another place" "$(user env XDG_CONFIG_HOME=/nowhere "$BIN" policy show mine 2>&1 | grep -c 'there is no profile')" 1
like "an absolute one" "$(user env XDG_CONFIG_HOME=here "$BIN" run -b "$BUNDLE" "$ID" 2>&1)" 'XDG_CONFIG_HOME: "here" is not an absolute path'

# ---- launch ----
config '{ "schema": 1, "standalone": "hardened" }'
own caisson.json '{ "schema": 1, "standalone": "mine" }'
own profiles/mine.json '{ "schema": 1, "rlimits": { "nproc": 77 } }'
nproc() { rl explain "$@" "$BUNDLE/rootfs" /bin/true 2>&1 | grep " 77"; }
like "a launch has its own default there too" "$(nproc launch)" "77 .*caller's"
like "under what the operator's says" "$(rl explain launch "$BUNDLE/rootfs" /bin/true 2>&1)" "^profile +hardened +hardened +caisson.json"
own caisson.json '{ "schema": 1 }'
like "and --policy" "$(nproc launch --policy mine)" "77 .*caller's"
is "nothing is left" "$(rl list -q)" ""
leftovers_after
