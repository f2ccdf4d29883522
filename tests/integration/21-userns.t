#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# caisson launch: user ids of a container's own. Runs in a mount namespace where /etc/subuid says what the test needs.
# shellcheck disable=SC2011,SC2015,SC2016
if [ -z "${CAISSON_TEST_UNSHARED:-}" ] && [ "$(id -u)" -eq 0 ] && unshare -m true 2> /dev/null; then
	CAISSON_TEST_UNSHARED=1 exec unshare -m sh "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
[ -n "${CAISSON_TEST_UNSHARED:-}" ] || skip_all "unshare -m is not allowed here"
mount --make-rprivate / || skip_all "mounts cannot be made private here"

ROOT=$TMP/root
rootfs "$ROOT"
mkdir -p "$ROOT/data" "$TMP/etc" "$TMP/vol"
chown 1000:1000 "$TMP/vol"
cp -a /etc/. "$TMP/etc" 2> /dev/null
printf 'other:100000:65536\ncaisson:3000000000:131072\n' > "$TMP/etc/subuid"
printf 'caisson:3100000000:131072\n' > "$TMP/etc/subgid"
mount --bind "$TMP/etc" /etc && mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib ||
	skip_all "files cannot be put in place here"

launch() { caisson launch "$@" 2> "$TMP/.err"; }
launch --user user "$ROOT" true
if grep -q "cannot be id-mapped" "$TMP/.err"; then
	skip_all "the file system of $TMP cannot be id-mapped"
fi
plan 32

# held ID FIELD: what the host's kernel says of a container's process.
held() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$(caisson state "$1" | jq -r .pid)/status" | xargs; }

is "strict has user ids of its own" "$(launch --user user "$ROOT" cat /proc/self/uid_map | xargs)" "0 3000000000 65536"
is "... and group ids" "$(launch --user user "$ROOT" cat /proc/self/gid_map | xargs)" "0 3100000000 65536"
is "nothing is said of the host's ids then" "$(grep -c "host's" "$TMP/.err")" 0
is "inside, ids are what the image says" "$(launch --user user "$ROOT" id)" "uid=1000(user) gid=1000(user) groups=50(staff)"
is "the root belongs to its root" "$(launch --user user "$ROOT" stat -c %u:%g /bin/busybox)" 0:0
is "... on the host it belongs to whom it did" "$(stat -c %u:%g "$ROOT/bin/busybox")" "$(stat -c %u:%g "$ROOT")"
is "a bind shows its owners" "$(launch --user user -v "$TMP/vol:/data" "$ROOT" sh -c 'stat -c %u:%g /data && touch /data/new')" 1000:1000
is "... and what is written there has the same on the host" "$(stat -c %u:%g "$TMP/vol/new")" 1000:1000
is "capabilities are its own network's" "$(launch --user user --cap-add NET_BIND_SERVICE "$ROOT" sed -n 's/^CapEff:[[:space:]]*//p' \
	/proc/self/status)" 0000000000000400
is "--userns host has the host's ids" "$(launch --userns host --user user "$ROOT" cat /proc/self/uid_map | xargs)" "0 0 4294967295"
is "hardened has the host's ids unless asked" "$(launch --policy hardened --user user "$ROOT" cat /proc/self/uid_map | xargs)" "0 0 4294967295"
is "... and its own with --userns auto" "$(launch --policy hardened --userns auto --user user "$ROOT" cat /proc/self/uid_map | xargs)" \
	"0 3000000000 65536"
mkdir -m 700 "$TMP/shut" && mkdir "$TMP/shut/root" && mount --bind "$ROOT" "$TMP/shut/root"
is "a root below a directory that only the host's root may enter" "$(launch --user user "$TMP/shut/root" id -un)" user
umount "$TMP/shut/root"
is "root of a container is nobody on the host" "$(launch --policy hardened --userns auto "$ROOT" id -u)" 0
is "the host's network can be shared" "$(launch --network host --user user "$ROOT" ls /sys/class/net | xargs)" "$(ls /sys/class/net | xargs)"

launch -d --user user --name "$MARK-1" "$ROOT" sleep 60 > /dev/null
launch -d --user user --name "$MARK-2" "$ROOT" sleep 60 > /dev/null
is "on the host the first is in its range" "$(held "$MARK-1" Uid)" "3000001000 3000001000 3000001000 3000001000"
is "... the second in the next" "$(held "$MARK-2" Uid)" "3000066536 3000066536 3000066536 3000066536"
is "... with its groups" "$(held "$MARK-2" Groups)" 3100065586
fails "a third finds no range" "all 2 user id ranges are in use" caisson launch --user user "$ROOT" true
is "exec has the same ids" "$(caisson exec "$MARK-1" id)" "uid=1000(user) gid=1000(user) groups=50(staff)"
caisson delete --force "$MARK-1"
is "delete gives the range back" "$(launch --user user "$ROOT" cat /proc/self/uid_map | xargs)" "0 3000000000 65536"
caisson delete --force "$MARK-2"
is "no record is left" "$(ls /run/caisson-ids)" ""
ln -s "1:1:$TMP/gone" /run/caisson-ids/3000000000
is "a stale record is taken over" "$(launch --user user "$ROOT" cat /proc/self/uid_map | xargs)" "0 3000000000 65536"
is "no record of a launch that failed is left" "$(launch --user user "$ROOT" /bin/nosuch; ls /run/caisson-ids)" ""

fails "a uid beyond the range is refused" "--userns host" caisson launch --user 70000:1 "$ROOT" true
tar -C "$ROOT" -cf "$TMP/root.tar" .
is "an unpacked archive works with ids of its own" "$(launch --user user --name "$MARK-t" "$TMP/root.tar" sh -c \
	'stat -c %u:%g /bin/busybox; cat /proc/self/uid_map' | xargs)" "0:0 0 3000000000 65536"
mkdir "$TMP/ram"
if mount -t ramfs ramfs "$TMP/ram"; then
	rootfs "$TMP/ram/root"
	is "a root that cannot be id-mapped has the host's ids" "$(launch --user user "$TMP/ram/root" cat /proc/self/uid_map | xargs)" \
		"0 0 4294967295"
	like "... said aloud" "$(cat "$TMP/.err")" "cannot be id-mapped"
	fails "... and is refused when ids of its own were asked for" "cannot be id-mapped" \
		caisson launch --userns auto --user user "$TMP/ram/root" true
	mkdir "$TMP/ram/bind"
	is "a bind that cannot be shows nobody's" "$(launch --user user -v "$TMP/ram/bind:/data" "$ROOT" stat -c %u /data
		grep -c "cannot be id-mapped" "$TMP/.err")" "65534
1"
	umount "$TMP/ram"
else
	skip 4 "ramfs cannot be mounted here"
fi
: > /etc/subuid
: > /etc/subgid
like "without a range the ids are the host's, said aloud" "$(caisson launch --user user "$ROOT" cat /proc/self/uid_map 2>&1 | xargs)" \
	"no user id range.*0 0 4294967295"
leftovers_after
