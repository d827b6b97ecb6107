# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to spoil a backup: objects, JSON, tar, gzip, the files beside the tarball."""

from __future__ import annotations

import copy
import gzip
import json
import random
import tarfile
import typing as t
import zlib

from campaigns.archives_make import (
    WRONG,
    Files,
    encoded,
    location,
    member_path,
    raw_header,
    sound_members,
    tar,
    tarball,
)
from campaigns.archives_objects import BACKUP, RECORD, sound_files, sound_objects


def replace_somewhere(chance: random.Random, document: t.Any, wrong: t.Any) -> None:
    """Put ``wrong`` in the place of any one value inside of ``document``."""
    places: list[tuple[t.Any, t.Any]] = []
    open_ = [document]
    while open_:
        holder = open_.pop()
        keys: t.Iterable[t.Any] = holder if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            places.append((holder, key))
            if isinstance(holder[key], dict | list):
                open_.append(holder[key])
    holder, key = chance.choice(places)
    if chance.random() < 0.1 and isinstance(holder, dict):
        del holder[key]
    else:
        # A copy: the next replacement may be made inside of it.
        holder[key] = copy.deepcopy(wrong)


def wrong_shapes(chance: random.Random) -> Files:
    objects = sound_objects()
    paths = [member_path(*pair) for pair in objects]
    for _time in range(chance.randint(1, 3)):
        replace_somewhere(chance, chance.choice(objects)[1], chance.choice(WRONG))
    return location(tarball([(path, encoded(obj)) for path, (_gr, obj) in zip(paths, objects, strict=True)]))


def smuggled(chance: random.Random) -> Files:
    """Objects under paths that are not theirs."""
    objects = sound_objects()
    members = sound_members()
    for _time in range(chance.randint(1, 4)):
        victim, (_gr, other) = chance.randrange(len(members)), chance.choice(objects)
        body = json.loads(members[victim][1])
        take = chance.sample(["kind", "apiVersion", "name", "namespace", "all"], chance.randint(1, 3))
        if "all" in take:
            named = {"name": body["metadata"]["name"]} if chance.random() < 0.5 else {}
            body = {**other, "metadata": {**other["metadata"], **named}}
        for field in ("kind", "apiVersion"):
            if field in take:
                body[field] = other[field]
        for field in ("name", "namespace"):
            if field in take:
                body["metadata"][field] = chance.choice(["kube-system", "conf", "x/y", "..", "a%2fb", ""])
        members[victim] = (members[victim][0], encoded(body))
    return location(tarball(members))


def unreadable_json(chance: random.Random) -> Files:
    members = sound_members()
    victim = chance.randrange(len(members))
    members[victim] = (members[victim][0], bad_json(chance, members[victim][1]))
    return location(tarball(members))


def bad_json(chance: random.Random, sound: bytes) -> bytes:
    depth = chance.choice([199, 201, 900, 1100, 5000, 100_000])
    size = chance.choice([1 << 10, 1 << 20, 5 << 20, 15 << 20])
    inner = chance.choice(
        [
            b'{"a":' * depth + b"1" + b"}" * depth,
            b"[" * depth + b"]" * depth,
            b"[" * depth,
            b"[" + b"{}," * (size // 3) + b"{}]",
            b"[" + b"[]," * (size // 3) + b"1]",
            b"[" + b'{"a":1},' * (size // 8) + b"1]",
            b"{" + b",".join(b'"%d":0' % number for number in range(min(size // 10, 200_000))) + b"}",
            b'"' + b"\xf0\x9f\x98\x80" + b"a" * size + b'"',
            b'"' + b"\\u0061" * (size // 6) + b'"',
            b"NaN", b"Infinity", b"1e999", b"-0", b"1" * 5000, b"1" * 30, b'"\\ud800"', b'"\\u0000\\u001b"',
            b"\xff\xfe", b"\xed\xa0\x80", b"{}{}", b"'a'", b"",
            b'{"a":1,"a":2}',
        ]
    )  # fmt: skip
    way = chance.randrange(6)
    if way == 0:
        return inner
    if way == 1:
        return sound[: chance.randrange(len(sound))]
    if way == 2:
        at = chance.randrange(len(sound))
        return sound[:at] + bytes([chance.randrange(256)]) + sound[at + 1 :]
    if way == 3:
        return sound.decode().encode(chance.choice(["utf-16", "utf-32", "utf-8-sig"]))
    if way == 4:
        return sound.replace(b'"metadata": {', b'"metadata": {"labels": {"a": ' + inner + b"}, ", 1)
    return sound[:-1] + b', "more": ' + inner + b"}"


def bad_tar(chance: random.Random) -> Files:
    members = sound_members()
    way = chance.randrange(8)
    if way == 0:
        data = bytearray(tar(members))
        for _time in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        return location(gzip.compress(bytes(data), 1))
    if way == 1:
        return location(gzip.compress(tar(members)[: chance.randrange(512 * 100)], 1))
    if way == 2:
        records = chance.choice([b"5 a=\n", b"6 a=b\n", b"0 a=\n", b"99999999999 a=b\n", b"22 GNU.sparse.major=1\n"])
        size = chance.choice([512, 1 << 16, 1 << 20, 2 << 20])
        extension = raw_header(b"PaxHeaders.0/x", size, b"x") + (records * (size // len(records) + 1))[:size]
        extension += bytes(-size % 512)
        return location(gzip.compress(extension * chance.choice([1, 5, 40]) + tar(members), 1))
    if way == 3:
        kind = chance.choice([b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"S", b"g", b"L", b"K", b"V"])
        return location(gzip.compress(raw_header(b"resources/pods/x", 0, kind) + tar(members), 1))
    if way == 4:
        names = ["/etc/passwd", "../../x", "resources/../../x.json", "a\x00b", "\x1b[2J.json", "x" * 5000]
        bad = [(chance.choice(names), b"{}") for _time in range(chance.randint(1, 3))]
        return location(tarball([*members, *bad], chance.choice([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])))
    if way == 5:
        doubled = [(path, bad_json(chance, data) if chance.random() < 0.2 else data) for path, data in members]
        return location(tarball([*members, *doubled]))
    if way == 6:
        count = chance.choice([1000, 20_000])
        name = "resources/configmaps/namespaces/shop/" + chance.choice(["n%d", "x" * 200 + "%d"]) + ".json"
        return location(tarball([(name % number, b"{}") for number in range(count)]))
    odd = ["resources/pods/namespaces//a.json", "resources//cluster/a.json", "resources/pods/cluster/.json",
           "namespaces/shop/pods/old.json", "resources/pods/\x07/namespaces/shop/web.json", "resources/a/b/c/d/e.json",
           "resources/pods/namespaces/shop/%2e%2e.json", "resources/pods/namespaces/shop/\u202egnp.json"]  # fmt: skip
    return location(tarball([*members, *((path, members[4][1]) for path in chance.sample(odd, 3))]))


def bad_gzip(chance: random.Random) -> Files:
    sound = tarball(sound_members())
    way = chance.randrange(6)
    if way == 0:
        return location(sound[: chance.randrange(len(sound))])
    if way == 1:
        spoiled = bytearray(sound)
        spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
        return location(bytes(spoiled))
    if way == 2:
        return location(sound + chance.choice([b"garbage", bytes(5000), b"\x1f\x8b", sound]))
    if way == 3:
        return location(gzip.compress(b"", mtime=0) * chance.choice([100, 100_000]) + sound)
    if way == 4:
        zeros = zlib.compressobj(9, wbits=31)
        header = raw_header(b"resources/pods/namespaces/shop/z.json", chance.choice([15 << 20, 8**11 - 1]), b"0")
        text = zeros.compress(header) + b"".join(zeros.compress(bytes(1 << 20)) for _time in range(60)) + zeros.flush()
        return location(text)
    return location(chance.choice([b"", b"\x1f", b"plain text", zlib.compress(b"x"), gzip.compress(b"x" * 511)]))


def bad_files(chance: random.Random) -> Files:
    """The Backup object and the documents beside the tarball."""
    files, backup = sound_files(), json.loads(json.dumps(BACKUP))
    record = json.loads(json.dumps(RECORD))
    for _time in range(chance.randint(1, 3)):
        document = chance.choice([backup, record, *(files[name] for name in files if files[name])])
        replace_somewhere(chance, document, chance.choice(WRONG))
    if chance.random() < 0.3:
        files[chance.choice(list(files))] = chance.choice(WRONG)
    made = location(tarball(sound_members()), backup=encoded(backup), documents=files)
    made["restores/r/r-arkive.json.gz"] = gzip.compress(encoded(record), 1)
    if chance.random() < 0.4:
        victim = chance.choice([key for key in made if not key.endswith("tar.gz")])
        sound = made[victim] if victim.endswith("backup.json") else gzip.decompress(made[victim])
        bad = bad_json(chance, sound or b"{}")
        made[victim] = bad if victim.endswith("backup.json") else gzip.compress(bad, 1)
    return made


__all__ = ("bad_files", "bad_gzip", "bad_tar", "smuggled", "unreadable_json", "wrong_shapes")
