// What differs between two texts, line by line.

export interface DiffLine {
  sign: " " | "+" | "-";
  text: string;
}

/** All lines of both, those that they share once: a longest common subsequence. */
export function diff(before: string, after: string): DiffLine[] {
  const [a, b] = [before.replace(/\n$/, "").split("\n"), after.replace(/\n$/, "").split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  const shared = (lines: string[]): DiffLine[] => lines.map((text) => ({ sign: " ", text }));
  return [...shared(a.slice(0, start)), ...between(x, y), ...shared(a.slice(a.length - end))];
}

/** Those lines that differ, with `around` shared ones beside them; null stands for what is left out. */
export function hunks(lines: readonly DiffLine[], around = 2): (DiffLine | null)[] {
  const near = lines.map((_, place) => lines.slice(Math.max(0, place - around), place + around + 1).some((line) => line.sign !== " "));
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, place) => {
    if (near[place]) shown.push(line);
    else if (shown.at(-1) !== null && near.includes(true)) shown.push(null);
  });
  return shown;
}

function between(x: readonly string[], y: readonly string[]): DiffLine[] {
  const longest = Array.from({ length: x.length + 1 }, () => new Uint16Array(y.length + 1));
  for (let i = x.length - 1; i >= 0; i--)
    for (let j = y.length - 1; j >= 0; j--)
      longest[i]![j] = x[i] === y[j] ? longest[i + 1]![j + 1]! + 1 : Math.max(longest[i + 1]![j]!, longest[i]![j + 1]!);
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      lines.push({ sign: " ", text: x[i]! });
      i++;
      j++;
    } else if (j >= y.length || (i < x.length && longest[i + 1]![j]! >= longest[i]![j + 1]!)) lines.push({ sign: "-", text: x[i++]! });
    else lines.push({ sign: "+", text: y[j++]! });
  }
  return lines;
}
