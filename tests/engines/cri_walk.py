#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a kubelet does with pods, through containerd's CRI plugin: one "key: outcome" line each.

usage: cri_walk.py SOCKET HANDLER LOGS PIDFILE [ours]

SOCKET is containerd's, HANDLER the runtime class, LOGS a directory of our own and PIDFILE holds the daemon's pid; one that was killed is
started again by the caller. Needs the image localhost/busybox:test; pods get a cgroup below $MARK.
"""
import json
import os
import re
import signal
import subprocess
import sys
import time

import grpc
import websocket

from cri_api import CONTAINER, LOCALHOST, NODE, POD, RUNTIME_DEFAULT, STATES, TARGET, UNCONFINED, Cri

IMAGE = "localhost/busybox:test"
SOCKET, HANDLER, LOGS, PIDFILE = sys.argv[1:5]
MARK = os.environ["MARK"]
cri = Cri(SOCKET)
STATUS = r"grep -E '^(Uid|Gid|Groups|CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr '\n\t' '  '"
# what a kubelet hands down for a container whose procMount is the default one
MASKED = ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/scsi", "/sys/firmware"]
READONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def say(key, *outcome):
	print(key + ":", *(re.sub(r"\s+", " ", str(o)).strip() for o in outcome), flush=True)


def until(seconds, true):
	end = time.monotonic() + seconds
	while not true():
		if time.monotonic() > end:
			return False
		time.sleep(0.05)
	return True


def refusal(call, *words):
	"""Which of the words the failure of a call holds; "succeeded" when there was none."""
	try:
		call()
	except grpc.RpcError as e:
		return "%s %s" % (e.code().name, next((w for w in words if w in e.details().lower()), e.details() if words else ""))
	return "succeeded"


class Container:
	def __init__(self, pod, name, *script, command=None, security=None, resources=None, **config):
		self.pod, self.name = pod, name
		security = {"masked_paths": MASKED, "readonly_paths": READONLY, **(security or {})}
		security.setdefault("namespace_options", {"pid": CONTAINER, **pod.namespaces})
		self.id = cri.CreateContainer(pod_sandbox_id=pod.id, sandbox_config=pod.config, config={
			"metadata": {"name": name}, "image": {"image": IMAGE}, "command": command or ["/bin/sh", "-c", *script], "log_path": name + ".log",
			"linux": {"security_context": security, "resources": resources or {}}, **config}).container_id

	def start(self):
		cri.StartContainer(container_id=self.id)
		return self

	def status(self):
		return cri.ContainerStatus(container_id=self.id).status

	def state(self):
		return STATES[self.status().state]

	def ended(self, seconds=20):
		until(seconds, lambda: self.state() == "exited")
		s = self.status()
		return "%s %d %s" % (STATES[s.state], s.exit_code, s.reason)

	def run(self):
		self.start()
		ended = self.ended()
		return "%s | %s" % (ended, self.logs())

	def path(self):
		return os.path.join(self.pod.config["log_directory"], self.name + ".log")

	def logs(self):
		"""The log without its times, "stdout F text"; the two streams are not in step."""
		with open(self.path()) as f:
			lines = [line.split(" ", 1)[1].strip() for line in f]
		return " ".join(sorted(lines, key=lambda line: line.split()[0] != "stdout"))

	def exec(self, *cmd, timeout=10):
		r = cri.ExecSync(container_id=self.id, cmd=cmd, timeout=timeout)
		return "%d %s%s" % (r.exit_code, r.stdout.decode(), " stderr " + r.stderr.decode() if r.stderr else "")

	def sh(self, script):
		return self.exec("/bin/sh", "-c", script)

	def spec(self):
		return json.loads(cri.ContainerStatus(container_id=self.id, verbose=True).info["info"])

	def cgroup_file(self, *names):
		"""The first of these files of the container's cgroup that is there, v1 or v2."""
		for directory, _, files in os.walk("/sys/fs/cgroup"):
			if directory.endswith("/" + self.id):
				for name in set(names) & set(files):
					with open(os.path.join(directory, name)) as f:
						return f.read().strip()
		return "none"

	def stop(self, timeout=10):
		cri.StopContainer(container_id=self.id, timeout=timeout)
		return self

	def remove(self):
		cri.RemoveContainer(container_id=self.id)


class Pod:
	def __init__(self, name, security=None, handler=HANDLER, sysctls=None, annotations=None, **namespaces):
		self.namespaces = namespaces
		directory = os.path.join(LOGS, HANDLER, name)
		os.makedirs(directory)
		self.config = {
			"metadata": {"name": name, "uid": HANDLER + name, "namespace": "default"}, "log_directory": directory, "annotations": annotations or {},
			"linux": {"cgroup_parent": "/%s/%s" % (MARK, name), "sysctls": sysctls or {},
				"security_context": {"namespace_options": namespaces, "seccomp": {"profile_type": RUNTIME_DEFAULT}, **(security or {})}}}
		if namespaces.get("network") != NODE:
			self.config["hostname"] = name
		self.id = cri.RunPodSandbox(config=self.config, runtime_handler=handler).pod_sandbox_id

	def status(self):
		return cri.PodSandboxStatus(pod_sandbox_id=self.id).status

	def stop(self):
		cri.StopPodSandbox(pod_sandbox_id=self.id)
		return self

	def remove(self):
		self.stop()
		cri.RemovePodSandbox(pod_sandbox_id=self.id)

	def once(self, name, script, **config):
		c = Container(self, name, script, **config)
		outcome = c.run()
		c.remove()
		return outcome


def shims(sandbox):
	found = []
	for pid in filter(str.isdigit, os.listdir("/proc")):
		try:
			with open("/proc/%s/cmdline" % pid) as f:
				if "containerd-shim" in (line := f.read()) and sandbox in line:
					found.append(int(pid))
		except OSError:
			pass
	return found


# ---- what a pod is ----

def pod_with_two():
	status = cri.Status().status
	say("status", {c.type: c.status for c in status.conditions})
	say("an unknown handler", refusal(lambda: Pod("unknown", handler="nosuch"), "no runtime for"))
	pod = Pod("two", sysctls={"net.ipv4.ip_unprivileged_port_start": "80"})
	say("pod", pod.status().state, pod.status().runtime_handler == HANDLER, bool(pod.status().network.ip))
	a = Container(pod, "a", "trap 'exit 7' TERM; echo out; echo err >&2; while :; do sleep 0.1; done", resources={
		"memory_limit_in_bytes": 64 << 20, "cpu_shares": 512, "cpu_quota": 50000, "cpu_period": 100000, "oom_score_adj": 500}, security={
		"run_as_user": {"value": 1000}, "run_as_group": {"value": 50}, "supplemental_groups": [7], "readonly_rootfs": True, "no_new_privs": True,
		"capabilities": {"drop_capabilities": ["ALL"], "add_capabilities": ["NET_RAW"]}, "seccomp": {"profile_type": RUNTIME_DEFAULT}},
		envs=[{"key": "A", "value": "b c"}], working_dir="/tmp")
	say("created", a.state())
	b = Container(pod, "b", "mkdir /www; echo served > /www/page; echo last; exec httpd -f -p 127.0.0.1:8080 -h /www")
	a.start()
	b.start()
	say("two run", a.state(), b.state())
	return pod, a, b


def inside(a, b):
	say("identity", a.sh(STATUS))
	say("identity of the plain one", b.sh(STATUS))
	say("environment and directory", a.sh("echo $A; pwd"))
	say("read-only root", a.sh("echo x > /file 2>&1"), b.sh("echo x > /file && echo written"))
	say("oom score", a.sh("cat /proc/self/oom_score_adj"))
	say("host name", a.exec("hostname"), b.exec("hostname"))
	say("devices", b.exec("ls", "/dev"))
	say("mounts", b.sh("cut -d ' ' -f 2,3 /proc/mounts | sort -u | grep -v /sys/fs/cgroup"))
	say("masked", b.sh("ls /sys/firmware; wc -c < /proc/keys; echo 1 > /proc/sys/vm/swappiness"))
	say("sysctl", b.exec("cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"))
	say("one network", a.exec("wget", "-q", "-O-", "http://127.0.0.1:8080/page"), a.sh("ls /sys/class/net"))
	say("its shared memory is the pod's", b.sh("echo shared > /dev/shm/file"), a.sh("cat /dev/shm/file"))
	say("its processes are its own", b.sh("ps | grep -c '[s]leep'"), b.exec("cat", "/proc/1/comm"))
	say("a system call that is filtered", a.sh("unshare -U true 2>&1"))


def exec_and_logs(a, b):
	say("exec", a.sh("echo out; echo err >&2; exit 5"))
	say("much output", len(a.sh("head -c 1000000 /dev/zero | tr '\\0' x")))
	say("exec beyond its time", refusal(lambda: a.exec("sleep", "100", timeout=1), "timeout 1s exceeded"))
	say("what it left", a.sh("ps | grep -c 'sleep 10[0]'"))
	say("exec of an absent program", refusal(lambda: a.exec("/no/such"), "no such file"))
	say("logs", a.logs(), "and", b.logs())
	os.rename(a.path(), a.path() + ".1")
	cri.ReopenContainerLog(container_id=a.id)
	say("a log that is opened again", os.path.exists(a.path()))
	say("standard input", stream(cri.Exec(container_id=a.id, cmd=["/bin/sh", "-c", "read l; echo got $l; exit 3"], stdin=True, stdout=True, stderr=True), "word\n"))
	say("terminal", stream(cri.Exec(container_id=a.id, cmd=["/bin/sh", "-c", "tty | tr 0-9 N; until stty size 2> /dev/null | grep .; do sleep 0.1; done; exit 4"], tty=True, stdin=True, stdout=True), size=(40, 90)))
	say("forty execs", sorted(set(a.sh("echo %d" % (n % 3)) for n in range(40))))


def stream(answer, text="", size=None):
	"""Over the streaming server, as "kubectl exec -it": what came on the channels until the server closed."""
	ws = websocket.create_connection(answer.url.replace("http:", "ws:"), subprotocols=["v4.channel.k8s.io"], timeout=20)
	if size:
		ws.send_binary(b"\x04" + json.dumps({"Height": size[0], "Width": size[1]}).encode())
	if text:
		ws.send_binary(b"\x00" + text.encode())
	channels = {1: b"", 2: b"", 3: b""}
	try:
		while data := ws.recv():
			data = data.encode() if isinstance(data, str) else data
			channels[data[0]] = channels.get(data[0], b"") + data[1:]
	except websocket.WebSocketConnectionClosedException:
		pass
	ws.close()
	codes = re.findall(r'"message":"(\d+)"', channels[3].decode())
	return channels[1].decode(), channels[2].decode(), "exit", codes or channels[3].decode()


def resources(a):
	stats = cri.ContainerStats(container_id=a.id).stats
	say("stats", stats.cpu.usage_core_nano_seconds.value > 0, stats.memory.working_set_bytes.value > 0)

	def limits():
		return [a.cgroup_file(*names) for names in (("memory.limit_in_bytes", "memory.max"), ("cpu.shares", "cpu.weight"), ("cpu.cfs_quota_us", "cpu.max"))]
	say("limits", limits())
	cri.UpdateContainerResources(container_id=a.id, linux={"memory_limit_in_bytes": 48 << 20, "cpu_shares": 256, "cpu_quota": 30000, "cpu_period": 100000})
	say("limits after an update", limits())
	say("an update of a set of processors that is not there", refusal(
		lambda: cri.UpdateContainerResources(container_id=a.id, linux={"cpuset_cpus": "4000"}), "cpuset"))
	say("and it runs on", a.state())


def endings(pod, a, b):
	say("stopped by TERM", a.stop().ended())
	t = time.monotonic()
	b.stop(1)
	say("one that does not mind TERM is killed", b.ended(), time.monotonic() - t > 0.9)
	say("stopped again", refusal(lambda: a.stop()))
	say("exec in what has ended", refusal(lambda: a.exec("true")).split()[0])
	for c in (a, b):
		c.remove()
	say("removed twice", refusal(lambda: a.remove()))
	say("exit 0", pod.once("zero", "exit 0"))
	say("exit 3", pod.once("three", "echo last words; exit 3"))
	say("by a signal", pod.once("signal", "sh -c 'kill -SEGV $$'; exit $?"))
	say("out of memory", pod.once("oom", "head -c 200m /dev/zero | tail > /dev/null; sleep 1", resources={"memory_limit_in_bytes": 16 << 20}).split()[2])
	say("the main process out of memory", pod.once("oomself", "", command=["tail", "/dev/zero"], resources={"memory_limit_in_bytes": 16 << 20}).split(" |")[0])
	absent = Container(pod, "absent", command=["/no/such"])
	say("an absent program", refusal(absent.start, "no such file"), absent.ended().rsplit(" ", 1)[-1])
	absent.remove()
	unable = Container(pod, "unable", command=["/etc/passwd"])
	say("a program that is none", refusal(unable.start, "permission denied"))
	unable.remove()
	never = Container(pod, "never", "true")
	never.remove()
	say("removed before its start", len(cri.ListContainers().containers))


# ---- what a container may ask for ----

def securities(pod):
	say("without a filter", pod.once("unconfined", "grep ^Seccomp: /proc/self/status", security={"seccomp": {"profile_type": UNCONFINED}}))
	with open(os.path.join(LOGS, "profile.json"), "w") as f:
		json.dump({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}, f)
	say("a filter of the node's", pod.once("localhost", "mkdir /tmp/x 2>&1; grep ^Seccomp: /proc/self/status", security={
		"seccomp": {"profile_type": LOCALHOST, "localhost_ref": f.name}}))
	say("a user by name", pod.once("byname", "id", security={"run_as_username": "user"}))
	say("all capabilities dropped", pod.once("nocaps", STATUS, security={"capabilities": {"drop_capabilities": ["ALL"]}}))
	say("no new privileges", pod.once("nnp", "grep NoNewPrivs /proc/self/status", security={"no_new_privs": True}))
	data = os.path.join(LOGS, HANDLER, "data")
	os.makedirs(data)
	with open(os.path.join(data, "file"), "w") as f:
		f.write("from the host\n")
	for n, (name, more) in enumerate({"a volume": {}, "a read-only volume": {"readonly": True}}.items()):
		say(name, pod.once("volume%d" % n, "cat /data/file; echo x > /data/new; grep ' /data ' /proc/self/mountinfo | cut -d ' ' -f 6,7",
			mounts=[{"container_path": "/data", "host_path": data, **more}]))
	say("a volume that was not there", pod.once("novolume", "ls -a /data", mounts=[{"container_path": "/data", "host_path": data + "/not/yet"}]))
	propagation(pod)
	say("a device", pod.once("device", "stat -c '%a %t %T' /dev/filled; echo x > /dev/filled; head -c 1 /dev/filled | wc -c", devices=[
		{"container_path": "/dev/filled", "host_path": "/dev/full", "permissions": "r"}]))
	say("a terminal", pod.once("tty", "tty", tty=True))


def propagation(pod):
	"""/run/shared is a shared mount, as all of a node's are."""
	os.makedirs("/run/shared/" + HANDLER, exist_ok=True)
	for n, key in enumerate(("a private volume", "a volume that follows the host", "a volume that is followed")):
		c = Container(pod, "propagation%d" % n, "exec sleep 1000", mounts=[{"container_path": "/data", "host_path": "/run/shared", "propagation": n}],
			security={"capabilities": {"add_capabilities": ["SYS_ADMIN"]}}).start()
		subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/shared/" + HANDLER], check=True)
		seen = c.sh("grep -c /data/ /proc/mounts")
		subprocess.run(["umount", "/run/shared/" + HANDLER], check=True)
		c.sh("mkdir /data/mine; mount -t tmpfs tmpfs /data/mine")
		say(key, "from the host", seen, "to the host", os.path.ismount("/run/shared/mine"))
		c.sh("umount /data/mine; rmdir /data/mine")
		c.stop(0).remove()


def namespaces():
	pod = Pod("shared", pid=POD)
	c = Container(pod, "one", "exec sleep 1000").start()
	say("the pod's processes", c.exec("cat", "/proc/1/comm"), c.sh("ps | grep -c '[s]leep'"))
	other = Container(pod, "other", "exec sleep 1000", security={"namespace_options": {"pid": CONTAINER}}).start()
	target = Container(pod, "target", "cat /proc/1/cmdline | tr '\\0' ' '", security={"namespace_options": {"pid": TARGET, "target_id": other.id}})
	say("another container's processes", target.run())
	pod.remove()
	say("a pod takes its containers with it", refusal(lambda: c.state()).split()[0])
	pod = Pod("node", network=NODE, pid=NODE, ipc=NODE)
	c = Container(pod, "one", "exec sleep 1000").start()
	for ns in ("net", "pid", "ipc", "uts", "mnt"):
		say("the node's " + ns, c.exec("readlink", "/proc/self/ns/" + ns).split()[1] == os.readlink("/proc/self/ns/" + ns))
	pod.remove()


def user_namespace():
	"""containerd 1.6 does not know of them and makes an ordinary pod."""
	ids = [{"container_id": 0, "host_id": 200000, "length": 65536}]
	data = os.path.join(LOGS, HANDLER, "mapped")
	os.makedirs(data, exist_ok=True)
	pod = Pod("userns", userns_options={"mode": POD, "uids": ids, "gids": ids})
	say("a pod's own users", pod.once("map", "id -u; cat /proc/self/uid_map; stat -c %u /bin/busybox; touch /made; stat -c %u /made"))
	volumes = {"mounts": [{"container_path": "/data", "host_path": data, "uidMappings": ids, "gidMappings": ids}]}
	say("its volume", pod.once("volume", "touch /data/made; stat -c %u /data/made", **volumes), os.stat(data + "/made").st_uid)
	c = Container(pod, "exec", "exec sleep 1000").start()
	say("its exec", c.sh("cat /proc/self/uid_map; grep CapEff /proc/self/status"))
	pod.remove()


def privileged():
	pod = Pod("privileged", security={"privileged": True})
	try:
		c = Container(pod, "one", "exec sleep 1000", security={"privileged": True, "masked_paths": [], "readonly_paths": []}).start()
		say("privileged", c.sh(STATUS), c.sh("test -e /dev/kmsg && echo devices; mount -t tmpfs t /mnt 2>/dev/null || { mkdir /mnt; mount -t tmpfs t /mnt; } && echo mounted"))
		say("privileged writes to /proc/sys", c.sh("test -w /proc/sys/vm/swappiness && echo yes"))
		say("privileged writes to /sys", c.sh("grep ' / /sys ' /proc/self/mountinfo | sed 's/,[^ ]*//g' | cut -d ' ' -f 6-"))
	except grpc.RpcError as e:
		say("privileged", e.details())
	pod.remove()


# ---- what goes wrong ----

def deaths():
	pod = Pod("deaths")
	c = Container(pod, "one", "trap 'exit 6' TERM; while :; do sleep 0.1; done").start()
	with open(PIDFILE) as f:
		pid = int(f.read())
	os.kill(pid, signal.SIGKILL)
	until(20, lambda: not os.path.exists("/proc/%d" % pid))
	until(30, lambda: refusal(cri.Version) == "succeeded")
	say("a daemon that was killed finds it", c.state(), c.exec("echo", "here"))
	say("and ends it", c.stop().ended())
	c.remove()
	c = Container(pod, "two", "exec sleep 1000").start()
	main = c.spec()["pid"]
	for shim in shims(pod.id):
		os.kill(shim, signal.SIGKILL)
	say("the shim was killed", c.ended(20))
	say("its process is gone", until(10, lambda: not os.path.exists("/proc/%d" % main)))
	say("it can be removed", refusal(c.remove), refusal(pod.remove))


def many():
	pods = [Pod("many%d" % n) for n in range(4)]
	containers = [Container(p, "c%d" % n, "exec sleep 1000") for p in pods for n in range(3)]
	for c in containers:
		c.start()
	say("twelve in four pods", [c.state() for c in containers].count("running"))
	for p in pods:
		p.remove()
	say("nothing is listed", len(cri.ListContainers().containers), len(cri.ListPodSandbox().items))


def ours():
	"""What a runtime class of caisson's adds: annotations that narrow, and the level in the program's name."""
	look = "awk '/^Cap(Eff|Bnd)/ { print $2 }' /proc/self/status"
	chown = {"security.capabilities": "CHOWN"}
	pod = Pod("narrowed", annotations=chown)
	say("the pod's annotation narrows", pod.once("plain", look))
	pod.remove()
	pod = Pod("plain")
	say("an annotation narrows", pod.once("narrow", look, annotations=chown))
	say("it adds nothing", pod.once("more", look, annotations={"security.capabilities": "CHOWN,SYS_ADMIN"}))
	c = Container(pod, "execs", "exec sleep 1000", annotations=chown).start()
	say("exec", c.sh(look))
	pod.remove()
	pod = Pod("level", handler="caisson-hardened")
	c = Container(pod, "one", "exec sleep 1000").start()
	say("hardened by name", c.sh("grep -E '^(NoNewPrivs|Seccomp):' /proc/1/status"))
	say("its exec", c.sh("grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status"))
	pod.remove()
	say("end", 0)


def main():
	pod, a, b = pod_with_two()
	inside(a, b)
	exec_and_logs(a, b)
	resources(a)
	endings(pod, a, b)
	securities(pod)
	say("pod stopped", pod.stop().status().state)
	pod.remove()
	say("pod removed twice", refusal(pod.remove))
	namespaces()
	user_namespace()
	privileged()
	deaths()
	many()
	say("end", 0)


main() if sys.argv[5:] != ["ours"] else ours()
