#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# linux.intelRdt on a host without resctrl is an error that says so; with it, the container's processes are in its class.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
R=/sys/fs/resctrl
plan 9

bundle '.process.args = ["/bin/sleep", "100"] | .linux.intelRdt = {}'
if [ -e "$R/schemata" ]; then
	skip 3 "this host has resctrl"
	ok "create"                                caisson create -b "$BUNDLE" "$ID"
	like "the process is in its class"         "$(cat "$R/$ID/tasks")" "^$(caisson state "$ID" | jq .pid)\$"
	ok "delete"                                caisson delete --force "$ID"
	ok "and the class is gone"                 test ! -e "$R/$ID"
else
	fails "without resctrl it is an error"     "linux.intelRdt: there is no resctrl file system at $R" caisson create -b "$BUNDLE" "$ID"
	is "that leaves nothing"                   "$(status_of "$ID")" gone
	reconfig '.linux.intelRdt = { closID: "../x" }'
	fails "a class that would leave resctrl is refused" "linux.intelRdt.closID" caisson create -b "$BUNDLE" "$ID"
	skip 4 "no resctrl on this host"
fi
is "features says what there is"               "$("$CAISSON" features | jq -c '.linux.intelRdt')" '{"enabled":true,"schemata":true,"monitoring":true}'
leftovers_after
