// Pictures to choose from. A click chooses one, shift and a click a range; the choice is told a moment after the last
// click, so that choosing ten pictures draws the page once.
const TELL_AFTER_MS = 250;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function drawPicture(picture, choosable) {
  const figure = element("figure", picture.muted ? "muted" : "");
  const pick = element("button", "pick");
  pick.type = "button";
  pick.dataset.id = picture.id;
  pick.setAttribute("aria-label", `${choosable ? "Choose" : "Look at"} ${picture.name}`);
  if (picture.src) {
    const image = element("img");
    image.src = picture.src;
    image.alt = "";
    image.draggable = false;
    pick.append(image);
  }
  figure.append(pick);
  if (choosable) {
    const open = element("button", "open", "⤢");
    open.type = "button";
    open.dataset.id = picture.id;
    open.title = "Look at it in full size";
    open.setAttribute("aria-label", `Look at ${picture.name}`);
    figure.append(open);
  }
  const caption = element("figcaption");
  const name = element("span", "name", picture.name.split("/").at(-1)); // its folder is its class, told below
  name.title = picture.name;
  caption.append(name);
  for (const line of picture.lines) caption.append(element("span", "note", line));
  figure.append(caption);
  return figure;
}

export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  const grid = parentElement.querySelector(".grid");
  if (grid.dataset.version === data.version) return;
  grid.dataset.version = data.version;
  grid.classList.toggle("only-look", !data.choosable);
  grid.setAttribute("aria-label", data.label);
  grid.replaceChildren(...data.pictures.map((picture) => drawPicture(picture, data.choosable)));

  const chosen = new Set(data.chosen);
  const picks = [...grid.querySelectorAll(".pick")];
  let last = null;
  let timer = null;

  const show = () => {
    if (data.choosable) for (const pick of picks) pick.setAttribute("aria-pressed", chosen.has(pick.dataset.id));
  };
  const tell = () => {
    clearTimeout(timer);
    timer = setTimeout(() => setStateValue("chosen", [...chosen]), TELL_AFTER_MS);
  };
  const choose = (position, range) => {
    const wanted = !chosen.has(picks[position].dataset.id);
    const from = range && last !== null ? Math.min(last, position) : position;
    const to = range && last !== null ? Math.max(last, position) : position;
    for (const pick of picks.slice(from, to + 1)) {
      if (wanted) chosen.add(pick.dataset.id);
      else chosen.delete(pick.dataset.id);
    }
    last = position;
    show();
    tell();
  };

  grid.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.className === "open" || !data.choosable) setTriggerValue("opened", button.dataset.id);
    else choose(picks.indexOf(button), event.shiftKey);
  };
  show();
}
