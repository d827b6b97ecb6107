# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists in pages of objects together with their JSON as the server wrote it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import parse_json
from ansible_collections.arkive.k8s.plugins.module_utils._core.bounded_json import check_depth
from ansible_collections.arkive.k8s.plugins.module_utils._core.go_json import encode_compact
from ansible_collections.arkive.k8s.plugins.module_utils._kube.answer_shapes import check_named, check_object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.list_text import Document, Parse, split_list, strings_in
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import PageAnswer, walk_pages

#: A parsed page takes six times the memory of its text, and Python works on one at a time anyway.
_TURNS = threading.BoundedSemaphore(1)
_LONGEST_WAIT = 5.0
#: The memory of a backup is that of its largest page: of 500 Deployments, a fifth of all that it takes.
_PAGE_SIZE = 400


@dataclasses.dataclass(frozen=True, slots=True)
class RawItem:
    """``obj`` has apiVersion and kind. ``payload``: its JSON text, with both at the front.

    ``problem``: why nobody may work with it; it has nothing but its name and namespace then.
    """

    obj: dict[str, t.Any]
    payload: bytes
    problem: str = ""


@dataclasses.dataclass(slots=True)
class RawPage:
    """remaining: objects after this page, None when not known. bad: those with a problem, not in ``items``."""

    items: list[RawItem]
    resource_version: str
    remaining: int | None
    bad: list[RawItem] = dataclasses.field(default_factory=list)


def list_raw_pages(
    client: KubeClient,
    resource: ApiResource,
    *,
    namespace: str | None = None,
    label_selector: str | None = None,
    page_size: int = _PAGE_SIZE,
    in_turn: bool = True,
) -> t.Iterator[RawPage]:
    """All objects of a resource, page by page; in all namespaces when none is given.

    A page that comes too late is asked for again as ``list_pages`` does it. Nothing is yielded twice. However many
    threads there are, few of them hold parsed pages at a time (``in_turn``): the others wait with the text of theirs.
    """
    fixed = {"limit": str(page_size), "labelSelector": label_selector}
    query = {key: value for key, value in fixed.items() if value}
    path = resource.path(namespace)

    turn = _Turn()

    def fetch(asked: dict[str, str]) -> PageAnswer[RawItem]:
        data = client.get_bytes(path, query=asked)
        if in_turn:
            turn.begin()
        try:
            return parse_page(data, resource)
        except ValueError as exc:
            raise KubeError(
                f"The answer of {client.server} to GET {path} is not a list in JSON: {exc}.",
                hint="Check that host names an API server and no login page.",
                status=200,
            ) from exc

    try:
        for page in walk_pages(fetch, query, key=_key):
            bad = [item for item in page.items if item.problem]
            good = [item for item in page.items if not item.problem] if bad else page.items
            raw = RawPage(good, page.resource_version, page.remaining, bad)
            del good, bad
            del page
            yield raw
            del raw
            turn.end()
    finally:
        turn.end()


class _Turn:
    """One thread's turn to hold a parsed page.

    A turn that does not come in time is taken: whoever has one may be waiting for what this list brings.
    """

    def __init__(self) -> None:
        self._has_one = False

    def begin(self) -> None:
        if not self._has_one:
            self._has_one = _TURNS.acquire(timeout=_LONGEST_WAIT)

    def end(self) -> None:
        if self._has_one:
            self._has_one = False
            _TURNS.release()


def parse_page(data: bytes, resource: ApiResource, parse: Parse = parse_json) -> PageAnswer[RawItem]:
    """One answer. Raises ``ValueError`` when it is no list."""
    api_version, kind = resource.api_version, resource.kind
    # Built-in types leave their type out and begin with metadata; custom resources begin with their type.
    type_text = encode_compact({"apiVersion": api_version, "kind": kind})[:-1] + b","

    def item(obj: Document | None, text: bytes) -> RawItem:
        if obj is None:
            return _unusable(_named(text), "it is nested too deeply", api_version=api_version, kind=kind)
        check_named(obj)
        try:
            check_depth(obj, text)
        except ValueError as exc:
            return _unusable(obj, str(exc), api_version=api_version, kind=kind)
        if "apiVersion" in obj:
            if "kind" in obj:
                return RawItem(obj, text)
        elif "kind" not in obj and obj:
            obj["apiVersion"], obj["kind"] = api_version, kind
            return RawItem(obj, b"".join((type_text, memoryview(text)[1:])))
        typed = {"apiVersion": api_version, "kind": kind} | obj
        return RawItem(typed, encode_compact(typed))

    envelope, items = split_list(data, parse, item, beginning=type_text)
    check_object(envelope)
    metadata = envelope.get("metadata") or {}
    return PageAnswer(
        items,
        resource_version=str(metadata.get("resourceVersion") or ""),
        remaining=metadata.get("remainingItemCount"),
        token=str(metadata.get("continue") or ""),
    )


def _unusable(obj: Document, problem: str, *, api_version: str, kind: str) -> RawItem:
    """Raises ``ValueError`` for one without a name."""
    check_named(obj)
    known = {part: obj["metadata"][part] for part in ("namespace", "name") if obj["metadata"].get(part)}
    return RawItem({"apiVersion": api_version, "kind": kind, "metadata": known}, b"", problem)


def _named(text: bytes) -> Document:
    """The metadata of an object that cannot be parsed as a whole: API servers write them before the rest."""
    whole, key = text.decode(), '"metadata":'
    start = whole.find(key)
    return {"metadata": strings_in(whole, start + len(key))} if start >= 0 else {}


def _key(item: RawItem) -> str:
    metadata = item.obj["metadata"]
    return f"{metadata.get('namespace') or ''}/{metadata['name']}"


__all__ = ("RawItem", "RawPage", "list_raw_pages", "parse_page")
