# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole actions of the blueprints beside this file, run in one namespace of the cluster."""

from __future__ import annotations

import typing as t
from pathlib import Path

from phase_lab import PhaseLab

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_outcome import ActionOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.blueprint_task import plan_blueprint, run_blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import PodDefaults
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.hook_settings import BLUEPRINT_NAMESPACE
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.reading import read_blueprints
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun

BLUEPRINTS = Path(__file__).with_name("blueprints")


class BlueprintLab:
    """``artifacts`` go from each action that gave some to the next one; ``warnings`` are those of all of them."""

    def __init__(self, phases: PhaseLab, blueprint: str, subject: Subject, *, service_account: str = "") -> None:
        source = BLUEPRINTS / f"{blueprint}.yml"
        [read] = read_blueprints(source.read_text(), source=source.name)
        self._read = read
        self._phases = phases
        self._subject = subject
        self._pods = PodDefaults(
            namespace=phases.namespace, service_account=service_account, kasten_namespace=BLUEPRINT_NAMESPACE
        )
        self._issues = Issues()
        self.artifacts: t.Mapping[str, t.Any] = {}

    def run(self, action: str) -> ActionOutcome:
        """To its end, which is a good one; check mode says before that it can be run."""
        request = self._request(action)
        planned = plan_blueprint(self._cluster_run(), request, self._read.findings)
        assert [each.name for each in planned.planned] == [each.name for each in request.action.all_phases]
        done = run_blueprint(self._cluster_run(), request, self._read.findings).action
        assert done is not None
        assert done.state == "complete", done.error
        self.artifacts = done.artifacts or self.artifacts
        return done

    def artifact(self, name: str) -> dict[str, str]:
        return dict(self.artifacts[name].key_values)

    @property
    def warnings(self) -> list[str]:
        return [issue.message for issue in self._issues.warnings]

    def _cluster_run(self) -> ClusterRun:
        return ClusterRun(client=self._phases.client, run_id="live", issues=self._issues)

    def _request(self, action: str) -> ActionRequest:
        return ActionRequest(
            blueprint=self._read.blueprint,
            action_name=action,
            subject=self._subject,
            pods=self._pods,
            artifacts_in=self.artifacts,
            phase_seconds=180.0,
        )


__all__ = ("BLUEPRINTS", "BlueprintLab")
