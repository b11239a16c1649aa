# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A strict stand-in for Login with Amazon and the Alexa Smart Properties PBX API, for rehearsals and tests."""
