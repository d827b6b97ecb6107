# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._volumes.zones import zone_of

GA = "topology.kubernetes.io/zone"
DEPRECATED = "failure-domain.beta.kubernetes.io/zone"
EBS = "topology.ebs.csi.aws.com/zone"
GKE = "topology.gke.io/zone"


def volume(*terms: list[dict[str, t.Any]], **labels: str) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {"metadata": {"name": "pv", "labels": labels}, "spec": {}}
    if terms:
        selector = [{"matchExpressions": expressions} for expressions in terms]
        found["spec"]["nodeAffinity"] = {"required": {"nodeSelectorTerms": selector}}
    return found


def expression(key: str, *values: str, operator: str = "In") -> dict[str, t.Any]:
    return {"key": key, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("pv", "zone"),
    [
        pytest.param({"metadata": {"name": "pv"}}, "", id="10.2: no zone"),
        pytest.param(volume(), "", id="10.2: no zone, empty labels"),
        pytest.param(volume(**{DEPRECATED: "old"}), "old", id="10.2: deprecated zone label"),
        pytest.param(volume(**{GA: "new"}), "new", id="10.2: GA label"),
        pytest.param(volume(**{DEPRECATED: "old", GA: "new"}), "new", id="10.2: both, GA wins"),
        pytest.param(volume([expression(EBS, "a")]), "a", id="8.1: affinity of the EBS driver"),
        pytest.param(volume([expression("topology.disk.csi.azure.com/zone", "a")]), "a", id="8.1: Azure"),
        pytest.param(volume([expression("topology.manila.csi.openstack.org/zone", "a")]), "a", id="8.1: Manila"),
        pytest.param(volume([expression("topology.cinder.csi.openstack.org/zone", "a")]), "a", id="8.1: Cinder"),
        pytest.param(volume([expression(GA, "a")]), "a", id="8.1: the label's key in the affinity"),
        pytest.param(volume([expression(DEPRECATED, "a")]), "a", id="8.1: the deprecated one"),
        pytest.param(volume([expression(EBS, "a")], **{GA: "label"}), "label", id="8.1: a label before the affinity"),
        pytest.param(volume([expression(GKE, "a")], [expression(GKE, "b")]), "a__b", id="8.1: GKE, two terms"),
        pytest.param(volume([expression(GKE, "a", "b")]), "a__b", id="8.1: GKE, two values"),
        pytest.param(
            volume([expression("kubernetes.io/hostname", "n")], [expression(EBS, "a")]), "a", id="another key"
        ),
        pytest.param(volume([expression(EBS, "a", operator="NotIn")]), "", id="8.1: operator In only"),
        pytest.param(volume([expression(EBS)]), "", id="no values"),
        pytest.param({"metadata": {}, "spec": {"nodeAffinity": {"required": None}}}, "", id="no terms"),
    ],
)
def test_zone_of(pv: dict[str, t.Any], zone: str) -> None:
    assert zone_of(pv) == zone
