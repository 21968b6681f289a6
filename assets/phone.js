// Sends the pictures of a phone one by one, and repeats a picture until the computer is reached.
const FRAME_EVERY_MS = 200;
const LONGEST_SIDE = 1280;
const QUALITY = 0.9;
const POLL_EVERY_MS = 1000;
const RETRY_MS = 3000;
const TROUBLES_SHOWN = 10;

const config = JSON.parse(document.getElementById("config").textContent);
const [select, status, troubles, live, openButton, hold] = ["label", "status", "troubles", "live", "open", "hold"].map(
  (id) => document.getElementById(id),
);
const video = document.querySelector("video");
const waiting = []; // {picture, name, label, burst}
const jobs = new Map(); // by job: the names of its pictures that were sent
const counts = { sent: 0, added: 0, refused: 0 };
let sending = false;
let lost = false;

const plural = (number) => `${number} picture${number === 1 ? "" : "s"}`;

function showClasses(classes) {
  const chosen = select.value || config.chosen;
  select.replaceChildren(...classes.map(({ id, name, images }) => new Option(`${name} (${images})`, id, false, id === chosen)));
}

function show() {
  const parts = [];
  if (counts.added) parts.push(`${plural(counts.added)} added`);
  if (counts.refused) parts.push(`${counts.refused} rejected`);
  const pending = counts.sent - counts.added - counts.refused;
  if (waiting.length) parts.push(`${waiting.length} still to send`);
  if (pending > 0) parts.push(`${pending} being checked`);
  status.textContent = lost ? `The computer cannot be reached; trying again. ${plural(waiting.length)} wait here.` : parts.join(", ");
}

function complain(name, why) {
  troubles.hidden = false;
  troubles.prepend(Object.assign(document.createElement("li"), { textContent: name ? `${name}: ${why}` : why }));
  while (troubles.children.length > TROUBLES_SHOWN) troubles.lastChild.remove();
}

function add(picture, name, burst = "") {
  if (picture.size > config.mostBytes) complain(name, config.tooLarge);
  else waiting.push({ picture, name, label: select.value, burst });
  show();
  sendNext();
}

async function sendNext() {
  if (sending || !waiting.length) return;
  sending = true;
  try {
    const { picture, name, label, burst } = waiting[0];
    const address = `${config.path}/${label}?${new URLSearchParams({ name, burst })}`;
    const answer = await fetch(address, { method: "POST", body: picture, headers: { "X-Graft": "phone" } });
    const reply = await answer.json();
    waiting.shift();
    if (answer.ok) rememberJob(reply, name);
    else complain(name, reply.error);
    lost = false;
  } catch {
    lost = true;
    setTimeout(() => { sending = false; sendNext(); }, RETRY_MS);
    show();
    return;
  }
  sending = false;
  show();
  sendNext();
}

function rememberJob({ job, name: stored }, name) {
  counts.sent += 1;
  if (!jobs.has(job)) {
    jobs.set(job, new Map());
    setTimeout(() => poll(job), POLL_EVERY_MS);
  }
  jobs.get(job).set(stored, name);
}

async function poll(job) {
  try {
    const answer = await fetch(`${config.path}/jobs/${job}`);
    const reply = await answer.json();
    if (!answer.ok) {
      complain("", reply.error);
      return;
    }
    showClasses(reply.classes);
    if (reply.ended) {
      finish(job, reply.refused);
      return;
    }
  } catch {
    // the computer is out of reach for a moment: poll again
  }
  setTimeout(() => poll(job), POLL_EVERY_MS);
}

function finish(job, refused) {
  for (const [stored, name] of jobs.get(job)) {
    if (stored in refused) complain(name, refused[stored]);
    counts[stored in refused ? "refused" : "added"] += 1;
  }
  jobs.delete(job);
  show();
}

for (const input of document.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => {
    for (const file of input.files) add(file, file.name);
    input.value = "";
  });
}

// The camera on this page: browsers allow it only over HTTPS and on localhost.
const newId = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const canvas = document.createElement("canvas");
let burst = "";
let timer = null;

async function openCamera() {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: 1280 }, audio: false });
    await video.play();
    live.hidden = false;
    openButton.hidden = true;
    document.querySelector(".button.primary").classList.remove("primary"); // one button is the main one
  } catch (error) {
    complain("", `The camera could not be opened (${error.name}): allow it for this page, or use the buttons below.`);
  }
}

function takeFrame() {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(video.videoWidth, video.videoHeight));
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  const mine = burst;
  canvas.toBlob((frame) => add(frame, "camera.jpg", mine), "image/jpeg", QUALITY);
}

function release() {
  clearInterval(timer);
  burst = "";
  hold.classList.remove("held");
}

hold.addEventListener("pointerdown", (event) => {
  event.preventDefault();
  hold.setPointerCapture(event.pointerId);
  burst = newId();
  hold.classList.add("held");
  takeFrame();
  timer = setInterval(takeFrame, FRAME_EVERY_MS);
});
for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) hold.addEventListener(end, release);
hold.addEventListener("contextmenu", (event) => event.preventDefault());
openButton.addEventListener("click", openCamera);
openButton.hidden = !navigator.mediaDevices?.getUserMedia;

showClasses(config.classes);
