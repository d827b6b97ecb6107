# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""More ways to spoil a backup: odd tar and packing, names, numbers, masses, versions and annotations."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
import typing as t
import zipfile

from campaigns.archives_make import (
    WRONG,
    Files,
    Member,
    encoded,
    location,
    member_path,
    raw_header,
    sound_members,
    tar,
    tarball,
)
from campaigns.archives_objects import BACKUP, RECORD, Object, sound_files, sound_objects

_CONFIGMAP = "resources/configmaps/namespaces/shop/"
_METADATA = (
    "name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation", "creationTimestamp",
    "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers",
    "managedFields", "unknown",
)  # fmt: skip
_NUMBERS = (
    b"NaN", b"-Infinity", b"1e400", b"-1e400", b"1e308", b"5e-324", b"-0", b"-0.0", b"1" * 400, b"1" * 4400,
    b"9223372036854775808", b"18446744073709551616", b"0.1e1", b"1E+2", b"01", b"0x10", b"1_000", b"\xd9\xa1", b"+1",
)  # fmt: skip
_SIGNS = (
    "\x00", "\x07", "\x1b[2J", "\x9b31m", "\x7f", "\u202e", "\u2066", "\u200b", "\u2028", "\ufeff", "\U000e0041",
    "\u00ad", "e\u0301", "\uff0f", "\r\n", "\\", "%2e%2e%2f", "..", "/",
    "{{ lookup('pipe', 'id') }}", "$(id)", "'", " ",
)  # fmt: skip
_DURATIONS = ("", "-1h", "9999999999h", "1e9s", "NaN", "0", "\u0661s", "1h" * 5000, "30", " 5s")
_COMMANDS = ('["a"', "[" * 100_000, "[1]", "[null]", '["\\ud800"]', "x" * 100_000, "[]", '[["a"]]', "\x1b[2J", "\x00")


def odd_tar(chance: random.Random) -> Files:
    """What tar can express and no backup holds, before, between or behind sound members."""
    members = sound_members()
    secret = encoded(dict(sound_objects())["secrets"])
    records = chance.choice(
        [
            _pax(path="resources/secrets/namespaces/shop/web-token-x.json"),
            _pax(path="../../etc/cron.d/x"),
            _pax(path="resources/configmaps/namespaces/shop/\udcff.json"),
            _pax(path="a" * 3000),
            _pax(size="0"),
            _pax(size=str(1 << 62)),
            _pax(size="-1"),
            _pax(size="1e3"),
            _pax(linkpath="/etc/shadow", uid="-1", mtime="NaN"),
            _pax(
                **{"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "x", "GNU.sparse.realsize": "9"}
            ),
            _pax(**{"GNU.sparse.map": "0,1,2", "GNU.sparse.size": "9999999999"}),
            _pax(**{"SCHILY.xattr.user.x": "y" * 100_000}),
            _pax(hdrcharset="BINARY", path="\udcc3("),
        ]
    )
    extension = raw_header(b"PaxHeaders.0/x", len(records), chance.choice([b"x", b"g", b"X", b"L", b"K"]))
    extension += records + bytes(-len(records) % 512)
    kind = chance.choice([b"0", b"\0", b"1", b"2", b"5", b"7", b"S", b"D", b"M", b"N", b"V"])
    name = chance.choice(
        [b"resources/configmaps/namespaces/shop/odd.json", b"metadata/version", b"x/", b"\xff\xfe.json"]
    )
    body = chance.choice([secret, b"{}", b"", b"1.1.0\n", b"99.0\n" * 100_000])
    odd = raw_header(name, len(body), kind) + body + bytes(-len(body) % 512)
    pieces = [tar(members)[:-1024] if chance.random() < 0.8 else tar(members), extension, odd, extension]
    chance.shuffle(pieces)
    text = b"".join(pieces) + chance.choice([bytes(1024), bytes(512), b"", b"garbage" * 100, tar(members)])
    if chance.random() < 0.2:
        text = text.replace(b"ustar\x0000", chance.choice([b"ustar  \0", b"\0" * 8, b"ustar\x0099"]))
    return location(gzip.compress(text, 1))


def odd_packing(chance: random.Random) -> Files:
    """Other programs than gzip, and what gzip's own head can hold."""
    text = tar(sound_members())
    sound = gzip.compress(text, 1)
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("x", text)
    body = sound[10:]
    made = [
        lzma.compress(text), bz2.compress(text), zipped.getvalue(), b"\x28\xb5\x2f\xfd" + text[:5000], text,
        gzip.compress(sound), base64.b64encode(sound), b"\xef\xbb\xbf" + sound, sound[:-8] + bytes(8), sound * 3,
        b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * chance.choice([10, 1 << 20]) + b"\0" + body,
        b"\x1f\x8b\x08\x10" + bytes(6) + b"c" * (20 << 20),
        b"\x1f\x8b\x08\x04" + bytes(6) + b"\xff\xff" + bytes(65535) + body,
        b"\x1f\x8b\x08\xe0" + bytes(6) + body, b"\x1f\x8b\x07\x00" + bytes(6) + body,
        sound + bytes(1 << 20) + sound, sound + b"\x1f\x8b\x08" + bytes(30),
        gzip.compress(text[: len(text) // 2]) + gzip.compress(text[len(text) // 2 :]),
        b"".join(gzip.compress(text[at : at + 512], 0) for at in range(0, len(text), 512)),
        gzip.compress(bytes(64 << 20), 9),
    ]  # fmt: skip
    files = location(chance.choice(made))
    if chance.random() < 0.3:
        files[f"backups/b/b{chance.choice(list(sound_files()))}"] = chance.choice(made)
    return files


def odd_names(chance: random.Random) -> Files:
    """Signs that steer a terminal or a program, in names that agree with the object's or do not."""
    members = sound_members()
    for _time in range(chance.randint(1, 6)):
        resource, obj = chance.choice(sound_objects())
        name = chance.choice(["web", "", "x" * 260]) + "".join(chance.choices(_SIGNS, k=chance.randint(1, 3)))
        field = chance.choice(["name", "name", "namespace", "kind", "apiVersion"])
        (obj if field in obj else obj["metadata"])[field] = name
        path = member_path(chance.choice([resource, name]), obj)
        obj["metadata"].setdefault("annotations", {})[name] = name
        members.append((path.encode("utf-8", "replace").decode(), encoded(obj)))
    return location(tarball(members, chance.choice([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])))


def odd_numbers(chance: random.Random) -> Files:
    """Numbers at the ends of what JSON, Go and Python have, in the place of any number."""
    pairs = sound_objects()
    members = []
    for resource, obj in pairs:
        text = encoded(obj)
        for at in (b": 1,", b": 1}", b": 80,", b": 30000", b": 1073741824", b": true"):
            if chance.random() < 0.1:
                text = text.replace(at, b": " + chance.choice(_NUMBERS) + (at[-1:] if at[-1:] in b",}" else b""))
        members.append((member_path(resource, obj), text))
    files = sound_files()
    record = encoded(RECORD).replace(b": 1,", b": " + chance.choice(_NUMBERS) + b",")
    made = location(tarball(members), documents=files)
    made["backups/b/velero-backup.json"] = encoded(BACKUP).replace(b": 1,", b": " + chance.choice(_NUMBERS) + b",")
    made["backups/b/b-volumesnapshots.json.gz"] = gzip.compress(
        encoded(files["-volumesnapshots.json.gz"]).replace(b": 3", b": " + chance.choice(_NUMBERS)), 1
    )
    made["restores/r/r-arkive.json.gz"] = gzip.compress(record, 1)
    return made


def masses(chance: random.Random) -> Files:
    """Very many of something of which there are few."""
    count = chance.choice([20_000, 100_000])
    pairs = sound_objects()
    obj = chance.choice(pairs)[1]
    places = [place for place in _lists(obj) if place[0]]
    holder, key = chance.choice([place[1:] for place in places])
    value = holder[key]
    if isinstance(value, dict):
        holder[key] = {f"{name}{number}": entry for number in range(count) for name, entry in [*value.items()][:1]}
    else:
        same = chance.random() < 0.5
        holder[key] = [_numbered(value[0], "" if same else str(number)) for number in range(count)]
    members = [(member_path(one, other), encoded(other)) for one, other in pairs]
    if chance.random() < 0.2:
        members += sound_members()[1:2] * 20_000
    return location(tarball(members))


def wrong_metadata(chance: random.Random) -> Files:
    pairs = sound_objects()
    paths = [member_path(*pair) for pair in pairs]
    for _resource, obj in chance.sample(pairs, chance.randint(1, 8)):
        metadata = obj["metadata"]
        if chance.random() < 0.3 and isinstance(obj.get("spec"), dict):
            metadata = obj["spec"].get("template", {}).get("metadata", metadata)
        metadata[chance.choice(_METADATA)] = chance.choice([*WRONG, "\ud800", 1e308, {"a": {"b": {"c": {"d": "e"}}}}])
    return location(tarball([(path, encoded(obj)) for path, (_gr, obj) in zip(paths, pairs, strict=True)]))


def odd_versions(chance: random.Random) -> Files:
    """Copies by version that disagree with each other, and with what the archive says of its own format."""
    members: list[Member] = []
    folders = [
        "v1-preferredversion",
        "v1",
        "v1beta1",
        "v2",
        "V1",
        "1",
        "..",
        "",
        "v1-preferredversion-preferredversion",
    ]
    folders += ["v" + "9" * 500, "v1\x1b[0m", "-preferredversion", "namespaces", "cluster"]
    for resource, obj in sound_objects():
        path = member_path(resource, obj)
        copies = [(path, encoded(obj))] if chance.random() < 0.8 else []
        for folder in chance.sample(folders, chance.randint(0, 4)):
            other = json.loads(encoded(obj))
            if chance.random() < 0.6:
                group = other["apiVersion"].rpartition("/")[0]
                other["apiVersion"] = chance.choice(
                    [f"{group}/{folder}", "v1", "other.org/v1", folder, f"{group}/v1beta1"]
                )
            if chance.random() < 0.3:
                other["metadata"]["name"] = chance.choice(["x", "..", obj["metadata"]["name"]])
            if chance.random() < 0.3:
                other["kind"] = chance.choice(["ClusterRoleBinding", "", "secret"])
            copies.append((path.replace(resource, f"{resource}/{folder}", 1), encoded(other)))
        chance.shuffle(copies)
        members += copies
    said = chance.choice(["1", "1.1.0", "2.0.0", "99", "", "\x00", "1.1.0\n" * 9, "v1", "\u202e1"])
    members.insert(chance.randrange(len(members)), ("metadata/version", said.encode()))
    if chance.random() < 0.3:
        members += [("metadata/version", b"x" * (5 << 20)), ("metadata/" + "x" * 200, b"{}")]
    return location(tarball(members))


def odd_annotations(chance: random.Random) -> Files:
    """Hooks, records of snapshots and last-applied configurations that are none."""
    pairs = sound_objects()
    keys = [
        "init.hook.restore.velero.io/command", "init.hook.restore.velero.io/timeout",
        "init.hook.restore.velero.io/container-image", "init.hook.restore.velero.io/container-name",
        "post.hook.restore.velero.io/command", "post.hook.restore.velero.io/container",
        "post.hook.restore.velero.io/exec-timeout", "post.hook.restore.velero.io/wait-timeout",
        "post.hook.restore.velero.io/on-error", "pre.hook.backup.velero.io/command", "arkive.k8s/frozen",
        "arkive.k8s/restored-from", "backup.velero.io/backup-volumes", "snapshot.velero.io/data",
        "velero.io/volume-snapshot-name", "velero.io/csi-volumesnapshot-handle", "velero.io/csi-driver-name",
        "velero.io/restore-status", "kubectl.kubernetes.io/last-applied-configuration",
        "volume.kubernetes.io/selected-node", "pv.kubernetes.io/provisioned-by",
    ]  # fmt: skip
    texts = (*_DURATIONS, *_COMMANDS, "null", "{}", "1", '{"spec": 1}', '{"spec": {"ports": [{"nodePort": "x"}]}}')
    for _resource, obj in pairs:
        for key in chance.sample(keys, chance.randint(0, 6)):
            obj["metadata"]["annotations"][key] = chance.choice(texts)
    return location(tarball([(member_path(gr, obj), encoded(obj)) for gr, obj in pairs]), documents=sound_files())


def lies(chance: random.Random) -> Files:
    """What the files beside the tarball say of it, of each other, and of time."""
    backup = json.loads(json.dumps(BACKUP))
    backup["metadata"].update(chance.choice([{}, {"name": "other"}, {"name": "b\u202e"}, {"labels": {"a": "\x1b[2J"}}]))
    times = ["9999-99-99", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59+23:59", "now", "2026-01-01T00:00:00.1e5Z", ""]
    for name in ("startTimestamp", "completionTimestamp", "expiration"):
        backup["status"][name] = chance.choice(times)
    backup["status"]["phase"] = chance.choice(["Completed", "completed", "Deleting", "\x1b[31m", "New", ""])
    backup["status"]["formatVersion"] = chance.choice(["1.1.0", "9.9.9", "\x00", ""])
    files = sound_files()
    files["-results.gz"] = {"errors": {"velero": [chance.choice(_SIGNS) * 50] * chance.choice([1, 50_000])}}
    files["-resource-list.json.gz"] = {
        chance.choice(["v1/Pod", "../x", "\u202e"]): ["shop/a"] * chance.choice([1, 90_000])
    }
    names = ["b.tar.gz", "../../x", "velero-backup.json", "\x1b[2J"]
    digest = {"size": chance.choice([0, -1, 1 << 70]), "sha256": chance.choice(["0" * 64, "x", "", "\u202e"])}
    files["-arkive.json.gz"] = {"version": chance.choice([1, 2, 99]), "files": {chance.choice(names): digest}}
    for document in files.values():
        for entry in document if isinstance(document, list) else ():
            for name in chance.sample(sorted(entry), 1):
                entry[name] = chance.choice([entry[name], None, [entry[name]] * 3])
    made = location(tarball(sound_members()), backup=encoded(backup), documents=files)
    made["backups/b/b-logs.gz"] = gzip.compress(b"\x1b[2J\xff\xfe level=error\n" * chance.choice([1, 400_000]), 1)
    made["backups/..%2f/velero-backup.json"] = encoded(backup)
    return made


def _pax(**records: str) -> bytes:
    made = b""
    for key, value in records.items():
        body = f" {key}={value}\n".encode("utf-8", "surrogateescape")
        length = len(body) + len(str(len(body)))
        made += str(length if len(str(length)) + len(body) == length else length + 1).encode() + body
    return made


def _lists(document: Object) -> list[tuple[bool, t.Any, t.Any]]:
    """Each list or mapping of members that may be many, with its holder and key."""
    found: list[tuple[bool, t.Any, t.Any]] = []
    open_: list[t.Any] = [document]
    maps = ("labels", "annotations", "matchLabels", "data", "requests", "f:ports")
    while open_:
        holder = open_.pop()
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            value = holder[key]
            if isinstance(value, dict | list):
                found.append((bool(value) and (isinstance(value, list) or key in maps), holder, key))
                open_.append(value)
    return found


def _numbered(value: t.Any, number: str) -> t.Any:
    if isinstance(value, str):
        return value + number
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        return {**value, "name": value["name"] + number}
    return value


__all__ = (
    "lies",
    "masses",
    "odd_annotations",
    "odd_names",
    "odd_numbers",
    "odd_packing",
    "odd_tar",
    "odd_versions",
    "wrong_metadata",
)
