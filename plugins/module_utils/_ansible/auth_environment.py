# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the environment says about the API server: ``K8S_AUTH_*``, as a person or a credential of AWX sets them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.errors import AnsibleFallbackNotFound
from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE

_VERIFY, _AUTHORITY = "K8S_AUTH_VERIFY_SSL", "K8S_AUTH_SSL_CA_CERT"
#: What AWX sets for its jobs, and nobody else.
_JOB = "AWX_PRIVATE_DATA_DIR"

_UNVERIFIED = (
    "The AWX credential switched the verification of the API server's certificate off, because it has no certificate"
    " authority, or Verify SSL is not ticked: whoever stands between this job and the server can read its token. Put"
    " the cluster's certificate authority into the credential, and tick Verify SSL."
)


def set_variable(*names: str) -> t.Any:
    """A fallback of options: what the first of these variables says that is set to something."""
    value = env_fallback(*names)
    if not value.strip():
        raise AnsibleFallbackNotFound
    return value


def unverified_by_awx(params: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> str:
    """A warning, where a credential of AWX has switched off what its user has most likely ticked."""
    switched_off = environ.get(_VERIFY, "").strip().lower() in BOOLEANS_FALSE and not environ.get(_AUTHORITY)
    is_used = params["validate_certs"] is False and not str(params["host"] or "").startswith("http:")
    return _UNVERIFIED if _JOB in environ and switched_off and is_used else ""


__all__ = ("set_variable", "unverified_by_awx")
