import { expect, test } from "vitest";
import { paint } from "./palette";

function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.2, contrast ratio. */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

test.each(["angry", "disgusted", "fearful", "happy", "neutral", "sad", "surprised", "other", "unknown", "bored", "bitter", "calm", "tense"])(
  "what is written on the colour of %s can be read",
  (label) => {
    const { colour, ink } = paint(label);
    expect(contrast(colour, ink)).toBeGreaterThanOrEqual(4.5);
  },
);
