#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Services that pass messages, remember and measure, as Debian packages them, under their profiles and, started as stock images start
# them, under the -root profile and under level hardened alone: each answers a client, reloads, ends by its own signal, and does so twice,
# on the data of the first time.
. "$(dirname "$0")/lib.sh"
stock_root
plan 113

# volume NAME OWNER: a fresh directory of that owner in $volume.
volume() {
	volume=$TMP/volume-$1
	mkdir "$volume"
	chown "$2" "$volume"
}

# ---- RabbitMQ ----

amqp() { inside /usr/bin/python3 /srv/amqp.py "$@"; }
rabbitmqctl() { caisson exec -u 999:999 -e HOME=/var/lib/rabbitmq "$w" /usr/lib/rabbitmq/bin/rabbitmqctl -n rabbit@localhost -q "$@" 2>&1; }
rabbitmq_case() {
	w=$MARK-rabbitmq-$1
	volume "rabbitmq-$1" "$2"
	rabbit="-e HOME=/var/lib/rabbitmq -e RABBITMQ_NODENAME=rabbit@localhost -e PATH=/usr/lib/rabbitmq/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	# shellcheck disable=SC2086
	case $1 in svc-*) unwell "$1" $rabbit -v "$volume:/var/lib/rabbitmq" ;; esac
	for t in 1 2; do
		n="rabbitmq, $1, start $t"
		ok "$n: launched" start "$1" $rabbit -v "$volume:/var/lib/rabbitmq" $3 -- /srv/entry/rabbitmq.sh /usr/lib/rabbitmq/bin/rabbitmq-server
		ok "$n: listens" within 240 inside /bin/busybox nc -w 1 127.0.0.1 5672 -e /bin/busybox true
		ok "$n: takes a message" within 30 amqp put "message $t"
		is "$n: gives the message of the first start" "$(amqp get 2>&1)" "message $t"
		case $1 in svc-*) well "$n" ;; esac
		[ $t -eq 2 ] || amqp put 'message 2' > /dev/null
		like "$n: is controlled by its own program" "$(rabbitmqctl list_queues name durable)" '^test.true'
		confined "$n" beam.smp "$4" 999
		stop "$n" TERM 60
	done
}
rabbitmq_case svc-rabbitmq 999:999 '' "$none"
rabbitmq_case svc-rabbitmq-root 0:0 '' 00000000000000e3
rabbitmq_case hardened 0:0 '' "$ten"

# ---- Prometheus ----

prometheus_conf() {
	cat > "$conf/prometheus.yml" <<-CONF
		global: { scrape_interval: 1s, external_labels: { page: "$2" } }
		scrape_configs:
		- job_name: itself
		  static_configs: [ { targets: [ "127.0.0.1:9090" ], labels: { start: "$1" } } ]
	CONF
}
prometheus() { inside /bin/busybox wget -q -O - "http://127.0.0.1:9090/api/v1/$1"; }
prometheus_says() { prometheus "$1" | grep -q -e "$2"; }
prometheus_case() {
	w=$MARK-prometheus-$1
	volume "prometheus-$1" 65534:65534
	for t in 1 2; do
		n="prometheus, $1, start $t"
		prometheus_conf "$t" "first-$t"
		ok "$n: launched" start "$1" -v "$volume:/prometheus" $2 -- /usr/bin/prometheus --config.file=/srv/conf/prometheus.yml \
			--storage.tsdb.path=/prometheus --web.listen-address=127.0.0.1:9090
		ok "$n: has measured itself" within 30 prometheus_says "query?query=up{start=\"$t\"}" '"start":"'$t'"},"value":\[[0-9.]*,"1"'
		ok "$n: knows of the first start" prometheus_says 'query?query=count_over_time(up{start="1"}[1h])' '"start":"1"'
		confined "$n" prometheus "$3" 65534
		prometheus_conf "$t" "reloaded-$t"
		ok "$n: HUP" caisson kill "$w" HUP
		ok "$n: has read its configuration again" within 10 prometheus_says status/config "reloaded-$t"
		stop "$n" TERM 60
	done
}
prometheus_case svc-prometheus '' "$none"
prometheus_case hardened '--user 65534:65534' "$ten"

# ---- memcached: nothing to reload, nothing to keep ----

memcache() { printf '%b' "$1" | inside /bin/busybox timeout 2 /bin/busybox nc 127.0.0.1 11211; }
memcache_ready() { memcache 'version\r\nquit\r\n' | grep -q VERSION; }
memcached_case() {
	w=$MARK-memcached-$1
	for t in 1 2; do
		n="memcached, $1, start $t"
		ok "$n: launched" start "$1" $2 -- /usr/bin/memcached -l 127.0.0.1
		ok "$n: answers" within 10 memcache_ready
		like "$n: keeps a value" "$(memcache 'set k 0 0 5\r\ngreen\r\nget k\r\nquit\r\n')" '^green'
		confined "$n" memcached "$3" 11211
		stop "$n" TERM 10
	done
}
memcached_case svc-memcached '' "$none"
memcached_case hardened '--user 11211:11211' "$ten"

leftovers_after
