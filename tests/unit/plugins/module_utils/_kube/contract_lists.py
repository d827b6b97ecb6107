# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists, their pages, selectors and watches, as every API server treats them."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.lists import list_pages
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import list_raw_pages
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_place import (
    ApiContract,
    Place,
    ask,
    names,
)


def aged(token: str) -> str:
    """A token of the same place in a list of long ago: a server may keep newer ones than it says."""
    told = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    return token_of(2, told["start"])


def token_of(version: int, start: str) -> str:
    """As API servers make them."""
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


class ListContract(ApiContract):
    """Lists and watches."""

    def test_a_list(self, place: Place) -> None:
        empty = place.list_leases()
        assert (empty["kind"], empty["apiVersion"], empty["items"]) == ("LeaseList", "coordination.k8s.io/v1", [])
        made = [place.make_lease(name) for name in ("b", "a-b", "a")]
        answer = place.list_leases()
        assert names(answer) == ["a", "a-b", "b"]
        assert int(answer["metadata"]["resourceVersion"]) >= int(made[-1]["metadata"]["resourceVersion"])
        assert not {"kind", "apiVersion"} & answer["items"][0].keys()
        assert answer["items"][2]["metadata"] == made[0]["metadata"]
        assert not {"continue", "remainingItemCount"} & answer["metadata"].keys()

    def test_pages_are_of_one_version(self, place: Place) -> None:
        for name in "abcde":
            place.make_lease(name)
        first = place.list_leases(limit="2")
        assert (names(first), first["metadata"]["remainingItemCount"]) == (["a", "b"], 3)
        place.client.delete(f"{place.leases}/d")
        place.make_lease("bb")
        second = place.list_leases(limit="2", **{"continue": first["metadata"]["continue"]})
        assert names(second) == ["c", "d"]
        assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
        last = place.list_leases(limit="2", **{"continue": second["metadata"]["continue"]})
        assert (names(last), last["metadata"].get("continue")) == (["e"], None)
        assert names(place.list_leases()) == ["a", "b", "bb", "c", "e"]

    def test_what_our_lists_make_of_it(self, place: Place) -> None:
        for name in "abcde":
            place.make_lease(name, n=name)
        leases = Discovery.read(place.client).resolve("leases")
        assert leases is not None
        pages = list(list_pages(place.client, leases, namespace=place.namespace, page_size=2))
        assert [names({"items": page.items}) for page in pages] == [["a", "b"], ["c", "d"], ["e"]]
        raw = list(list_raw_pages(place.client, leases, namespace=place.namespace, label_selector="n in (a,e)"))
        assert [item.obj["metadata"]["name"] for page in raw for item in page.items] == ["a", "e"]
        assert {item.obj["kind"] for page in raw for item in page.items} == {"Lease"}

    def test_tokens_that_are_none(self, place: Place) -> None:
        reply = ask(place.client, "GET", place.leases, limit="1", **{"continue": "nonsense"})
        assert reply.status == 400

    def test_an_expired_page(self, place: Place, compact: t.Callable[[], None]) -> None:
        """What is offered goes on with the list as it is now."""
        for name in "abcd":
            place.make_lease(name)
        old = aged(place.list_leases(limit="2")["metadata"]["continue"])
        place.make_lease("bb")
        compact()
        reply = ask(place.client, "GET", place.leases, limit="2", **{"continue": old})
        assert (reply.status, reply.document["reason"]) == (410, "Expired")
        offered = reply.document["metadata"]["continue"]
        assert names(place.list_leases(limit="5", **{"continue": offered})) == ["bb", "c", "d"]

    @pytest.mark.parametrize(
        ("selector", "found"),
        [
            ("app=web", ["web"]),
            ("app==web", ["web"]),
            ("app!=web", ["db", "none"]),
            ("app in (web,db)", ["db", "web"]),
            ("app notin (web)", ["db", "none"]),
            ("app", ["db", "web"]),
            ("!app", ["none"]),
            ("app,tier=low", ["db"]),
            ("app=", []),
        ],
    )
    def test_label_selectors(self, place: Place, selector: str, found: list[str]) -> None:
        place.make_lease("web", app="web")
        place.make_lease("db", app="db", tier="low")
        place.make_lease("none")
        answer = place.list_leases(labelSelector=selector)
        assert names(answer) == found
        assert "remainingItemCount" not in place.list_leases(labelSelector=selector, limit="1")["metadata"]

    def test_field_selectors(self, place: Place) -> None:
        for name in ("a", "b"):
            place.make_lease(name)
        assert names(place.list_leases(fieldSelector="metadata.name=b")) == ["b"]
        assert names(place.list_leases(fieldSelector="metadata.name!=b")) == ["a"]
        everywhere = "/apis/coordination.k8s.io/v1/leases"
        query = {"fieldSelector": f"metadata.namespace={place.namespace}"}
        assert names(place.client.get(everywhere, query=query)) == ["a", "b"]

    @pytest.mark.parametrize("query", [{"labelSelector": "a in b"}, {"fieldSelector": "spec.nothing=1"}])
    def test_selectors_that_are_none(self, place: Place, query: dict[str, str]) -> None:
        assert ask(place.client, "GET", place.leases, **query).status == 400

    def test_a_watch(self, place: Place) -> None:
        version = place.client.get(place.maps)["metadata"]["resourceVersion"]
        place.make("a", {"a": "1"})
        place.client.patch(place.path("a"), {"data": {"a": "2"}})
        place.client.delete(place.path("a"))
        with contextlib.closing(place.watch(resourceVersion=version)) as events:
            found = [next(events) for _each in range(3)]
        assert [(kind, name, obj["data"]["a"]) for kind, name, obj in found] == [
            ("ADDED", "a", "1"),
            ("MODIFIED", "a", "2"),
            ("DELETED", "a", "2"),
        ]
        versions = [int(obj["metadata"]["resourceVersion"]) for _kind, _name, obj in found]
        assert int(version) < versions[0] < versions[1] < versions[2]
        assert {obj["kind"] for _kind, _name, obj in found} == {"ConfigMap"}

    def test_a_watch_of_what_comes_later(self, place: Place) -> None:
        version = place.client.get(place.maps)["metadata"]["resourceVersion"]
        timer = threading.Timer(0.1, place.make, ["late"])
        timer.start()
        with contextlib.closing(place.watch(resourceVersion=version)) as events:
            assert next(events)[:2] == ("ADDED", "late")
        timer.join()

    def test_a_watch_without_a_version_begins_with_what_is_there(self, place: Place) -> None:
        place.make("a")
        with contextlib.closing(place.watch()) as events:
            assert next(events)[:2] == ("ADDED", "a")
            place.make("b")
            assert next(events)[:2] == ("ADDED", "b")

    def test_what_leaves_a_selection_is_deleted_for_its_watch(self, place: Place) -> None:
        version = place.make("a", labels={"in": "yes"})["metadata"]["resourceVersion"]
        place.client.patch(place.path("a"), {"metadata": {"labels": {"in": "no"}}})
        place.client.patch(place.path("a"), {"metadata": {"labels": {"in": "yes"}}})
        watch = place.watch(resourceVersion=version, labelSelector=f"mark={place.mark},in=yes")
        with contextlib.closing(watch) as events:
            assert [next(events)[0] for _each in range(2)] == ["DELETED", "ADDED"]

    def test_a_watch_ends_by_its_time(self, place: Place) -> None:
        place.make("a")
        events = list(place.watch(timeoutSeconds="1", allowWatchBookmarks="true"))
        assert [kind for kind, _name, _obj in events if kind != "BOOKMARK"] == ["ADDED"]
        for kind, _name, obj in events:
            if kind == "BOOKMARK":
                assert obj["metadata"]["resourceVersion"]
                assert obj["kind"] == "ConfigMap"


__all__ = ("ListContract", "token_of")
