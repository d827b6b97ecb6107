# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests for a new object whose answer is lost."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.sure_creates import CreateUnknown, create_surely

CONFIGS = ApiResource("", "v1", "configmaps", "configmap", "ConfigMap", True, frozenset(), (), True)
OURS = {"metadata": {"name": "a", "namespace": "shop", "labels": {"by": "us"}}}
THEIRS = {"metadata": {"name": "a", "namespace": "shop"}}
NO_ANSWER = KubeError("no answer")
TAKEN = KubeError("a already exists", status=409, reason="AlreadyExists")
ABSENT = KubeError("a not found", status=404, reason="NotFound")
DENIED = KubeError("a webhook denied the request", status=500)
UNAVAILABLE = KubeError("unavailable", status=503)
REFUSED = KubeError("refused", status=403)


class Api:
    """Gives the answers of a test, in their order."""

    def __init__(self, *answers: t.Any) -> None:
        self._answers = list(answers)
        self.asked = ""

    def post(self, _path: str, _body: t.Any, **_more: t.Any) -> t.Any:
        return self._answer("C")

    def get(self, _path: str, **_more: t.Any) -> t.Any:
        return self._answer("R")

    def _answer(self, letter: str) -> t.Any:
        self.asked += letter
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def create(*answers: t.Any) -> tuple[str, t.Any]:
    """C for each create, R for each read, and what came of it."""
    api = Api(*answers)
    try:
        found = create_surely(t.cast("t.Any", api), CONFIGS, OURS, namespace="shop", is_ours=lambda obj: obj == OURS)
    except KubeError as exc:
        return api.asked, "unknown" if isinstance(exc, CreateUnknown) else exc
    return api.asked, found


@pytest.mark.parametrize(
    ("answers", "asked", "end"),
    [
        pytest.param([OURS], "C", OURS, id="made"),
        pytest.param([REFUSED], "C", REFUSED, id="refused"),
        pytest.param([TAKEN], "C", TAKEN, id="taken"),
        pytest.param([NO_ANSWER, OURS], "CR", OURS, id="lost, made"),
        pytest.param([NO_ANSWER, ABSENT, OURS], "CRC", OURS, id="lost, not made"),
        pytest.param([NO_ANSWER, ABSENT, TAKEN, OURS], "CRCR", OURS, id="lost, made late"),
        pytest.param([NO_ANSWER, ABSENT, TAKEN, THEIRS], "CRCR", TAKEN, id="lost, another came"),
        pytest.param([NO_ANSWER, THEIRS, TAKEN, THEIRS], "CRCR", TAKEN, id="lost, another was there"),
        pytest.param([NO_ANSWER, NO_ANSWER], "CR", "unknown", id="away"),
        pytest.param([NO_ANSWER, ABSENT, NO_ANSWER], "CRC", "unknown", id="lost twice"),
        pytest.param([NO_ANSWER, ABSENT, TAKEN, NO_ANSWER], "CRCR", "unknown", id="made late, away"),
        pytest.param([NO_ANSWER, ABSENT, REFUSED], "CRC", REFUSED, id="lost, then refused"),
        pytest.param([UNAVAILABLE, ABSENT, OURS], "CRC", OURS, id="503"),
        pytest.param([DENIED, ABSENT], "CR", DENIED, id="500 without effect"),
        pytest.param([DENIED, OURS], "CR", OURS, id="500 with effect"),
        pytest.param([Cancelled("SIGTERM")], "C", "unknown", id="cancelled"),
        pytest.param([NO_ANSWER, Cancelled("SIGTERM")], "CR", "unknown", id="lost, cancelled"),
    ],
)
def test_what_came_of_it(answers: list[t.Any], asked: str, end: t.Any) -> None:
    assert create(*answers) == (asked, end)


def test_the_sentence() -> None:
    with pytest.raises(CreateUnknown, match="Nobody knows whether ConfigMap shop/a was made: no answer"):
        create_surely(
            t.cast("t.Any", Api(NO_ANSWER, NO_ANSWER)), CONFIGS, OURS, namespace="shop", is_ours=lambda _o: True
        )
