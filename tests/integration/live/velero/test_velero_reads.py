# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Velero takes over what our engine wrote, and reports of it what our engine reported, and what Velero itself would."""

from __future__ import annotations

import datetime as dt
import re
import typing as t
import zlib

import pytest
from judged_backups import Judged
from judged_objects import BULK, PICKED
from original_objects import (
    EVENT_KINDS,
    FLEETING_KINDS,
    Key,
    Object,
    Objects,
    differences,
    essence,
    key_of,
    steady_path,
)
from velero_judge import Judge

pytestmark = pytest.mark.velero

#: A field of a log line in Velero's text format.
_FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')


def listed(described: Object) -> set[Key]:
    """The resource list, without what comes and goes."""
    return {
        Key(kind, *((name.split("/", 1)) if "/" in name else ("", name)))
        for kind, names in described["status"]["resourceList"].items()
        for name in names
        if kind not in FLEETING_KINDS
    }


def objects(tarball: dict[str, Object]) -> Objects:
    """The plain copies, without what comes and goes."""
    plain = [obj for path, obj in tarball.items() if "-preferredversion/" not in path]
    return {key_of(obj): obj for obj in plain if key_of(obj).kind not in FLEETING_KINDS}


def expected_objects(judged: Judged, part: str) -> Objects:
    """What a backup is to have."""
    where = judged.namespaces
    namespace = where.kinds if part == "picked" else getattr(where, part)
    found = judged.originals[namespace]
    if part == "kinds":
        return found | judged.originals[""]
    if part == "nginx":
        return found | judged.originals["volumes"]
    if part == "picked":
        return {key: obj for key, obj in found.items() if key.name.startswith("picked-") or key.kind == "v1/Namespace"}
    return found


PARTS = ("nginx", "kinds", "broken", "bulk", "picked")


def test_all_are_listed(judge: Judge, judged: Judged) -> None:
    """A backup that expires at once is gone by now or soon; all others are there, in the phase that we gave them."""
    backups = {obj["metadata"]["name"]: obj["status"] for obj in judge.all_of("backups")}
    names = judged.names
    for name, outcome in judged.made.items():
        if name != names.expired and name != names.doomed:
            assert backups[name]["phase"] == outcome.phase
            assert (backups[name].get("errors", 0) > 0) is (name == names.broken)
    assert judged.made[names.broken].phase == "PartiallyFailed"
    assert {outcome.phase for name, outcome in judged.made.items() if name != names.broken} == {"Completed"}
    assert "expiration" not in backups[names.never]
    for name, hours in ((names.nginx, 24), (names.kinds, 720)):
        started, expiration = (
            dt.datetime.fromisoformat(backups[name][member]) for member in ("startTimestamp", "expiration")
        )
        assert expiration - started == dt.timedelta(hours=hours)


@pytest.mark.parametrize("part", PARTS)
def test_description_counts_all(judge: Judge, judged: Judged, part: str) -> None:
    name = getattr(judged.names, part)
    found = judge.describe_backup(name)
    status = found["status"]
    in_list = sum(len(names) for names in status["resourceList"].values())
    stored = sum(judged.made[name].items.values())
    # Velero 1.18 counts what it has processed, in both: the pod whose hook failed is among it, and not in the tarball.
    assert (status["totalItemsToBeBackedUp"], status["itemsBackedUp"]) == (in_list, in_list)
    assert stored == in_list - (part == "broken")
    assert listed(found) == set(expected_objects(judged, part))


def test_description_of_the_application(judge: Judge, judged: Judged) -> None:
    found = judge.describe_backup(judged.names.nginx)
    assert found["phase"] == "Completed"
    assert found["spec"]["namespaces"] == {"included": judged.namespaces.nginx, "excluded": "<none>"}
    assert found["spec"]["TTL"] == "24h0m0s"
    assert (found["status"]["hooksAttempted"], found["status"]["hooksFailed"]) == (2, 0)
    assert found["status"]["backupFormatVersion"] == "1.1.0"
    assert not found.get("errors")


def test_description_of_one_that_never_expires(judge: Judge, judged: Judged) -> None:
    """As text: the client of 1.18 ends with a panic when it is to say so in JSON."""
    text = judge.describe("backup", judged.names.never)
    assert "Phase:  Completed" in text
    assert re.search(r"^Expiration: +<nil>$", text, re.MULTILINE)
    assert f"{judged.namespaces.kinds}/doomed" in text


def test_description_of_a_failure(judge: Judge, judged: Judged) -> None:
    found = judge.describe_backup(judged.names.broken)
    assert found["phase"] == "PartiallyFailed"
    assert (found["status"]["hooksAttempted"], found["status"]["hooksFailed"]) == (1, 1)
    lines = found["errors"]["namespace"][judged.namespaces.broken]
    assert any("name: /fails" in line and "exit code 3" in line for line in lines), lines
    assert not found["errors"]["velero"]
    text = judge.describe("backup", judged.names.broken)
    assert "Phase:  PartiallyFailed" in text
    assert "name: /fails" in text


@pytest.mark.parametrize("part", PARTS)
def test_tarball_has_every_object(judge: Judge, judged: Judged, part: str) -> None:
    tarball = judge.download(getattr(judged.names, part))
    found, expected = objects(tarball), expected_objects(judged, part)
    if part == "broken":
        del expected[Key("v1/Pod", judged.namespaces.broken, "fails")]
    assert differences(expected, found) == []
    for path, obj in tarball.items():
        if "-preferredversion/" in path:
            assert tarball[re.sub(r"/[^/]+-preferredversion/", "/", path)] == obj
    assert len(tarball) == 2 * sum("-preferredversion/" not in path for path in tarball)
    if part == "picked":
        assert sum(key.kind == "v1/ConfigMap" for key in found) == PICKED


def test_tarball_is_the_one_that_velero_writes(judge: Judge, judged: Judged) -> None:
    """Velero's own backup of two namespaces, path by path and object by object, and ours of each of them."""
    names = judged.names
    ours = judge.download(names.nginx) | judge.download(names.kinds)
    theirs = judge.download(names.server)

    def comparable(tarball: dict[str, Object]) -> dict[str, Object]:
        return {steady_path(path, obj): obj for path, obj in tarball.items() if key_of(obj).kind not in EVENT_KINDS}

    ours, theirs = comparable(ours), comparable(theirs)
    assert sorted(set(theirs) - set(ours)) == []
    assert sorted(set(ours) - set(theirs)) == []
    for path, obj in theirs.items():
        assert essence(ours[path]) == essence(obj), path
        # Nothing of the server's is left out. The names of our snapshots are whole when they are asked for.
        assert set(ours[path]["metadata"]) | {"generateName"} == set(obj["metadata"]) | {"generateName"}, path


def gzip_members(data: bytes) -> int:
    """How many streams stand one after the other."""
    count = 0
    while data:
        stream = zlib.decompressobj(wbits=31)
        while not stream.eof:
            assert stream.decompress(data or b"", 1 << 20) or stream.eof
            data = stream.unused_data if stream.eof else stream.unconsumed_tail
        count += 1
    return count


def test_much_is_compressed_in_members(judge: Judge, judged: Judged, judged_bucket: t.Any) -> None:
    """The tarball that Velero counts all objects of is one that is written in several parts."""
    name = judged.names.bulk
    stored = judged_bucket.Object(f"backups/{name}/{name}.tar.gz").get()["Body"].read()
    assert gzip_members(stored) > 1
    assert sum(key.name.startswith("bulk-") for key in objects(judge.download(name))) == BULK


def hook_lines(log: str) -> list[dict[str, str]]:
    """Fields of the lines that say which hook is run, except the backup."""
    found = []
    for line in log.splitlines():
        fields = {name: value.strip('"') for name, value in _FIELD.findall(line)}
        if fields.get("msg") == "running exec hook":
            found.append({k: v for k, v in fields.items() if k not in ("time", "backup", "logSource")})
    return found


def test_log_tells_of_hooks_as_velero_does(judge: Judge, judged: Judged) -> None:
    log = judge("backup", "logs", judged.names.nginx)
    ours = hook_lines(log)
    assert [line["hookCommand"] for line in ours] == [
        "[/sbin/fsfreeze --freeze /var/log/nginx]",
        "[/sbin/fsfreeze --unfreeze /var/log/nginx]",
    ]
    assert [line["hookPhase"] for line in ours] == ["pre", "post"]
    theirs = hook_lines(judge("backup", "logs", judged.names.server))
    assert len(ours) == len(theirs)
    for line, model in zip(ours, theirs, strict=True):
        assert model.items() <= line.items()  # ours names the pod as well
