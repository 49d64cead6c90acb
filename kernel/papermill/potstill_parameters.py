"""Finds the variables that a TypeScript cell declares at its top level, without a TypeScript compiler."""

import re
from typing import NamedTuple

_reserved = set(
    "await break case catch class const continue debugger default delete do else enum export extends false finally for "
    "function if import in instanceof let new null return static super switch this throw true try typeof var void while "
    "with yield".split()
)


class Declaration(NamedTuple):
    """`keyword name: annotation = default // help`; what is absent is the empty string."""

    name: str
    keyword: str
    annotation: str
    default: str
    help: str


def is_name(text, reserved=False):
    """Whether text is an identifier; reserved words count when `reserved` (property names may be such)."""
    if not text.replace("$", "_").isidentifier():
        return False
    return reserved or text not in _reserved


_token = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<arrow>=>)
      | (?P<compare>[=!<>]==?|==)
      | (?P<end>;)
      | (?P<newline>\n)
      | (?P<assign>=)
      | (?P<comma>,)
      | (?P<colon>:)
      | (?P<less><)
      | (?P<greater>>)
      | (?P<word>[\w$]+)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)

# A line that ends or begins with one of these goes on.
_continues_after = re.compile(r"(?:[=,:|&+\-*/%<?(\[{.]|=>)\s*$")
_continues_before = re.compile(r"\s*(?:[=.|&+*%?:,-]|/(?![/*]))")


def declarations(source):
    """The top-level `const`, `let` and `var` declarations of plain names, in order."""
    found = []
    for text, before, after in _statements(source):
        match = re.match(r"(?:export\s+|declare\s+)*(const|let|var)\s", text)
        if match:
            found.extend(_declared(text[match.end() :], match.group(1), _help(before, after)))
    return found


def _statements(source):
    """(statement, comment line above, comment behind) for each top-level statement, comments removed from the first."""
    parts, depth, above, lines = [], 0, "", 1
    tokens = list(_token.finditer(source))
    for index, token in enumerate(tokens):
        kind, text = token.lastgroup, token.group()
        if kind == "comment":
            # Behind a statement, on its line, it speaks of that one.
            if lines > 0 and not "".join(parts).strip() and text.startswith("//"):
                above, lines = text[2:].strip(), 1
            continue
        depth += (kind == "open") - (kind == "close")
        ends = depth == 0 and (kind == "end" or (kind == "newline" and _ended("".join(parts), source[token.end() :])))
        if not ends:
            parts.append(text)
            continue
        statement = "".join(parts).strip()
        if statement:
            yield statement, above, _behind(tokens, index)
            above, lines = "", int(kind == "newline")
        elif kind == "newline":
            lines += 1
            above = above if lines < 3 else ""
        parts = []
    statement = "".join(parts).strip()
    if statement:
        yield statement, above, _behind(tokens, len(tokens))


def _ended(statement, rest):
    if not statement.strip():
        return True
    return not _continues_after.search(statement) and not _continues_before.match(rest)


def _behind(tokens, index):
    """The `//` comment on the line on which a statement ends."""
    around = []
    if index < len(tokens) and tokens[index].lastgroup == "end":
        around = tokens[index + 1 : index + 3]
    elif index > 0:
        around = tokens[max(0, index - 1) : index]
    for token in around:
        if token.lastgroup == "newline":
            break
        if token.lastgroup == "comment" and token.group().startswith("//"):
            return token.group()[2:].strip()
    return ""


def _help(above, behind):
    return behind or above


def _declared(text, keyword, help_text):
    for part in _split(text):
        match = re.match(r"([\w$]+)\s*!?\s*(:)?", part)
        if match is None:
            continue
        rest = part[match.end() :]
        annotation, default = _annotation(rest) if match.group(2) else ("", rest)
        yield Declaration(match.group(1), keyword, annotation.strip(), default.strip().removeprefix("=").strip(), help_text)


def _split(text):
    """The declarations between the commas of one statement (those outside brackets and type arguments)."""
    parts, depth, angle, start = [], 0, 0, 0
    for token in _token.finditer(text):
        kind = token.lastgroup
        depth += (kind == "open") - (kind == "close")
        angle = max(0, angle + (kind == "less") - (kind == "greater"))
        if kind == "comma" and depth == 0 and angle == 0:
            parts.append(text[start : token.start()])
            start = token.end()
    return [part.strip() for part in [*parts, text[start:]] if part.strip()]


def _annotation(text):
    """A type annotation and what follows it."""
    depth = 0
    for token in _token.finditer(text):
        kind = token.lastgroup
        depth += (kind == "open") - (kind == "close")
        if kind == "assign" and depth == 0:
            return text[: token.start()], text[token.start() :]
    return text, ""
