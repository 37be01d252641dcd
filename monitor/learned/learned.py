"""The templates and heads that a call is heard with, and how they are kept with it.

They decide events, like the rules, so a call keeps their content: it can be replayed whatever became of the files since, and
an exported call is whole. That is why they are small (`file.LARGEST`). Their digests say at a glance whether two calls were
heard with the same, and `calls` of their documents which other calls they hold something of.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from monitor.errors import ConfigError
from monitor.learned.engine_key import EngineKey
from monitor.learned.head import Head
from monitor.learned.template import Template

One = TypeVar("One", Template, Head)


@dataclass(frozen=True, slots=True)
class Learned:
    """Templates and heads by their names."""

    templates: Mapping[str, Template] = field(default_factory=dict)
    heads: Mapping[str, Head] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.templates or self.heads)

    @classmethod
    def of(cls, templates: Iterable[Template] = (), heads: Iterable[Head] = ()) -> "Learned":
        """By name. Raises `ConfigError` where two bear the same and differ."""
        return cls(_by_name("template", templates), _by_name("head", heads))

    def over(self, other: "Learned") -> "Learned":
        """These, and of `other` what they lack by name."""
        return Learned({**other.templates, **self.templates}, {**other.heads, **self.heads})

    def require(self, engine: EngineKey) -> None:
        """Raise `ConfigError` where one of them was learnt from another engine's embeddings."""
        for name, template in self.templates.items():
            engine.require(template.document.key, f"template {name}")
        for name, head in self.heads.items():
            engine.require(head.document.key, f"head {name}")

    def document(self) -> dict[str, Any]:
        """All of it as JSON-ready data, to be stored with a call."""
        return {
            "templates": [_kept(template) for template in self.templates.values()],
            "heads": [{**_kept(head), "labels": list(head.labels)} for head in self.heads.values()],
        }

    @classmethod
    def from_document(cls, document: Any) -> "Learned":
        """What `document()` gave. Raises `ConfigError` where it is not that, or not to the letter."""
        try:
            return cls.of(
                [_as_kept(Template.read, "template", kept) for kept in document.get("templates", ())],
                [_as_kept(Head.read, "head", kept) for kept in document.get("heads", ())],
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"templates and heads kept with the call cannot be read: {error!r}") from None


def _kept(one: Template | Head) -> dict[str, Any]:
    calls = list(one.document.calls)
    return {"name": one.name, "digest": one.digest, "calls": calls, "content": b64encode(one.content).decode("ascii")}


def _as_kept(read: Callable[[bytes, str], One], kind: str, kept: Mapping[str, Any]) -> One:
    one = read(b64decode(kept["content"], validate=True), f"{kind} {kept['name']}")
    if (one.name, one.digest) != (kept["name"], kept["digest"]):
        raise ConfigError(f"{kind} {kept['name']} is not the one of its digest")
    return one


def _by_name(kind: str, every: Iterable[One]) -> dict[str, One]:
    found: dict[str, One] = {}
    for one in every:
        if found.setdefault(one.name, one) != one:
            raise ConfigError(f"two {kind}s are called {one.name} and differ; names must differ")
    return found
