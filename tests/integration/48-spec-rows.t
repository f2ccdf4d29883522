#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every property of the specification is read: a wrong value for it is refused by its name, and each value of its
# enumerations is known. features and state have every member. tests/data/spec-properties.txt is the list.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
need python3
DATA=$(dirname "$0")/../data
plan 8

bundle '.process.terminal = true'
cat > "$TMP/rows.py" << 'PY'
"""Asks caisson for its opinion of one document per property, and prints what is wrong."""
import json
import os
import re
import subprocess
import sys

caisson, bundle, data, what = sys.argv[1:5]
rows = [line.split(":", 1)[1] for line in open(os.path.join(data, "spec-properties.txt")).read().split("\n")
        if line.startswith("config:")]
table = {}
for line in open(os.path.join(data, "spec-rows.tsv")):
    if line.strip() and not line.startswith("#"):
        fields = line.rstrip("\n").split("\t")
        table[fields[0]] = fields[1]

maps = [{"containerID": 0, "hostID": 1000, "size": 1}]
hook = [{"path": "/bin/true", "args": ["true"], "env": ["A=b"], "timeout": 3}]
rate = [{"major": 8, "minor": 0, "rate": 100}]
base = json.load(open(os.path.join(bundle, "config.json")))
base.update({"hooks": {k: hook for k in ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")},
             "annotations": {"x": "y"}, "domainname": "d"})
base["mounts"] = [{"destination": "/m", "source": "/tmp", "type": "none", "options": ["bind"], "uidMappings": maps, "gidMappings": maps}]
base["process"].update({
    "consoleSize": {"height": 1, "width": 1}, "oomScoreAdj": 100,
    "scheduler": {"policy": "SCHED_OTHER"}, "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 1},
    "execCPUAffinity": {"initial": "0", "final": "0"}, "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]})
base["linux"]["namespaces"] = [{"type": t} for t in ("mount", "pid", "network", "ipc", "uts", "user", "cgroup", "time")]
base["linux"].update({
    "uidMappings": maps, "gidMappings": maps, "cgroupsPath": "/x", "rootfsPropagation": "private", "sysctl": {"net.ipv4.ip_forward": "1"},
    "devices": [{"type": "c", "path": "/dev/x", "major": 1, "minor": 3}], "netDevices": {"x": {"name": "y"}},
    "timeOffsets": {"boottime": {"secs": 1}, "monotonic": {"secs": 1}}, "personality": {"domain": "LINUX", "flags": []},
    "intelRdt": {"closID": "x"}, "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": []},
    "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "flags": [], "listenerPath": "/s",
                "listenerMetadata": "m", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
                                                        "args": [{"index": 0, "value": 1, "valueTwo": 1, "op": "SCMP_CMP_EQ"}]}]},
    "resources": {
        "devices": [{"allow": False, "access": "rwm"}], "pids": {"limit": 5}, "unified": {"x": "1"}, "rdma": {"x": {"hcaHandles": 1}},
        "blockIO": {"weightDevice": [{"major": 8, "minor": 0, "weight": 100}], "throttleReadBpsDevice": rate,
                    "throttleWriteBpsDevice": rate, "throttleReadIOPSDevice": rate, "throttleWriteIOPSDevice": rate},
        "cpu": {"shares": 2}, "memory": {"limit": 100000}, "hugepageLimits": [{"pageSize": "2MB", "limit": 0}],
        "network": {"priorities": [{"name": "lo", "priority": 1}]}}})


def put(path, value):
    """The base document with `value` at `path`, and how caisson names that place."""
    document = json.loads(json.dumps(base))
    node, named, at = document, "", None
    for key, kinds in re.findall(r"\.?([A-Za-z0-9]+)((?:\[\]|\{\})*)", path):
        if at is not None:
            node = node.setdefault(at, {}) if isinstance(node, dict) else node[at]
        at, named = key, f"{named}.{key}" if named else key
        for kind in re.findall(r"\[\]|\{\}", kinds):
            node = node.setdefault(at, [None] if kind == "[]" else {})
            at = 0 if kind == "[]" else (list(node) or ["x"])[0]
            if kind == "[]" and not node:
                node.append(None)
            named += "[0]" if kind == "[]" else f".{at}"
    node[at] = value
    return document, named


def opinion(document):
    """None, or the words of the refusal."""
    with open(os.path.join(bundle, "config.json"), "w") as f:
        json.dump(document, f)
    r = subprocess.run([caisson, "explain", bundle], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return r.stderr if r.returncode else None


def other_platform(row):
    return table.get("config:" + row) == "ignored"


if what == "base":
    print(opinion(base) or "", end="")
for row in rows if what == "types" else ():
    if "=" in row:
        continue
    document, named = put(row, 1.5)
    said = opinion(document)
    if other_platform(row):
        if said:
            print(f"{row}: is another platform's, but: {said}", end="")
    elif not said or not re.search(re.escape(named) + r"(\.| |:|\[)", said):
        print(f"{row}: 1.5 in {named} gave: {said}")
for row in rows if what == "values" else ():
    if "=" not in row:
        continue
    path, _, value = row.partition("=")
    said = opinion(put(path, value)[0]) or ""
    # Some values do not fit the rest of this one document; what counts is that they are known.
    if f'"{value}" is not known' in said:
        print(f"{row}: {said}", end="")
    if table.get("config:" + row) == "refused" and value not in said:
        print(f"{row}: the table says refused, caisson: {said}")
    said = opinion(put(path, value + "_NOT")[0]) or ""
    if f'"{value}_NOT" is not known' not in said:
        print(f"{row}_NOT is taken: {said}")
print("done")
PY
ask() { timeout 100 python3 "$TMP/rows.py" "$CAISSON" "$BUNDLE" "$DATA" "$1" 2>&1; }
is "a document with every property is taken" "$(ask base)" "done"
is "a wrong value for each property is refused by its name" "$(ask types)" "done"
is "each value of an enumeration is known or refused by name, and one more is not" "$(ask values)" "done"

# ---- features and state ----

"$CAISSON" features > "$TMP/features.json"
rows_of() { sed -n "s/^$1://p" "$DATA/spec-properties.txt"; }
missing=$(rows_of features | while IFS= read -r row; do
	path=$(printf '%s' "${row%%=*}" | sed 's/\[\]$//; s/{}$//')
	case $row in
	*supportedFlags\[\]=*) ;; # the kernel decides
	*=*) jq -e --arg v "${row#*=}" ".$path | index(\$v)" "$TMP/features.json" ;;
	*) jq -e ".$path | . != null" "$TMP/features.json" ;;
	esac > /dev/null || echo "$row"
done)
is "features has every member, and every value of the enumerations" "$missing" ""
is "no member of features is null" "$(jq -c '[paths(. == null)]' "$TMP/features.json")" "[]"
is "features lists every option of a mount that the tests know" \
	"$(sed -n 's/^option \([a-z]*\)|.*/\1/p' "$(dirname "$0")/47-rows.t" | sort)" \
	"$(jq -r '.mountOptions - ["idmap", "ridmap", "remount", "tmpcopyup"] | .[]' "$TMP/features.json" | sort)"

bundle '.process.args = ["/bin/sleep", "100"] | .annotations = {"a.b": "c"}'
caisson create -b "$BUNDLE" "$ID" < /dev/null
caisson state "$ID" > "$TMP/state.json"
is "state has every member" "$(rows_of state | grep -v '[={]' | while IFS= read -r row; do
	jq -e ".$row | . != null" "$TMP/state.json" > /dev/null || echo "$row"; done)" ""
caisson delete --force "$ID"
leftovers_after
