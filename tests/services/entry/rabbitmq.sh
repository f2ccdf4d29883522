#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The logic of the stock entry script of RabbitMQ's image: give the directory away and step down.
set -eu
if [ "$(id -u)" = 0 ]; then
	find /var/lib/rabbitmq ! -user 999 -exec chown 999:999 '{}' +
	exec gosu 999:999 "$0" "$@"
fi
export HOME=/var/lib/rabbitmq RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_LOGS=- RABBITMQ_MNESIA_BASE=/var/lib/rabbitmq/mnesia \
	RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 2'
exec "$@"
