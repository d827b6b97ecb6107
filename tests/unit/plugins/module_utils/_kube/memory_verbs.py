# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server in memory does for each verb."""

from __future__ import annotations

import copy
import re
import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339, utc_now
from ansible_collections.arkive.k8s.plugins.module_utils._core.json_patch import (
    PatchError,
    apply_json_patch,
    apply_merge_patch,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import JSON_PATCH
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_answers import (
    Refused,
    Request,
    Target,
    already_exists,
    bad_request,
    conflict,
    invalid,
    is_ending,
    no_namespace,
    not_found,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_objects import Key, MemoryObjects
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import Object
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_watch import (
    items_of,
    selection,
    whole,
)

APPLY_PATCH = "application/apply-patch+yaml"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_FIXED = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_PATCHES = ("merge-patch", "json-patch", "strategic-merge-patch", "apply-patch")
Done: t.TypeAlias = "tuple[int, Object]"


class MemoryVerbs:
    """Called with the lock of what is kept."""

    def __init__(self, kept: MemoryObjects, admit: t.Callable[[Object], list[str]]) -> None:
        self._kept = kept
        self._admit = admit
        #: Of the last request.
        self.warnings: list[str] = []

    def do(self, request: Request, target: Target) -> Done:
        """The status and the document; raises ``Refused``."""
        self.warnings = []
        dry_run = request.query.get("dryRun", "All")
        if dry_run != "All":
            raise invalid(target, "", "dryRun", f'Unsupported value: "{dry_run}": supported values: "All"')
        verbs = {
            "GET": self._get if target.name else self._list,
            "POST": self._create,
            "PUT": self._replace,
            "PATCH": self._patch,
            "DELETE": self._delete if target.name else self._delete_all,
        }
        if not _fits(request.verb, target):
            raise Refused(
                405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {}
            )
        return verbs[request.verb](request, target)

    def _key(self, target: Target, name: str = "") -> Key:
        return (target.kind.plural, target.namespace, name or target.name)

    def _present(self, target: Target) -> Object:
        found = self._kept.objects.get(self._key(target))
        if found is None:
            raise not_found(target)
        return found

    def _get(self, _request: Request, target: Target) -> Done:
        return 200, whole(target, self._present(target))

    def _list(self, request: Request, target: Target) -> Done:
        query = request.query
        limit, token = int(query.get("limit") or 0), query.get("continue", "")
        page = self._kept.page(target.kind.plural, target.namespace, limit=limit, token=token, matches=selection(query))
        metadata: Object = {"resourceVersion": str(page.version)}
        if page.token:
            metadata["continue"] = page.token
            if not (query.get("labelSelector") or query.get("fieldSelector")):
                metadata["remainingItemCount"] = page.remaining
        head = {"kind": f"{target.kind.kind}List", "apiVersion": target.kind.api_version, "metadata": metadata}
        return 200, {**head, "items": items_of(target, page.items)}

    def _create(self, request: Request, target: Target) -> Done:
        body = _body(request, target)
        metadata = body["metadata"]
        if metadata.get("generateName") and not metadata.get("name"):
            suffix = "".join(secrets.choice(_LETTERS) for _each in range(5))
            metadata["name"] = f"{metadata['generateName']}{suffix}"
        name = str(metadata.get("name") or "")
        if not name:
            raise invalid(target, "", "metadata.name", "Required value: name or generateName is required")
        if "rbac" not in target.kind.group and not _NAME.fullmatch(name):
            raise invalid(target, name, "metadata.name", f'Invalid value: "{name}": a lowercase RFC 1123 subdomain')
        self._require_namespace(target, name)
        key = self._key(target, name)
        if key in self._kept.objects:
            raise already_exists(target, name)
        if metadata.pop("resourceVersion", None):
            raise Refused(500, "", "resourceVersion should not be set on objects to be created")
        for field in ("uid", "creationTimestamp", "deletionTimestamp"):
            metadata.pop(field, None)
        if target.kind.has_status:
            body.pop("status", None)
            body |= {"status": dict(target.kind.first_status)} if target.kind.first_status else {}
        self.warnings = self._admit(body)
        if request.dry_run:
            return 201, whole(target, {**body, "metadata": self._kept.fresh_metadata(key, body)})
        return 201, whole(target, self._kept.put(key, body))

    def _require_namespace(self, target: Target, name: str) -> None:
        if not target.kind.namespaced:
            return
        there = self._kept.objects.get(("namespaces", "", target.namespace))
        if there is None:
            raise no_namespace(target.namespace)
        if there["metadata"].get("deletionTimestamp"):
            raise is_ending(target, name)

    def _replace(self, request: Request, target: Target) -> Done:
        body = _body(request, target)
        name = body["metadata"].get("name")
        if name != target.name:
            raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")
        return 200, self._update(request, target, self._present(target), body)

    def _patch(self, request: Request, target: Target) -> Done:
        content_type = request.headers.get("content-type", "")
        if not any(f"application/{each}+" in content_type for each in _PATCHES):
            raise Refused(
                415, "UnsupportedMediaType", f"the body of the request was in an unknown format - {content_type}"
            )
        if content_type == APPLY_PATCH:
            return self._apply(request, target)
        before = self._present(target)
        if content_type == JSON_PATCH:
            try:
                after = apply_json_patch(before, request.body)
            except PatchError as exc:
                raise Refused(
                    422, "Invalid", f"the server rejected our request due to an error in our request: {exc}"
                ) from exc
        else:
            after = apply_merge_patch(before, request.body)
        return 200, self._update(request, target, before, after)

    def _apply(self, request: Request, target: Target) -> Done:
        """Without an owner for each field: what is left out stays."""
        if not request.query.get("fieldManager"):
            raise bad_request(
                'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
            )
        if self._key(target) not in self._kept.objects:
            made = {**request.body, "metadata": {**request.body["metadata"], "name": target.name}}
            create = Request(verb="POST", path="", query=request.query, headers={}, body=made)
            return self._create(create, target)
        before = self._present(target)
        return 200, self._update(request, target, before, apply_merge_patch(before, request.body))

    def _update(self, request: Request, target: Target, before: Object, after: Object) -> Object:
        metadata, old = dict(after["metadata"]), before["metadata"]
        version, uid = metadata.get("resourceVersion"), metadata.get("uid")
        if uid and uid != old.get("uid"):
            raise conflict(target, f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['uid']}")
        if version and version != old["resourceVersion"]:
            raise conflict(target)
        if old.get("deletionTimestamp") and set(metadata.get("finalizers") or ()) - set(old.get("finalizers") or ()):
            why = "Forbidden: no new finalizers can be added if the object is being deleted"
            raise invalid(target, target.name, "metadata.finalizers", why)
        metadata |= {name: old[name] for name in _FIXED if name in old}
        metadata["resourceVersion"] = old["resourceVersion"]
        for empty in ("finalizers", "annotations", "labels", "ownerReferences"):
            if empty in metadata and not metadata[empty]:
                del metadata[empty]
        if target.subresource == "status":
            after = {**before, **({"status": after["status"]} if "status" in after else {})}
        elif target.kind.has_status:
            after = {name: value for name, value in after.items() if name != "status"}
            after |= {"status": before["status"]} if "status" in before else {}
        after = copy.deepcopy({**after, "metadata": metadata})
        self.warnings = self._admit(after)
        if request.dry_run or after == before:
            return whole(target, after)
        kept = self._kept.put(self._key(target), after)
        is_over = kept["metadata"].get("deletionTimestamp") and not kept["metadata"].get("finalizers")
        if is_over and self._key(target) in self._kept.objects:
            self._kept.remove(self._key(target))
        return whole(target, kept)

    def _delete(self, request: Request, target: Target) -> Done:
        found, options = self._present(target), request.body or {}
        for field, value in (options.get("preconditions") or {}).items():
            there = found["metadata"].get(field)
            if value != there:
                what = "UID" if field == "uid" else "ResourceVersion"
                why = f"Precondition failed: {what} in precondition: {value}, {what} in object meta: {there}"
                raise conflict(target, why)
        if request.dry_run:
            return 200, whole(target, found)
        return 200, self._end(target, found)

    def _end(self, target: Target, found: Object) -> Object:
        if target.kind.plural == "namespaces":
            self._empty(target.name)
        metadata = found["metadata"]
        lives_on = bool(metadata.get("finalizers")) or self._holds_something(target)
        if lives_on and not metadata.get("deletionTimestamp"):
            gone = {"deletionTimestamp": rfc3339(utc_now()), "deletionGracePeriodSeconds": 0}
            ending = {**found, "metadata": {**metadata, **gone}}
            if target.kind.plural == "namespaces":
                ending["status"] = {"phase": "Terminating"}
            return whole(target, self._kept.put(self._key(target), ending))
        if lives_on:
            return whole(target, found)
        self._kept.remove(self._key(target))
        group = {"group": target.kind.group} if target.kind.group else {}
        details = {"name": target.name, **group, "kind": target.kind.plural, "uid": metadata["uid"]}
        return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}

    def _empty(self, namespace: str) -> None:
        """What the controller of namespaces does."""
        for plural, where, name in list(self._kept.objects):
            if where == namespace and not self._kept.objects[(plural, where, name)]["metadata"].get("finalizers"):
                self._kept.remove((plural, where, name))

    def _holds_something(self, target: Target) -> bool:
        return target.kind.plural == "namespaces" and any(key[1] == target.name for key in self._kept.objects)

    def _delete_all(self, request: Request, target: Target) -> Done:
        matches = selection(request.query)
        found = [obj for obj in self._kept.select(target.kind.plural, target.namespace) if matches(obj)]
        for obj in found:
            metadata = obj["metadata"]
            each = Target(target.kind, metadata.get("namespace") or "", metadata["name"])
            if not request.dry_run:
                self._end(each, obj)
        head = {"kind": f"{target.kind.kind}List", "apiVersion": target.kind.api_version, "metadata": {}}
        return 200, {**head, "items": items_of(target, found)}


def _fits(verb: str, target: Target) -> bool:
    """Whether the path is one for this verb."""
    if verb == "POST":
        return not target.name and bool(target.namespace) is target.kind.namespaced
    return bool(target.name) or verb in ("GET", "DELETE")


def _body(request: Request, target: Target) -> Object:
    """A copy of what was sent, whose type and place must be those of the path."""
    body: Object = {**request.body, "metadata": dict(request.body.get("metadata") or {})}
    if body.get("kind", target.kind.kind) != target.kind.kind:
        kinds = f'{target.kind.kind} in version "{target.kind.version}" cannot be handled as a {body["kind"]}'
        raise bad_request(f"{kinds}: the kinds do not match")
    namespace = body["metadata"].get("namespace")
    if namespace and namespace != target.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    return body


__all__ = ("MemoryVerbs",)
