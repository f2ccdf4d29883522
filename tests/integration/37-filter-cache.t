#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiled filters are kept below the state root: taken when the plan is the same, left alone when others could have written them, and
# never a reason why something cannot be launched.
. "$(dirname "$0")/policy-place.sh"
. "$(dirname "$0")/lib.sh"
need setpriv unshare
policy_place || skip_all "$NO_PLACE"
plan 45

KEPT=$STATE/.@filters
files() { find "$KEPT" -mindepth 1 2> /dev/null | wc -l; }
only() { find "$KEPT" -type f; }
# What a launch says of its filters: taken, compiled; kept or not.
says() {
	caisson --debug --policy "$1" run -b "$BUNDLE" "$ID" 2>&1 > "$TMP/out" < /dev/null |
		sed -n 's/.*system call filters: \(taken\|compiled, and not kept\|compiled, and kept\).*/\1/p'
}
out() { tr '\n' ' ' < "$TMP/out"; }

config '{"schema":1}'
profile one '{"schema":1,"extends":"hardened","syscalls":{"allow":["@container"],"errno":{"@mount":"ENOSYS"},"architectures":["native"]}}'
profile other '{"schema":1,"extends":"hardened","syscalls":{"allow":["@container"],"errno":{"@mount":"EACCES"},"architectures":["native"]}}'
bundle '.process.args = ["/bin/sh", "-c", "mount -t tmpfs x /tmp 2>&1; grep Seccomp_filters /proc/self/status"]'

# ---- the same, and another ----

is "the first launch compiles" "$(says one)" "compiled, and kept"
like "and the container has the filter" "$(out)" "Function not implemented"
is "there is one file" "$(files)" 1
is "of the caller alone" "$(stat -c '%a %u' "$KEPT" "$(only)" | tr '\n' ' ')" "700 0 600 0 "
before=$(stat -c '%i %Y %Z' "$(only)")
is "the second takes what the first left" "$(says one)" taken
like "and the container has the same filter" "$(out)" "Function not implemented"
is "the file is the same" "$(stat -c '%i %Y %Z' "$(only)")" "$before"
is "a profile that differs in one answer is another plan" "$(says other)" "compiled, and kept"
like "with its own filter" "$(out)" "Permission denied"
is "and a file of its own" "$(files)" 2
is "each has its own from then on" "$(says one) $(says other)" "taken taken"
like "the last one answers as its profile says" "$(out)" "Permission denied"
caisson --debug --policy none run -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
is "a plan without filters leaves none" "$(files)" 2

# ---- the other commands ----

reconfig '.process.args = ["/bin/sleep", "600"]'
caisson --policy one run -d -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
is "list sees containers alone" "$(caisson list -q 2>&1)" "$ID"
is "and says nothing of the directory" "$(caisson list 2>&1 > /dev/null)" ""
rm -rf "$KEPT"
caisson exec "$ID" mount -t tmpfs x /tmp > "$TMP/out" 2>&1
like "exec has the container's own filters" "$(out)" "Function not implemented"
fails "no container can have its name" "invalid container ID format" caisson --policy one create -b "$BUNDLE" .@filters
fails "nor can it be deleted" "invalid container ID format" caisson delete --force .@filters
ok "delete" caisson delete --force "$ID"
reconfig '.process.args = ["/bin/sh", "-c", "mount -t tmpfs x /tmp"]'

# ---- files that are not to be trusted ----

# spoils NAME COMMAND...: it is compiled, the container has its filter, and the file is good again.
spoils() {
	_what=$1
	shift
	says one > /dev/null
	_file=$(only)
	"$@" "$_file"
	is "$_what: it is compiled" "$(says one)" "compiled, and kept"
	is "$_what: and replaced" "$(says one) $(stat -c '%a %u %F' "$_file")" "taken 600 0 regular file"
}
damage() { printf damaged. | dd of="$1" bs=1 seek=200 conv=notrunc 2> /dev/null; }
cut_short() { truncate -s 300 "$1"; }
make_longer() { printf 12345678 >> "$1"; }
link_it() { mv "$1" "$TMP/elsewhere" && ln -s "$TMP/elsewhere" "$1"; }
spoils "a damaged file" damage
spoils "a file that was cut short" cut_short
spoils "a longer one" make_longer
spoils "one that its group may write" chmod 620
spoils "one of another user" chown 1000
spoils "a link" link_it
chmod 755 "$KEPT"
is "a directory that others may read is not used" "$(says one)" "compiled, and not kept"
chmod 700 "$KEPT"
chown 1000 "$KEPT"
is "nor one of another user" "$(says one)" "compiled, and not kept"
rm -rf "$KEPT"
ln -s "$TMP" "$KEPT"
is "nor a link" "$(says one)" "compiled, and not kept"
rm "$KEPT"

# ---- no room ----

mkdir -m 700 "$KEPT"
mount -t tmpfs -o mode=700,size=4k full "$KEPT" || bail "no tmpfs"
head -c 4096 /dev/zero > "$KEPT/filler"
is "a full directory is no reason not to launch" "$(says one)" "compiled, and not kept"
is "and nothing half-written stays" "$(files)" 1
mount -o remount,ro "$KEPT"
is "nor is a read-only one" "$(says one)" "compiled, and not kept"
umount "$KEPT"
rmdir "$KEPT"

# ---- many ----

reconfig '.process.args = ["/bin/true"] | .linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [] }'
i=0
while [ $i -lt 70 ]; do
	reconfig ".linux.seccomp.syscalls = [{ names: [\"reboot\"], action: \"SCMP_ACT_ERRNO\", errnoRet: $((i + 1)) }]"
	caisson --policy none run -b "$BUNDLE" "$ID" > /dev/null 2>&1 < /dev/null
	i=$((i + 1))
done
is "no more than 64 files stay" "$(files)" 64
is "the newest among them" "$(says none)" taken
rm -rf "$KEPT"
i=0
while [ $i -lt 8 ]; do
	caisson --policy none run -b "$BUNDLE" "$ID-$i" > "$TMP/at-once-$i" 2>&1 < /dev/null &
	i=$((i + 1))
done
wait
is "launches at once do not disturb each other" "$(cat "$TMP"/at-once-*)" ""
is "and leave one file" "$(files)" 1

# ---- an ordinary user ----

user() { setpriv --reuid 1000 --regid 1000 --clear-groups env XDG_RUNTIME_DIR="$TMP/run" CAISSON_TEST_MARK="$MARK" "$@"; }
if user unshare -U true > /dev/null 2>&1; then
	cp "$CAISSON" "$TMP/caisson"
	mkdir -m 700 "$TMP/run"
	bundle
	rm "$BUNDLE/config.json"
	chown -R 1000:1000 "$BUNDLE" "$TMP/run"
	user "$TMP/caisson" spec --rootless --bundle "$BUNDLE"
	reconfig '.process.terminal = false | .process.args = ["/bin/true"]
		| .linux.seccomp = { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["reboot"], action: "SCMP_ACT_ERRNO" }] }'
	rootless() { user timeout 30 "$TMP/caisson" --debug run -b "$BUNDLE" "$ID" 2>&1 < /dev/null | grep -o "compiled, and kept\|filters: taken"; }
	is "an ordinary user's launch keeps them too" "$(rootless)" "compiled, and kept"
	is "in a place of the user's own" "$(stat -c '%a %u' "$TMP/run/caisson/.@filters" "$TMP/run/caisson/.@filters"/* | tr '\n' ' ')" \
		"700 1000 600 1000 "
	is "and takes them" "$(rootless)" "filters: taken"
else
	skip 3 "ordinary users may not make user namespaces here"
fi
leftovers_after
