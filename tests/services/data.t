#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Services that keep data, as Debian packages them, under their profiles and, where the stock image starts as root, as its entry script
# does that, under the -root profile and under level hardened alone: each answers a client, reloads, ends by its own signal, and starts
# again on the data that are then another user's.
. "$(dirname "$0")/lib.sh"
stock_root
plan 175

# volume NAME OWNER: a fresh directory of that owner in $volume.
volume() {
	volume=$TMP/volume-$1
	mkdir "$volume"
	chown "$2" "$volume"
}

# ---- Redis ----

redis_case() {
	w=$MARK-redis-$1
	case $1 in svc-*) unwell "$1" ;; esac
	volume "redis-$1" "$2"
	for t in 1 2; do
		n="redis, $1, start $t"
		ok "$n: launched" start "$1" -e "REDIS=$3" -v "$volume:/data" -w /data -- /srv/entry/redis.sh /usr/bin/redis-server --dir /data --save '3600 1'
		ok "$n: answers" within 20 inside /usr/bin/redis-cli PING
		case $1 in svc-*) well "$n" ;; esac
		[ $t -eq 2 ] || inside /usr/bin/redis-cli SET colour green > /dev/null 2>&1
		is "$n: has its value" "$(inside /usr/bin/redis-cli GET colour 2>&1)" green
		confined "$n" redis-server "$4" 999
		like "$n: saves, by a fork" "$(inside /usr/bin/redis-cli BGSAVE 2>&1)" 'Background saving started'
		stop "$n" TERM 10
	done
}
redis_case svc-redis 999:999 8 "$none"
redis_case svc-redis-root 0:0 7 00000000000001eb
redis_case hardened 0:0 8 "$none" # the entry script itself empties the bounding set

# ---- PostgreSQL ----

pg=$(echo "$root"/usr/lib/postgresql/*/bin)
pg=${pg#"$root"}
sql() { inside "$pg/psql" -h /run/postgresql -U service -d postgres -Atqc "$1" 2>&1; }
postgres_case() {
	w=$MARK-postgres-$1
	volume "postgres-$1" "$2"
	case $1 in svc-*) unwell "$1" -e "PATH=$pg:/usr/sbin:/usr/bin:/sbin:/bin" ;; esac
	for t in 1 2; do
		n="postgres, $1, start $t"
		ok "$n: launched" start "$1" -e "BIN=$pg" -e "PATH=$pg:/usr/sbin:/usr/bin:/sbin:/bin" -e PGDATA=/var/lib/postgresql/d -v "$volume:/var/lib/postgresql" $3 \
			-- /srv/entry/postgres.sh postgres -k /run/postgresql
		ok "$n: is ready" within 60 inside "$pg/pg_isready" -q -h /run/postgresql
		case $1 in svc-*) well "$n" ;; esac
		[ $t -eq 2 ] || sql 'create table t as select g as n from generate_series(1, 20000) g'
		is "$n: has its rows, also by workers in parallel" "$(sql 'set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0; select sum(n) from t')" 200010000
		is "$n: compiles a query" "$(sql 'set jit_above_cost = 0; set jit_inline_above_cost = 0; select sum(n + 1) from t')" 200030000
		confined "$n" postgres "$4" 999
		sql "alter system set work_mem = '${t}5MB'" > /dev/null
		is "$n: reloads" "$(sql 'select pg_reload_conf()')" t
		reloaded() { [ "$(sql 'show work_mem')" = "${t}5MB" ]; }
		ok "$n: has read its configuration again" within 10 reloaded
		stop "$n" INT 90
	done
}
postgres_case svc-postgres 999:999 '' "$none"
postgres_case svc-postgres-root 0:0 '' 00000000000000eb
postgres_case hardened 0:0 '' "$ten"

# ---- MariaDB ----

maria() { inside /usr/bin/mariadb -h 127.0.0.1 -u service -pin-a-test -N -B -e "$1" data 2>&1; }
mariadb_case() {
	w=$MARK-mariadb-$1
	volume "mariadb-$1" "$2"
	case $1 in svc-*) unwell "$1" ;; esac
	for t in 1 2; do
		n="mariadb, $1, start $t"
		ok "$n: launched" start "$1" -v "$volume:/var/lib/mysql" $3 -- /srv/entry/mariadb.sh /usr/sbin/mariadbd --bind-address=127.0.0.1 \
			--innodb-buffer-pool-size=64M
		ok "$n: answers a client over the network" within 120 maria 'select 1'
		case $1 in svc-*) well "$n" ;; esac
		[ $t -eq 2 ] || maria 'create table t (n int, s varchar(20)) engine=InnoDB; insert into t select seq, "green" from seq_1_to_20000'
		is "$n: has its rows" "$(maria 'select sum(n) from t')" 200010000
		is "$n: compiles a regular expression" "$(maria 'select count(*) from t where s regexp "^gr[aeiou]+n$"')" 20000
		is "$n: sorts in a file of its own" "$(maria 'set sort_buffer_size = 1024, tmp_memory_table_size = 0; select count(*) from (select distinct n, s from t order by s, n desc limit 19999) x')" 19999
		is "$n: flushes its logs" "$(maria 'flush logs; select 1')" 1
		confined "$n" mariadbd "$4" 999
		stop "$n" TERM 60
	done
}
mariadb_case svc-mariadb 999:999 '' "$none"
mariadb_case svc-mariadb-root 0:0 '' 00000000000000e3
mariadb_case hardened 0:0 '' "$ten"

leftovers_after
