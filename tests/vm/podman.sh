# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the two podman tests share: a place for its files, podman with caisson, and one walk through a container's life.

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

# has_driver: caisson itself says whether it has the systemd driver.
has_driver() {
	bundle
	reconfig ".linux.cgroupsPath = \"system.slice:test:$ID\""
	_said=$(caisson --systemd-cgroup run -b "$BUNDLE" "$ID" 2>&1 < /dev/null)
	caisson delete --force "$ID" > /dev/null 2>&1
	case $_said in *"not supported by this build"*) return 1 ;; esac
}
