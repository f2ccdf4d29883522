#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The logic of the stock entry script of PostgreSQL's image: make and give away the directories, step down, make the data the first
# time, then become the server. PGDATA and the directory of the programs, BIN, are in the environment.
set -eu
PATH=$BIN:$PATH
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$PGDATA" /run/postgresql
	chmod 00700 "$PGDATA" || :
	chmod 03775 /run/postgresql || :
	find "$PGDATA" ! -user 999 -exec chown 999:999 '{}' +
	find /run/postgresql ! -user 999 -exec chown 999:999 '{}' +
	exec gosu 999:999 "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	initdb -N -D "$PGDATA" -A trust -U service
fi
exec "$@"
