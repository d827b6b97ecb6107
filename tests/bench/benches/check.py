# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a backup holds what a raw LIST held: ``python -m benches.check RAW_DIRECTORY BACKUP OBJECTS``.

Read by ``tarfile`` and the standard library, not by our own readers. Ends with a sentence for the first thing wrong.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import pathlib
import sys
import tarfile
import typing as t

from benches import objects

#: Group-resource, namespace and name.
Key: t.TypeAlias = tuple[str, str, str]


class Wrong(Exception):
    """The backup is not what it should be."""


def check(raw: pathlib.Path, backup: pathlib.Path, wanted: int) -> None:
    """Raise ``Wrong`` unless the backup has all that the raw lists have in the benchmark's namespaces."""
    name = backup.name
    listed = _listed(raw)
    made = sum(1 for gr, _namespace, _name in listed if gr in _MADE)
    if made < wanted:
        raise Wrong(f"The raw lists hold {made} objects of the benchmark, not {wanted}.")
    plain, copies = _stored(backup / f"{name}.tar.gz")
    for what, found in (("plain", plain), ("preferred version", copies)):
        if missing := listed.keys() - found.keys():
            raise Wrong(f"{len(missing)} objects are not at their {what} path, such as {min(missing)}.")
        if others := [key for key, digest in listed.items() if found[key][0] != digest]:
            raise Wrong(f"{len(others)} objects differ at their {what} path, such as {min(others)}.")
    if plain != copies:
        raise Wrong("The objects at both paths differ.")
    _check_digests(backup / f"{name}-arkive-digests.gz", plain)
    _check_records(backup, plain)


_MADE = {
    kind.plural + (f".{kind.api_version.partition('/')[0]}" if "/" in kind.api_version else "")
    for kind in objects.KINDS
}


def _listed(raw: pathlib.Path) -> dict[Key, str]:
    """The digest of each object's canonical JSON."""
    found: dict[Key, str] = {}
    decoder = json.JSONDecoder()
    for file in sorted(raw.glob("*.gz")):
        gr = _group_resource(file.name)
        text = gzip.decompress(file.read_bytes()).decode()
        at = 0
        while at < len(text):
            page, at = decoder.raw_decode(text, at)
            while text[at : at + 1].isspace():
                at += 1
            for item in page["items"] or ():
                metadata = item["metadata"]
                if not str(metadata.get("namespace")).startswith(objects.PREFIX):
                    continue
                kind = page["kind"].removesuffix("List")
                typed = {"apiVersion": page["apiVersion"], "kind": kind} | item
                found[(gr, metadata["namespace"], metadata["name"])] = _canonical(typed)
    return found


def _group_resource(file: str) -> str:
    """``apis_apps_v1_deployments.gz`` -> ``deployments.apps``."""
    root, *parts = file.removesuffix(".gz").split("_")
    return f"{parts[2]}.{parts[0]}" if root == "apis" else parts[1]


def _canonical(document: t.Any) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _stored(tarball: pathlib.Path) -> tuple[dict[Key, tuple[str, str]], dict[Key, tuple[str, str]]]:
    """By the plain path and by the path of the preferred version: digests of the canonical JSON and of the bytes."""
    plain: dict[Key, tuple[str, str]] = {}
    copies: dict[Key, tuple[str, str]] = {}
    # tarfile's own decompressor of streams ends with the first gzip member.
    with gzip.open(tarball) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            parts = member.name.removesuffix(".json").split("/")
            if parts[0] != "resources":
                continue
            target = copies if parts[2].endswith("-preferredversion") else plain
            namespace = parts[-2] if "namespaces" in parts[2:4] else ""
            file = archive.extractfile(member)
            if file is None:
                raise Wrong(f"{member.name} is no file.")
            data = file.read()
            key = (parts[1], namespace, parts[-1])
            if key in target:
                raise Wrong(f"{member.name} is in the archive twice.")
            target[key] = (_canonical(json.loads(data)), hashlib.sha256(data).hexdigest())
    return plain, copies


def _check_digests(file: pathlib.Path, plain: dict[Key, tuple[str, str]]) -> None:
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    digests = {path: digest for digest, path in (line.split("  ", 1) for line in lines)}
    expected = {
        f"resources/{gr}/" + (f"namespaces/{namespace}/{name}.json" if namespace else f"cluster/{name}.json"): digest
        for (gr, namespace, name), (_canonical_digest, digest) in plain.items()
    }
    if digests != expected:
        raise Wrong(f"{len(digests.items() ^ expected.items())} lines of the digests are not those of the objects.")


def _check_records(backup: pathlib.Path, plain: dict[Key, tuple[str, str]]) -> None:
    record = _read(backup / f"{backup.name}-arkive.json.gz")
    present = {file.name for file in backup.iterdir()} - {f"{backup.name}-arkive.json.gz"}
    if record["files"].keys() != present:
        raise Wrong(f"The record names other files than there are: {sorted(record['files'].keys() ^ present)}.")
    for name, noted in record["files"].items():
        data = (backup / name).read_bytes()
        if (len(data), hashlib.sha256(data).hexdigest()) != (noted["size"], noted["sha256"]):
            raise Wrong(f"{name} is not the file that the record describes.")
    named = sum(map(len, _read(backup / f"{backup.name}-resource-list.json.gz").values()))
    status = json.loads((backup / "velero-backup.json").read_text())["status"]
    counts = (sum(record["items"].values()), named, status["progress"]["itemsBackedUp"])
    if set(counts) != {len(plain)} or status["phase"] != "Completed":
        raise Wrong(f"{len(plain)} objects are stored, the records say {counts} and '{status['phase']}'.")


def _read(file: pathlib.Path) -> t.Any:
    return json.loads(gzip.decompress(file.read_bytes()))


def main() -> None:
    raw, backup, wanted = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    try:
        check(raw, backup, wanted)
    except Wrong as exc:
        raise SystemExit(str(exc)) from exc


if __name__ == "__main__":
    main()
