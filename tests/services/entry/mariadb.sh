#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The logic of the stock entry script of MariaDB's image: give the directories away and step down, make the data the first time with a
# server that listens to its socket alone, then become the server.
set -eu
if [ "$(id -u)" = 0 ]; then
	mkdir -p /var/lib/mysql /run/mysqld
	find /var/lib/mysql ! -user 999 -exec chown 999:999 '{}' +
	find /run/mysqld -maxdepth 0 ! -user 999 -exec chown 999:999 '{}' +
	exec gosu 999:999 "$0" "$@"
fi
if [ ! -d /var/lib/mysql/mysql ]; then
	mariadb-install-db --datadir=/var/lib/mysql --rpm --auth-root-authentication-method=normal --skip-test-db --skip-log-bin
	"$@" --skip-networking --wsrep_on=OFF &
	pid=$!
	i=0
	until mariadb -u root -e 'select 1' > /dev/null 2>&1; do
		i=$((i + 1))
		[ "$i" -lt 300 ] || exit 1
		sleep 0.1
	done
	mariadb -u root <<-'SQL'
		CREATE USER 'service'@'%' IDENTIFIED BY 'in-a-test';
		CREATE DATABASE data;
		GRANT ALL ON *.* TO 'service'@'%';
	SQL
	kill "$pid"
	wait "$pid"
fi
exec "$@"
