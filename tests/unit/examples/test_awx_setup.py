# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The setup of AWX in ``examples/awx``: its playbook is run with stand-ins of the modules, whose options are judged."""

from __future__ import annotations

import datetime as dt
import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t
import zoneinfo

import pytest
import yaml
from dateutil import rrule as dateutil_rrule

from ansible_collections.arkive.k8s.plugins.lookup.job_bounds import compare
from ansible_collections.arkive.k8s.plugins.plugin_utils._job_artifacts import ARTIFACTS
from ansible_collections.arkive.k8s.tests.unit.examples.awx_rules import (
    CREDENTIAL_TYPES,
    MODULES,
    answer_problems,
    credential_type_problems,
    rendered,
    rrule_problems,
    survey_problems,
    text_problem,
)

ROOT = pathlib.Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "awx"
PROJECT = EXAMPLE / "project"
#: What AWX gives every job, of what the playbooks use.
OF_AWX = {"awx_job_id"}

#: A stand-in: it takes the options that the module of ``awx.awx`` has, and notes them.
STAND_IN = """#!/usr/bin/python
import json
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule(argument_spec=json.loads({spec!r}))
given = {{name: value for name, value in module.params.items() if value is not None}}
with open({log!r}, "a") as log:
    log.write(json.dumps([{name!r}, given]) + "\\n")
module.exit_json(changed=True)
"""


def environment(*collections: pathlib.Path, home: pathlib.Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("K8S_AUTH_", "KUBECONFIG"))}
    return {
        **kept,
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(map(str, (*collections, ROOT.parents[2]))),
        "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_SHOW_CUSTOM_STATS": "true",
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_HOME": str(home),
        "KUBECONFIG": str(home / "none"),
    }


def run_ansible(*arguments: str, variables: dict[str, str], cwd: pathlib.Path) -> subprocess.CompletedProcess[str]:
    program = str(pathlib.Path(sys.executable).with_name("ansible-playbook"))
    return subprocess.run(
        [program, *arguments], env=variables, cwd=cwd, capture_output=True, text=True, timeout=600, check=False
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, t.Any]]]:
    """What the setup makes: the options of each task, by the name of the module."""
    home = tmp_path_factory.mktemp("awx")
    modules = home / "collections" / "ansible_collections" / "awx" / "awx" / "plugins" / "modules"
    modules.mkdir(parents=True)
    log = home / "log"
    for name, spec in MODULES.items():
        text = STAND_IN.format(spec=json.dumps(spec), log=str(log), name=name)
        (modules / f"{name}.py").write_text(text)
    secrets = {"Backups": {"access_key": "key", "secret_key": "secret"}}
    given = {"project_url": "https://git.example.com/backups.git", "slack_token": "xoxb", "arkive_secrets": secrets}
    done = run_ansible(
        str(EXAMPLE / "setup.yml"),
        "--extra-vars",
        json.dumps(given),
        variables=environment(home / "collections", home=home),
        cwd=home,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, list[dict[str, t.Any]]] = {name: [] for name in MODULES}
    for line in log.read_text().splitlines():
        name, options = json.loads(line)
        found[name].append(options)
    return found


Made: t.TypeAlias = "dict[str, list[dict[str, t.Any]]]"


def named(made: Made, module: str) -> dict[str, dict[str, t.Any]]:
    return {options["name"]: options for options in made[module]}


def known_variables(playbook: str) -> set[str]:
    """Of one of ours."""
    text = (ROOT / "playbooks" / f"{playbook}.yml").read_text()
    return {*re.findall(rf"^ +- ({playbook}_\w+)$", text, re.MULTILINE), "arkive_job_timeout"}


class ProjectPlaybook(t.NamedTuple):
    """A file of the project: the playbook of ours that it runs, the variables that it sets, and those that it asks."""

    runs: str
    sets: set[str]
    asks: set[str]


def project_playbook(name: str) -> ProjectPlaybook:
    (play,) = yaml.safe_load((PROJECT / name).read_text())
    variables = play.get("vars", {})
    asks = set(re.findall(r"\b(?:wanted|arkive)_\w+", str(list(variables.values()))))
    return ProjectPlaybook(play["ansible.builtin.import_playbook"].removeprefix("arkive.k8s."), set(variables), asks)


def test_every_module_is_used_and_every_thing_is_made(made: Made) -> None:
    counted = {name: len(found) for name, found in made.items()}
    assert all(counted.values()), counted
    assert counted["job_template"] == 6


def test_references_are_to_what_is_made(made: Made) -> None:
    types = {*named(made, "credential_type"), *CREDENTIAL_TYPES}
    assert {one["credential_type"] for one in made["credential"]} <= types
    names = {
        "credentials": set(named(made, "credential")),
        "instance_groups": set(named(made, "instance_group")),
        **{
            f"notification_templates_{event}": set(named(made, "notification_template"))
            for event in ("success", "error", "approvals")
        },
    }
    for one in (*made["job_template"], *made["workflow_job_template"]):
        for option, there in names.items():
            assert set(one.get(option, [])) <= there, (one["name"], option)
    for one in made["job_template"]:
        assert one["project"] in named(made, "project")
        assert one["inventory"] in named(made, "inventory")
        assert one["execution_environment"] in named(made, "execution_environment")
        assert (PROJECT / one["playbook"]).is_file()


def test_inputs_of_credentials_are_fields_of_their_types(made: Made) -> None:
    fields = {
        name: {field["id"] for field in one["inputs"]["fields"]} for name, one in named(made, "credential_type").items()
    }
    fields |= {name: set(ids) for name, ids in CREDENTIAL_TYPES.items()}
    for one in made["credential"]:
        assert set(one["inputs"]) <= fields[one["credential_type"]]


def test_credential_types_are_such_as_awx_takes(made: Made) -> None:
    assert {one["name"]: credential_type_problems(one) for one in made["credential_type"]} == {
        "Arkive storage location": [],
        "Arkive second cluster": [],
        "Arkive second location": [],
    }


def test_nothing_secret_becomes_a_variable_of_a_play(made: Made) -> None:
    for one in made["credential_type"]:
        secret = {field["id"] for field in one["inputs"]["fields"] if field.get("secret")}
        assert not secret & set(re.findall(r"\w+", " ".join(one["injectors"]["extra_vars"].values()))) - {"kubeconfig"}


def test_surveys_are_such_as_awx_takes(made: Made) -> None:
    surveys = {one["name"]: one["survey_spec"] for one in (*made["job_template"], *made["workflow_job_template"])}
    found = {name: survey_problems(survey) for name, survey in surveys.items() if survey}
    assert (len(found), [problem for problems in found.values() for problem in problems]) == (4, [])


def test_a_credential_whose_secrets_are_not_given_is_left_as_it_is(made: Made) -> None:
    """What the module sends takes the place of all inputs, and those that somebody has typed into AWX would be gone."""
    assert {one["name"]: one["state"] for one in made["credential"]} == {"Cluster": "exists", "Backups": "present"}


def test_pods_of_jobs_need_no_account_that_nobody_makes(made: Made) -> None:
    """A job reaches the cluster by its credential: what is deleted there, too, as the snapshots of pruned backups."""
    [group] = made["instance_group"]
    assert "serviceAccountName" not in yaml.safe_load(group["pod_spec_override"])["spec"]
    without = {one["name"] for one in made["job_template"] if "Cluster" not in one["credentials"]}
    assert without == {"Check a schedule"}


def test_variables_of_a_template_are_known_to_its_playbook(made: Made) -> None:
    """Its extra variables and the questions of its survey."""
    for one in made["job_template"]:
        runs, sets, asks = project_playbook(one["playbook"])
        questions = {question["variable"] for question in one["survey_spec"].get("spec", [])}
        assert set(one["extra_vars"]) | questions <= known_variables(runs) | asks, one["name"]
        assert sets <= known_variables(runs), one["name"]
        assert not sets & questions, "an answer would win"


def test_what_a_workflow_asks_is_what_its_playbooks_read(made: Made) -> None:
    (workflow,) = made["workflow_job_template"]
    questions = {question["variable"] for question in workflow["survey_spec"]["spec"]}
    plan, apply = project_playbook("restore_plan.yml"), project_playbook("restore_apply.yml")
    assert plan.asks == questions
    from_plan = {name for name in apply.asks if name.startswith("arkive_")}
    assert apply.asks - from_plan <= questions
    assert from_plan == {"arkive_backup_name", "arkive_plan_digest"}
    assert from_plan <= set(ARTIFACTS["restore"])
    # What is chosen is chosen once: the last node takes it from the first.
    assert not apply.asks & {"wanted_backup", "wanted_schedule"}


def test_variables_of_templates_are_what_credentials_give(made: Made) -> None:
    given = {name for one in made["credential_type"] for name in one["injectors"]["extra_vars"]}
    for one in made["job_template"]:
        assert set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(one["extra_vars"]))) <= given | OF_AWX


def test_time_limits_of_a_job_are_shorter_than_its_timeout(made: Made) -> None:
    for one in made["job_template"]:
        assert one["extra_vars"]["arkive_job_timeout"] == one["timeout"]
        text = (ROOT / "playbooks" / f"{project_playbook(one['playbook']).runs}.yml").read_text()
        bounds = dict(re.findall(r"'(\w+)=(\w+)'", text))
        given = {name: (one["extra_vars"].get(name), default) for name, default in bounds.items()}
        assert compare(float(one["timeout"]), given) == ([], [])


def test_the_workflow_plans_asks_and_applies(made: Made) -> None:
    (workflow,) = made["workflow_job_template"]
    nodes = {node["identifier"]: node for node in workflow["workflow_nodes"]}
    assert len(nodes) == len(workflow["workflow_nodes"])
    links = {name: [one["identifier"] for one in node["related"]["success_nodes"]] for name, node in nodes.items()}
    assert links == {"plan": ["approve"], "approve": ["apply"], "apply": []}
    templates = named(made, "job_template")
    for name, node in nodes.items():
        assert node["related"].keys() == {"success_nodes", "failure_nodes", "always_nodes", "credentials"}
        assert not node["related"]["failure_nodes"] + node["related"]["always_nodes"]
        ours = node["unified_job_template"]
        assert (ours["type"] == "workflow_approval") is (name == "approve")
        assert name == "approve" or ours["name"] in templates
    assert nodes["approve"]["unified_job_template"]["timeout"] > 0
    assert templates[nodes["plan"]["unified_job_template"]["name"]]["job_type"] == "check"
    assert templates[nodes["apply"]["unified_job_template"]["name"]]["job_type"] == "run"


def test_schedules_are_such_as_awx_takes_and_answer_what_their_template_asks(made: Made) -> None:
    templates = named(made, "job_template")
    for one in made["schedule"]:
        assert rrule_problems(one["rrule"]) == []
        survey = templates[one["unified_job_template"]]["survey_spec"].get("spec", [])
        questions = {question["variable"]: question for question in survey}
        assert set(one["extra_data"]) <= set(questions)
        asked = [answer_problems(question, one["extra_data"].get(name)) for name, question in questions.items()]
        assert [problem for problems in asked for problem in problems] == []


def test_schedules_run_when_they_say(made: Made) -> None:
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    after = dt.datetime(2026, 10, 31, 12, tzinfo=berlin)
    found = {}
    for one in made["schedule"]:
        rule = dateutil_rrule.rrulestr(one["rrule"].replace(" ", "\n"))
        found[one["name"]] = [str(moment)[:16] for moment in rule.xafter(after, count=2)]
    assert found == {
        "Make the backups that are due": ["2026-10-31 12:15", "2026-10-31 12:30"],
        "Check the schedules each morning": ["2026-11-01 07:00", "2026-11-02 07:00"],
        "Prune on the first Sunday of each month": ["2026-11-01 05:00", "2026-12-06 05:00"],
    }


def test_texts_of_notifications_can_be_written_with_and_without_artifacts(made: Made) -> None:
    (one,) = made["notification_template"]
    assert one["notification_configuration"]["token"] == "xoxb"
    job: dict[str, t.Any] = {"name": "Back up", "status": "failed", "artifacts": {}}
    known = {"job": job, "url": "https://awx/1", "approval_node_name": "Approve", "workflow_url": "https://awx/2"}
    messages = {**one["messages"], **one["messages"]["workflow_approval"]}
    del messages["workflow_approval"]
    texts = [text for message in messages.values() for text in message.values()]
    assert [*filter(None, (text_problem(text, known) for text in texts))] == []
    job["artifacts"] = {"arkive_message": "No backup.", "arkive_phase": "Completed", "arkive_backup_name": "shop-1"}
    assert rendered(messages["error"]["message"], known) == "Back up failed: No backup. https://awx/1"
    used = set(re.findall(r"artifacts\.(\w+)", str(messages)))
    assert used <= {name for names in ARTIFACTS.values() for name in names}


def test_the_container_group_runs_the_container_that_awx_fills(made: Made) -> None:
    (one,) = made["instance_group"]
    pod = yaml.safe_load(one["pod_spec_override"])
    assert [container["name"] for container in pod["spec"]["containers"]] == ["worker"]
    assert pod["spec"]["terminationGracePeriodSeconds"] > 30


@pytest.mark.parametrize(
    ("playbook", "answers"),
    [
        ("restore_plan.yml", {"wanted_schedule": "shop", "wanted_backup": "", "wanted_namespace_mapping": "a=b\nc=d"}),
        ("restore_apply.yml", {"arkive_backup_name": "shop-1", "arkive_plan_digest": "", "wanted_schedule": "shop"}),
        ("backup.yml", {"backup_included_namespaces": "shop\nbank", "backup_ttl": "", "backup_workers": 4}),
        ("schedule.yml", {"schedule_state": "checked", "schedule_name": "shop", "schedule_max_age": ""}),
        ("prune.yml", {"prune_keep_daily": 7, "prune_schedules": "", "prune_leftovers": "found"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_project_runs_with_answers_of_its_surveys(
    playbook: str, answers: dict[str, t.Any], tmp_path: pathlib.Path
) -> None:
    """As far as one comes without a cluster and with an empty location; where nothing was approved, no further."""
    (tmp_path / "location").mkdir()
    runs = project_playbook(playbook).runs
    place = {f"{runs}_storage_location": {"path": str(tmp_path / "location")}}
    done = run_ansible(
        str(PROJECT / playbook),
        "--check",
        "--extra-vars",
        json.dumps({**place, **answers, "arkive_job_timeout": 18000}),
        variables=environment(home=tmp_path),
        cwd=tmp_path,
    )
    found = re.search(r"^\tRUN: (\{.*\})$", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout + done.stderr
    artifacts = json.loads(found[1])
    assert artifacts["arkive_playbook"] == runs
    assert artifacts["arkive_failed"] is (playbook != "prune.yml"), artifacts
    expected = {
        "restore_plan.yml": "kubeconfig",
        "restore_apply.yml": "expected_plan_digest is not the digest of a plan",
        "backup.yml": "kubeconfig",
        "schedule.yml": "no Completed backup of schedule 'shop'",
        "prune.yml": "",
    }
    assert re.search(expected[playbook], artifacts["arkive_message"]), artifacts


@pytest.mark.parametrize(
    ("judge", "thing", "words"),
    [
        (survey_problems, {"name": "a", "description": "", "spec": []}, "no questions"),
        (
            survey_problems,
            {
                "name": "a",
                "description": "",
                "spec": [{"question_name": "q", "variable": "v", "type": "boolean", "required": True}],
            },
            "not known",
        ),
        (rrule_problems, "DTSTART:20260101T000000 RRULE:FREQ=DAILY;INTERVAL=1", "DTSTART"),
        (rrule_problems, "DTSTART:20260101T000000Z RRULE:FREQ=DAILY", "INTERVAL"),
        (rrule_problems, "DTSTART:20260101T000000Z RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=1SU", "BYDAY"),
        (
            credential_type_problems,
            {"inputs": {"fields": [{"id": "a", "label": "A"}]}, "injectors": {"env": {"PATH": "{{ a }}"}}},
            "PATH",
        ),
        (
            credential_type_problems,
            {"inputs": {"fields": [{"id": "a", "label": "A"}]}, "injectors": {"env": {"B": "{{ b }}"}}},
            "undefined",
        ),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else getattr(value, "__name__", "thing"),
)
def test_the_rules_find_what_is_wrong(judge: t.Callable[[t.Any], list[str]], thing: t.Any, words: str) -> None:
    assert any(words in problem for problem in judge(thing))
