// @vitest-environment node
import { describe, expect, it } from "vitest";
import { conversation, turnsOf, type Speech } from "./conversation";

/** Speech of a leg from a line of signs, one a tick of 100 ms: `#` speaks. */
const leg = (name: string, signs: string): Speech => ({ leg: name, speech: [...signs].map((sign) => (sign === "#" ? 0.9 : 0.1)), ticks: signs.length });
const of = (times: number, sign: string) => sign.repeat(times);

describe("a conversation", () => {
  it("has turns to which the gaps between words belong", () => {
    expect(turnsOf(leg("agent", `..${of(5, "#")}...${of(5, "#")}......${of(4, "#")}`))).toEqual([{ start: 0.2, end: 1.5 }, { start: 2.1, end: 2.5 }]);
  });

  it("does not take a click for a turn", () => {
    expect(turnsOf(leg("agent", "...##......"))).toEqual([]);
  });

  it("has a share of talk for each leg", () => {
    const { talk, share } = conversation([leg("customer", of(30, "#") + of(10, ".")), leg("agent", of(30, ".") + of(10, "#"))]);
    expect(talk).toEqual({ customer: 3, agent: 1 });
    expect(share).toEqual({ customer: 0.75, agent: 0.25 });
  });

  it("tells who talks over whom and who gave way", () => {
    const { talkOver, interruptions } = conversation([
      leg("customer", of(20, ".") + of(30, "#")),
      leg("agent", of(30, "#") + of(20, ".")),
    ]);
    expect(talkOver).toEqual([{ start: 2, end: 3 }]);
    expect(interruptions).toEqual([{ start: 2, end: 3, by: "customer", gaveWay: true }]);
  });

  it("who begins at once with the other interrupts nobody", () => {
    expect(conversation([leg("customer", of(20, "#")), leg("agent", `..${of(18, "#")}`)]).interruptions).toEqual([]);
  });

  it("a short yes while the other talks is no interruption", () => {
    const both = conversation([leg("customer", of(50, "#")), leg("agent", of(20, ".") + of(4, "#") + of(26, "."))]);
    expect([both.talkOver, both.interruptions]).toEqual([[], []]);
  });

  it("has the long silences, of the end too", () => {
    const { silences } = conversation([leg("customer", of(10, "#") + of(40, ".") + of(10, "#") + of(31, "."))]);
    expect(silences).toEqual([{ start: 1, end: 5 }, { start: 6, end: 9.1 }]);
  });

  it("of nothing is empty", () => {
    expect(conversation([])).toEqual({ turns: {}, talk: {}, share: {}, silences: [], talkOver: [], interruptions: [] });
  });
});
