# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page on what the collection was tried with, written by ``make durations`` from the results of a whole run."""

from __future__ import annotations

import datetime
import pathlib
import re
import typing as t
import xml.etree.ElementTree as ET

from checks.environments import ANSIBLE_CORES
from checks.paths import CHECKOUT
from checks.pytests import LIVE

PAGE = CHECKOUT / "docs" / "docsite" / "rst" / "tested.rst"

#: What the live tests of each folder are about.
AREAS = {
    "access": "The documented roles are enough, and what is missing is named",
    "awx": "Jobs of AWX, as pods of a container group start them: survey answers, cancel, timeout",
    "backup": "Backups and exports while the cluster changes and fails",
    "backup_hooks": "Hooks of pods around a backup",
    "check_mode": "Check mode says what a run does",
    "databases": "Databases held, dumped, cut and proven; MongoDB by a stand-in, MySQL by none",
    "deletion": "Snapshots that go with their backup",
    "gitops": "Restores under Flux's own controllers",
    "kanister": "Blueprints of Kanister",
    "kube": "The API server: requests, streams, faults",
    "native": "Snapshots of EBS volumes, against a server in the place of EC2",
    "quiesce": "Freezes: leases, timers, thaws, what killed runs leave",
    "restore": "Restores: plans, conflicts, claims, hooks, old versions",
    "shown": "What people and AWX get to see",
    "snapshot": "Sets of CSI snapshots",
    "store": "Storage locations: S3 and directories, killed writers, retention",
    "velero": "A stock Velero server reads ours, and we read its backups",
    "volumes": "Volumes in backups, when storage and network fail",
}

_GO = CHECKOUT / "tests" / "cluster" / "go"
#: What the local cluster is made of: its name for people, the file that pins it, and the module there.
_PINNED = (
    ("Kubernetes", "kubelab", "k8s.io/kubernetes"),
    ("etcd", "kubelab", "go.etcd.io/etcd/server/v3"),
    ("external-snapshotter", "kubelab", "github.com/kubernetes-csi/external-snapshotter/v8"),
    ("external-provisioner", "kubelab", "github.com/kubernetes-csi/external-provisioner/v5"),
    ("Velero, as a server to compare with", "velero", "github.com/vmware-tanzu/velero"),
    ("kopia, in the image that moves data", "kopia", "github.com/kopia/kopia"),
)
#: Which servers Debian 12 has.
_DATABASES = ("PostgreSQL 15", "MariaDB 10.11", "Redis 7.0", "Valkey 9")

_HEAD = """..
  Copyright (c) 2026, the arkive.k8s contributors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. _ansible_collections.arkive.k8s.docsite.tested:

What it was tried with
======================

``make durations`` has written this page from the results of ``make test`` of {day}: tests on a real cluster, on real
servers, with no stand-in but where a line says so.

"""


class Result(t.NamedTuple):
    """How many live tests of one folder passed, and how many failed."""

    passed: int
    failed: int


def results_of(files: t.Iterable[pathlib.Path]) -> dict[str, Result]:
    """The live tests in JUnit files of pytest, counted by the folder that they are in."""
    counted: dict[str, Result] = {}
    prefix = LIVE.replace("/", ".") + "."
    for file in files:
        for case in ET.parse(file).getroot().iter("testcase"):
            module = case.get("classname", "")
            if not module.startswith(prefix):
                continue
            area = module.removeprefix(prefix).partition(".")[0]
            before = counted.get(area, Result(0, 0))
            broken = any(case.find(name) is not None for name in ("failure", "error"))
            counted[area] = Result(before.passed + (not broken), before.failed + broken)
    return counted


def versions() -> dict[str, str]:
    """What the local cluster and the tests are made of, as their own files pin it."""
    found = {title: _pinned(_GO / folder / "go.mod", module) for title, folder, module in _PINNED}
    return {**found, "ansible-core": ", ".join(ANSIBLE_CORES), "databases": ", ".join(_DATABASES)}


def _pinned(file: pathlib.Path, module: str) -> str:
    match = re.search(rf"(?:require )?{re.escape(module)} v(\S+)", file.read_text())
    return match[1] if match else ""


def page(results: t.Mapping[str, Result], day: datetime.date) -> str:
    """The whole page."""
    areas = [(AREAS.get(area, area), str(found.passed), str(found.failed)) for area, found in sorted(results.items())]
    parts = [_HEAD.format(day=day.isoformat()), _table(("With", "Version"), tuple(versions().items()))]
    parts += ["\n", _table(("What", "passed", "failed"), areas)]
    return "".join(parts)


def _table(head: tuple[str, ...], rows: t.Sequence[tuple[str, ...]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in (head, *rows):
        lines += [f"   {'*' if not number else ' '} - {cell}" for number, cell in enumerate(row)]
    return "\n".join(lines) + "\n"


def write_page(files: t.Iterable[pathlib.Path]) -> None:
    """Write ``PAGE`` by the results of the run that has just ended."""
    PAGE.write_text(page(results_of(files), datetime.datetime.now(datetime.UTC).date()))


__all__ = ("AREAS", "PAGE", "Result", "page", "results_of", "versions", "write_page")
