# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles that give rights, bound to a service account: the objects, and as text that says what each rule is for."""

# Private: not for use outside of this collection.

from __future__ import annotations

import json
import re
import textwrap
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant

_RBAC = "rbac.authorization.k8s.io"
_WIDTH = 110
#: What YAML takes for a text without quotes; words that it takes for something else have them.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9./_-]*")
_NO_TEXT = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


class Account(t.NamedTuple):
    """The service account that is to have the rights; its roles have its name."""

    namespace: str
    name: str


class Rule(t.NamedTuple):
    """One rule of a role, and what it is for."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    why: str = ""

    @property
    def members(self) -> dict[str, list[str]]:
        return {"apiGroups": [self.group], "resources": list(self.resources), "verbs": list(self.verbs)}


class AccountRights:
    """A service account and its roles: one for each of ``namespaces``, and one for what is outside of them.

    ``elsewhere``: what is of another namespace. A Role there would be refused where that namespace is missing.
    """

    def __init__(self, account: Account, grants: t.Sequence[Grant], namespaces: t.Sequence[str]) -> None:
        self._account = account
        self._places = {name: _rules(grants, name) for name in ("", *namespaces)}
        self.elsewhere = tuple(
            grant._replace(needs=left)
            for grant in grants
            if (left := tuple(need for need in grant.needs if need.namespace not in self._places))
        )

    @property
    def objects(self) -> list[Object]:
        """In the order in which they can be made."""
        account = self._account
        metadata = {"name": account.name, "namespace": account.namespace}
        made: list[Object] = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}]
        for namespace in (*filter(None, self._places), ""):
            if self._places[namespace]:
                made += self._role(namespace)
        return made

    @property
    def text(self) -> str:
        """The same as a List in YAML, with what each rule is for."""
        return self.text_with(())

    def text_with(self, notes: t.Iterable[str]) -> str:
        """The same, with comments at its end."""
        lines = ["---", "apiVersion: v1", "kind: List", "items:"]
        for made in self.objects:
            lines += _item(made, self._places[made["metadata"].get("namespace") or ""] if "rules" in made else [])
        for note in (*(f"Not in these roles: {_elsewhere(grant)}" for grant in self.elsewhere), *notes):
            lines += [f"# {line}" for line in textwrap.wrap(note, _WIDTH)]
        return "\n".join(lines) + "\n"

    def _role(self, namespace: str) -> list[Object]:
        kind = "Role" if namespace else "ClusterRole"
        metadata = {"name": self._account.name, **({"namespace": namespace} if namespace else {})}
        reference = {"apiGroup": _RBAC, "kind": kind, "name": self._account.name}
        subject = {"kind": "ServiceAccount", "name": self._account.name, "namespace": self._account.namespace}
        rules = [rule.members for rule in self._places[namespace]]
        version = f"{_RBAC}/v1"
        return [
            {"apiVersion": version, "kind": kind, "metadata": metadata, "rules": rules},
            {
                "apiVersion": version,
                "kind": f"{kind}Binding",
                "metadata": dict(metadata),
                "roleRef": reference,
                "subjects": [subject],
            },
        ]


def _rules(grants: t.Iterable[Grant], namespace: str) -> list[Rule]:
    """Those of one place; the first rule of a grant says what it is for."""
    rules: list[Rule] = []
    for grant in grants:
        why = _reason(grant)
        for rule in _grouped(need for need in grant.needs if need.namespace == namespace):
            rules.append(rule._replace(why=why))
            why = ""
    return rules


def _elsewhere(grant: Grant) -> str:
    rights = ", ".join(f"{need.verb} {need.resource_text} in namespace {need.namespace}" for need in grant.needs)
    return f"{rights}. {_reason(grant)}"


def _reason(grant: Grant) -> str:
    return f"{grant.why} Without this: {_lower(grant.otherwise)}" if grant.otherwise else grant.why


def _grouped(needs: t.Iterable[Need]) -> t.Iterator[Rule]:
    """Resources of a group that have the same verbs share a rule."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for need in needs:
        name = f"{need.resource}/{need.subresource}" if need.subresource else need.resource
        verbs.setdefault((need.group, name), []).append(need.verb)
    resources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (group, name), found in verbs.items():
        resources.setdefault((group, tuple(found)), []).append(name)
    for (group, found_verbs), names in resources.items():
        yield Rule(group, tuple(names), found_verbs)


def _item(made: Object, rules: t.Sequence[Rule]) -> list[str]:
    """The lines of one object in a list."""
    lines = []
    for name, value in made.items():
        if name == "rules":
            lines += ["rules:", *(line for rule in rules for line in _rule(rule))]
        elif name == "subjects":
            lines += ["subjects:", *(line for subject in value for line in _block(subject, "  - ", "    "))]
        elif isinstance(value, dict):
            lines += [f"{name}:", *_block(value, "  ", "  ")]
        else:
            lines.append(f"{name}: {_scalar(value)}")
    return [f"{'  - ' if number == 0 else '    '}{line}" for number, line in enumerate(lines)]


def _rule(rule: Rule) -> list[str]:
    comment = [f"  # {line}" for line in textwrap.wrap(rule.why, _WIDTH)]
    return [*comment, *_block(rule.members, "  - ", "    ")]


def _block(members: t.Mapping[str, t.Any], first: str, other: str) -> list[str]:
    return [
        f"{first if number == 0 else other}{name}: {_flow(value)}"
        for number, (name, value) in enumerate(members.items())
    ]


def _flow(value: t.Any) -> str:
    return f"[{', '.join(map(_scalar, value))}]" if isinstance(value, list) else _scalar(value)


def _scalar(value: str) -> str:
    is_plain = _PLAIN.fullmatch(value) is not None and value.lower() not in _NO_TEXT
    return value if is_plain else json.dumps(value)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


__all__ = ("Account", "AccountRights")
