# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Login with Amazon: POST /auth/o2/token, and the tokens that it has given out."""

from __future__ import annotations

import dataclasses
import hmac
import secrets

from aiohttp import web

from .account import MANAGEMENT_SCOPE, TRUNK_SCOPE, Account, Credentials
from .answers import OAuthRefusal, Refusal, json_answer

TOKEN_PATH = "/auth/o2/token"
NEEDED = {"client_credentials": ("client_id", "client_secret", "scope"),
          "refresh_token": ("client_id", "client_secret", "refresh_token")}


@dataclasses.dataclass(frozen=True)
class Token:
    """An access token that has been given out."""

    scope: str
    expires_at: float


class Lwa:
    """Gives out tokens and tells whether a request may pass."""

    def __init__(self, account: Account, credentials: Credentials) -> None:
        self._account = account
        self._credentials = credentials
        self._tokens: dict[str, Token] = {}

    def add_routes(self, app: web.Application) -> None:
        """Serves the token endpoint."""
        app.router.add_post(TOKEN_PATH, self.token)

    async def token(self, request: web.Request) -> web.Response:
        """The token endpoint; errors are those of RFC 6749 section 5.2."""
        form = await _form(request)
        grant = form.get("grant_type")
        if not grant:
            raise OAuthRefusal("invalid_request", "The request is missing a required parameter : grant_type")
        if grant not in NEEDED:
            raise OAuthRefusal("unsupported_grant_type", f"The grant_type {grant} is not supported")
        for name in NEEDED[grant]:
            if not form.get(name):
                raise OAuthRefusal("invalid_request", f"The request is missing a required parameter : {name}")
        if not (_same(form["client_id"], self._credentials.client_id)
                and _same(form["client_secret"], self._credentials.client_secret)):
            raise OAuthRefusal("invalid_client", "Client authentication failed")
        if grant == "client_credentials":
            if form["scope"] != TRUNK_SCOPE:
                raise OAuthRefusal("invalid_scope", "The request has an invalid grant scope")
            return self._granted("Atc|", TRUNK_SCOPE, {"scope": TRUNK_SCOPE, "token_type": "Bearer"})
        if not _same(form["refresh_token"], self._credentials.refresh_token):
            raise OAuthRefusal("invalid_grant", "The request has an invalid grant parameter : refresh_token")
        if form.get("scope", MANAGEMENT_SCOPE) != MANAGEMENT_SCOPE:
            raise OAuthRefusal("invalid_scope", "The request has an invalid grant scope")
        return self._granted("Atza|", MANAGEMENT_SCOPE, {
            "refresh_token": self._credentials.refresh_token, "token_type": "bearer"})

    def authorise(self, request: web.Request, scope: str) -> None:
        """Refuses a request whose token is missing, unknown, expired, revoked or of another scope."""
        value = _bearer(request)
        if value is None:
            raise Refusal(401, "Missing Authentication Token: expected 'Authorization: Bearer <access token>'.")
        token = self._tokens.get(value)
        if token is None or token.expires_at <= self._account.now():
            raise Refusal(401, "The access token is invalid or has expired.")
        if not self._account.settings.granted:
            raise Refusal(403, "The client is not granted access to this organization.")
        if token.scope != scope:
            raise Refusal(403, f"The access token does not have the scope {scope}.")
        if scope == TRUNK_SCOPE and self._account.settings.country != "US":
            raise Refusal(403, "The PBX API is not available to organizations of this country.")

    def revoke(self, request: web.Request) -> None:
        """Revokes the token that a request carries."""
        self._tokens.pop(_bearer(request) or "", None)

    def revoke_all(self) -> int:
        """Revokes every token; returns how many there were."""
        count = len(self._tokens)
        self._tokens.clear()
        return count

    def _granted(self, prefix: str, scope: str, more: dict[str, str]) -> web.Response:
        lifetime = self._account.settings.token_lifetime
        value = prefix + secrets.token_urlsafe(60)
        self._tokens[value] = Token(scope, self._account.now() + lifetime)
        return json_answer({"access_token": value, "expires_in": lifetime, **more},
                           headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise OAuthRefusal("invalid_request", "Content-Type must be application/x-www-form-urlencoded")
    fields = [(name, str(value)) for name, value in (await request.post()).items()]
    if len(dict(fields)) < len(fields):
        raise OAuthRefusal("invalid_request", "The request has a parameter more than once")
    return dict(fields)


def _bearer(request: web.Request) -> str | None:
    kind, _space, value = request.headers.get("Authorization", "").strip().partition(" ")
    return value.strip() if kind.lower() == "bearer" and value.strip() else None


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())
