"""Who is alerted: the URLs of `COVERAGE_ALERT_URLS`, and names for them that hold no secret."""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from covernance.errors import ConfigError

VARIABLE = "COVERAGE_ALERT_URLS"

# A comma can be part of a URL (`to=a,b`); one before the next schema can't.
_COMMA = re.compile(r",(?=[A-Za-z0-9]+://)")
_URL = re.compile(r"(?P<schema>[A-Za-z0-9]{1,20})://.+")
# Services of Apprise whose URLs have a host in the host's place; others have a token there.
_HAVE_A_HOST = {
    *("form", "forms", "gotify", "gotifys", "json", "jsons"),
    *("mailto", "mailtos", "mmost", "mmosts", "xml", "xmls"),
}
_HOST = re.compile(r"[^:]+://(?:[^@/?#]*@)?(?P<host>[A-Za-z0-9.-]+(?::[0-9]{1,5})?)(?:[/?#][^@]*)?")


class Target(msgspec.Struct, frozen=True):
    """One place that receives alerts.

    Attributes:
        name: Schema and host, `***` for a host that may be a secret; unique in its list, and the
            same after a secret in the URL was rotated.
        url: Apprise's URL; a secret as a whole.
    """

    name: str
    url: str

    def __repr__(self) -> str:
        """The name alone: a representation ends up in tracebacks and logs."""
        return f"Target({self.name!r})"


def parse(text: str) -> tuple[Target, ...]:
    """Read a list of URLs, separated by white space or commas; a repeated one counts once.

    Raises:
        ConfigError: A part is no URL. The message tells which, not what is in it.
    """
    split = (part.strip(",") for word in text.split() for part in _COMMA.split(word))
    parts = [part for part in split if part]
    for position, part in enumerate(parts, start=1):
        if not _URL.fullmatch(part):
            msg = (
                f"{VARIABLE}: part {position} of {len(parts)} is no URL (schema://…); write spaces "
                "and commas within a URL as %20 and %2C"
            )
            raise ConfigError(msg)
    seen: Counter[str] = Counter()
    targets = []
    for url in dict.fromkeys(parts):
        name = masked(url)
        seen[name] += 1
        targets.append(Target(f"{name} #{seen[name]}" if seen[name] > 1 else name, url))
    return tuple(targets)


def masked(url: str) -> str:
    """Schema and host of a URL, all else left out; `***` for a host that may be a secret.

    A host is shown only where it can't be part of a password with an unescaped `/`, `?` or `@`:
    a URL with an `@` after the host is masked, so write `%40` there.
    """
    schema = url.partition("://")[0].lower()
    found = _HOST.fullmatch(url)
    if schema in _HAVE_A_HOST and found:
        return f"{schema}://{found['host'].lower()}"
    return f"{schema}://***"
