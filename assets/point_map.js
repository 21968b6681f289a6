// A map of images as points. Hovering over a point shows its thumbnail; a line around points, a click or the keyboard
// chooses images. Thumbnails are requested one by one, when they are shown.
const MOVED = 4; // pixels until a press becomes a line
const REACH = { mouse: 14, pen: 18, touch: 26 };
const PADDING = 28;
const ROOM = 120; // square pixels for each point; with less, points are smaller
const DEEPEST_ZOOM = 60;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SYMBOLS = [
  "M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0-4.5 0Z", // circle
  "M0-6L6 0 0 6-6 0Z", // diamond
  "M-4-4H4V4H-4Z", // square
  "M0-5.5L5.5 4.5H-5.5Z", // triangle
  "M-1.8-5H1.8V-1.8H5V1.8H1.8V5H-1.8V1.8H-5V-1.8H-1.8Z", // plus
  "M-5-2.8L-2.8-5 0-2.2 2.8-5 5-2.8 2.2 0 5 2.8 2.8 5 0 2.2-2.8 5-5 2.8-2.2 0Z", // cross
  "M0-6L1.5-2 5.7-1.9 2.4 .8 3.5 4.9 0 2.5-3.5 4.9-2.4 .8-5.7-1.9-1.5-2Z", // star
  "M0 5.5L-5.5-4.5H5.5Z", // triangle upside down
];
const PATHS = SYMBOLS.map((path) => new Path2D(path));

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function spread(values) {
  const least = Math.min(...values);
  const width = Math.max(...values) - least || 1;
  return values.map((value) => (value - least) / width);
}

function isInside(x, y, line) {
  let inside = false;
  for (let at = 0, before = line.length - 1; at < line.length; before = at++) {
    const [[x1, y1], [x2, y2]] = [line[at], line[before]];
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  }
  return inside;
}

function createMap(root) {
  const plane = root.querySelector(".plane");
  const points = root.querySelector(".points");
  const marks = root.querySelector(".marks");
  const card = root.querySelector(".card");
  const legend = root.querySelector(".legend");
  const announcement = root.querySelector(".said");
  const button = (name) => root.querySelector(`[data-do=${name}]`);
  let component = null;
  let data = null;
  let across = []; // places from 0 to 1, by row
  let down = [];
  let spots = []; // places in pixels, by row
  let view = { x: 0.5, y: 0.5, zoom: 1 };
  let shown = new Set(); // visible groups; empty: all
  let chosen = new Set();
  let focused = null; // the row whose card is open
  let line = null; // the line being drawn: points in pixels
  let pressed = null;

  const size = () => [plane.clientWidth, plane.clientHeight];
  const isShown = (row) => !shown.size || shown.has(data.group[row]);
  const rows = () => data.group.map((_, row) => row).filter(isShown);
  const theme = (name) => getComputedStyle(plane).getPropertyValue(name).trim();
  const colours = () => theme("--st-chart-categorical-colors").split(",");

  function clear(canvas) {
    const [width, height] = size();
    const sharp = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * sharp);
    canvas.height = Math.round(height * sharp);
    const pen = canvas.getContext("2d");
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    return pen;
  }

  function arrange() {
    const [width, height] = size().map((length) => length - 2 * PADDING);
    spots = across.map((x, row) => [
      ((x - view.x) * view.zoom + 0.5) * width + PADDING,
      ((down[row] - view.y) * view.zoom + 0.5) * height + PADDING,
    ]);
  }

  function drawPoints() {
    const pen = clear(points);
    const palette = colours();
    const [width, height] = size();
    const crowded = Math.sqrt((width * height) / (ROOM * spots.length));
    const scale = Math.min(1, Math.max(0.5, crowded) * view.zoom ** 0.5);
    const draw = (row) => {
      const group = data.group[row];
      pen.save();
      pen.translate(...spots[row]);
      pen.scale(scale, scale);
      pen.fillStyle = palette[group % palette.length];
      pen.fill(PATHS[group % PATHS.length]);
      pen.restore();
    };
    const strong = (row) => isShown(row) && (!chosen.size || chosen.has(row));
    for (const [front, alpha] of [[false, 0.15], [true, 0.8]]) {
      pen.globalAlpha = alpha;
      data.group.forEach((_, row) => strong(row) === front && draw(row));
    }
  }

  function drawMarks() {
    const pen = clear(marks);
    pen.strokeStyle = theme("--st-text-color");
    pen.lineWidth = 2;
    if (focused !== null) {
      pen.beginPath();
      pen.arc(...spots[focused], 9, 0, 2 * Math.PI);
      pen.stroke();
    }
    if (!line) return;
    pen.setLineDash([5, 4]);
    pen.beginPath();
    for (const point of line) pen.lineTo(...point);
    pen.closePath();
    pen.stroke();
    pen.globalAlpha = 0.08;
    pen.fillStyle = pen.strokeStyle;
    pen.fill();
  }

  function draw() {
    arrange();
    drawPoints();
    drawMarks();
    placeCard();
    button("closer").disabled = !chosen.size;
    button("whole").disabled = view.zoom === 1;
  }

  const describe = (row) => [
    data.names[row].split("/").at(-1), // its folder mostly names its class, which is below
    `true class: ${data.classes[data.true[row]]}`,
    `predicted class: ${data.classes[data.predicted[row]]} (${data.confidence[row]}%)`,
    data.splits[data.split[row]],
  ];

  function focusRow(row) {
    if (row === focused) return;
    focused = row;
    card.hidden = row === null;
    if (row !== null) {
      const image = element("img");
      image.alt = "";
      image.onerror = () => image.replaceWith(element("span", "missing", "no thumbnail"));
      image.src = new URL(data.thumbnails + data.digests[row], document.baseURI);
      const lines = describe(row).map((text, number) => element("span", number ? "note" : "name", text));
      card.replaceChildren(image, ...lines);
      card.classList.toggle("wrong", data.true[row] !== data.predicted[row]);
    }
    drawMarks();
    placeCard();
  }

  function placeCard() {
    if (focused === null) return;
    const [width, height] = size();
    const [x, y] = spots[focused];
    const left = x + 16 + card.offsetWidth <= width ? x + 16 : x - 16 - card.offsetWidth;
    card.style.left = `${Math.max(0, Math.min(left, width - card.offsetWidth))}px`;
    card.style.top = `${Math.max(0, Math.min(y - card.offsetHeight / 2, height - card.offsetHeight))}px`;
  }

  function nearest([x, y], reach) {
    let found = null;
    let least = reach ** 2;
    for (const row of rows()) {
      const [px, py] = spots[row];
      const away = (px - x) ** 2 + (py - y) ** 2;
      if (away < least) [found, least] = [row, away];
    }
    return found;
  }

  function choose(found, adding) {
    chosen = new Set(adding ? [...chosen, ...found] : found);
    component.setStateValue("chosen", [...chosen].sort((one, other) => one - other));
    draw();
  }

  function step([right, below]) {
    const from = focused === null ? size().map((length) => length / 2) : spots[focused];
    let found = null;
    let least = Infinity;
    for (const row of rows()) {
      const [x, y] = spots[row];
      const ahead = (x - from[0]) * right + (y - from[1]) * below;
      const aside = Math.abs((x - from[0]) * below) + Math.abs((y - from[1]) * right);
      const away = focused === null ? Math.hypot(x - from[0], y - from[1]) : ahead + 2 * aside;
      if (row !== focused && (focused === null || ahead > 0.5) && away < least) [found, least] = [row, away];
    }
    if (found === null) return;
    focusRow(found);
    announcement.textContent = describe(found).join(", ");
  }

  function zoomTo(x, y, zoom) {
    view = zoom <= 1 ? { x: 0.5, y: 0.5, zoom: 1 } : { x, y, zoom: Math.min(zoom, DEEPEST_ZOOM) };
    draw();
  }

  function zoomToChosen() {
    const [xs, ys] = [across, down].map((places) => [...chosen].map((row) => places[row]));
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    zoomTo((left + right) / 2, (top + bottom) / 2, 0.9 / Math.max(right - left, bottom - top, 0.01));
  }

  function turnWheel(event) {
    if (!event.ctrlKey) return; // the wheel alone scrolls the page; a pinch of two fingers comes with this key
    event.preventDefault();
    const [width, height] = size();
    const zoom = Math.max(1, Math.min(DEEPEST_ZOOM, view.zoom * Math.exp(-event.deltaY / 200)));
    const shift = (1 / view.zoom - 1 / zoom);
    const right = (event.offsetX - PADDING) / (width - 2 * PADDING) - 0.5;
    const below = (event.offsetY - PADDING) / (height - 2 * PADDING) - 0.5;
    zoomTo(view.x + right * shift, view.y + below * shift, zoom);
  }

  function drawLegend() {
    const palette = colours();
    legend.replaceChildren(...data.groups.map((name, group) => {
      const entry = element("button");
      entry.type = "button";
      entry.title = name;
      entry.setAttribute("aria-pressed", shown.has(group));
      const colour = palette[group % palette.length];
      const path = SYMBOLS[group % SYMBOLS.length];
      entry.innerHTML = `<svg viewBox="-7 -7 14 14" aria-hidden="true"><path d="${path}" fill="${colour}"/></svg>`;
      entry.append(element("span", "", name));
      entry.onclick = () => {
        if (!shown.delete(group)) shown.add(group);
        focusRow(null);
        drawLegend();
        draw();
        legend.children[group].focus();
      };
      return entry;
    }));
  }

  marks.onpointerdown = (event) => {
    if (event.button) return;
    pressed = [event.offsetX, event.offsetY];
    const draws = event.pointerType !== "touch" || root.querySelector(".map").classList.contains("drawing");
    line = draws ? [pressed] : null;
    if (draws) marks.setPointerCapture(event.pointerId);
  };
  marks.onpointermove = (event) => {
    const at = [event.offsetX, event.offsetY];
    if (pressed && line) {
      line.push(at);
      focusRow(null);
      drawMarks();
    } else if (event.pointerType !== "touch") {
      focusRow(nearest(at, REACH.mouse));
    }
  };
  marks.onpointerup = (event) => {
    if (!pressed) return;
    const at = [event.offsetX, event.offsetY];
    const drawn = line ?? [pressed, at];
    const moved = Math.max(...drawn.map(([x, y]) => Math.hypot(x - pressed[0], y - pressed[1])));
    pressed = line = null;
    if (moved > MOVED) {
      if (drawn.length > 2) choose(rows().filter((row) => isInside(...spots[row], drawn)), event.shiftKey);
      return;
    }
    const found = nearest(at, REACH[event.pointerType] ?? REACH.mouse);
    if (event.pointerType === "touch") focusRow(found);
    choose(found === null ? [] : [found], event.shiftKey);
  };
  marks.onpointercancel = () => { pressed = line = null; drawMarks(); };
  marks.onpointerleave = (event) => { if (event.pointerType !== "touch") focusRow(null); };
  marks.onblur = () => focusRow(null);
  marks.onkeydown = (event) => {
    if (KEYS[event.key]) step(KEYS[event.key]);
    else if ([" ", "Enter"].includes(event.key) && focused !== null) choose([focused], event.shiftKey);
    else if (event.key === "Escape") choose([], false);
    else return;
    event.preventDefault();
  };
  marks.addEventListener("wheel", turnWheel, { passive: false });
  button("closer").onclick = zoomToChosen;
  button("whole").onclick = () => zoomTo(0.5, 0.5, 1);
  button("line").onclick = () => {
    const draws = root.querySelector(".map").classList.toggle("drawing");
    button("line").setAttribute("aria-pressed", draws);
  };
  plane.ontransitionend = (event) => { if (event.target === plane && data) { drawLegend(); draw(); } }; // another theme
  const resized = new ResizeObserver(() => data && draw());
  resized.observe(plane);

  return {
    update(next) {
      component = next;
      if (data?.version === next.data.version) return;
      data = next.data;
      across = spread(data.x);
      down = spread(data.y).map((value) => 1 - value);
      [shown, chosen, view] = [new Set(), new Set(data.chosen), { x: 0.5, y: 0.5, zoom: 1 }];
      focusRow(null);
      marks.setAttribute("aria-label", data.label);
      root.querySelector(".across").textContent = data.axes[0];
      root.querySelector(".up").textContent = data.axes[1];
      drawLegend();
      draw();
    },
  };
}

const maps = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!maps.has(root)) maps.set(root, createMap(root));
  maps.get(root).update(component);
}
