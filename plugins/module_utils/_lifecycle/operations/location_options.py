# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a BackupStorageLocation and its Secret to the options of a storage location (docs/compatibility 7.6)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import base64
import binascii
import configparser
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import ObjectView
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import remember_secrets

AWS_PROVIDERS = ("aws", "velero.io/aws")
_LOCATIONS_HINT = "Say with the option locations where it is."
#: What the plugin's keys are called among the options of a location.
_TEXTS = {"region": "region", "s3Url": "endpoint_url", "kmsKeyId": "kms_key_id", "serverSideEncryption": "sse"}
#: Change nothing that we would do otherwise.
_WITHOUT_EFFECT = frozenset(
    {"publicUrl", "signatureVersion", "enableSharedConfig", "checksumAlgorithm", "bucket", "prefix", "caCert"}
)
_SWITCHES = {"s3ForcePathStyle", "insecureSkipTLSVerify"}
#: The profile of a credentials file that counts where none is named.
DEFAULT_PROFILE = "default"
_CREDENTIALS = {
    "aws_access_key_id": "access_key",
    "aws_secret_access_key": "secret_key",
    "aws_session_token": "session_token",
}


def location_options(bsl: ObjectView, *, credentials: str, ca_bundle: str | None) -> dict[str, t.Any]:
    """The options for ``make_location``. ``credentials``: the text of the AWS file in its Secret, empty for none.

    Raises ``ValidationError`` for another provider, and for what its plugin would be told that we cannot do.
    """
    name, spec = bsl["metadata"]["name"], bsl.get("spec") or {}
    if spec.get("provider") not in AWS_PROVIDERS:
        raise ValidationError(
            f"{bsl['kind']} '{name}' has the provider '{spec.get('provider', '')}', which is not AWS's.",
            hint=_LOCATIONS_HINT,
        )
    storage, config = spec.get("objectStorage") or {}, spec.get("config") or {}
    return {
        "name": name,
        "bucket": storage.get("bucket") or "",
        "prefix": storage.get("prefix") or None,
        "ca_bundle": ca_bundle,
        **_from_config(f"{bsl['kind']} '{name}'", config),
        **credentials_of(str(bsl["kind"]), name, credentials, config.get("profile") or DEFAULT_PROFILE),
    }


def ca_certificate(bsl: ObjectView) -> bytes:
    """What its ``caCert`` holds, empty without one. Raises ``ValidationError`` when that is not base64."""
    text = ((bsl.get("spec") or {}).get("objectStorage") or {}).get("caCert") or ""
    return decode(str(text), f"spec.objectStorage.caCert of {bsl['kind']} '{bsl['metadata']['name']}'")


def decode(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValidationError(f"{what} is not base64.") from exc


def public_url(bsl: ObjectView) -> str:
    """The endpoint by which clients reach the bucket, empty when it is the server's own."""
    return str(((bsl.get("spec") or {}).get("config") or {}).get("publicUrl") or "")


def _from_config(what: str, config: t.Mapping[str, str]) -> dict[str, t.Any]:
    found: dict[str, t.Any] = {option: config[key] for key, option in _TEXTS.items() if config.get(key)}
    if found.get("kms_key_id"):
        found["sse"] = found.get("sse") or "aws:kms"
    if _is_true(config, "s3ForcePathStyle"):
        found["addressing_style"] = "path"
    if _is_true(config, "insecureSkipTLSVerify"):
        found["validate_certs"] = False
    unknown = sorted(set(config) - set(_TEXTS) - _WITHOUT_EFFECT - _SWITCHES - {"profile"})
    if unknown:
        raise ValidationError(
            f"{what} has settings that cannot be followed: {', '.join(unknown)}.",
            hint=_LOCATIONS_HINT,
        )
    return found


def _is_true(config: t.Mapping[str, str], key: str) -> bool:
    """As Go's ``strconv.ParseBool``."""
    return config.get(key) in ("1", "t", "T", "true", "TRUE", "True")


def credentials_of(kind: str, name: str, text: str, profile: str) -> dict[str, str]:
    """The keys of one profile of an AWS credentials file, which an object of ``kind`` uses.

    Raises ``ValidationError``.
    """
    if not text.strip():
        return {}
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as exc:
        # The parser's own words show lines of the file.
        raise ValidationError(f"The credentials of {kind} '{name}' are not a credentials file of AWS.") from exc
    if not parser.has_section(profile):
        raise ValidationError(
            f"The credentials of {kind} '{name}' have no profile '{profile}'.",
            hint="Name one that they have in config.profile.",
        )
    values = dict(parser.items(profile))
    found = {option: values[key].strip() for key, option in _CREDENTIALS.items() if values.get(key)}
    remember_secrets(found.values())
    return found


__all__ = (
    "AWS_PROVIDERS",
    "DEFAULT_PROFILE",
    "ca_certificate",
    "credentials_of",
    "decode",
    "location_options",
    "public_url",
)
