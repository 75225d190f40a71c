import { readName, readRoom } from "../wire.js";
import { Chat } from "./chat.js";
import { find } from "./elements.js";

const welcome = find("welcome", HTMLElement);
const name = find("name", HTMLInputElement);
const room = find("room", HTMLInputElement);
const problem = find("join-problem", HTMLElement);

find("join", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  enter();
});

// A link may name the room, and who one is: so a reload, or another tab, is in the room at once.
const wanted = new URLSearchParams(location.search);
name.value = wanted.get("name") ?? "";
room.value = wanted.get("room") ?? room.value;
if (wanted.has("name") && wanted.has("room")) enter();

function enter(): void {
  const person = readName(name.value);
  const place = readRoom(room.value);
  if (person === undefined || place === undefined) {
    problem.textContent =
      person === undefined ? "A name has 1 to 24 characters." : "A room is named with a-z, 0-9 and -.";
    return;
  }
  const address = `/?${new URLSearchParams({ room: place, name: person })}`;
  history.replaceState(undefined, "", address);
  find("another-tab", HTMLAnchorElement).href = address;
  welcome.hidden = true;
  new Chat(person, place).open();
}
