# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_order import (
    always_first,
    parse_priorities,
    restore_waves,
)


def waves(*names: str) -> list[list[str]]:
    return [[str(kind) for kind in wave] for wave in restore_waves(GroupResource.parse(name) for name in names)]


def test_velero_order() -> None:
    """docs/compatibility 5.3: high, then everything else, then low."""
    assert waves(
        "apps.kappctrl.k14s.io", "zebras.example.org", "services", "deployments.apps", "pods", "namespaces",
        "persistentvolumeclaims", "customresourcedefinitions.apiextensions.k8s.io", "persistentvolumes", "configmaps",
        "clusters.cluster.x-k8s.io", "replicasets.apps", "secrets", "serviceaccounts",
    ) == [
        ["customresourcedefinitions.apiextensions.k8s.io"], ["namespaces"],
        ["persistentvolumes"], ["persistentvolumeclaims"],
        ["serviceaccounts"], ["secrets"], ["configmaps"], ["pods"], ["replicasets.apps"], ["services"],
        ["deployments.apps", "zebras.example.org"], ["clusters.cluster.x-k8s.io"], ["apps.kappctrl.k14s.io"],
    ]  # fmt: skip


def test_revisions_come_before_their_workloads() -> None:
    """As in Velero, by the alphabet: the controller of a StatefulSet that has none makes one anew."""
    assert waves("statefulsets.apps", "cronjobs.batch", "controllerrevisions.apps", "pods") == [
        ["pods"], ["controllerrevisions.apps"], ["cronjobs.batch", "statefulsets.apps"],
    ]  # fmt: skip
    revisions, sets = GroupResource("controllerrevisions", "apps"), GroupResource("statefulsets", "apps")
    assert restore_waves([revisions, sets], low=(revisions,)) == [(sets,), (revisions,)]
    assert restore_waves([revisions, sets], high=(sets, revisions)) == [(sets,), (revisions,)]


def test_own_priorities() -> None:
    """``--restore-resource-priorities=secrets,pods,-,configmaps``."""
    kinds = [GroupResource(name) for name in ("pods", "secrets", "configmaps", "services")]
    assert restore_waves(kinds, high=(kinds[1], kinds[0]), low=(kinds[2],)) == [
        (kinds[1],), (kinds[0],), (kinds[3],), (kinds[2],),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("secrets,pods,-,configmaps", ("secrets", "pods"), ("configmaps",)),
        ("secrets, pods", ("secrets", "pods"), ()),
        ("-,configmaps", (), ("configmaps",)),
        (["secrets", "-", "configmaps"], ("secrets",), ("configmaps",)),
        ("", (), ()),
    ],
)
def test_form_of_the_flag(text: str | list[str], first: tuple[str, ...], last: tuple[str, ...]) -> None:
    """docs/compatibility 5.3."""
    assert parse_priorities(text) == (first, last)


@pytest.mark.parametrize("text", ["a,-,b,-,c", "a,b,a"])
def test_priorities_that_are_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="resource priorities"):
        parse_priorities(text)


def test_definitions_and_namespaces_are_always_first() -> None:
    found = always_first([GroupResource("secrets"), GroupResource("namespaces")])
    assert [str(kind) for kind in found] == ["customresourcedefinitions.apiextensions.k8s.io", "namespaces", "secrets"]
