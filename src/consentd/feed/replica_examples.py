"""A page to begin with, for the description of the API."""

from typing import Any

ASKED: dict[str, Any] = {  # Any: JSON
    "first_page": {"replica": "5c0f1f6a0d7b4d0b9f3a7a64c1f0d2aa"},
    "with_a_policy": {
        "replica": "5c0f1f6a0d7b4d0b9f3a7a64c1f0d2aa",
        "limit": 100,
        "policy": "sha256:f0c8b9f4959e42746d8fd894767f2668dd952207f573c4f2e29ebfc03387b8eb",
    },
}
PAGE = (
    '["head",null,"sha256:f0c8b9f4959e42746d8fd894767f2668dd952207f573c4f2e29ebfc03387b8eb",'
    '["email","loyalty"],[],[]]\n'
    '["person",-3114871982345662371,true,"FR",false,[[7120994512003344871,"email",false,false]],'
    '[["newsletter","email",0,"given","held",1795166100000000,false,false,null,"newsletter","3",[]]],'
    "[],[],[],null]\n"
    '["end","WyI1YzBmMWY2YSIsIjlhIiw0MTMsbnVsbF0",false,1]\n'
)
