# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.accelerators import STANDARD, installed
from ansible_collections.arkive.k8s.plugins.module_utils._kube import list_text
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.list_text import split_list
from ansible_collections.arkive.k8s.plugins.module_utils._kube.raw_lists import parse_page

PODS = ApiResource("", "v1", "pods", "pod", "Pod", True, frozenset({"list"}))
WIDGETS = ApiResource("x.io", "v1", "widgets", "widget", "Widget", True, frozenset({"list"}))

BUILT_IN = '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"t1"},"items":[%s]}\n'
CUSTOM = (
    '{"apiVersion":"x.io/v1","items":[%s],"kind":"WidgetList","metadata":{"continue":"t1","resourceVersion":"7"}}\n'
)
PARSERS = [pytest.param(STANDARD.parse_json, id="standard"), pytest.param(installed().parse_json, id="installed")]


def keep(obj: list_text.Document, text: bytes) -> tuple[list_text.Document, bytes]:
    return obj, text


def named(name: str, rest: str = "") -> str:
    return f'{{"metadata":{{"name":"{name}","namespace":"a"}}{rest}}}'


def widget(name: str, rest: str = "") -> str:
    return f'{{"apiVersion":"x.io/v1","kind":"Widget","metadata":{{"name":"{name}","namespace":"a"}}{rest}}}'


TEMPLATES = ',"spec":{"volumeClaimTemplates":[{"metadata":{"name":"d"}},{"metadata":{"name":"e"}},{"metadata":{}}]}'
MANAGED = ',"x":[{"apiVersion":"x.io/v1","fieldsType":"FieldsV1"},{"apiVersion":"x.io/v1","kind":"Widget","y":1}]'

#: Lists that are cut at the commas between their items.
FAST = [
    pytest.param(BUILT_IN, [named("one")], id="one"),
    pytest.param(BUILT_IN, [named("one"), named("two"), named("three")], id="several"),
    pytest.param(BUILT_IN, [named("one", TEMPLATES), named("two")], id="inner-lists"),
    pytest.param(BUILT_IN, [named("one"), named("two", TEMPLATES)], id="an-inner-list-at-the-end"),
    pytest.param(BUILT_IN, [named("one", ',"a":",{\\"metadata\\":{"'), named("two")], id="the-comma-in-a-string"),
    pytest.param(BUILT_IN, [named("one", ',"a":"]}],\\"items\\":["'), named("two")], id="the-end-in-a-string"),
    pytest.param(BUILT_IN, [named("one", ',"items":[{"a":1}]'), named("two")], id="items-of-an-item"),
    pytest.param(BUILT_IN, [named("one", ',"a":"\u00fc\u2028\U0001f600"'), named("\u00e9")], id="unicode"),
    pytest.param(BUILT_IN, [named("one", ',"a":"\\ud83d\\ude00\\u0000"')], id="escapes"),
    pytest.param(BUILT_IN, [named("one", ',"a":"\\ud800"'), named("two")], id="half-a-surrogate-pair"),
    pytest.param(BUILT_IN, [named("one", ',"a":[9223372036854775807,-9223372036854775808]')], id="largest-integers"),
    pytest.param(BUILT_IN, [named("one", ',"a":[18446744073709551615,1.5,1e300,-0.0,1E-7]')], id="numbers"),
    pytest.param(CUSTOM, [widget("one")], id="custom-one"),
    pytest.param(CUSTOM, [widget("one", MANAGED), widget("two", MANAGED), widget("three")], id="custom-inner-lists"),
    pytest.param(CUSTOM, ['{"apiVersion":"x.io/v1","data":[1],"kind":"Widget","metadata":{}}'] * 2, id="custom-order"),
]

#: Lists of another look.
SLOW = [
    pytest.param(BUILT_IN, [], id="empty"),
    pytest.param(BUILT_IN.replace("[%s]", "%snull"), [], id="null"),
    pytest.param(BUILT_IN, ['{"spec":1,"metadata":{"name":"one"}}', named("two")], id="other-beginnings"),
    pytest.param(BUILT_IN, [named("one"), '{"spec":1,"metadata":{"name":"two"}}'], id="other-beginning-at-the-end"),
    pytest.param(BUILT_IN, [named("one"), '{"spec":1,"metadata":{}}', named("two")], id="other-beginning-between"),
    pytest.param(BUILT_IN.replace("[%s]", " [ %s ] "), [named("one"), " " + named("two") + "\n"], id="blanks"),
    pytest.param(
        BUILT_IN.replace('"resourceVersion"', '"items":[{"metadata":1}],"resourceVersion"'),
        [named("one"), named("two")],
        id="items-in-the-head",
    ),
    pytest.param(
        BUILT_IN,
        [named("one", TEMPLATES.replace('{"metadata":{}}', ",".join(['{"metadata":{}}'] * 100)))],
        id="many-inner",
    ),
]


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(("frame", "items"), [*FAST, *SLOW])
def test_cut_list(frame: str, items: list[str], parse: list_text.Parse) -> None:
    text = frame % ",".join(items)
    envelope, found = split_list(text.encode(), parse, keep)
    whole = parse(text.encode())
    assert (whole.pop("items") or []) == [obj for obj, _text in found]
    assert envelope == whole
    assert [piece for _obj, piece in found] == [item.strip().encode() for item in items]
    assert [parse(piece) for _obj, piece in found] == [obj for obj, _text in found]


@pytest.mark.parametrize(("frame", "items"), FAST)
def test_the_usual_lists_are_cut_fast(monkeypatch: pytest.MonkeyPatch, frame: str, items: list[str]) -> None:
    monkeypatch.setattr(list_text, "_read_items", lambda *_given: pytest.fail("read item by item"))
    assert len(split_list((frame % ",".join(items)).encode(), json.loads, keep)[1]) == len(items)


@pytest.mark.parametrize("parse", PARSERS)
def test_a_pretty_list(parse: list_text.Parse) -> None:
    document = json.loads(BUILT_IN % ",".join([named("one", TEMPLATES), named("two")]))
    envelope, found = split_list(json.dumps(document, indent=2).encode(), parse, keep)
    assert [obj for obj, _text in found] == document.pop("items")
    assert [json.loads(text) for _obj, text in found] == [obj for obj, _text in found]
    assert envelope == document


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("<html>", id="a-login-page"),
        pytest.param("[1]", id="a-list-without-an-object"),
        pytest.param(BUILT_IN % named("one") + "{}", id="more"),
        pytest.param((BUILT_IN % named("one"))[:-3], id="cut-off-at-the-end"),
        pytest.param((BUILT_IN % named("one"))[:-8], id="cut-off-in-an-item"),
        pytest.param(BUILT_IN % (named("one") + ","), id="comma-at-the-end"),
        pytest.param(BUILT_IN % (named("one") + named("two")), id="no-comma"),
        pytest.param(BUILT_IN % (named("one") + ',"x"'), id="a-string-among-objects"),
        pytest.param(BUILT_IN % (named("one") + "]," + named("two")), id="closed-twice"),
        pytest.param(BUILT_IN % named("one", ',"a":{"b":1'), id="unbalanced"),
        pytest.param("\xff", id="not-utf-8"),
        pytest.param(BUILT_IN.replace("[%s]", "%s7") % "", id="a-number-for-items"),
    ],
)
def test_no_list(text: str, parse: list_text.Parse) -> None:
    with pytest.raises(ValueError, match=r".+"):
        split_list(text.encode("latin-1"), parse, keep)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize(
    ("resource", "frame", "item", "payload"),
    [
        pytest.param(PODS, BUILT_IN, named("o"), '{"apiVersion":"v1","kind":"Pod",' + named("o")[1:], id="built-in"),
        pytest.param(WIDGETS, CUSTOM, widget("o"), widget("o"), id="custom"),
        pytest.param(
            WIDGETS,
            BUILT_IN,
            '{"kind":"Widget","metadata":{"name":"o"}}',
            '{"apiVersion":"x.io/v1","kind":"Widget","metadata":{"name":"o"}}',
            id="half-a-type",
        ),
        pytest.param(
            PODS,
            BUILT_IN.replace("[%s]", "[ %s ]"),
            '{ "metadata": {"name": "o"} }',
            '{"apiVersion":"v1","kind":"Pod", "metadata": {"name": "o"} }',
            id="blanks",
        ),
    ],
)
def test_payloads(resource: ApiResource, frame: str, item: str, payload: str, parse: list_text.Parse) -> None:
    page = parse_page((frame % item).encode(), resource, parse)
    (found,) = page.items
    assert found.payload == payload.encode()
    assert json.loads(found.payload) == found.obj
    assert list(json.loads(found.payload))[:2] == ["apiVersion", "kind"]
    assert (page.token, page.resource_version, page.remaining) == ("t1", "7", None)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("{}", "one of its objects has no name"),
        ('{"metadata":[]}', "of one object, metadata is not a mapping"),
        ('{"metadata":{"name":5}}', "of 5, metadata.name is not text"),
        ('{"metadata":{"name":"o","labels":{"a":1}}}', "of o, metadata.labels.a is not text"),
        ('{"metadata":{"name":"o","ownerReferences":[1]}}', "metadata.ownerReferences[0] is not a mapping"),
        ('{"kind":[],"metadata":{"name":"o"}}', "of o, kind is not text"),
    ],
)
def test_items_of_an_aggregated_server_that_are_no_objects(item: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        parse_page((BUILT_IN % item).encode(), PODS)


@pytest.mark.parametrize("metadata", ["[]", '"x"', '{"continue":[]}', '{"remainingItemCount":"3"}'])
def test_lists_of_an_aggregated_server_that_are_none(metadata: str) -> None:
    with pytest.raises(ValueError, match="metadata"):
        parse_page(f'{{"kind":"PodList","metadata":{metadata},"items":[{named("o")}]}}'.encode(), PODS)


def test_remaining_items() -> None:
    text = BUILT_IN.replace('"continue":"t1"', '"remainingItemCount":3') % named("one")
    page = parse_page(text.encode(), PODS)
    assert (page.remaining, page.token) == (3, "")


def test_types_are_those_of_the_resource_not_of_the_list() -> None:
    page = parse_page((BUILT_IN % named("one")).encode(), t.cast("t.Any", WIDGETS))
    assert page.items[0].payload.startswith(b'{"apiVersion":"x.io/v1","kind":"Widget","metadata"')
