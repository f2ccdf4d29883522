# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
#
# A place of its own for engines without a daemon (podman, buildah): private mount, pid and network namespaces with an /etc,
# /run, /var/lib, /var/tmp and /dev/shm that nobody else sees. What happens there ends with it.
#
#   . "$(dirname "$0")/place.sh"        # after lib.sh
#   in_place SECONDS SCRIPT ARG...      # runs a script of the caller's there; $TMP is the same directory inside and outside
#
# The script begins with `. "$PLACE"`, which furnishes the place, and has the helpers of walk.sh then, and one more:
#
#   plain CMD...              runs it as an ordinary user with subordinate ids

PLACE=${PLACE:-$(cd "$(dirname "$0")" && pwd)/place.sh}
export PLACE
# shellcheck source=tests/engines/walk.sh
. "$(dirname "$PLACE")/walk.sh"

# caisson-init is the first process, so that orphans (conmon) are reaped: podman waits for a zombie for ever.
in_place() {
	_seconds=$1
	shift
	TMP=$TMP MARK=$MARK timeout -k 5 "$_seconds" unshare --mount --propagation private --pid --net --fork --kill-child --mount-proc \
		"$CAISSON_INIT" -- sh "$@"
}

# The cgroups of what a killed place left.
place_cgroups_gone() {
	find /sys/fs/cgroup -depth -type d -path "*/$MARK*" -exec rmdir {} \; 2> /dev/null
	[ -z "$(find /sys/fs/cgroup -type d -path "*/$MARK*" 2> /dev/null)" ]
}

# The directories are the ordinary user's own; its caller may be somewhere it cannot go.
plain() {
	cd / && setpriv --reuid 1500 --regid 1500 --init-groups env -i PATH="$PATH" HOME=/run/plain XDG_RUNTIME_DIR=/run/user/1500 TMPDIR=/var/tmp \
		TMP="$TMP" "$@"
}

furnish() {
	mount --bind "$TMP" /mnt
	exec 9< "$CAISSON"
	mount -t tmpfs -o mode=755 tmpfs /var/lib
	mount -t tmpfs -o mode=1777 tmpfs /var/tmp
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	mount -t tmpfs -o mode=755 tmpfs /run
	mkdir -p /run/home /run/plain /run/user/1500 /run/bin
	# A build somewhere on the host that writes to /dev/null as root may have changed its mode.
	mknod -m 666 /run/null c 1 3
	mount --bind /run/null /dev/null
	cat <&9 > /run/bin/caisson
	exec 9<&-
	chmod 755 /run/bin/caisson
	cp -a /etc/. /run/etc
	mount --bind /run/etc /etc
	if [ ! -d "$TMP/image" ]; then # it lay below one of those
		mkdir -p "$TMP"
		mount --bind /mnt "$TMP"
	fi
	ip link set lo up

	rm -rf /etc/resolv.conf /etc/containers/* /etc/cni/net.d
	mkdir -p /etc/containers /etc/cni/net.d
	echo 'nameserver 192.0.2.1' > /etc/resolv.conf
	echo 'plain:x:1500:1500:plain:/run/plain:/bin/sh' >> /etc/passwd
	echo 'plain:x:1500:' >> /etc/group
	printf 'plain:200000:65536\ncontainers:400000:200000\n' | tee /etc/subuid > /etc/subgid
	chown -R 1500:1500 /run/plain /run/user/1500
	chmod 700 /run/user/1500
	echo '{"default":[{"type":"insecureAcceptAnything"}]}' > /etc/containers/policy.json
	printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' \
		> /etc/containers/storage.conf
	# Limits that a host without CAP_SYS_RESOURCE can set.
	cat > /etc/containers/containers.conf <<-'TOML'
		[containers]
		default_ulimits = ["nofile=1024:10000", "nproc=10000:10000"]
		netns = "none"
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		infra_image = "localhost/busybox:test"
		runtime_supports_json = ["caisson", "crun", "runc"]
		runtime_supports_nocgroup = ["caisson", "crun"]
		hooks_dir = ["/etc/containers/hooks"]
		[engine.runtimes]
		caisson = ["/run/bin/caisson"]
	TOML
	# conmon 2.1.6 may look whether the container has ended before it takes the client that was there first, and what a short
	# program said is then in the log alone, whichever the runtime (seen in 1 of 1000 runs on a busy machine; with conmon held
	# up at that place, in every one of runc's). So no program begins at once.
	mkdir /etc/containers/hooks
	echo '{"version":"1.0.0","hook":{"path":"/bin/sleep","args":["sleep","0.1"]},"when":{"always":true},"stages":["startContainer"]}' \
		> /etc/containers/hooks/breath.json
	export HOME=/run/home TMPDIR=/var/tmp
	unset XDG_RUNTIME_DIR XDG_CONFIG_HOME CONTAINERS_CONF CONTAINERS_STORAGE_CONF NOTIFY_SOCKET
}

[ $$ -ne 2 ] || [ "$(cat /proc/1/comm)" != caisson-init ] || furnish
