"""Help as a terminal of any width shows it well.

Typer keeps the line breaks of docstrings, reads what stands in brackets as markup, and breaks long examples anywhere.
"""

from typing import Any

from typer.core import TyperGroup

EXAMPLE_WIDTH = 76
"""Characters of an example's line: 80 columns less what Typer keeps free."""
_NOTHING = "[none][/none]"
"""Markup that shows nothing: a line that begins with it keeps its indent, which Typer takes away where all lines have one."""


def mend_help(command: Any) -> None:
    """Have a command, and all beneath it, show its help so."""
    command.help = flowing(command.help or "")
    for parameter in command.params:
        if text := getattr(parameter, "help", None):
            parameter.help = literal(text)
    if isinstance(command, TyperGroup):
        for each in command.commands.values():
            mend_help(each)


def flowing(text: str) -> str:
    """Paragraphs in one line each, for the terminal to break; indented lines (examples) stay, broken where a shell may go on.

    Markup that shows nothing keeps their indent.

    >>> flowing("It is\\nlong.\\n\\n  emotion-monitor run")
    'It is long.\\n\\n[none][/none]  emotion-monitor run'
    """
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(" "):
            lines += broken(line)
        elif line and lines and lines[-1] and not lines[-1].startswith(" "):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return literal("\n".join(lines)).replace("\n  ", f"\n{_NOTHING}  ", 1)


def broken(example: str) -> list[str]:
    """A command's line in lines that are short enough, each but the last with a backslash at its end."""
    indent = len(example) - len(example.lstrip())
    lines = []
    while len(example) > EXAMPLE_WIDTH:
        places = [place for place in range(indent + 8, EXAMPLE_WIDTH - 1) if _may_break(example, place)]
        if not places:
            break
        options = [place for place in places if example[place + 1] in "-|"]
        place = (options or places)[-1]
        lines.append(f"{example[:place]} \\")
        example = " " * (indent + 4) + example[place + 1 :]
    return [*lines, example]


def literal(text: str) -> str:
    """The text with brackets that are meant."""
    return text.replace("\\[", "[").replace("[", "\\[")


def _may_break(example: str, place: int) -> bool:
    """Whether a blank outside of quotes and brackets is at this place."""
    before = example[:place]
    open_brackets = before.count("(") - before.count(")")
    return example[place] == " " and not open_brackets and not before.count('"') % 2 and not before.count("'") % 2
