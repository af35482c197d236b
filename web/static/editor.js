// The editor: the reading follows the typing, sentences can be heard, and nothing typed is lost.

const form = document.getElementById("soan");
const PREFIX = "tiengloa:nhap:";
const KEPT = ["title", "script", "genre", "topic", "valid_from", "valid_until"];

function debounced(act, wait) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
}

async function post(url, fields, signal) {
  const answer = await fetch(url, { method: "POST", body: fields, headers: { "TL-Fragment": "1" }, signal });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  const error = new Error(told.error || "Máy chủ chưa trả lời được. Hãy thử lại.");
  throw Object.assign(error, { status: answer.status });
}

function told(error) {
  return error.name === "TypeError" ? "Mất kết nối với máy chủ. Hãy thử lại." : error.message;
}

// Listening: a sentence or the whole text, as the answer to a POST; what was asked before is given up.
function listen(scope) {
  const box = document.getElementById("nghe");
  if (!box) return;
  const state = box.querySelector(".listen-state");
  const audio = box.querySelector("audio");
  let held = "";
  let running = new AbortController();

  async function hear(button, sentence, engine) {
    running.abort();
    running = new AbortController();
    const mine = running;
    const fields = new FormData(button.form);
    fields.set("sentence", sentence);
    if (engine) fields.set("engine", engine);
    state.textContent = "Đang đọc…";
    try {
      const answer = await post(button.form.dataset.listen, fields, mine.signal);
      const sound = await answer.blob();
      if (mine.signal.aborted) return;
      URL.revokeObjectURL(held);
      held = URL.createObjectURL(sound);
      audio.src = held;
      audio.hidden = false;
      state.textContent = answer.headers.get("TL-Voice") === "backup" ? "Giọng dự phòng" : "";
      await audio.play();
    } catch (error) {
      if (error.name === "AbortError") return;
      state.textContent = told(error);
    }
  }

  scope.addEventListener("click", (event) => {
    const one = event.target.closest("[data-engine]");
    const button = one || event.target.closest("[data-play]");
    if (!button) return;
    event.preventDefault();
    if (one) return void hear(one, one.closest("li").querySelector("[data-play]").value, one.dataset.engine);
    showVoices(button);
    hear(button, button.dataset.play, "");
  });
}

// The voices side by side, under the sentence that was heard last.
function showVoices(button) {
  const sentence = button.closest(".reading li");
  const voices = document.getElementById("cac-giong");
  if (!sentence || !voices || sentence.querySelector(".voices")) return;
  document.querySelectorAll(".reading .voices").forEach((row) => row.remove());
  sentence.append(voices.content.cloneNode(true));
}

// The reading beside the text. One request at a time: what is typed meanwhile is sent once it is answered.
const OVERTAKEN = new Set([409, 429]);

function followTyping() {
  const shown = document.getElementById("doc");
  const count = form.querySelector("[data-count]");
  const said = form.querySelector("[data-said]");
  const script = form.elements.script;
  const title = form.elements.title;
  const wanted = () => `${title.value}\n${script.value}`;
  let sent = wanted();
  let going = false;
  let pressed = null; // what a button asks, as the form was then

  async function read() {
    if (going || (!pressed && wanted() === sent)) return;
    going = true;
    const mine = pressed;
    const fields = mine || new FormData(form);
    pressed = null;
    sent = `${fields.get("title")}\n${fields.get("script").replaceAll("\r\n", "\n")}`;
    try {
      const answer = await post(form.dataset.read, fields);
      const text = await answer.text();
      if (!pressed) {
        show(shown, text);
        tell();
        if (mine) afterAnswer();
      }
    } catch (error) {
      sent = null; // so that the next stroke asks again
      if (OVERTAKEN.has(error.status)) setTimeout(() => (mine ? press(mine) : read()), 1000);
      else form.querySelector(".listen-state").textContent = told(error);
    } finally {
      going = false;
    }
    if (pressed) read();
    else if (sent !== null && wanted() !== sent) soon();
  }

  function press(fields) {
    pressed = pressed || fields;
    read();
  }

  function tell() {
    const heads = [...shown.querySelectorAll(".doubts h3"), ...shown.querySelectorAll("[data-told]")];
    said.textContent = heads.map((head) => head.textContent.trim()).join(". ");
  }

  function afterAnswer() {
    form.dispatchEvent(new Event("input"));
    const next = shown.querySelector("[aria-invalid]") || shown.querySelector("[name=doubt_spoken]") || script;
    next.focus();
  }

  const soon = debounced(read, 400);
  script.addEventListener("input", () => {
    count.textContent = `; đã viết ${script.value.length.toLocaleString("vi-VN")}`;
    soon();
  });
  title.addEventListener("input", soon);
  shown.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reading]");
    const find = event.target.closest("[data-find]");
    if (find) choose(script, find.dataset.find);
    if (!button) return;
    event.preventDefault();
    const fields = new FormData(form);
    fields.set(button.name, button.value);
    press(fields);
  });
  shown.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.closest(".doubt-answer") || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    event.target.closest(".doubt-answer").querySelector("button").click();
  });
}

// What is to be changed is selected; a field shows its selection when the focus comes to it.
function choose(script, words) {
  const at = script.value.indexOf(words);
  script.blur();
  if (at >= 0) script.setSelectionRange(at, at + words.length);
  script.focus();
}

// After a refused step the page opens at its own address: the sentence stays in sight, the first problem has the focus.
function goToProblem() {
  const sentence = document.querySelector("main > .note[role=alert]");
  const first = document.querySelector(".faults [data-find], [name=doubt_spoken], [aria-invalid=true], [data-tick]");
  if (!first || !(sentence || first.matches("[aria-invalid=true]"))) return;
  if (sentence) sentence.classList.add("told-sticky");
  first.focus({ preventScroll: true });
  const { top, bottom } = first.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight - 160) first.scrollIntoView({ block: "center" });
  if (sentence) form.addEventListener("input", () => sentence.classList.remove("told-sticky"), { once: true });
}

// Sentences that did not change stay as they are: a long script has hundreds.
const cameAs = new WeakMap();

function show(place, text) {
  const fresh = document.createElement("template");
  fresh.innerHTML = text;
  const old = place.querySelector("ol.reading");
  const next = fresh.content.querySelector("ol.reading");
  if (next) for (const line of next.children) cameAs.set(line, line.outerHTML);
  if (old && next) {
    patch(old, [...next.children]);
    next.replaceWith(old);
  }
  place.replaceChildren(fresh.content);
}

function patch(list, lines) {
  const held = [...list.children];
  lines.forEach((line, at) => {
    if (at >= held.length) list.append(line);
    else if (cameAs.get(held[at]) !== cameAs.get(line)) held[at].replaceWith(line);
  });
  held.slice(lines.length).forEach((line) => line.remove());
}

// Drafts in the browser: kept while typing, forgotten once the server has said yes.
function keepDraft() {
  const key = PREFIX + form.dataset.draft;
  const saved = form.querySelector("[data-saved]");
  const banner = document.getElementById("khoi-phuc");
  const all = (name) => [...form.querySelectorAll(`input[name="${name}"]`)].map((field) => field.value);
  const typed = () => ({
    ...Object.fromEntries(KEPT.map((name) => [name, form.elements[name].value])),
    written: all("written"),
    spoken: all("spoken"),
  });
  const atFirst = JSON.stringify(typed());

  form.addEventListener("input", debounced(() => {
    localStorage.setItem(key, JSON.stringify({ ...typed(), at: Date.now() }));
    saved.textContent = "Đã giữ bản gõ dở trên máy này.";
  }, 500));
  form.addEventListener("submit", () => {
    localStorage.setItem(key, JSON.stringify({ ...typed(), at: Date.now() }));
    sessionStorage.setItem("tiengloa:gui", key);
  });

  const { at, ...kept } = JSON.parse(localStorage.getItem(key) || "{}");
  if (!at || JSON.stringify(kept) === atFirst) return;
  banner.querySelector("[data-when]").textContent = new Date(at).toLocaleString("vi-VN", {
    timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit", day: "2-digit", month: "2-digit",
  });
  banner.hidden = false;
  banner.querySelector("[data-forget]").addEventListener("click", () => {
    localStorage.removeItem(key);
    banner.hidden = true;
  });
  banner.querySelector("[data-restore]").addEventListener("click", () => {
    for (const name of KEPT) form.elements[name].value = kept[name];
    for (const name of ["written", "spoken"]) {
      for (const value of kept[name]) {
        document.getElementById("doc").append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
      }
    }
    banner.hidden = true;
    form.elements.script.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

const sent = sessionStorage.getItem("tiengloa:gui");
if (sent && document.querySelector("[data-kept]")) localStorage.removeItem(sent);
sessionStorage.removeItem("tiengloa:gui");

if (form) {
  followTyping();
  keepDraft();
  goToProblem();
  listen(form);
} else {
  listen(document);
}
