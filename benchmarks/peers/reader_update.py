"""One run of the `reader` library, as its guide has it: make a reader, update all feeds, close.

`reader_update.py ARCHIVE WORKERS` updates; with a third argument, a file of addresses, it adds these before.
Runs in the environment of `requirements.txt`, not in the archiver's.
"""

import sys
from pathlib import Path

from reader import make_reader


def main() -> None:
    """Update every feed, due or not, with so many workers and the session that `reader` makes by itself."""
    archive, workers, *additions = sys.argv[1:]
    with make_reader(archive) as reader:
        for file in additions:
            for address in Path(file).read_text("utf-8").split():
                reader.add_feed(address)
        if not additions:
            reader.update_feeds(scheduled=False, workers=int(workers))


if __name__ == "__main__":
    main()
