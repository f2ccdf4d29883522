#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Two services as Debian ships them, from an exported root, launched strict under their own user: they serve, they cannot
# write where they should not, they end when asked, and the kernel agrees with the plan.
. "$(dirname "$0")/../integration/lib.sh"
need curl nsenter apt-get dpkg-deb python3

here=$(cd "$(dirname "$0")" && pwd)
root=${CAISSON_CACHE:-$TMP}/services-root
sh "$here/debroot.sh" "$root" nginx redis-server busybox-static > "$TMP/debroot.log" 2>&1 ||
	skip_all "Debian's nginx and redis cannot be fetched: $(tail -n 1 "$TMP/debroot.log")"

mkdir -p "$root/srv/www" "$root/etc/caisson-test" "$root/var/lib/redis"
chown 101:101 "$root/var/lib/redis"
echo 'served from inside' > "$root/srv/www/index.html"
cat > "$root/etc/caisson-test/nginx.conf" <<'CONF'
daemon off;
pid /run/nginx.pid;
error_log stderr;
worker_processes 2;
events { worker_connections 64; }
http {
	access_log off;
	client_body_temp_path /tmp/body;
	proxy_temp_path /tmp/proxy;
	fastcgi_temp_path /tmp/fastcgi;
	uwsgi_temp_path /tmp/uwsgi;
	scgi_temp_path /tmp/scgi;
	server { listen 80; root /srv/www; }
}
CONF
# What "docker image inspect" would print for such images.
echo '[{"Config":{"User":"www-data","Labels":{"security.capabilities":"NET_BIND_SERVICE"},"StopSignal":"SIGQUIT"}}]' > "$TMP/nginx.json"
echo '[{"Config":{"User":"redis","Labels":{"security.capabilities":""}}}]' > "$TMP/redis.json"

plan 25
pid_of() { caisson state "$1" | jq -r .pid; }
field() { awk -v k="$2:" '$1 == k { $1 = ""; sub(/^ /, ""); print; exit }' "/proc/$1/status"; }
# payload ID COMM: a process of that name in the container (the first process may be caisson-init).
payload() {
	for _p in $(caisson ps --format json "$1" 2> /dev/null | jq -r '.[]'); do
		[ "$(cat "/proc/$_p/comm" 2> /dev/null)" != "$2" ] || { echo "$_p"; return; }
	done
}
# request ID PORT: an HTTP request from the container's own network.
request() { nsenter -t "$(pid_of "$1")" -n -- curl -sS --max-time 5 "http://127.0.0.1:$2/"; }
# redis ID WORDS...: one command, over the container's own loopback.
redis() {
	_id=$1
	shift
	nsenter -t "$(pid_of "$_id")" -n -- python3 -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", 6379), 5)
s.sendall((" ".join(sys.argv[1:]) + "\r\n").encode())
print(s.recv(4096).decode().strip())' "$@"
}
# green ID: posture looked at a fair number of controls, and none differs.
green() {
	caisson posture "$1" > "$TMP/posture" 2>&1 || { cat "$TMP/posture"; return 1; }
	caisson posture --json "$1" > "$TMP/posture.json" && [ "$(jq '[.. | objects | select(has("verdict"))] | length' "$TMP/posture.json")" -ge 10 ]
}
writes() { caisson exec "$1" /bin/busybox sh -c "echo x > $2"; }
ended() { [ "$(status_of "$1")" = "${2:-stopped}" ] || [ "$(status_of "$1")" = gone ]; }

# ---- nginx ----

w=$MARK-nginx
ok "nginx is launched strict with its label, as www-data" caisson launch -d --name "$w" --image-config "$TMP/nginx.json" \
	"$root" -- /usr/sbin/nginx -c /etc/caisson-test/nginx.conf
served() { request "$w" 80 | grep -q 'served from inside'; }
ok "it serves a page on port 80" wait_for 10 served
for i in 1 2 3 4 5; do request "$w" 80; done > "$TMP/pages" 2> /dev/null
is "and five more" "$(grep -c 'served from inside' "$TMP/pages")" 5
p=$(payload "$w" nginx)
like "no process of it is root inside" "$(caisson exec "$w" /bin/busybox id -u 2>&1)" '^33$'
like "its real user is not root" "$(field "${p:-self}" Uid)" '^[1-9]'
is "no_new_privs is on" "$(field "${p:-self}" NoNewPrivs)" 1
is "a filter is loaded" "$(field "${p:-self}" Seccomp)" 2
like "the bounding set is the label's" "$(field "${p:-self}" CapBnd)" '^0000000000000(4|0)00$'
fails "it cannot write to the root" "Read-only file system" writes "$w" /srv/www/x
fails "nor to /etc" "Read-only file system" writes "$w" /etc/x
ok "it can write to /tmp" writes "$w" /tmp/x
ok "posture: everything is as planned" green "$w"
ok "SIGQUIT is sent" caisson kill "$w" QUIT
ok "it ends" wait_for 10 ended "$w"
ok "it is deleted" caisson delete --force "$w"

# ---- redis ----

w=$MARK-redis
ok "redis is launched strict with an empty label, as redis" caisson launch -d --name "$w" --image-config "$TMP/redis.json" \
	"$root" -- /usr/bin/redis-server --dir /tmp --save '' --protected-mode no --bind 127.0.0.1
ponged() { redis "$w" PING | grep -q PONG; }
ok "it answers" wait_for 10 ponged
is "it keeps a value" "$(redis "$w" SET colour green > /dev/null 2>&1; redis "$w" GET colour 2>&1 | tail -n 1 | tr -d '\r')" green
p=$(payload "$w" redis-server)
is "it has no capability at all" "$(field "${p:-self}" CapPrm) $(field "${p:-self}" CapBnd)" "0000000000000000 0000000000000000"
fails "it cannot write to its own /var/lib" "Read-only file system" writes "$w" /var/lib/redis/x
ok "posture: everything is as planned" green "$w"
ok "SIGTERM is sent" caisson kill "$w" TERM
ok "it ends" wait_for 10 ended "$w"
ok "it is deleted" caisson delete --force "$w"

leftovers_after
