#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs generated config.json under caisson and its peers, and compares what a process sees inside.

    oracle.py --caisson PROGRAM --probe PROGRAM --work DIR --cases N --seed N --decisions FILE [--peer PROGRAM]...

TAP, one line per topic. Where caisson agrees with one peer it is as compatible as one can be; where it agrees with none,
decisions.txt says why, or the line fails. One case is a function of seed and number: --only N runs that one and shows it.
"""
import argparse
import concurrent.futures
import contextlib
import fnmatch
import glob
import json
import os
import random
import re
import shutil
import subprocess
import sys

CAPS = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_ADMIN NET_RAW
IPC_LOCK SYS_CHROOT SYS_PTRACE SYS_ADMIN SYS_NICE MKNOD LEASE AUDIT_WRITE SETFCAP""".split()
LOOK = """/ /tmp /etc/passwd /proc/kcore /proc/keys /proc/timer_list /proc/sysrq-trigger /proc/sys /proc/sys/kernel/hostname
/proc/bus /proc/irq /sys/firmware /proc/acpi /masked /masked/file /fixed /fixed/file /dev/null /dev/full /dev/tty /m0 /m1 /m2
/m3""".split()


def chance(r, p):
    return r.random() < p


def some(r, values, most=None):
    return r.sample(values, r.randint(0, min(len(values), most or len(values))))


def gen_process(r, userns):
    bounding = ["CAP_" + c for c in some(r, CAPS)]
    permitted = some(r, bounding)
    effective = some(r, permitted)
    inheritable = some(r, bounding, 4) if chance(r, 0.3) else []
    ambient = some(r, [c for c in permitted if c in inheritable])
    uid = r.choice([0, 0, 0, 1000, 65534, 4242])
    user = {"uid": uid, "gid": r.choice([uid, uid, 0, 50])}
    if chance(r, 0.5):
        user["additionalGids"] = some(r, [5, 20, 44, 50, 1000, 2000], 4)
    if chance(r, 0.4):
        user["umask"] = r.choice([0, 0o22, 0o77, 0o27, 0o777])
    p = {
        "terminal": False,
        "user": user,
        "args": ["/probe"] + LOOK,
        "env": ["PATH=/bin:/usr/bin"] + some(r, ["A=1", "B=", "C=two words", "HOME=/home/user", "D=x=y", "TERM=xterm"]),
        "cwd": r.choice(["/", "/", "/tmp", "/home/user", "/etc", "/made/by/runtime"] if not userns else ["/", "/tmp"]),
        "noNewPrivileges": chance(r, 0.5),
    }
    if chance(r, 0.85):
        p["capabilities"] = {"bounding": bounding, "permitted": permitted, "effective": effective,
                             "inheritable": inheritable, "ambient": ambient}
    if chance(r, 0.5):
        p["rlimits"] = []
        for name, hard in some(r, [("NOFILE", 4096), ("NPROC", 3000), ("CORE", 0), ("STACK", 16 << 20), ("MEMLOCK", 65536),
                                   ("FSIZE", 1 << 30), ("CPU", 500), ("SIGPENDING", 900), ("MSGQUEUE", 400000), ("NICE", 0)]):
            p["rlimits"].append({"type": "RLIMIT_" + name, "hard": hard, "soft": r.choice([hard, hard // 2])})
    if chance(r, 0.5):
        p["oomScoreAdj"] = r.choice([0, 1, 100, 500, 1000])
    return p


def gen_mounts(r, bundle, ns):
    strict = r.choice(["strictatime", "relatime", "noatime"])
    mounts = [
        {"destination": "/proc", "type": "proc", "source": "proc",
         "options": r.choice([[], ["nosuid", "noexec", "nodev"]])},
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", strict, "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
         "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
    ]
    if "ipc" in ns and chance(r, 0.7):
        mounts.append({"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
                       "options": ["nosuid", "noexec", "nodev"]})
    if "network" in ns or "user" not in ns:
        mounts.append({"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]})
        if chance(r, 0.7) and "user" not in ns:
            mounts.append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                           "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]})
    for i in range(r.randint(0, 4)):
        words = some(r, ["nosuid", "nodev", "noexec"]) + some(r, ["ro"], 1)
        if chance(r, 0.4):
            words.append(r.choice(["noatime", "relatime", "strictatime", "nodiratime"]))
        if chance(r, 0.3):
            words.append(r.choice(["private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable"]))
        kind = r.choice(["tmpfs", "bind", "rbind", "file"])
        m = {"destination": "/m%d" % i}
        if kind == "tmpfs":
            m.update(type="tmpfs", source="tmpfs", options=words + some(r, ["mode=0700", "size=1m", "uid=0", "nr_inodes=100"], 2))
        elif kind == "file":
            m.update(destination="/f%d" % i, type="bind", source=bundle + "/source/file", options=["bind"] + words)
        else:
            m.update(type="bind", source=bundle + "/source/dir", options=[kind] + words)
        mounts.append(m)
    return mounts


def gen_seccomp(r):
    errno = r.choice([1, 38, 95])
    rules = []
    for name in some(r, ["sysinfo", "times", "getpgrp", "acct", "sched_yield", "keyctl"], 4):
        rules.append({"names": [name], "action": "SCMP_ACT_ERRNO", "errnoRet": errno})
    if chance(r, 0.4):
        rules.append({"names": ["getpriority"], "action": "SCMP_ACT_ERRNO",
                      "args": [{"index": 0, "value": 1, "op": r.choice(["SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_NE"])}]})
    s = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}
    if chance(r, 0.6):
        s["architectures"] = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"][:r.choice([1, 3])]
    return s


def gen_resources(r):
    res = {"devices": [{"allow": False, "access": "rwm"}]}
    if chance(r, 0.4):
        res["devices"].append({"allow": True, "type": "c", "major": 1, "minor": 11, "access": r.choice(["r", "rw", "rwm"])})
    if chance(r, 0.4):
        res["memory"] = {"limit": r.choice([64, 128, 256]) << 20}
        if chance(r, 0.4):
            res["memory"]["reservation"] = 32 << 20
        if chance(r, 0.3):
            res["memory"]["swappiness"] = r.choice([0, 30, 60])
    if chance(r, 0.4):
        res["pids"] = {"limit": r.choice([16, 100, 1000])}
    if chance(r, 0.4):
        res["cpu"] = {"shares": r.choice([2, 512, 1024, 4096])}
        if chance(r, 0.5):
            res["cpu"].update(quota=r.choice([20000, 50000, -1]), period=100000)
    return res


def generate(seed, number, bundle):
    """One config.json: random, but one that the specification calls valid and this host can give."""
    r = random.Random("%d/%d" % (seed, number))
    ns = ["pid", "mount"] if chance(r, 0.92) else ["mount"]
    ns += [n for n in ["network", "ipc", "uts", "cgroup"] if chance(r, 0.75)]
    userns = chance(r, 0.15)
    if userns:
        ns = ["pid", "mount", "network", "ipc", "uts", "user"]
    config = {
        "ociVersion": "1.0.2",
        "process": gen_process(r, userns),
        "root": {"path": "rootfs", "readonly": chance(r, 0.5)},
        "mounts": gen_mounts(r, bundle, ns),
        "linux": {"namespaces": [{"type": n} for n in ns], "resources": gen_resources(r)},
    }
    linux = config["linux"]
    if userns:
        size = r.choice([65536, 70000])
        linux["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": size}]
        linux["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": size}]
        linux["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}
    if "uts" in ns and chance(r, 0.7):
        config["hostname"] = r.choice(["box", "a.long.name.of-a-host", "x1"])
    if chance(r, 0.6):
        linux["maskedPaths"] = some(r, ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware", "/proc/acpi", "/masked",
                                        "/masked/file", "/not/there"])
    if chance(r, 0.6):
        linux["readonlyPaths"] = some(r, ["/proc/bus", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger", "/fixed", "/fixed/file",
                                          "/not/there"])
    sysctl = {}
    if "ipc" in ns:
        sysctl.update(some(r, [("kernel.msgmax", "4096"), ("kernel.shm_rmid_forced", "1"), ("fs.mqueue.msg_max", "20")]))
    if "network" in ns:
        sysctl.update(some(r, [("net.ipv4.ip_forward", "1"), ("net.core.somaxconn", "512"),
                               ("net.ipv4.ping_group_range", "0 100"), ("net.ipv4.ip_unprivileged_port_start", "80")]))
    if sysctl and chance(r, 0.5) and not userns:
        linux["sysctl"] = sysctl
    if chance(r, 0.3):
        linux["rootfsPropagation"] = r.choice(["private", "rprivate", "slave", "rslave", "shared", "unbindable"])
    if chance(r, 0.4) and not userns:
        linux["devices"] = []
        for path, major, minor in some(r, [("/dev/kmsg", 1, 11), ("/dev/mine", 1, 3), ("/dev/sub/dir/null", 1, 3)]):
            d = {"path": path, "type": "c", "major": major, "minor": minor}
            if chance(r, 0.7):
                d.update(fileMode=r.choice([0o600, 0o666, 0o640]), uid=r.choice([0, 1000]), gid=r.choice([0, 50]))
            linux["devices"].append(d)
    if chance(r, 0.4):
        linux["seccomp"] = gen_seccomp(r)
    return config


class Runner:
    def __init__(self, args):
        self.args = args
        self.programs = {"caisson": [args.caisson, "--policy", args.policy]}
        for p in args.peer:
            self.programs[os.path.basename(p)] = [p]
        self.host_ns = {n: os.readlink("/proc/self/ns/" + n) for n in os.listdir("/proc/self/ns")}
        self.mark = "oracle-%d" % os.getpid()

    def bundle(self, number):
        """Fresh for each run: a runtime may make what a mount needs."""
        b = os.path.join(self.args.work, "b%d" % number)
        root = os.path.join(b, "rootfs")
        for d in "proc dev sys tmp etc home/user masked fixed m0 m1 source".split():
            os.makedirs(os.path.join(b if d == "source" else root, d), exist_ok=True)
        os.makedirs(os.path.join(b, "source/dir"))
        for f in ["rootfs/etc/passwd", "rootfs/masked/file", "rootfs/fixed/file", "source/file", "source/dir/inner"]:
            with open(os.path.join(b, f), "w") as out:
                out.write("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n")
        os.chmod(os.path.join(root, "tmp"), 0o1777)
        os.link(self.args.probe, os.path.join(root, "probe"))
        return b

    def one(self, name, number):
        b = self.bundle(number)
        config = generate(self.args.seed, number, b)
        ident = "%s-%s-%d" % (self.mark, name, number)
        config["linux"]["cgroupsPath"] = "/" + ident
        if any(n["type"] == "user" for n in config["linux"]["namespaces"]):
            for at, dirs, files in os.walk(os.path.join(b, "rootfs")):
                for f in [at] + [os.path.join(at, f) for f in files if f != "probe"]:
                    os.chown(f, 100000, 100000)
        with open(os.path.join(b, "config.json"), "w") as out:
            json.dump(config, out)
        program = self.programs[name] + ["--root", os.path.join(self.args.work, "state-" + name)]
        try:
            # Pipes: there are runtimes that give the host's /dev/null to the container's user when it is a standard stream.
            done = subprocess.run(program + ["run", "--bundle", b, ident], input=b"", capture_output=True,
                                  timeout=20, preexec_fn=lambda: os.umask(0o22))
            out, err, rc = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode
        except subprocess.TimeoutExpired:
            out, err, rc = "", "no end in 20 s", 124
        if rc != 0:
            subprocess.run(program + ["delete", "--force", ident], capture_output=True, timeout=20)
        shutil.rmtree(b, ignore_errors=True)
        for d in glob.glob("/sys/fs/cgroup/*/" + ident):  # crun leaves one in the tree of systemd
            if name == "caisson":
                return None, "left the cgroup " + d.replace(ident, "ID")
            shutil.rmtree(d, ignore_errors=True)  # where no tree is mounted, files too
            with contextlib.suppress(OSError):
                os.rmdir(d)
        try:
            view = json.loads(out)
        except ValueError:
            words = [w for w in err.strip().split("\n") if w] or ["nothing"]
            return None, "status %d: %s" % (rc, words[-1].replace(b, "BUNDLE").replace(ident, "ID"))
        return self.plain(view, b, ident), None

    def plain(self, view, b, ident):
        """Without what differs from run to run."""
        seen = {}
        for key, value in view.items():
            value = value.replace(b, "BUNDLE").replace(ident, "ID").strip()
            if key.startswith("ns."):
                value = "host" if value == self.host_ns.get(key[3:]) else "new"
            elif key.endswith("|propagation"):
                value = re.sub(r"(shared|master):\d*", r"\1", re.sub(r"(shared|master)\S*", r"\1", value))
            elif key.startswith("cgroup.") and "devices.list" in key:
                # runc 1.1 allows /dev/net/tun (no longer since 1.2), crun the host's console: caisson neither, unless asked.
                value = ", ".join(sorted(set(value.split("\n")) - {"c 10:200 rwm", "c 5:1 rwm"}))
            seen[key] = " ".join(value.split())
        return seen

    def case(self, number):
        return number, {name: self.one(name, number) for name in self.programs}


def judge(results):
    """(key, caisson's, {peer: theirs}) of everything in one case that is as no peer has it; and how much was compared."""
    ours, complaint = results["caisson"]
    peers = {n: v for n, v in results.items() if n != "caisson"}
    ran = {n: v for n, (v, _) in peers.items() if v is not None}
    if ours is None:
        return ([("run.refused", complaint, {n: "runs" for n in ran})] if ran else []), {"run": 1}
    if not ran:
        return [("run.accepted", "runs", {n: e for n, (_, e) in peers.items()})], {"run": 1}
    odd, count = [], {"run": 1}
    for key in sorted(set(ours).union(*ran.values())):
        topic = key.split(".")[0]
        count[topic] = count.get(topic, 0) + 1
        theirs = {n: v.get(key, "(none)") for n, v in ran.items()}
        if ours.get(key, "(none)") not in theirs.values():
            odd.append((key, ours.get(key, "(none)"), theirs))
    return odd, count


def read_decisions(path):
    """KEY... | CAISSON'S | REASON, with patterns in the first two; PEER:KEY is for cases that only this peer runs too."""
    out = []
    with open(path) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                key, value, reason = [w.strip() for w in line.split(" | ", 2)]
                out.append((key.split(), value, reason))
    return out


def decided(decisions, key, value, theirs):
    names = {key, "%s:%s" % (next(iter(theirs)), key)} if len(theirs) == 1 else {key}
    for i, (keys, v, _) in enumerate(decisions):
        if any(fnmatch.fnmatchcase(n, k) for k in keys for n in names) and fnmatch.fnmatchcase(value, v):
            return i
    return None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--caisson", required=True)
    p.add_argument("--policy", default="none")
    p.add_argument("--peer", action="append", default=[])
    p.add_argument("--probe", required=True)
    p.add_argument("--work", required=True)
    p.add_argument("--cases", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--decisions", required=True)
    p.add_argument("--only", type=int)
    args = p.parse_args()
    runner = Runner(args)
    if args.only is not None:
        print(json.dumps(generate(args.seed, args.only, "BUNDLE"), indent=1))
        _, results = runner.case(args.only)
        for name, (view, complaint) in results.items():
            print("#", name, complaint or "ran")
        for odd in judge(results)[0]:
            print(odd)
        return 0
    decisions = read_decisions(args.decisions)
    compared, odd, used, runs, nobody = {}, {}, {}, {n: 0 for n in runner.programs}, {}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for number, results in pool.map(runner.case, range(args.cases)):
            for name, (view, _) in results.items():
                runs[name] += view is not None
            if not any(view for view, _ in results.values()):
                words = re.sub(r"[0-9]+", "N", results["caisson"][1])
                nobody.setdefault(words, []).append(number)
            found, count = judge(results)
            for topic, n in count.items():
                compared[topic] = compared.get(topic, 0) + n
            for key, ours, theirs in found:
                i = decided(decisions, key, ours, theirs)
                if i is not None:
                    used.setdefault(i, []).append(number)
                else:
                    odd.setdefault(key.split(".")[0], {}).setdefault((key, ours, json.dumps(theirs)), []).append(number)
    topics = sorted(compared)
    print("1..%d" % (len(topics) + len(decisions)))
    n = 0
    for topic in topics:
        n += 1
        bad = odd.get(topic, {})
        print("%s %d - %s: %d compared, %d as no peer has them" %
              ("not ok" if bad else "ok", n, topic, compared[topic], sum(len(v) for v in bad.values())))
        for (key, ours, theirs), numbers in sorted(bad.items(), key=lambda kv: -len(kv[1]))[:25]:
            print("#   %s: %s; peers: %s; cases %s" % (key, ours[:150], theirs[:300], numbers[:6]))
    for i, (key, value, reason) in enumerate(decisions):
        n += 1
        print("ok %d - decision on %s: %d times: %s" % (n, " ".join(key), len(used.get(i, [])), reason))
    for words, numbers in sorted(nobody.items(), key=lambda kv: -len(kv[1])):
        print("# %d cases that nobody runs, such as %d: %s" % (len(numbers), numbers[0], words[:200]))
    print("# seed %d, %d cases; ran: %s" % (args.seed, args.cases, ", ".join("%s %d" % nv for nv in runs.items())))
    return 1 if odd else 0


sys.exit(main())
