# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A property on one machine: a real PBX, its phones, Amazon's side and a stranger, in networks of their own."""
