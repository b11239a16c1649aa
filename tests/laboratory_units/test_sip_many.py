# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Twenty calls at once on one loop."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from alexa_laboratory.sip import UserAgent
from sip_hosts import EDGE_TONE, PHONE_TONE
from sip_pairs import where

CALLS = 20


def test_twenty_calls_at_once_all_hear_their_tone(secured: tuple[UserAgent, UserAgent]) -> None:
    pbx, edge = secured
    edge.answers(0)
    threads = threading.active_count()
    with ThreadPoolExecutor(CALLS) as pool:
        made = list(pool.map(lambda number: pbx.call(f"sip:{number}@e", via=where(edge, tls=True)), range(7200, 7220)))
    answered = [edge.wait_for_call(5) for _call in made]
    assert {call.request_uri for call in answered} == {f"sip:{number}@e" for number in range(7200, 7220)}
    for call in answered + made:
        call.start_talking()
    assert threading.active_count() == threads
    made[0].talk(1.0)
    for calls, tone in ((made[1:], EDGE_TONE), (answered[1:], PHONE_TONE)):
        for call in calls:
            heard = call.stop_talking()
            assert heard.tone == pytest.approx(tone, abs=2)
            assert heard.received >= 40
            assert (heard.lost, heard.undecryptable, heard.plain) == (0, 0, 0)
    for call in made:
        call.hang_up()
    for call in answered:
        call.wait_for_end(5)
