"""From what was typed to a tree, and notes on what could not be taken as it looks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from archiver.query.tree import (
    FILTER_FIELDS,
    NOTHING,
    WORD_FIELDS,
    All,
    Either,
    Filter,
    Node,
    Not,
    Term,
    span,
    walk,
    whether,
)

MAX_TERMS = 16
"""Ranking many words costs out of proportion (reliability report, O15)."""

MAX_FILTERS = 16

MAX_LENGTH = 4_000
"""Characters; longer questions are cut."""

_TERM = re.compile(r"\w")

_FIELD = re.compile(r"[^\W\d_]{1,20}(?=:)")
_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<bar>\|)
    | (?P<open>\() | (?P<close>\))
    | (?P<dash>-\()
    | (?P<item>
        (?P<minus>-)?
        (?:(?P<field>[^\W\d_]{1,20}):(?=[^\s()|]))?
        (?: "(?P<phrase>[^"]*)"(?P<star>\*)? | "?(?P<word>[^\s()|"]+) )
      )
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_ELSEWHERE = {
    "AND": "AND was looked for as a word; all words must be found without it",
    "NOT": "NOT was looked for as a word; -word leaves out what has it",
}
"""Operators of other languages, and what to write instead."""

_Operator = Literal["OR", "(", ")", "-("]


def parsed(typed: str) -> tuple[Node, tuple[str, ...]]:
    """What was typed as a tree, and notes on what was not taken as it may have been meant."""
    notes: list[str] = []
    if len(typed) > MAX_LENGTH:
        typed = typed[:MAX_LENGTH]
        notes.append(f"only the first {MAX_LENGTH:,} characters of the question were read")
    tokens = _matched(list(_tokens(typed, notes)))
    tree = _grouped(_bounded(tokens, notes))
    if tree == All() and typed.strip():
        tree = NOTHING
        notes.append("there is no word in the question")
    return tree, tuple(dict.fromkeys(notes))


def _tokens(typed: str, notes: list[str]) -> Iterator[Node | _Operator]:
    for found in _TOKEN.finditer(typed):
        kind = found.lastgroup
        if found["space"] or found["other"]:
            continue
        if found["bar"]:
            yield "OR"
        elif found["open"]:
            yield "("
        elif found["close"]:
            yield ")"
        elif found["dash"]:
            yield "-("
        else:
            assert kind is not None
            if found["item"] == "OR":
                yield "OR"
                continue
            if found["item"] in _ELSEWHERE:
                notes.append(_ELSEWHERE[found["item"]])
            node = _item(found["field"], found["phrase"], found["word"], notes, star=bool(found["star"]))
            if node is not None:
                yield Not(node) if found["minus"] else node


def _item(
    name: str | None, phrase: str | None, word: str | None, notes: list[str], *, star: bool
) -> Node | None:
    value = phrase if phrase is not None else word or ""
    known = (name or "").lower()
    if known in FILTER_FIELDS:
        problem = _problem(known, value)
        if problem is None:
            return Filter(known, value.strip())
        notes.append(problem)
    elif known in WORD_FIELDS:
        return _term(value, field=known, is_word=phrase is None, star=star)
    elif name is None and word and word.removesuffix(":").lower() in (*FILTER_FIELDS, *WORD_FIELDS):
        if word.endswith(":"):
            notes.append(f"{word} has nothing right behind it, so it was looked for as a word")
    elif name is not None and known not in ("http", "https"):
        notes.append(f"there is no field {name}:, so both were looked for as words")
    parts = [_term(part, is_word=phrase is None, star=star) for part in ([name] if name else []) + [value]]
    return all_of([part for part in parts if part is not None]) if any(parts) else None


def _problem(name: str, value: str) -> str | None:
    """Why a field's value cannot be taken as meant."""
    if not value.strip():
        return f"{name}: says nothing, so it was looked for as a word"
    if name in ("after", "before") and span(value) is None:
        return f"{name}:{value[:40]} is no date (2026, 2026-03, 2026-03-01), so it was looked for as words"
    if name in ("changed", "withdrawn") and whether(value) is None:
        told = f"{name}:{value[:40]} is neither yes nor no nor a date nor DATE..DATE"
        return f"{told}, so it was looked for as words"
    return None


def _term(text: str, *, field: str | None = None, is_word: bool, star: bool) -> Term | None:
    """A word or a phrase; with a star at its end, all that begin so."""
    star = star or (is_word and text.endswith("*"))
    text = " ".join(text.rstrip("*").replace("*", " ").split()) if is_word else " ".join(text.split())
    prefix = star and bool(_TERM.match(text[-1:]))
    return Term(text, field, prefix) if _TERM.search(text) else None


def _matched(tokens: list[Node | _Operator]) -> list[Node | _Operator]:
    """Without parentheses that have no partner, or nothing between them."""
    partner: dict[int, int] = {}
    waiting: list[int] = []
    for number, sign in enumerate(tokens):
        if sign in ("(", "-("):
            waiting.append(number)
        elif sign == ")" and waiting:
            begin = waiting.pop()
            partner[begin] = number
            partner[number] = begin
    return [sign for number, sign in enumerate(tokens) if sign not in ("(", "-(", ")") or number in partner]


def _bounded(tokens: list[Node | _Operator], notes: list[str]) -> list[Node | _Operator]:
    """Not more words and filters than can be answered; what is too much is left out."""
    kept: list[Node | _Operator] = []
    terms = filters = 0
    for token in tokens:
        if isinstance(token, str):
            kept.append(token)
            continue
        inner = list(walk(token))
        terms += sum(isinstance(node, Term) for node in inner)
        filters += sum(isinstance(node, Filter) for node in inner)
        if terms > MAX_TERMS or filters > MAX_FILTERS:
            notes.append(f"only the first {MAX_TERMS} words and {MAX_FILTERS} filters were looked for")
            continue
        kept.append(token)
    return kept


@dataclass(slots=True)
class _Group:
    """An open group: things that must all be, each with its alternatives."""

    negated: bool = False
    needs: list[list[Node]] = field(default_factory=list)
    is_joined: bool = False
    """An OR was read: what comes next is an alternative to what came last."""

    def add(self, node: Node) -> None:
        if self.is_joined:
            self.needs[-1].append(node)
        else:
            self.needs.append([node])
        self.is_joined = False


def _grouped(tokens: list[Node | _Operator]) -> Node:
    """The tree, by a stack of open groups. OR binds its two neighbours, as elsewhere on the web."""
    stack = [_Group()]
    for number, sign in enumerate(tokens):
        group = stack[-1]
        if sign in ("(", "-("):
            stack.append(_Group(negated=sign == "-("))
        elif sign == ")":
            stack.pop()
            inner = all_of([_either(need) for need in group.needs])
            if inner != All():
                stack[-1].add(_not(inner) if group.negated else inner)
        elif sign == "OR":
            if group.needs and not group.is_joined and _goes_on(tokens, number):
                group.is_joined = True
            else:
                group.add(Term("OR"))
        else:
            assert not isinstance(sign, str)
            group.add(sign)
    return all_of([_either(need) for need in stack[0].needs])


def _goes_on(tokens: list[Node | _Operator], number: int) -> bool:
    """Whether something that can be looked for stands behind an OR."""
    for sign in tokens[number + 1 :]:
        if sign == ")":
            return False
        if not isinstance(sign, str):
            return True
    return False


def _either(alternatives: list[Node]) -> Node:
    parts: list[Node] = []
    for part in alternatives:
        parts += part.parts if isinstance(part, Either) else [part]
    parts = list(dict.fromkeys(parts))
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def all_of(parts: list[Node]) -> Node:
    """All of these, without needless levels."""
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else [part]
    flat = list(dict.fromkeys(flat))
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def _not(node: Node) -> Node:
    return node.part if isinstance(node, Not) else Not(node)
