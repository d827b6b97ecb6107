# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credential plugins that misbehave, as real programs."""

from __future__ import annotations

import sys
import threading
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import Cancelled
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_credential import ExecCredential, run_plugin
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_document import read_kubeconfig

API = "client.authentication.k8s.io/v1"
GOOD = '{"apiVersion": "' + API + '", "kind": "ExecCredential", "status": {"token": "abc"}}'


def run(body: str, *, seconds: float = 20.0, cancel: CancelToken | None = None, **settings: t.Any) -> ExecCredential:
    plugin = {"apiVersion": API, "command": sys.executable, "args": ["-c", body], **settings}
    config = read_kubeconfig(
        {
            "users": [{"name": "u", "user": {"exec": plugin}}],
            "clusters": [{"name": "c", "cluster": {"server": "https://c:1", "extensions": None}}],
        }
    )
    user, cluster = config.entry("users", "u"), config.entry("clusters", "c")
    assert user is not None
    assert cluster is not None
    return run_plugin(user, cluster, cancel=cancel or CancelToken(), seconds=seconds)


def test_a_good_one_gets_no_terminal_and_no_input() -> None:
    body = (
        f"import sys, os, json; info = json.loads(os.environ['KUBERNETES_EXEC_INFO']); "
        f"assert info['spec'] == {{'interactive': False, 'cluster': {{'server': 'https://c:1'}}}}, info; "
        f"assert sys.stdin.read() == ''; print('''{GOOD}''')"
    )
    assert run(body, provideClusterInfo=True).token == "abc"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param("print('x' * 3_000_000)", "it wrote more than 1 MiB and was ended", id="flood"),
        pytest.param("print('no')", "its answer is not JSON", id="garbage"),
        pytest.param("print('[]')", "its answer is no ExecCredential", id="list"),
        pytest.param("print('''" + GOOD.replace("/v1", "/v9") + "''')", "another apiVersion", id="version"),
        pytest.param("print('''" + GOOD.replace('"abc"', "7") + "''')", "where text belongs", id="number"),
        pytest.param("print('''" + GOOD.replace('"token": "abc"', "") + "''')", "neither a token nor", id="nothing"),
        pytest.param("import sys; sys.exit('no login')", "it ended with exit code 1: no login", id="exit code"),
        pytest.param("import os; os.kill(os.getpid(), 9)", "it ended with signal 9", id="signal"),
    ],
)
def test_failures(body: str, sentence: str) -> None:
    with pytest.raises(KubeError) as caught:
        run(body)
    assert sentence in caught.value.sentence


def test_what_it_writes_is_bounded_and_masked() -> None:
    body = "import os, sys; sys.stderr.write(os.environ['ANY'] + '\\n' + 'y' * 5_000_000); sys.exit(3)"
    with pytest.raises(KubeError) as caught:
        run(body, env=[{"name": "ANY", "value": "s3cret"}])
    assert "s3cret" not in caught.value.sentence
    assert "exit code 3: ********" in caught.value.sentence
    assert len(caught.value.sentence) < 1500


def test_a_missing_one_says_how_to_install_it() -> None:
    with pytest.raises(KubeError) as caught:
        run("", command="no-such-plugin", installHint="Install it\nfrom the shop.")
    assert "it was not found. Install it from the shop. Run it by hand" in caught.value.sentence


def test_one_that_wants_to_ask_is_refused() -> None:
    with pytest.raises(KubeError, match="wants to ask somebody"):
        run("", interactiveMode="Always")


def _grandchild(folder: Path) -> str:
    loop = f"import time, pathlib\\nwhile True: pathlib.Path('{folder}/alive').touch(); time.sleep(0.05)"
    return f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', \"{loop}\"]); time.sleep(60)"


def _require_gone(folder: Path) -> None:
    (folder / "alive").unlink()
    time.sleep(0.5)
    assert not (folder / "alive").exists(), "its child was ended with it"


def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(KubeError, match=r"no credential within 2 s and was ended"):
        run(_grandchild(tmp_path), seconds=2.0)
    assert time.monotonic() - started < 5
    _require_gone(tmp_path)


def test_a_cancelled_run_does_not_wait_for_it(tmp_path: Path) -> None:
    cancel, cancelled = CancelToken(), []

    def cancel_when_alive() -> None:
        while not (tmp_path / "alive").exists():
            time.sleep(0.02)
        cancelled.append(time.monotonic())
        cancel.cancel("test")

    threading.Thread(target=cancel_when_alive, daemon=True).start()
    with pytest.raises(Cancelled):
        run(_grandchild(tmp_path), cancel=cancel)
    assert time.monotonic() - cancelled[0] < 2
    _require_gone(tmp_path)


def test_a_child_that_keeps_the_output_open_is_not_waited_for() -> None:
    body = f"import subprocess, sys; print('''{GOOD}'''); sys.stdout.flush(); subprocess.Popen(['sleep', '30'])"
    started = time.monotonic()
    assert run(body).token == "abc"
    assert time.monotonic() - started < 5
