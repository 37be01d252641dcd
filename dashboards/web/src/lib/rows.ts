/** Move the focus through the rows of a list by so many; false where there is no further one. */
export function step(list: HTMLElement | undefined, by: number): boolean {
  const rows = [...(list?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = rows[at < 0 ? 0 : at + by];
  next?.focus();
  return next !== undefined;
}
