#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# root.sh DIR: one root file system of all the services that the tests of profiles start, with what the scripts of their packages would
# have made. Kept when it is there already; several callers wait for one another.
set -eu
root=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$root")"
exec 9> "$root.lock"
flock 9
packages="nginx redis-server redis-tools postgresql memcached haproxy apache2 cron nodejs python3-gunicorn mariadb-server mariadb-client
	rabbitmq-server python3-pika prometheus caddy openssh-server openssh-client openjdk-17-jre-headless gosu busybox-static util-linux coreutils findutils
	grep hostname mawk sed bash dash"
# shellcheck disable=SC2086
sh "$here/../engines/debroot.sh" "$root" $packages

# Once: programs in it may be running when the next file of tests comes by.
stamp=$(cat "$here/root.sh" "$here"/*.py "$here"/entry/* | cksum; stat -c '%i %Y' "$root.ready")
[ "$(cat "$root.stamp" 2> /dev/null)" != "$stamp" ] || exit 0
mkdir -p "$root/srv/conf" "$root/srv/www" "$root/data" "$root/prometheus" "$root/home" "$root/var/lib/postgresql" "$root/var/lib/mysql" \
	"$root/var/lib/rabbitmq" "$root/run/sshd"
cp "$here"/*.py "$root/srv"
cp -r "$here/entry" "$root/srv"
cp "$root/bin/busybox" "$root/srv/set-uid"
chmod 4755 "$root/srv/set-uid"
echo 'served from inside' > "$root/srv/www/index.html"
echo page > "$root/srv/www/other.html"
grep -q :999: "$root/etc/passwd" || cat >> "$root/etc/passwd" <<'PASSWD'
service:x:999:999::/data:/usr/sbin/nologin
sshd:x:105:65534::/run/sshd:/usr/sbin/nologin
user:x:1000:1000::/home/user:/bin/sh
PASSWD
grep -q :999: "$root/etc/group" || printf '%s\n' tty:x:5: service:x:999: user:x:1000: >> "$root/etc/group"
echo '127.0.0.1 localhost' > "$root/etc/hosts"
if [ ! -L "$root/var/run" ]; then # a package brings one
	rm -rf "$root/var/run"
	ln -s ../run "$root/var/run"
fi
for p in auth account session session-noninteractive password; do
	echo "${p%-*} required pam_permit.so" > "$root/etc/pam.d/common-$p"
done
chown 999:999 "$root/var/log/rabbitmq"
cp "$root/usr/share/openssh/sshd_config" "$root/etc/ssh/sshd_config"
# The program as Caddy's image has it: cap_net_bind_service=+ep.
cp "$root/usr/bin/caddy" "$root/srv/caddy"
python3 -c 'import os, struct, sys; os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0))' "$root/srv/caddy"
echo "$stamp" > "$root.stamp"
