# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan that somebody has approved, and whether another one is the same still."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted, some_of
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import (
    TREE_BACKUP,
    ObjectDigest,
    ObjectId,
    PlanDigest,
    group_of,
    is_digest,
    marks_of,
)

#: What a sentence names, and what the details of an error do.
_NAMED, _TOLD = 10, 500
_HINT = "Make the plan again, look at what is different, and have it approved anew."
_HINT_FILE = f"{_HINT} With the approved plan's file in expected_plan, each object is named with what is different."


class Difference(t.NamedTuple):
    """An object, and what was approved of it and is planned now; empty for nothing."""

    id: ObjectId
    approved: str
    planned: str

    @property
    def title(self) -> str:
        resource, namespace, name = self.id
        return f"{resource} {namespace}/{name}" if namespace else f"{resource} {name}"

    @property
    def sentence(self) -> str:
        if not self.approved:
            return f"{self.title} is new in it ({self.planned})"
        if not self.planned:
            return f"{self.title} is not in it any more"
        if self.approved == self.planned:
            return f"{self.title} would get another content"
        return f"{self.title} was to {_verb(self.approved)}, and is to {_verb(self.planned)}"


@dataclasses.dataclass(frozen=True, slots=True)
class ExpectedPlan:
    """The text of its digest or, where its file was given, all of it: ``plan``."""

    digest: str
    plan: PlanDigest | None = None

    @classmethod
    def of_digest(cls, text: str) -> ExpectedPlan:
        """Raises ``ValidationError`` for what is no digest of a plan."""
        text = text.strip()
        if not is_digest(text):
            raise ValidationError(
                "expected_plan_digest is not the digest of a plan.",
                hint="Give plan_digest of the result, or digest of the plan's file, as it is: it begins with v1:.",
            )
        return cls(text)

    def find_mismatch(self, found: PlanDigest) -> RestoreError | None:
        """Why ``found`` is not the approved plan; None when it is."""
        if found.text == self.digest:
            return None
        if self.plan is None:
            return self._by_marks(found)
        return self._by_objects(self.plan, found)

    def _by_objects(self, plan: PlanDigest, found: PlanDigest) -> RestoreError:
        backup = (plan.backup_name, plan.backup_uid) != (found.backup_name, found.backup_uid)
        names = {*plan.options, *found.options}
        options = sorted(name for name in names if plan.options.get(name) != found.options.get(name))
        differences = _differences(plan.objects, found.objects)
        said = [_said_of_backup(found)] if backup else []
        said += [f"other options: {', '.join(options)}"] if options else []
        if differences:
            said.append(some_of([each.sentence for each in differences], most=_NAMED, separator="; "))
        details = {
            "backup": backup,
            "options": options,
            "objects": [_detail(each) for each in differences[:_TOLD]],
            "objects_count": len(differences),
            "exact": True,
        }
        return _error(said, details, _HINT)

    def _by_marks(self, found: PlanDigest) -> RestoreError:
        """The digest alone says in which groups of objects something is different: it is one of those, or one gone."""
        differ = [old != new for old, new in zip(marks_of(self.digest), found.marks, strict=True)]
        backup, options, *groups = differ
        near = [each for each in found.objects if groups[group_of(each.id)]]
        said = [_said_of_backup(found)] if backup else []
        said += ["other options"] if options else []
        if near:
            titles = some_of([Difference(each.id, "", each.action).title for each in near], most=_NAMED)
            said.append(f"what is different of its objects is among these {len(near)}: {titles}")
        elif any(groups):
            said.append("objects of the approved plan are not in it any more")
        details = {
            "backup": backup,
            "options": ["unknown"] if options else [],
            "objects": [_detail(Difference(each.id, "", each.action)) for each in near[:_TOLD]],
            "objects_count": len(near),
            "exact": False,
        }
        return _error(said, details, _HINT_FILE)


def _differences(approved: t.Iterable[ObjectDigest], planned: t.Iterable[ObjectDigest]) -> list[Difference]:
    old, new = ({each.id: each for each in objects} for objects in (approved, planned))
    return [
        Difference(name, old[name].action if name in old else "", new[name].action if name in new else "")
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _verb(action: str) -> str:
    words = {"create": "be created", "update": "be updated", "unchanged": "stay as it is", "skip": "be left out"}
    return words.get(action, f"end as {action}")


def _said_of_backup(found: PlanDigest) -> str:
    if found.backup_name == TREE_BACKUP:
        return "another tree: its Secrets have other values, or the approved plan was of a backup"
    uid = f" with the uid {found.backup_uid}" if found.backup_uid else ""
    return f"another backup: it is of '{found.backup_name}'{uid}"


def _detail(each: Difference) -> dict[str, str]:
    resource, namespace, name = each.id
    return {
        "resource": resource,
        "namespace": namespace,
        "name": name,
        "approved": each.approved,
        "planned": each.planned,
    }


def _error(said: list[str], details: dict[str, t.Any], hint: str) -> RestoreError:
    number = details["objects_count"]
    count = f" ({counted(number, 'object')})" if details["exact"] and number else ""
    what = "; ".join(said) or "it is of another version of this collection"
    return RestoreError(
        f"The plan is not the approved one, and nothing was written{count}: {what}.",
        hint=hint,
        details={"plan_mismatch": details},
    )


__all__ = ("Difference", "ExpectedPlan")
