"""Posts as Markdown files with YAML front matter, in a folder, or packed as one zip file.

A file is named by the number of its post, `0012/post-12345.md`, a thousand to a folder: such a name is
allowed on every system, and stays the same when a title is edited. Versions are
`0012/entry-12345-version-2.md`.

The front matter has all columns but the texts. Its values are written as JSON would have them, which
YAML 1.1 and 1.2 read alike, whatever they hold; what some readers of YAML would refuse or fold is
written as an escape.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from archiver.export.commonmark import text_to_markdown, to_markdown
from archiver.export.sink import Sink, Written
from archiver.store import Row
from archiver.store.streaming import BESIDE_COLUMNS, JSON_COLUMNS

_TEXTS = frozenset({"summary_html", "content_html", "content_text"})
_NEEDS_ESCAPE = re.compile(r"[\x7f-\x9f\u00a0\u2028\u2029\ufeff\ufffe\uffff]")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The date of all files in a zip file, so that the same posts make the same file."""
SUMS = "SHA256SUMS"
"""The list of a folder's files, as `sha256sum --check` reads it."""

File = tuple[str, bytes]


def markdown_files(
    pages: Iterable[list[Row]], columns: Sequence[str], *, versions: bool = False
) -> Iterator[list[File]]:
    """Names and contents, page by page."""
    told = [name for name in columns if name not in _TEXTS and name not in BESIDE_COLUMNS]
    for page in pages:
        files = []
        for row in page:
            values = dict(zip(columns, row, strict=True))
            files.append((_name(values, versions=versions), _document(values, told).encode()))
        yield files


def write_folder(files: Iterable[list[File]], folder: Path) -> Written:
    """Write files into a folder, and SHA256SUMS, the digest of which stands for all of them."""
    total = hashlib.sha256()
    size = 0
    made: set[str] = set()
    with (folder / SUMS).open("wb") as sums:
        for page in files:
            for name, content in page:
                subfolder = name.partition("/")[0]
                if subfolder not in made:
                    (folder / subfolder).mkdir(exist_ok=True)
                    made.add(subfolder)
                (folder / name).write_bytes(content)
                line = f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()
                total.update(line)
                size += sums.write(line)
    return Written(size=size, sha256=total.hexdigest())


def write_zip(files: Iterable[list[File]], sink: Sink) -> None:
    """Write files as a zip archive, which need not be able to go back."""
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as packed:  # type: ignore[call-overload]
        for page in files:
            for name, content in page:
                about = zipfile.ZipInfo(name, _LONG_AGO)
                about.compress_type = zipfile.ZIP_DEFLATED
                about.external_attr = 0o644 << 16
                packed.writestr(about, content)


def front_matter(values: dict[str, Any]) -> str:
    """A mapping as YAML, between two lines of three hyphens."""
    lines = [f"{name}: {_scalar(value)}" for name, value in values.items()]
    return "---\n" + "\n".join(lines) + "\n---\n"


def _scalar(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return _NEEDS_ESCAPE.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def _document(values: dict[str, Any], told: Sequence[str]) -> str:
    head = {name: json.loads(values[name]) if name in JSON_COLUMNS else values[name] for name in told}
    html = values["summary_html"] if values["content_html"] is None else values["content_html"]
    body = to_markdown(html) if html and html.strip() else text_to_markdown(values["content_text"])
    return f"{front_matter(head)}\n{body}"


def _name(values: dict[str, Any], *, versions: bool) -> str:
    if versions:
        return f"{values['id'] // 1000:04d}/entry-{values['id']}-version-{values['revision']}.md"
    return f"{values['post_id'] // 1000:04d}/post-{values['post_id']}.md"
