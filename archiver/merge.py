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
from archiver.errors import ConfigError, StoreError
from archiver.rebuild import Step, derive
from archiver.store import Store
from archiver.store.comparing import Comparison
from archiver.store.rebuilding import Copy
from archiver.store.replacing import Replacement, copy_file, remove
from archiver.store.salvage import Lost
from archiver.store.uniting import Brought


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge came to. Nothing was written where nothing was brought."""

    brought: Brought
    comparison: Comparison | None = None
    kept: Path | None = None
    """Where the old archive is now."""
    lost: tuple[Lost, ...] = ()
    """Documents whose bytes are damaged, and not whole in the other archive."""
    same: tuple[tuple[str, ...], ...] = ()
    """Addresses of feeds that turn out to be one: one has moved to where the other is asked."""


def merge(
    archive: Path,
    other: Path,
    *,
    schedule: ScheduleSettings,
    now: datetime,
    step: Step,
    keep: bool = True,
    despite_damage: bool = False,
) -> Merged:
    """Take another archive into this one, which is made if there is none.

    With `despite_damage`, a body that is damaged in one is taken from the other; where that has it neither,
    the document is made of what the rows of the two tell.

    The caller holds the archive's lock. Whatever goes wrong, both archives are as they were. Raises
    StoreError, SchemaError, ConfigError.
    """
    if archive.exists() and other.exists() and archive.samefile(other):
        raise ConfigError(f"{other}: this is the archive itself; name another one to take in")
    with _room_beside(archive) as folder:
        # A copy of one moment, brought to our schema: the other archive may be older, and may be in use.
        theirs = Path(folder) / "other.db"
        copy_file(other, theirs)
        Store.open(theirs).close()
        if not archive.exists():
            Store.open(archive).close()
        with Replacement(archive, also=theirs.stat().st_size) as new:
            with Copy.open(new.path) as copy:
                brought = copy.unite(theirs, despite_damage=despite_damage)
                if brought.nothing:
                    _make_sure_of_bodies(copy, other, mended=despite_damage)
                    return Merged(brought=brought)
                if not despite_damage:
                    remove(theirs)
                salvage_from = (archive, theirs) if despite_damage else ()
                lost = derive(copy, schedule=schedule, now=now, step=step, salvage_from=salvage_from)
                comparison = copy.compare(archive, with_fetches=False)
                same = copy.askings()
            kept = new.put_in_place(keep_as="merge" if keep else None, now=now)
    return Merged(brought=brought, comparison=comparison, kept=kept, lost=lost, same=same)


def _make_sure_of_bodies(copy: Copy, other: Path, *, mended: bool) -> None:
    """Raise StoreError rather than say that all is here, where some of it is damaged."""
    if damaged := copy.damaged_bodies():
        more = f" (and {len(damaged) - 1} more)" if len(damaged) > 1 else ""
        raise StoreError(
            f"body {damaged[0]}{more} is damaged here; nothing was changed, "
            + (
                f"as {other} has it no better; restore the archive from a backup"
                if mended
                else f"to take it from {other}, if it is whole there, go on --despite-damage"
            )
        )


def _room_beside(archive: Path) -> tempfile.TemporaryDirectory[str]:
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix="merging-", dir=archive.parent)
    except OSError as error:
        raise StoreError(f"{archive.parent}: nothing can be put there: {error.strerror}") from error
