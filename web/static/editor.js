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

// Listening: one sentence, or all of them one after the other, each asked for while the one before it sounds.
// What was asked before is given up. What sounds is marked, and whatever is told stays in sight.
function listen(scope) {
  const box = document.getElementById("nghe");
  if (!box) return;
  const state = box.querySelector(".listen-state");
  const audio = box.querySelector("audio");
  const stop = box.querySelector("[data-stop]");
  const all = box.querySelector("[data-play]");
  let turn = new AbortController();
  let held = "";

  function say(words, wrong) {
    state.textContent = words;
    box.classList.toggle("listen-wrong", Boolean(wrong));
    box.classList.toggle("listen-told", Boolean(words) || !audio.hidden);
  }

  function mark(ask, name) {
    document.querySelectorAll(".reading .sounding, .reading .unheard").forEach((line) => {
      line.classList.remove("sounding", "unheard");
      line.removeAttribute("aria-current");
    });
    const line = ask && document.querySelector(`.reading li[data-line="${ask.line}"]`);
    if (!line) return;
    line.classList.add(name);
    line.setAttribute("aria-current", "true");
    if (ask.follow) line.scrollIntoView({ block: "nearest" });
  }

  // The button for everything and the one that stops share a place, and the focus with it.
  function swap(from, to) {
    if (!stop) return;
    const focused = document.activeElement === from;
    from.hidden = true;
    to.hidden = false;
    if (focused) to.focus();
  }

  function end(words, wrong) {
    turn.abort();
    audio.pause();
    audio.hidden = true;
    swap(stop, all);
    say(words, wrong);
  }

  async function bring(ask, signal) {
    const answer = await post(ask.url, ask.fields, signal);
    const backup = answer.headers.get("TL-Voice") === "backup";
    return { sound: await answer.blob(), backup };
  }

  function sounded(came, signal) {
    URL.revokeObjectURL(held);
    held = URL.createObjectURL(came.sound);
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      audio.onended = resolve;
      audio.onerror = () => reject(new Error("Trình duyệt không phát được âm thanh này."));
      audio.src = held;
      audio.hidden = false;
      audio.play().catch((error) => {
        if (error.name === "NotAllowedError") say("Bấm nút phát để nghe.");
        else if (error.name !== "AbortError") reject(error);
      });
    });
  }

  async function hear(asks) {
    end("");
    turn = new AbortController();
    const { signal } = turn;
    swap(all, stop);
    let coming = bring(asks[0], signal);
    for (const [at, ask] of asks.entries()) {
      mark(ask, "sounding");
      try {
        say(`${ask.name}: đang lấy tiếng…`);
        const came = await coming;
        if (at + 1 < asks.length) {
          coming = bring(asks[at + 1], signal);
          coming.catch(() => {}); // told when its turn comes
        }
        say(`Đang phát: ${ask.name}${came.backup ? " · giọng dự phòng" : ""}`);
        await sounded(came, signal);
      } catch (error) {
        if (signal.aborted) return;
        mark(ask, "unheard");
        return void end(`${ask.name}: ${told(error)}`, true);
      }
    }
    mark(null);
    end("");
  }

  function ask(button, line, name, engine) {
    const fields = new FormData(button.form);
    fields.set("sentence", line);
    if (engine) fields.set("engine", engine);
    return { url: button.form.dataset.listen, fields, line, name };
  }

  function everything(button) {
    const lines = [...document.querySelectorAll(".reading li[data-line]")];
    if (!lines.length) return [ask(button, "", "Nghe thử")];
    const last = lines.filter((line) => !line.classList.contains("opening")).length;
    return lines.map((line) => {
      const { name } = line.querySelector("[data-play]").dataset;
      const place = line.classList.contains("opening") ? name : `${name}/${last}`;
      return { ...ask(button, line.dataset.line, place), follow: true };
    });
  }

  function words(button) {
    const field = document.getElementById(button.dataset.wordsOf);
    const fields = new FormData();
    fields.set("csrf_token", form.elements.csrf_token.value);
    fields.set("spoken", field ? field.value : button.dataset.words);
    return { url: box.dataset.hear, fields, line: "", name: `«${fields.get("spoken")}»` };
  }

  scope.addEventListener("click", (event) => {
    const button = event.target.closest("[data-engine], [data-play], [data-stop], [data-words], [data-words-of]");
    if (!button) return;
    event.preventDefault();
    if ("stop" in button.dataset) {
      mark(null);
      end("");
    } else if ("engine" in button.dataset) {
      const line = button.closest("li").querySelector("[data-play]");
      hear([ask(button, line.value, line.dataset.name, button.dataset.engine)]);
    } else if ("play" in button.dataset) {
      showVoices(button);
      hear(button.dataset.play ? [ask(button, button.dataset.play, button.dataset.name)] : everything(button));
    } else {
      hear([words(button)]);
    }
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
const OVERTAKEN = 429; // another window of this person asked later

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
      if (error.status === OVERTAKEN) setTimeout(() => (mine ? press(mine) : read()), 1000);
      else said.textContent = wrong(told(error));
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

  // The reading on the screen is older than what is typed: that is said where it stands.
  function wrong(words) {
    let line = shown.querySelector(".not-read");
    if (!line) shown.prepend((line = Object.assign(document.createElement("p"), { className: "problem not-read" })));
    line.textContent = words;
    return words;
  }

  function tell() {
    const heads = [...shown.querySelectorAll(".doubts h3"), ...shown.querySelectorAll("[data-told]")];
    said.textContent = heads.map((head) => head.textContent.trim()).join(". ");
  }

  function afterAnswer() {
    form.dispatchEvent(new Event("input"));
    const next = ["[aria-invalid], [data-ask]", "[name=doubt_spoken]", ".kept[role] button"];
    (next.map((one) => shown.querySelector(one)).find(Boolean) || script).focus();
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
    event.target.closest(".doubt-answer").querySelector("[name=accept]").click();
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
