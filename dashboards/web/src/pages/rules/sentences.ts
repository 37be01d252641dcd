// A rule as sentences that a person reads.
import { named, t } from "../../lib/language.svelte";
import type { Word } from "../../lib/words";
import { DEFAULTS, type Bounds, type Condition, type Rule } from "./rule";

/** Which calls, when, what it says, and when it is over. */
export function sentences(rule: Rule): string[] {
  const who = either(rule.leg.map(person));
  const hold = rule.hold ?? DEFAULTS.hold;
  const said = [t("rules.say.when", { condition: condition(rule.when, who, rule.leg), hold: hold ? t("rules.say.hold", { n: hold }) : "" })];
  if (rule.where && Object.keys(rule.where).length) said.unshift(t("rules.say.where", { conditions: both(Object.entries(rule.where).map(fits)) }));
  const [release, rest] = [rule.release ?? DEFAULTS.release, rule.cool_down ?? DEFAULTS.cool_down];
  said.push(rest ? t("rules.say.over.rest", { n: release, rest }) : t("rules.say.over", { n: release }));
  return said;
}

const fits = ([key, values]: [string, string[]]): string => t("rules.say.fits", { key, values: either(values) });
const either = (said: readonly string[]): string => said.join(t("rules.say.or"));
const both = (said: readonly string[]): string => said.join(t("rules.say.and"));
const emotions = (labels: readonly string[]): string => either(labels.map((label) => named("emotion", label)));
const percent = (share: number): number => Math.round(share * 1000) / 10;

function person(leg: string): string {
  return t(`rules.who.${leg}` as Word);
}

/** `subject`: whom the rule is about, in words; `legs`: as it says it. */
function condition(one: Condition, subject: string, legs: readonly string[]): string {
  const leg = one.leg ? person(one.leg) : subject;
  const said = plain(one, leg, subject, one.leg ? [one.leg] : legs, legs);
  return one.within ? t("rules.say.within", { condition: said, n: one.within }) : said;
}

function plain(one: Condition, leg: string, subject: string, about: readonly string[], legs: readonly string[]): string {
  const inner = (part: Condition): string => {
    const said = condition(part, subject, legs);
    return (part.all_of ?? part.any_of ?? []).length > 1 ? t("rules.say.group", { condition: said }) : said;
  };
  if (one.all_of) return both(one.all_of.map(inner));
  if (one.any_of) return either(one.any_of.map(inner));
  if (one.not) return t("rules.say.not", { condition: inner(one.not) });
  if (one.emotion) return t("rules.say.emotion", { leg, labels: emotions(one.emotion.is), least: believed(one.emotion.at_least) });
  if (one.affect) return affect(one.affect, leg);
  if (one.change_point) return change(one.change_point, leg);
  if (one.silence) return about.includes("both") ? t("rules.say.silence.both", { n: one.silence.longer_than }) : t("rules.say.silence", { leg, n: one.silence.longer_than });
  if (one.overtalk) {
    const { longer_than: long, share, window } = one.overtalk;
    return long !== undefined ? t("rules.say.overtalk", { n: long }) : t("rules.say.overtalk.share", { share: percent(share ?? 0), n: window ?? 0 });
  }
  if (one.template) return t("rules.say.template", { leg, name: one.template.name, least: one.template.at_least ? t("rules.say.similar", { x: one.template.at_least }) : "" });
  if (one.label) return t("rules.say.label", { leg, head: one.label.head, labels: either(one.label.is), least: believed(one.label.at_least) });
  return "";
}

const believed = (share: number | undefined): string => (share === undefined ? "" : t("rules.say.believed", { share: percent(share) }));

function affect(wanted: NonNullable<Condition["affect"]>, leg: string): string {
  const usual = wanted.relative ? t("rules.say.usual") : "";
  const one = (what: string, bounds: Bounds): string =>
    bounds.above !== undefined ? t("rules.say.above", { what, leg, usual, x: bounds.above }) : t("rules.say.below", { what, leg, usual, x: bounds.below ?? 0 });
  return both([
    ...(wanted.valence ? [one(t("rules.say.valence"), wanted.valence)] : []),
    ...(wanted.arousal ? [one(t("rules.say.arousal"), wanted.arousal)] : []),
  ]);
}

function change(wanted: NonNullable<Condition["change_point"]>, leg: string): string {
  return t("rules.say.change", {
    leg,
    from: wanted.from ? t("rules.say.from", { labels: emotions(wanted.from) }) : "",
    to: wanted.to ? t("rules.say.to", { labels: emotions(wanted.to) }) : "",
    n: wanted.last ?? DEFAULTS.last,
    sure: (wanted.strength ? t("rules.say.strength", { x: wanted.strength }) : "") + (wanted.confirmed === false ? t("rules.say.suspected") : ""),
  });
}
