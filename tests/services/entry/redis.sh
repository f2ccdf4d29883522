#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The logic of the stock entry script of Redis' image: give the directory away and step down, with gosu up to 7; from 8 on with setpriv,
# which gives up the bounding set too.
set -eu
if [ "$(id -u)" = 0 ]; then
	find . ! -user 999 -exec chown 999:999 '{}' +
	[ "${REDIS:-8}" -ge 8 ] || exec gosu 999:999 "$0" "$@"
	exec setpriv --reuid 999 --regid 999 --clear-groups --nnp --bounding-set=-all -- "$0" "$@"
fi
exec "$@"
