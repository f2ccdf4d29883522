#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lists every property that the OCI runtime specification's JSON schemas name, one a line:

    contrib/spec-properties.py SCHEMA-DIRECTORY > tests/data/spec-properties.txt

SCHEMA-DIRECTORY is schema/ of a release of the specification. "[]" is any element of an array, "{}" any member of a map,
"=VALUE" one value of an enumeration. Blocks of other platforms are left out, as are the files that only they refer to.
"""
import json
import os
import sys

FILES = ["config-schema.json", "config-linux.json", "defs.json", "defs-linux.json", "features-schema.json",
         "features-linux.json", "state-schema.json"]
DOCUMENTS = [("config", "config-schema.json"), ("features", "features-schema.json"), ("state", "state-schema.json")]


def resolve(schemas, file, reference):
    """The node that a $ref means, and its file; (None, None) when that file is another platform's."""
    target, _, pointer = reference.partition("#")
    file = target or file
    if file not in schemas:
        return None, None
    node = schemas[file]
    for part in filter(None, pointer.split("/")):
        node = node[part]
    return file, node


def walk(schemas, file, node, path, out):
    while "$ref" in node:
        file, node = resolve(schemas, file, node["$ref"])
        if node is None:
            return
    for kind in ("allOf", "anyOf", "oneOf"):
        for part in node.get(kind, []):
            walk(schemas, file, part, path, out)
    for value in node.get("enum", []):
        out[f"{path}={value}"] = True
    for key, part in node.get("properties", {}).items():
        inner = path + key if path.endswith(":") else f"{path}.{key}"
        if "$ref" in part and resolve(schemas, file, part["$ref"])[1] is None:
            continue
        out[inner] = True
        walk(schemas, file, part, inner, out)
    members = list(node.get("patternProperties", {}).values())
    if isinstance(node.get("additionalProperties"), dict):
        members.append(node["additionalProperties"])
    for part in members:
        walk(schemas, file, part, path + "{}", out)
    if isinstance(node.get("items"), dict):
        walk(schemas, file, node["items"], path + "[]", out)


def main():
    schemas = {}
    for name in FILES:
        with open(os.path.join(sys.argv[1], name), encoding="utf-8") as f:
            schemas[name] = json.load(f)
    out = {}
    for document, file in DOCUMENTS:
        walk(schemas, file, schemas[file], document + ":", out)
    print("\n".join(out))


if __name__ == "__main__":
    main()
