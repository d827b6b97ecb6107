# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the hooks of one pod: in its annotations, and of the rules that fit it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import backup_hook_prefix
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook, Phase
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.restore_exec import parse_restore_exec_hook
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import ResolvedRule, hooks_of_pod
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import mounted_claims
from ansible_collections.arkive.k8s.plugins.module_utils._lint.annotations import (
    annotation_findings,
    misplaced_findings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding, Place
from ansible_collections.arkive.k8s.plugins.module_utils._lint.hook_commands import command_findings, pair_findings
from ansible_collections.arkive.k8s.plugins.module_utils._lint.subjects import PodSubject
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import (
    ObjectReader,
    check_pod_spec,
    find_volume_mount,
    lies_on_volume,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise_hook

_RESTORE_PREFIX = "post.hook.restore.velero.io/"


@dataclasses.dataclass(frozen=True, slots=True)
class PlacedHook:
    """A hook, and where it stands."""

    hook: Hook
    place: Place


def hooks_in(subject: PodSubject, rules: t.Sequence[ResolvedRule]) -> list[PlacedHook]:
    """Those of a backup, and the command after a restore."""
    annotations = (subject.pod.get("metadata") or {}).get("annotations") or {}
    declared = hooks_of_pod(subject.pod, rules)
    placed = [PlacedHook(hook, _place(subject, hook, annotations)) for hook in (*declared.pre, *declared.post)]
    restored, _warnings = parse_restore_exec_hook(subject.pod)
    if restored is not None:
        key = _RESTORE_PREFIX + "command"
        place = dataclasses.replace(subject.place, key=key, container=restored.hook.container)
        placed.append(PlacedHook(dataclasses.replace(restored.hook, source="backup"), place))
    return placed


def pod_findings(
    subject: PodSubject, rules: t.Sequence[ResolvedRule], reader: ObjectReader | None = None
) -> list[Finding]:
    """Without running anything. ``reader``: of the claims of a pod in the cluster."""
    annotations = (subject.pod.get("metadata") or {}).get("annotations") or {}
    found = misplaced_findings(subject.workload_annotations, subject.place)
    found += annotation_findings(annotations, subject.place)
    placed = hooks_in(subject, rules)
    for each in placed:
        found += _hook_findings(subject.pod, each, reader)
    of_backup = [each for each in placed if each.hook.source != "backup"]
    if any(each.hook.source == "annotation" for each in of_backup):
        found += pair_findings(_side(of_backup, "pre"), _side(of_backup, "post"))
    if of_backup and not mounted_claims(subject.pod):
        found.append(
            Finding.of(
                "no-volume",
                of_backup[0].place,
                "The pod has hooks of a backup and no PersistentVolumeClaim: nothing is snapshotted while they hold.",
                hint="Put the data on a claim, or remove the hooks.",
            )
        )
    return found


def _place(subject: PodSubject, hook: Hook, annotations: t.Mapping[str, str]) -> Place:
    if hook.source == "annotation":
        key = backup_hook_prefix(annotations, hook.phase) + "command"
    else:
        key = f"hook rule {hook.name}: {hook.phase}[{hook.index}]"
    return dataclasses.replace(subject.place, key=key, container=hook.container)


def _side(placed: t.Iterable[PlacedHook], phase: Phase) -> list[tuple[Hook, Place]]:
    return [(each.hook, each.place) for each in placed if each.hook.phase == phase]


def _hook_findings(pod: ObjectView, each: PlacedHook, reader: ObjectReader | None) -> list[Finding]:
    try:
        container = resolve_container(pod, each.hook.container)
    except HookError:
        names = ", ".join(str(entry["name"]) for entry in (pod.get("spec") or {}).get("containers") or ())
        return [
            Finding.of(
                "no-such-container",
                each.place,
                f"The pod has no container '{each.hook.container}': the hook fails.",
                hint=f"Its containers are {names}." if names else "Name a container of the pod.",
            )
        ]
    found = []
    if each.hook.source != "spec":
        # What a rule says is looked at once, where it stands.
        found += command_findings(each.hook.argv, each.place, image=_image(pod, container))
    if each.hook.phase == "pre":
        found += _freeze_findings(pod, each, container, reader)
    return found


def _freeze_findings(
    pod: ObjectView, each: PlacedHook, container: str, reader: ObjectReader | None
) -> t.Iterator[Finding]:
    for command in recognise_hook(each.hook).freezes:
        try:
            if reader is not None:
                check_pod_spec(reader, pod, container=container, path=command.path)
            else:
                find_volume_mount(pod, container, command.path)
        except QuiesceError as exc:
            # What is on no volume may be a link into one, which only the container knows.
            on_volume = lies_on_volume(pod, container, command.path) or not command.path.startswith("/")
            yield Finding.of(
                "freeze-off-volume",
                each.place,
                exc.message,
                hint=exc.hint or "",
                severity="error" if on_volume else "warning",
            )


def _image(pod: ObjectView, container: str) -> str:
    spec = pod.get("spec") or {}
    entries = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
    return next((str(entry.get("image") or "") for entry in entries if entry["name"] == container), "")


__all__ = ("PlacedHook", "hooks_in", "pod_findings")
