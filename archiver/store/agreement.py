"""What the archive writes in two places, as questions that have no answer while both say the same."""


def _members(*names: str) -> str:
    """SQL for these members of an object, as an array."""
    values = ", ".join(f"json_extract(value, '$.{name}')" for name in names)
    return f"json_array({values})"


QUESTIONS: tuple[tuple[str, str | None, str, str], ...] = (
    (
        "entries", "revision", "is not the number of its last version, or a version is missing",
        """
        SELECT entries.id FROM entries LEFT JOIN revisions ON entry_id = entries.id GROUP BY entries.id
        HAVING entries.revision IS NOT max(revisions.revision) OR count(*) <> entries.revision
            OR min(revisions.revision) <> 1
        """,
    ),
    *(
        (
            "entries", column, "differs from its last version",
            f"""
            SELECT entries.id FROM entries JOIN revisions ON entry_id = entries.id
                AND revisions.revision = entries.revision
            WHERE entries.{column} IS NOT revisions.{column}
            """,
        )
        for column in ("content_sha256", "title", "url", "published_at", "published_raw")
    ),
    (
        "revisions", "fetch_id", "was seen at another time than its fetch",
        """
        SELECT revisions.id FROM revisions JOIN fetches ON fetches.id = fetch_id
        WHERE seen_at <> started_at
        """,
    ),
    (
        "revisions", "fetch_id", "comes from a fetch of another feed",
        """
        SELECT revisions.id FROM revisions JOIN fetches ON fetches.id = fetch_id
        JOIN entries ON entries.id = entry_id WHERE entries.feed_id <> fetches.feed_id
        """,
    ),
    (
        "entries", "first_seen_at", "is another time than that of its first version",
        """
        SELECT entries.id FROM entries JOIN revisions ON entry_id = entries.id AND revisions.revision = 1
        WHERE first_seen_at <> seen_at
        """,
    ),
    (
        "marks", "entries", "names an entry that does not stand in the feed's last document",
        """
        SELECT feed_id FROM marks WHERE EXISTS (
            SELECT 1 FROM json_each('["' || replace(marks.entries, ' ', '","') || '"]') AS word
            LEFT JOIN entries ON entries.id = CAST(substr(word.value, instr(word.value, ':') + 1) AS INTEGER)
            WHERE instr(word.value, ':')
                AND (entries.feed_id IS NOT marks.feed_id OR present IS NOT 1 OR suspect IS NOT 0)
        )
        """,
    ),
    (
        "entries", "withdrawn_at", "is not the time of the fetch that proved it",
        """
        SELECT entries.id FROM entries LEFT JOIN fetches ON fetches.id = withdrawn_fetch_id
        WHERE withdrawn_at IS NOT fetches.started_at OR (withdrawn_at IS NOT NULL AND present)
        """,
    ),
    (
        "feeds", "url", "is not the address that was given",
        """
        SELECT feeds.id FROM feeds WHERE url NOT IN (
            SELECT url FROM feed_addresses WHERE feed_id = feeds.id AND reason = 'given'
        )
        """,
    ),
    (
        "posts", "published_at", "is not the earliest date of its entries",
        """
        SELECT posts.id FROM posts WHERE published_at IS NOT
            (SELECT min(entries.published_at) FROM entries WHERE post_id = posts.id)
        """,
    ),
    (
        "posts", "entry_count", "is not the number of its entries",
        """
        SELECT posts.id FROM posts LEFT JOIN entries ON post_id = posts.id GROUP BY posts.id
        HAVING count(entries.id) <> entry_count
        """,
    ),
    (
        "posts", "canonical_entry_id", "is none of its entries",
        """
        SELECT posts.id FROM posts LEFT JOIN entries ON entries.id = canonical_entry_id
        WHERE entries.post_id IS NOT posts.id
        """,
    ),
    *(
        (
            "posts", column, "differs from the entry that it shows",
            f"""
            SELECT posts.id FROM posts JOIN entries ON entries.id = canonical_entry_id
            WHERE posts.{column} IS NOT entries.{column}
            """,
        )
        for column in ("title", "url", "language")
    ),
    (
        "bodies", None, "is gone, and a fetch names it",
        """
        SELECT DISTINCT body_sha256 FROM fetches WHERE body_sha256 IS NOT NULL
            AND body_sha256 NOT IN (SELECT sha256 FROM bodies)
        """,
    ),
    (
        "bodies", "checksum", "was taken away",
        "SELECT sha256 FROM bodies WHERE checksum IS NULL",
    ),
    (
        "fetches", "body_sha256", "names a body that is not there",
        """
        SELECT id FROM fetches WHERE body_sha256 IS NOT NULL
            AND body_sha256 NOT IN (SELECT sha256 FROM bodies)
        """,
    ),
    *(
        (
            "entries", table, f"{table} differ from those of its last version",
            f"""
            SELECT entries.id FROM entries JOIN revisions ON entry_id = entries.id
                AND revisions.revision = entries.revision
            WHERE (SELECT json_group_array({value}) FROM
                (SELECT * FROM {table} WHERE entry_id = entries.id ORDER BY position))
                <> (SELECT json_group_array({told}) FROM
                (SELECT key, value FROM json_each(revisions.{table}) ORDER BY key))
            """,
        )
        for table, value, told in (
            ("enclosures", "json_array(url, type, length)", _members("url", "type", "length")),
            ("categories", "json_array(term, scheme, label)", _members("term", "scheme", "label")),
        )
    ),
)  # fmt: skip
"""Each: table and column that are wrong, in which way, and the SQL that finds the ids of such rows."""
