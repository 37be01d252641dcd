// A question to the service that changes while one looks: the newest answer, and what is wrong where there is none.
import { get, type Query } from "./api";

export class Asked<T> {
  answer: T | null = $state.raw(null);
  problem: string = $state("");
  busy: boolean = $state(false);
  #going: AbortController | null = null;

  /** What was asked before and is not answered yet is given up. The former answer stays until the next. */
  async ask(path: string, query: Query): Promise<void> {
    this.#going?.abort();
    const going = (this.#going = new AbortController());
    this.busy = true;
    try {
      const answer = await get<T>(path, query, going.signal);
      if (going !== this.#going) return;
      this.answer = answer;
      this.problem = "";
    } catch (error) {
      if (going !== this.#going) return;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.busy = false;
  }

  stop(): void {
    this.#going?.abort();
    this.#going = null;
  }
}
