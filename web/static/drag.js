// A session is dragged to another day or part of it: by mouse at once, by a finger after it was held still a moment,
// so that a page still scrolls under a finger that moves. Where it is dropped is told to the page by «session-drop».

const SLACK_PX = 6;
const TOUCH_SLACK_PX = 10;
const HOLD_MS = 400;
const EDGE_PX = 56;
const STEP_PX = 9;

const said = document.getElementById("doi-noi");

function say(words) {
  if (said) said.textContent = words;
}

function cellUnder(x, y) {
  const found = document.elementFromPoint(x, y);
  return found ? found.closest("[data-drop]") : null;
}

// The click that ends a drag must not open the session; after a finger it comes, if at all, a little later and there.
function swallowClick(slot, touch) {
  const stop = new AbortController();
  const swallow = (click) => {
    if (touch && !slot.contains(click.target)) return;
    click.preventDefault();
    click.stopPropagation();
  };
  window.addEventListener("click", swallow, { capture: true, signal: stop.signal });
  setTimeout(() => stop.abort(), touch ? 300 : 0);
}

class Drag {
  constructor(slot, event) {
    this.slot = slot;
    this.home = slot.closest("[data-drop]");
    this.table = slot.closest(".table-scroll");
    this.touch = event.pointerType === "touch";
    this.id = event.pointerId;
    this.x = this.nowX = event.clientX;
    this.y = this.nowY = event.clientY;
    this.from = this.scrolled();
    this.begun = false;
    this.cell = null;
    this.stop = new AbortController();
    this.listen();
    if (this.touch) this.hold = setTimeout(() => this.begin(), HOLD_MS);
  }

  listen() {
    const when = { signal: this.stop.signal };
    const own = (act) => (event) => { if (event.pointerId === this.id) act(event); };
    window.addEventListener("pointermove", own((moved) => this.move(moved)), when);
    window.addEventListener("pointerup", own((up) => this.drop(up)), when);
    window.addEventListener("pointercancel", own(() => this.end()), when);
    window.addEventListener("keydown", (key) => { if (key.key === "Escape") this.end(); }, when);
    if (!this.touch) return;
    // A second finger wants to zoom. Once a session is held, a move of the finger is no scroll and no long press.
    window.addEventListener("pointerdown", (down) => { if (!down.isPrimary) this.end(); }, when);
    window.addEventListener("touchmove", (touch) => { if (this.begun) touch.preventDefault(); }, { passive: false, ...when });
    window.addEventListener("contextmenu", (menu) => menu.preventDefault(), when);
  }

  scrolled() {
    return [window.scrollX + (this.table ? this.table.scrollLeft : 0), window.scrollY];
  }

  begin() {
    this.begun = true;
    document.body.classList.add("dragging");
    this.slot.classList.add("slot-moving");
    if (!this.touch) return;
    say(`Đang giữ «${this.slot.dataset.title}». Kéo sang chỗ khác rồi thả.`);
    this.follow();
  }

  move(event) {
    this.nowX = event.clientX;
    this.nowY = event.clientY;
    const far = Math.hypot(this.nowX - this.x, this.nowY - this.y);
    if (!this.begun && this.touch && far > TOUCH_SLACK_PX) return void this.end();
    if (!this.begun && !this.touch && far > SLACK_PX) this.begin();
    if (!this.begun) return;
    event.preventDefault();
    this.show();
  }

  show() {
    const [x, y] = this.scrolled();
    this.slot.style.transform = `translate(${this.nowX - this.x + x - this.from[0]}px, ${this.nowY - this.y + y - this.from[1]}px)`;
    const cell = cellUnder(this.nowX, this.nowY);
    if (cell !== this.cell) this.over(cell);
  }

  // Under a finger at the edge the page goes on, for days that are out of sight.
  follow() {
    if (!this.begun) return;
    const before = this.scrolled().join();
    window.scrollBy(0, step(this.nowY, 0, window.innerHeight));
    if (this.table) {
      const box = this.table.getBoundingClientRect();
      this.table.scrollLeft += step(this.nowX, Math.max(0, box.left), Math.min(window.innerWidth, box.right));
    }
    if (this.scrolled().join() !== before) this.show();
    requestAnimationFrame(() => this.follow());
  }

  over(cell) {
    if (this.cell) this.cell.classList.remove("drop-here", "drop-never");
    this.cell = cell;
    if (!cell) return;
    cell.classList.add("past" in cell.dataset ? "drop-never" : "drop-here");
    if (cell.dataset.name) say(cell.dataset.name);
  }

  drop(event) {
    const { slot, home, begun, touch } = this;
    const cell = begun ? cellUnder(event.clientX, event.clientY) : null;
    this.end();
    if (!begun) return;
    swallowClick(slot, touch);
    if (!cell || cell === home) return;
    if (home && cell.dataset.drop === home.dataset.drop && cell.dataset.part === home.dataset.part) return;
    if ("past" in cell.dataset) return void say("Không dời về ngày đã qua được.");
    const samePart = !cell.dataset.usual || (home && cell.dataset.part === home.dataset.part);
    const detail = { day: cell.dataset.drop, time: samePart ? slot.dataset.time : cell.dataset.usual };
    slot.dispatchEvent(new CustomEvent("session-drop", { bubbles: true, detail }));
  }

  end() {
    clearTimeout(this.hold);
    this.begun = false;
    this.stop.abort();
    this.over(null);
    this.slot.style.transform = "";
    this.slot.classList.remove("slot-moving");
    document.body.classList.remove("dragging");
  }
}

function step(at, low, high) {
  if (at < low + EDGE_PX) return -STEP_PX;
  return at > high - EDGE_PX ? STEP_PX : 0;
}

if (document.getElementById("doi")) {
  document.querySelector(".week-card").addEventListener("pointerdown", (event) => {
    const slot = event.target.closest("[data-move]");
    if (!slot || event.button !== 0 || !event.isPrimary || event.target.closest("a, button")) return;
    // In the list of a narrow page a mouse selects words; a finger may drag there too.
    if (event.pointerType !== "touch" && slot.closest(".days")) return;
    new Drag(slot, event);
  });
  document.addEventListener("dragstart", (event) => {
    if (event.target.closest && event.target.closest("[data-move]")) event.preventDefault();
  });
}
