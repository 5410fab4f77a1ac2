"""What can go wrong on the way out.

    NetError         (502)  another server, which this needed, was no help
    ├── NotAllowed          not an address that consentd may call: settings or the policy are wrong
    ├── Unreachable  (503)  no name, no connection, no valid certificate, or cut off in the middle
    ├── TookTooLong  (503)  not done in the time that it was given
    ├── TooMuch             it answered more than, or not what, was agreed
    └── Rejected            it said no, and will say so again

Upholds promise 18: a message names a server by host and port at most. Never a path, a query or a header,
which may hold a secret; never a word that the other side said, which may quote an address.
"""

import ssl

from consentd.kernel.errors import ConsentdError, Unavailable


class NetError(ConsentdError):
    status = 502


class NotAllowed(NetError):
    pass


class Unreachable(NetError, Unavailable):
    status = 503


class TookTooLong(NetError, Unavailable):
    status = 503


class TooMuch(NetError):
    pass


class Rejected(NetError):
    pass


def lost(error: BaseException, server: str) -> Unreachable:
    """What a library said of a connection that was not to be had, or not to its end. `server`: host:port."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                "bad_certificate", f"{server} shows no certificate that is valid for its name."
            )
        if isinstance(cause, ssl.SSLError):
            return Unreachable("no_tls", f"{server} does not speak TLS as it should.")
        cause = cause.__cause__ or cause.__context__
    return Unreachable("cut_off", f"{server} ended the connection without a whole answer.")
