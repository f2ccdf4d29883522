#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's podman on a host with systemd: each way of making cgroups, as root and as an ordinary user with a manager of his own.
# The long walk beside runc and crun is tests/engines/podman.t; here is what only such a host can show.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/../integration/lib.sh"
[ -d /run/systemd/system ] || skip_all "needs a host with systemd"
need podman conmon python3
here=$(cd "$(dirname "$0")" && pwd)

BIN=$TMP/caisson
cp "$CAISSON" "$BIN"
for f in caisson-unpack caisson-systemd; do [ ! -x "$(dirname "$CAISSON")/$f" ] || cp "$(dirname "$CAISSON")/$f" "$TMP/$f"; done
rootfs "$TMP/image"
python3 "$here/../engines/mkimage.py" "$TMP/image.tar" localhost/busybox:test "$TMP/image"
chmod 644 "$TMP/image.tar"
image=localhost/busybox:test
mkdir -p /etc/containers
[ -s /etc/containers/policy.json ] || echo '{"default":[{"type":"insecureAcceptAnything"}]}' > /etc/containers/policy.json
cat > "$TMP/containers.conf" <<TOML
[containers]
netns = "none"
log_driver = "k8s-file"
default_sysctls = []
[engine]
events_logger = "file"
runtime_supports_json = ["caisson"]
runtime_supports_nocgroup = ["caisson"]
[engine.runtimes]
caisson = ["$BIN"]
TOML
printf '[storage]\ndriver = "overlay"\nrunroot = "%s/storage-run"\ngraphroot = "%s/storage"\n' "$TMP" "$TMP" > "$TMP/storage.conf"
chmod 644 "$TMP/containers.conf" "$TMP/storage.conf"

# p MANAGER ARG...: podman as root, or as the user when $AS says so.
AS=
p() {
	_manager=$1
	shift
	$AS timeout -k 5 90 env CONTAINERS_CONF="$TMP/containers.conf" CONTAINERS_STORAGE_CONF="$STORAGE" \
		podman --runtime caisson --cgroup-manager "$_manager" "$@" 2>&1 < /dev/null
}
STORAGE=$TMP/storage.conf

# walk MANAGER WHERE: ten tests.
walk() {
	_m=$1 _where=$2 _box=box-$1
	is    "$_m: output and status come back"     "$(p "$_m" run --rm $image sh -c 'echo hello; exit 3'; echo $?)" "hello
3"
	is    "$_m: one that stays"                  "$(p "$_m" run -d --name "$_box" --memory 64m --pids-limit 50 --cpus 0.5 $image sleep 1000 > "$TMP/id"; echo $?)" 0
	pid=$(p "$_m" inspect -f '{{.State.Pid}}' "$_box")
	place=$(sed -n 's/^0:://p' "/proc/$pid/cgroup")
	like  "$_m: it is where podman put it"       "$place" "$_where"
	is    "$_m: its limits hold"                 "$(cd "/sys/fs/cgroup$place" && cat memory.max pids.max cpu.max | xargs)" "67108864 50 50000 100000"
	is    "$_m: exec"                            "$(p "$_m" exec "$_box" sh -c 'echo in; exit 5'; echo $?)" "in
5"
	is    "$_m: exec has the container's cgroup" "$(p "$_m" exec "$_box" sh -c 'cat /proc/self/cgroup')" "$(p "$_m" exec "$_box" cat /proc/1/cgroup)"
	p "$_m" pause "$_box" > "$TMP/out"
	is    "$_m: pause"                           "$(p "$_m" inspect -f '{{.State.Status}}' "$_box")" paused
	p "$_m" unpause "$_box" > "$TMP/out"
	is    "$_m: update"                          "$(p "$_m" update --memory 96m "$_box" > "$TMP/out"; echo $? "$(cat "/sys/fs/cgroup$place/memory.max")")" "0 100663296"
	is    "$_m: it ends"                         "$(p "$_m" rm -f -t 0 "$_box" > "$TMP/out"; echo $?)" 0
	ok    "$_m: its cgroup is gone"              wait_for 5 test ! -d "/sys/fs/cgroup$place"
}

cleanup_podman() {
	p cgroupfs rm -f -a -t 0
	p cgroupfs system prune -f
	umount -l "$TMP/storage/overlay"
	for _d in /sys/fs/cgroup/libpod_parent/*/ /sys/fs/cgroup/libpod_parent; do rmdir "$_d"; done
} > /dev/null 2>&1
trap 'AS=; STORAGE=$TMP/storage.conf; cleanup_podman; _cleanup' EXIT

# caisson itself says whether it has the driver.
driver=
bundle
reconfig ".linux.cgroupsPath = \"system.slice:test:$ID\""
case $(caisson --systemd-cgroup run -b "$BUNDLE" "$ID" 2>&1 < /dev/null) in
*"not supported by this build"*) ;;
*) driver=1 ;;
esac
caisson delete --force "$ID" > /dev/null 2>&1

plan 32
out=$(p cgroupfs load -q -i "$TMP/image.tar") || diag "$out"
walk cgroupfs '/libpod_parent/'
if [ -n "$driver" ]; then
	walk systemd '^/machine\.slice/libpod-[0-9a-f]+\.scope'
else
	skip 10 "this caisson has no systemd driver"
fi
cleanup_podman

# ---- an ordinary user, with a manager of his own ----

loginctl enable-linger plain > "$TMP/out" 2>&1
if ! wait_for 60 test -S /run/user/1500/bus; then
	skip 11 "the user's manager does not start: $(systemctl status user@1500.service 2>&1 | tail -n 1)"
else
	AS="setpriv --reuid 1500 --regid 1500 --init-groups env HOME=/home/plain XDG_RUNTIME_DIR=/run/user/1500 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1500/bus TMPDIR=/var/tmp"
	STORAGE=/home/plain/storage.conf
	printf '[storage]\ndriver = "vfs"\nrunroot = "/run/user/1500/storage"\ngraphroot = "/home/plain/storage"\n' > $STORAGE
	cd / || exit 1
	m=systemd
	[ -n "$driver" ] || m=cgroupfs
	out=$(p $m load -q -i "$TMP/image.tar") || diag "$out"
	if [ -n "$driver" ]; then
		like "a user's podman has the systemd driver" "$(p $m info -f '{{.Host.CgroupManager}}')" systemd
		walk systemd '^/user\.slice/user-1500\.slice/user@1500\.service/user\.slice/(user-)?libpod-[0-9a-f]+\.scope'
	else
		is "a user's podman without a cgroup of its own" "$(p $m run --rm --cgroups=disabled $image sh -c 'id -u; exit 4'; echo $?)" "0
4"
		skip 10 "this caisson has no systemd driver"
	fi
	p $m rm -f -a -t 0 > /dev/null 2>&1
fi
loginctl disable-linger plain > /dev/null 2>&1
systemctl stop user@1500.service > /dev/null 2>&1
leftovers_after
