#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The two shapes of config.json that are measured: config.sh full|min ROOTFS CGROUP SECCOMP.json ARGS... > config.json
# "full" is what containerd and Docker make; "min" has no network namespace, no filter and no limits.
set -eu
shape=$1 rootfs=$2 cgroup=$3 seccomp=$4
shift 4
jq -n --arg shape "$shape" --arg rootfs "$rootfs" --arg cgroup "$cgroup" --slurpfile seccomp "$seccomp" --args '
	["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
	 "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"] as $names
	| ($names | map("CAP_" + .)) as $caps
	| ["nosuid", "noexec", "nodev"] as $safe
	| ($shape == "full") as $full
	| {
		ociVersion: "1.0.2",
		process: {
			terminal: false, user: { uid: 0, gid: 0 }, args: $ARGS.positional,
			env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], cwd: "/",
			capabilities: { bounding: $caps, effective: $caps, permitted: $caps },
			rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }], noNewPrivileges: true
		},
		root: { path: $rootfs, readonly: false },
		hostname: "bench",
		mounts: ([
			{ destination: "/proc", type: "proc", source: "proc", options: $safe },
			{ destination: "/dev", type: "tmpfs", source: "tmpfs",
			  options: ["nosuid", "strictatime", "mode=755", "size=65536k"] },
			{ destination: "/dev/pts", type: "devpts", source: "devpts",
			  options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] }
		] + if $full then [
			{ destination: "/dev/shm", type: "tmpfs", source: "shm",
			  options: ($safe + ["mode=1777", "size=65536k"]) },
			{ destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: $safe },
			{ destination: "/sys", type: "sysfs", source: "sysfs", options: ($safe + ["ro"]) },
			{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ($safe + ["relatime", "ro"]) }
		] else [] end),
		linux: ({
			cgroupsPath: $cgroup,
			namespaces: ((["pid", "ipc", "uts", "mount"] + if $full then ["network", "cgroup"] else [] end) | map({ type: . }))
		} + if $full then {
			maskedPaths: ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
				"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
			readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
			resources: { devices: [{ allow: false, access: "rwm" }], memory: { limit: 268435456 },
				pids: { limit: 1024 }, cpu: { shares: 1024 } },
			seccomp: $seccomp[0]
		} else {} end)
	}' "$@"
