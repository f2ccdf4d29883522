#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Web servers and proxies, as Debian packages them, under their profiles and, started as stock images start them, under level hardened
# alone: each serves, reads its configuration again, ends by its own signal, and does so twice.
. "$(dirname "$0")/lib.sh"
stock_root
plan 161

# ---- nginx ----

nginx_conf() {
	cat <<-CONF
		daemon off;
		pid /run/nginx.pid;
		error_log stderr;
		worker_processes 2;
		pcre_jit on;
		$2
		events { worker_connections 64; }
		http {
			access_log off;
			server {
				listen 80;
				location ~ ^/(page)?$ { return 200 "$1\n"; }
				location /put { client_body_in_file_only on; proxy_pass http://127.0.0.1/; }
			}
		}
	CONF
}
# nginx_case PROFILE USER-LINE OPTIONS CAPS UID
nginx_case() {
	w=$MARK-nginx-$1
	for t in 1 2; do
		nginx_conf "page $t" "$2" > "$conf/nginx.conf"
		n="nginx, $1, start $t"
		ok "$n: launched" start "$1" $3 -- /usr/sbin/nginx -c /srv/conf/nginx.conf -e stderr
		ok "$n: serves on port 80" within 20 says 80 "page $t"
		is "$n: takes a body that goes to a file" "$(inside /bin/busybox wget -q -O - --post-data=x http://127.0.0.1/put)" "page $t"
		confined "$n" nginx "$4" "$5"
		nginx_conf "reloaded $t" "$2" > "$conf/nginx.conf"
		ok "$n: HUP" caisson kill "$w" HUP
		ok "$n: has read its configuration again" within 20 says 80 "reloaded $t"
		stop "$n" QUIT 10
	done
}
nginx_case svc-nginx '' '' "$none" 101
nginx_case svc-nginx-root 'user www-data;' '' 00000000000004c1 0
nginx_case hardened 'user www-data;' '' "$ten" 0

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
haproxy_case() {
	w=$MARK-haproxy-$1
	for t in 1 2; do
		n="haproxy, $1, start $t"
		haproxy_conf "page $t" > "$conf/haproxy.cfg"
		ok "$n: launched" start "$1" $2 -- /usr/sbin/haproxy -W -db -f /srv/conf/haproxy.cfg
		ok "$n: serves on port 80" within 20 says 80 "page $t"
		confined "$n" haproxy "$3" 99
		haproxy_conf "reloaded $t" > "$conf/haproxy.cfg"
		ok "$n: USR2" caisson kill "$w" USR2
		ok "$n: has read its configuration again" within 20 says 80 "reloaded $t"
		stop "$n" USR1 10
	done
}
haproxy_case svc-haproxy '' "$none"
haproxy_case hardened '--user 99:99' "$ten"

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
		RedirectMatch "^/gone(.*)$" "/"
		DirectoryIndex $1
	CONF
}
httpd_case() {
	w=$MARK-httpd-$1
	for t in 1 2; do
		n="httpd, $1, start $t"
		httpd_conf index.html > "$conf/httpd.conf"
		ok "$n: launched" start "$1" $2 -- /usr/sbin/apache2 -DFOREGROUND -f /srv/conf/httpd.conf
		ok "$n: serves on port 80" within 20 says 80 'served from inside'
		ok "$n: redirects by a regular expression" says 80/gone-for-ever 'served from inside'
		confined "$n" apache2 "$3" "$4"
		httpd_conf other.html > "$conf/httpd.conf"
		ok "$n: USR1" caisson kill "$w" USR1
		ok "$n: has read its configuration again" within 20 says 80 '^page'
		stop "$n" WINCH 10
	done
}
httpd_case svc-httpd '' "$none" 33
httpd_case svc-httpd-root '' 00000000000004e0 0
httpd_case hardened '' "$ten" 0

# ---- Caddy: certificates that it makes and keeps; a program file with a capability that it starts without ----

caddy_conf() {
	cat <<-CONF
		{
			skip_install_trust
			local_certs
		}
		localhost, http://127.0.0.1 {
			@all path_regexp ^/.*
			respond @all "$1"
		}
	CONF
}
secure_page() {
	inside /usr/bin/python3 -c 'import ssl, urllib.request as u
print(u.urlopen("https://localhost/", context=ssl.create_default_context(cafile="/data/caddy/pki/authorities/local/root.crt")).read().decode())'
}
authority() { inside /bin/busybox sha256sum /data/caddy/pki/authorities/local/root.crt; }
caddy_case() {
	w=$MARK-caddy-$1
	mkdir "$TMP/caddy-$1"
	chown "$2" "$TMP/caddy-$1"
	for t in 1 2; do
		n="caddy, $1, start $t"
		caddy_conf "page $t" > "$conf/Caddyfile"
		ok "$n: launched" start "$1" -e XDG_CONFIG_HOME=/config -e XDG_DATA_HOME=/data -e HOME=/data -v "$TMP/caddy-$1:/data" \
			-- /srv/caddy run --config /srv/conf/Caddyfile --adapter caddyfile
		ok "$n: serves on port 80" within 20 says 80 "page $t"
		is "$n: serves on port 443 with a certificate of its own" "$(secure_page 2>&1)" "page $t"
		[ $t -eq 2 ] || first=$(authority)
		is "$n: which is that of its first start" "$(authority)" "$first"
		confined "$n" caddy "$3" "$4"
		caddy_conf "reloaded $t" > "$conf/Caddyfile"
		ok "$n: reloads by its own command" inside /srv/caddy reload --config /srv/conf/Caddyfile --adapter caddyfile
		ok "$n: has read its configuration again" within 20 says 80 "reloaded $t"
		stop "$n" TERM 20
	done
}
caddy_case svc-caddy 65534:65534 "$none" 65534
caddy_case hardened 0:0 "$ten" 0

leftovers_after
