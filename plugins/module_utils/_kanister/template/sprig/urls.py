# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sprig's functions of URLs, by the rules of Go's net/url."""

# Private: not for use outside of this collection.

from __future__ import annotations

import re
import string
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import from_bytes, to_bytes, type_of

_UNRESERVED = string.ascii_letters + string.digits + "-_.~"
#: What stays as it is, beside letters and digits.
_PATH, _USER, _HOST, _FRAGMENT = "$&+/:=@,;", "$&+,;=", "!$&'()*+,;=:[]<>\"", "$&+,/:;=?@!()*"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)?:")
_USERINFO = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*")
_PORT = re.compile(r"(:[0-9]*)?")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_NO_HOST = re.compile(r"[\x00-\x20#/?@\\^`{|}\x7f]|%[0-7]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PARTS = ("scheme", "host", "path", "query", "opaque", "fragment", "userinfo")


def _wrong(text: str, what: str) -> Fault:
    return Fault("failed", f"this is no URL: {what}", detail=text)


def _unescape(text: str, whole: str) -> str:
    def byte(found: re.Match[bytes]) -> bytes:
        if found[1] is None:
            raise _wrong(whole, "there is a % without two digits after it")
        return bytes([int(found[1], 16)])

    return from_bytes(_ESCAPE.sub(byte, to_bytes(text)))


def _escape(text: str, kept: str) -> str:
    safe = set((_UNRESERVED + kept).encode())
    return "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in to_bytes(text))


def _parse(text: str) -> dict[str, t.Any]:
    whole, _mark, fragment = text.partition("#")
    if _CONTROL.search(whole):
        raise _wrong(text, "there is a control character in it")
    made = dict.fromkeys(("scheme", "host", "hostname", "path", "query", "opaque", "fragment", "userinfo"), "")
    made["fragment"] = _unescape(fragment, text)
    rest = whole
    scheme = _SCHEME.match(whole)
    if scheme:
        if not scheme[1]:
            raise _wrong(text, "a scheme is missing before the colon")
        made["scheme"], rest = scheme[1].lower(), whole[scheme.end() :]
    rest, _mark, made["query"] = rest.partition("?")
    if not rest.startswith("/"):
        if made["scheme"]:
            return {**made, "opaque": rest}
        if ":" in rest.partition("/")[0] and whole != "*":
            raise _wrong(text, "there is a colon before the first slash")
    if rest.startswith("//") and (made["scheme"] or not rest.startswith("///")):
        authority, slash, rest = rest[2:].partition("/")
        rest = slash + rest
        made["userinfo"], made["host"] = _authority(authority, made["scheme"], text)
        made["hostname"] = _hostname(made["host"])
    return {**made, "path": _unescape(rest, text)}


def _authority(authority: str, scheme: str, whole: str) -> tuple[str, str]:
    """The user and the host with its port."""
    user, at, host = authority.rpartition("@")
    host = _host(host, scheme, whole)
    if not at:
        return "", host
    if not _USERINFO.fullmatch(user):
        raise _wrong(whole, "there is a character in the user name that does not belong there")
    name, colon, password = user.partition(":")
    escaped = _escape(_unescape(name, whole), _USER)
    return escaped + (colon and f":{_escape(_unescape(password, whole), _USER)}"), host


def _host(host: str, scheme: str, whole: str) -> str:
    if _NO_HOST.search(host):
        raise _wrong(whole, "there is a character in the host that does not belong there")
    if "[" in host:
        closed = host.rfind("]")
        if not host.startswith("[") or closed < 0 or not _PORT.fullmatch(host[closed + 1 :]):
            raise _wrong(whole, "its IPv6 address is none")
        return _unescape(host, whole)
    first, last = host.find(":"), host.rfind(":")
    if first >= 0:
        start = first if scheme in ("http", "https") else last
        if not _PORT.fullmatch(host[start:]):
            raise _wrong(whole, "its port is no number")
    return _unescape(host, whole)


def _hostname(host: str) -> str:
    if host.startswith("[") and "]" in host:
        return host[1 : host.index("]")]
    return re.sub(r":[0-9]*$", "", host)


def _join(values: dict[str, t.Any]) -> str:
    scheme, host, path, query, opaque, fragment, user = (_part(values, name) for name in _PARTS)
    user = _authority(f"{user}@host", "proto", user)[0] if user else ""
    made = f"{scheme}:" if scheme else ""
    if opaque:
        made += opaque
    else:
        made += _joined_authority(scheme, host, path, user)
        escaped = "*" if path == "*" else _escape(path, _PATH)
        if escaped and not escaped.startswith("/") and host:
            made += "/"
        if not made and ":" in escaped.partition("/")[0]:
            made = "./"
        made += escaped
    return made + (f"?{query}" if query else "") + (f"#{_escape(fragment, _FRAGMENT)}" if fragment else "")


def _joined_authority(scheme: str, host: str, path: str, user: str) -> str:
    if not (scheme or host or user) or not (host or path or user):
        return ""
    return "//" + (f"{user}@" if user else "") + _escape(host, _HOST)


def _part(values: dict[str, t.Any], name: str) -> str:
    value = values.get(name, "")
    if not isinstance(value, str):
        found = type_of(value)
        raise Fault("failed", f"{name!r} is to be a text, and it is of type {'<nil>' if found is None else found.name}")
    return value


URL_FUNCTIONS = table(
    function("urlParse", _parse, "string"),
    function("urlJoin", _join, "map"),
)

__all__ = ("URL_FUNCTIONS",)
