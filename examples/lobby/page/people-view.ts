import type { Present } from "../wire.js";
import { counted, find, make } from "./elements.js";

/** Shows who is in the room. */
export class PeopleView {
  readonly #title = find("people-title", HTMLElement);
  readonly #list = find("people", HTMLUListElement);

  /** Shows these people in place of those before. */
  show({ people, count }: Present): void {
    this.#title.textContent = `${count === 1 ? "1 person" : `${count} people`} here`;
    const rows = people.map(({ name, tabs }) => {
      const row = make("li", "person", name);
      if (tabs > 1) row.append(" ", make("span", "tabs", counted(tabs, "tab")));
      return row;
    });
    if (count > people.length) rows.push(make("li", "more", `and ${count - people.length} more`));
    this.#list.replaceChildren(...rows);
  }
}
