#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Labels from where Docker, podman and CRI-O keep them: files of the same shape in a place of our own. The engines themselves are in
# tests/engines/labels.t.
. "$(dirname "$0")/lib.sh"
need jq base64
plan 34

hex() { printf "$1%.0s" $(seq 64); }
A=$(hex a)	# the container
B=$(hex b)	# another
C=$(hex c)	# an image's configuration
D=$(hex d)	# its manifest
I=$(hex 1)	# the image
bundle '.process.capabilities |= with_entries(.value = ["CAP_CHOWN","CAP_KILL","CAP_MKNOD","CAP_SETUID","CAP_SETGID"]) | .root.readonly = false'
all="CHOWN KILL MKNOD SETGID SETUID"

image() { jq -n --arg v "$1" '{ architecture: "amd64", config: { Labels: { "security.capabilities": $v, other: "a\nb" } }, rootfs: {} }'; }
# What caisson says of the container in $box: its capabilities, its warnings.
caps() { caisson explain --json "$box" 2> /dev/null | jq -r '[.controls[] | select(.control == "capabilities")][-1].result' | tr ' ' '\n' | sort | tr '\n' ' ' | sed 's/ $//'; }
warned() { caisson explain "$box" 2>&1 | grep '^warning'; }

# ---- docker ----
box=$TMP/io.containerd.runtime.v2.task/moby/$A
root=$TMP/docker
kept=$root/containers/$A
blobs=$root/image/overlay2/imagedb/content/sha256
mkdir -p "$(dirname "$box")" "$kept" "$root/containers/$B" "$blobs"
chmod 755 "$root" "$root"/*
cp -a "$BUNDLE" "$box"
mounted() { BUNDLE=$box reconfig ".mounts = [.mounts[] | select(.destination | startswith(\"/etc/\") | not)] + [{ destination: \"/etc/${2:-hosts}\", type: \"bind\", source: \"$1\", options: [\"rbind\"] }]"; }
container() { jq -n --arg v "$1" --arg id "${2:-$A}" --arg image "sha256:$C" '{ ID: $id, Image: $image, Driver: "overlay2", Config: { User: "", Cmd: ["x"], Entrypoint: null, Labels: { "security.capabilities": $v } } }' > "$kept/config.v2.json"; }
set_image() { image "$1" > "$blobs/$C"; }
: > "$kept/hosts"
mounted "$kept/hosts"
container CHOWN,KILL
set_image CHOWN,KILL
is "docker: the container's record narrows" "$(caps)" "CHOWN KILL"
like "explain names both sources" "$(caisson explain "$box" 2> /dev/null)" 'docker label security.capabilities, image label'
container ALL
is "a label of the command line takes nothing back" "$(caps)" "CHOWN KILL"
container CHOWN
is "all that is found is intersected" "$(caps)" "CHOWN"
container NO_SUCH,CHOWN
is "an unknown name narrows only" "$(caps)" "CHOWN"
container ""
is "an empty label is a label" "$(caps)" none
container "$(printf 'CHOWN\n,\tKILL\n')"
is "blanks and newlines separate" "$(caps)" "CHOWN KILL"
head -c 70000 /dev/zero | tr '\0' A > "$TMP/long"
jq -n --rawfile v "$TMP/long" --arg id "$A" --arg image "sha256:$C" '{ ID: $id, Image: $image, Driver: "overlay2", Config: { Labels: { "security.capabilities": $v } } }' > "$kept/config.v2.json"
is "a label that is too long leaves nothing" "$(caps)" none
container CHOWN
is "its time is in the answer" "$(caisson explain --json "$box" 2> /dev/null | jq -c '.labels | [.source, .answered, (.milliseconds > 0 and .milliseconds < 1000)]')" '["docker",true,true]'
mounted "$root/containers/$B/resolv.conf" resolv.conf
is "the network of another container leads to the same place" "$(caps)" "CHOWN"
mounted "$kept/hosts"

# Images in containerd's store.
store=$TMP/containerd
mkdir -p "$store/io.containerd.content.v1.content/blobs/sha256"
ln -s "$store/io.containerd.runtime.v2.task/moby/$A" "$box/work"
echo "{ \"config\": { \"digest\": \"sha256:$C\" } }" > "$store/io.containerd.content.v1.content/blobs/sha256/$D"
image CHOWN,SETUID > "$store/io.containerd.content.v1.content/blobs/sha256/$C"
container ALL
jq --arg d "sha256:$D" '.Image = $d | .ImageManifest = { digest: $d } | .Driver = "overlayfs"' "$kept/config.v2.json" > "$TMP/new"
cat "$TMP/new" > "$kept/config.v2.json"
is "docker with containerd's image store: the manifest's configuration" "$(caps)" "CHOWN SETUID"

# A source that does not answer is said, and is no refusal.
container CHOWN
mv "$blobs/$C" "$TMP/blob"
is "the image's configuration is missing: as asked" "$(caps)" "$all"
like "and that is said" "$(warned)" "the labels of docker cannot be read: .*/$C: is not there"
is "and the answer says so" "$(caisson explain --json "$box" 2> /dev/null | jq .labels.answered)" false
mv "$TMP/blob" "$blobs/$C"
container CHOWN "$B"
like "another container's record is not taken" "$(warned)" "ID: is another container's"
container CHOWN
chmod 777 "$root/containers"
like "a directory that others may write to is not believed" "$(warned)" "$root/containers: can be written by others"
chmod 755 "$root/containers"
mv "$kept/config.v2.json" "$TMP/record"
ln -s "$TMP/record" "$kept/config.v2.json"
like "a symbolic link is not followed" "$(warned)" 'config.v2.json: is a symbolic link'
rm "$kept/config.v2.json"
mkfifo "$kept/config.v2.json"
like "a pipe does not hold it up" "$(warned)" 'config.v2.json: is not a regular file'
rm "$kept/config.v2.json"
printf '{"ID":"%s","x":1,"x":2}' "$A" > "$kept/config.v2.json"
like "a key that is there twice" "$(warned)" 'the labels of docker cannot be read: .*duplicate'
head -c 17000000 /dev/zero | tr '\0' ' ' > "$kept/config.v2.json"
like "a file without an end" "$(warned)" 'is larger than 16777216 bytes'
container CHOWN
jq '.Driver = "../../x"' "$kept/config.v2.json" > "$TMP/new"
cat "$TMP/new" > "$kept/config.v2.json"
like "a driver's name that is a path" "$(warned)" 'Driver: is not the name of a storage driver'
container CHOWN
if [ "$(id -u)" -eq 0 ]; then
	chown 1000 "$kept"
	like "what belongs to somebody else is not believed" "$(warned)" 'belongs to uid 1000'
	chown 0 "$kept"
	mounted "$kept/hosts"
	BUNDLE=$box reconfig '.process.args = ["/bin/sleep", "100"]'
	ok "a container is made" caisson create -b "$box" "$ID"
	ok "and started" caisson start "$ID"
	bnd() { sed -n 's/^CapBnd:[[:space:]]*//p'; }
	is "inside it has what is left" "$(caisson exec "$ID" cat /proc/1/status | bnd)" 0000000000000001
	is "and so has an exec that asks for more" "$(caisson exec --cap CAP_SYS_ADMIN --cap CAP_KILL --cap CAP_CHOWN "$ID" cat /proc/self/status | bnd)" 0000000000000001
	caisson delete --force "$ID"
else
	skip 5 "needs root"
fi

# ---- containers/storage ----
graph=$TMP/storage
box=$graph/overlay-containers/$A/userdata
mkdir -p "$graph/overlay-containers/$A" "$graph/overlay-images/$I"
cp -a "$BUNDLE" "$box"
blob=$graph/overlay-images/$I/=$(printf 'sha256:%s' "$C" | base64 -w 0)
echo "{ \"config\": { \"digest\": \"sha256:$C\" } }" > "$graph/overlay-images/$I/manifest"
listed() { jq -n --arg id "$A" --arg image "$I" '[{ id: "x" }, { id: $id, image: $image, names: ["n"] }]' > "$graph/overlay-containers/$1.json"; }
listed containers
image KILL,MKNOD > "$blob"
is "podman: the image's configuration narrows" "$(caps)" "KILL MKNOD"
rm "$graph/overlay-containers/containers.json"
listed volatile-containers
is "also of a container that is removed at its end" "$(caps)" "KILL MKNOD"
rm "$graph/overlay-containers/volatile-containers.json"
like "a container that the storage does not know" "$(warned)" "the labels of podman cannot be read: .*knows no container $A"
listed containers
echo '{ "config": { "digest": "sha256:../x" } }' > "$graph/overlay-images/$I/manifest"
like "a digest that is a path" "$(warned)" 'config.digest: is not a sha256 digest'
I=../../x listed containers
like "an image that is a path" "$(warned)" 'image: is not an id'
I='' listed containers
is "a container without an image is as asked" "$(caps) $(warned)" "$all "

# CRI-O: the bundle is below the run root, the images below that of the root file system.
listed containers
echo "{ \"config\": { \"digest\": \"sha256:$C\" } }" > "$graph/overlay-images/$I/manifest"
run=$TMP/run
mkdir -p "$run/overlay-containers/$A" "$graph/overlay/layer"
mv "$box" "$run/overlay-containers/$A/userdata"
box=$run/overlay-containers/$A/userdata
mv "$box/rootfs" "$graph/overlay/layer/merged"
BUNDLE=$box reconfig ".root.path = \"$graph/overlay/layer/merged\" | .annotations[\"io.kubernetes.cri-o.ContainerType\"] = \"container\""
is "CRI-O: the image's configuration narrows" "$(caps)" "KILL MKNOD"
BUNDLE=$box reconfig '.annotations["io.kubernetes.cri-o.ContainerType"] = "sandbox"'
is "calling itself a sandbox does not help" "$(caps)" "KILL MKNOD"
