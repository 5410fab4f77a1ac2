"""Token requests and their answers, for the description of the API. Nothing in them opens anything."""

from typing import Any

from consentd.callers.oauth import ASSERTION_TYPE

_CLIENT = "01a2017d-3b27-741b-8c8f-1ab1dba86252"

FORMS: dict[str, Any] = {  # Any: JSON
    "by_secret": {
        "grant_type": "client_credentials",
        "client_id": _CLIENT,
        "client_secret": "cs_…",
        "scope": "check",
    },
    "by_key": {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": "eyJ…",
        "scope": "check",
    },
}

TOKEN: dict[str, Any] = {
    "access_token": "eyJ…",
    "token_type": "Bearer",
    "expires_in": 600,
    "scope": "check",
}

KEYS: dict[str, Any] = {
    "keys": [
        {
            "alg": "EdDSA",
            "crv": "Ed25519",
            "kid": "01a2017d-386d-76ef-ba8f-d9954cd51b56",
            "kty": "OKP",
            "use": "sig",
            "x": "VhB_y3f24k5f1UJtfXBFJQ4mu3gGwqqdi8pZttR072I",
        }
    ]
}

SERVER: dict[str, Any] = {
    "issuer": "https://consent.exemple.fr",
    "token_endpoint": "https://consent.exemple.fr/oauth/token",
    "grant_types_supported": ["client_credentials"],
    "token_endpoint_auth_methods_supported": [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
    ],
}
