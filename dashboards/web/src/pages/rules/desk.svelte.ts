// The rules in force, the text as somebody edits it, and what the service says of it. Kept while one looks at other pages.
import { ApiError, get, post, put, request } from "../../lib/api";
import { jsonLines } from "../../lib/lines";
import { session } from "../../lib/session.svelte";
import type { Checked, InForce, Progress, Result, TrialLine, Version } from "./rule";

/** Milliseconds of rest after which a text is checked. */
const RESTED = 300;

class Desk {
  inForce: InForce | null = $state.raw(null);
  text: string = $state("");
  note: string = $state("");
  /** The version from which the text was made. */
  base: number = $state(0);
  /** What the service said of the text as it is now; null while that is not known. */
  checked: Checked | null = $state.raw(null);
  /** Why the rules could not be read or checked, and why they were not saved; empty where nothing went wrong. */
  problem: string = $state("");
  refused: string = $state("");
  /** The version that was just saved; 0: none. */
  saved: number = $state(0);

  trial: Omit<Progress, "type"> | null = $state.raw(null);
  result: Result | null = $state.raw(null);
  /** The text that the result is of. */
  tried: string = $state("");
  unable: string = $state("");

  #waiting: ReturnType<typeof setTimeout> | undefined;
  #trying: AbortController | null = null;
  #baseText: string = $state("");

  /** The text of `base`. */
  get before(): string {
    return this.#baseText;
  }

  get changed(): boolean {
    return this.inForce !== null && this.text !== this.#baseText;
  }

  /** Another version is in force than the one that is edited. */
  get conflict(): boolean {
    return this.inForce !== null && this.changed && this.base !== this.inForce.version;
  }

  /** Read what is in force; a text that nobody changed follows it. */
  async read(): Promise<void> {
    try {
      const read = await get<InForce>("/rules");
      const follow = !this.changed;
      this.inForce = read;
      if (follow) this.take(read);
      this.problem = "";
    } catch (error) {
      this.problem = reason(error);
    }
  }

  /** Begin anew from what is in force. */
  take(from: InForce): void {
    this.text = this.#baseText = from.text;
    this.base = from.version;
    this.checked = { ok: true, errors: [], rules: from.rules };
  }

  /** Keep the text, as a change of what is in force. */
  rebase(): void {
    if (!this.inForce) return;
    this.base = this.inForce.version;
    this.#baseText = this.inForce.text;
  }

  /** Put another text into the editor. */
  edit(text: string, note = this.note): void {
    this.text = text;
    this.note = note;
    this.check();
  }

  /** Have the text checked once it rests. */
  check(): void {
    [this.saved, this.refused, this.checked] = [0, "", null];
    clearTimeout(this.#waiting);
    const text = this.text;
    this.#waiting = setTimeout(() => {
      post<Checked>("/rules/check", { text }).then(
        (checked) => {
          if (text === this.text) [this.checked, this.problem] = [checked, ""];
        },
        (error) => (this.problem = reason(error)),
      );
    }, RESTED);
  }

  async try(calls: number, rule: string): Promise<void> {
    this.stop();
    const trying = (this.#trying = new AbortController());
    const text = this.text;
    [this.trial, this.result, this.unable] = [{ done: 0, of: calls, new: 0, gone: 0 }, null, ""];
    try {
      const answer = await request("POST", "/rules/try", {}, { text, calls, ...(rule ? { rule } : {}) }, trying.signal);
      for await (const line of jsonLines<TrialLine>(answer)) {
        if (line.type === "progress") this.trial = line;
        else if (line.type === "result") [this.result, this.tried] = [line, text];
        else this.unable = line.message;
      }
    } catch (error) {
      if (!trying.signal.aborted) this.unable = reason(error);
    } finally {
      if (this.#trying === trying) [this.trial, this.#trying] = [null, null];
    }
  }

  stop(): void {
    this.#trying?.abort();
    [this.trial, this.#trying] = [null, null];
  }

  async save(): Promise<void> {
    try {
      const by = session.me.name === null && session.name ? { by: session.name } : {};
      const version = await put<Version>("/rules", { text: this.text, note: this.note, base: this.base, ...by });
      this.#baseText = this.text;
      [this.note, this.refused, this.saved] = ["", "", version.version];
    } catch (error) {
      this.refused = reason(error);
    }
    await this.read();
  }
}

export const desk = new Desk();

export function reason(error: unknown): string {
  return error instanceof ApiError || error instanceof Error ? error.message : String(error);
}
