# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What S3 servers and botocore say, as a sentence about the storage location.

Works on the exceptions' names and response dicts, so that it needs no import of botocore.
"""

from __future__ import annotations

import typing as t
import urllib.parse

from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError, StoreFailure

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.aws_access import AwsAccess
    from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation

_WRONG_REGION = frozenset({"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"})
_DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "AccountProblem", "UnauthorizedAccess", "403"})
_NOT_FOUND = frozenset({"NoSuchKey", "NotFound", "404"})
#: What is wrong with credentials, and the remedy, by the code or the class of the exception.
CREDENTIALS: dict[str, tuple[str, str | None]] = {
    "InvalidAccessKeyId": ("the server does not know the access key", "Check 'access_key'."),
    "SignatureDoesNotMatch": ("the secret key does not belong to the access key", "Check 'secret_key'."),
    "ExpiredToken": ("the session token has expired", "Get new credentials."),
    "InvalidToken": ("the session token is not valid", "Check 'session_token'."),
    "RequestTimeTooSkewed": ("this machine's clock differs too much from the server's", "Set the clock."),
    "NoCredentialsError": ("there are no credentials", "Give 'access_key' and 'secret_key', or 'profile'."),
    "PartialCredentialsError": ("the credentials are incomplete", "Give 'access_key' and 'secret_key'."),
    "ProfileNotFound": ("the AWS profile does not exist", "Check 'profile'."),
    "CredentialRetrievalError": ("the credentials could not be got", None),
    "TokenRetrievalError": ("the SSO token could not be got", "Log in with 'aws sso login'."),
    "UnauthorizedSSOTokenError": ("the SSO token has expired", "Log in with 'aws sso login'."),
    "SSOTokenLoadError": ("there is no SSO token", "Log in with 'aws sso login'."),
}
#: Why there is no connection, by the class of the exception.
UNREACHABLE = {
    "EndpointConnectionError": "no connection",
    "ConnectTimeoutError": "no connection in time",
    "ReadTimeoutError": "no answer in time",
    "ConnectionClosedError": "the connection was closed",
    "ConnectionError": "no connection",
    "ProxyConnectionError": "no connection to the proxy",
    "HTTPClientError": "the HTTP request failed",
    "ResponseStreamingError": "the connection broke",
    "IncompleteReadError": "the connection broke",
    "Abandoned": "no answer by the time that the run was told to stop",
    "Overdue": "no answer in time",
}
#: How servers say that they do not know a kind of request or a header of it; some say no more than the status.
_UNSUPPORTED = frozenset({"NotImplemented", "MethodNotAllowed", "ParamValidationError"})
_UNSUPPORTED_STATUS = frozenset({400, 405, 501})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST = 300


def error_code(exc: Exception) -> str:
    """The server's code (``NoSuchKey``), the HTTP status where it gave none, else the exception's class name."""
    status = status_code(exc)
    return str(_error(exc).get("Code") or "") or (str(status) if status else type(exc).__name__)


def status_code(exc: Exception) -> int | None:
    """The HTTP status, None when there was no answer."""
    status = _metadata(exc).get("HTTPStatusCode")
    return status if isinstance(status, int) else None


def is_unsupported(exc: Exception) -> bool:
    """The server refuses this kind of request, whoever asks for whatever: there may be another way."""
    code = error_code(exc)
    if code in CREDENTIALS or code in _WRONG_REGION:
        return False
    return code in _UNSUPPORTED or status_code(exc) in _UNSUPPORTED_STATUS


def is_hopeless(exc: Exception) -> bool:
    """The next request will meet the same: nobody answers, or nobody like these credentials is let in."""
    return status_code(exc) is None or error_code(exc) in CREDENTIALS


def store_error(location: StorageLocation, exc: Exception, *, verb: str, key: str = "") -> StoreError:
    """``exc`` as a ``StoreError``. ``verb`` and ``key`` say what was tried: ``write``, ``backups/x/x.tar.gz``."""
    code = error_code(exc)
    place = f"the storage location '{location.name}' ({location.describe})"
    tried = f"Cannot {verb} {key} in {place}" if key else f"Cannot {verb} {place}"
    failure, why, hint = _explain(location, exc, code)
    return StoreError(f"{tried}: {why}.", failure=failure, hint=hint, details={"code": code})


def _explain(location: StorageLocation, exc: Exception, code: str) -> tuple[StoreFailure, str, str | None]:
    if code == "NoSuchBucket":
        where = f" at {location.endpoint_text}" if location.endpoint_url else ""
        return "no_location", f"the bucket '{location.bucket}' does not exist{where}", "Create it or check 'bucket'."
    if code in _NOT_FOUND:
        return "not_found", "it does not exist", None
    if code in CREDENTIALS:
        why, hint = CREDENTIALS[code]
        return "credentials", why, hint
    if code in _DENIED:
        return "denied", "the server denies it to these credentials", "Grant list, get, put and delete on the bucket."
    if code in _WRONG_REGION or status_code(exc) in _REDIRECTS:
        return _redirected(location, exc)
    if code == "SSLError":
        return "unreachable", f"TLS failed: {exception_text(exc, location)}", "Give the server's CA as 'ca_bundle'."
    if code in UNREACHABLE:
        target = location.endpoint_text or "the S3 endpoint"
        return (
            "unreachable",
            f"{target} cannot be reached: {UNREACHABLE[code]}",
            "Check 'endpoint_url' and network.",
        )
    return "other", exception_text(exc, location), _remedy(exc)


def _redirected(location: StorageLocation, exc: Exception) -> tuple[StoreFailure, str, str | None]:
    headers = _metadata(exc).get("HTTPHeaders")
    headers = headers if isinstance(headers, dict) else {}
    region = _error(exc).get("Region") or headers.get("x-amz-bucket-region")
    asked = f", not in '{location.region}'" if location.region else ""
    if region:
        return "no_location", f"the bucket is in the region '{region}'{asked}", "Set 'region' to the bucket's."
    # Only the host: a page to log in at may have anything in its address.
    host = _host(headers.get("location")) or _host(_error(exc).get("Endpoint"))
    if host:
        return "no_location", f"the server sends us to {host}", "Check 'endpoint_url' and 'region'."
    return "no_location", f"the bucket is in another region{asked}", "Set 'region' to the bucket's."


def _host(address: object) -> str:
    try:
        parts = urllib.parse.urlsplit(str(address or ""))
        return printable(parts.hostname or parts.path.partition("/")[0])
    except ValueError:
        return ""


def _remedy(exc: Exception) -> str:
    status = status_code(exc)
    if type(exc).__name__ == "BadAnswer":
        return "Check that 'endpoint_url' is that of an S3 server, and what stands between."
    if status is not None and status >= 500:
        return "Try again later; if it stays, see the server's log."
    return "See the server's log for the reason."


def exception_text(exc: Exception, access: AwsAccess) -> str:
    """The server's own words with its code, else the exception's, on one line and without what is secret."""
    said = str(_error(exc).get("Message") or "")
    code = error_code(exc)
    if not said and status_code(exc) is not None:
        return f"the server answers with {code}" if code.isdigit() else f"the server answers with the error {code}"
    words = " ".join(access.masked(printable(said or str(exc) or type(exc).__name__)).split()).rstrip(".")
    if len(words) > _LONGEST:
        words = f"{words[:_LONGEST]}..."
    return f"{words} ({code})" if said else words


def printable(text: str) -> str:
    """``text`` with blanks for what a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def _error(exc: Exception) -> t.Mapping[str, t.Any]:
    return _part(exc, "Error")


def _metadata(exc: Exception) -> t.Mapping[str, t.Any]:
    return _part(exc, "ResponseMetadata")


def _part(exc: Exception, name: str) -> t.Mapping[str, t.Any]:
    response = getattr(exc, "response", None)
    found = response.get(name) if isinstance(response, dict) else None
    return found if isinstance(found, dict) else {}


__all__ = (
    "CREDENTIALS",
    "UNREACHABLE",
    "error_code",
    "exception_text",
    "is_hopeless",
    "is_unsupported",
    "status_code",
    "store_error",
)
