import { expect, test } from "vitest";
import { jsonLines } from "./lines";

function answer(...pieces: string[]): Response {
  const bytes = new TextEncoder();
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(bytes.encode(piece));
        controller.close();
      },
    }),
  );
}

test("lines are told whole, however they are cut on the way", async () => {
  const told: unknown[] = [];
  for await (const line of jsonLines(answer('{"done"', ': 1}\n{"done": 2}\n', '{"done": 3}'))) told.push(line);
  expect(told).toEqual([{ done: 1 }, { done: 2 }, { done: 3 }]);
});
