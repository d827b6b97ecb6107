# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say how the API server is reached (documented in the fragment ``_auth``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
import typing as t

from ansible.module_utils.common.warnings import warn

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.auth_environment import (
    set_variable,
    unverified_by_awx,
)

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth


def _option(variable: str, **settings: t.Any) -> dict[str, t.Any]:
    return {"type": "str", "fallback": (set_variable, [f"K8S_AUTH_{variable}"]), **settings}


_PROXY_HEADERS = ArgumentSpec(
    options={
        "basic_auth": _option("PROXY_HEADERS_BASIC_AUTH", no_log=True),
        "proxy_basic_auth": _option("PROXY_HEADERS_PROXY_BASIC_AUTH", no_log=True),
        "user_agent": _option("PROXY_HEADERS_USER_AGENT"),
    }
)

AUTH = ArgumentSpec(
    options={
        # Masking every value of a kubeconfig would mask words like "v1" in the result: see secret_params.
        "kubeconfig": _option("KUBECONFIG", type="raw", no_log=False),
        "context": _option("CONTEXT"),
        "host": _option("HOST"),
        "api_key": _option("API_KEY", no_log=True),
        "username": _option("USERNAME"),
        "password": _option("PASSWORD", no_log=True),
        "validate_certs": _option("VERIFY_SSL", type="bool", aliases=["verify_ssl"]),
        "ca_cert": _option("SSL_CA_CERT", type="path", aliases=["ssl_ca_cert"]),
        "client_cert": _option("CERT_FILE", type="path", aliases=["cert_file"]),
        "client_key": _option("KEY_FILE", type="path", aliases=["key_file"], no_log=False),
        "proxy": _option("PROXY"),
        "no_proxy": _option("NO_PROXY"),
        "proxy_headers": _PROXY_HEADERS.to_option(apply_defaults=True),
        "impersonate_user": _option("IMPERSONATE_USER"),
        "impersonate_groups": _option("IMPERSONATE_GROUPS", type="list", elements="str"),
    },
    required_together=(("client_cert", "client_key"),),
    required_by={"impersonate_groups": ("impersonate_user",)},
)


def kube_auth(params: t.Mapping[str, t.Any]) -> KubeAuth:
    """The credential that the options give. Warns, as it is about to be used, when it is not safe."""
    # A module that has these options only for module_defaults loads no client.
    from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth

    if sentence := unverified_by_awx(params, os.environ):
        warn(sentence)
    headers = {name: value for name, value in (params["proxy_headers"] or {}).items() if value is not None}
    plain = {name: params[name] for name in AUTH.options if name not in ("proxy_headers", "impersonate_groups")}
    return KubeAuth(
        **plain, proxy_headers=headers or None, impersonate_groups=tuple(params["impersonate_groups"] or ())
    )


def names_cluster(params: t.Mapping[str, t.Any]) -> bool:
    """Whether the task says which cluster it is about."""
    return any(params[name] for name in ("kubeconfig", "context", "host"))


__all__ = ("AUTH", "kube_auth", "names_cluster")
