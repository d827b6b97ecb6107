# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, certificates and kubeconfigs: elliptic curve keys made by openssl, about 10 ms each."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kubelab.commands import run, write
from kubelab.model import API_SERVICE, NODE_ADDRESS, NODE_NAME, Lab

_NEW = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365")
_NODE_USER = f"/O=system:nodes/CN=system:node:{NODE_NAME}"
_SERVICE = "kubernetes.default.svc.cluster.local"
_API_NAMES = ",".join(f"DNS:{'.'.join(_SERVICE.split('.')[:n])}" for n in (1, 2, 3, 5))


@dataclass(frozen=True, slots=True)
class _Certificate:
    name: str
    subject: str
    names: str = ""  # subjectAltName
    authority: str = "ca"


_CERTIFICATES = (
    _Certificate(
        "apiserver",
        "/CN=kube-apiserver",
        f"{_API_NAMES},DNS:localhost,IP:127.0.0.1,IP:{NODE_ADDRESS.ip},IP:{API_SERVICE}",
    ),
    _Certificate("apiserver-kubelet", "/O=system:masters/CN=apiserver-kubelet"),
    _Certificate("front", "/CN=front-proxy", authority="front-ca"),
    _Certificate("kubelet-serving", _NODE_USER, f"DNS:{NODE_NAME},IP:{NODE_ADDRESS.ip}"),
    _Certificate("admin", "/O=system:masters/CN=admin"),
    _Certificate("node-admin", "/O=system:masters/CN=node-admin"),
    _Certificate("controller-manager", "/CN=system:kube-controller-manager"),
    _Certificate("scheduler", "/CN=system:kube-scheduler"),
    _Certificate("proxy", "/CN=system:kube-proxy"),
    _Certificate("kubelet", _NODE_USER),
)
_KUBECONFIGS = ("admin", "node-admin", "controller-manager", "scheduler", "proxy", "kubelet")


def make_pki(lab: Lab) -> None:
    """Fill ``pki/`` in the state directory and write the administrator's ``kubeconfig``."""
    home = lab.path("pki")
    home.mkdir(mode=0o700)
    for name in ("ca", "front-ca"):
        run(
            *_NEW,
            *_files(home, name),
            "-subj",
            f"/CN=arkive-lab-{name}",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
        )
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", home / "sa.key")
    run("openssl", "ec", "-in", home / "sa.key", "-pubout", "-out", home / "sa.pub")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda c: _issue(home, c), _CERTIFICATES))
    for name in _KUBECONFIGS:
        path, server = (lab.kubeconfig, lab.host_url) if name == "admin" else (home / f"{name}.conf", lab.node_url)
        write(path, _kubeconfig(home, name, server), 0o600)


def _files(home: Path, name: str) -> tuple[str, ...]:
    return ("-keyout", f"{home}/{name}.key", "-out", f"{home}/{name}.crt")


def _issue(home: Path, wanted: _Certificate) -> None:
    extensions = [
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth,clientAuth",
    ]
    if wanted.names:
        extensions.append("subjectAltName=" + wanted.names)
    options = [o for e in extensions for o in ("-addext", e)]
    signer = ("-CA", f"{home}/{wanted.authority}.crt", "-CAkey", f"{home}/{wanted.authority}.key")
    run(*_NEW, *_files(home, wanted.name), "-subj", wanted.subject, *signer, *options)


def _kubeconfig(home: Path, name: str, server: str) -> str:
    def data(file: str) -> str:
        return base64.b64encode((home / file).read_bytes()).decode("ascii")

    context = {"cluster": "arkive-lab", "user": name}
    value = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "arkive-lab",
        "clusters": [
            {"name": "arkive-lab", "cluster": {"server": server, "certificate-authority-data": data("ca.crt")}}
        ],
        "users": [
            {
                "name": name,
                "user": {"client-certificate-data": data(f"{name}.crt"), "client-key-data": data(f"{name}.key")},
            }
        ],
        "contexts": [{"name": "arkive-lab", "context": context}],
    }
    return json.dumps(value, indent=1)


__all__ = ["make_pki"]
