#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shipped profiles, with the services as Debian packages them: each starts under its profile, answers a client, reloads, ends by its
# own signal, starts again on the same data. And what each profile denies is tried, from inside, errno by errno.
if [ -z "${CAISSON_TEST_OWN_MOUNTS:-}" ] && [ "$(id -u)" -eq 0 ]; then
	# The place of policy files is covered by one of our own, in a mount namespace that ends with this file.
	CAISSON_TEST_OWN_MOUNTS=1 exec unshare -m --propagation private sh "$0" "$@"
fi
. "$(dirname "$0")/../integration/lib.sh"
need apt-get dpkg-deb

here=$(cd "$(dirname "$0")" && pwd)
profiles=$here/../../profiles

# ---- the profiles, where they are looked for ----

etc=$("$CAISSON" policy check 2>&1 | sed -n 's|^\(.*: \)\{0,1\}\(/.*\)/caisson\.json: .*|\2|p' | head -n 1)
up=$(dirname "${etc:-/}")
if [ ! -d "$up" ] || [ "$up" = / ]; then
	skip_all "the place of policy files ($etc) cannot be covered here: $up is not there"
fi
cp -a "$up/." "$TMP/up" || skip_all "$up cannot be copied"
mount -t tmpfs -o mode=755 tmpfs "$up" || skip_all "nothing can be mounted at $up"
cp -a "$TMP/up/." "$up"
rm -rf "$etc" "$TMP/up"
mkdir -p "$etc/profiles"
cp "$profiles"/svc-*.json "$etc/profiles"
chown -R 0:0 "$etc"
chmod -R go-w "$etc"

# ---- a root of all the services ----

root=${CAISSON_CACHE:-$TMP}/profiles-root
sh "$here/../engines/debroot.sh" "$root" nginx redis-server redis-tools postgresql memcached haproxy apache2 cron nodejs \
	python3-gunicorn busybox-static util-linux dash > "$TMP/debroot.log" 2>&1 ||
	skip_all "Debian's packages cannot be fetched: $(tail -n 1 "$TMP/debroot.log")"
mkdir -p "$root/srv/conf" "$root/srv/www" "$root/data"
cp "$here/probe.py" "$root/srv/probe.py"
cp "$root/bin/busybox" "$root/srv/set-uid"
chmod 4755 "$root/srv/set-uid"
echo 'served from inside' > "$root/srv/www/index.html"
grep -q :999: "$root/etc/passwd" || echo 'service:x:999:999::/data:/usr/sbin/nologin' >> "$root/etc/passwd"
echo '127.0.0.1 localhost' > "$root/etc/hosts"
[ -e "$root/var/run" ] || ln -s ../run "$root/var/run"
# What the package's script would have made.
printf '%s required pam_permit.so\n' auth account session password | tee "$root/etc/pam.d/cron" > "$root/etc/pam.d/other"
pg=$(echo "$root"/usr/lib/postgresql/*/bin)
pg=${pg#"$root"}
conf=$TMP/conf
mkdir "$conf"

plan 226

# ---- helpers ----

# start PROFILE [OPTION... ROOT -- PROGRAM...]: in $w, with the configuration at /srv/conf.
start() {
	_profile=$1
	shift
	caisson launch -d --name "$w" --policy "$_profile" -v "$conf:/srv/conf:ro" "$@"
}
inside() { caisson exec "$w" "$@"; }
page() { inside /bin/busybox wget -q -O - "http://127.0.0.1:$1/"; }
says() { page "$1" | grep -q -e "$2"; }
ended() { [ "$(status_of "$w")" = stopped ] || [ "$(status_of "$w")" = gone ]; }
# field KEY COMM: of a process of that name in the container.
field() {
	for _p in $(caisson ps --format json "$w" 2> /dev/null | jq -r '.[]'); do
		[ "$(cat "/proc/$_p/comm" 2> /dev/null)" = "$2" ] || continue
		awk -v k="$1:" '$1 == k { print $2; exit }' "/proc/$_p/status"
		return
	done
}
# stop NAME SIGNAL SECONDS
stop() {
	ok "$1: SIG$2 is sent" caisson kill "$w" "$2"
	ok "$1: it ends within $3 s" wait_for "$3" ended
	caisson delete --force "$w" > /dev/null 2>&1
}
# confined NAME COMM CAPS: what the kernel says about one of its processes.
confined() {
	is "$1: capabilities, no_new_privs and filter" "$(field CapBnd "$2") $(field NoNewPrivs "$2") $(field Seccomp "$2")" "$3 1 2"
}
none=0000000000000000

# ---- what is denied ----

cat > "$TMP/denied" <<'LIST'
raw socket: EPERM
packet socket: EAFNOSUPPORT
AF_ALG: EAFNOSUPPORT
AF_VSOCK: EAFNOSUPPORT
netlink audit: EPROTONOSUPPORT
TIOCSTI: EPERM
remount: EPERM
block device: EPERM
user namespace: EPERM
namespace of another: EPERM
ptrace: EPERM
host name: EPERM
set-uid file: EPERM
write to /: EROFS
write to /usr/bin: EROFS
write to /proc/sys: EROFS
exec from /tmp: EACCES
exec from /dev/shm: EACCES
become another: EPERM
keyctl: EPERM
bpf: EPERM
perf_event_open: EPERM
userfaultfd: EPERM
io_uring_setup: ENOSYS
open_tree: ENOSYS
clone3: ENOSYS
memfd_secret: ENOSYS
number 600: ENOSYS
LIST
# What differs, and why.
differs() {
	case $1 in
	svc-*-root) printf '%s' 's/^\(become another\): .*/\1: allowed/; s/^\(exec from .tmp\): .*/\1: EROFS/' ;; # a step down from root; no /tmp of its own
	svc-sshd | svc-cron) printf '%s' 's/^\(become another\): .*/\1: allowed/' ;;
	svc-java) printf '%s' 's/^\(exec from .tmp\): .*/\1: allowed/' ;;
	esac
}
for f in "$profiles"/svc-*.json; do
	p=$(basename "$f" .json)
	sed "$(differs "$p")" "$TMP/denied" > "$TMP/wanted"
	caisson launch --policy "$p" "$root" -- /usr/bin/python3 /srv/probe.py > "$TMP/got" 2> "$TMP/got.err"
	ok "$p: what it denies is denied" diff "$TMP/wanted" "$TMP/got"
done

# ---- nginx ----

nginx_conf() {
	cat <<-CONF
		daemon off;
		pid /run/nginx.pid;
		error_log stderr;
		worker_processes 2;
		$2
		events { worker_connections 64; }
		http {
			access_log off;
			server { listen 80; location / { return 200 "$1\n"; } location /put { client_body_in_file_only on; proxy_pass http://127.0.0.1/; } }
		}
	CONF
}
nginx_case() {
	w=$MARK-$1
	for t in 1 2; do
		nginx_conf "page $t" "$2" > "$conf/nginx.conf"
		n="$1, start $t"
		# the package's directory, which its script would have given away
		ok "$n: launched" start "$1" $3 "$root" -- /usr/sbin/nginx -c /srv/conf/nginx.conf -e stderr
		ok "$n: serves on port 80" wait_for 10 says 80 "page $t"
		is "$n: takes a body that goes to a file" "$(inside /bin/busybox wget -q -O - --post-data=x http://127.0.0.1/put)" "page $t"
		confined "$n" nginx "$4"
		nginx_conf "reloaded $t" "$2" > "$conf/nginx.conf"
		ok "$n: HUP" caisson kill "$w" HUP
		ok "$n: has read its configuration again" wait_for 10 says 80 "reloaded $t"
		stop "$n" QUIT 10
	done
}
nginx_case svc-nginx '' '' "$none"
nginx_case svc-nginx-root 'user www-data;' '--tmpfs /run --tmpfs /var/lib/nginx' 00000000000004c1

# ---- Redis: its entry script is a chown and a step down ----

redis_case() {
	w=$MARK-$1
	mkdir -p "$TMP/redis-$1"
	chown "$2" "$TMP/redis-$1"
	for t in 1 2; do
		n="$1, start $t"
		ok "$n: launched" start "$1" -v "$TMP/redis-$1:/data" "$root" -- /bin/busybox sh -c "$3"' /usr/bin/redis-server --dir /data --save "3600 1"'
		ok "$n: answers" wait_for 10 inside /usr/bin/redis-cli PING
		[ $t -eq 2 ] || inside /usr/bin/redis-cli SET colour green > /dev/null 2>&1
		is "$n: has its value" "$(inside /usr/bin/redis-cli GET colour 2>&1)" green
		confined "$n" redis-server "$4"
		is "$n: is uid 999" "$(inside /bin/busybox sh -c 'stat -c %u "/proc/$(pidof redis-server)"' 2>&1)" 999
		like "$n: saves, by a fork" "$(inside /usr/bin/redis-cli BGSAVE 2>&1)" 'Background saving started'
		stop "$n" TERM 10
	done
}
redis_case svc-redis 999:999 exec "$none"
redis_case svc-redis-root 0:0 'chown -R 999:999 /data && exec /usr/bin/setpriv --reuid 999 --regid 999 --clear-groups' 00000000000001eb

# ---- PostgreSQL ----

sql() { inside "$pg/psql" -h /run/postgresql -U service -d postgres -Atqc "$1" 2>&1; }
postgres_case() {
	w=$MARK-$1
	mkdir -p "$TMP/pg-$1" "$root/var/lib/postgresql"
	chown "$2" "$TMP/pg-$1"
	for t in 1 2; do
		n="$1, start $t"
		ok "$n: launched" start "$1" -v "$TMP/pg-$1:/var/lib/postgresql" $4 "$root" -- /bin/busybox sh -c \
			"$3"' /bin/busybox sh -c '\''[ -e /var/lib/postgresql/d/PG_VERSION ] || '"$pg"'/initdb -N -D /var/lib/postgresql/d -A trust -U service; exec '"$pg"'/postgres -D /var/lib/postgresql/d -k /run/postgresql'\'
		ok "$n: is ready" wait_for 30 inside "$pg/pg_isready" -q -h /run/postgresql
		[ $t -eq 2 ] || sql 'create table t as select g as n from generate_series(1, 20000) g'
		is "$n: has its rows, also by workers in parallel" "$(sql 'set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; select sum(n) from t')" 200010000
		is "$n: compiles a query" "$(sql 'set jit_above_cost = 0; set jit_inline_above_cost = 0; select sum(n + 1) from t')" 200030000
		confined "$n" postgres "$5"
		sql "alter system set work_mem = '${t}5MB'" > /dev/null
		is "$n: reloads" "$(sql 'select pg_reload_conf()')" t
		reloaded() { [ "$(sql 'show work_mem')" = "${t}5MB" ]; }
		ok "$n: has read its configuration again" wait_for 10 reloaded
		stop "$n" INT 60
	done
}
postgres_case svc-postgres 999:999 exec '' "$none"
postgres_case svc-postgres-root 0:0 \
	'mkdir -p /run/postgresql && chown 999:999 /run/postgresql /var/lib/postgresql && exec /usr/bin/setpriv --reuid 999 --regid 999 --clear-groups' \
	'--tmpfs /run --tmpfs /tmp' 00000000000000eb

# ---- memcached: nothing to reload, nothing to keep ----

w=$MARK-memcached
memcache() { printf '%b' "$1" | inside /bin/busybox timeout 2 /bin/busybox nc 127.0.0.1 11211; }
ready() { memcache 'version\r\nquit\r\n' | grep -q VERSION; }
for t in 1 2; do
	n="svc-memcached, start $t"
	ok "$n: launched" start svc-memcached "$root" -- /usr/bin/memcached -l 127.0.0.1
	ok "$n: answers" wait_for 10 ready
	like "$n: keeps a value" "$(memcache 'set k 0 0 5\r\ngreen\r\nget k\r\nquit\r\n')" '^green'
	confined "$n" memcached "$none"
	stop "$n" TERM 10
done

# ---- HAProxy ----

haproxy_conf() {
	cat <<-CONF
		global
		    maxconn 100
		defaults
		    mode http
		    timeout client 5s
		    timeout server 5s
		    timeout connect 5s
		frontend f
		    bind :80
		    http-request return status 200 content-type text/plain string "$1" if { path_reg ^/.* }
	CONF
}
w=$MARK-haproxy
for t in 1 2; do
	n="svc-haproxy, start $t"
	haproxy_conf "page $t" > "$conf/haproxy.cfg"
	ok "$n: launched" start svc-haproxy "$root" -- /usr/sbin/haproxy -W -db -f /srv/conf/haproxy.cfg
	ok "$n: serves on port 80" wait_for 10 says 80 "page $t"
	confined "$n" haproxy "$none"
	haproxy_conf "reloaded $t" > "$conf/haproxy.cfg"
	ok "$n: USR2" caisson kill "$w" USR2
	ok "$n: has read its configuration again" wait_for 10 says 80 "reloaded $t"
	stop "$n" USR1 10
done

# ---- Apache httpd ----

httpd_conf() {
	cat <<-CONF
		ServerRoot /usr/lib/apache2
		ServerName localhost
		PidFile /run/httpd.pid
		Listen 80
		ErrorLog /dev/stderr
		LoadModule mpm_event_module modules/mod_mpm_event.so
		LoadModule authz_core_module modules/mod_authz_core.so
		LoadModule alias_module modules/mod_alias.so
		LoadModule dir_module modules/mod_dir.so
		User #33
		Group #33
		DocumentRoot /srv/www
		DirectoryIndex $1
	CONF
}
httpd_case() {
	w=$MARK-$1
	for t in 1 2; do
		n="$1, start $t"
		httpd_conf index.html > "$conf/httpd.conf"
		echo "page" > "$root/srv/www/other.html"
		ok "$n: launched" start "$1" $2 "$root" -- /usr/sbin/apache2 -DFOREGROUND -f /srv/conf/httpd.conf
		ok "$n: serves on port 80" wait_for 10 says 80 'served from inside'
		confined "$n" apache2 "$3"
		httpd_conf other.html > "$conf/httpd.conf"
		ok "$n: USR1" caisson kill "$w" USR1
		ok "$n: has read its configuration again" wait_for 10 says 80 '^page'
		stop "$n" WINCH 10
	done
}
httpd_case svc-httpd '' "$none"
httpd_case svc-httpd-root '--tmpfs /run --tmpfs /tmp' 00000000000004e0

# ---- cron: a job at its start, as another user ----

w=$MARK-cron
mkdir "$TMP/cron.d"
echo '@reboot www-data /bin/busybox id -u > /tmp/job; /bin/busybox grep CapBnd /proc/self/status >> /tmp/job' > "$TMP/cron.d/job"
job() { inside /bin/busybox grep -q CapBnd /tmp/job; }
for t in 1 2; do
	n="svc-cron, start $t"
	ok "$n: launched" start svc-cron -v "$TMP/cron.d:/etc/cron.d:ro" "$root" -- /usr/sbin/cron -f
	ok "$n: runs a job" wait_for 10 job
	like "$n: as the job's user" "$(inside /bin/busybox cat /tmp/job 2>&1)" '^33$'
	confined "$n" cron 00000000000000c0
	stop "$n" TERM 10
done

# ---- programs: node, Python, one static file ----

cat > "$conf/app.js" <<'JS'
const server = require("http").createServer((_, answer) => answer.end("from node\n")).listen(3000, "127.0.0.1");
process.on("SIGTERM", () => server.close(() => process.exit(0)));
JS
cat > "$conf/app.py" <<'PY'
def app(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"from python\n"]
PY
# program_case PROFILE COMM PORT TEXT RELOAD PROGRAM...
program_case() {
	w=$MARK-$1
	_p=$1 _comm=$2 _port=$3 _text=$4 _reload=$5
	shift 5
	for t in 1 2; do
		n="$_p, start $t"
		ok "$n: launched" start "$_p" "$root" -- "$@"
		ok "$n: serves" wait_for 20 says "$_port" "$_text"
		if [ -n "$_reload" ]; then
			ok "$n: $_reload" caisson kill "$w" "$_reload"
			ok "$n: serves after it" wait_for 20 says "$_port" "$_text"
		fi
		confined "$n" "$_comm" "$none"
		stop "$n" TERM 10
	done
}
program_case svc-node node 3000 'from node' '' /usr/bin/node /srv/conf/app.js
# A worker that was born a moment ago misses gunicorn's TERM, and gunicorn waits for it this long.
program_case svc-python python3 8000 'from python' HUP /usr/bin/python3 -m gunicorn --graceful-timeout 3 --chdir /srv/conf -b 127.0.0.1:8000 \
	-w 2 app:app
program_case svc-go busybox 8080 'served from inside' '' /bin/busybox httpd -f -p 127.0.0.1:8080 -h /srv/www

leftovers_after
