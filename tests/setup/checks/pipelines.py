# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples for pipelines, judged by what the systems themselves say of such files.

GitHub's and GitLab's schemas come with check-jsonschema, actionlint and Tekton's types from their Go modules.
"""

from __future__ import annotations

import json
import os
import pathlib
import sys
import typing as t

from checks import environments
from checks.console import CheckError, must_run, run
from checks.paths import CACHE, CHECKOUT

EXAMPLES = pathlib.Path("examples") / "pipelines"
_ACTIONLINT = "v1.7.12"
_TEKTON = "v1.0.0"
_FIND_GO = "from kubelab.golang import find_go; print(find_go())"


def check_pipelines(tree: pathlib.Path) -> list[str]:
    """What is wrong with the examples in ``tree``."""
    examples = tree / EXAMPLES
    github = examples / "github-restore.yml"
    problems = _by_schema(github, "--builtin-schema", "vendor.github-workflows")
    problems += _by_schema(examples / "gitlab-restore.yml", "--builtin-schema", "vendor.gitlab-ci")
    problems += _said([str(_actionlint()), "-no-color", str(github)])
    for task in sorted(examples.glob("tekton-*.yml")):
        problems += _by_schema(task, "--schemafile", str(_tekton_schema()))
    return problems


def _by_schema(file: pathlib.Path, *schema: str) -> list[str]:
    return _said([environments.pipelines().program("check-jsonschema"), *schema, str(file)])


def _said(argv: list[str]) -> list[str]:
    code, printed = run(argv, quiet=True)
    return printed.splitlines() if code != 0 else []


def _actionlint() -> pathlib.Path:
    folder = CACHE / f"actionlint-{_ACTIONLINT}"
    if not (folder / "actionlint").exists():
        where = f"github.com/rhysd/actionlint/cmd/actionlint@{_ACTIONLINT}"
        must_run([_go(), "install", where], env={**os.environ, "GOBIN": str(folder), "GOFLAGS": "-mod=mod"})
    return folder / "actionlint"


def _tekton_schema() -> pathlib.Path:
    """Of a Task, in which no member may be that Tekton does not know."""
    file = CACHE / f"tekton-{_TEKTON}.json"
    if not file.exists():
        told = must_run([_go(), "mod", "download", "-json", f"github.com/tektoncd/pipeline@{_TEKTON}"])
        found = pathlib.Path(json.loads(told)["Dir"]) / "pkg" / "apis" / "pipeline" / "v1" / "swagger.json"
        definitions: dict[str, t.Any] = json.loads(found.read_text())["definitions"]
        for definition in definitions.values():
            if definition.get("properties"):
                definition["additionalProperties"] = False
        # Kubernetes' own types are not in it.
        schema = json.dumps({"$ref": "#/definitions/v1.Task", "definitions": {**definitions, **_others(definitions)}})
        file.write_text(schema)
    return file


def _others(definitions: t.Any) -> dict[str, t.Any]:
    """What is referred to, and not there: anything."""
    names = {text.partition('"')[0] for text in json.dumps(definitions).split('"#/definitions/')[1:]}
    return {name: {} for name in names - set(definitions)}


def _go() -> str:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "tests" / "cluster")}
    lines = must_run([sys.executable, "-c", _FIND_GO], env=environment).splitlines()
    if not lines:
        raise CheckError("There is no go command, and none could be had from PyPI.")
    return lines[-1].strip()


__all__ = ("EXAMPLES", "check_pipelines")
