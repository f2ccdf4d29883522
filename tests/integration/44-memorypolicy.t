#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# linux.memoryPolicy: what set_mempolicy(2) was told, read back from /proc/PID/numa_maps.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
[ -r /proc/self/numa_maps ] || skip_all "this kernel has no memory policies (CONFIG_NUMA)"
plan 16

# The policy of most of the process's memory: the word after the address.
policy='cut -d" " -f2 /proc/self/numa_maps | sort | uniq -c | sort -rn | sed -n "1s/.* //p"'
export policy
bundle '.process.args = ["/bin/sh", "-c", env.policy]'
asked() {
	reconfig ".linux.memoryPolicy = $1"
	caisson run -b "$BUNDLE" "$ID" 2>&1
}
is "without one it is the kernel's default"   "$(caisson run -b "$BUNDLE" "$ID")" default
is "MPOL_DEFAULT"                             "$(asked '{ mode: "MPOL_DEFAULT" }')" default
is "MPOL_LOCAL"                               "$(asked '{ mode: "MPOL_LOCAL" }')" local
is "MPOL_BIND"                                "$(asked '{ mode: "MPOL_BIND", nodes: "0" }')" bind:0
is "MPOL_INTERLEAVE"                          "$(asked '{ mode: "MPOL_INTERLEAVE", nodes: "0" }')" interleave:0
is "MPOL_PREFERRED"                           "$(asked '{ mode: "MPOL_PREFERRED", nodes: "0" }')" prefer:0
is "with a flag"                              "$(asked '{ mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"] }')" "bind=static:0"
is "nodes that are not there are left out"    "$(asked '{ mode: "MPOL_BIND", nodes: "0,900" }')" bind:0
fails "none that is there is an error"        "linux.memoryPolicy: mode 2" asked '{ mode: "MPOL_BIND", nodes: "900" }'
fails "an unknown mode is refused"            "linux.memoryPolicy.mode" asked '{ mode: "MPOL_BEST" }'
fails "a mode without its nodes is refused"   "linux.memoryPolicy.nodes" asked '{ mode: "MPOL_BIND" }'
reconfig '.linux.memoryPolicy = { mode: "MPOL_BIND", nodes: "0" } | .process.args = ["/bin/sleep", "100"]'
ok "create"                                   caisson create -b "$BUNDLE" "$ID"
ok "start"                                    caisson start "$ID"
is "exec has it too"                          "$(caisson exec "$ID" sh -c "$policy")" bind:0
caisson delete --force "$ID"
is "features lists modes and flags"           "$("$CAISSON" features | jq -c '.linux.memoryPolicy | [(.modes | length), (.flags | length)]')" "[7,3]"
leftovers_after
