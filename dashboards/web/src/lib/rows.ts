/** Move the focus through the links of a list by so many; false where there is no further one. */
export function step(list: HTMLElement | undefined, by: number): boolean {
  const links = [...(list?.querySelectorAll<HTMLElement>("a[data-row]") ?? [])];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = links[at < 0 ? 0 : at + by];
  next?.focus();
  return next !== undefined;
}
