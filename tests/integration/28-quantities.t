#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Quantities and identity that profiles say, and what a service says of itself: applied, met with what the document asks, refused.
if [ -z "${CAISSON_TEST_OWN_MOUNTS:-}" ] && [ "$(id -u)" -eq 0 ]; then
	# The installed place is covered by one of our own, in a mount namespace that ends with this file.
	CAISSON_TEST_OWN_MOUNTS=1 exec unshare -m --propagation private sh "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

ETC=$("$CAISSON" policy check 2>&1 | sed -n 's|^\(.*: \)*\(/.*\)/caisson\.json: .*|\2|p' | head -n 1)
UP=$(dirname "${ETC:-/}")
if [ ! -d "$UP" ] || [ "$UP" = / ]; then
	skip_all "the place of policy files ($ETC) cannot be covered here: $UP is not there"
fi
cp -a "$UP/." "$TMP/up" || skip_all "$UP cannot be copied"
mount -t tmpfs -o mode=755 tmpfs "$UP" || skip_all "nothing can be mounted at $UP"
cp -a "$TMP/up/." "$UP"
rm -rf "$ETC"
mkdir -p "$ETC/profiles"
printf '%s\n' '{ "schema": 1 }' > "$ETC/caisson.json"
plan 16

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

leftovers_after
