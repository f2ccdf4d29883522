#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Generated config.json under caisson, runc and crun; what a process sees inside must be as at least one of the two has it,
# or decisions.txt says why not (oracle.py).
#
#   CAISSON=/path/to/caisson tests/oracle/run.sh [--only N]
#
# TAP. ORACLE_CASES (200), ORACLE_SEED (1). Needs root, gcc and python3.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
[ -x "${CAISSON:-}" ] || { echo "Bail out! set CAISSON to the binary under test"; exit 1; }

# crun refuses a hybrid host whose unified tree holds controllers, so all three look at the v1 trees alone, in a mount
# namespace of our own.
if [ -z "${ORACLE_INSIDE:-}" ]; then
	# shellcheck disable=SC2016
	ORACLE_INSIDE=1 exec unshare --mount --propagation private bash -c '
		! mountpoint -q /sys/fs/cgroup/unified || umount -l /sys/fs/cgroup/unified
		exec bash "$@"' oracle "$here/run.sh" "$@"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/caisson-oracle.XXXXXX")
cleanup() { rm -rf --one-file-system "$work"; }
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
chmod 755 "$work"
gcc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -static -o "$work/probe" "$here/probe.c"
peers=()
for p in runc crun; do
	! command -v "$p" > /dev/null || peers+=(--peer "$(command -v "$p")")
done
[ ${#peers[@]} -gt 0 ] || { echo "1..0 # SKIP neither runc nor crun is installed"; exit 0; }
python3 "$here/oracle.py" --caisson "$(readlink -f "$CAISSON")" --probe "$work/probe" --work "$work" \
	--cases "${ORACLE_CASES:-200}" --seed "${ORACLE_SEED:-1}" --decisions "$here/decisions.txt" "${peers[@]}" "$@"
