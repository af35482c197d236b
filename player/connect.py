"""How a connection to the centre is opened: plain or TLS, and what a machine without a clock may do."""

import http.client
import ssl
from urllib.parse import SplitResult

_NOT_YET_VALID = 9
"""X509_V_ERR_CERT_NOT_YET_VALID of OpenSSL: by our clock the certificate is from the future."""
_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME: the chain and the name are checked, the dates are not."""


def connect(url: SplitResult, timeout: float) -> http.client.HTTPConnection:
    """Return an open connection to the server at `url`. Raises OSError.

    A box that boots in 1970 sees every certificate as not valid yet, and would never be told the time by a server it
    refuses to talk to. Then, and only then, it looks at everything but the dates. An expired certificate is refused.
    What is fetched is believed by the station's own signature, not by TLS.
    """
    if url.scheme != "https":
        return _opened(http.client.HTTPConnection(url.hostname or "", url.port, timeout=timeout))
    context = ssl.create_default_context()
    try:
        return _opened(_secure(url, timeout, context))
    except ssl.SSLCertVerificationError as error:
        if error.verify_code != _NOT_YET_VALID:
            raise
    context.verify_flags |= _NO_CHECK_TIME
    return _opened(_secure(url, timeout, context))


def _secure(url: SplitResult, timeout: float, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(url.hostname or "", url.port, timeout=timeout, context=context)


def _opened(connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
    try:
        connection.connect()
    except BaseException:
        connection.close()
        raise
    return connection
