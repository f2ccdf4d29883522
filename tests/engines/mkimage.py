#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A one-layer image from a directory, in the form that "docker load" and "ctr image import" take.

usage: mkimage.py OUT.tar NAME:TAG ROOTFS [--cmd WORD]... [--user USER] [--label KEY=VALUE]... [--health WORD]...

--health: the words of a health check, CMD or CMD-SHELL first, as Docker has them.
"""
import argparse
import hashlib
import io
import json
import os
import platform
import tarfile


def layer(rootfs):
	out = io.BytesIO()
	with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
		for name in sorted(os.listdir(rootfs)):
			tar.add(os.path.join(rootfs, name), arcname=name)
	return out.getvalue()


def main():
	p = argparse.ArgumentParser()
	p.add_argument("out")
	p.add_argument("name")
	p.add_argument("rootfs")
	p.add_argument("--cmd", action="append", default=[])
	p.add_argument("--user", default="")
	p.add_argument("--label", action="append", default=[])
	p.add_argument("--health", action="append", default=[])
	a = p.parse_args()

	data = layer(a.rootfs)
	digest = hashlib.sha256(data).hexdigest()
	arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
	config = json.dumps({
		"architecture": arch,
		"os": "linux",
		"config": {
			"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
			"Cmd": a.cmd or ["/bin/sh"],
			"User": a.user,
			"Labels": dict(label.split("=", 1) for label in a.label),
			"WorkingDir": "/",
			**({"Healthcheck": {"Test": a.health}} if a.health else {}),
		},
		"rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]},
		"history": [{"created": "2020-01-01T00:00:00Z", "created_by": "mkimage.py"}],
	}).encode()
	config_name = hashlib.sha256(config).hexdigest() + ".json"
	manifest = json.dumps([{"Config": config_name, "RepoTags": [a.name], "Layers": [digest + "/layer.tar"]}]).encode()
	with tarfile.open(a.out, mode="w") as tar:
		for name, content in ((config_name, config), (digest + "/layer.tar", data), ("manifest.json", manifest)):
			info = tarfile.TarInfo(name)
			info.size = len(content)
			tar.addfile(info, io.BytesIO(content))


main()
