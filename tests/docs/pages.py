"""A page of the documentation as a script: its blocks are run in their order, and their output is compared.

- `console`: what follows `$ ` (and `> ` on further lines) is a command for bash; the rest is what it prints.
- a block after `<!-- file: NAME -->` is that file, which is there from then on.
- `sql` is asked of `archive.db` with the sqlite3 shell; `python` is a program; either prints the `text` block
  behind it, if one stands there.
- `<!-- not run: WHY -->` before a block leaves it out.

Outputs are compared letter by letter, but for four things: the day on which they were written down is any
day from yesterday to tomorrow, with any time; the folder is called FOLDER; port 8001 is a free one; and a
line with `…` alone stands for any number of lines.
"""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

WRITTEN_ON = "2026-11-21"
"""The day whose date stands in the documents where a reader's own day would stand."""

FOLDER = "/home/you/archiver"
PORT = "8001"
MOST_SECONDS = 280
"""A busy machine may take long; a page that takes longer hangs."""
COMMENT = re.compile(r"<!-- (file|not run): (.+?) -->")
RECORD = "\x1e"


@dataclass(kw_only=True)
class Block:
    """A fenced block of a page."""

    language: str
    lines: list[str]
    line: int
    """Where its first line stands, counted from 1."""
    file: str | None = None
    skipped: str | None = None


@dataclass(kw_only=True)
class Step:
    """Something to run, and what it prints by the document."""

    command: str
    expected: list[str] = field(default_factory=list)
    compared: bool = True
    line: int


def blocks(text: str) -> Iterator[Block]:
    """All fenced blocks of a page."""
    lines = text.split("\n")
    comment: re.Match[str] | None = None
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("```"):
            end = next(n for n in range(number + 1, len(lines)) if lines[n] == "```")
            told = {comment[1]: comment[2]} if comment else {}
            yield Block(
                language=line[3:].strip(),
                lines=lines[number + 1 : end],
                line=number + 2,
                file=told.get("file"),
                skipped=told.get("not run"),
            )
            number, comment = end, None
        elif line.strip():
            comment = COMMENT.fullmatch(line.strip())
        number += 1


def steps(text: str) -> list[Step]:
    """What a page does, in its order."""
    found: list[Step] = []
    before: Block | None = None
    for block in blocks(text):
        if block.skipped is not None:
            pass
        elif block.file is not None:
            end = "END_OF_FILE"
            written = "\n".join([f"cat > {block.file} <<'{end}'", *block.lines, end])
            found.append(Step(command=written, line=block.line))
        elif block.language == "console":
            found += _console(block)
        elif block.language in ("sql", "python"):
            shell = "sqlite3 -readonly -box archive.db" if block.language == "sql" else "python -"
            asked = "\n".join([f"{shell} <<'END'", *block.lines, "END"])
            found.append(Step(command=asked, line=block.line, compared=False))
        elif block.language == "text" and before is not None and before.language in ("sql", "python"):
            found[-1].expected, found[-1].compared = block.lines, True
        before = block
    return found


def _console(block: Block) -> Iterator[Step]:
    step: Step | None = None
    for number, line in enumerate(block.lines):
        if line.startswith("$ "):
            if step:
                yield step
            step = Step(command=line[2:], line=block.line + number)
        else:
            assert step is not None, f"line {block.line + number}: a console block begins with a command"
            if line.startswith("> ") and not step.expected:
                step.command += "\n" + line[2:]
            else:
                step.expected.append(line)
    if step:
        yield step


# ---------------------------------------------------------------- running


def run(page: str, folder: Path, variables: dict[str, str]) -> list[tuple[Step, list[str], int]]:
    """Run a page in a folder: each step with the lines that it printed, and its exit status."""
    asked = steps(page)
    if not asked:
        return []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    script = ["exec 2>&1 </dev/null"]
    for step in asked:
        command = re.sub(r"(archiver (?:--\S+ \S+ )*serve)\b", rf"\1 --port {PORT}", step.command)
        script += [command.replace(PORT, port), f"printf '{RECORD}%s\\n' $?"]
    script.append("kill $(jobs -p) 2>/dev/null; wait")
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        check=False,
        timeout=MOST_SECONDS,
    )
    printed = (
        done.stdout.decode("utf-8", "replace").replace(f":{port}", f":{PORT}").replace(str(folder), FOLDER)
    )
    told = re.split(rf"{RECORD}(\d+)\n", printed)
    assert len(told) == 2 * len(asked) + 1, f"the script ended early: {printed[-2000:]}"
    return [
        (step, told[2 * n].rstrip("\n").split("\n") if told[2 * n].strip("\n") else [], int(told[2 * n + 1]))
        for n, step in enumerate(asked)
    ]


# ---------------------------------------------------------------- comparing

_DAY = re.compile(rf"{WRITTEN_ON}(?:(T\d\d:\d\d:\d\d)Z)?|{WRITTEN_ON.replace('-', '')}T\d{{6}}Z")


def differs(expected: list[str], printed: list[str]) -> str | None:
    """What is wrong with what was printed; None: nothing."""
    if re.fullmatch(pattern(expected), "\n".join(line.rstrip() for line in printed)):
        return None
    return "\n".join(["expected:", *expected, "printed:", *printed])


def pattern(expected: list[str]) -> str:
    """Expected lines as a regular expression for what may be printed."""
    lines = []
    for line in expected:
        if line.strip() == "…":
            lines.append(r"(?:.*\n)*?.*")
            continue
        pieces, place = [], 0
        for match in _DAY.finditer(line := line.rstrip()):
            pieces += [re.escape(line[place : match.start()]), _any_time(match)]
            place = match.end()
        lines.append("".join([*pieces, re.escape(line[place:])]))
    return "\n".join(lines)


def _any_time(match: re.Match[str]) -> str:
    days = [datetime.now(UTC).date() + timedelta(days=number) for number in (-1, 0, 1)]
    if match[0][4] != "-":
        return f"(?:{'|'.join(f'{day:%Y%m%d}' for day in days)})T\\d{{6}}Z"
    time = r"T\d\d:\d\d:\d\dZ" if match[1] else ""
    return f"(?:{'|'.join(map(str, days))}){time}"
