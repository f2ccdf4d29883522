# SPDX-License-Identifier: Apache-2.0
"""Reads contrib/kubernetes/*.yaml and the engines' fragments and says what is wrong: fields that the API demands, names that must agree."""
import json
import re
import sys
import tomllib

import yaml

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?$")  # RFC 1123
# Where each engine's fragment has its runtimes; one of the engines reads JSON.
FRAGMENTS = {
    "containerd/config.toml": ["plugins", "io.containerd.grpc.v1.cri", "containerd", "runtimes"],
    "containerd/config-2.toml": ["plugins", "io.containerd.cri.v1.runtime", "containerd", "runtimes"],
    "crio/caisson.conf": ["crio", "runtime", "runtimes"],
    "docker/daemon.json": ["runtimes"],
    "podman/caisson.conf": ["engine", "runtimes"],
}
API = {"RuntimeClass": "node.k8s.io/v1", "Namespace": "v1", "DaemonSet": "apps/v1"}
wrong = []


def need(where, value, path):
    """The value at the path; its absence is noted."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    if value in (None, "", [], {}):
        wrong.append(f"{where}: {path} is missing")
    return value


def strings(where, value):
    """What the API wants as strings must not be read as booleans or numbers."""
    for key, text in value.items():
        if not isinstance(text, str):
            wrong.append(f"{where}: {key} is {text!r}, not a string")


def runtime_class(where, o):
    handler = need(where, o, "handler")
    if not LABEL.match(handler or "") or handler != o["metadata"]["name"]:
        wrong.append(f"{where}: handler {handler}")
    strings(where, need(where, o, "scheduling.nodeSelector"))


def daemon_set(where, o):
    labels = need(where, o, "spec.template.metadata.labels")
    if need(where, o, "spec.selector.matchLabels") != labels:
        wrong.append(f"{where}: the selector does not match the template")
    pod = need(where, o, "spec.template.spec")
    strings(where, need(where, pod, "nodeSelector"))
    volumes = {v["name"] for v in pod["volumes"]}
    for c in pod["initContainers"] + pod["containers"]:
        here = f"{where}: container {c.get('name')}"
        need(here, c, "image")
        if not LABEL.match(c["name"]):
            wrong.append(f"{here}: no name for a container")
        for env in c.get("env", []):
            strings(here, env)
        for mount in c.get("volumeMounts", []):
            need(here, mount, "mountPath")
            if mount["name"] not in volumes:
                wrong.append(f"{here}: no volume {mount['name']}")
        if c["securityContext"].get("privileged") or c["securityContext"]["capabilities"]["drop"] != ["ALL"]:
            wrong.append(f"{here}: is privileged")


def fragments(directory, handlers):
    """Every engine has the same names, each for the program of that name."""
    for name, keys in FRAGMENTS.items():
        with open(f"{directory}/../{name}", encoding="utf-8") as f:
            value = (json.loads if name.endswith(".json") else tomllib.loads)(f.read())
        for key in keys:
            value = value.get(key, {})
        if sorted(value) != sorted(handlers):
            wrong.append(f"{name}: runtimes {sorted(value)}")
        for handler, settings in value.items():
            if f"'/usr/bin/{handler}'" not in repr(settings):
                wrong.append(f"{name}: {handler} is another program: {settings}")


def main(directory):
    objects = []
    for name in ("runtimeclass.yaml", "installer.yaml"):
        with open(f"{directory}/{name}", encoding="utf-8") as f:
            objects += yaml.safe_load_all(f)
    for o in objects:
        where = f"{o.get('kind')} {need('object', o, 'metadata.name')}"
        if o.get("apiVersion") != API.get(o.get("kind"), ""):
            wrong.append(f"{where}: apiVersion {o.get('apiVersion')}")
        {"RuntimeClass": runtime_class, "DaemonSet": daemon_set}.get(o["kind"], lambda *_: None)(where, o)
    classes = [o["metadata"]["name"] for o in objects if o["kind"] == "RuntimeClass"]
    with open(f"{directory}/install.sh", encoding="utf-8") as f:
        handlers = re.search(r'^runtimes="(.*)"$', f.read(), re.M).group(1).split()
    if classes != handlers:
        wrong.append(f"classes {classes}, but the installer's handlers are {handlers}")
    fragments(directory, handlers)
    print("\n".join(wrong) or "good")


main(sys.argv[1])
