// A grid of images. A click chooses one, Shift and a click a range; Ctrl+A chooses all, Escape none, and the arrow keys move
// the focus. The selection is sent a moment after the last click, so that choosing ten images reruns the page once.
const SEND_AFTER_MS = 250;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function drawTile(tile, choosable, thumbnails) {
  const figure = element("figure", tile.muted ? "muted" : "");
  const pick = element("button", "pick");
  pick.type = "button";
  pick.dataset.id = tile.id;
  pick.setAttribute("aria-label", `${choosable ? "Choose" : "Open"} ${tile.name}`);
  const image = element("img");
  image.loading = "lazy";
  image.onerror = () => image.remove();
  image.src = new URL(thumbnails + tile.digest, document.baseURI);
  image.alt = "";
  image.draggable = false;
  pick.append(image);
  figure.append(pick);
  if (choosable) {
    const open = element("button", "open", "⤢");
    open.type = "button";
    open.dataset.id = tile.id;
    open.title = "Open in full size";
    open.setAttribute("aria-label", `Open ${tile.name}`);
    figure.append(open);
  }
  const caption = element("figcaption");
  const name = element("span", "name", tile.name.split("/").at(-1)); // its folder mostly names its class, which is below
  name.title = tile.name;
  caption.append(name);
  for (const line of tile.lines) caption.append(element("span", "note", line));
  figure.append(caption);
  return figure;
}

export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  const grid = parentElement.querySelector(".grid");
  if (grid.dataset.version === data.version) return;
  grid.dataset.version = data.version;
  grid.classList.toggle("view-only", !data.choosable);
  grid.setAttribute("aria-label", data.label);
  grid.replaceChildren(...data.tiles.map((tile) => drawTile(tile, data.choosable, data.thumbnails)));

  const chosen = new Set(data.chosen);
  const picks = [...grid.querySelectorAll(".pick")];
  let last = null;
  let timer = null;

  const show = () => {
    if (data.choosable) for (const pick of picks) pick.setAttribute("aria-pressed", chosen.has(pick.dataset.id));
  };
  const send = () => {
    clearTimeout(timer);
    timer = setTimeout(() => setStateValue("chosen", [...chosen]), SEND_AFTER_MS);
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
    send();
  };

  grid.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.className === "open" || !data.choosable) setTriggerValue("opened", button.dataset.id);
    else choose(picks.indexOf(button), event.shiftKey);
  };
  const chooseAll = (wanted) => {
    for (const pick of picks) {
      if (wanted) chosen.add(pick.dataset.id);
      else chosen.delete(pick.dataset.id);
    }
    show();
    send();
  };
  const move = (position, key) => {
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    picks[position + steps[key]]?.focus();
  };
  grid.onkeydown = (event) => {
    const figure = event.target.closest("figure");
    if (event.key.startsWith("Arrow") && figure) move([...grid.children].indexOf(figure), event.key);
    else if (data.choosable && event.key === "Escape") chooseAll(false);
    else if (data.choosable && event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) chooseAll(true);
    else return;
    event.preventDefault();
  };
  show();
}
