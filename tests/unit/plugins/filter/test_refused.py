# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter for checks of a host's values."""

from __future__ import annotations

from ansible_collections.alexa.smart_properties.plugins.filter.refused import FilterModule

refused = FilterModule().filters()["refused"]


def test_nothing_is_said_where_all_checks_hold() -> None:
    assert refused([{"holds": True, "variable": "v", "value": 1, "remedy": "Give 1."}], "aurora") == ""
    assert refused([], "aurora") == ""


def test_each_check_that_does_not_hold_has_its_line_with_host_variable_value_and_remedy() -> None:
    checks = [
        {"holds": False, "variable": "alexa_sip_port", "value": "x\ny", "remedy": "Give a port."},
        {"holds": True, "variable": "alexa_networks", "value": [], "remedy": "Give networks."},
        {"holds": False, "problem": "Two are alike.", "remedy": "Give each its own."},
    ]
    assert refused(checks, "aurora").splitlines() == [
        'aurora: alexa_sip_port is "x\\ny". Give a port.',
        "aurora: Two are alike. Give each its own.",
    ]
