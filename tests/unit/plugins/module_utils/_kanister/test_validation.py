# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a blueprint before anything runs (docs/compatibility 15.2)."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function_table import (
    FUNCTIONS,
    find_signature,
    load_function,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import (
    read_blueprint,
    read_blueprints,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.validation import (
    require_action,
    validate_blueprint,
)

TASK = {"image": "busybox", "command": ["true"]}


def of_actions(**actions: t.Any) -> t.Any:
    document = {"kind": "Blueprint", "metadata": {"name": "b"}, "actions": actions}
    return read_blueprint(document, source="x").blueprint


def phase(name: str = "p", func: str = "KubeTask", **more: t.Any) -> dict[str, t.Any]:
    return {"name": name, "func": func, **more}


def task(name: str = "p", **arguments: t.Any) -> dict[str, t.Any]:
    return phase(name, args=TASK | arguments)


def said(*phases: t.Any, **more: t.Any) -> list[str]:
    found = validate_blueprint(of_actions(a={"phases": list(phases), **more}))
    return [f"{each.level}: {each.sentence}" for each in found]


HERE = "Action a, phase p"


def wait(condition: t.Any, func: str = "Wait", **arguments: t.Any) -> dict[str, t.Any]:
    reference = {"apiVersion": "v1", "resource": "pods", "name": "x", "namespace": "y"}
    conditions = {"anyOf": [{"condition": condition, "objectReference": reference}]}
    return phase(func=func, args={"timeout": "1m", "conditions": conditions} | arguments)


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        pytest.param([task()], [], id="sound"),
        pytest.param(
            [phase(func="KubeTsk", args={})],
            [f"error: {HERE}: there is no function 'KubeTsk'. Did you mean KubeTask or KubeOps?"],
            id="no-function",
        ),
        pytest.param(
            [phase(func="kubetask", args={})],
            [f"error: {HERE}: there is no function 'kubetask'. Did you mean KubeTask?"],
            id="case-counts",
        ),
        pytest.param(
            [phase(args={"image": ""})], [f"error: {HERE}: KubeTask needs the argument command."], id="required"
        ),
        pytest.param([phase(args={"image": "", "command": None})], [], id="presence-only"),
        pytest.param(
            [task(podoverride={})],
            [f"error: {HERE}, argument podoverride: KubeTask has no such argument. Did you mean podOverride?"],
            id="not-supported",
        ),
        pytest.param(
            [task(pod="x")],
            [
                f"error: {HERE}, argument pod: KubeTask has no such argument. It takes command, image, namespace, "
                "podAnnotations, podLabels, podOverride."
            ],
            id="of-another-function",
        ),
        pytest.param(
            [phase(func="BackupData", args={})],
            [
                f"refused: {HERE}: the function BackupData is not carried out here: it needs a location profile. Let "
                "the backup keep the data of the volumes: k8s_backup snapshots them."
            ],
            id="profile",
        ),
        pytest.param(
            [phase(func="CreateRDSSnapshot", args={"instanceID": "x"})],
            [
                f"refused: {HERE}: the function CreateRDSSnapshot is not carried out here: it needs an account of "
                "AWS. Snapshot the database with the tools of AWS, for instance amazon.aws.rds_instance_snapshot."
            ],
            id="cloud",
        ),
        pytest.param(
            [phase(func="CreateVolumeSnapshot", args={})],
            [
                f"refused: {HERE}: the function CreateVolumeSnapshot is not carried out here: Kanister itself has no "
                "such function since 0.115. Use the functions CreateCSISnapshot, RestoreCSISnapshot and "
                "DeleteCSISnapshot, or the snapshots of the backup."
            ],
            id="removed",
        ),
        pytest.param(
            [task(), task()],
            [f"error: {HERE}: two phases of this action have this name. Give each a name of its own."],
            id="twice",
        ),
        pytest.param(
            [task(podOverride={"spec": {"serviceAccountName": "x"}})],
            [
                f"warning: {HERE}, argument podOverride: a PodSpec has no field 'spec'; it does nothing. It is a "
                "PodSpec itself: leave 'spec' out, and write its members here."
            ],
            id="mis-nested",
        ),
        pytest.param(
            [task(podOverride=["x"])],
            [f"error: {HERE}, argument podOverride: it is not a mapping: it is a list."],
            id="override-is-a-list",
        ),
        pytest.param([task(podLabels={"a/b": "c", "d": ""}, podAnnotations={"e": "any thing"})], [], id="labels"),
        pytest.param(
            [task(podLabels=["x"])],
            [f"error: {HERE}, argument podLabels: it is not a mapping: it is a list."],
            id="labels-are-a-list",
        ),
        pytest.param(
            [task(podLabels={"-a": "b", "c": "d e", "f": 1}, podAnnotations={"A/b": "x"})],
            [
                f"error: {HERE}, argument podLabels: '-a' is not a name that Kubernetes takes.",
                f"error: {HERE}, argument podLabels: the value of 'c' is not a label's value.",
                f"warning: {HERE}, argument podLabels: the value of 'f' is not text; Kanister leaves it out.",
                f"error: {HERE}, argument podAnnotations: 'A/b' is not a name that Kubernetes takes.",
            ],
            id="label-names",
        ),
        pytest.param(
            [task(command=["sh", "-c", "{{ .Options.x"])],
            [f"error: {HERE}, argument command: It is not a template of Go: line 1: unclosed action. "
             "A }} is missing."],
            id="syntax",
        ),
        pytest.param(
            [task(command=["kando location push --profile '{{ .Profile.Location.Bucket }}' -"])],
            [
                f"refused: {HERE}, argument command: 'kando location' needs a location profile. Hooks have no location "
                "profile: write the data into a volume that is backed up, or let an image with its own credentials "
                "(from a Secret in 'objects') send it.",
                f"refused: {HERE}, argument command: '.Profile' is a location profile. Hooks have no location "
                "profile: write the data into a volume that is backed up, or let an image with its own credentials "
                "(from a Secret in 'objects') send it.",
            ],
            id="location",
        ),
        pytest.param([task(command=["{{ if .Profile }}x{{ end }} kando output a b"])], [], id="asks-for-a-profile"),
        pytest.param(
            [task(), task("q", command=["{{ .Phases.p.Output.x }} {{ $.Phases.p.Output.x }}"])], [], id="earlier-phase"
        ),
        pytest.param(
            [task(command=["{{ .Phases.q.Output.x }}"]), task("q")],
            [
                f"warning: {HERE}, argument command: '.Phases.q' is no earlier phase of this action. The result of a "
                "phase is there once it ended."
            ],
            id="later-phase",
        ),
        pytest.param([task(command=["{{ .Phases.p.Secrets.s }}{{ .Phases.p.ConfigMaps.c }}"])], [], id="own-objects"),
        pytest.param(
            [task(command=["{{ .Phases.p.Output.x }}"])],
            [
                f"warning: {HERE}, argument command: '.Phases.p.Output' is not there before the phase has ended. Its "
                "objects are."
            ],
            id="own-output",
        ),
        pytest.param(
            [task(command=['{{ index .Phases "a-b" "Output" "x" }}'])],
            [
                f"warning: {HERE}, argument command: '.Phases.a-b' is no earlier phase of this action. The result of "
                "a phase is there once it ended."
            ],
            id="indexed-phase",
        ),
        pytest.param(
            [task(command=["{{ .Unstructured.x }}{{ .ArtifactsOut.y }}"])],
            [
                f"warning: {HERE}, argument command: there is no '.ArtifactsOut'. Artifacts come as .ArtifactsIn.",
                f"warning: {HERE}, argument command: there is no '.Unstructured'. Use .Object, which always is the "
                "subject.",
            ],
            id="no-such-parameters",
        ),
        pytest.param(
            [task() | {"objects": {"s": {"kind": "Secret", "name": "{{ .Phases.x.Output.n }}", "namespace": "n"}}}],
            [
                f"warning: {HERE}, argument objects.s: references of objects are rendered before any phase runs, so "
                "that '.Phases' is empty. Name the object by the subject or by options."
            ],
            id="objects-use-phases",
        ),
        pytest.param(
            [task() | {"objects": {"s": {"kind": "Service", "apiVersion": "a/v1", "name": "x"}}}],
            [
                f"warning: {HERE}, argument objects.s: an object of kind 'Service' is not fetched. Only Secret and "
                "ConfigMap are.",
                f"warning: {HERE}, argument objects.s: it has no namespace, so that it cannot be fetched.",
                f"warning: {HERE}, argument objects.s: apiVersion is 'a/v1', and Kanister takes the version alone. "
                "Write 'apiVersion: v1' and 'group: a'.",
            ],
            id="objects",
        ),
        pytest.param(
            [phase(func="KubeOps", args={"operation": "x", "objectReference": {"apiVersion": "couchbase.com/v2"}})],
            [
                f"warning: {HERE}, argument objectReference: apiVersion is 'couchbase.com/v2', and Kanister takes the "
                "version alone. Write 'apiVersion: v2' and 'group: couchbase.com'."
            ],
            id="group-in-the-version",
        ),
    ],
)  # fmt: skip
def test_of_phases(phases: list[t.Any], expected: list[str]) -> None:
    assert said(*phases) == expected


ENTRY = f"{HERE}, argument conditions.anyOf[0]"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            wait("{{ if { $.status.containerStatuses[].ready } }}true{{ else }}false{{ end }}"),
            [
                f"warning: {ENTRY}: a JSONPath stands bare in an action, which Kanister 0.86 and later cannot read. "
                'Put it in "double quotes", and compare: {{ if eq "{ $.a }" "true" }}. Here both work.'
            ],
            id="the-page",
        ),
        pytest.param(wait('{{ if eq "{ $.status.phase }" "Running" }}true{{ end }}'), [], id="sound"),
        pytest.param(
            wait('{{ if "{ $.status.ready }" }}true{{ end }}'),
            [
                f"warning: {ENTRY}: a quoted JSONPath is true for any text, for 'false' as well. Compare it: "
                'eq "{ $.a }" "true".'
            ],
            id="always-true",
        ),
        pytest.param(
            wait('{{ if eq "$.status.phase" "x" }}true{{ end }}'),
            [
                f"warning: {ENTRY}: it has no JSONPath, so that it does not depend on the object. Write "
                '"{ $.status.phase }".'
            ],
            id="no-braces",
        ),
        pytest.param(
            wait('{{ $x := "{ $.a }" }}{{ eq $x "b" }}'),
            [
                f"warning: {ENTRY}: it has an action that begins with '$', which Kanister takes for a JSONPath. "
                "Use WaitV2."
            ],
            id="variables",
        ),
        pytest.param(
            wait('{{ "{ $.a[x] }" }}'),
            [f"error: {ENTRY}: '{{.a[x]}}' is not a JSONPath: '[x]' is no index."],
            id="path",
        ),
        pytest.param(
            wait('{{ if "{ $.a }" }}true'),
            [f"error: {ENTRY}: The condition is not a template of Go: line 1: unexpected EOF. "
             "A {{ end }} is missing."],
            id="template",
        ),
        pytest.param(
            wait(""),
            [
                f"error: {ENTRY}: it has no condition, so that it never comes true. Write anyOf or allOf with a list "
                "of {condition, objectReference}."
            ],
            id="no-condition",
        ),
        pytest.param(
            wait("{{ eq .status.phase `x` }}", "WaitV2", timeout="10"),
            [f"error: {HERE}, argument timeout: '10' is not a duration. Write 10s for seconds."],
            id="timeout",
        ),
        pytest.param(
            wait('{{ exists . "status" "phase" }}{{ base64decode .a }}', "WaitV2", timeout="{{ .Options.t }}"),
            [f"warning: {HERE}, argument timeout: Kanister does not render the timeout of WaitV2."],
            id="timeout-of-WaitV2",
        ),
        pytest.param(
            wait("{{ .status.phase | trim }}", "WaitV2"),
            [
                f"error: {ENTRY}: The condition is not a template of Go: line 1: there is no function 'trim'. There "
                "are those of Go's templates and of sprig 2.22, as in Kanister; later ones of sprig are not among them."
            ],
            id="functions-of-WaitV2",
        ),
        pytest.param(
            wait("{{ if { $.status.phase } }}true{{ end }}", "WaitV2"),
            [None],
            id="path-in-WaitV2",
        ),
        pytest.param(
            wait("x", conditions=[]),
            [
                f"error: {HERE}: conditions is not a mapping: it is a list. Write anyOf or allOf with a list of "
                "{condition, objectReference}."
            ],
            id="list",
        ),
        pytest.param(
            wait("x", conditions={"any": []}),
            [
                f"warning: {HERE}: there is no 'any' in conditions; it is ignored. Write anyOf or allOf with a list of "
                "{condition, objectReference}.",
                f"error: {HERE}: there is no condition, so that it waits until its timeout. Write anyOf or allOf with "
                "a list of {condition, objectReference}.",
            ],
            id="misspelt",
        ),
    ],
)  # fmt: skip
def test_of_waiting(given: t.Any, expected: list[str | None]) -> None:
    found = said(given)
    if expected == [None]:
        assert len(found) == 1
        assert found[0].endswith("WaitV2 takes no JSONPath: write {{ .status.phase }}.")
    else:
        assert found == expected


def test_the_deferred_phase_knows_all_others() -> None:
    assert said(task(), deferPhase=task("d", command=["{{ .Phases.p.Output.x }}"])) == []
    assert said(task(), deferPhase=task("d", command=["{{ .Phases.d.Secrets.x }}{{ .DeferPhase.Secrets.x }}"])) == [
        "warning: Action a, phase d, argument command: '.Phases.d' is no earlier phase of this action. The deferred "
        "phase finds its objects in .DeferPhase.Secrets and .DeferPhase.ConfigMaps."
    ]
    assert said(task(), deferPhase=phase("d", "Nothing")) == [
        "error: Action a, phase d: there is no function 'Nothing'. There are CreateCSISnapshot, "
        "CreateCSISnapshotStatic, DeleteCSISnapshot, DeleteCSISnapshotContent, KubeExec, KubeExecAll, KubeOps, "
        "KubeTask, MultiContainerRun, PrepareData, RestoreCSISnapshot, ScaleWorkload, Wait, WaitV2."
    ]


def test_output_artifacts() -> None:
    assert said(task(), outputArtifacts={"o": {"keyValue": {"x": "{{ .Phases.p.Output.x }}"}}}) == []
    assert said(
        task(), outputArtifacts={"o": {"keyValue": {"x": "{{ .Phases.q.Output.x }}"}, "kopiaSnapshot": "x"}}
    ) == [
        "warning: Action a, argument outputArtifacts.o: '.Phases.q' is no earlier phase of this action. The result of "
        "a phase is there once it ended.",
        "refused: Action a, argument outputArtifacts.o: kopiaSnapshot needs a location profile. Hand values over with "
        "keyValue.",
    ]


#: What public blueprints are made of: each function and root that many of them use.
TYPICAL = """\
kind: Blueprint
metadata: {name: typical}
actions:
  backup:
    type: StatefulSet
    outputArtifacts:
      dump:
        keyValue:
          path: '/{{ .StatefulSet.Namespace }}/{{ toDate "2006-01-02T15:04:05Z07:00" .Time | date "2006-01-02" }}'
          replicas: '{{ .Phases.stop.Output.originalReplicaCount }}'
    phases:
    - func: ScaleWorkload
      name: stop
      args: {name: '{{ .StatefulSet.Name }}', namespace: '{{ .StatefulSet.Namespace }}', kind: StatefulSet, replicas: 0}
    - func: KubeTask
      name: dump
      objects:
        root: {kind: Secret, name: '{{ .StatefulSet.Name }}', namespace: '{{ .StatefulSet.Namespace }}'}
      args:
        image: mysql:8.4
        namespace: '{{ .StatefulSet.Namespace }}'
        podOverride: {containers: [{name: container, imagePullPolicy: IfNotPresent}]}
        command:
        - bash
        - -c
        - |
          pw="{{ index .Phases.dump.Secrets.root.Data "mysql-root-password" | toString }}"
          dump -p"${pw}" -h {{ .StatefulSet.Name }} {{ if index .Options "db" }}{{ .Options.db }}{{ else }}-A{{ end }}
          kando output file dump.gz
    - func: KubeExecAll
      name: sync
      args:
        namespace: '{{ .StatefulSet.Namespace }}'
        pods: "{{ range .StatefulSet.Pods }} {{.}}{{end}}"
        containers: '{{ index .StatefulSet.Containers 0 0 }}'
        command: [sync]
    deferPhase:
      func: KubeExec
      name: start
      args: {namespace: x, pod: '{{ index .StatefulSet.Pods 0 }}', command: [true]}
"""


def test_a_typical_blueprint_is_sound() -> None:
    (read,) = read_blueprints(TYPICAL, source="x")
    found = [*read.findings, *validate_blueprint(read.blueprint)]
    assert [each.message for each in found] == ["the member type is of an old version, and is ignored."]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("kando -kando " * 80_000, id="kando"),
        pytest.param("kando" + " " * 500_000, id="blanks"),
        pytest.param("toJson  " * 60_000, id="toJson"),
        pytest.param("{{ if " + "(" * 50_000, id="parentheses"),
        pytest.param('{{if "{$' * 7_000, id="conditions"),
    ],
)
def test_hostile_texts_are_checked_soon(text: str) -> None:
    begin = time.process_time()
    said(task(command=[text]))
    said(wait(text[:60_000]))
    said(wait(text[:60_000], "WaitV2"))
    assert time.process_time() - begin < 10.0


def test_names_of_a_stranger_stay_on_their_line() -> None:
    name = "x\x1b[2J\n" + "y" * 5_000
    found = validate_blueprint(of_actions(**{name: {"phases": [phase(name, name, args={name: 1})]}}))
    assert len(found) == 1
    assert found[0].sentence.isprintable()
    assert len(found[0].sentence) < 1_000


def test_as_many_unknown_members_as_there_may_be() -> None:
    begin = time.process_time()
    document = {"kind": "Blueprint", "metadata": {"name": "b"}, **{f"x{number}": 1 for number in range(50_000)}}
    assert len(read_blueprint(document, source="x").findings) <= 101
    assert time.process_time() - begin < 5.0


def test_names_that_several_actions_have_are_a_warning() -> None:
    found = validate_blueprint(of_actions(a={"phases": [task()]}, b={"phases": [task()]}))
    assert [(each.level, each.action, each.phase) for each in found] == [("warning", "b", "p")]


def test_an_action_that_can_be_carried_out() -> None:
    blueprint = of_actions(good={"phases": [task()]}, bad={"phases": [phase(func="BackupData", args={})]})
    assert require_action(blueprint, "good").name == "good"
    with pytest.raises(
        BlueprintError, match="The action bad of the blueprint b cannot be carried out: Action bad"
    ) as raised:
        require_action(blueprint, "bad")
    assert raised.value.details["findings"][0]["level"] == "refused"
    with pytest.raises(BlueprintError, match="has no action 'other'") as raised:
        require_action(blueprint, "other")
    assert raised.value.hint == "Its actions: good, bad."


#: Kanister 0.119, pkg/function: RequiredArgs and Arguments of each.
@pytest.mark.parametrize(
    ("name", "required", "optional"),
    [
        ("KubeExec", "namespace pod command", "container"),
        ("KubeExecAll", "namespace pods containers command", ""),
        ("KubeTask", "image command", "namespace podOverride podAnnotations podLabels"),
        ("KubeOps", "operation", "spec namespace objectReference"),
        ("ScaleWorkload", "replicas", "namespace name kind waitForReady"),
        ("Wait", "timeout conditions", ""),
        ("WaitV2", "timeout conditions", ""),
        (
            "PrepareData",
            "namespace image command",
            "volumes serviceaccount podOverride podAnnotations podLabels failOnError",
        ),
        (
            "MultiContainerRun",
            "backgroundImage backgroundCommand outputImage outputCommand",
            "namespace initImage initCommand sharedVolumeMedium sharedVolumeSizeLimit sharedVolumeDir podOverride "
            "podLabels podAnnotations",
        ),
        ("CreateCSISnapshot", "pvc namespace snapshotClass", "name labels"),
        ("CreateCSISnapshotStatic", "name namespace driver snapshotHandle snapshotClass", ""),
        ("RestoreCSISnapshot", "name pvc namespace storageClass restoreSize", "accessModes volumeMode labels"),
        ("DeleteCSISnapshot", "name namespace", ""),
        ("DeleteCSISnapshotContent", "name", ""),
    ],
)
def test_the_table_of_arguments(name: str, required: str, optional: str) -> None:
    signature = find_signature(name)
    assert signature is not None
    assert not signature.refused_reason
    assert sorted(signature.required) == sorted(required.split())
    assert sorted(signature.optional) == sorted(optional.split())


def test_whoever_is_refused_says_why_and_what_instead() -> None:
    refused = [row.signature for row in FUNCTIONS.values() if row.signature.refused_reason]
    assert len(refused) == 21
    assert all(each.instead.endswith(".") for each in refused)
    assert len(FUNCTIONS) == 35
    with pytest.raises(BlueprintError, match="it needs a location profile") as raised:
        load_function("BackupData")
    assert raised.value.hint
    with pytest.raises(BlueprintError, match="There is no function Nothing"):
        load_function("Nothing")
