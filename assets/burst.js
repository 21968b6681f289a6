// The camera burst: while the button of a class is held, several frames a second are taken and sent. Only these frames
// leave the browser. One message is in flight at a time and is repeated until it is confirmed, so that no frame is lost or
// stored twice, however busy the server is.
const FRAME_EVERY_MS = 200;
const FRAMES_PER_MESSAGE = 10;
const RETRY_MS = 4000;
const LONGEST_SIDE = 640;
const QUALITY = 0.9;
const STOP_AFTER_MS = 1000;

const newId = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

function createBurst(root) {
  const video = root.querySelector("video");
  const classes = root.querySelector(".classes");
  const note = root.querySelector(".note");
  const canvas = document.createElement("canvas");
  let component = null;
  let stream = null;
  let timer = null;
  let stopping = null;
  let burst = null; // the running burst: {id, label, number}
  let queue = []; // frames that are not confirmed yet: {burst, label, number, frame}
  let sentAt = 0;
  const pending = new Map(); // by class id: frames that are not among the project's images yet
  const images = new Map(); // by class id: the project's images at the last update

  const showNote = (text) => { note.textContent = text; };

  async function open() {
    clearTimeout(stopping);
    if (stream) return;
    if (!navigator.mediaDevices?.getUserMedia) {
      showNote("This browser gives no camera to this page: open Graft on this machine (localhost) or by https. A phone can take the pictures: choose “A phone” above.");
      return;
    }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 }, audio: false });
      video.srcObject = stream;
      await video.play();
      showNote("");
    } catch (error) {
      showNote(`The camera could not be opened (${error.name}): allow it for this page, or close what else uses it.`);
    }
    draw();
  }

  function close() {
    release();
    stopping = setTimeout(() => {
      for (const track of stream?.getTracks() ?? []) track.stop();
      stream = null;
    }, STOP_AFTER_MS);
  }

  function takeFrame() {
    if (!burst || !video.videoWidth) return;
    const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    burst.number += 1;
    const frame = canvas.toDataURL("image/jpeg", QUALITY).split(",")[1];
    queue.push({ burst: burst.id, label: burst.label, number: burst.number, frame });
    pending.set(burst.label, (pending.get(burst.label) ?? 0) + 1);
    draw();
    send();
  }

  function hold(label) {
    if (burst || !stream) return;
    burst = { id: newId(), label, number: 0 };
    takeFrame();
    timer = setInterval(takeFrame, FRAME_EVERY_MS);
    draw();
  }

  function release() {
    if (!burst) return;
    clearInterval(timer);
    queue.push({ burst: burst.id, label: burst.label, number: burst.number + 1, frame: null }); // its end
    burst = null;
    draw();
    send();
  }

  function send() {
    if (!queue.length || Date.now() - sentAt < RETRY_MS) return;
    const first = queue[0];
    const message = queue.filter((one) => one.burst === first.burst).slice(0, FRAMES_PER_MESSAGE);
    sentAt = Date.now();
    component.setTriggerValue("frames", {
      burst: first.burst,
      label: first.label,
      first: first.number,
      frames: message.filter((one) => one.frame).map((one) => one.frame),
      ended: message.some((one) => !one.frame),
    });
    setTimeout(send, RETRY_MS + 10);
  }

  function received({ burst: id, number }) {
    const before = queue.length;
    queue = queue.filter((one) => one.burst !== id || one.number > number);
    if (queue.length < before) {
      sentAt = 0;
      send();
    }
  }

  function drawClass({ id, name }) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.label = id;
    button.append(Object.assign(document.createElement("span"), { className: "name", textContent: name }));
    button.append(Object.assign(document.createElement("span"), { className: "count" }));
    button.onpointerdown = (event) => { event.preventDefault(); button.setPointerCapture(event.pointerId); hold(id); };
    button.onpointerup = button.onpointercancel = button.onlostpointercapture = release;
    button.oncontextmenu = (event) => event.preventDefault();
    button.onkeydown = (event) => { if ([" ", "Enter"].includes(event.key) && !event.repeat) { event.preventDefault(); hold(id); } };
    button.onkeyup = (event) => { if ([" ", "Enter"].includes(event.key)) release(); };
    button.onblur = release;
    button.title = name;
    return button;
  }

  function countAdded() {
    for (const one of component.data.classes) {
      const arrived = one.images - (images.get(one.id) ?? one.images);
      images.set(one.id, one.images);
      if (arrived > 0) pending.set(one.id, Math.max(0, (pending.get(one.id) ?? 0) - arrived));
    }
  }

  function draw() {
    const shown = [...classes.children].map((one) => one.dataset.label).join();
    if (shown !== component.data.classes.map((one) => one.id).join()) {
      classes.replaceChildren(...component.data.classes.map(drawClass));
    }
    component.data.classes.forEach((one, position) => {
      const button = classes.children[position];
      const count = one.images + (pending.get(one.id) ?? 0);
      button.disabled = !stream;
      button.querySelector(".name").textContent = one.name;
      button.querySelector(".count").textContent = `${count} image${count === 1 ? "" : "s"}`;
      button.classList.toggle("held", burst?.label === one.id);
      button.setAttribute("aria-label", `Hold to take images of ${one.name}`);
    });
  }

  return {
    update(next) {
      component = next;
      if (next.data.received) received(next.data.received);
      countAdded();
      draw();
      open();
    },
    close,
  };
}

const bursts = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!bursts.has(root)) bursts.set(root, createBurst(root));
  const burst = bursts.get(root);
  burst.update(component);
  return () => burst.close();
}
