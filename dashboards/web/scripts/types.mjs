// Types of what the service says, from its published schemas: `npm run types -- FOLDER`, where FOLDER has what
// dashboards/schemas.py wrote. Nothing of this is needed to build the page: types leave no trace in it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "json-schema-to-typescript";
import openapiTS, { astToString } from "openapi-typescript";

const HEAD = "// Made by scripts/types.mjs; not to be edited.\n";
const OUT = "src/generated";
const read = (name) => JSON.parse(readFileSync(join(process.argv[2], name), "utf-8"));

/** Titles of single fields would each become a type of their own. */
function untitled(node) {
  if (Array.isArray(node)) return node.map(untitled);
  if (node === null || typeof node !== "object") return node;
  const kept = Object.entries(node).filter(([key, value]) => key !== "title" || typeof value !== "string");
  return Object.fromEntries(kept.map(([key, value]) => [key, untitled(value)]));
}

mkdirSync(OUT, { recursive: true });
const messages = untitled(read("messages.json"));
const types = await compile(messages, "ServerMessage", { bannerComment: HEAD, additionalProperties: false, unreachableDefinitions: true });
writeFileSync(join(OUT, "messages.ts"), types);
writeFileSync(join(OUT, "api.ts"), HEAD + astToString(await openapiTS(read("openapi.json"))));
