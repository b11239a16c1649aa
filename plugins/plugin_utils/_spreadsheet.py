# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cells of CSV files that spreadsheets neither run as formulas nor take for other numbers.

A spreadsheet runs a cell that begins with = + - @, a tab or a carriage return, and turns the text 0712 into the number
712. An apostrophe before it prevents both; what reads the file takes it away again, so that every text survives.
Private to alexa.smart_properties; may change at any release.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED_FORMULA = re.compile(r"'+[=+\-@\t\r]")
# Of more digits spreadsheets show a rounded number.
_SAFE_EXTENSION = re.compile(r"[1-9][0-9]{0,10}|[0-9]*[*#][0-9*#+]*", re.ASCII)


def guarded(text: str) -> str:
    """A cell for a text."""
    return f"'{text}" if _FORMULA.match(text) else text


def guarded_extension(extension: str) -> str:
    """A cell for an extension, which a spreadsheet also gives back digit by digit."""
    return extension if _SAFE_EXTENSION.fullmatch(extension) else f"'{extension}"


def unguarded(cell: str) -> str:
    """The text of a cell that C(guarded) made; other cells are texts as they are."""
    return cell[1:] if _GUARDED_FORMULA.match(cell) else cell


def unguarded_extension(cell: str) -> str:
    """The extension of a cell that C(guarded_extension) made. No extension begins with an apostrophe."""
    return cell[1:] if cell.startswith("'") else cell
