"""Documents on this machine: `file:` addresses that the configuration or the command line named."""

import os
import stat
from urllib.parse import urlsplit
from urllib.request import url2pathname

from archiver.errors import FetchError
from archiver.model import Response


def read_file(url: str, *, limit: int) -> Response:
    """Read a plain file of at most `limit` bytes (RFC 8089). Raises FetchError `file`, `bad_url`.

    Folders, devices and pipes are refused, and so is a pipe that nobody writes to: nothing here waits.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise FetchError("bad_url", "this is not an address that can be read") from error
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise FetchError("bad_url", "a file: address must be absolute, and on this machine")
    path = url2pathname(parts.path)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        with open(descriptor, "rb", closefd=True) as file:  # noqa: PTH123 (a descriptor has no Path)
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise FetchError("file", f"{path} is not a plain file")
            body = file.read(limit + 1)
    except FileNotFoundError as error:
        raise FetchError("file", f"there is no file {path}") from error
    except IsADirectoryError as error:
        raise FetchError("file", f"{path} is not a plain file") from error
    except OSError as error:
        raise FetchError("file", f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise FetchError("bad_url", "the address holds a character that no file name can have") from error
    if len(body) > limit:
        raise FetchError("file", f"{path} is larger than {limit / 2**20:.3g} MiB")
    return Response(request_url=url, final_url=url, status=None, body=body)
