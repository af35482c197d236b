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
  throw new Error(told.error || "Máy chủ chưa trả lời được. Hãy thử lại.");
}

// Listening: a sentence or the whole text, as the answer to a POST.
function listen(scope) {
  const box = document.getElementById("nghe");
  if (!box) return;
  const state = box.querySelector(".listen-state");
  const audio = box.querySelector("audio");
  let held = "";
  scope.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-play]");
    if (!button) return;
    event.preventDefault();
    const fields = new FormData(button.form);
    fields.set("sentence", button.dataset.play);
    state.textContent = "Đang đọc…";
    button.disabled = true;
    try {
      const answer = await post(button.form.dataset.listen, fields);
      URL.revokeObjectURL(held);
      held = URL.createObjectURL(await answer.blob());
      audio.src = held;
      audio.hidden = false;
      state.textContent = answer.headers.get("TL-Voice") === "backup" ? "Giọng dự phòng" : "";
      await audio.play();
    } catch (error) {
      state.textContent = error.name === "TypeError" ? "Mất kết nối với máy chủ. Hãy thử lại." : error.message;
    } finally {
      button.disabled = false;
    }
  });
}

// The reading under the text.
function followTyping() {
  const shown = document.getElementById("doc");
  const count = form.querySelector("[data-count]");
  let running = new AbortController();

  async function read(name, value) {
    running.abort();
    running = new AbortController();
    const fields = new FormData(form);
    if (name) fields.set(name, value);
    try {
      const answer = await post(form.dataset.read, fields, running.signal);
      shown.innerHTML = await answer.text();
      if (name) form.dispatchEvent(new Event("input"));
    } catch (error) {
      if (error.name !== "AbortError") form.querySelector(".listen-state").textContent = error.message;
    }
  }

  const soon = debounced(() => read(), 400);
  form.elements.script.addEventListener("input", () => {
    count.textContent = `; đã viết ${form.elements.script.value.length.toLocaleString("vi-VN")}`;
    soon();
  });
  shown.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reading]");
    if (!button) return;
    event.preventDefault();
    read(button.name, button.value);
  });
  shown.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.closest(".doubt-answer") || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    event.target.closest(".doubt-answer").querySelector("button").click();
  });
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
  listen(form);
} else {
  listen(document);
}
