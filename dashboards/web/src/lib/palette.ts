// The colours of emotions and severities. Each comes with a letter and a pattern, so that no colour has to be told from another.

export interface Paint {
  /** Of the fill. */
  colour: string;
  /** What is written on it, at least 4.5 : 1. */
  ink: "#ffffff" | "#10151c";
  /** Of a band too narrow for a letter: see `components/Band`. */
  pattern: "solid" | "up" | "down" | "dots" | "bars" | "cross" | "none";
}

// After Okabe and Ito (2008), told apart by people with any of the three colour blindnesses; lightness differs too.
const PAINTS: Record<string, Paint> = {
  angry: { colour: "#c8321e", ink: "#ffffff", pattern: "up" },
  disgusted: { colour: "#7d6b12", ink: "#ffffff", pattern: "cross" },
  fearful: { colour: "#8a5bb5", ink: "#ffffff", pattern: "down" },
  happy: { colour: "#e6a400", ink: "#10151c", pattern: "dots" },
  neutral: { colour: "#93a6b8", ink: "#10151c", pattern: "none" },
  sad: { colour: "#1f6fb5", ink: "#ffffff", pattern: "bars" },
  surprised: { colour: "#12a085", ink: "#10151c", pattern: "dots" },
  other: { colour: "#b9907a", ink: "#10151c", pattern: "cross" },
  unknown: { colour: "#c9d1d9", ink: "#10151c", pattern: "none" },
};
/** What the engines that come with the service tell. */
export const EMOTIONS = ["angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised"] as const;
const SPARE: readonly Paint[] = [
  { colour: "#b04a86", ink: "#ffffff", pattern: "up" },
  { colour: "#4f7a2b", ink: "#ffffff", pattern: "bars" },
  { colour: "#c77a2c", ink: "#10151c", pattern: "down" },
  { colour: "#3f6277", ink: "#ffffff", pattern: "cross" },
];

/** The paint of a label; an engine's own labels get a spare one each. */
export function paint(label: string): Paint {
  return (PAINTS[label] ??= SPARE[Object.keys(PAINTS).length % SPARE.length]!);
}

export const SEVERITIES = ["critical", "warning", "info"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A shape each, so that severities are told apart without colour. */
export const SHAPES: Record<Severity, string> = { critical: "▲", warning: "◆", info: "●" };
