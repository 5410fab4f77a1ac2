"""What every answer carries, by kind: nothing may be framed, sniffed, cached or leak its address.

Answers of the API allow a browser nothing at all. Pages allow their own style sheet, images and forms;
no script, since none is needed. One may run this service's own script, and call this service (docs/api.md).
"""

from collections.abc import Collection

from consentd.web.exchange import Headers

_NOTHING = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_NO_STORE = (b"cache-control", b"no-store")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_BROWSED: Headers = (
    _NO_SNIFFING,
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)

# Each header costs the server a microsecond: what means something to a page only is not sent to programs.
API: Headers = (_NO_SNIFFING, _NO_STORE, _NOTHING)
_OWN = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)


def _page(policy: bytes) -> Headers:
    return (
        *_BROWSED,
        _NO_STORE,
        (b"content-security-policy", policy),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"vary", b"accept-language, accept-encoding"),
    )


PAGE = _page(_OWN)
PAGE_WITH_SCRIPT = _page(_OWN + b"; script-src 'self'; connect-src 'self'")
STATIC: Headers = (
    *_BROWSED,
    # Their names do not change with the version: an older script must not meet a newer page for long.
    (b"cache-control", b"public, max-age=60"),
    (b"vary", b"accept-encoding"),
    _NOTHING,
)

# Named by the hash of what it is. A picture that is opened by itself may do nothing at all.
IMMUTABLE: Headers = (
    *_BROWSED,
    (b"cache-control", b"public, max-age=31536000, immutable"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
)

_ONCE = (
    b"authorization",
    b"content-type",
    b"content-length",
    b"content-encoding",
    b"transfer-encoding",
    b"idempotency-key",
    b"host",
)


def repeated(headers: Collection[tuple[bytes, bytes]]) -> bool:
    """Whether a header that decides something came twice, so that two readers could differ."""
    names = [name for name, _ in headers]
    return any(names.count(name) > 1 for name in _ONCE)
