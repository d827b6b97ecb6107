# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What benchmarks do to objects of a cluster, so that they may run again on what is there."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

_PATIENCE = 900.0
_PAUSE = 0.5


def create(client: KubeClient, path: str, document: Object) -> bool:
    """False where it is there already."""
    try:
        client.post(path, document)
    except KubeError as exc:
        if not exc.already_exists:
            raise
        return False
    return True


def delete(client: KubeClient, path: str) -> None:
    """One that is gone is fine."""
    try:
        client.delete(path)
    except KubeError as exc:
        if not exc.not_found:
            raise


def wait(client: KubeClient, path: str, is_done: t.Callable[[Object], bool]) -> Object:
    """The object, once it is there and ``is_done``; ends the process after 15 minutes."""
    last = time.monotonic() + _PATIENCE
    while True:
        try:
            found = client.get(path)
            if is_done(found):
                return found
        except KubeError as exc:
            if not exc.not_found:
                raise
        if time.monotonic() > last:
            raise SystemExit(f"Waited {_PATIENCE:.0f} s for {path} in vain.")
        time.sleep(_PAUSE)


def make_namespace(client: KubeClient, name: str) -> None:
    """With the account that pods need."""
    create(client, "/api/v1/namespaces", {"metadata": {"name": name}})
    wait(client, f"/api/v1/namespaces/{name}/serviceaccounts/default", lambda _found: True)


__all__ = ("create", "delete", "make_namespace", "wait")
