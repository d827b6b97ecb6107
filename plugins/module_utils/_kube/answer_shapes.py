# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types that every reader of the API's answers counts on: an aggregated API server may answer anything."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.shapes import MapOf, Shape, find_misfit, readable

_METADATA: Shape = {
    "name": str,
    "namespace": str,
    "uid": str,
    "resourceVersion": str,
    "creationTimestamp": str,
    "deletionTimestamp": str,
    "labels": MapOf(str),
    "annotations": MapOf(str),
    "finalizers": [str],
    "ownerReferences": [{"apiVersion": str, "kind": str, "name": str, "uid": str}],
    "managedFields": [dict],
    # Of lists.
    "continue": str,
    "remainingItemCount": int,
}
_OBJECT: Shape = {"apiVersion": str, "kind": str, "metadata": _METADATA}
_NAMES: dict[str, Shape] = {"shortNames": [str], "verbs": [str]}
#: All forms in which the API lists what it has.
_DISCOVERY: Shape = {
    "items": [
        {
            "metadata": {"name": str},
            "versions": [
                {
                    "version": str,
                    "freshness": str,
                    "resources": [
                        {
                            "resource": str,
                            "singularResource": str,
                            "scope": str,
                            "responseKind": {"kind": str},
                            **_NAMES,
                        }
                    ],
                }
            ],
        }
    ],
    "versions": [str],
    "groups": [{"name": str, "preferredVersion": {"version": str}, "versions": [{"version": str}]}],
    "resources": [{"name": str, "singularName": str, "kind": str, "namespaced": bool, **_NAMES}],
}


def check_object(obj: t.Any) -> None:
    """Raise ``ValueError`` unless this is an object, or a list of objects, by its type and metadata."""
    if not isinstance(obj, dict):
        raise ValueError("it is no object")
    misfit = find_misfit(obj, _OBJECT)
    if misfit:
        raise ValueError(f"of {_shown(obj)}, {misfit}")


def check_items(items: t.Any) -> None:
    """Raise ``ValueError`` unless these are the objects of a list, each with a name."""
    if not isinstance(items, list):
        raise ValueError("its items are not a list")
    for item in items:
        check_named(item)


def check_named(obj: t.Any) -> None:
    """The same for one object of a list."""
    check_object(obj)
    if not (obj.get("metadata") or {}).get("name"):
        raise ValueError("one of its objects has no name")


def check_discovery(answer: t.Any) -> None:
    """Raise ``ValueError`` unless this lists what the API has."""
    misfit = find_misfit(answer, _DISCOVERY)
    if misfit:
        raise ValueError(misfit)


def _shown(obj: t.Mapping[str, t.Any]) -> str:
    """An object's name for a sentence."""
    metadata = obj.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    return readable("/".join(str(named[part]) for part in ("namespace", "name") if named.get(part))) or "one object"


__all__ = ("check_discovery", "check_items", "check_named", "check_object")
