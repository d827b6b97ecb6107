# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The volumes of a backup's pods whose files are wanted: noted as the pods come by, chosen when claims are known."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.claim_volume import ClaimVolume
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.pod_files import (
    OPT_IN,
    OPT_OUT,
    FileChoice,
    PodVolume,
    choose_files,
    volumes_of_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Key

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import ResourcePolicy

_WITHOUT_CLAIM = "only volumes of claims are copied so far: keep the data on a claim, or have a pre hook copy it to one"


class PodFiles:
    """Thread-safe. ``by_default``: the files of all volumes are wanted that no pod opts out.

    ``why_not``: why no files can be copied here, a sentence; what a pod's annotation asks for is then left to
    snapshots, with a warning. Asked once.
    """

    def __init__(
        self, issues: Issues, *, policy: ResourcePolicy | None, by_default: bool, why_not: t.Callable[[], str]
    ) -> None:
        self._issues = issues
        self._policy = policy
        self._by_policy = policy is not None and policy.wants_files
        self._by_default = by_default
        self._why_not = why_not
        self._lock = threading.Lock()
        self._by_claim: dict[Key, list[PodVolume]] = {}
        self._without_claim: dict[tuple[str, str], list[tuple[PodVolume, ObjectView]]] = {}
        self._refusal: str | None = None

    def note(self, pod: ObjectView) -> None:
        """A pod of the backup, once or more often."""
        entries = {str(each.get("name")): each for each in (pod.get("spec") or {}).get("volumes") or ()}
        with self._lock:
            for volume in volumes_of_pod(pod, by_default=self._by_default):
                if not (volume.is_wanted or self._by_policy):
                    continue  # a cluster has many
                if volume.claim:
                    known = self._by_claim.setdefault((volume.namespace, volume.claim), [])
                    if volume not in known:
                        known.append(volume)
                elif volume.is_running:
                    found = self._without_claim.setdefault((volume.namespace, volume.pod), [])
                    if all(volume.volume != each.volume for each, _entry in found):
                        found.append((volume, entries[volume.volume]))

    def wants_any(self) -> bool:
        """Whether the files of a claim are wanted without a policy."""
        return any(each.is_wanted for volumes in self._by_claim.values() for each in volumes)

    def wanted_namespaces(self) -> set[str]:
        """Those of claims whose files are wanted without a policy."""
        return {key[0] for key, volumes in self._by_claim.items() if any(each.is_wanted for each in volumes)}

    def is_left(self, key: Key) -> bool:
        """Whether only an annotation wants the files of this claim, and they cannot be copied."""
        wanted = any(each.is_wanted for each in self._by_claim.get(key, ()))
        return wanted and not self._by_default and bool(self.refusal)

    def choose(self, claim: ClaimVolume, by_policy: bool) -> FileChoice | None:
        """What becomes of the files of a claim's volume; None where they are not wanted, or left to a snapshot."""
        volumes = self._by_claim.get((claim.namespace, claim.name), [])
        choice = choose_files(claim, volumes, by_policy=by_policy, by_default=self._by_default)
        return choice if choice is None or choice.is_asked or not self.refusal else None

    @property
    def refusal(self) -> str:
        """Why nothing is copied that only annotations ask for; empty where it is."""
        if self._refusal is None:
            self._refusal = self._why_not()
        return self._refusal

    def report(self) -> None:
        """Say of pods that want files of volumes which are not copied."""
        for key, volumes in sorted(self._without_claim.items()):
            self._report_without_claim(key, volumes)
        named: dict[tuple[str, str], list[str]] = {}
        for found in self._by_claim.values():
            for each in found:
                if each.is_named and not self._by_default:
                    named.setdefault((each.namespace, each.pod), []).append(each.volume)
        if not named or not self.refusal:
            return
        for (namespace, pod), names in sorted(named.items()):
            self._issues.warning(
                f"The pod's annotation {OPT_IN} asks for a file system backup of {', '.join(sorted(names))}, which "
                f"cannot be made: {self.refusal} Their data is in this backup only where it has snapshots of them",
                name=pod,
                namespace=namespace,
                resource=str(PODS),
            )

    def _report_without_claim(self, key: tuple[str, str], volumes: list[tuple[PodVolume, ObjectView]]) -> None:
        """Who asked for one by name misses it; where all are wanted by default, most are scratch."""
        asked, passed = [], []
        for volume, entry in volumes:
            action = self._policy.volume_action(None, None, entry) if self._policy else None
            kind = action.type if action else ""
            if kind == "fs-backup" or (not kind and volume.is_wanted and not self._by_default):
                asked.append(volume)
            elif not kind and volume.is_wanted and volume.is_mounted:
                passed.append(volume)
        fields = {"name": key[1], "namespace": key[0], "resource": str(PODS)}
        if asked and not self.refusal:
            error = f"{_shown(asked)} cannot be copied: {_WITHOUT_CLAIM}."
            self._issues.error("Error copying the files of a volume", error=error, **fields)
        elif asked:
            self._issues.warning(f"{_shown(asked)} cannot be copied: {self.refusal}", **fields)
        if passed:
            self._issues.warning(
                f"{_shown(passed)} is not in this backup: {_WITHOUT_CLAIM}. The annotation {OPT_OUT} leaves it out "
                "without a warning",
                **fields,
            )


def _shown(volumes: t.Sequence[PodVolume]) -> str:
    return "The data of " + ", ".join(f"{each.volume} ({each.source})" for each in volumes)


__all__ = ("PodFiles",)
