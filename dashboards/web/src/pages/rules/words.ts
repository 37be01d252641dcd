// Where a version is from, in words.
import { t } from "../../lib/language.svelte";
import type { Version } from "./rule";

/** `locale` says how its moment is written, in the viewer's zone. */
export function origin(version: Version, locale: string): string {
  const when = new Date(version.saved_at).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
  if (version.origin === "configuration") return t("rules.from.configuration", { when });
  return version.by ? t("rules.from.saved", { name: version.by, when }) : t("rules.from.nobody", { when });
}
