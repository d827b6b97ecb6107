# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every task that users may copy can be run: of the guides, the READMEs, the examples, and the modules' EXAMPLES.

Options have to be known, of their type, and fit together; a result has to have the members that are used of it.
"""

from __future__ import annotations

import ast
import importlib
import pathlib
import re
import textwrap
import typing as t

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.playbook.play import Play
from ansible.playbook.task import Task

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.operations_options import operations_request
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.prune_options import retention
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.schedule_options import given_schedule
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import utc_now

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = {path.stem for path in (ROOT / "plugins" / "modules").glob("k8s_*.py")}
PREFIX = "arkive.k8s."
GROUP = "group/arkive.k8s.backup"

_RST_BLOCK = re.compile(r"^( *)\.\. code-block:: yaml(?:\+jinja)?\n\n((?:\1 {4}.*\n|\1 {3}.*\n|\s*\n)+)", re.MULTILINE)
_MARKDOWN_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: ``src: backup.yml`` is no use of a result.
_ENDINGS = {"yml", "yaml", "json"}
#: What Ansible itself puts into each result.
_COMMON_RESULTS = {"changed", "failed", "msg", "diff", "skipped", "results", "ansible_job_id"}
#: A value of the type, for an expression whose value only a play knows.
_OF_TYPE: dict[str, t.Any] = {"int": 1, "float": 1.0, "bool": True, "list": [], "dict": {}, "raw": "x", "path": "x"}


class Block(t.NamedTuple):
    """YAML that stands in a file; ``number``: the how manieth there."""

    file: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.file} {self.number}"


def module_texts(module: str) -> dict[str, str]:
    """``DOCUMENTATION``, ``EXAMPLES`` and ``RETURN``."""
    source = ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text())
    return {
        ast.unparse(node.targets[0]): str(node.value.value)
        for node in source.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }


def find_blocks() -> t.Iterator[Block]:
    for module in sorted(MODULES):
        yield Block(f"EXAMPLES of {module}", 1, module_texts(module)["EXAMPLES"])
    for guide in sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst")):
        for number, found in enumerate(_RST_BLOCK.finditer(guide.read_text() + "\n"), 1):
            yield Block(guide.name, number, textwrap.dedent(found[2]))
    for readme in (ROOT / "README.md", *(ROOT / "roles" / name / "README.md" for name in ("fsfreeze", "gitops_pause"))):
        for number, found in enumerate(_MARKDOWN_BLOCK.finditer(readme.read_text()), 1):
            yield Block(str(readme.relative_to(ROOT)), number, found[1])
    for path in sorted((ROOT / "examples" / "playbooks").glob("*.yml")):
        yield Block(path.name, 1, path.read_text())


BLOCKS = tuple(find_blocks())


def with_values(spec: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Expressions are taken for values of the right type."""
    filled = dict(given)
    for name, value in given.items():
        option = spec.get(name) or next((o for o in spec.values() if name in (o.get("aliases") or ())), {})
        if isinstance(value, str) and "{{" in value and name == "storage_location":
            filled[name] = {"bucket": "backups"}
        elif isinstance(value, str) and "{{" in value:
            filled[name] = (option.get("choices") or [_OF_TYPE.get(option.get("type", "str"), "x")])[0]
        elif isinstance(value, dict) and option.get("options"):
            filled[name] = with_values(option["options"], value)
        elif isinstance(value, list) and option.get("options"):
            filled[name] = [with_values(option["options"], each) for each in value]
    return filled


def problems_of(module: str, given: t.Any, *, defaults: t.Mapping[str, t.Any]) -> list[str]:
    """Why the task could not be run."""
    spec = importlib.import_module(f"ansible_collections.arkive.k8s.plugins.modules.{module}").SPEC
    filled = with_values(spec.options, {**defaults, **(given or {})})
    found = ArgumentSpecValidator(dict(spec.options), **spec._rules()).validate(filled)
    if found.error_messages:
        return list(found.error_messages)
    params = found.validated_parameters
    if module == "k8s_backup_schedule" and not params["src"]:
        request = given_schedule(params).request
        if request.schedule:
            request.times(utc_now())
            request.backup_request(f"{request.name}-20260601003005").validate()
    elif module == "k8s_backup_prune":
        retention(params)
    elif module == "k8s_velero_operations":
        operations_request(params)
    return []


def find_tasks(document: t.Any, defaults: t.Mapping[str, t.Any]) -> t.Iterator[tuple[dict[str, t.Any], t.Any]]:
    """Each task of a module of this collection, with the defaults that its play has for it."""
    for entry in document if isinstance(document, list) else []:
        if not isinstance(entry, dict):
            continue
        defaults_here = group_defaults([entry]) or defaults
        if any(name.startswith(PREFIX) for name in entry):
            yield entry, defaults_here
        for section in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"):
            yield from find_tasks(entry.get(section), defaults_here)


def group_defaults(document: t.Any) -> dict[str, t.Any]:
    """What the plays or tasks say for all modules of this collection."""
    entries = document if isinstance(document, list) else []
    found: list[dict[str, t.Any]] = [(entry.get("module_defaults") or {}).get(GROUP) for entry in entries]
    return next((each for each in found if each), {})


def unknown_keywords(document: t.Any) -> list[str]:
    """Of plays and of tasks; a block has the keywords of both."""
    found = []
    for entry in document if isinstance(document, list) else []:
        known = {*Play.fattributes, *Task.fattributes, "block", "rescue", "always", "hosts", "local_action"}
        loops = {"with_items", "with_dict", "with_fileglob"}
        found += [name for name in entry if name not in known | loops and "." not in name]
        for section in ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always"):
            found += unknown_keywords(entry.get(section))
    return found


def is_of_ansible(document: t.Any) -> bool:
    """Plays or tasks, and neither a manifest nor a rulebook."""
    return isinstance(document, list) and all(
        isinstance(entry, dict) and "name" in entry and "sources" not in entry for entry in document
    )


def find_all_tasks() -> t.Iterator[t.Any]:
    """Tasks of a guide have the defaults that a play further up in it has."""
    file, defaults = "", {}
    for block in BLOCKS:
        if block.file != file:
            file, defaults = block.file, {}
        for document in yaml.safe_load_all(block.text):
            for task, of_play in find_tasks(document, defaults):
                for name in task:
                    if name.startswith(PREFIX):
                        identity = f"{block}: {task.get('name', '')}".replace(" ", "-")
                        yield pytest.param(name.removeprefix(PREFIX), task[name], of_play, id=identity)
            if block.file.endswith(".rst"):
                defaults = group_defaults(document) or defaults


TASKS = list(find_all_tasks())


def test_there_are_tasks_of_every_module_and_of_every_guide() -> None:
    """Else this file looks at nothing."""
    assert {param.values[0] for param in TASKS} == MODULES
    guides = {path.name for path in (ROOT / "docs" / "docsite" / "rst").glob("guide_*.rst")}
    counted = sum(path.read_text().count(".. code-block:: yaml") for path in (ROOT / "docs/docsite/rst").glob("*.rst"))
    of_guides = [block for block in BLOCKS if block.file in guides]
    assert len(of_guides) == counted
    assert {block.file for block in of_guides} == guides


@pytest.mark.parametrize(("module", "given", "defaults"), TASKS)
def test_task_has_options_that_the_module_takes(module: str, given: t.Any, defaults: t.Mapping[str, t.Any]) -> None:
    assert problems_of(module, given, defaults=defaults) == []


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_keywords_are_those_of_ansible(block: Block) -> None:
    documents = [document for document in yaml.safe_load_all(block.text) if is_of_ansible(document)]
    assert [name for document in documents for name in unknown_keywords(document)] == []


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_registered_results_have_the_members_that_are_used(block: Block) -> None:
    unknown = []
    for document in yaml.safe_load_all(block.text):
        for task, _defaults in find_tasks(document, {}):
            module = next(name for name in task if name.startswith(PREFIX)).removeprefix(PREFIX)
            register = task.get("register")
            if register:
                returned = {*yaml.safe_load(module_texts(module)["RETURN"]), *_COMMON_RESULTS, *_ENDINGS}
                used = re.findall(rf"(?<![\w.\"']){register}\.(\w+)", block.text)
                unknown += [f"{register}.{member}" for member in used if member not in returned]
    assert unknown == []


def find_places(document: t.Any) -> t.Iterator[tuple[str, str]]:
    """The bucket and the prefix of each storage location."""
    if isinstance(document, dict):
        if isinstance(document.get("bucket"), str):
            yield document["bucket"], document.get("prefix") or ""
        yield from (place for value in document.values() for place in find_places(value))
    elif isinstance(document, list):
        yield from (place for value in document for place in find_places(value))


def test_locations_of_the_guides_fit_into_one_bucket() -> None:
    """A location at the root of a bucket refuses what is beside it (docs/compatibility 1.1), of any other guide too."""
    texts = [block for block in BLOCKS if block.file.endswith((".rst", "README.md"))]
    documents = [document for block in texts for document in yaml.safe_load_all(block.text)]
    places = {place for document in documents for place in find_places(document) if "{{" not in place[0]}
    assert ("backups", "production") in places
    whole = {bucket for bucket, prefix in places if not prefix}
    assert whole & {bucket for bucket, prefix in places if prefix} == set()


def test_a_task_with_a_mistake_is_found() -> None:
    place = {"bucket": "backups"}
    wrong: list[tuple[str, dict[str, t.Any]]] = [
        ("k8s_backup_prune", {"keep_dayly": 7, "storage_location": place}),
        ("k8s_backup_prune", {"keep_daily": "many", "storage_location": place}),
        ("k8s_backup_verify", {"name": "a", "storage_location": {"bukket": "backups"}}),
        ("k8s_backup_verify", {"storage_location": place}),
    ]
    assert all(problems_of(module, given, defaults={}) for module, given in wrong)


def _mappings(document: t.Any) -> t.Iterator[dict[str, t.Any]]:
    if isinstance(document, dict):
        yield document
    for each in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from _mappings(each)


@pytest.mark.parametrize("block", [block for block in BLOCKS if "bucket: backups" in block.text], ids=str)
def test_one_bucket_is_named_as_one_place(block: Block) -> None:
    """Who follows two pages finds the backups of the first by the second: a prefix more is another location."""
    found = [each for each in _mappings(yaml.safe_load(block.text)) if each.get("bucket") == "backups"]
    assert found
    assert all(each.get("prefix") for each in found)


def test_the_heads_of_playbooks_name_the_same_place() -> None:
    heads = "\n".join(path.read_text() for path in sorted((ROOT / "playbooks").glob("*.yml")))
    named = re.findall(r"\{\"?bucket[^}]*\}", heads)
    assert len(named) >= 5
    assert {str(yaml.safe_load(each)) for each in named} == {"{'bucket': 'backups', 'prefix': 'production'}"}
