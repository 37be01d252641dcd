// The colours of the emotions, here and on the pages of `evaluate`.

const COLOURS = {
  angry: "#d64545", disgusted: "#8a7d2f", fearful: "#8b5fc7", happy: "#e8a317", neutral: "#8fa3b5",
  sad: "#3f78c9", surprised: "#1fa59a", other: "#b59a8a", unknown: "#c3cbd4",
};
const SPARE = ["#a8558a", "#5c8a3a", "#c06a2b", "#4a6a80"];

/** The colour of a label; an engine's own labels get a spare one. */
export function colour(label) {
  if (COLOURS[label] === undefined) {
    const known = Object.keys(COLOURS).length;
    COLOURS[label] = SPARE[known % SPARE.length];
  }
  return COLOURS[label];
}
