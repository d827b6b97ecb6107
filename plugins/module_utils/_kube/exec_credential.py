# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credential plugins: programs that a kubeconfig names under ``users[].user.exec``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import parse_rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask, remember_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._kube.bounded_process import Ended, run_bounded
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_document import Entry
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kubeconfig_fields import Fields
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pem import Pem, pem_from_option

#: A plugin has nobody to ask: it reads a cache or asks a service.
PLUGIN_SECONDS = 60.0
_LARGEST_ANSWER = 1 << 20
_GROUP = "client.authentication.k8s.io/"
_EXTENSION = "client.authentication.k8s.io/exec"
_SHOWN_LINES = 5
_SHOWN_CHARACTERS = 600


class ExecCredential(t.NamedTuple):
    """What the plugin gave: a token, or a certificate and its key, or all of them."""

    token: str
    client_cert: Pem | None
    client_key: Pem | None
    expires_at: dt.datetime | None


def run_plugin(user: Entry, cluster: Entry, *, cancel: CancelToken, seconds: float = PLUGIN_SECONDS) -> ExecCredential:
    """Run the plugin of ``user`` and take its answer. Raises ``KubeError`` and ``Cancelled``."""
    return _Plugin(user, cluster).run(cancel, seconds)


class _Plugin:
    def __init__(self, user: Entry, cluster: Entry) -> None:
        self._settings = user.fields.fields("exec")
        self._cluster = cluster
        self._command = self._settings.text("command")
        if not self._command:
            raise self._settings.wrong("has no command")
        self._version = self._settings.text("apiVersion")
        if not self._version.startswith(_GROUP):
            raise self._settings.wrong(f"has no apiVersion of the group {_GROUP.rstrip('/')}")
        if self._settings.text("interactiveMode") == "Always":
            raise KubeError(
                f"The credential plugin '{self._command}' of {user.fields.where} wants to ask somebody"
                " (interactiveMode: Always), and nobody can answer in an Ansible task.",
                hint="Use a kubeconfig with a token, a client certificate or a plugin that does not ask.",
            )
        self._path = os.path.expanduser(self._command)
        if os.sep in self._path and user.folder:
            self._path = os.path.join(user.folder, self._path)
        self._where = user.fields.where
        self._arguments = self._settings.texts("args")
        self._own_env = self._read_env()

    def run(self, cancel: CancelToken, seconds: float) -> ExecCredential:
        env = {**os.environ, **self._own_env, "KUBERNETES_EXEC_INFO": self._info()}
        try:
            ended = run_bounded(
                [self._path, *self._arguments], env, seconds=seconds, limit=_LARGEST_ANSWER, cancel=cancel
            )
        except (OSError, ValueError) as exc:
            why = "it was not found" if isinstance(exc, FileNotFoundError) else getattr(exc, "strerror", None)
            said = " ".join(mask(self._settings.text("installHint"), self._secrets()).split())[:_SHOWN_CHARACTERS]
            raise self._failed(f"it could not be started: {why or 'its name or environment is invalid'}", said) from exc
        if ended.flooded:
            raise self._failed(f"it wrote more than {_LARGEST_ANSWER >> 20} MiB and was ended")
        if ended.rc is None:
            raise self._failed(f"it gave no credential within {seconds:g} s and was ended{self._words(ended)}")
        if ended.rc != 0:
            how = f"exit code {ended.rc}" if ended.rc > 0 else f"signal {-ended.rc}"
            raise self._failed(f"it ended with {how}{self._words(ended)}")
        return self._credential(self._status(ended))

    def _read_env(self) -> dict[str, str]:
        found = {}
        for number, entry in enumerate(self._settings.entries("env"), start=1):
            fields = Fields(entry, f"entry {number} of env in {self._settings.where}")
            name = fields.text("name")
            if not name or "=" in name:
                raise fields.wrong("has no name that can be one")
            found[name] = fields.text("value")
        return found

    def _secrets(self) -> set[str]:
        return {*self._own_env.values(), *self._arguments}

    def _info(self) -> str:
        spec: dict[str, t.Any] = {"interactive": False}
        if self._settings.flag("provideClusterInfo"):
            spec["cluster"] = _cluster_info(self._cluster)
        info = {"apiVersion": self._version, "kind": "ExecCredential", "spec": spec}
        try:
            # YAML has dates, which are text for client-go.
            return json.dumps(info, default=str, allow_nan=False)
        except (ValueError, TypeError, RecursionError) as exc:
            raise self._cluster.fields.wrong("has extensions that cannot be written as JSON for its plugin") from exc

    def _status(self, ended: Ended) -> Fields:
        try:
            answer = json.loads(ended.stdout)
        except (ValueError, RecursionError) as exc:
            raise self._failed("its answer is not JSON") from exc
        if not isinstance(answer, dict) or answer.get("kind") != "ExecCredential":
            raise self._failed("its answer is no ExecCredential")
        if answer.get("apiVersion") != self._version:
            raise self._failed(f"its answer has another apiVersion than {self._version}")
        return Fields(answer, self._named).fields("status")

    def _credential(self, status: Fields) -> ExecCredential:
        token, cert, key = (status.text(name) for name in ("token", "clientCertificateData", "clientKeyData"))
        remember_secrets([token, key])
        if not token and not cert:
            raise self._failed("its answer has neither a token nor a certificate")
        if bool(cert) != bool(key):
            raise self._failed("its answer has a certificate without a key, or a key without a certificate")
        return ExecCredential(
            token=token.strip(),
            client_cert=Pem(f"the certificate of {self._named}", cert.encode()) if cert else None,
            client_key=Pem(f"the key of {self._named}", key.encode()) if key else None,
            expires_at=self._expiry(status.text("expirationTimestamp")),
        )

    def _expiry(self, text: str) -> dt.datetime | None:
        try:
            return parse_rfc3339(text) if text else None
        except Exception as exc:
            raise self._failed("its answer has an expirationTimestamp that is no time") from exc

    def _words(self, ended: Ended) -> str:
        """The first lines of what it wrote to standard error, without the secrets that it was given."""
        text = mask(ended.stderr.decode("utf-8", "replace"), self._secrets())
        lines = [line.strip() for line in text.splitlines() if line.strip()][:_SHOWN_LINES]
        shown = "".join(char if char.isprintable() else "?" for char in " | ".join(lines))[:_SHOWN_CHARACTERS]
        return f": {shown.rstrip('.')}" if shown else ""

    @property
    def _named(self) -> str:
        return f"the credential plugin '{self._command}' of {self._where}"

    def _failed(self, why: str, hint: str = "") -> KubeError:
        advice = "Run it by hand, or kubectl with the same kubeconfig."
        return KubeError(f"T{self._named[1:]} failed: {why}.", hint=f"{hint.rstrip('.')}. {advice}" if hint else advice)


def _cluster_info(cluster: Entry) -> dict[str, t.Any]:
    """The cluster as client-go gives it to a plugin, the CA by its content."""
    fields = cluster.fields
    names = ("server", "tls-server-name", "insecure-skip-tls-verify", "proxy-url", "disable-compression")
    info = {name: fields.value(name) for name in (*names, "certificate-authority-data") if name in fields}
    if "certificate-authority-data" not in info and "certificate-authority" in fields:
        path = os.path.join(cluster.folder, fields.text("certificate-authority"))
        pem = pem_from_option("certificate-authority", path)
        info["certificate-authority-data"] = base64.b64encode(pem.data if pem else b"").decode()
    for entry in fields.entries("extensions"):
        if isinstance(entry, dict) and entry.get("name") == _EXTENSION:
            info["config"] = entry.get("extension")
    return info


__all__ = ("PLUGIN_SECONDS", "ExecCredential", "run_plugin")
