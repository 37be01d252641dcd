"""Rule files and the set of rules that a call is watched with."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

import monitor
from monitor.alerts.emotions import unknown_emotions
from monitor.alerts.model import KINDS, LabelCondition, Rule, TemplateCondition
from monitor.errors import ConfigError
from monitor.events import ABSTAIN
from monitor.learned.engine_key import EngineKey
from monitor.learned.head import Head
from monitor.learned.learned import Learned
from monitor.learned.template import Template
from monitor.validation import place, sentence
from monitor.yaml_document import Document, Keys, parse, read_text

SHIPPED = "configs/rules"
"""Rule files that ship with the program: each is named by its stem, and `default` is taken where none is named."""


@dataclass(frozen=True)
class RuleSet:
    """Rules in the order in which they are evaluated; their names differ."""

    rules: tuple[Rule, ...]
    learned: Learned = field(default_factory=Learned)
    """The templates that they name, and heads."""

    def document(self) -> list[dict[str, Any]]:
        """The rules as JSON-ready data, to be stored with a call."""
        return [rule.model_dump(mode="json", by_alias=True, exclude_defaults=True) for rule in self.rules]

    @classmethod
    def from_document(
        cls, document: Sequence[Mapping[str, Any]], name: str = "stored rules", learned: Learned | None = None
    ) -> "RuleSet":
        """The rules of `document()`, with the templates and heads that they were heard with.

        Raises `ConfigError`, with `name`, where it is not one.
        """
        data = list(document) if isinstance(document, list | tuple) else document
        rules, mistakes = _rules(Document(name, {"rules": data}), {})
        if mistakes:
            raise ConfigError("\n".join(mistakes))
        return cls(tuple(rules), learned or Learned())

    def of_call(self, metadata: Mapping[str, Any]) -> "RuleSet":
        """Those that a call of such metadata is watched with."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.is_for(metadata)))

    @property
    def names(self) -> tuple[str, ...]:
        """Of the rules, in their order."""
        return tuple(rule.name for rule in self.rules)

    @cached_property
    def labels(self) -> frozenset[str]:
        """Emotion labels that the rules name."""
        return frozenset(
            label
            for rule in self.rules
            for condition in rule.when.walk()
            for label in (
                *(condition.emotion.is_ if condition.emotion else ()),
                *((condition.change_point.from_ or ()) if condition.change_point else ()),
                *((condition.change_point.to or ()) if condition.change_point else ()),
            )
        )

    def heard_with(self, learned: Learned, engine: EngineKey) -> "RuleSet":
        """These rules with the templates that they name, and with all heads that are of `engine`.

        Raises `ConfigError` where a rule names a template or head that there is not, that was learnt from another engine's
        embeddings, or that has not what the rule asks of it.
        """
        named = [(rule.name, condition) for rule in self.rules for condition in rule.when.walk()]
        templates = {
            condition.template.name: _template(rule, condition.template, learned)
            for rule, condition in named
            if condition.template is not None
        }
        heads = {
            condition.label.head: _head(rule, condition.label, learned)
            for rule, condition in named
            if condition.label is not None
        }
        Learned(templates, heads).require(engine)
        heads = {name: head for name, head in learned.heads.items() if name in heads or head.document.key == engine}
        return replace(self, learned=Learned(templates, heads))

    def unknown_labels(self, labels: Sequence[str]) -> list[str]:
        """Labels that the rules name and an engine of `labels` does not have: such conditions can never hold."""
        return sorted(self.labels - set(labels) - {ABSTAIN})


def load_rules(paths: Sequence[Path] | None = None, labels: Sequence[str] | None = None) -> RuleSet:
    """The rules of some files, in order; None takes `default`, an empty list takes no rule.

    A path that is the name of rules that ship (`default`, `retention`) is those. `labels` are those of the engine in use: then
    an emotion that neither it nor an engine that ships names is a mistake. Raises `ConfigError` with file and line of every
    mistake in all files.
    """
    return _together((partial(_read, path) for path in named_files(paths)), labels)


def parse_rules(text: str, name: str, labels: Sequence[str] | None = None) -> RuleSet:
    """The rules of a text, as of a file called `name`. Raises `ConfigError` as `load_rules` does."""
    return _together([partial(_parse, text, name)], labels)


def named_files(paths: Sequence[Path] | None) -> Sequence[Path]:
    """The files that `alerts.rules` names: None takes those that ship as `default`."""
    return (Path("default"),) if paths is None else paths


def _together(documents: Iterable[Callable[[], Document]], labels: Sequence[str] | None) -> RuleSet:
    rules: list[Rule] = []
    mistakes: list[str] = []
    origin: dict[str, str] = {}
    for read in documents:
        try:
            document = read()
        except ConfigError as error:
            mistakes.append(str(error))
            continue
        found, wrong = _rules(document, origin)
        rules += found
        mistakes += wrong + (unknown_emotions(document, labels) if labels is not None else [])
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return RuleSet(tuple(rules))


def shipped_rules() -> dict[str, Path]:
    """The rule files that ship with the program by their names: in the installed package, or in the repository."""
    package = Path(monitor.__file__).parent
    installed = package / "_data" / SHIPPED
    folder = installed if installed.exists() else package.parent / SHIPPED
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def rule_file(path: Path) -> Path:
    """Where a named file is, or the rules that ship under the name. Raises `ConfigError` where it is neither."""
    shipped = shipped_rules()
    if str(path) in shipped:
        return shipped[str(path)]
    if path.name == str(path) and not path.suffix and not path.exists():
        raise ConfigError(f"{path}: no rules of this name ship ({', '.join(shipped)} do), and no such rule file is here")
    return path


def _read(path: Path) -> Document:
    file = rule_file(path)
    return _parse(read_text(file, "rule file"), str(file))


def _parse(text: str, name: str) -> Document:
    return parse(text, name, prepare=_take_metadata_as_text)


def _take_metadata_as_text(root: yaml.Node, _: object) -> None:
    """Have the values under `where` read as they are written: `no` is a language, and 0123 no number."""
    for rule in _below(root, "rules"):
        for wanted in _below(rule, "where"):
            for value in wanted.value if isinstance(wanted, yaml.MappingNode) else ():
                for item in _items(value[1]):
                    if isinstance(item, yaml.ScalarNode) and item.tag != "tag:yaml.org,2002:null":
                        item.tag = "tag:yaml.org,2002:str"


def _below(node: yaml.Node, key: str) -> Iterator[yaml.Node]:
    """What stands under a key of a mapping, the items of a list each."""
    for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if name.value == key:
            yield from _items(value)


def _items(node: yaml.Node) -> Sequence[yaml.Node]:
    return node.value if isinstance(node, yaml.SequenceNode) else (node,)


def _template(rule: str, condition: TemplateCondition, learned: Learned) -> Template:
    template = learned.templates.get(condition.name)
    if template is None:
        raise ConfigError(
            f"rule {rule} names the template {condition.name}; {_there_are(learned.templates, 'analysis.templates')}"
        )
    if condition.at_least is None and template.document.threshold is None:
        raise ConfigError(
            f"rule {rule}: template {condition.name} has learnt no threshold, as it was made without --against: say at_least"
        )
    return template


def _head(rule: str, condition: LabelCondition, learned: Learned) -> Head:
    head = learned.heads.get(condition.head)
    if head is None:
        raise ConfigError(f"rule {rule} names the head {condition.head}; {_there_are(learned.heads, 'analysis.heads')}")
    if unknown := [label for label in condition.is_ if label not in head.labels]:
        raise ConfigError(f"rule {rule}: head {head.name} has no label {unknown[0]}; it has {', '.join(head.labels)}")
    return head


def _there_are(names: Mapping[str, object], setting: str) -> str:
    return f"{setting} has {', '.join(sorted(names))}" if names else f"{setting} has none"


def _rules(document: Document, origin: dict[str, str]) -> tuple[list[Rule], list[str]]:
    """The rules of a file that are right, and all that is wrong; `origin`, where each name was first given, grows."""
    data, mistakes = document.data, list(document.mistakes)
    if not isinstance(data, dict) or not isinstance(data.get("rules"), list):
        return [], [*mistakes, f"{document.where(())}: a rule file is a list under the key rules:"]
    extra = [key for key in data if key != "rules" and isinstance(key, str)]
    mistakes += [f"{document.where((key,))}: unknown key {key}; a rule file has the key rules alone" for key in extra]
    rules: list[Rule] = []
    for index, item in enumerate(data["rules"]):
        try:
            rule = Rule.model_validate(item)
        except ValidationError as error:
            mistakes += [_explain(document, ("rules", index), item, one) for one in error.errors(include_url=False)]
            continue
        where = document.where(("rules", index, "name"))
        if rule.name in origin:
            mistakes.append(f"{where}: a rule called {rule.name} is already at {origin[rule.name]}; names must differ")
        origin.setdefault(rule.name, where)
        rules.append(rule)
    return rules, mistakes


def _explain(document: Document, at: Keys, item: Any, error: Any) -> str:
    keys: Keys = (*at, *error["loc"])
    rule = item.get("name") if isinstance(item, dict) else None
    key = place(error) or "rule"
    about = f"rule {rule}: {key}" if isinstance(rule, str) else key
    if error["type"] == "extra_forbidden":
        problem = f"unknown key; a condition is one of {', '.join(KINDS)}" if "when" in error["loc"] else "unknown key"
    else:
        problem = sentence(error)
    return f"{document.where(keys)}: {about}: {problem}"
