# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A thousand commands in up to 200 real pods, in one block: bounded threads, and each of them accounted for."""

from __future__ import annotations

import os
import random
import subprocess
import traceback
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from campaigns.live_support import HookPods, run_many_hooks

_HOOKS = 1000
_PODS = (50, 200)


class HooksCampaign:
    """On the cluster that the environment names, as the live tests have it. Each case has a namespace of its own."""

    def __enter__(self) -> t.Self:
        kubeconfig = os.environ["ARKIVE_TEST_KUBECONFIG"]
        self._client = connect(KubeAuth(kubeconfig=kubeconfig))
        self._argv = [os.environ.get("ARKIVE_TEST_KUBECTL") or "kubectl", "--kubeconfig", kubeconfig]
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing is shared."""

    def run_case(self, chance: random.Random) -> str:
        count = chance.randint(*_PODS)
        namespace = f"arkive-test-{chance.getrandbits(48):012x}"
        self._kubectl("create", "namespace", namespace)
        try:
            run_many_hooks(HookPods(self._client, self._kubectl, namespace), count, _HOOKS // count)
        except (AssertionError, subprocess.CalledProcessError) as exc:
            line = traceback.extract_tb(exc.__traceback__)[-1].line
            return f"{count} pods: {line}: {' '.join(str(exc).split())[:400]}"
        finally:
            self._kubectl("delete", "namespace", namespace, "--wait=false")
        return ""

    def _kubectl(self, *words: str, stdin: str | None = None) -> str:
        argv = [*self._argv, *words]
        return subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, text=True, timeout=180, check=True).stdout


__all__ = ("HooksCampaign",)
