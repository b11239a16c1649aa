# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor to measure against: maps extensions with requests and threads, and does nothing else.

Usage: bare_client.py TRUNK_ID COUNT, with ALEXA_* in the environment. No checks, no pages, no pace; it
repeats only what was throttled, as urllib3 does it.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import requests
import urllib3

THREADS = 16


def main(trunk_id: str, count: int) -> None:
    session = requests.Session()
    # With each call: REQUESTS_CA_BUNDLE in the environment would beat the session's own setting.
    verify = os.environ["ALEXA_CA_PATH"]
    throttled = urllib3.Retry(total=50, status_forcelist=[429], allowed_methods=None, backoff_factor=0.1, backoff_max=2)
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS, max_retries=throttled))
    login = session.post(
        os.environ["ALEXA_TOKEN_URL"],
        data={
            "grant_type": "client_credentials",
            "client_id": os.environ["ALEXA_CLIENT_ID"],
            "client_secret": os.environ["ALEXA_CLIENT_SECRET"],
            "scope": "amazon_communication::network:siptrunk",
        },
        verify=verify,
    )
    session.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
    base = f"{os.environ['ALEXA_API_URL']}/v1/communications/network/siptrunk/{trunk_id}/extension"

    def map_extension(number: int) -> None:
        body = {"routingType": "communication-profile", "commsProfileId": f"amzn1.alexa.unit.did.{number}"}
        session.post(f"{base}/{number}", json=body, verify=verify).raise_for_status()

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(map_extension, range(10000, 10000 + count)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
