# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository that is copied to a second location: what is missing there, and the Job that copies it.

The copy has the format, the keys and the id of the original, so a kopia or a Velero of the other location opens it with
the same password. Nothing that both have is sent again.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import explain
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.task import JobEnd
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import RepositoryPlace
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import PodWork, PodWorks
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.upkeep.jobs import UpkeepJob, UpkeepOrder

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import ObjectInfo, Store

_NAMES = {
    "AWS_ACCESS_KEY_ID": "MV_TO_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY": "MV_TO_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN": "MV_TO_SESSION_TOKEN",
}
#: What kopia and Velero write over again, so that a copy may be older.
_CHANGING = ("kopia.", "udmrepo.")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Names of objects below the repository's folder. ``extra``: those that only the copy has. ``bytes`` to copy."""

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    bytes: int = 0
    total: int = 0


def compare_places(source: Store, copy: Store, folder: str) -> Difference:
    """What the copy lacks, or has in another size, or older where such objects change. Raises ``StoreError``."""
    here, there = _objects(source, folder), _objects(copy, folder)
    missing = {name: info for name, info in here.items() if _lacks(name, info, there.get(name))}
    return Difference(
        missing=tuple(missing),
        extra=tuple(name for name in there if name not in here),
        bytes=sum(info.size for info in missing.values()),
        total=sum(info.size for info in here.values()),
    )


def copy_job(
    works: PodWorks,
    copies: PodWorks,
    *,
    repository: str,
    namespace: str,
    delete: bool,
    seconds: float,
    difference: Difference,
) -> UpkeepJob:
    """``copies`` makes the pods' environment of the second location. Raises ``MoverError``."""
    place = copies.place(repository)
    there = PodWork(
        action="copy",
        namespace=namespace,
        repository=place,
        works_on="",
        tasks=(),
        seconds=seconds,
    )
    order = UpkeepOrder(
        action="copy",
        repository=repository,
        namespace=namespace,
        doing=f"copy to {place.where} the repository",
        words=(place.endpoint, place.where),
        environment={**_environment(place), "MV_DELETE": "--delete" if delete else ""},
        seconds=seconds,
        size=difference.bytes,
        more_secrets=lambda: {
            _NAMES[name]: value for name, value in copies.secret_data(there).items() if name in _NAMES
        },
    )
    return UpkeepJob(works, order)


def why_not_copied(end: JobEnd, job: UpkeepJob, place: RepositoryPlace) -> str:
    """Why it failed; of which of the two places the words are is known by where the pod was."""
    outcome = end.outcomes[0] if end.outcomes else None
    if not end.error or outcome is None or outcome.state != "failed" or outcome.one("at") != "copy":
        return end.error
    second = dataclasses.replace(place, url_option="copy_to.s3_url")
    said = explain(outcome, second, namespace=job.namespace, doing=job.task().doing).sentence
    return f"The second location (copy_to), {place.where}: {said}"


def _environment(place: RepositoryPlace) -> dict[str, str]:
    from base64 import b64encode

    return {
        "MV_TO_BUCKET": place.bucket,
        "MV_TO_PREFIX": place.prefix,
        "MV_TO_ENDPOINT": place.endpoint,
        "MV_TO_REGION": place.region,
        "MV_TO_TLS": "true" if place.tls else "false",
        "MV_TO_VERIFY": "true" if place.verify else "false",
        "MV_TO_CA": b64encode(place.ca.encode()).decode(),
    }


def _objects(store: Store, folder: str) -> dict[str, ObjectInfo]:
    return {info.key.removeprefix(folder): info for info in store.list(folder).objects}


def _lacks(name: str, info: ObjectInfo, there: ObjectInfo | None) -> bool:
    if there is None or there.size != info.size:
        return True
    return name.startswith(_CHANGING) and there.modified < info.modified


__all__ = ("Difference", "compare_places", "copy_job", "why_not_copied")
