# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say which blueprint is run, on what, and how (documented in the fragment ``_blueprints``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.execution_hooks import Operation
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import PodDefaults
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import (
    BLUEPRINT_NAMESPACE,
    HookSettings,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks, read_kasten_hooks
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import Artifact, Blueprint, ObjectReference
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import (
    ReadBlueprint,
    read_blueprint,
    read_blueprints,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.result_size import CUT
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject

_SUFFIXES = (".yaml", ".yml", ".json")

SUBJECT = ArgumentSpec(
    options={
        "kind": {"type": "str", "aliases": ["type"]},
        "name": {"type": "str", "required": True},
        "namespace": {"type": "str"},
        "api_version": {"type": "str", "aliases": ["apiVersion"]},
        "group": {"type": "str"},
        "resource": {"type": "str"},
    }
)

#: How blueprints are run, whoever names them.
BLUEPRINT_RUN = ArgumentSpec(
    options={
        "blueprint_namespace": {"type": "str", "default": BLUEPRINT_NAMESPACE},
        "hook_default_namespace": {"type": "str"},
        "hook_service_account": {"type": "str"},
        "phase_timeout": {"type": "str", "default": "20m"},
    }
)


#: Around the operation of a module.
EXECUTION_HOOKS = ArgumentSpec(
    options={
        "execution_hooks": {"type": "dict"},
        "execution_hook_retries": {"type": "int", "default": 0},
    }
).merge(BLUEPRINT_RUN)


def execution_hooks(params: t.Mapping[str, t.Any], operation: Operation) -> tuple[ReadHooks, HookSettings]:
    """What ``execution_hooks`` says, and how they are run. Raises ``ValidationError``."""
    if params["execution_hook_retries"] < 0:
        raise ValidationError("execution_hook_retries is less than 0.")
    given = params["execution_hooks"]
    hooks = ReadHooks() if given is None else read_kasten_hooks(given, operation, source="execution_hooks")
    settings = HookSettings(
        blueprint_namespace=params["blueprint_namespace"],
        pod_namespace=params["hook_default_namespace"] or "",
        service_account=params["hook_service_account"] or "",
        phase_seconds=phase_seconds(params),
        retries=params["execution_hook_retries"],
    )
    return hooks, settings


def phase_seconds(params: t.Mapping[str, t.Any]) -> float:
    """Raises ``ValidationError``."""
    seconds = parse_duration(params["phase_timeout"], "phase_timeout")
    if seconds <= 0:
        raise ValidationError("phase_timeout must be more than 0.", hint="20m is the default.")
    return seconds


def action_request(params: t.Mapping[str, t.Any], blueprint: Blueprint) -> ActionRequest:
    """The options of a task that runs one action. Raises ``ArkiveError``."""
    subject = subject_of(params["subject"])
    return ActionRequest(
        blueprint=blueprint,
        action_name=params["action_name"],
        subject=subject,
        pods=PodDefaults(
            namespace=params["hook_default_namespace"] or subject.namespace,
            service_account=params["hook_service_account"] or "",
            kasten_namespace=params["blueprint_namespace"],
        ),
        artifacts_in=artifacts_of(params["artifacts_in"]),
        secrets=references_of(params["secrets"], "secrets", "Secret"),
        config_maps=references_of(params["config_maps"], "config_maps", "ConfigMap"),
        options={str(name): _text(value) for name, value in params["options"].items()},
        phase_seconds=phase_seconds(params),
    )


def refuse_profile(params: t.Mapping[str, t.Any]) -> None:
    """Raises ``ValidationError`` where one is given."""
    if params["profile"] is not None:
        raise ValidationError(
            "There are no location profiles here: blueprints run without one.",
            hint="Leave out profile, and let the backup keep the data, or write it into a volume that is backed up.",
        )


def blueprints_of_files(path: str) -> list[ReadBlueprint]:
    """Those of a file, or of all files of a folder and of the folders in it. Raises ``ValidationError``."""
    if not os.path.isdir(path):
        return list(read_blueprints(_read(path), source=f"the file {path}"))
    found: list[ReadBlueprint] = []
    for folder, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(_SUFFIXES):
                file = os.path.join(folder, name)
                text = _read(file)
                # A folder holds other manifests as well.
                if "kind: Blueprint" in text or '"Blueprint"' in text:
                    found += read_blueprints(text, source=f"the file {file}")
    if not found:
        raise ValidationError(f"There is no blueprint in the folder {path}.", hint="Files end in .yaml, .yml or .json.")
    return found


def given_blueprints(params: t.Mapping[str, t.Any], *, folder: bool = False) -> list[ReadBlueprint]:
    """Those of ``definition`` or ``src``; none where a name alone is given. Raises ``ValidationError``."""
    if params["definition"] is not None:
        return [read_blueprint(params["definition"], source="the definition")]
    if params["src"] is not None and not folder and os.path.isdir(params["src"]):
        raise ValidationError(f"{params['src']} is a folder.", hint="Name the file that has the blueprint.")
    return blueprints_of_files(params["src"]) if params["src"] is not None else []


def chosen_blueprint(found: t.Sequence[ReadBlueprint], name: str | None) -> ReadBlueprint:
    """The one of this name, or the only one. Raises ``ValidationError``."""
    chosen = [each for each in found if name is None or each.blueprint.name == name]
    if len(chosen) == 1:
        return chosen[0]
    names = ", ".join(each.blueprint.name for each in found)
    if not chosen:
        raise ValidationError(f"There is no blueprint {name} in what was given.", hint=f"There is {names}.")
    raise ValidationError("More than one blueprint was given.", hint=f"Name one with blueprint: {names}.")


def subject_of(given: t.Mapping[str, t.Any] | None) -> Subject:
    """Raises ``ValidationError``."""
    if given is None:
        raise ValidationError(
            "A blueprint works on a subject.", hint="Set subject, for instance {kind: namespace, name: shop}."
        )
    texts = {name: given.get(name) or "" for name in ("kind", "namespace", "api_version", "group", "resource")}
    return Subject.of(name=given["name"], **texts)


def references_of(given: t.Mapping[str, t.Any], option: str, kind: str) -> dict[str, ObjectReference]:
    """Objects by the aliases that a blueprint has for them. Raises ``ValidationError``."""
    references: dict[str, ObjectReference] = {}
    for alias, value in given.items():
        if not isinstance(value, dict) or value.keys() != {"name", "namespace"}:
            raise ValidationError(f"{option}.{alias} is no reference.", hint="Write {name: ..., namespace: ...}.")
        texts = {key: str(text or "") for key, text in value.items()}
        if not all(texts.values()):
            raise ValidationError(f"{option}.{alias} has an empty name or namespace.")
        references[str(alias)] = ObjectReference(kind=kind, **texts)
    return references


def artifacts_of(given: t.Mapping[str, t.Any] | None) -> dict[str, Artifact]:
    """Artifacts as results have them, and as ActionSets do. Raises ``ValidationError``."""
    artifacts: dict[str, Artifact] = {}
    for name, value in (given or {}).items():
        if not isinstance(value, dict) or not value.keys() <= {"keyValue", "kopiaSnapshot"}:
            raise ValidationError(
                f"The artifact {name} is not one.", hint="An artifact is a mapping with keyValue, a mapping of texts."
            )
        pairs = value.get("keyValue") or {}
        if not isinstance(pairs, dict):
            raise ValidationError(f"The keyValue of the artifact {name} is no mapping.")
        if MASK in str(value):
            raise ValidationError(
                f"The artifact {name} has a secret in it that was masked in a result.",
                hint="Let the task that made it return it with show_secrets, and keep it off the screen with no_log.",
            )
        if any(str(part).endswith(CUT) for part in (*pairs.values(), value.get("kopiaSnapshot"))):
            raise ValidationError(
                f"The artifact {name} was too large for a result, and is not whole.",
                hint="Write it into a volume or a ConfigMap, and hand over where it is.",
            )
        artifacts[str(name)] = Artifact(
            key_values={str(key): str(part) for key, part in pairs.items()},
            kopia_snapshot=str(value.get("kopiaSnapshot") or ""),
        )
    return artifacts


def _text(value: t.Any) -> str:
    """As YAML would write a plain value."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as exc:
        raise ValidationError(f"The file {path} cannot be read: {exc.strerror}.", hint="Check the option src.") from exc
    except UnicodeDecodeError as exc:
        raise ValidationError(f"The file {path} is not text in UTF-8.", hint="Check the option src.") from exc


__all__ = (
    "BLUEPRINT_RUN",
    "EXECUTION_HOOKS",
    "SUBJECT",
    "action_request",
    "artifacts_of",
    "blueprints_of_files",
    "chosen_blueprint",
    "execution_hooks",
    "given_blueprints",
    "phase_seconds",
    "references_of",
    "refuse_profile",
    "subject_of",
)
