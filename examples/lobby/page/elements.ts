/**
 * The page's element with that id.
 *
 * @throws {TypeError} when the page has none of this kind: page and script do not fit together then
 */
export function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new TypeError(`expected an element #${id} of the kind ${kind.name}, found ${element?.tagName ?? "none"}`);
}

/** Makes an element with text in it. Text is only ever shown as text. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  text = "",
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** A number with its noun: `1 tab`, `2 tabs`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
