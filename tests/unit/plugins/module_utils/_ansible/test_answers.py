# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as a survey of AWX gives them: for each variable of the playbooks, each form that its type may come in."""

from __future__ import annotations

import importlib
import pathlib
import re
import typing as t

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.answers import read_answers

ROOT = pathlib.Path(__file__).resolve().parents[5]
PLAYBOOKS = {
    "backup": "k8s_backup",
    "restore": "k8s_restore",
    "schedule": "k8s_backup_schedule",
    "prune": "k8s_backup_prune",
    "backups": "k8s_backup_info",
    "operations": "k8s_velero_operations",
}

#: What is typed or chosen, and what the option is then. AWX gives text, numbers and lists of text.
FORMS: dict[str, list[tuple[t.Any, t.Any]]] = {
    "bool": [("true", True), ("False", False), (" yes ", True), (1, True), (0.0, False), ("", None), (" ", None)],
    "int": [("3", 3), (3, 3), (3.0, 3), (" 3 ", 3), ("", None)],
    "list": [
        ("shop", ["shop"]),
        ("shop,bank", ["shop", "bank"]),
        (" shop , bank ,", ["shop", "bank"]),
        ("shop\nbank\n", ["shop", "bank"]),
        ("shop\r\nbank, till", ["shop", "bank", "till"]),
        ("- shop\n- bank", ["shop", "bank"]),
        ('["shop", "bank"]', ["shop", "bank"]),
        ("- no\n- 0123\n- 1:30", ["no", "0123", "1:30"]),
        ("[on, 12, 1.50]", ["on", "12", "1.50"]),
        (["shop", "bank"], ["shop", "bank"]),
        ([], []),
        ("", None),
        ("\n", None),
    ],
    "dict": [
        ("shop=copy", {"shop": "copy"}),
        ("shop=copy, bank=till", {"shop": "copy", "bank": "till"}),
        ("shop=copy\nbank = till\n", {"shop": "copy", "bank": "till"}),
        ("shop: copy\nbank: till", {"shop": "copy", "bank": "till"}),
        ('{"shop": "copy"}', {"shop": "copy"}),
        ("shop: no\nbank: 0123", {"shop": "no", "bank": "0123"}),
        ("image=registry:5000/app:1", {"image": "registry:5000/app:1"}),
        ("", None),
    ],
    "raw": [("app=shop", "app=shop"), ("", None), ("matchLabels:\n  app: shop", {"matchLabels": {"app": "shop"}})],
    "str": [("shop", "shop"), (24, "24"), (24.0, "24")],
}

#: What is wrong, and words of the one sentence that says so.
WRONG: dict[str, list[tuple[t.Any, str]]] = {
    "bool": [("perhaps", "bool"), (["true"], "bool")],
    "int": [("many", "int"), (1.5, "int")],
    "dict": [("nonsense", "dict"), (["a"], "dict")],
}


def options_of(playbook: str) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """The options that are variables of the playbook."""
    spec = importlib.import_module(f"ansible_collections.arkive.k8s.plugins.modules.{PLAYBOOKS[playbook]}").SPEC
    text = (ROOT / "playbooks" / f"{playbook}.yml").read_text()
    known = set(re.findall(rf"^ +- {playbook}_(\w+)$", text, re.MULTILINE)) - {"other_variables"}
    assert known <= set(spec.options)
    for name in sorted(known):
        yield name, dict(spec.options[name])


CASES = [pytest.param(option, id=f"{book}_{name}") for book in PLAYBOOKS for name, option in options_of(book)]


def validated(option: dict[str, t.Any], value: t.Any) -> tuple[t.Any, list[str]]:
    """The value by Ansible's own reading, and its sentences. Options within the option are not looked at."""
    plain = {name: setting for name, setting in option.items() if name in ("type", "elements", "choices", "default")}
    found = ArgumentSpecValidator({"it": plain}).validate(read_answers({"it": plain}, {"it": value}))
    return found.validated_parameters.get("it"), list(found.error_messages)


@pytest.mark.parametrize("option", CASES)
def test_every_variable_of_a_playbook_takes_each_form(option: dict[str, t.Any]) -> None:
    kind = option.get("type", "str")
    if option.get("choices"):
        forms: list[tuple[t.Any, t.Any]] = [(choice, choice) for choice in option["choices"]] + [("", None)]
    else:
        forms = FORMS.get(kind, FORMS["str"])
    for value, expected in forms:
        expected = option.get("default") if expected is None else expected
        assert validated(option, value) == (expected, []), value


@pytest.mark.parametrize("option", CASES)
def test_a_wrong_value_gives_one_sentence(option: dict[str, t.Any]) -> None:
    wrong = [("none of them", "must be one of")] if option.get("choices") else WRONG.get(option.get("type", "str"), [])
    for value, words in wrong:
        _found, sentences = validated(option, value)
        assert len(sentences) == 1, value
        assert words in sentences[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &a [x, x]\nb: [*a, *a]", {"a": ["x", "x"], "b": [["x", "x"], ["x", "x"]]}),
        ("a: 1\na: 2", "a: 1\na: 2"),
        ("a: [", "a: ["),
        ("!!python/object/apply:os.system ['true']: x", "!!python/object/apply:os.system ['true']: x"),
        ("due: 2026-03-09\nat: 1:30", {"due": "2026-03-09", "at": "1:30"}),
    ],
    ids=["aliases", "a key twice", "broken", "a tag", "a date"],
)
def test_yaml_is_read_strictly_or_not_at_all(text: str, expected: t.Any) -> None:
    assert read_answers({"it": {"type": "raw"}}, {"it": text}) == {"it": expected}


def test_text_that_has_a_default_may_be_empty() -> None:
    assert read_answers({"ns": {"default": "velero"}}, {"ns": ""}) == {"ns": ""}


def test_aliases_and_unknown_names_are_left_to_ansible() -> None:
    spec = {"names": {"type": "list", "aliases": ["name_list"]}}
    assert read_answers(spec, {"name_list": "a, b", "other": "a, b"}) == {"name_list": ["a", "b"], "other": "a, b"}


def test_the_playbooks_are_those_that_there_are() -> None:
    assert {path.stem for path in (ROOT / "playbooks").glob("*.yml")} == set(PLAYBOOKS)
    for path in (ROOT / "playbooks").glob("*.yml"):
        assert isinstance(yaml.safe_load(path.read_text()), list)
