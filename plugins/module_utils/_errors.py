# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of this collection: every one renders itself for the user.

Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

from typing import Any


class AlexaError(Exception):
    """Anything that stops a module with a clear message.

    :param message: what was tried and what went wrong, in one or two sentences.
    :param next_step: what the user can do about it, where that is known.
    :param details: further keys of the module's failure result (status, request_id, …).
    """

    #: The request may or may not have been carried out: look before repeating a write.
    uncertain = False
    #: The next item of a bulk job would fail in the same way: stop instead of trying it.
    stops_all = False
    #: It may be otherwise in a while, though nobody changes anything.
    passing = False

    def __init__(self, message: str, next_step: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.details = details

    def __str__(self) -> str:
        return f"{self.message} {self.next_step}" if self.next_step else self.message

    def to_result(self) -> dict[str, Any]:
        """The arguments for C(fail_json)."""
        return {"msg": str(self), **self.details}


class InputError(AlexaError):
    """A value that the user gave can't be used. Nothing was sent."""


class ChainError(InputError):
    """A certificate chain that can't work.

    :param about: what is wrong with it in a word, as the doctor names its findings.
    """

    def __init__(self, about: str, message: str, next_step: str) -> None:
        super().__init__(message, next_step)
        self.about = about


class CredentialsError(AlexaError):
    """There is no token, or Login with Amazon refused to give one."""

    stops_all = True


class TransportError(AlexaError):
    """No answer came: no route, no TLS, a lost connection or a timeout.

    :param sent: whether the request may have reached the server.
    :param hopeless: whether trying again can't help (a certificate that is not trusted).
    """

    stops_all = True

    def __init__(
        self, message: str, next_step: str | None = None, *, sent: bool = True, hopeless: bool = False
    ) -> None:
        super().__init__(message, next_step)
        self.sent = sent
        self.hopeless = hopeless
        self.passing = not hopeless
        self.uncertain = sent


class ThrottledError(AlexaError):
    """The API asked for a longer pause than the user allows. Nothing was sent."""

    stops_all = True
    passing = True


class ApiError(AlexaError):
    """The API answered, but not with what the operation expects.

    :param status: the HTTP status.
    :param request_id: Amazon's X-Amzn-RequestId, which its support asks for.
    """

    def __init__(
        self, message: str, next_step: str | None = None, *, status: int, request_id: str | None = None
    ) -> None:
        super().__init__(message, next_step, status=status, request_id=request_id)
        self.status = status
        self.request_id = request_id
        self.uncertain = status >= 500
        self.passing = status == 429 or status >= 500
        self.stops_all = status in (401, 403, 429) or status >= 500


class WaitError(AlexaError):
    """A wait ended without what it waited for."""


class PartialError(AlexaError):
    """Some of a bulk job's changes failed. The result tells what succeeded.

    :param result: the module's ordinary result, so that nothing that was done is forgotten.
    """

    def __init__(self, message: str, next_step: str, result: dict[str, Any]) -> None:
        super().__init__(message, next_step, **result)
