"""Where the processor's time of a live service goes, versions above one another: a flame graph of sampled stacks.

    py-spy record --function --threads --format raw --duration 12 --output NAME.folded --pid PID     # pip install py-spy
    python -m lab.experiments.flame_graph "before=OLD.folded=9.2" "after=NEW.folded=5.1" --out docs/images/calls.svg

Each argument is a title, the stacks that were sampled, and how many ms of a core the process took for a leg-second meanwhile
(`/proc/PID/stat`, before and after): widths are in proportion to these, so a millisecond is as wide in one as in the other. A
thread is a tower, as wide as its share of the samples in which it did not wait; colours are rooms. What is narrower than a
pixel is left out.
"""

import argparse
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

WIDTH, ROW, TOP, LEFT = 1000.0, 14, 30, 4
LEAST, MOST_ROWS = 1.5, 14
COLOURS = {
    "sources": "#7fb3d5",
    "audio": "#a9cce3",
    "engines": "#f5b041",
    "inference": "#f8c471",
    "store": "#82e0aa",
    "affect": "#d98880",
    "changes": "#d98880",
    "alerts": "#e6b0aa",
    "pipeline": "#c39bd3",
}
"""By room; libraries are grey."""
OTHER = "#d5d8dc"
_WAITS = re.compile(r"(Condition|Event)\.wait|_worker |\.select |SimpleQueue|_poll |_gather |^sync_|Receiver\._run ")
"""Innermost functions in which a thread waits: py-spy takes some of these for work where it must not stop the process."""


@dataclass(slots=True)
class Node:
    """A function, called by those below it."""

    samples: int = 0
    above: dict[str, "Node"] = field(default_factory=dict)


def read(folded: Iterable[str]) -> Node:
    """The tree of stacks of which each line has one, outermost first, and how often it was seen."""
    root = Node()
    for line in folded:
        stack, _, count = line.rpartition(" ")
        thread, *frames = stack.split(";")
        if _WAITS.search(frames[-1]):
            continue
        begins = next((index for index, frame in enumerate(frames) if "(monitor/" in frame), 0)
        node = root
        node.samples += int(count)
        for frame in (_role(thread), *frames[begins:]):
            node = node.above.setdefault(frame, Node())
            node.samples += int(count)
    return root


def _role(thread: str) -> str:
    """What a thread does: those of single calls are one, and so are those of a pool."""
    name = thread.rpartition(": ")[2]
    return "calls" if re.match(r"call-", name) else re.sub(r"[-_]?\d+$", "", name)


def drawn(root: Node, scale: float, left: float, floor: float) -> Iterator[str]:
    """Rectangles; `scale`: pixels a sample."""
    at = left
    for name, node in sorted(root.above.items(), key=lambda item: -item[1].samples):
        width = node.samples * scale
        if width >= LEAST and floor >= TOP:
            colour = next((colour for room, colour in COLOURS.items() if f"/{room}" in name), OTHER)
            shown = name.partition(" (")[0][: int(width / 6)]
            label = f'<text x="{at + 2:.1f}" y="{floor + 10}">{escape(shown)}</text>' if len(shown) > 2 else ""
            box = f'<rect x="{at:.1f}" y="{floor}" width="{width:.1f}" height="{ROW - 1}" fill="{colour}"/>'
            yield f"<g><title>{escape(name)}</title>{box}{label}</g>"
            yield from drawn(node, scale, at, floor - ROW)
        at += width


def picture(versions: list[tuple[str, Node, float]]) -> str:
    """An SVG; each version a title, its tree, and ms of a core a leg-second."""
    height = TOP + MOST_ROWS * ROW + 10
    most = max(ms for _, _, ms in versions)
    parts = []
    for index, (title, root, ms) in enumerate(versions):
        scale = WIDTH * ms / most / max(root.samples, 1)
        rows = "".join(drawn(root, scale, LEFT, TOP + (MOST_ROWS - 1) * ROW))
        said = f'<text x="{LEFT}" y="18" class="title">{escape(title)}: {ms:g} ms of a core a leg-second</text>'
        parts.append(f'<g transform="translate(0 {index * height})">{said}{rows}</g>')
    style = "text{font:9px monospace;fill:#17202a}.title{font:14px sans-serif;font-weight:bold}"
    body = "".join(parts)
    size = f'viewBox="0 0 {WIDTH + 2 * LEFT:.0f} {len(versions) * height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style}</style>'
    return f'{head}<rect width="100%" height="100%" fill="#fff"/>{body}</svg>\n'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("versions", nargs="+", metavar="TITLE=FOLDED=MS")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    versions = []
    for version in arguments.versions:
        title, path, ms = version.rsplit("=", 2)
        with Path(path).open(encoding="utf-8") as folded:
            versions.append((title, read(folded), float(ms)))
    arguments.out.write_text(picture(versions), encoding="utf-8")


if __name__ == "__main__":
    main()
