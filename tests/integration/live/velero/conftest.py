# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bucket, backups in it that our engine made, and a stock Velero server that knows the bucket."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from cluster_access import S3Access
from judged_backups import Judged
from new_bucket import location_in, new_bucket
from velero_judge import Judge

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_FOLDER = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of this folder without the server come first: it brings types along that they bring themselves."""
    places = [number for number, item in enumerate(items) if item.path.is_relative_to(_FOLDER)]
    ordered = sorted((items[number] for number in places), key=lambda item: "judge" in _fixtures_of(item))
    for number, item in zip(places, ordered, strict=True):
        items[number] = item


def _fixtures_of(item: pytest.Item) -> t.Sequence[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else ()


@pytest.fixture(scope="session")
def judged_bucket(s3: S3Access) -> t.Iterator[t.Any]:
    """A new bucket, gone afterwards."""
    with new_bucket(s3) as found:
        yield found


@pytest.fixture(scope="session")
def judged_store(s3: S3Access, judged_bucket: t.Any) -> Store:
    """The bucket as our engines use it."""
    return open_store(location_in(judged_bucket, s3))


@pytest.fixture(scope="session")
def judge(
    velero_program: str,
    state: Path,
    judged_bucket: t.Any,
    kubeconfig: str,
    client: t.Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> t.Iterator[Judge]:
    """The server, which has found the bucket to be good while it was empty."""
    home = tmp_path_factory.mktemp("velero")
    found = Judge(
        velero_program, state=state, bucket=judged_bucket.name, kubeconfig=kubeconfig, client=client, home=home
    )
    found.start()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def moving_judge(judge: Judge) -> t.Iterator[Judge]:
    """The same server with its node-agent, which copies volumes into the bucket and out of it.

    For one file: with it the location has the URL that pods reach.
    """
    judge.start(node_agent=True)
    yield judge
    judge.start(node_agent=False)


@pytest.fixture(scope="session")
def judged(judge: Judge, client: t.Any, kubectl: t.Any, judged_store: Store) -> t.Iterator[Judged]:
    """The backups, which the server has taken over; and one that it made itself, of the same objects."""
    found = Judged(kubectl)
    try:
        found.create()
        found.back_up(client, judged_store)
        judge.start()
        both = f"{found.namespaces.nginx},{found.namespaces.kinds}"
        judge("backup", "create", found.names.server, "--include-namespaces", both)
        judge.await_synced(set(found.names) - {found.names.expired})
        judge.await_end("backups", found.names.server)
        yield found
    finally:
        found.remove()


@pytest.fixture(scope="session")
def restored(judge: Judge, judged: Judged, kubectl: t.Any) -> dict[str, Object]:
    """All is deleted, and what Velero restored, by the restores' names."""
    judged.destroy()
    where, names = judged.namespaces, judged.names
    asked = {
        "kinds": (names.kinds, ""),
        "nginx": (names.nginx, ""),
        "broken": (names.broken, ""),
        "bulk": (names.bulk, ""),
        "copy": (names.nginx, f"{where.nginx}:{where.copy}"),
        "some": (names.picked, f"{where.kinds}:{where.some}"),
    }
    for name, (backup, mapping) in asked.items():
        mapped = ["--namespace-mappings", mapping] if mapping else []
        judge("restore", "create", f"{backup}-{name}", "--from-backup", backup, *mapped)
    found = {name: judge.await_end("restores", f"{backup}-{name}") for name, (backup, _mapping) in asked.items()}
    for namespace in (where.nginx, where.copy):
        kubectl("-n", namespace, "rollout", "status", "deployment/nginx-deployment", "--timeout=90s")
    return found
