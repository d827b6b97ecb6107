# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that waits for a silent store ends once it is told to: it does not sit the store's 60 seconds out."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.s3_wire import S3Wire
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._store.silent_s3 import Silent

#: In seconds; it takes two, and more on a busy machine.
_FAR_BELOW_THE_STORES_OWN = 30

MODULES: dict[str, dict[str, t.Any]] = {
    "k8s_backup_info": {},
    "k8s_backup": {"name": "n", "state": "absent"},
}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_obeys_before_the_store_answers(module: str) -> None:
    silent = Silent("ListObjects")
    with S3Wire(silent) as wire:
        place = {"bucket": "b", "endpoint_url": wire.url, "access_key": "k" * 16, "secret_key": "s" * 16}
        given = {"ANSIBLE_MODULE_ARGS": {**MODULES[module], "storage_location": place, "_ansible_remote_tmp": "/tmp"}}
        code = (
            "import sys\n"
            f"sys.path[:0] = {[path for path in sys.path if path]!r}\n"
            "from ansible.module_utils import basic\n"
            "basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.argv[1].encode(), 'legacy'\n"
            f"from ansible_collections.arkive.k8s.plugins.modules import {module}\n"
            f"{module}.main()\n"
        )
        argv = [sys.executable, "-c", code, json.dumps(given)]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        try:
            assert silent.met.wait(30)
            process.send_signal(signal.SIGTERM)
            output, _stderr = process.communicate(timeout=_FAR_BELOW_THE_STORES_OWN)
        finally:
            process.kill()
            process.wait()
    result = json.loads(output)
    assert result["failed"]
    assert "no answer by the time that the run was told to stop" in result["msg"]
