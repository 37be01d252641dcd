import { request, type Query } from "./api";

/** Save what the service answers as a file: fetched with the token of this tab, so a plain link would not do. Raises `ApiError`. */
export async function download(path: string, query: Query, name: string): Promise<void> {
  const blob = await (await request("GET", path, query)).blob();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
