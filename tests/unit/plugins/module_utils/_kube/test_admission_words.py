# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A refusal of admission control is not answered with the advice to give rights."""

from __future__ import annotations

import json

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import answered_error


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        pytest.param(
            'pods "db-0" is forbidden: exceeded quota: q, requested: pods=1, used: pods=0, limited: pods=0',
            "Raise the ResourceQuota q of the namespace",
            id="plugin/pkg/admission/resourcequota/controller.go",
        ),
        pytest.param(
            'pods "db-0" is forbidden: failed quota: compute: must specify limits.cpu for: web',
            "as the ResourceQuota compute wants",
            id="resourcequota-without-limits",
        ),
        pytest.param(
            'pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
            "Change the LimitRange",
            id="plugin/pkg/admission/limitranger/admission.go",
        ),
        pytest.param(
            'pods "web" is forbidden: violates PodSecurity "restricted:latest": privileged',
            "pod-security.kubernetes.io/enforce",
            id="pod-security-admission/admission/admission.go",
        ),
        pytest.param(
            'pods "web" is forbidden: error looking up service account busy/app: serviceaccount "app" not found',
            "The ServiceAccount busy/app has to be there first",
            id="plugin/pkg/admission/serviceaccount/admission.go",
        ),
        pytest.param(
            'pods "web" is forbidden: no PriorityClass with name gold was found',
            "The PriorityClass gold has to be there first",
            id="plugin/pkg/admission/priority/admission.go",
        ),
        pytest.param(
            'configmaps "a" is forbidden: unable to create new content in namespace n because it is being terminated',
            "Wait until the namespace is gone",
            id="plugin/namespace/lifecycle/admission.go",
        ),
        pytest.param(
            'roles "r" is forbidden: user "joe" is attempting to grant RBAC permissions not currently held:',
            "escalate on roles and bind",
            id="pkg/registry/rbac/validation",
        ),
        pytest.param(
            "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
            "the ValidatingAdmissionPolicy p lets it pass",
            id="plugin/policy/validating/plugin.go",
        ),
        pytest.param(
            'admission webhook "v.example.org" denied the request: no {braces}',
            "the webhook v.example.org lets it pass",
            id="plugin/webhook/errors/statuserror.go",
        ),
    ],
)
def test_the_remedy_is_that_of_the_refusal(said: str, hint: str) -> None:
    """The words of Kubernetes 1.34, from the files that the rows name."""
    body = json.dumps({"kind": "Status", "message": said, "reason": "Forbidden"}).encode()
    error = answered_error(server="https://here", verb="POST", path="/x", code=403, body=body)
    assert hint in (error.hint or "")
    assert "Give this user the right by" not in error.sentence
