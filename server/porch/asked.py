"""A whole request as gunicorn's response writer wants it: what its parser would have said of that head."""

from __future__ import annotations

from server.porch.head import Head
from server.porch.intake import WholeRequest


class Asked:
    """Read from a head that was understood already; its names are gunicorn's."""

    proxy_protocol_info = None
    _expected_100_continue = False
    """Said already, before the body came."""

    def __init__(self, request: WholeRequest, scheme: str = "http") -> None:
        self.scheme = scheme
        head = request.head
        self.method = head.method.decode("ascii")
        self.uri = head.target.decode("ascii")
        self.path, self.query = _split(self.uri)
        self.version = (1, head.minor)
        self.headers = head.handed_on(request.length)
        self.body = request.content()
        self._keep = _kept_alive(head)

    def should_close(self) -> bool:
        return not self._keep


def _split(target: str) -> tuple[str, str]:
    """Path and query; of an absolute target (RFC 9112 section 3.2.2) without what comes before."""
    path, _, query = target.partition("?")
    if not target.startswith(("/", "*")):
        path = "/" + path.partition("://")[2].partition("/")[2]
    return path, query


def _kept_alive(head: Head) -> bool:
    """Whether the client lets the connection go on (RFC 9112 section 9.3)."""
    said = b",".join(value for name, value in head.fields if name.lower() == b"connection")
    wishes = {each.strip(b" \t").lower() for each in said.split(b",")}
    return b"close" not in wishes and (head.minor == 1 or b"keep-alive" in wishes)
