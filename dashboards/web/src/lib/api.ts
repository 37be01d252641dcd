// The REST interface of the service. Bodies of requests are typed by the OpenAPI document (`src/generated/api.ts`).
import type { components } from "../generated/api";
import { authorization } from "./token";

export type Body = components["schemas"];
export type Query = Record<string, string | number | boolean | readonly string[] | null | undefined>;

/** A refusal, in the server's words. `status` 0: the server was not reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export const refusals = new EventTarget();
/** Hears "token" whenever the server wants another token. */

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> => ask<T>("GET", path, query, undefined, signal);
export const post = <T>(path: string, body: unknown = {}, query?: Query): Promise<T> => ask<T>("POST", path, query, body);
export const put = <T>(path: string, body: unknown, query?: Query): Promise<T> => ask<T>("PUT", path, query, body);
export const remove = <T>(path: string): Promise<T> => ask<T>("DELETE", path);

/** `/api/v1` and a path of it; a list is given key by key. */
export function address(path: string, query: Query = {}): string {
  const url = new URL(`/api/v1${path}`, location.origin);
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) url.searchParams.append(key, one);
    else if (value !== null && value !== undefined && value !== "") url.searchParams.set(key, String(value));
  }
  return url.pathname + url.search;
}

/** The answer itself, for what is no JSON: sound, lines as they come, files. Raises `ApiError`. */
export async function request(method: string, path: string, query?: Query, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { ...authorization(), Accept: "application/json" };
  const options: RequestInit = { method, headers, signal: signal ?? null };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer: Response;
  try {
    answer = await fetch(address(path, query), options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "the service was not reached");
  }
  if (answer.ok) return answer;
  if (answer.status === 401) refusals.dispatchEvent(new Event("token"));
  throw await refusal(answer);
}

async function ask<T>(method: string, path: string, query?: Query, body?: unknown, signal?: AbortSignal): Promise<T> {
  const answer = await request(method, path, query, body, signal);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function refusal(answer: Response): Promise<ApiError> {
  try {
    const { error } = (await answer.json()) as Body["ErrorBody"];
    return new ApiError(answer.status, error.code, error.message);
  } catch {
    return new ApiError(answer.status, "internal", `${answer.status} ${answer.statusText}`);
  }
}
