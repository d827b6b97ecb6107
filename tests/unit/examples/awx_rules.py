# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWX takes: the options of the modules of ``awx.awx``, and its rules for surveys, credential types and schedules.

AWX itself can be had from no package registry: these are its rules as its sources say them, in our own words.
Of ``ansible/awx``: options by ``awx_collection/plugins/modules/<name>.py``, surveys by ``awx/api/views/__init__.py``
(``JobTemplateSurveySpec``), credential types by ``awx/main/fields.py`` (``CredentialTypeInputField`` and
``CredentialTypeInjectorField``) and ``awx/main/constants.py``, schedules by ``awx/api/serializers.py``
(``SchedulePreviewSerializer``), texts of notifications by ``awx/main/models/notifications.py``.
"""

from __future__ import annotations

import re
import typing as t

from dateutil import rrule as dateutil_rrule
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_NOTIFICATIONS = ("notification_templates_started", "notification_templates_success", "notification_templates_error")
_ASKED = ("diff_mode", "variables", "limit", "tags", "skip_tags", "job_type", "verbosity", "inventory", "credential")

#: The options that have a type other than str, of each module that the example uses; the others are in ``_TEXT``.
_TYPED: dict[str, dict[str, str]] = {
    "credential_type": {"inputs": "dict", "injectors": "dict"},
    "credential": {"inputs": "dict", "update_secrets": "bool"},
    "execution_environment": {},
    "instance_group": {"is_container_group": "bool", "max_concurrent_jobs": "int", "max_forks": "int"},
    "notification_template": {"notification_configuration": "dict", "messages": "dict"},
    "inventory": {"variables": "dict", "prevent_instance_group_fallback": "bool"},
    "host": {"variables": "dict", "enabled": "bool"},
    "project": {
        "scm_clean": "bool",
        "scm_update_on_launch": "bool",
        "scm_update_cache_timeout": "int",
        "allow_override": "bool",
        "timeout": "int",
        "wait": "bool",
    },
    "job_template": {
        **{f"ask_{name}_on_launch": "bool" for name in _ASKED},
        **dict.fromkeys(_NOTIFICATIONS, "list"),
        "credentials": "list",
        "instance_groups": "list",
        "labels": "list",
        "extra_vars": "dict",
        "survey_spec": "dict",
        "survey_enabled": "bool",
        "diff_mode": "bool",
        "allow_simultaneous": "bool",
        "prevent_instance_group_fallback": "bool",
        "timeout": "int",
        "forks": "int",
        "job_slice_count": "int",
    },
    "workflow_job_template": {
        **dict.fromkeys((*_NOTIFICATIONS, "notification_templates_approvals"), "list"),
        "extra_vars": "dict",
        "survey_spec": "dict",
        "survey_enabled": "bool",
        "allow_simultaneous": "bool",
        "ask_variables_on_launch": "bool",
        "workflow_nodes": "list",
        "destroy_current_nodes": "bool",
    },
    "schedule": {"extra_data": "dict", "enabled": "bool", "credentials": "list", "timeout": "int"},
}
_TEXT: dict[str, tuple[str, ...]] = {
    "credential_type": ("description", "kind"),
    "credential": ("description", "organization", "credential_type"),
    "execution_environment": ("image", "description", "organization", "credential", "pull"),
    "instance_group": ("credential", "pod_spec_override"),
    "notification_template": ("description", "organization", "notification_type"),
    "inventory": ("description", "organization", "kind", "host_filter"),
    "host": ("description", "inventory"),
    "project": (
        "description",
        "organization",
        "scm_type",
        "scm_url",
        "scm_branch",
        "credential",
        "default_environment",
    ),
    "job_template": (
        "description",
        "organization",
        "inventory",
        "project",
        "playbook",
        "job_type",
        "execution_environment",
        "limit",
        "scm_branch",
    ),
    "workflow_job_template": ("description", "organization", "inventory", "limit", "scm_branch"),
    "schedule": ("rrule", "description", "unified_job_template", "organization", "inventory"),
}
#: The arguments of ``AnsibleModule`` for each module.
MODULES: dict[str, dict[str, dict[str, t.Any]]] = {
    name: {
        "name": {"required": True},
        "state": {"choices": ["present", "absent", "exists"], "default": "present"},
        **{option: {} for option in _TEXT[name]},
        **{option: {"type": kind} for option, kind in _TYPED[name].items()},
    }
    for name in _TYPED
}

#: Types of credentials that AWX brings along, and their fields.
CREDENTIAL_TYPES = {"OpenShift or Kubernetes API Bearer Token": ("host", "bearer_token", "verify_ssl", "ssl_ca_cert")}

_QUESTION_TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": (float, int),
}
_FIELD_KEYS = {
    "id",
    "type",
    "label",
    "format",
    "secret",
    "multiline",
    "choices",
    "default",
    "help_text",
    "ask_at_runtime",
}
_BLOCKED_ENVIRONMENT = {
    *("VIRTUAL_ENV", "PATH", "PYTHONPATH", "JOB_ID", "INVENTORY_ID", "INVENTORY_SOURCE_ID", "INVENTORY_UPDATE_ID"),
    *("AD_HOC_COMMAND_ID", "REST_API_URL", "REST_API_TOKEN", "MAX_EVENT_RES", "CALLBACK_QUEUE", "CALLBACK_CONNECTION"),
    *("CACHE", "JOB_CALLBACK_DEBUG", "INVENTORY_HOSTVARS", "AWX_HOST", "PROJECT_REVISION", "SUPERVISOR_CONFIG_PATH"),
}
_NAME = re.compile(r"[a-zA-Z_]\w*")


def survey_problems(survey: t.Mapping[str, t.Any]) -> list[str]:
    found = [f"{name} is no text" for name in ("name", "description") if not isinstance(survey.get(name), str)]
    questions = survey.get("spec")
    if not isinstance(questions, list) or not questions:
        return [*found, "spec has no questions"]
    variables = [question.get("variable") for question in questions]
    found += [f"{name} is asked for twice" for name in set(variables) if variables.count(name) > 1]
    return found + [f"{one.get('variable')}: {problem}" for one in questions for problem in _question_problems(one)]


def _question_problems(question: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    for name in ("type", "question_name", "variable", "required"):
        if name not in question:
            yield f"{name} is missing"
    kind = _QUESTION_TYPES.get(question["type"])
    if kind is None:
        yield f"the type {question['type']} is not known"
        return
    if not isinstance(question["required"], bool):
        yield "required is no boolean"
    for name in ("min", "max"):
        if name in question and not isinstance(question[name], int):
            yield f"{name} is no integer"
    default = question.get("default", "")
    if default != "" and (not isinstance(default, kind) or isinstance(default, bool)):
        yield f"the default is no {question['type']}"
    if question["type"].startswith("multi"):
        choices = choices_of(question)
        if not choices or not all(isinstance(choice, str) for choice in choices):
            yield "choices are missing, or no texts"
        if default != "" and not set(str(default).split("\n")) <= set(choices):
            yield "the default is none of the choices"


def choices_of(question: t.Mapping[str, t.Any]) -> list[t.Any]:
    choices = question.get("choices", [])
    return choices.split("\n") if isinstance(choices, str) else list(choices)


def answer_problems(question: t.Mapping[str, t.Any], answer: t.Any) -> list[str]:
    """Of what is given at launch, or by a schedule."""
    name, kind = question["variable"], question["type"]
    if answer in ("", None):
        return [f"{name} has to be answered"] if question["required"] else []
    if kind == "multiplechoice":
        return [] if answer in choices_of(question) else [f"{name} is none of the choices"]
    if not isinstance(answer, _QUESTION_TYPES[kind]) or isinstance(answer, bool):
        return [f"{name} is no {kind}"]
    size = len(answer) if isinstance(answer, str) else answer
    return [] if question.get("min", size) <= size <= question.get("max", size) else [f"{name} is out of bounds"]


def credential_type_problems(kind: t.Mapping[str, t.Any]) -> list[str]:
    inputs, injectors = kind["inputs"], kind["injectors"]
    ids = [field["id"] for field in inputs["fields"]]
    found = [f"inputs.{name} is not known" for name in set(inputs) - {"fields", "required"}]
    found += [f"{name} is required, and no field" for name in inputs.get("required", []) if name not in ids]
    found += [f"{name} is a field twice" for name in set(ids) if ids.count(name) > 1]
    for field in inputs["fields"]:
        found += [f"{field['id']}: {name} is not known" for name in set(field) - _FIELD_KEYS]
        if not _NAME.fullmatch(field["id"]) or field["id"] == "tower" or not field.get("label"):
            found.append(f"{field['id']}: an id that is no name, or no label")
        if field.get("type", "string") not in ("string", "boolean"):
            found.append(f"{field['id']}: the type is not known")
        if field.get("format") not in (None, "ssh_private_key", "url", "vault_id"):
            found.append(f"{field['id']}: the format is not known")
    found += [f"injectors.{name} is not known" for name in set(injectors) - {"env", "extra_vars", "file"}]
    for name in injectors.get("env", {}):
        if not _NAME.fullmatch(name) or name.startswith("ANSIBLE_") or name in _BLOCKED_ENVIRONMENT:
            found.append(f"the environment variable {name} may not be set")
    files = injectors.get("file", {})
    for name in files:
        if name != "template" and not re.fullmatch(r"template\.[a-zA-Z_]\w*", name):
            found.append(f"the file {name} may not be named so")
    if "template" in files and len(files) > 1:
        found.append("one file without a name, and others with names")
    return found + _injector_problems(ids, injectors, files)


def _injector_problems(ids: t.Sequence[str], injectors: t.Mapping[str, t.Any], files: t.Mapping[str, str]) -> list[str]:
    filenames: t.Any = "/runner/env/file"
    if "template" not in files:
        filenames = {name.partition(".")[2]: f"/runner/env/{name}" for name in files}
    known = {**dict.fromkeys(ids, "value"), "tower": {"filename": filenames}}
    texts = [text for part in ("env", "extra_vars") for text in injectors.get(part, {}).values()]
    # Files are written before their names are known.
    plain = dict.fromkeys(ids, "value")
    found = [text_problem(text, known) for text in texts]
    found += [text_problem(text, plain) for text in files.values()]
    return [problem for problem in found if problem]


def text_problem(text: str, known: t.Mapping[str, t.Any]) -> str:
    """Why a template cannot be rendered; empty for one that can."""
    try:
        ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(text).render(**known)
    except TemplateError as exc:
        return f"{text}: {exc}"
    return ""


def rendered(text: str, known: t.Mapping[str, t.Any]) -> str:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(text).render(**known)


def rrule_problems(rule: str) -> list[str]:
    found = []
    starts = re.findall(r"DTSTART(?:;TZID=[^:\s]+:[0-9]{8}T[0-9]{6}|:[0-9]{8}T[0-9]{6}Z)", rule)
    if len(starts) != 1 or rule.count("DTSTART") != 1:
        found.append("one DTSTART with a zone, or in UTC, is needed")
    rules = re.findall(r"RRULE:(\S+)", rule)
    if not rules:
        found.append("a rule is needed")
    found += [f"{word} is not taken" for word in ("EXDATE", "RDATE", "SECONDLY") if word in rule.upper()]
    for one in rules:
        if "INTERVAL" not in one:
            found.append("INTERVAL is needed")
        if re.search(r"BYDAY=[^;]*[0-9]", one):
            found.append("BYDAY takes no number")
        if "COUNT" in one and "UNTIL" in one:
            found.append("COUNT and UNTIL exclude each other")
        if re.search(r"COUNT=[0-9]{4,}", one):
            found.append("COUNT is 999 at most")
    try:
        dateutil_rrule.rrulestr(rule.replace(" ", "\n"))
    except ValueError as exc:
        found.append(str(exc))
    return found
