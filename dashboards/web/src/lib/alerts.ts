// What a person does about an alert.
import { post, type Body } from "./api";
import type { StandingAlert } from "./calls.svelte";
import { t } from "./language.svelte";
import { session } from "./session.svelte";

/** Take note of an alert, for everybody. Raises `ApiError`, and an `Error` that says so where nobody has said who he is. */
export async function acknowledge(alert: Pick<StandingAlert, "id">, note = ""): Promise<void> {
  if (!session.name) throw new Error(t("session.nameless"));
  const body: Body["Acknowledgement"] = { by: session.name, note };
  await post(`/alerts/${encodeURIComponent(alert.id)}/acknowledge`, body);
}
