"""Merge: the feeds, fetches and bodies of two archives in one, and everything derived again from them.

Both logs become one in the order of time, so that fetches of the same feed by two machines interleave into
one history, the same whichever archive takes in the other. Where a person's words differ (a feed's name),
ours stand. The result replaces ours at one stroke; the other archive is only read.
"""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.config import ScheduleSettings
from archiver.errors import ConfigError
from archiver.rebuild import Step, derive
from archiver.store import Store
from archiver.store.comparing import Comparison
from archiver.store.rebuilding import Copy
from archiver.store.replacing import Replacement, copy_file, remove
from archiver.store.uniting import Brought


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge came to. Nothing was written where nothing was brought."""

    brought: Brought
    comparison: Comparison | None = None
    kept: Path | None = None
    """Where the old archive is now."""


def merge(
    archive: Path,
    other: Path,
    *,
    schedule: ScheduleSettings,
    now: datetime,
    step: Step,
    keep: bool = True,
) -> Merged:
    """Take another archive into this one, which is made if there is none.

    The caller holds the archive's lock. Whatever goes wrong, both archives are as they were. Raises
    StoreError, SchemaError, ConfigError.
    """
    if archive.exists() and other.exists() and archive.samefile(other):
        raise ConfigError(f"{other}: this is the archive itself; name another one to take in")
    with tempfile.TemporaryDirectory(prefix="merging-", dir=_folder(archive)) as folder:
        # A copy of one moment, brought to our schema: the other archive may be older, and may be in use.
        theirs = Path(folder) / "other.db"
        copy_file(other, theirs)
        Store.open(theirs).close()
        if not archive.exists():
            Store.open(archive).close()
        with Replacement(archive, also=theirs.stat().st_size) as new:
            with Copy.open(new.path) as copy:
                brought = copy.unite(theirs)
                if brought.nothing:
                    return Merged(brought=brought)
                remove(theirs)
                derive(copy, schedule=schedule, now=now, step=step)
                comparison = copy.compare(archive, with_fetches=False)
            kept = new.put_in_place(keep_as="merge" if keep else None, now=now)
    return Merged(brought=brought, comparison=comparison, kept=kept)


def _folder(archive: Path) -> Path:
    archive.parent.mkdir(parents=True, exist_ok=True)
    return archive.parent
