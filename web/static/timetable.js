// The timetable: sessions are moved by hand or by a button, the form says in words what it asks for, undo is brief.

const UNDO_MS = 10_000;
const WORDS_AFTER_MS = 350;

// Moving: a session dropped on another part of the week, or its «Dời…», asks when, and whether once or always.
const dialog = document.getElementById("doi");

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

if (dialog) {
  document.addEventListener("session-drop", (event) => ask(event.target, event.detail.day, event.detail.time));
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
