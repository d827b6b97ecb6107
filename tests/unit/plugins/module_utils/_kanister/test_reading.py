# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blueprints as they are written (docs/compatibility 15.1)."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import (
    Artifact,
    BlueprintAction,
    BlueprintPhase,
    ObjectReference,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import read_blueprint, read_blueprints

#: The first blueprint of Kasten's page on execution hooks.
PAGE_TASK = """\
apiVersion: cr.kanister.io/v1alpha1
kind: Blueprint
metadata:
  name: hook-blueprint
  namespace: kasten-io
actions:
  post-export:
    kind: Namespace
    phases:
    - func: KubeTask
      name: hookPhase
      args:
        podOverride:
          serviceAccountName: "k10-k10"
        image: bitnami/kubectl
        command:
        - /bin/sh
        - -c
        - |
          kubectl patch namespace "{{ .Namespace.Name }}" --type json \
-p='[{"op": "remove", "path": "/metadata/labels/migrate"}]'
"""

#: The second one.
PAGE_WAIT = """\
apiVersion: cr.kanister.io/v1alpha1
kind: Blueprint
metadata:
  name: hook-blueprint
  namespace: kasten-io
actions:
  post-restore:
    phases:
    - func: Wait
      name: WaitForPod
      args:
        timeout: 120s
        conditions:
          anyOf:
            - condition: '{{ if { $.status.containerStatuses[].ready } }}true{{ else }}false{{ end }}'
              objectReference:
                apiVersion: v1
                resource: pods
                name: '{{ .StatefulSet.Name }}'
                namespace: '{{ .StatefulSet.Namespace }}'
"""


def blueprint(**members: t.Any) -> dict[str, t.Any]:
    return {"apiVersion": "cr.kanister.io/v1alpha1", "kind": "Blueprint", "metadata": {"name": "b"}, **members}


def one_action(action: t.Any) -> dict[str, t.Any]:
    return blueprint(actions={"backup": action})


def test_the_page() -> None:
    (task,) = read_blueprints(PAGE_TASK, source="the page")
    assert task.findings == ()
    assert (task.blueprint.name, task.blueprint.namespace) == ("hook-blueprint", "kasten-io")
    action = task.blueprint.actions["post-export"]
    assert action.kind == "Namespace"
    (phase,) = action.phases
    assert (phase.name, phase.function) == ("hookPhase", "KubeTask")
    assert phase.arguments["podOverride"] == {"serviceAccountName": "k10-k10"}
    assert phase.arguments["command"][:2] == ["/bin/sh", "-c"]

    (wait,) = read_blueprints(PAGE_WAIT, source="the page")
    assert wait.findings == ()
    (condition,) = wait.blueprint.actions["post-restore"].phases[0].arguments["conditions"]["anyOf"]
    assert condition["objectReference"]["name"] == "{{ .StatefulSet.Name }}"


def test_all_members() -> None:
    read = read_blueprint(
        one_action(
            {
                "kind": "StatefulSet",
                "configMapNames": ["c"],
                "secretNames": ["s"],
                "inputArtifactNames": ["i"],
                "outputArtifacts": {"o": {"keyValue": {"path": "{{ .Time }}"}}, "k": {"kopiaSnapshot": "x"}},
                "phases": [
                    {
                        "func": "KubeExec",
                        "name": "p",
                        "objects": {"db": {"kind": "Secret", "name": "n", "namespace": "{{ .Object.metadata.name }}"}},
                        "args": {"a": 1},
                    }
                ],
                "deferPhase": {"func": "KubeTask", "name": "d"},
            }
        ),
        source="x",
    )
    assert read.findings == ()
    assert read.blueprint.actions == {
        "backup": BlueprintAction(
            name="backup",
            kind="StatefulSet",
            config_map_names=("c",),
            secret_names=("s",),
            input_artifact_names=("i",),
            output_artifacts={"o": Artifact(key_values={"path": "{{ .Time }}"}), "k": Artifact(kopia_snapshot="x")},
            phases=(
                BlueprintPhase(
                    name="p",
                    function="KubeExec",
                    objects={"db": ObjectReference(kind="Secret", name="n", namespace="{{ .Object.metadata.name }}")},
                    arguments={"a": 1},
                ),
            ),
            defer_phase=BlueprintPhase(name="d", function="KubeTask"),
        )
    }


PHASE = {"func": "KubeTask", "name": "p", "args": {}}


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        pytest.param(
            one_action({"type": "Deployment", "phases": [PHASE]}),
            "Action backup: the member type is of an old version, and is ignored. Write kind, or leave it out.",
            id="legacy-type",
        ),
        pytest.param(
            one_action([{"phases": [PHASE]}]),
            "Action backup: it is a list, which an API server refuses. Leave the dash out.",
            id="list-of-one",
        ),
        pytest.param(
            one_action([PHASE, {**PHASE, "name": "q"}]),
            "Action backup: it is a list of phases, which an API server refuses. Write 'phases:' above them.",
            id="list-of-phases",
        ),
        pytest.param(
            one_action({"phase": [PHASE], "phases": [PHASE]}),
            "Action backup: there is no member 'phase'; it is ignored. Did you mean phases?",
            id="misspelt",
        ),
        pytest.param(
            one_action({"phases": [{**PHASE, "image": "x"}]}),
            "Action backup, phase p: there is no member 'image'; it is ignored. Its fields are args, func, name, "
            "objects.",
            id="argument-beside-args",
        ),
        pytest.param(
            one_action({"phases": [{"func": "KubeTask"}]}),
            "Action backup, phase number 1: it has no name, so that nothing can refer to it.",
            id="no-name",
        ),
        pytest.param(one_action({}), "Action backup: it has no phases.", id="no-phases"),
        pytest.param(one_action(None), "Action backup: it has no phases.", id="nothing"),
        pytest.param(blueprint(), "The blueprint has no actions.", id="no-actions"),
        pytest.param(
            blueprint(spec={}, actions={"a": {"phases": [PHASE]}}),
            "There is no member 'spec'; it is ignored. Its fields are actions, apiVersion, kind, metadata.",
            id="spec",
        ),
        pytest.param(
            one_action({"name": "other", "phases": [PHASE]}),
            "Action backup: its member name says 'other', which means nothing: the key is its name.",
            id="another-name",
        ),
        pytest.param(
            one_action({"phases": [{**PHASE, "objects": {"s": {"kind": "Secret", "names": "x"}}}]}),
            "Action backup, phase p: object s: there is no member 'names'; it is ignored. Did you mean name or "
            "namespace?",
            id="reference",
        ),
    ],
)
def test_what_is_noticed(document: t.Any, sentence: str) -> None:
    read = read_blueprint(document, source="x")
    assert [each.sentence for each in read.findings] == [sentence]
    assert all(each.level == "warning" for each in read.findings)


def test_a_listed_action_is_read() -> None:
    for action in ([{"phases": [PHASE]}], [PHASE]):
        read = read_blueprint(one_action(action), source="x")
        assert [phase.function for phase in read.blueprint.actions["backup"].phases] == ["KubeTask"]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param([], "The blueprint in x is not a mapping: it is a list", id="list"),
        pytest.param(blueprint(kind="Backup"), "it must be 'Blueprint'", id="kind"),
        pytest.param(blueprint(apiVersion="cr.kanister.io/v2"), "'cr.kanister.io/v2'", id="version"),
        pytest.param(blueprint(metadata={}), "The blueprint in x has no name", id="name"),
        pytest.param(blueprint(actions=[]), "Actions is not a mapping", id="actions"),
        pytest.param(one_action("text"), "Action backup is not a mapping: it is text", id="action"),
        pytest.param(one_action([]), "Action backup is a list; an action is a mapping", id="empty-list"),
        pytest.param(one_action([PHASE, {}]), "Action backup is a list", id="mixed-list"),
        pytest.param(one_action({"phases": {}}), "Phases of action backup is not a list", id="phases"),
        pytest.param(one_action({"phases": ["x"]}), "Phase 1 of action backup is not a mapping", id="phase"),
        pytest.param(
            one_action({"phases": [{"func": 1}]}), "Func of phase number 1 of action backup is not text", id="f"
        ),
        pytest.param(one_action({"phases": [{"args": []}]}), "Args of phase number 1 .* is not a mapping", id="args"),
        pytest.param(
            one_action({"outputArtifacts": {"o": {"keyValue": {"k": 1}}}}),
            "K of output artifact o of action backup is not text: 1",
            id="artifact",
        ),
        pytest.param(
            one_action({"phases": [{**PHASE, "objects": {"s": {"name": 1}}}]}), "Name of object s of phase p", id="o"
        ),
    ],
)
def test_what_is_refused(document: t.Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        read_blueprint(document, source="x")


def test_several_documents() -> None:
    text = f"{PAGE_TASK}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\n---\n{PAGE_WAIT}"
    assert [list(each.blueprint.actions) for each in read_blueprints(text, source="x")] == [
        ["post-export"],
        ["post-restore"],
    ]


def test_no_blueprint_says_what_there_is() -> None:
    with pytest.raises(ValidationError, match="There is no Blueprint in the file x") as raised:
        read_blueprints("kind: Secret\n---\nkind: ConfigMap", source="the file x")
    assert raised.value.hint == "It has ConfigMap, Secret."


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("timeout: 1:30", {"timeout": "1:30"}),
        ("at: 2026-03-09", {"at": "2026-03-09"}),
        ("on: x", {"true": "x"}),
        ("1: x", {"1": "x"}),
        ("nested: {yes: [2026-03-09T07:05:03Z]}", {"nested": {"true": ["2026-03-09T07:05:03Z"]}}),
        ("replicas: 0", {"replicas": 0}),
        ("replicas: '0'", {"replicas": "0"}),
    ],
)
def test_yaml_is_read_as_kubernetes_does(written: str, value: t.Any) -> None:
    text = (
        "kind: Blueprint\nmetadata: {name: b}\nactions: {a: {phases: [{func: F, name: p, args: {" + written + "}}]}}\n"
    )
    (read,) = read_blueprints(text, source="x")
    assert read.blueprint.actions["a"].phases[0].arguments == value


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BOMB + "kind: Blueprint", id="aliases"),
        pytest.param("kind: Blueprint\na: &a [*a]", id="itself"),
        pytest.param("kind: Blueprint\na: " + "[" * 5000 + "]" * 5000, id="deep"),
        pytest.param("kind: Blueprint\na: " + "{a: " * 5000, id="deep-and-open"),
        pytest.param("kind: Blueprint\nkind: Secret", id="twice"),
        pytest.param("!!python/object/apply:os.system ['id']", id="python"),
        pytest.param(
            "kind: Blueprint\nmetadata: {name: b}\nactions: {a: {phases: [{args: {x: !!binary aGk=}}]}}", id="b"
        ),
        pytest.param("kind: Blueprint\nmetadata: {name: b}\nactions: {a: {phases: [{args: {1.5: x}}]}}", id="key"),
        pytest.param("kind: Blueprint\nmetadata: {name: b}\nactions: {? [a] : {}}", id="list-as-key"),
    ],
)
def test_hostile_yaml_ends_with_a_sentence(text: str) -> None:
    begin = time.process_time()
    with pytest.raises(ValidationError) as raised:
        read_blueprints(text, source="the file x")
    assert raised.value.message.endswith(".")
    assert time.process_time() - begin < 30


def test_a_deep_object_of_the_cluster_is_refused() -> None:
    deep: t.Any = "x"
    for _level in range(100_000):
        deep = [deep]
    with pytest.raises(ValidationError, match="nested more than"):
        read_blueprint(one_action({"phases": [{"args": {"a": deep}}]}), source="x")
