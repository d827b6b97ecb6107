# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is documented is what is accepted: modules and their fragments, the role and its defaults, the playbooks."""

from __future__ import annotations

import ast
import importlib
import pathlib
import re
import typing as t

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGINS = "ansible_collections.arkive.k8s.plugins"
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("k8s_*.py"))

Options: t.TypeAlias = "dict[str, dict[str, t.Any]]"


def load_fragment(name: str) -> dict[str, t.Any]:
    """``arkive.k8s._hooks.lease`` is the attribute LEASE of the fragment ``_hooks``."""
    _namespace, _collection, fragment, *section = name.split(".")
    owner = importlib.import_module(f"{PLUGINS}.doc_fragments.{fragment}").ModuleDocFragment
    loaded: dict[str, t.Any] = yaml.safe_load(getattr(owner, (section or ["DOCUMENTATION"])[0].upper()))
    return loaded


def documented_options(module: str) -> Options:
    """The module's own options, put over those of its fragments, as ``ansible-doc`` does it."""
    source = ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text())
    texts = {
        ast.unparse(node.targets[0]): node.value.value
        for node in source.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }
    own = yaml.safe_load(t.cast("str", texts["DOCUMENTATION"]))
    options: Options = {}
    for name in own["extends_documentation_fragment"]:
        options |= load_fragment(name).get("options", {})
    for name, option in own.get("options", {}).items():
        options[name] = {**options.get(name, {}), **option}
    return options


def comparable(options: t.Mapping[str, t.Mapping[str, t.Any]], *, suboptions: str) -> dict[str, t.Any]:
    """The members that must be equal, with those of ``suboptions`` below them."""
    return {
        name: {
            "type": option.get("type", "str"),
            "elements": option.get("elements"),
            "required": option.get("required", False),
            "default": option.get("default"),
            "choices": option.get("choices"),
            "aliases": option.get("aliases", []),
            "suboptions": comparable(option.get(suboptions) or {}, suboptions=suboptions),
        }
        for name, option in options.items()
    }


@pytest.mark.parametrize("module", MODULES)
def test_documentation_and_argument_spec_are_equal(module: str) -> None:
    spec = importlib.import_module(f"{PLUGINS}.modules.{module}").SPEC
    documented = comparable(documented_options(module), suboptions="suboptions")
    assert documented == comparable(spec.options, suboptions="options")


@pytest.mark.parametrize("module", MODULES)
def test_every_option_of_the_defaults_group_is_known(module: str) -> None:
    """``module_defaults`` of the action group fail where one module does not know one of them."""
    auth = load_fragment("arkive.k8s._auth")["options"]
    assert {*auth, "storage_location"} <= set(documented_options(module))


@pytest.mark.parametrize("name", ROLES)
def test_role_defaults_are_the_documented_ones(name: str) -> None:
    role = ROOT / "roles" / name
    options = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    assert yaml.safe_load((role / "defaults/main.yml").read_text()) == documented
    named = set(re.findall(rf"^\| `({name}_\w+)`", (role / "README.md").read_text(), re.MULTILINE))
    assert named == set(options)


@pytest.mark.parametrize(
    ("playbook", "module"),
    [("backup", "k8s_backup"), ("restore", "k8s_restore"), ("operations", "k8s_velero_operations")],
)
def test_playbooks_hand_on_options_of_their_module(playbook: str, module: str) -> None:
    text = (ROOT / "playbooks" / f"{playbook}.yml").read_text()
    task = text[text.index(f"arkive.k8s.{module}:") : text.index("register:")]
    handed = dict(re.findall(rf'^ +(\w+): "{{{{ (?:__)?{playbook}_(\w+)', task, re.MULTILINE))
    assert handed == {option: option for option in handed}
    elsewhere = {*load_fragment("arkive.k8s._auth")["options"], *load_fragment("arkive.k8s._progress")["options"]}
    elsewhere -= {"kubeconfig", "context"}
    # Deletion and holds are about backups that are there.
    deleting = {"state", "force"} if playbook != "restore" else set()
    holding = {"hold_by", "hold_reason"} if playbook == "backup" else set()
    unused = {"storage_location"} if playbook == "operations" else set()
    elsewhere |= deleting | holding | unused
    assert set(handed) == set(documented_options(module)) - elsewhere


@pytest.mark.parametrize("playbook", ["backup", "restore", "operations"])
def test_playbooks_know_the_variables_that_they_use(playbook: str) -> None:
    """Any other variable with their prefix is refused."""
    plays = yaml.safe_load((ROOT / "playbooks" / f"{playbook}.yml").read_text())
    refusal = plays[0]["tasks"][0]
    used = set(re.findall(rf"{{{{ ({playbook}_\w+)", str(plays[0]["tasks"][1:])))
    assert set(refusal["vars"][f"__{playbook}_known"]) == used | {f"{playbook}_other_variables"}


@pytest.mark.parametrize("name", ROLES)
def test_the_role_knows_the_variables_that_it_has(name: str) -> None:
    role = ROOT / "roles" / name
    options = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    known = yaml.safe_load((role / "tasks/main.yml").read_text())[0]["vars"][f"__{name}_known"]
    facts = {"fsfreeze": {"fsfreeze_freezes"}, "gitops_pause": {"gitops_pause_paused", "gitops_pause_resumed"}}
    assert set(known) == {*options, *facts.get(name, {f"{name}_quiesces"})}
