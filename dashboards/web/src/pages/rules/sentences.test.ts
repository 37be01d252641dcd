import { expect, test } from "vitest";
import type { Rule } from "./rule";
import { sentences } from "./sentences";

const rule = (more: Partial<Rule>): Rule => ({ name: "r", severity: "info", leg: ["customer"], when: { emotion: { is: ["angry"] } }, message: "m", ...more });
const when = (more: Partial<Rule>): string | undefined => sentences(rule(more)).at(-2);

test("a rule says when it warns and when that is over", () => {
  expect(sentences(rule({ when: { emotion: { is: ["angry", "sad"], at_least: 0.7 } }, hold: 0.2 }))).toEqual([
    "Warns when the customer sounds angry or sad (believed to 70 % or more), for 0.2 s.",
    "Over once that has been gone for 2 s; no new warning for 30 s after.",
  ]);
});

test("a rule for some calls says which", () => {
  expect(sentences(rule({ where: { queue: ["billing", "sales"], language: ["de"] } }))[0]).toBe("Only in calls whose queue is billing or sales and language is de.");
});

test("each condition is told of whom it is about", () => {
  expect(when({ leg: ["both"], when: { silence: { longer_than: 20 } } })).toBe("Warns when nobody has spoken for more than 20 s.");
  expect(when({ when: { all_of: [{ emotion: { is: ["angry"], at_least: 0.5 }, within: 15 }, { silence: { longer_than: 6 }, leg: "other" }] } })).toBe(
    "Warns when the customer sounds angry (believed to 50 % or more) at some moment of the last 15 s and the other party has been silent for more than 6 s.",
  );
  expect(when({ when: { affect: { valence: { below: -0.15 }, relative: true } } })).toBe("Warns when the valence of the customer, against their own usual, is below -0.15.");
  expect(when({ when: { change_point: { from: ["neutral"], to: ["angry"], strength: 1.2 } } })).toBe(
    "Warns when the customer turned from neutral to angry in the last 10 s (strength 1.2 or more).",
  );
  expect(when({ when: { overtalk: { share: 0.35, window: 30 } } })).toBe("Warns when both talked at once for 35 % of the last 30 s.");
});

test("what is joined otherwise stands in brackets", () => {
  expect(when({ when: { all_of: [{ silence: { longer_than: 2 } }, { not: { any_of: [{ silence: { longer_than: 5 } }, { emotion: { is: ["sad"] } }] } }] } })).toBe(
    "Warns when the customer has been silent for more than 2 s and it is not so that (the customer has been silent for more than 5 s or the customer sounds sad).",
  );
});
