#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# caisson launch with a tar: what `docker export` makes, compressed or not, and what a stranger makes.
# shellcheck disable=SC2016
. "$(dirname "$0")/lib.sh"
need python3 tar gzip
UNPACK=$(dirname "$CAISSON")/caisson-unpack
[ -x "$UNPACK" ] || UNPACK=$(dirname "$CAISSON")/../libexec/caisson/caisson-unpack
[ -x "$UNPACK" ] || skip_all "caisson-unpack was not built (it needs libarchive)"
plan 43

ROOTS=/var/lib/caisson/roots
ROOT=$TMP/root
rootfs "$ROOT"
echo marker > "$ROOT/etc/marker"
chmod 4755 "$ROOT/bin/busybox"
tar -C "$ROOT" -cf "$TMP/root.tar" .
our_roots() { find "$ROOTS" -mindepth 1 -maxdepth 1 -name "$MARK*" 2> /dev/null; }
launch() { caisson launch --userns host --user user --name "$MARK-a" "$@" 2> "$TMP/.err"; }

# ---- good archives ----
is "a plain tar is a root" "$(launch "$TMP/root.tar" cat /etc/marker)" marker
is "... and goes with the container" "$(our_roots)" ""
gzip -k "$TMP/root.tar"
is "so is one in gzip" "$(launch "$TMP/root.tar.gz" cat /etc/marker)" marker
if command -v zstd > /dev/null; then
	zstd -q "$TMP/root.tar"
	is "so is one in zstd" "$(launch "$TMP/root.tar.zst" cat /etc/marker)" marker
else
	skip "so is one in zstd" "zstd is not installed"
fi
if command -v xz > /dev/null; then
	xz -k "$TMP/root.tar"
	is "so is one in xz" "$(launch "$TMP/root.tar.xz" cat /etc/marker)" marker
else
	skip "so is one in xz" "xz is not installed"
fi
is "the name of the file tells nothing" "$(cp "$TMP/root.tar.gz" "$TMP/plain" && launch "$TMP/plain" cat /etc/marker)" marker
is "a user's name is found in it" "$(launch "$TMP/root.tar" id -un)" user
is "its root cannot be written to" "$(launch "$TMP/root.tar" touch /x 2> /dev/null; echo $?)" 1

launch -d "$TMP/root.tar" sleep 60 > /dev/null
is "detached it stays" "$(our_roots)" "$ROOTS/$MARK-a"
is "nobody else may pass to it" "$(stat -c %a "$ROOTS/$MARK-a")" 700
is "set-id bits and owners are kept" "$(stat -c %a:%u "$ROOTS/$MARK-a/rootfs/bin/busybox" "$ROOTS/$MARK-a/rootfs/home/user" | xargs)" \
	"4755:0 755:1000"
fails "its name is taken" "in use" caisson launch --userns host --user user --name "$MARK-a" "$TMP/root.tar" true
caisson delete --force "$MARK-a"
is "delete removes it" "$(our_roots)" ""
launch -d --rm "$TMP/root.tar" sleep 0.3 > /dev/null
# shellcheck disable=SC2317
no_roots() { [ -z "$(our_roots)" ]; }
ok "with --rm it goes by itself" wait_for 5 no_roots
mkdir -p "$ROOTS/$MARK-dead/rootfs"
ln -s "1:1:$TMP/none" "$ROOTS/$MARK-dead/owner"
launch "$TMP/root.tar" true
is "what a crash left is swept away" "$(our_roots)" ""
is "a launch that fails leaves none" "$(launch "$TMP/root.tar" /bin/nosuch; our_roots)" ""
like "--dry-run unpacks nothing" "$(caisson launch --dry-run --user user --name "$MARK-a" "$TMP/root.tar" true 2>&1; our_roots)" \
	"looked up when"

# ---- archives of strangers ----
mkdir "$TMP/tars" "$TMP/victim"
echo safe > "$TMP/victim/file"
TARS=$TMP/tars VICTIM=$TMP/victim python3 - <<'PY' || bail "python3 could not make the archives"
import io, os, tarfile
top, victim = os.environ["TARS"], os.environ["VICTIM"]
F, D, L, H, C, B, P = (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE,
                       tarfile.FIFOTYPE)
def make(name, *entries, **how):
    with tarfile.open(f"{top}/{name}.tar", "w", format=how.get("format", tarfile.PAX_FORMAT)) as tar:
        for path, kind, *rest in entries:
            info = tarfile.TarInfo(path)
            info.type, info.mode = kind, 0o755
            data = b""
            for r in rest:
                if isinstance(r, bytes): data = r
                elif isinstance(r, str): info.linkname = r
                else:
                    for k, v in r.items(): setattr(info, k, v)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
make("dotdot", ("a/../../escape", F, b"x"))
make("absolute", (victim + "/escape", F, b"x"))
make("through-link", ("d", L, victim), ("d/escape", F, b"x"))
make("through-deep-link", ("a", D), ("a/b", L, "../../../../../../../../" + victim), ("a/b/c/escape", F, b"x"))
make("link-swap", ("d", D), ("d", L, victim), ("d/escape", D))
make("over-link", ("f", L, victim + "/file"), ("f", F, b"overwritten"))
make("hard-out", ("h", H, "../../../../../../.." + victim + "/file"))
make("hard-absolute", ("h", H, victim + "/file"))
make("hard-through-link", ("d", L, victim), ("h", H, "d/file"))
make("hard-to-link", ("s", L, victim + "/file"), ("h", H, "s"), ("h", F, b"overwritten"))
make("hard-to-nothing", ("h", H, "absent"))
make("root-as-link", (".", L, victim))
make("file-in-file", ("f", F, b"x"), ("f/g", F, b"x"))
make("uid", ("f", F, b"x", {"uid": 2**32}), format=tarfile.GNU_FORMAT)
make("long", ("n" * 300, F, b"x"))
make("devices", ("dev/sda", B, {"devmajor": 8, "devminor": 0}), ("dev/mem", C, {"devmajor": 1, "devminor": 1}),
     ("dev/null", C, {"devmajor": 1, "devminor": 3}), ("pipe", P))
make("caps", ("bin/x", F, b"x", {"pax_headers": {"SCHILY.xattr.security.capability":
     "\x01\x00\x00\x02\x00\x04\x00\x00" + "\x00" * 12, "SCHILY.xattr.trusted.overlay.opaque": "y"}}))
make("replaced", ("f", F, b"old"), ("f", F, b"new"), ("d", F, b"x"), ("d", D), ("d/in", F, b"in"))
make("names", ("new\nline\x1b[31m", F, b"x"), ("ä", F, b"x"), ("../x\x1b[31m", F, b"x"))
with open(f"{top}/sparse.tar", "wb") as out:
    data = b"end"
    real = 1 << 33
    head = tarfile.TarInfo("big")
    body = b"1\n%d\n%d\n" % (real - 3, 3)
    body += b"\0" * (512 - len(body)) + data
    head.size = len(body)
    head.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "big", "GNU.sparse.realsize": str(real)}
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(head, io.BytesIO(body))
open(f"{top}/empty.tar", "wb").write(b"\0" * 10240)
open(f"{top}/text.tar", "w").write("this is no archive\n" * 100)
whole = open(f"{top}/../root.tar", "rb").read()
open(f"{top}/short.tar", "wb").write(whole[: len(whole) // 2])
PY

# unpack NAME: into a fresh directory, in a session of no privilege but root's.
unpack() {
	rm -rf "$TMP/into"
	mkdir "$TMP/into"
	timeout 30 "$UNPACK" 3 < "$TMP/tars/$1.tar" 3< "$TMP/into"
}
refused() { fails "$1: is refused" "$2" unpack "$1"; }
refused dotdot "would lead out of the root"
refused absolute "an absolute name"
refused through-link "through a symbolic link"
refused through-deep-link "through a symbolic link"
refused link-swap "through a symbolic link"
refused hard-out "would lead out of the root"
refused hard-absolute "an absolute name"
refused hard-through-link "through a symbolic link"
refused hard-to-nothing "hard link to absent"
refused root-as-link "can only be a directory"
refused file-in-file "no directory"
refused uid "is no pair of ids"
refused long "too long"
refused short "Truncated"
refused empty ""
refused text "Unrecognized"
ok "a link is replaced by a later file, not followed" unpack over-link
unpack hard-to-link > /dev/null 2>&1
is "nothing outside was touched" "$(cd "$TMP/victim" && ls)$(cat "$TMP/victim/file")" "filesafe"
is "devices are left out with a note, but for the harmless" "$(unpack devices | grep -c '^note: dev/.*left out'
	cd "$TMP/into" && find . ! -type d | LC_ALL=C sort | xargs)" "2
./dev/null ./pipe"
is "file capabilities are kept, other attributes are not" "$(unpack caps; python3 -c 'import os, sys
p = sys.argv[1]; print(os.listxattr(p), os.getxattr(p, "security.capability")[5])' "$TMP/into/bin/x")" "['security.capability'] 4"
is "a later entry replaces an earlier one" "$(unpack replaced; cat "$TMP/into/f" "$TMP/into/d/in")" newin
is "a sparse file stays sparse" "$(unpack sparse; stat -c %s "$TMP/into/big"; tail -c 3 "$TMP/into/big"; [ "$(du -k "$TMP/into/big" |
	cut -f1)" -lt 1000 ] && echo " sparse")" "8589934592
end sparse"
is "no control character gets out" "$(unpack names | LC_ALL=C tr -d '[:print:]\n' | wc -c)" 0
# ---- the parser of a stranger's archive has given up what it does not need, before the first byte ----

mkfifo "$TMP/slow"
mkdir "$TMP/into"
"$UNPACK" 5 5< "$TMP/into" < "$TMP/slow" > "$TMP/out" 2>&1 &
unpacker=$!
exec 6> "$TMP/slow"
weak() { grep -q '^NoNewPrivs:.*1$' "/proc/$unpacker/status"; }
ok "no new privileges" wait_for 5 weak
# CHOWN, DAC_OVERRIDE, FOWNER, FSETID, MKNOD, SETFCAP: not more than that, and not more than we have.
is "of the capabilities those that unpacking needs" "$(sed -n 's/^CapPrm:[[:space:]]*//p' "/proc/$unpacker/status")" \
	"$(printf '%016x' $((0x8800001b & 0x$(sed -n 's/^CapPrm:[[:space:]]*//p' /proc/self/status))))"
exec 6>&-
wait "$unpacker"

leftovers_after
