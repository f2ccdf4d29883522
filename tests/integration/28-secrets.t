#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# env.deny and env.secrets: what is taken out of an environment, for the container and for exec; what is taken for a secret; that no value
# is ever shown.
# shellcheck source=tests/integration/policy-place.sh
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
policy_place || skip_all "$NO_PLACE"
plan 37

# A token of a known form, put together here so that this file holds none.
token=ghp_$(printf 'aB3dE6gH9jK2mN5pQ8rS%s' tU1vW4xY7zA0bC3d)
set_env() { reconfig ".process.env = [\"PATH=/bin\", \"DB_PASSWORD=Xk29fjQw77zz\", \"HUB=$token\", \"PLAIN=1\"] | .process.args = [\"/bin/sh\", \"-c\", \"$1\"]"; }
run_it() { caisson --policy "$1" run -b "$BUNDLE" "$ID" 2>&1; }
bundle '.root.readonly = false'

profile deny '{ "schema": 1, "env": { "deny": ["DB_*", "HU?"] } }'
profile warns '{ "schema": 1, "env": { "secrets": "warn" } }'
profile refuses '{ "schema": 1, "env": { "secrets": "refuse" } }'
profile both '{ "schema": 1, "extends": ["deny", "refuses"] }'
profile home '{ "schema": 1, "env": { "deny": ["HOME"] } }'
profile softly '{ "schema": 1, "extends": "both", "warn": ["env"] }'

# ---- taken out ----
set_env env
out=$(run_it deny)
like "the others stay" "$out" '^PLAIN=1$'
unlike "a denied variable is not in the environment" "$out" 'DB_PASSWORD'
unlike "nor is what a second pattern matches" "$out" 'HUB'
like "HOME is added as ever" "$out" '^HOME='
unlike "a denied HOME is not added" "$(run_it home)" '^HOME='
like "without the profile they are there" "$(run_it none)" '^DB_PASSWORD=Xk29fjQw77zz$'
out=$(caisson --policy deny explain "$BUNDLE")
like "explain says which" "$out" '^environment +4 variables +2 variables: without DB_PASSWORD, HUB +deny.json \$\.env\.deny'
unlike "explain shows no value" "$out" 'Xk29fjQw77zz'

# ---- and from exec ----
set_env 'sleep 100'
ok "a container under env.deny starts" caisson --policy deny run -d -b "$BUNDLE" "$ID"
like "the kernel agrees" "$(caisson posture "$ID")" '^environment +without DB_\* and others +[0-9]+ variables, none of these'
ok "posture finds no difference" caisson posture "$ID"
out=$(caisson exec --env DB_PASSWORD=x --env MORE=2 "$ID" env 2> "$TMP/said")
unlike "exec cannot bring it back" "$out" 'DB_PASSWORD'
like "exec keeps the rest" "$out" '^MORE=2$'
like "exec says what was taken" "$(cat "$TMP/said")" 'env.deny of the container.s policy takes DB_PASSWORD from the environment'
jq '.process | .args = ["env"] | .env = ["PATH=/bin", "DB_X=1", "Y=2"]' "$BUNDLE/config.json" > "$TMP/process.json"
out=$(caisson exec --process "$TMP/process.json" "$ID" 2> /dev/null)
unlike "nor can a process file" "$out" '^DB_X'
like "whose rest is kept" "$out" '^Y=2$'
caisson delete --force "$ID"

# ---- a build that leaves the step out is caught, before the gate and by posture ----
if [ -n "${CAISSON_FAULTS:-}" ]; then
	fails "without 'deny variables' the runtime refuses" 'posture: the environment still holds DB_PASSWORD, which env.deny takes out' \
		env CAISSON_SKIP="deny variables" "$CAISSON_FAULTS" --root "$STATE" --policy deny create -b "$BUNDLE" "$ID"
	env CAISSON_SKIP="deny variables,look before the gate" "$CAISSON_FAULTS" --root "$STATE" --policy deny run -d -b "$BUNDLE" "$ID"
	payload_runs() { grep -q sleep "/proc/$(caisson state "$ID" | jq .pid)/comm"; }
	wait_for 5 payload_runs
	is "without that look posture says it" "$(caisson posture --json "$ID" | jq -r '.controls[] | select(.verdict == "differs") | .control')" environment
	caisson delete --force "$ID"
else
	skip "without 'deny variables' the runtime refuses" "built without --enable-fault-injection"
	skip "without that look posture says it" "built without --enable-fault-injection"
fi

# ---- secrets ----
set_env 'true'
out=$(run_it warns)
is "a warning stops nothing" "$?" 0
like "a token of a known form is warned about" "$out" 'variable HUB looks like a secret \(github-token: 40 bytes from byte 0, sha256 [0-9a-f]{8}\)'
like "and a password under its name" "$out" 'variable DB_PASSWORD looks like a secret \(named-password: 12 bytes'
unlike "no value is shown" "$out" 'Xk29|aB3dE6'
fails "refused is refused" 'refused by refuses.json $.env.secrets (env): variable DB_PASSWORD looks like a secret' run_it refuses
unlike "a refusal shows no value" "$(run_it refuses)" 'Xk29|aB3dE6'
unlike "nor does explain" "$(caisson --policy warns explain "$BUNDLE")" 'Xk29|aB3dE6'
is "what is taken out first is no secret any more" "$(run_it both)" ""
reconfig '.process.env = ["PATH=/bin", "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D", "DB_PASSWORD_FILE=/run/secrets/db"]'
is "what only looks like one is none" "$(run_it refuses)" ""
reconfig '.process.args = ["/bin/sleep", "100"]'
ok "a container without secrets starts" caisson --policy refuses run -d -b "$BUNDLE" "$ID"
fails "exec with one is refused" 'refused by profile "refuses" (env): variable KEY looks like a secret (github-token' caisson exec --env "KEY=$token" "$ID" true
ok "exec without one runs" caisson exec --env "KEY=1" "$ID" true
caisson delete --force "$ID"

# ---- only warning ----
set_env env
out=$(run_it softly)
like "a control that only warns takes nothing" "$out" '^DB_PASSWORD=Xk29fjQw77zz$'
like "and says what it would have done" "$out" 'policy in warn mode: environment: 4 variables would be 2 variables: without DB_PASSWORD, HUB'

# ---- floor, launch, bad values ----
config '{ "schema": 1, "floor": "deny" }'
unlike "a floor takes out too" "$(run_it none)" 'DB_PASSWORD'
like "its name is in explain" "$(caisson --policy none explain "$BUNDLE")" 'without DB_PASSWORD, HUB +floor deny.json'
unlike "launch is met with it" "$(caisson launch --policy hardened -e DB_PASSWORD=x "$BUNDLE/rootfs" -- /bin/busybox env 2>&1)" '^DB_PASSWORD'
rm "$ETC/caisson.json"
profile bad '{ "schema": 1, "env": { "deny": ["A=B"] } }'
fails "a pattern that could match nothing is refused" '$.env.deny[0]: "A=B" matches no variable' caisson --policy bad explain "$BUNDLE"
leftovers_after
