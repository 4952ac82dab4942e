"""One file from one address, resumed where an earlier try broke off."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

from unmix_models.errors import InvalidWeights
from unmix_models.weights.progress import PullProgress

_PIECE = 1 << 20
_TIMEOUT = 60.0


def download(url: str, target: Path, most: int, stop: Callable[[], bool]) -> Iterator[PullProgress]:
    """Append what `target` lacks; a server that cannot resume sends everything again."""
    if not url.startswith(("http://", "https://")):
        raise InvalidWeights(f"'{url}' is no http or https address.")
    have = target.stat().st_size if target.exists() else 0
    with closing(_open(url, have)) as response:
        if response.status == 416:  # Range Not Satisfiable: everything is here, or it is not this file
            return
        if response.status != 206:  # Partial Content
            have = 0
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else 0
        with target.open("ab" if have else "wb") as out:
            while not stop() and (piece := _read(response, url)):
                out.write(piece)
                have += len(piece)
                if have > most:
                    target.unlink()
                    raise InvalidWeights(f"{url} sends far more than the model's files; check the address.")
                yield PullProgress("downloading", have, total)
    if not stop() and have < total:
        raise ConnectionError(f"The download broke off at {have} of {total} bytes; pull again to resume.")


def _open(url: str, have: int) -> http.client.HTTPResponse:
    """Ask for what lies behind the first `have` bytes. Raises ConnectionError."""
    try:
        request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310  # the caller has looked
        return urllib.request.urlopen(request, timeout=_TIMEOUT)  # noqa: S310
    except urllib.error.HTTPError as error:
        if error.code == 416:
            return cast("http.client.HTTPResponse", error)
        raise ConnectionError(f"{url} answered {error.code} {error.reason}; try again later.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:  # ValueError: nonsense behind http://
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise ConnectionError(
            f"{url} cannot be reached ({reason}); check the network, or import the files from a folder."
        ) from error


def _read(response: http.client.HTTPResponse, url: str) -> bytes:
    """The next piece. Raises ConnectionError."""
    try:
        return response.read(_PIECE)
    except (OSError, http.client.HTTPException) as error:
        raise ConnectionError(f"The download of {url} broke off ({error}); pull again to resume.") from error
