"""Answers of the log, for the description of the API."""

from typing import Any

_ORIGIN = "maison-lavande.example/consentd"

CHECKPOINT = (
    f"{_ORIGIN}\n27\nfrxrBNOrc8fYm+tbctGOMdOXP16Pf4GAogOqHkWHLWc=\n\n"
    f"— {_ORIGIN} ZqPmAiRIzvugEpUYzvNl4pAhSz4bOIzMbRT2VJK/QGKk"
    "MfAdcI1k9srKdE/OuPbT+R8dqL4Jj8fwJeyjops3K7zapwI=\n"
)
KEY = f"{_ORIGIN}+66a3e602+Ae+VM8E9RIcfsABSwwzUiP5GZbHku56mrR3XLaPnkzMz\n"
SIGNED = f"""\
c2sp.org/tlog-proof@v1
index 0
uDcFwZ5XJi6Qzhguc0mFadijO4HdjBp/Fy9IDC5/cQI=
IlwSaj+EhZXX4FMrEq9e0p7wPA3wwi+2cYe70CkTzF0=
iBReMvKSD35s6lHmI44k/92gJkaUQsqg/5KM0wm160s=
m0+CMw7cgrlXC3HHAWO6Sp4sDcR7DOGhp/0buYr3KoA=
VpJZbhGZbvkLQ9piyvyOGqof3vIivzNXqviM97pGSno=

{CHECKPOINT}"""

INCLUSION: dict[str, Any] = {  # Any: JSON
    "index": 0,
    "size": 2,
    "leaf": "mWtICvOdXirL4JUFIUrhHiSN3Bf6j1a+2i6HvV0DQzM=",
    "path": ["8xNPOc72kUB0DEzpN8FFXV8CIYJhaRWcVqzmQwuDqw8="],
}
CONSISTENCY: dict[str, Any] = {
    "from": 1,
    "to": 2,
    "path": ["8xNPOc72kUB0DEzpN8FFXV8CIYJhaRWcVqzmQwuDqw8="],
}
