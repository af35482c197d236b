// The timetable: sessions are moved by hand or by a button, the form says in words what it asks for, undo is brief.

const UNDO_MS = 10_000;
const WORDS_AFTER_MS = 350;
const SLACK_PX = 6;

// Moving: a session dropped on another part of the week, or its «Dời…», asks when, and whether once or always.
const dialog = document.getElementById("doi");
const said = document.getElementById("doi-noi");

function say(words) {
  if (said) said.textContent = words;
}

function ask(slot, day, time) {
  const form = dialog.querySelector("form");
  form.action = slot.dataset.move;
  dialog.querySelector("[data-title]").textContent = `«${slot.dataset.title}»`;
  dialog.querySelector("[data-from]").textContent = `${slot.dataset.time} ngày ${slot.dataset.day}`;
  form.elements.ngay.value = day;
  form.elements.gio.value = time;
  form.elements.note.value = "";
  form.elements.scope.value = "once";
  dialog.showModal();
  form.elements.gio.focus();
  form.elements.gio.select();
}

function cellUnder(event) {
  const found = document.elementFromPoint(event.clientX, event.clientY);
  return found ? found.closest("[data-drop]") : null;
}

// The click that ends a drag must not open the session.
function swallowClick() {
  const stop = new AbortController();
  const swallow = (click) => {
    click.preventDefault();
    click.stopPropagation();
  };
  window.addEventListener("click", swallow, { capture: true, signal: stop.signal });
  setTimeout(() => stop.abort(), 0);
}

class Drag {
  constructor(slot, event) {
    this.slot = slot;
    this.home = slot.closest("[data-drop]");
    this.x = event.clientX;
    this.y = event.clientY;
    this.begun = false;
    this.cell = null;
    this.stop = new AbortController();
    const when = { signal: this.stop.signal };
    window.addEventListener("pointermove", (moved) => this.move(moved), when);
    window.addEventListener("pointerup", (up) => this.drop(up), when);
    window.addEventListener("pointercancel", () => this.end(), when);
    window.addEventListener("keydown", (key) => { if (key.key === "Escape") this.end(); }, when);
  }

  move(event) {
    const far = Math.hypot(event.clientX - this.x, event.clientY - this.y) > SLACK_PX;
    if (!this.begun && far) {
      this.begun = true;
      document.body.classList.add("dragging");
      this.slot.classList.add("slot-moving");
    }
    if (!this.begun) return;
    event.preventDefault();
    this.slot.style.transform = `translate(${event.clientX - this.x}px, ${event.clientY - this.y}px)`;
    const cell = cellUnder(event);
    if (cell !== this.cell) this.over(cell);
  }

  over(cell) {
    if (this.cell) this.cell.classList.remove("drop-here", "drop-never");
    this.cell = cell;
    if (!cell) return;
    cell.classList.add("past" in cell.dataset ? "drop-never" : "drop-here");
    if (cell.dataset.name) say(cell.dataset.name);
  }

  drop(event) {
    const { slot, home, begun } = this;
    const cell = begun ? cellUnder(event) : null;
    this.end();
    if (!begun) return;
    swallowClick();
    if (!cell || cell === home) return;
    if (home && cell.dataset.drop === home.dataset.drop && cell.dataset.part === home.dataset.part) return;
    if ("past" in cell.dataset) return void say("Không dời về ngày đã qua được.");
    const samePart = home && cell.dataset.part === home.dataset.part;
    ask(slot, cell.dataset.drop, samePart ? slot.dataset.time : cell.dataset.usual);
  }

  end() {
    this.stop.abort();
    this.over(null);
    this.slot.style.transform = "";
    this.slot.classList.remove("slot-moving");
    document.body.classList.remove("dragging");
  }
}

if (dialog) {
  document.querySelector(".week-card").addEventListener("pointerdown", (event) => {
    const slot = event.target.closest("[data-move]");
    // A finger scrolls; whoever has no mouse moves a session by its button.
    if (!slot || event.button !== 0 || event.pointerType === "touch" || event.target.closest("a, button")) return;
    if (slot.closest(".days")) return;
    new Drag(slot, event);
  });
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest && event.target.closest("[data-move]")) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-ask]");
    if (link) {
      event.preventDefault();
      const slot = link.closest("[data-move]");
      ask(slot, slot.dataset.day, slot.dataset.time);
    }
    if (event.target.closest("[data-close]")) dialog.close();
  });
}

// The form: presets fill it in, and it is said in words as it is filled in.
const form = document.querySelector("form[data-words]");

function check(name, values) {
  for (const field of form.querySelectorAll(`[name="${name}"]`)) field.checked = values.includes(field.value);
}

function fill(fields) {
  form.elements.kind.value = fields.kind;
  check("weekday", fields.weekday);
  check("lunar", fields.lunar);
  if (fields.lunar.length) {
    form.querySelector(".more-days").open = true;
    form.querySelector(".lunar-days").open = true;
  }
  if ("times" in fields) {
    form.elements.times.value = fields.times;
    check("daypart", fields.daypart);
  }
}

async function speak(state) {
  state.running.abort();
  state.running = new AbortController();
  try {
    const answer = await fetch(form.dataset.words, {
      method: "POST", body: new FormData(form), headers: { "TL-Fragment": "1" }, signal: state.running.signal,
    });
    if (answer.ok) document.getElementById("loi").innerHTML = await answer.text();
  } catch {
    // The words are said again at the next change, and when the form is sent.
  }
}

if (form) {
  const state = { running: new AbortController(), timer: 0 };
  const soon = () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => speak(state), WORDS_AFTER_MS);
  };
  form.addEventListener("input", (event) => {
    const body = event.target.closest(".kind-body");
    if (body) body.closest(".kind").querySelector('[name="kind"]').checked = true;
    // The first day of the year is of the kind Tết: asked for by its date, it must be asked for by its kind too.
    if (event.target.id === "lunar-tet" && event.target.checked) form.querySelector("#day-type-tet").checked = true;
    soon();
  });
  form.addEventListener("click", (event) => {
    const preset = event.target.closest("[data-fill]");
    if (!preset) return;
    event.preventDefault();
    fill(JSON.parse(preset.dataset.fill));
    soon();
  });
}

// Undo is offered for ten seconds; under a hand or with the keyboard in it, it stays.
const undo = document.querySelector("[data-undo]");
if (undo) {
  const hide = () => {
    if (undo.matches(":hover") || undo.contains(document.activeElement)) return void setTimeout(hide, 1000);
    undo.hidden = true;
  };
  setTimeout(hide, UNDO_MS);
}
