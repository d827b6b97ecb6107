# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An action, phase by phase (docs/compatibility 15.3)."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.blueprint_options import artifacts_of
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_outcome import ActionOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_plan import plan_action
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_run import run_action
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import (
    PodDefaults,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import Artifact, ObjectReference
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import read_blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.result_size import CUT
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import (
    NAMESPACE,
    FunctionLab,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.scripted_function import Scripted, phase

Action: t.TypeAlias = "dict[str, t.Any]"


def request(action: Action, **more: t.Any) -> ActionRequest:
    document = {"kind": "Blueprint", "metadata": {"name": "shop-hooks"}, "actions": {"before": action}}
    return ActionRequest(
        blueprint=read_blueprint(document, source="the test").blueprint,
        action_name="before",
        subject=more.pop("subject", Subject.of_namespace(NAMESPACE)),
        pods=PodDefaults(namespace=NAMESPACE),
        **more,
    )


def run(lab: FunctionLab, action: Action, **more: t.Any) -> ActionOutcome:
    return run_action(lab.run, request(action, **more), SecretMask())


def states(outcome: ActionOutcome) -> list[str]:
    return [each.state for each in outcome.phases]


def secret(lab: FunctionLab, **values: str) -> dict[str, t.Any]:
    """A Secret of the cluster, and the reference to it."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    lab.api.add("secrets", "login", namespace=NAMESPACE, data=data)
    return {"objects": {"login": {"kind": "Secret", "name": "login", "namespace": NAMESPACE}}}


def test_outputs_reach_later_phases_and_artifacts(lab: FunctionLab, function: Scripted) -> None:
    action = {
        "phases": [
            phase("first", "give", "rows=42"),
            phase("second", "give", "{{ .Phases.first.Output.rows }}={{ .Namespace.Name }}"),
        ],
        "outputArtifacts": {"dump": {"keyValue": {"rows": "{{ .Phases.first.Output.rows }}", "at": "{{ .Time }}"}}},
    }
    outcome = run(lab, action)
    assert outcome.state == "complete"
    assert function.commands == ["give rows=42", f"give 42={NAMESPACE}"]
    assert outcome.artifacts["dump"].key_values["rows"] == "42"


def test_artifacts_of_an_earlier_action_are_read(lab: FunctionLab, function: Scripted) -> None:
    action = {"phases": [phase("one", "give", "n={{ .ArtifactsIn.dump.KeyValue.rows }}")]}
    run(lab, action, artifacts_in={"dump": Artifact(key_values={"rows": "42"})})
    assert function.commands == ["give n=42"]


def test_what_fails_ends_the_phases_and_not_the_deferred_one(lab: FunctionLab, function: Scripted) -> None:
    action = {
        "phases": [phase("one", "fail", "no"), phase("two", "give")],
        "deferPhase": phase("clean", "give", "cleaned=yes"),
        "outputArtifacts": {"dump": {"keyValue": {"a": "b"}}},
    }
    outcome = run(lab, action)
    assert outcome.state == "failed"
    assert states(outcome) == ["failed", "pending"]
    assert outcome.defer_phase is not None
    assert outcome.defer_phase.output == {"cleaned": "yes"}
    assert outcome.artifacts == {}
    assert "It said no." in outcome.error


def test_a_later_error_does_not_hide_the_first(lab: FunctionLab, function: Scripted) -> None:
    action = {"phases": [phase("one", "fail", "first")], "deferPhase": phase("clean", "fail", "later")}
    outcome = run(lab, action)
    assert "It said first." in outcome.error
    assert "It said later." in outcome.later_errors[0]


def test_the_deferred_phase_runs_in_a_cancelled_run(lab: FunctionLab, function: Scripted) -> None:
    action = {"phases": [phase("one", "cancel"), phase("two", "give")], "deferPhase": phase("clean", "give")}
    outcome = run(lab, action)
    assert outcome.state == "cancelled"
    assert states(outcome) == ["cancelled", "pending"]
    assert function.commands == ["cancel", "give"]
    assert outcome.defer_phase is not None
    assert outcome.defer_phase.state == "complete"


def test_artifacts_that_cannot_be_rendered_fail_what_was_done(lab: FunctionLab, function: Scripted) -> None:
    action = {"phases": [phase("one", "give")], "outputArtifacts": {"x": {"keyValue": {"a": "{{ .Options.none }}"}}}}
    outcome = run(lab, action)
    assert outcome.state == "failed"
    assert states(outcome) == ["complete"]
    assert "All phases are done" in outcome.error


@pytest.mark.parametrize(
    ("action", "said"),
    [
        pytest.param({"phases": [{"func": "Fly", "name": "one", "args": {}}]}, "Fly", id="unknown function"),
        pytest.param(
            {"phases": [{"func": "LocationDelete", "name": "one", "args": {"artifact": "x"}}]},
            "location profile",
            id="refused function",
        ),
        pytest.param({"phases": [{"func": "KubeTask", "name": "one", "args": {}}]}, "image", id="missing argument"),
        pytest.param(
            {
                "phases": [
                    phase("one", "give", objects={"a": {"kind": "Secret", "name": "{{ .Nope }}", "namespace": "x"}})
                ]
            },
            "Nope",
            id="reference that cannot be rendered",
        ),
    ],
)
def test_what_cannot_be_run_runs_nothing(lab: FunctionLab, function: Scripted, action: Action, said: str) -> None:
    outcome = run(lab, action | {"deferPhase": phase("clean", "give")})
    assert outcome.state == "failed"
    assert said in outcome.error
    assert function.calls == []


def test_a_subject_that_is_not_there_runs_nothing(lab: FunctionLab, function: Scripted) -> None:
    subject = Subject.of(kind="statefulset", name="db", namespace=NAMESPACE)
    outcome = run(lab, {"phases": [phase("one", "give")]}, subject=subject)
    assert outcome.error.startswith("The subject StatefulSet shop/db is not there.")
    assert function.calls == []


def test_a_secret_is_used_and_not_shown(lab: FunctionLab, function: Scripted) -> None:
    given = secret(lab, password="correct-horse")
    word = "{{ .Phases.one.Secrets.login.Data.password | toString }}"
    action = {
        "phases": [phase("one", "give", f"echoed={word}", **given)],
        "outputArtifacts": {"login": {"keyValue": {"password": "{{ .Phases.one.Output.echoed }}"}}},
    }
    outcome = run(lab, action)
    assert function.commands == ["give echoed=correct-horse"]
    assert outcome.artifacts["login"].key_values["password"] == "correct-horse"
    assert "correct-horse" not in str(outcome.to_return())
    assert outcome.to_return()["phases"][0]["output"] == {"echoed": MASK}
    assert outcome.to_return(show_secrets=True)["phases"][0]["output"] == {"echoed": "correct-horse"}


def test_a_secret_that_a_template_changes_is_masked_in_what_is_printed(lab: FunctionLab) -> None:
    """The pod prints what it was given, which no Secret of the cluster has in that form."""
    lab.node.prints = ["+ login CORRECT-HORSE", "+ quoted correct-h", "fine"]
    words = "{{ .Phases.one.Secrets.login.Data.password | toString | %s }}"
    given = secret(lab, password="correct-horse")
    action = {"phases": [phase("one", "sh", words % "upper", words % "trunc 9", **given)]}
    assert run(lab, action).state == "complete"
    assert lab.logged[-3:] == [f"+ login {MASK}", f"+ quoted {MASK}", "fine"]


def test_a_short_secret_hides_all_that_comes_out(lab: FunctionLab, function: Scripted) -> None:
    given = secret(lab, pin="4711")
    action = {"phases": [phase("one", "give", "n={{ .Phases.one.Secrets.login.Data.pin | toString }}", **given)]}
    outcome = run(lab, action)
    assert outcome.to_return()["phases"][0]["output"] == {"n": MASK}
    assert function.calls[0].mask("anything") == MASK


def test_a_secret_in_an_error_is_masked(lab: FunctionLab, function: Scripted) -> None:
    given = secret(lab, password="correct-horse")
    word = "{{ .Phases.one.Secrets.login.Data.password | toString }}"
    outcome = run(lab, {"phases": [phase("one", "fail", word, **given)]})
    assert MASK in outcome.error
    assert "horse" not in outcome.error


def test_a_plan_shows_what_can_be_known_and_calls_nothing(lab: FunctionLab, function: Scripted) -> None:
    given = secret(lab, password="correct-horse")
    action = {
        "phases": [
            phase("one", "give", "a={{ .Namespace.Name }}"),
            phase("two", "give", "{{ .Phases.one.Output.a }}"),
            phase("three", "give", "{{ .Phases.three.Secrets.login.Data.password | toString }}", **given),
        ]
    }
    planned = plan_action(lab.run, request(action), SecretMask())
    assert [each.does for each in planned] == [
        "give a=shop",
        "known when an earlier phase has given its output",
        MASK,
    ]
    assert planned[2].arguments["command"] == ["give", MASK]
    assert function.calls == []


def test_a_plan_fails_where_the_run_would(lab: FunctionLab, function: Scripted) -> None:
    with pytest.raises(BlueprintError, match="would fail"):
        plan_action(lab.run, request({"phases": [phase("one", "give", "{{ .Options.none }}")]}), SecretMask())


LATER = "known when an earlier phase has given its output"


def planned(lab: FunctionLab, *phases: dict[str, t.Any], **more: t.Any) -> list[str]:
    return [each.does for each in plan_action(lab.run, request({"phases": list(phases), **more}), SecretMask())]


@pytest.mark.parametrize(
    "text",
    [
        "{{ .Phases.one.Output.a }}",
        '{{ index .Phases.one.Output "a" }}',
        "{{ if .Phases.one.Output }}yes{{ end }}",
        "{{ range $k, $v := .Phases.one.Output }}{{ $k }}{{ end }}",
        "{{ toJson .Phases.one.Output }}",
        "{{ .Phases.one.Output }}",
        '{{ hasKey .Phases.one.Output "a" }}',
        "{{ len .Phases.one.Output }}",
    ],
)
def test_what_reads_an_output_is_known_later(lab: FunctionLab, function: Scripted, text: str) -> None:
    assert planned(lab, phase("one", "give", "a=b"), phase("two", "give", text)) == ["give a=b", LATER]


@pytest.mark.parametrize(
    "words",
    [
        ("{{ .Phases.one.Output.a }}", "{{ .Deployment.Name }}"),
        ("{{ .Deployment.Name }}{{ .Phases.one.Output.a }}",),
        ("{{ .Phases.one.Secrets.login.Data.password }}",),
        ("{{ .Phases.none.Output.a }}",),
        ("{{ .Phases.two.Secrets.login.Data.password }}",),
    ],
)
def test_what_fails_whatever_an_output_is_fails_the_plan(
    lab: FunctionLab, function: Scripted, words: tuple[str, ...]
) -> None:
    """That a template names phases is no reason to leave its errors for the run."""
    with pytest.raises(BlueprintError, match=r"Phase two \(KubeTask\) would fail"):
        planned(lab, phase("one", "give", "a=b"), phase("two", "give", *words))


def test_secrets_of_an_earlier_phase_are_known_in_a_plan(lab: FunctionLab, function: Scripted) -> None:
    given = secret(lab, user="postgres-admin")
    text = "{{ .Phases.one.Secrets.login.Data.user | toString }}"
    assert planned(lab, phase("one", "give", **given), phase("two", "give", text)) == ["give", MASK]


def test_what_an_earlier_phase_names_may_come_from_it(lab: FunctionLab, function: Scripted) -> None:
    objects = {"objects": {"login": {"kind": "Secret", "name": "made-login", "namespace": NAMESPACE}}}
    two = phase("two", "give", "{{ .Phases.two.Secrets.login.Data.password | toString }}", **objects)
    assert planned(lab, phase("one", "kubectl create secret generic made-login"), two)[1] == (
        "known when an earlier phase has made made-login"
    )
    with pytest.raises(BlueprintError, match="made-login, which phase two refers to as login, is not there"):
        planned(lab, phase("one", "give"), two)


def test_the_deferred_phase_of_a_plan_has_a_place_of_its_own(lab: FunctionLab, function: Scripted) -> None:
    given = secret(lab, user="postgres-admin")
    own = phase("clean", "give", "{{ .DeferPhase.Secrets.login.Data.user | toString }}", **given)
    assert planned(lab, phase("one", "give"), deferPhase=own) == ["give", MASK]


def test_a_secret_that_is_cut_is_masked_before(lab: FunctionLab) -> None:
    """What an error quotes of a line is short, and may end in the middle of a secret."""
    canary = "hunter2-canary"
    lab.node.status = {
        "phase": "Failed",
        "containerStatuses": [{"name": "container", "state": {"terminated": {"exitCode": 1}}}],
    }
    lab.node.prints = ["x" * 490 + canary]
    action = {"phases": [phase("one", "sh", **secret(lab, password=canary))]}
    outcome = run(lab, action)
    assert outcome.state == "failed"
    assert "xxx" in outcome.error
    assert canary[:6] not in outcome.error


def test_a_secret_in_what_a_plan_says_is_masked(lab: FunctionLab) -> None:
    canary = "hunter2-canary"
    given = {
        "namespace": NAMESPACE,
        "pod": "{{ .Phases.one.Secrets.login.Data.password | toString }}",
        "command": ["ls"],
    }
    one = {"func": "KubeExec", "name": "one", "args": given, **secret(lab, password=canary)}
    lab.api.add("pods", canary, NAMESPACE, spec={"containers": [{"name": "main"}]})
    [planned] = plan_action(lab.run, request({"phases": [one]}), SecretMask())
    assert canary not in str(planned.to_return())


@pytest.mark.parametrize("name", ["../secrets/login", "a/b", "..", "login%2Fx"])
def test_a_name_leads_to_no_other_path(name: str, lab: FunctionLab, function: Scripted) -> None:
    secret(lab, password="hunter2-canary")
    subject = Subject.of(kind="statefulset", name=name, namespace=NAMESPACE)
    outcome = run(lab, {"phases": [phase("one", "give")]}, subject=subject)
    assert "is no name that an object can have" in outcome.error
    reference = {"objects": {"login": {"kind": "ConfigMap", "name": name, "namespace": NAMESPACE}}}
    outcome = run(lab, {"phases": [phase("one", "give", **reference)]})
    assert "is no name that an object can have" in outcome.error
    assert function.commands == []


def test_a_result_stays_small(lab: FunctionLab, function: Scripted) -> None:
    """Outputs of a megabyte, and hundreds of phases."""
    many = [phase(f"phase-{number}", "give", f"key={'v' * 5000}") for number in range(300)]
    large = {"large": {"keyValue": {"text": "{{ .Phases.first.Output.text }}"}}}
    action = {"phases": [phase("first", "give", f"text={'x' * (1 << 20)}"), *many], "outputArtifacts": large}
    outcome = run(lab, action)
    assert outcome.state == "complete"
    assert len(outcome.artifacts["large"].key_values["text"]) == 1 << 20
    given = outcome.to_return()
    assert len(json.dumps(given)) < 300_000
    assert given["phases"][0]["output"]["text"].endswith(CUT)
    with pytest.raises(ValidationError, match="was too large for a result"):
        artifacts_of(given["artifacts"])


def test_the_phase_that_failed_is_in_a_small_result(lab: FunctionLab, function: Scripted) -> None:
    action = {
        "phases": [*(phase(f"phase-{number}", "give", "a=b") for number in range(499)), phase("last", "fail", "no")]
    }
    given = run(lab, action).to_return()
    assert [each["name"] for each in given["phases"]][-2:] == ["phase-248", "last"]


def test_objects_are_read_by_the_aliases_that_the_blueprint_has(lab: FunctionLab, function: Scripted) -> None:
    secret(lab, password="correct-horse")
    lab.api.add("configmaps", "sizes", namespace=NAMESPACE, data={"rows": "42"})
    words = "{{ .Secrets.login.Data.password | toString }}={{ .ConfigMaps.sizes.Data.rows }}"
    references = {
        "secrets": {"login": ObjectReference(kind="Secret", name="login", namespace=NAMESPACE)},
        "config_maps": {"sizes": ObjectReference(kind="ConfigMap", name="sizes", namespace=NAMESPACE)},
    }
    outcome = run(lab, {"phases": [phase("one", "give", words)]}, **references)
    assert function.commands == ["give correct-horse=42"]
    assert "correct-horse" not in str(outcome.to_return())
