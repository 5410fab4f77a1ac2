"""Cells of a CSV file that a spreadsheet opens: text stays text (promise 16).

A cell that a spreadsheet could run gets an apostrophe in front, which shows it as it is. So does what follows
a comma, a semicolon, a tab or a new line inside a cell: a spreadsheet of another country, which takes another
sign for the end of a cell, must not find a formula there either. The JSON beside it holds the exact text.
"""

import re

from consentd.base.i18n import Language

BOM = "\ufeff".encode()
"""By it spreadsheets know that the text is UTF-8."""
DELIMITERS: dict[Language, str] = {"fr": ";", "en": ","}
"""What a spreadsheet of the language takes for the end of a cell: in French numbers have commas."""

# Whatever stands where a cell begins, for whoever cuts there; and the full-width signs that some take alike.
# Bounded, as somebody else wrote the text: a million tabs must not be looked through from each of them.
# What takes no room on a line counts like a space: some programs leave it out before they look.
_RUNS = re.compile(
    r"(?:^|(?<=[,;\t\r\n]))(?=[\s\"'\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]{0,8}[=+\-@＝＋－＠])"
    r"|^(?=['\t\r\n])"
)


def inert(text: str) -> str:
    """The text of a cell, unquoted, with nothing in it that runs."""
    return _RUNS.sub("'", text.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def cell(value: object) -> str:
    """One value as it stands between two delimiters: quoted; nothing at all for None."""
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return '"' + inert(str(value)).replace('"', '""') + '"'


def line(values: list[object], delimiter: str) -> str:
    """One row, ended as RFC 4180 says."""
    # A lone cell of nothing would be an empty line, which readers take for no row at all.
    return (delimiter.join(map(cell, values)) or '""') + "\r\n"
