# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases of ``tests/golden/templates``, and their data in the types of Go."""

from __future__ import annotations

import base64
import dataclasses
import json
import pathlib
import typing as t

import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.moments import Moment
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.times.reading import read_moment
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.types import (
    DATA,
    OBJECT,
    STRING,
    STRINGS,
    TEXTS,
    map_of,
    pointer_to,
    slice_of,
    struct_type,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    TypedList,
    TypedMap,
    of_type,
)

FOLDER = pathlib.Path(__file__).parents[5] / "golden" / "templates"

WORKLOAD = struct_type(
    "main.workload",
    {
        "Name": STRING,
        "Namespace": STRING,
        "Pods": STRINGS,
        "Containers": slice_of(STRINGS),
        "PersistentVolumeClaims": map_of(TEXTS),
    },
)
NAMED = struct_type("main.named", {"Name": STRING, "Namespace": STRING})
ARTIFACT = struct_type("main.artifact", {"KeyValue": TEXTS, "KopiaSnapshot": STRING})
CONFIG_MAP = struct_type("main.configMap", {"Name": STRING, "Namespace": STRING, "Data": TEXTS})
SECRET = struct_type("main.secret", {"Name": STRING, "Namespace": STRING, "Type": STRING, "Data": DATA})
PHASE = struct_type("main.phase", {"Secrets": map_of(SECRET), "ConfigMaps": map_of(CONFIG_MAP), "Output": OBJECT})
PARAMS = struct_type(
    "main.templateParams",
    {
        "StatefulSet": pointer_to(WORKLOAD),
        "Deployment": pointer_to(WORKLOAD),
        "Namespace": pointer_to(NAMED),
        "PVC": pointer_to(NAMED),
        "ArtifactsIn": map_of(ARTIFACT),
        "ConfigMaps": map_of(CONFIG_MAP),
        "Secrets": map_of(SECRET),
        "Phases": map_of(pointer_to(PHASE)),
        "DeferPhase": pointer_to(PHASE),
        "Options": TEXTS,
        "Object": OBJECT,
        "Time": STRING,
    },
)


@dataclasses.dataclass(frozen=True)
class Case:
    """``expected`` is what Go answered."""

    name: str
    template: str
    data: t.Any
    missing: t.Literal["error", "zero", "default"]
    has_sprig: bool
    expected: dict[str, t.Any]


def cases() -> list[Case]:
    file = yaml.safe_load((FOLDER / "cases.yml").read_text())
    expected = {each["case"]: each for each in json.loads((FOLDER / "expected.json").read_text())}
    return [
        Case(
            name,
            template,
            file["data"].get(group.get("data")),
            group.get("missing", "error"),
            group.get("sprig", True),
            expected[name],
        )
        for group in file["groups"]
        for number, template in enumerate(group["cases"], start=1)
        for name in [f"{group['about']} {number}"]
    ]


def typed(value: t.Any) -> t.Any:
    """``value`` in the types of Go that the file of cases marks."""
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        if len(value) == 1 and (mark := next(iter(value))) in _MARKS:
            return _MARKS[mark](value[mark])
        return {key: typed(item) for key, item in value.items()}
    return value


def _moment(text: str) -> Moment:
    moment = read_moment("2006-01-02T15:04:05.999999999Z07:00", text)
    assert moment is not None
    return moment


def _params(value: dict[str, t.Any]) -> t.Any:
    secrets = {
        name: {**secret, "Data": {key: base64.b64decode(text) for key, text in secret["Data"].items()}}
        for name, secret in value["Secrets"].items()
    }
    return of_type({**value, "Secrets": secrets}, PARAMS)


_MARKS: dict[str, t.Callable[[t.Any], t.Any]] = {
    "$bytes": str.encode,
    "$time": _moment,
    "$strings": lambda value: TypedList(value, STRINGS),
    "$text": lambda value: TypedMap(value, TEXTS),
    "$data": lambda value: TypedMap({key: text.encode() for key, text in value.items()}, DATA),
    "$params": _params,
}

__all__ = ("PARAMS", "PHASE", "SECRET", "Case", "cases", "typed")
