#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ctr lacks: containerd's Tasks.Update. usage: ctr_update.py SOCKET NAMESPACE ID RESOURCES

RESOURCES is linux.resources of the OCI specification, as JSON. The request is
UpdateTaskRequest { string container_id = 1; google.protobuf.Any resources = 2; } with Any { string type_url = 1; bytes value = 2; }.
"""
import sys

import grpc


def field(number, value):
	"""A field of bytes: its tag, its length as a varint, itself."""
	length, varint = len(value), b""
	while length > 127:
		varint += bytes([length & 127 | 128])
		length >>= 7
	return bytes([number << 3 | 2]) + varint + bytes([length]) + value


socket, namespace, container, resources = sys.argv[1:]
channel = grpc.insecure_channel("unix://" + socket, options=[("grpc.default_authority", "localhost")])
update = channel.unary_unary("/containerd.services.tasks.v1.Tasks/Update")
kind = b"types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"
request = field(1, container.encode()) + field(2, field(1, kind) + field(2, resources.encode()))
try:
	update(request, metadata=[("containerd-namespace", namespace)], timeout=30)
except grpc.RpcError as e:
	sys.exit(e.details())
