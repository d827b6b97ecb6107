# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other thing that the engine is compared with: what a user would write in ten lines, with nothing of this project.

The lists one after the other, page by page, into one gzip stream. ``python -m benches.user_run KUBECONFIG FILE PATH
...`` prints one JSON object.
"""

from __future__ import annotations

import gzip
import json
import sys
import time

import requests
from kubernetes import client, config

PAGE_SIZE = "500"
#: That of the gzip program; Python's own is 9, which takes longer.
_LEVEL = 6


def main() -> None:
    kubeconfig, file, *paths = sys.argv[1:]
    access = client.Configuration()
    config.load_kube_config(kubeconfig, client_configuration=access)
    started, started_cpu = time.monotonic(), time.process_time()
    size = 0
    with requests.Session() as session, gzip.open(file, "wb", _LEVEL) as stream:
        session.trust_env = False
        session.verify = access.ssl_ca_cert or True
        session.cert = (access.cert_file or "", access.key_file or "")
        # Between two programs of one machine compression only costs.
        session.headers["Accept-Encoding"] = "identity"
        for path in paths:
            query = {"limit": PAGE_SIZE}
            while query:
                answer = session.get(f"{access.host}{path}", params=query, timeout=60)
                answer.raise_for_status()
                size += stream.write(answer.content)
                token = answer.json()["metadata"].get("continue")
                query = {"limit": PAGE_SIZE, "continue": token} if token else {}
    spent = {"seconds": time.monotonic() - started, "cpu_seconds": time.process_time() - started_cpu}
    print(json.dumps({**spent, "json_bytes": size}))


if __name__ == "__main__":
    main()
