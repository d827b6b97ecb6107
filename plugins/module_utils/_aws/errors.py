# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What botocore's exceptions say, in the words of AWS or of a server that speaks like it.

Works on the exceptions' names and response dicts, so that it needs no import of botocore.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess

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
_LONGEST = 300

#: How OpenSSL says that what came is no TLS, and the system's resolvers that they do not know a name.
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE")
_UNRESOLVED = ("Failed to resolve", "Name or service not known", "nodename nor servname", "name resolution")


def error_code(exc: Exception) -> str:
    """The server's code (``NoSuchKey``), the HTTP status where it gave none, else the exception's class name."""
    status = status_code(exc)
    return str(error_part(exc).get("Code") or "") or (str(status) if status else type(exc).__name__)


def status_code(exc: Exception) -> int | None:
    """The HTTP status, None when there was no answer."""
    status = metadata_part(exc).get("HTTPStatusCode")
    return status if isinstance(status, int) else None


def exception_text(exc: Exception, access: AwsAccess) -> str:
    """The server's own words with its code, else the exception's, on one line and without what is secret."""
    said = str(error_part(exc).get("Message") or "")
    code = error_code(exc)
    if not said and status_code(exc) is not None:
        return f"the server answers with {code}" if code.isdigit() else f"the server answers with the error {code}"
    words = " ".join(access.masked(printable(said or str(exc) or type(exc).__name__)).split()).rstrip(".")
    if len(words) > _LONGEST:
        words = f"{words[:_LONGEST]}..."
    return f"{words} ({code})" if said else words


def credentials_fault(exc: Exception) -> tuple[str, str | None]:
    """What is wrong with the credentials, and the remedy, of an exception whose code is in ``CREDENTIALS``."""
    why, hint = CREDENTIALS[error_code(exc)]
    profile = _argument(exc, "profile")
    return (f"the AWS profile '{printable(str(profile))}' does not exist" if profile else why), hint


def no_connection(exc: Exception) -> str:
    """Why there is no connection, of an exception whose code is in ``UNREACHABLE``: the cause that urllib3 names."""
    cause = str(_argument(exc, "error") or "")
    if any(words in cause for words in _UNRESOLVED):
        return "its name cannot be resolved"
    if "Connection refused" in cause:
        return "it refuses the connection"
    return UNREACHABLE[error_code(exc)]


def tls_fault(exc: Exception, access: AwsAccess) -> tuple[str, str]:
    """What is wrong with TLS, and the remedy, of an ``SSLError``."""
    said = str(exc)
    if any(words in said for words in _NO_TLS):
        return "what answers there speaks no TLS", "Check 'endpoint_url', which says https, and its port."
    if "mismatch" in said or "doesn't match" in said:
        return (
            f"TLS failed: {exception_text(exc, access)}",
            "Name the server in 'endpoint_url' as its certificate does.",
        )
    return f"TLS failed: {exception_text(exc, access)}", "Give the server's CA as 'ca_bundle'."


def _argument(exc: Exception, name: str) -> t.Any:
    """What botocore made its message of."""
    arguments = getattr(exc, "kwargs", None)
    return arguments.get(name) if isinstance(arguments, dict) else None


def printable(text: str) -> str:
    """``text`` with blanks for what a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def error_part(exc: Exception) -> t.Mapping[str, t.Any]:
    return _part(exc, "Error")


def metadata_part(exc: Exception) -> t.Mapping[str, t.Any]:
    return _part(exc, "ResponseMetadata")


def _part(exc: Exception, name: str) -> t.Mapping[str, t.Any]:
    response = getattr(exc, "response", None)
    found = response.get(name) if isinstance(response, dict) else None
    return found if isinstance(found, dict) else {}


__all__ = (
    "CREDENTIALS",
    "UNREACHABLE",
    "credentials_fault",
    "error_code",
    "error_part",
    "exception_text",
    "metadata_part",
    "no_connection",
    "printable",
    "status_code",
    "tls_fault",
)
