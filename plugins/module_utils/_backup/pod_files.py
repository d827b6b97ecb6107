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
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.decision import VolumeDecision, read_in_pod
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.pod_files import (
    CONSENT,
    OPT_IN,
    OPT_OUT,
    FileChoice,
    PodVolume,
    choose_files,
    volumes_of_pod,
    why_not_in_pod,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import Key

#: A policy, the pod's annotation, or the default for all volumes; empty: nobody.
Wants: t.TypeAlias = t.Literal["policy", "pod", "default", ""]

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import ResourcePolicy

_WITHOUT_CLAIM = (
    f"a volume without a claim can be read in its own pod only: let a container be added to it by {CONSENT}, keep the "
    "data on a claim, or have a pre hook copy it to one"
)


class PodFiles:
    """Thread-safe. ``by_default``: the files of all volumes are wanted that no pod opts out.

    ``in_pods``: containers may be added to pods, to read what no other pod can mount. ``why_not``: why no files can be
    copied here, a sentence; what a pod's annotation asks for is then left to snapshots, with a warning. Asked once.
    """

    def __init__(
        self,
        issues: Issues,
        *,
        policy: ResourcePolicy | None,
        by_default: bool,
        in_pods: bool,
        why_not: t.Callable[[], str],
    ) -> None:
        self._issues = issues
        self._policy = policy
        self._by_policy = policy is not None and policy.wants_files
        self._by_default = by_default
        self._in_pods = in_pods
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
        """Those of volumes whose files are wanted without a policy."""
        found = {key[0] for key, volumes in self._by_claim.items() if any(each.is_wanted for each in volumes)}
        return found | ({namespace for namespace, _pod in self._without_claim} if self._in_pods else set())

    def is_left(self, key: Key) -> bool:
        """Whether only an annotation wants the files of this claim, and they cannot be copied."""
        wanted = any(each.is_wanted for each in self._by_claim.get(key, ()))
        return wanted and not self._by_default and bool(self.refusal)

    def choose(self, claim: ClaimVolume, by_policy: bool) -> FileChoice | None:
        """What becomes of the files of a claim's volume; None where they are not wanted, or left to a snapshot."""
        volumes = self._by_claim.get((claim.namespace, claim.name), [])
        choice = choose_files(claim, volumes, by_policy=by_policy, by_default=self._by_default, in_pods=self._in_pods)
        return choice if choice is None or choice.is_asked or not self.refusal else None

    def of_pods(self) -> dict[Key, VolumeDecision]:
        """Volumes without a claim that are copied, by namespace and ``pod/volume``; empty without consent."""
        if not self._in_pods:
            return {}
        noted = [each for volumes in self._without_claim.values() for each in volumes]
        copied = [volume for volume, entry in noted if self._is_copied(volume, self._who_wants(volume, entry))]
        return {(each.namespace, f"{each.pod}/{each.volume}"): read_in_pod(each) for each in copied}

    def _who_wants(self, volume: PodVolume, entry: ObjectView) -> Wants:
        """Who wants the files of a volume without a claim."""
        action = self._policy.volume_action(None, None, entry) if self._policy else None
        kind = action.type if action else ""
        if kind == "fs-backup":
            return "policy"
        if kind or not volume.is_wanted:
            return ""
        return "default" if self._by_default else "pod"

    def _is_copied(self, volume: PodVolume, who: Wants) -> bool:
        """As for claims, what only a pod's annotation asks for is no error where nothing can be copied."""
        if not (self._in_pods and who) or why_not_in_pod(volume):
            return False
        return who != "pod" or not self.refusal

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
        fields = {"name": key[1], "namespace": key[0], "resource": str(PODS)}
        asked, passed = [], []
        for volume, entry in volumes:
            who = self._who_wants(volume, entry)
            if self._is_copied(volume, who):
                continue
            why = why_not_in_pod(volume)
            if self._in_pods and why and (who in ("policy", "pod") or (who and volume.is_static)):
                self._issues.warning(f"{_shown([volume])} is not in this backup: {why}", **fields)
            elif who in ("policy", "pod"):
                asked.append(volume)
            elif who == "default" and volume.is_mounted:
                passed.append(volume)
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
