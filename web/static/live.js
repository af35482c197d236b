// Keeps pages fresh: pieces are fetched again with their ETag, clocks and progress move, staleness is said aloud.

const timeOfDay = new Intl.DateTimeFormat("vi-VN", {
  timeZone: "Asia/Ho_Chi_Minh", hour: "2-digit", minute: "2-digit", hour12: false,
});
const lost = document.getElementById("mat-ket-noi");
let lostSince = null;

document.documentElement.classList.add("js");
// On a phone the row of pages scrolls sideways: the one that is open stands in sight.
document.querySelector(".plan-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

function sayLost(sentence, link) {
  if (!lost) return;
  lost.textContent = sentence;
  if (link) {
    const anchor = Object.assign(document.createElement("a"), { href: link, textContent: " Đăng nhập lại" });
    lost.append(anchor);
  }
  lost.hidden = false;
  document.body.classList.add("stale");
}

function failed() {
  lostSince = lostSince || new Date();
  sayLost(`Mất kết nối với máy chủ từ ${timeOfDay.format(lostSince)}. Trang đang hiện thông tin cũ.`);
}

function answered() {
  lostSince = null;
  if (lost) lost.hidden = true;
  document.body.classList.remove("stale");
}

// A piece under a person's hands is not taken away from them.
function inUse(piece) {
  const focused = document.activeElement;
  const playing = [...piece.querySelectorAll("audio")].some((audio) => !audio.paused);
  return playing || piece.querySelector("details[open]") || (piece.contains(focused) && focused !== document.body);
}

// What was begun at a press is over: the sentence that told of the press would stand beside the result as if new.
function forgetOldNews(piece) {
  if (!piece.dataset.while || piece.querySelector(piece.dataset.while)) return;
  document.querySelectorAll("main > .note-good[role=status]").forEach((note) => note.remove());
}

async function refresh(piece, state) {
  const headers = { "TL-Fragment": "1" };
  if (state.etag) headers["If-None-Match"] = state.etag;
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 8000);
  try {
    const answer = await fetch(piece.dataset.poll, { headers, cache: "no-store", signal: stop.signal });
    if (answer.status === 401) {
      sayLost("Phiên làm việc đã hết.", `/dang-nhap?next=${encodeURIComponent(location.pathname + location.search)}`);
      return false;
    }
    if (answer.status !== 304 && !answer.ok) throw new Error(String(answer.status));
    answered();
    if (answer.status === 200 && !inUse(piece)) {
      piece.innerHTML = await answer.text();
      state.etag = answer.headers.get("ETag");
      moveProgress();
      forgetOldNews(piece);
    }
  } catch {
    failed();
  } finally {
    clearTimeout(timer);
  }
  return true;
}

function keepFresh(piece) {
  const state = { etag: null };
  const every = Number(piece.dataset.every);
  const going = () => !piece.dataset.while || piece.querySelector(piece.dataset.while);
  async function again() {
    if (!going()) return;
    const more = document.hidden || await refresh(piece, state);
    if (more) setTimeout(again, every);
  }
  if (going()) setTimeout(again, every);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && going()) refresh(piece, state);
  });
}

const clock = document.querySelector("[data-clock]");
const ahead = clock ? Number(clock.dataset.clock) * 1000 - Date.now() : 0;
const serverNow = () => Date.now() + ahead;

function moveProgress() {
  for (const bar of document.querySelectorAll("progress[data-from]")) {
    bar.value = Math.max(0, serverNow() / 1000 - Number(bar.dataset.from));
  }
}

function tick() {
  if (clock) clock.textContent = timeOfDay.format(serverNow());
  moveProgress();
}

document.querySelectorAll("[data-poll]").forEach(keepFresh);
document.querySelectorAll("[data-submit]").forEach((field) => {
  field.addEventListener("change", () => field.form.requestSubmit());
});
if (clock) {
  tick();
  setInterval(tick, 1000);
}
