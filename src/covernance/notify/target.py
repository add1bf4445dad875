"""The targets of alerts: the URLs in `COVERAGE_ALERT_URLS`, and names that contain no secret."""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from covernance.errors import ConfigError

VARIABLE = "COVERAGE_ALERT_URLS"

# A comma can be part of a URL (`to=a,b`); one before the next schema can't.
_COMMA = re.compile(r",(?=[A-Za-z0-9]+://)")
_URL = re.compile(r"(?P<schema>[A-Za-z0-9]{1,20})://.+")
# Apprise's services whose URLs have a host where others have a token.
_HAVE_A_HOST = {
    *("form", "forms", "gotify", "gotifys", "json", "jsons"),
    *("mailto", "mailtos", "mmost", "mmosts", "xml", "xmls"),
}
_HOST = re.compile(r"[^:]+://(?:[^@/?#]*@)?(?P<host>[A-Za-z0-9.-]+(?::[0-9]{1,5})?)(?:[/?#][^@]*)?")


class Target(msgspec.Struct, frozen=True):
    """A recipient of alerts.

    Attributes:
        name: Schema and host, with `***` for a host that may be a secret. Unique in its list, and
            unchanged when a secret in the URL is rotated.
        url: Apprise's URL; all of it is secret.
    """

    name: str
    url: str

    def __repr__(self) -> str:
        """Show only the name, because representations end up in tracebacks and logs."""
        return f"Target({self.name!r})"


def parse(text: str) -> tuple[Target, ...]:
    """Parse a list of URLs separated by white space or commas; duplicates are dropped.

    Raises:
        ConfigError: A part is not a URL. The message names its position but not its content.
    """
    split = (part.strip(",") for word in text.split() for part in _COMMA.split(word))
    parts = [part for part in split if part]
    for position, part in enumerate(parts, start=1):
        if not _URL.fullmatch(part):
            msg = (
                f"{VARIABLE}: part {position} of {len(parts)} is not a URL (schema://…); "
                "write spaces and commas within a URL as %20 and %2C"
            )
            raise ConfigError(msg)
    uses: Counter[str] = Counter()
    targets = []
    for url in dict.fromkeys(parts):
        name = mask_url(url)
        uses[name] += 1
        targets.append(Target(f"{name} #{uses[name]}" if uses[name] > 1 else name, url))
    return tuple(targets)


def mask_url(url: str) -> str:
    """Return the schema and host of a URL, with `***` for a host that may be a secret.

    A host is shown only if it can't be part of a password with an unescaped `/`, `?` or `@`. A URL
    with an `@` after the host is therefore masked; write `%40` there.
    """
    schema = url.partition("://")[0].lower()
    match = _HOST.fullmatch(url)
    if schema in _HAVE_A_HOST and match:
        return f"{schema}://{match['host'].lower()}"
    return f"{schema}://***"
