"""A file to begin with and its answers, for the description of the API. Everyone in it is invented."""

from typing import Any

ID = "01a2009b-6fb8-7583-bf03-b3a2b494654c"
FILE: dict[str, Any] = {  # Any: JSON
    "loyalty cards": (
        "carte;nom;prenom;naissance;courriel;telephone;date_adhesion;accord_email;accord_sms;accord_tel;"
        "accord_courrier;preuve;boutique\r\n"
        "ML100007;DIAZ;Ana;11/12/1978;ana.diaz@exemple.fr;06 24 68 65 01;17/03/2026;O;N;N;"
        "O;BULLETIN-7;Annecy\r\n"
    )
}
WAITING: dict[str, Any] = {
    "id": ID,
    "state": "waiting",
    "layout": None,
    "exported_at": "2026-11-20",
    "dry_run": False,
    "rows": None,
    "position": 0,
    "accepted": 0,
    "refused": 0,
    "reason": None,
    "created_at": "2026-11-20T09:15:00Z",
    "finished_at": None,
    "report": None,
}
DONE: dict[str, Any] = WAITING | {
    "state": "refused",
    "finished_at": "2026-11-20T09:15:01Z",
    "reason": "The last row (line 2) is incomplete: the file is cut off. Export it again.",
}
