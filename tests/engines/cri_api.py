# SPDX-License-Identifier: Apache-2.0
"""A client of the Kubernetes container runtime interface (runtime.v1), for the tests.

Debian has no program that speaks it, so the messages are described here: those, and the fields of those, that the tests use.
The numbers are those of k8s.io/cri-api, pkg/apis/runtime/v1/api.proto. The classes are made when this is imported.
"""
import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# MESSAGE FIELD[:TYPE]=NUMBER...; no type: string; "[]" after the name: repeated; "map": from string to string.
MESSAGES = """
VersionRequest version=1
VersionResponse version=1 runtime_name=2 runtime_version=3 runtime_api_version=4
StatusRequest verbose:bool=1
RuntimeCondition type=1 status:bool=2 reason=3 message=4
RuntimeStatus conditions[]:RuntimeCondition=1
RuntimeHandlerFeatures recursive_read_only_mounts:bool=1 user_namespaces:bool=2
RuntimeHandler name=1 features:RuntimeHandlerFeatures=2
StatusResponse status:RuntimeStatus=1 runtime_handlers[]:RuntimeHandler=3

Int64Value value:int64=1
UInt64Value value:uint64=1
KeyValue key=1 value=2
IDMapping host_id:uint32=1 container_id:uint32=2 length:uint32=3
UserNamespace mode:int32=1 uids[]:IDMapping=2 gids[]:IDMapping=3
NamespaceOption network:int32=1 pid:int32=2 ipc:int32=3 target_id=4 userns_options:UserNamespace=5
SecurityProfile profile_type:int32=1 localhost_ref=2
Capability add_capabilities[]=1 drop_capabilities[]=2 add_ambient_capabilities[]=3
Mount container_path=1 host_path=2 readonly:bool=3 propagation:int32=5 uidMappings[]:IDMapping=6 gidMappings[]:IDMapping=7 recursive_read_only:bool=8
Device container_path=1 host_path=2 permissions=3
ImageSpec image=1
LinuxContainerResources cpu_period:int64=1 cpu_quota:int64=2 cpu_shares:int64=3 memory_limit_in_bytes:int64=4 oom_score_adj:int64=5 cpuset_cpus=6 cpuset_mems=7

PodSandboxMetadata name=1 uid=2 namespace=3 attempt:uint32=4
LinuxSandboxSecurityContext namespace_options:NamespaceOption=1 run_as_user:Int64Value=3 privileged:bool=6 seccomp:SecurityProfile=9
LinuxPodSandboxConfig cgroup_parent=1 security_context:LinuxSandboxSecurityContext=2 sysctls:map=3
PodSandboxConfig metadata:PodSandboxMetadata=1 hostname=2 log_directory=3 labels:map=6 annotations:map=7 linux:LinuxPodSandboxConfig=8
RunPodSandboxRequest config:PodSandboxConfig=1 runtime_handler=2
RunPodSandboxResponse pod_sandbox_id=1
StopPodSandboxRequest pod_sandbox_id=1
StopPodSandboxResponse
RemovePodSandboxRequest pod_sandbox_id=1
RemovePodSandboxResponse
PodSandboxNetworkStatus ip=1
PodSandboxStatus id=1 state:int32=3 network:PodSandboxNetworkStatus=5 annotations:map=8 runtime_handler=9
PodSandboxStatusRequest pod_sandbox_id=1 verbose:bool=2
PodSandboxStatusResponse status:PodSandboxStatus=1 info:map=2
PodSandbox id=1 state:int32=3 runtime_handler=7
ListPodSandboxRequest
ListPodSandboxResponse items[]:PodSandbox=1

LinuxContainerSecurityContext capabilities:Capability=1 privileged:bool=2 namespace_options:NamespaceOption=3 run_as_user:Int64Value=5 run_as_username=6 readonly_rootfs:bool=7 supplemental_groups[]:int64=8 no_new_privs:bool=11 run_as_group:Int64Value=12 masked_paths[]=13 readonly_paths[]=14 seccomp:SecurityProfile=15
LinuxContainerConfig resources:LinuxContainerResources=1 security_context:LinuxContainerSecurityContext=2
ContainerMetadata name=1 attempt:uint32=2
ContainerConfig metadata:ContainerMetadata=1 image:ImageSpec=2 command[]=3 args[]=4 working_dir=5 envs[]:KeyValue=6 mounts[]:Mount=7 devices[]:Device=8 annotations:map=10 log_path=11 stdin:bool=12 stdin_once:bool=13 tty:bool=14 linux:LinuxContainerConfig=15
CreateContainerRequest pod_sandbox_id=1 config:ContainerConfig=2 sandbox_config:PodSandboxConfig=3
CreateContainerResponse container_id=1
StartContainerRequest container_id=1
StartContainerResponse
StopContainerRequest container_id=1 timeout:int64=2
StopContainerResponse
RemoveContainerRequest container_id=1
RemoveContainerResponse
ContainerStatus id=1 state:int32=3 exit_code:int32=7 reason=10 message=11 log_path=15
ContainerStatusRequest container_id=1 verbose:bool=2
ContainerStatusResponse status:ContainerStatus=1 info:map=2
Container id=1 pod_sandbox_id=2 state:int32=6
ListContainersRequest
ListContainersResponse containers[]:Container=1
UpdateContainerResourcesRequest container_id=1 linux:LinuxContainerResources=2
UpdateContainerResourcesResponse
ReopenContainerLogRequest container_id=1
ReopenContainerLogResponse

ExecSyncRequest container_id=1 cmd[]=2 timeout:int64=3
ExecSyncResponse stdout:bytes=1 stderr:bytes=2 exit_code:int32=3
ExecRequest container_id=1 cmd[]=2 tty:bool=3 stdin:bool=4 stdout:bool=5 stderr:bool=6
ExecResponse url=1
AttachRequest container_id=1 stdin:bool=2 tty:bool=3 stdout:bool=4 stderr:bool=5
AttachResponse url=1
CpuUsage timestamp:int64=1 usage_core_nano_seconds:UInt64Value=2
MemoryUsage timestamp:int64=1 working_set_bytes:UInt64Value=2
ContainerStats cpu:CpuUsage=2 memory:MemoryUsage=3
ContainerStatsRequest container_id=1
ContainerStatsResponse stats:ContainerStats=1
"""

POD, CONTAINER, NODE, TARGET = range(4)
RUNTIME_DEFAULT, UNCONFINED, LOCALHOST = range(3)
STATES = ("created", "running", "exited", "unknown")


def describe(field, text):
	name, number = text.split("=")
	name, _, kind = name.partition(":")
	field.label = field.LABEL_REPEATED if name.endswith("[]") else field.LABEL_OPTIONAL
	field.name, field.number = name.removesuffix("[]"), int(number)
	builtin = getattr(field, "TYPE_" + (kind or "string").upper(), None)
	if builtin:
		field.type = builtin
	else:
		field.type, field.type_name = field.TYPE_MESSAGE, ".runtime.v1." + kind


def describe_map(message, text):
	name, number = text.split(":map=")
	entry = message.nested_type.add(name=name.title().replace("_", "") + "Entry")
	entry.options.map_entry = True
	describe(entry.field.add(), "key=1")
	describe(entry.field.add(), "value=2")
	field = message.field.add(name=name, number=int(number), label=3, type=11)
	field.type_name = ".runtime.v1.%s.%s" % (message.name, entry.name)


def classes():
	file = descriptor_pb2.FileDescriptorProto(name="cri.proto", package="runtime.v1", syntax="proto3")
	for line in filter(None, MESSAGES.splitlines()):
		name, *fields = line.split()
		message = file.message_type.add(name=name)
		for text in fields:
			if ":map=" in text:
				describe_map(message, text)
			else:
				describe(message.field.add(), text)
	pool = descriptor_pool.DescriptorPool()
	pool.Add(file)
	make = getattr(message_factory, "GetMessageClass", None) or message_factory.MessageFactory(pool).GetPrototype
	return {m.name: make(pool.FindMessageTypeByName("runtime.v1." + m.name)) for m in file.message_type}


M = classes()


class Cri:
	"""cri.RunPodSandbox(config={...}) calls that method; a failure raises grpc.RpcError."""

	def __init__(self, socket):
		# the authority that the library makes of a socket's path is refused by servers in Go
		self.channel = grpc.insecure_channel("unix://" + socket, options=[("grpc.default_authority", "localhost")])

	def __getattr__(self, method):
		call = self.channel.unary_unary("/runtime.v1.RuntimeService/" + method,
			request_serializer=M[method + "Request"].SerializeToString, response_deserializer=M[method + "Response"].FromString)
		return lambda **fields: call(M[method + "Request"](**fields), timeout=60)
