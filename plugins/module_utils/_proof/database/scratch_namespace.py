# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The namespace of one proof: made for it, gone with it. What a killed run has left is swept by the next one."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import label_value
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.temporary_pods.marks import (
    RUN_ID,
    annotations_of,
    is_left,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object, delete_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import create_surely
from ansible_collections.arkive.k8s.plugins.module_utils._kube.waits import wait_gone
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError

PREFIX = "arkive-proof-"
#: Of every object that a proof makes, in namespaces and outside of them: the name of its namespace.
PROOF_LABEL = "arkive.k8s/database-proof"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_REMOVE_SECONDS = 120.0
_LOOK_AGAIN_SECONDS = 10.0


def new_name() -> str:
    return PREFIX + "".join(secrets.choice(_LETTERS) for _each in range(8))


def proof_labels(namespace: str) -> dict[str, str]:
    """The labels of whatever belongs to a proof. No backup stores it."""
    return {
        PROOF_LABEL: namespace,
        "app.kubernetes.io/managed-by": "arkive.k8s",
        "velero.io/exclude-from-backup": "true",
    }


def namespace_body(name: str, *, source: str, run_id: str, expires: dt.datetime) -> Object:
    """Pods in it are held to what most clusters allow: no host network, no host paths, no privileges.

    Service meshes put nothing beside them.
    """
    labels = {
        **proof_labels(name),
        **({RUN_ID: label_value(run_id)} if run_id else {}),
        "pod-security.kubernetes.io/enforce": "baseline",
        "istio-injection": "disabled",
    }
    annotations = {**annotations_of(expires), "arkive.k8s/proof-of": source, "linkerd.io/inject": "disabled"}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels, "annotations": annotations},
    }


class ProofPlace(t.Protocol):
    """The namespace of one proof."""

    @property
    def name(self) -> str:
        """Of the namespace."""

    @property
    def planned(self) -> str:
        """What is made of it, for check mode."""

    def foresee(self, expires: dt.datetime) -> None:
        """Raise where ``make`` would."""

    def make(self, expires: dt.datetime) -> tuple[list[str], list[str]]:
        """Have it for this proof, for until ``expires``, and remove what dead runs have left.

        Names of the namespaces in which something was left and is gone, and a sentence for what is not.
        """

    def remove(self) -> str:
        """Once pod, claims and snapshots are gone, all else. A sentence where that did not work."""


class NewNamespace:
    """One that is made for the proof, and goes with it: see ``ProofPlace``. ``before``: as for ``sweep``."""

    def __init__(
        self, namespaces: ScratchNamespaces, before: t.Callable[[str], list[str]], *, source: str, run_id: str
    ) -> None:
        self._namespaces = namespaces
        self._before = before
        self.name = new_name()
        self._source = source
        self._run_id = run_id
        self._made: Object | None = None

    @property
    def planned(self) -> str:
        return f"namespace {self.name}"

    def foresee(self, expires: dt.datetime) -> None:
        self._namespaces.create(self._body(expires), dry_run=True)

    def make(self, expires: dt.datetime) -> tuple[list[str], list[str]]:
        found = sweep(self._namespaces, self._before)
        self._made = self._namespaces.create(self._body(expires))
        return found

    def remove(self) -> str:
        return self._namespaces.remove(self._made) if self._made is not None else ""

    def _body(self, expires: dt.datetime) -> Object:
        return namespace_body(self.name, source=self._source, run_id=self._run_id, expires=expires)


class ScratchNamespaces:
    """Makes and removes them. What is removed is what carries our mark under the name that the mark says."""

    def __init__(self, client: KubeClient, discovery: Discovery) -> None:
        self._client = client
        self.resource = _namespaces(discovery)

    def create(self, body: Object, *, dry_run: bool = False) -> Object:
        """Raises ``KubeError``."""
        if dry_run:
            return create_object(self._client, self.resource, body, dry_run=True)
        annotations = body["metadata"]["annotations"]

        def is_ours(found: Object) -> bool:
            there = found["metadata"].get("annotations") or {}
            return all(there.get(key) == value for key, value in annotations.items())

        return create_surely(self._client, self.resource, body, is_ours=is_ours)

    def remove(self, namespace: ObjectView) -> str:
        """Have it deleted with all that is in it, and see it gone. A sentence where that did not work."""
        metadata = namespace["metadata"]
        name, uid = str(metadata["name"]), str(metadata["uid"])
        client = self._client.with_cancel(CancelToken())
        try:
            delete_object(client, self.resource, name, uid=uid)
            wait_gone(
                client,
                self.resource,
                name,
                None,
                timeout=_REMOVE_SECONDS,
                every=_LOOK_AGAIN_SECONDS,
                look_again=lambda: None,
                is_gone=lambda found: found is None or found["metadata"].get("uid") != uid,
            )
        except KubeError as exc:
            return (
                f"The namespace {name} of the proof could not be removed: {exc.sentence} The next proof removes it "
                "once its time is over."
            )
        return ""

    def left(self) -> list[Object]:
        """Those of runs that are dead, or whose time is over."""
        pages = list_pages(self._client, self.resource, label_selector=PROOF_LABEL)
        now = self._client.server_now()
        return [item for page in pages for item in page.items if is_of_proof(item) and is_left(item, now)]


def is_of_proof(namespace: ObjectView) -> bool:
    """Whether we have made it: anybody may copy a label, but not onto a namespace of that name by mistake."""
    metadata = namespace["metadata"]
    name = str(metadata["name"])
    labels = metadata.get("labels") or {}
    return name.startswith(PREFIX) and all(labels.get(key) == value for key, value in proof_labels(name).items())


def sweep(namespaces: ScratchNamespaces, before: t.Callable[[str], list[str]]) -> tuple[list[str], list[str]]:
    """Remove what dead runs have left. ``before``: what is done first about the objects outside of each.

    Names of those that are gone, and a sentence for each that is not.
    """
    swept, problems = [], []
    try:
        left = namespaces.left()
    except KubeError as exc:
        return [], [f"What earlier proofs may have left is unknown: {exc.sentence}"]
    for namespace in left:
        name = str(namespace["metadata"]["name"])
        try:
            problems += before(name)
            problem = namespaces.remove(namespace)
        except ArkiveError as exc:
            problem = f"What an earlier proof has left in namespace {name} could not be removed: {exc.sentence}"
        (problems.append(problem) if problem else swept.append(name))
    return swept, problems


def _namespaces(discovery: Discovery) -> ApiResource:
    found = discovery.find(NAMESPACES)
    if found is None:
        raise ProofError("The API server does not say how it serves namespaces.", hint="Try again.")
    return found


__all__ = (
    "PREFIX",
    "PROOF_LABEL",
    "NewNamespace",
    "ProofPlace",
    "ScratchNamespaces",
    "is_of_proof",
    "namespace_body",
    "new_name",
    "proof_labels",
    "sweep",
)
