#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# contrib/kubernetes: the objects have what the API demands and agree with each other; the installer, under busybox as in its image,
# on a node's root that is made here, with the real containerd in it to read the file.
here=$(cd "$(dirname "$0")" && pwd)
: "${CAISSON:=/bin/true}" # lib.sh asks for one; the releases here are scripts
export CAISSON
# shellcheck source=tests/integration/lib.sh
. "$here/../integration/lib.sh"
need busybox containerd chroot
/usr/bin/python3 -B -c 'import yaml, tomllib' 2> /dev/null || skip_all "python3-yaml, or the tomllib of Python 3.11, is not installed"
plan 36
k8s=$here/../../contrib/kubernetes host=$TMP/host config=$TMP/host/etc/containerd/config.toml place=$TMP/host/opt/caisson

# ---- the objects ----

/usr/bin/python3 -B "$here/objects.py" "$k8s" > "$TMP/objects" 2>&1
is "the objects and the engines' fragments: fields, names and labels" "$(cat "$TMP/objects")" good
is "the image has the files that it is said to have" \
	"$(sed -n 's/^COPY \(contrib[^ ]*\) .*/\1/p' "$k8s/Containerfile" | while read -r f; do [ -f "$here/../../$f" ] || echo "$f"; done)" ""

top=$here/../..
is "the pages lead to files that are there" "$(cd "$top/contrib/docs" && grep -o '](\.*[a-zA-Z][^):]*)' ./*.md ../../README.md | while IFS=: read -r page link; do
	link=${link#](}
	[ -e "$(dirname "$page")/${link%)}" ] || echo "$page: ${link%)}"
done)" ""

# ---- a node, and two releases ----

mkdir -p "$TMP/applets" "$host/etc/containerd" "$host/usr/bin" "$host/opt" "$host/run/containerd/runc/k8s.io" "$host/tmp"
busybox --install -s "$TMP/applets"
cp "$(command -v containerd)" "$host/usr/bin/containerd"
ldd "$host/usr/bin/containerd" | grep -o '/[^ ]*' | while read -r f; do
	mkdir -p "$host/${f%/*}"
	cp -L "$f" "$host/$f"
done
cat > "$TMP/original.toml" <<'TOML'
version = 2
[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = true
TOML
cp "$TMP/original.toml" "$config"
chmod 600 "$config"
release() {
	mkdir -p "$TMP/$1/bin" "$TMP/$1/libexec/caisson"
	printf '#!/bin/sh\necho caisson version %s\n' "$1" > "$TMP/$1/bin/caisson"
	chmod 755 "$TMP/$1/bin/caisson"
}
release 1.0
release 1.1
printf '#!/bin/sh\necho "systemctl $*" >> /asked\n' > "$host/usr/bin/systemctl"
chmod 755 "$host/usr/bin/systemctl"
mkdir -p "$host/bin"
cp "$(command -v busybox)" "$host/bin/sh"

installer() { PATH=$TMP/applets "$TMP/applets/sh" "$k8s/install.sh" "$1" "$host"; }
snapshot() { (cd "$host" && find . -type f -exec md5sum {} + -o -type l -printf '%p -> %l\n' | LC_ALL=C sort); }
snapshot > "$TMP/before"

# ---- install ----

SOURCE=$TMP/1.0 installer install > "$TMP/said" 2>&1
is "installs" "$?:$(grep -c '^install.sh:' "$TMP/said")" 0:0
for change in "$place/releases/1.0: added" "$place/current -> releases/1.0" "$config.before-caisson: the file as it was" "$config: changed" \
	"containerd is not restarted"; do
	ok "says: ${change#"$TMP/"}" grep -qF "$change" "$TMP/said"
done
is "and changes only those" "$(snapshot | LC_ALL=C comm -13 "$TMP/before" - | sed 's/^[0-9a-f]*  //' | grep -v '^\./opt/caisson/' | tr '\n' ' ')" \
	"./etc/containerd/config.toml.before-caisson ./etc/containerd/config.toml "
is "the mode of config.toml stays" "$(stat -c %a "$config")" 600
ok "the program is there under each name" sh -c 'for n in caisson caisson-hardened caisson-strict; do [ "$("$1/current/bin/$n" --version)" = "caisson version 1.0" ] || exit 1; done' - "$place"
chroot "$host" /usr/bin/containerd --config /etc/containerd/config.toml config dump > "$TMP/dump" 2> "$TMP/dump.err"
is "containerd sees four runtimes" "$(grep -o 'runtimes\.[a-z-]*\]$' "$TMP/dump" | tr '\n' ' ')" "runtimes.caisson] runtimes.caisson-hardened] runtimes.caisson-strict] runtimes.runc] "
is "all with the node's cgroup driver" "$(grep -c 'SystemdCgroup = true' "$TMP/dump")" 4
like "the default runtime stays" "$(cat "$TMP/dump")" 'default_runtime_name = "runc"'
ok "containerd is not restarted unasked" test ! -e "$host/asked"
cp "$config" "$TMP/installed.toml"
SOURCE=$TMP/1.0 installer install > "$TMP/said" 2>&1
is "a second time nothing changes" "$(cmp "$config" "$TMP/installed.toml" 2>&1):$(cat "$TMP/said")" ":$config: as it was"

# ---- upgrade, rollback ----

SOURCE=$TMP/1.1 installer install > "$TMP/said" 2>&1
is "an upgrade is in use" "$("$place/current/bin/caisson" --version)" "caisson version 1.1"
ok "and leaves config.toml alone" cmp "$config" "$TMP/installed.toml"
installer rollback > "$TMP/said" 2>&1
is "a rollback: the release before is in use" "$("$place/current/bin/caisson" --version)" "caisson version 1.0"
like "status says so" "$(installer status | tr '\n' ' ')" 'current: 1\.0 previous: 1\.1 .*has the runtimes containers: 0'
echo "# other" >> "$TMP/1.1/bin/caisson"
SOURCE=$TMP/1.1 fails "a release with other contents is refused" "a release does not change" installer install
is "and the one in use stays" "$("$place/current/bin/caisson" --version)" "caisson version 1.0"

# ---- uninstall ----

mkdir -p "$host/run/containerd/runc/k8s.io/pod"
: > "$host/run/containerd/runc/k8s.io/pod/plan.json"
fails "the program stays while containers need it" "1 containers on this node" installer uninstall
ok "it is there" test -x "$place/current/bin/caisson"
rm -r "$host/run/containerd/runc/k8s.io/pod"
installer uninstall > "$TMP/said" 2>&1
is "uninstalls; the node is as it was" "$(snapshot | diff "$TMP/before" -)" ""
SOURCE=$TMP/1.0 RESTART=yes installer install > "$TMP/said" 2>&1 || sed 's/^/# /' "$TMP/said"
is "containerd is restarted when that is asked for" "$(cat "$host/asked")" "systemctl restart containerd"
mv "$host/usr/bin/systemctl" "$TMP/systemctl"
printf '#!/bin/sh\nexit 1\n' > "$host/usr/bin/systemctl"
chmod 755 "$host/usr/bin/systemctl"
RESTART=yes fails "a restart that fails is said, and the program stays" "containerd does not restart" installer uninstall
mv "$TMP/systemctl" "$host/usr/bin/systemctl"
rm "$host/asked"
installer uninstall > "$TMP/said" 2>&1
fails "a rollback without a release is refused" "no release to go back to" installer rollback

# ---- version 3, refusals: nothing is changed ----

mv "$host/usr/bin/containerd" "$TMP/containerd.kept" # Debian's does not know version 3
snapshot > "$TMP/before"
printf "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd]\n  default_runtime_name = 'runc'\n" > "$config"
SOURCE=$TMP/1.0 installer install > "$TMP/said" 2>&1
is "version 3: the runtimes are where containerd 2 looks" "$(/usr/bin/python3 -B -c 'import sys, tomllib
print(*sorted(tomllib.load(open(sys.argv[1], "rb"))["plugins"]["io.containerd.cri.v1.runtime"]["containerd"]["runtimes"]))' "$config")" "caisson caisson-hardened caisson-strict"
like "that it is not checked is said" "$(cat "$TMP/said")" 'config.toml is not checked'
installer uninstall > "$TMP/said" 2>&1
mv "$TMP/containerd.kept" "$host/usr/bin/containerd"
refused() {
	snapshot > "$TMP/before"
	SOURCE=$TMP/1.0 fails "$1" "$2" installer install
	is "  and nothing is changed" "$(snapshot | diff "$TMP/before" -)" ""
}
echo 'disabled_plugins = []' > "$config"
refused "a file without a version is refused" "only 2 and 3 are known"
{ cat "$TMP/original.toml"; echo 'nonsense ='; } > "$config"
refused "a file that containerd does not take is refused" "does not take the new config.toml"
leftovers_after
