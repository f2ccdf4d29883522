# SPDX-License-Identifier: Apache-2.0
"""amqp.py put TEXT | get: one durable message into the queue of the test, or out of it."""
import sys

import pika

connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", socket_timeout=5, blocked_connection_timeout=5))
channel = connection.channel()
channel.queue_declare("test", durable=True)
if sys.argv[1] == "put":
    channel.confirm_delivery()
    channel.basic_publish("", "test", sys.argv[2].encode(), pika.BasicProperties(delivery_mode=2), mandatory=True)
else:
    _, _, body = channel.basic_get("test", auto_ack=True)
    print(body.decode() if body else "nothing")
connection.close()
