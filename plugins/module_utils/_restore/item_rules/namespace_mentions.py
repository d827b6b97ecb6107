# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an object names a namespace: fields, selectors, subjects, names of services, and text that looks like it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    NAMESPACES,
    SECRETS,
    VOLUME_SNAPSHOT_CONTENTS,
    VOLUMES,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._velero.builtin_types import builtin_type

#: The label that the API server gives each namespace.
NAME_LABEL = "kubernetes.io/metadata.name"
#: Groups beside Kubernetes' own in which the member ``namespace`` always names one.
_KNOWN_GROUPS = frozenset({"gateway.networking.k8s.io"})
#: Text of people's own: what it means is theirs to know.
_FREE = frozenset({"annotations", "args", "binaryData", "command", "data", "env", "labels", "parameters", "stringData"})
#: Annotations whose value is ``namespace/name``: of cert-manager and of the NGINX ingress controller.
_REFERENCES = frozenset(
    {
        "cert-manager.io/inject-ca-from",
        "cert-manager.io/inject-ca-from-secret",
        "nginx.ingress.kubernetes.io/auth-secret",
        "nginx.ingress.kubernetes.io/auth-tls-secret",
        "nginx.ingress.kubernetes.io/proxy-ssl-secret",
    }
)
#: Annotations whose value is a namespace: Helm takes objects for its own by it.
_NAMES = frozenset({"meta.helm.sh/release-namespace"})
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
#: By rules of their own.
_ELSEWHERE = {VOLUMES: "claimRef", VOLUME_SNAPSHOT_CONTENTS: "volumeSnapshotRef"}
_NAMES_OF_HOSTS = frozenset({"externalName", "searches"})
_METADATA = ("labels", "annotations")


@dataclasses.dataclass(frozen=True, slots=True)
class Mention:
    """``value`` at ``path`` names the namespace ``name``. ``known``: it can mean nothing else, and may be mapped."""

    path: str
    value: str
    name: str
    known: bool
    #: Where it stands: a mapping or a list, and the key or index.
    holder: t.Any
    key: t.Any

    def put(self, target: str) -> None:
        """Let it name ``target`` in place of the namespace."""
        text = str(self.holder[self.key])
        self.holder[self.key] = target if text == self.name else _whole(self.name).sub(target, text)

    @property
    def shown(self) -> str:
        return f"{self.path}: '{self.value}'" if self.value else self.path


def _whole(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9-]){re.escape(name)}(?![a-z0-9-])")


def _common_start(names: t.Collection[str]) -> str:
    """What all of them begin with."""
    first, last = min(names, default=""), max(names, default="")
    return first[: next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


class MentionFinder:
    """Finds where objects name one of some namespaces."""

    def __init__(self, names: t.Iterable[str]) -> None:
        self.names = frozenset(names)
        #: What all names begin with: nothing, or what tells most texts apart.
        self._common = _common_start(self.names)
        any_name = "|".join(re.escape(name) for name in sorted(self.names, key=len, reverse=True))
        self._account = re.compile(rf"system:serviceaccounts?:({any_name})(?![a-z0-9-])")
        self._host = re.compile(rf"(?:[a-z0-9_-]+\.)*(?<![a-z0-9-])({any_name})\.svc(?![a-z0-9-])[a-z0-9.-]*")
        self._said = re.compile(rf"(?i:namespaces?)[\"']?\s*[:=]\s*[\"']?({any_name})(?![a-z0-9-])")
        self._reference = re.compile(rf"({any_name})/[a-z0-9.-]+")

    def find(self, group_resource: GroupResource, body: t.Mapping[str, t.Any]) -> list[Mention]:
        """In the order of the object; its own namespace is not one of them."""
        if not self.names:
            return []
        walk = _Walk(self, group_resource)
        metadata = body.get("metadata") or {}
        for field in _METADATA:
            walk.look(metadata.get(field), f"metadata.{field}", free=True)
        for name, value in body.items():
            if name not in ("apiVersion", "kind", "metadata", "status"):
                walk.look_at(body, name, value, name, free=name in _FREE)
        return walk.found

    def in_text(self, text: str) -> tuple[str, str] | None:
        """The part of a text that names a namespace, and the namespace."""
        for pattern in (self._account, self._host, self._said):
            match = pattern.search(text)
            if match is not None:
                return match.group(0).rstrip("."), match.group(1)
        return None

    def may_be_in(self, text: str) -> bool:
        """False for a text that holds none of the names: most texts, and that is far quicker to find out."""
        return self._common in text and any(map(text.__contains__, self.names))

    def as_account(self, text: str) -> str:
        """The namespace of a whole ``system:serviceaccount:<namespace>:<name>``, or of the group of all of them."""
        match = self._account.match(text)
        return match.group(1) if match is not None else ""

    def as_host(self, text: str) -> str:
        match = self._host.fullmatch(text)
        return match.group(1) if match is not None else ""

    def as_reference(self, text: str) -> str:
        match = self._reference.fullmatch(text)
        return match.group(1) if match is not None else ""


class _Walk:
    def __init__(self, finder: MentionFinder, group_resource: GroupResource) -> None:
        self._finder = finder
        self._type = group_resource
        self._knows = builtin_type(group_resource) is not None or group_resource.group in _KNOWN_GROUPS
        self._passed_over = (_LAST_APPLIED, _ELSEWHERE.get(group_resource))
        self._encoded = group_resource == SECRETS
        self.found: list[Mention] = []

    def _is_plain(self, value: t.Any) -> bool:
        """Numbers, and texts that hold no name: nearly all that there is."""
        if isinstance(value, str):
            return not (self._encoded or self._finder.may_be_in(value))
        return not isinstance(value, dict | list)

    def look(self, node: t.Any, path: str, *, free: bool) -> None:
        """``free``: below, names are people's own."""
        if isinstance(node, dict):
            if node.get("key") == NAME_LABEL and isinstance(node.get("values"), list):
                self._take_each(node["values"], f"{path}.values")
            for name, value in node.items():
                if not self._is_plain(value) and name not in self._passed_over:
                    self.look_at(node, name, value, f"{path}.{name}", free=free or name in _FREE)
            if self._is_rule_for_namespaces(node):
                self._take_each(node["resourceNames"], f"{path}.resourceNames")
        elif isinstance(node, list):
            self._look_at_list(node, path, free=free)

    def look_at(self, holder: t.Any, key: t.Any, value: t.Any, path: str, *, free: bool) -> None:
        if isinstance(value, str):
            self._look_at_text(holder, key, value, path, free=free)
        elif isinstance(value, list) and str(key).lower().endswith(("namespaces", "matchnames")):
            self._take_each(value, path, known=key == "namespaces" and self._knows and not free)
        elif isinstance(value, list) and key in _NAMES_OF_HOSTS:
            for index, each in enumerate(value):
                self._look_at_host(value, index, each, f"{path}[{index}]")
        elif isinstance(value, dict | list):
            self.look(value, path, free=free)

    def _look_at_list(self, node: list[t.Any], path: str, *, free: bool) -> None:
        for index, each in enumerate(node):
            if self._is_plain(each):
                continue
            here = f"{path}[{index}]"
            if isinstance(each, dict) and free and _is_variable(each):
                self._look_at_variable(each, here)
            elif isinstance(each, str) and index and node[index - 1] in ("-n", "--namespace"):
                self._take(node, index, each, here, known=False)
            else:
                self.look_at(node, index, each, here, free=free)

    def _look_at_variable(self, variable: dict[str, t.Any], path: str) -> None:
        """``env`` of a container: the name says what the value is."""
        name, value = str(variable.get("name") or ""), variable.get("value")
        if not isinstance(value, str):
            return
        if value in self._finder.names and "namespace" in name.lower():
            self._take(variable, "value", value, f"{path}.value", known=False)
        else:
            self._look_at_text(variable, "value", value, f"{path}.value", free=True)

    def _look_at_text(self, holder: t.Any, key: t.Any, text: str, path: str, *, free: bool) -> None:
        names = self._finder.names
        if self._type == SECRETS and path.startswith("data."):
            self._look_into_secret(holder, key, text, path)
        elif not self._finder.may_be_in(text):
            return
        elif self._type == SECRETS and path.startswith("stringData."):
            self._look_inside(holder, key, text, path, shows=False)
        elif text in names:
            self._look_at_name(holder, key, text, path, free=free)
        elif key == "name" and not free and (account := self._finder.as_account(text)):
            self.found.append(Mention(path, text, account, self._knows, holder, key))
        elif key in _NAMES_OF_HOSTS and not free:
            self._look_at_host(holder, key, text, path)
        elif path.startswith("metadata.annotations.") and (reference := self._finder.as_reference(text)):
            self.found.append(Mention(path, text, reference, key in _REFERENCES, holder, key))
        else:
            self._look_inside(holder, key, text, path)

    def _look_at_name(self, holder: t.Any, key: t.Any, text: str, path: str, *, free: bool) -> None:
        """A text that is the name of a namespace, and may be anything else as well."""
        word = str(key).lower()
        if key == NAME_LABEL:
            self._take(holder, key, text, path, known=not path.startswith("metadata."))
        elif key in _NAMES and path.startswith("metadata.annotations."):
            self._take(holder, key, text, path, known=True)
        elif key == "namespace" and not free:
            self._take(holder, key, text, path, known=self._knows)
        elif word.endswith("namespace") or self._may_mean_one(path):
            self._take(holder, key, text, path, known=False)

    def _may_mean_one(self, path: str) -> bool:
        """By labels, people choose namespaces."""
        return ".namespaceSelector." in f".{path}" or (self._type == NAMESPACES and path.startswith("metadata."))

    def _look_at_host(self, holder: t.Any, key: t.Any, text: t.Any, path: str) -> None:
        name = self._finder.as_host(text) if isinstance(text, str) else ""
        if name:
            self.found.append(Mention(path, text, name, self._knows, holder, key))

    def _look_into_secret(self, holder: t.Any, key: t.Any, text: str, path: str) -> None:
        try:
            decoded = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, ValueError):
            return
        self._look_inside(holder, key, decoded, path, shows=False)

    def _look_inside(self, holder: t.Any, key: t.Any, text: str, path: str, *, shows: bool = True) -> None:
        inside = self._finder.in_text(text) if self._finder.may_be_in(text) else None
        if inside is not None:
            part, name = inside
            self.found.append(Mention(path, part if shows else "", name, False, holder, key))

    def _take_each(self, names: list[t.Any], path: str, *, known: bool | None = None) -> None:
        for index, each in enumerate(names):
            self._take(names, index, each, f"{path}[{index}]", known=self._knows if known is None else known)

    def _take(self, holder: t.Any, key: t.Any, text: t.Any, path: str, *, known: bool) -> None:
        if isinstance(text, str) and text in self._finder.names:
            self.found.append(Mention(path, text, text, known, holder, key))

    def _is_rule_for_namespaces(self, node: dict[str, t.Any]) -> bool:
        return self._knows and node.get("resources") == ["namespaces"] and isinstance(node.get("resourceNames"), list)


def _is_variable(node: dict[str, t.Any]) -> bool:
    return "name" in node and "value" in node


__all__ = ("NAME_LABEL", "Mention", "MentionFinder")
