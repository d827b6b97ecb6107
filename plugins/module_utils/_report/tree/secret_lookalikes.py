# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What looks like a secret and is in no Secret: in the entries of a ConfigMap, and in the variables of containers.

A guess, for a warning: only what is found is named, never its value. What refers to a secret, such as ``${PASSWORD}``
or the path of a file, is none.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CONFIG_MAPS, PODS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pod_templates import POD_MAKERS


class _Shape(t.NamedTuple):
    """``has``: a text that is in whatever ``pattern`` fits, as to look for it is fast."""

    what: str
    has: str
    pattern: re.Pattern[str]


#: Of themselves, wherever they stand. The source of each is its issuer's own documentation.
_SHAPES = (
    # RFC 7468 10 and 11, RFC 5958; OpenSSH PROTOCOL.key; RFC 9580 6.2.
    _Shape(
        "a private key", "PRIVATE KEY", re.compile(r"-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
    ),
    # kubectl config, kubeconfig v1: users[].user.client-key-data and token.
    _Shape("a private key", "client-key-data", re.compile(r"client-key-data[\"']?\s*:\s*[\"']?[A-Za-z0-9+/=]{40}")),
    # age, the file format: identities in Bech32.
    _Shape("a private key", "AGE-SECRET-KEY-", re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]{50}")),
    # RFC 7515 7.1 and RFC 7519 3.1: a token of three parts, of which the first is JSON in base64url.
    _Shape("a token", "eyJ", re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}")),
    # GitHub, About authentication: token formats.
    _Shape("a token", "gh", re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}")),
    _Shape("a token", "github_pat_", re.compile(r"\bgithub_pat_\w{40}")),
    # GitLab, Token overview: token prefixes.
    _Shape("a token", "glpat-", re.compile(r"\bglpat-[\w.-]{20}")),
    # Slack, Token types.
    _Shape("a token", "xox", re.compile(r"\bxox[abeoprs]-[\w-]{10,}")),
    # HashiCorp Vault, Tokens: token prefixes.
    _Shape("a token", "hvs.", re.compile(r"\bhvs\.[\w-]{24,}")),
    # Stripe, API keys.
    _Shape("an access key", "_live_", re.compile(r"\b[sr]k_live_[A-Za-z0-9]{16,}")),
    # Google Cloud, API keys.
    _Shape("an access key", "AIza", re.compile(r"\bAIza[\w-]{35}\b")),
    # AWS IAM, Identifiers: unique ID prefixes.
    _Shape("an access key", "A", re.compile(r"\bA(?:KIA|SIA)[A-Z2-7]{16}\b")),
)

#: Kubernetes, Pull an Image from a Private Registry: .dockerconfigjson. Its value is ``user:password`` in base64.
_REGISTRY = re.compile(r'"auth"\s*:\s*"(?P<value>[A-Za-z0-9+/=]{4,})"')
#: The last words of a name, as Spring, Kafka, JDBC, the clouds' clients and Helm's charts write them.
_PASSWORDS = r"pass(?:word|wd|phrase)"
_KEYS = r"(?:secret|token|api[_-]?key|(?:access|secret|private|account|encryption|signing)[_-]?key)"
#: ``name = value``, ``name: value``, ``"name": "value"``, on one line.
_SAID = re.compile(
    rf"(?:(?P<password>{_PASSWORDS})|{_KEYS})[\"']?[ \t]*(?::=|=>|[:=])[ \t]*"
    r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s,;&\"'#]+)",
    re.IGNORECASE,
)
_NAME = re.compile(rf".*?(?:(?P<password>{_PASSWORDS})|{_KEYS})", re.IGNORECASE | re.DOTALL)
#: RFC 3986 3.2.1; after the scheme. A query or fragment (3.4, 3.5) ends the host, and what comes after it is no user's.
_IN_URL = re.compile(r"://[^\s/:@\"'<>{}$?#]{0,256}:(?P<value>[^\s/@\"'?#]{1,1024})@")

#: How what stands for a secret begins: a variable, a template, a path, a tag or an anchor of YAML, what is encrypted.
_REFERENCES = ("$", "{", "%", "<", "/", "./", "@", "*", "|", ">", "&", "!", "[", "(", "ENC(", "ENC[", "vault:", "file:")
_NOTHING = frozenset({"", "true", "false", "yes", "no", "null", "none", "nil", "undefined", "~"})
#: A type in the place of a value, as schemas and programs have it.
_TYPES = frozenset({"str", "string", "text", "varchar"})
#: What a program says in place of a value: a call, or a member.
_CODE = re.compile(r"[\w.]+[(\[{]|(?:process\.env|self|this|env|args|opts|options|params|config|settings)\.[A-Za-z_]")
#: The shortest key or token: a shorter one is the name of something.
_SHORTEST_KEY = 16


def find_lookalikes(group_resource: GroupResource, body: ObjectView) -> list[str]:
    """``<entry>: <what>`` for each entry of a ConfigMap, and variable of a container, that looks like a secret."""
    return [f"{name}: {what}" for name, text in _entries(group_resource, body) if (what := _what(name, text))]


def _entries(group_resource: GroupResource, body: ObjectView) -> t.Iterator[tuple[str, str]]:
    if group_resource == CONFIG_MAPS:
        yield from _texts(body.get("data"))
        for name, text in _texts(body.get("binaryData")):
            try:
                yield name, base64.b64decode(text, validate=True).decode("latin-1")
            except (binascii.Error, ValueError):
                continue
    for spec in _pod_specs(group_resource, body):
        for container in _dicts(spec, "initContainers", "containers"):
            for variable in _dicts(container, "env"):
                said, value = variable.get("name"), variable.get("value")
                if isinstance(said, str) and isinstance(value, str):
                    yield said, value


def _pod_specs(group_resource: GroupResource, body: ObjectView) -> t.Iterator[ObjectView]:
    if group_resource == PODS:
        places: tuple[tuple[str, ...], ...] = (("spec",),)
    else:
        places = tuple((*maker.template, "spec") for maker in POD_MAKERS if maker.group_resource == group_resource)
    for place in places:
        found: t.Any = body
        for member in place:
            found = found.get(member) if isinstance(found, dict) else None
        if isinstance(found, dict):
            yield found


def _what(name: str, text: str) -> str:
    """What ``text`` looks like; empty for nothing."""
    for shape in _SHAPES:
        if shape.has in text and shape.pattern.search(text):
            return shape.what
    if any(_is_user_and_password(found["value"]) for found in _REGISTRY.finditer(text)):
        return "a registry's password"
    named = _NAME.fullmatch(name)
    if named is not None and "\n" not in text.strip() and _is_value(text.strip(), password=bool(named["password"])):
        return "a password" if named["password"] else "a key or token"
    for said in _SAID.finditer(text):
        if _is_value(said["value"], password=bool(said["password"])):
            return "a password" if said["password"] else "a key or token"
    if any(_is_value(found["value"], password=True) for found in _IN_URL.finditer(text)):
        return "a password in a URL"
    return ""


def _is_user_and_password(encoded: str) -> bool:
    try:
        return ":" in base64.b64decode(encoded, validate=True).decode()
    except ValueError:
        return False


def _is_value(text: str, *, password: bool) -> bool:
    quoted = len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'"
    value = text[1:-1].strip() if quoted else text
    if value.lower() in _NOTHING or value.startswith(_REFERENCES) or not value.strip("*x.-"):
        return False
    if "${" in value or "{{" in value or (not quoted and (_CODE.match(value) or value.rstrip(");").lower() in _TYPES)):
        return False
    if password:
        return True
    return len(value) >= _SHORTEST_KEY and bool(re.search(r"\d", value)) and bool(re.search(r"[A-Za-z]", value))


def _texts(entries: t.Any) -> t.Iterator[tuple[str, str]]:
    if isinstance(entries, dict):
        yield from ((name, text) for name, text in sorted(entries.items()) if isinstance(text, str))


def _dicts(place: ObjectView, *members: str) -> t.Iterator[ObjectView]:
    for member in members:
        found = place.get(member)
        yield from (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()


__all__ = ("find_lookalikes",)
