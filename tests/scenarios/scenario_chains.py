# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chains of the scenarios, made once a process."""

from __future__ import annotations

from issuing import issue

NAME = "pbx.example.com"
ROOT = issue("Test root")
INTERMEDIATE = issue("Test intermediate", ROOT, authority=True)
LEAF = issue(NAME, INTERMEDIATE)
RENEWED = issue(NAME, INTERMEDIATE)
CHAIN = LEAF.pem + INTERMEDIATE.pem + ROOT.pem
RENEWED_CHAIN = [RENEWED.pem, INTERMEDIATE.pem, ROOT.pem]
