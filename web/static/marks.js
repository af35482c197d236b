// The menu of script marks: a mark goes in at the caret, or around what is selected, with its place to fill selected.

const script = document.getElementById("script");
const menu = document.querySelector("[data-marks]");
const EMPTY = "…"; // the reading flags it in a mark until something is written in its place

// What goes in for a mark, and which part of it is to be typed over. Nothing of an example is ever taken along.
function filled(example, chosen) {
  const pair = example.match(/^(\[[^\]]+\]).*(\[[^\]]+\])$/);
  if (pair) return withPlace(`${pair[1]} `, chosen || EMPTY, ` ${pair[2]}`, !chosen);
  const named = example.match(/^(\[[^:\]]+: )[^\]]*\]$/);
  if (!named) {
    const number = example.match(/\d+/);
    const before = chosen ? `${chosen} ` : "";
    if (!number) return { text: before + example };
    return withPlace(before + example.slice(0, number.index), number[0], example.slice(number.index + number[0].length), true);
  }
  if (!example.includes("|")) return withPlace(named[1], chosen || EMPTY, "]", !chosen);
  return chosen ? withPlace(`${named[1]}${chosen} | `, EMPTY, "]", true) : withPlace(named[1], EMPTY, ` | ${EMPTY}]`, true);
}

function withPlace(before, place, after, open) {
  const text = before + place + after;
  return open ? { text, from: before.length, to: before.length + place.length } : { text };
}

function insert(example) {
  const { selectionStart: start, selectionEnd: end, value } = script;
  const before = start > 0 && !/\s/.test(value[start - 1]) ? " " : "";
  const after = end < value.length && !/[\s.,;:?!]/.test(value[end]) ? " " : "";
  const mark = filled(example, value.slice(start, end));
  const text = before + mark.text + after;
  script.focus();
  script.setSelectionRange(start, end);
  // Only this way can the browser take the insertion back with Ctrl+Z.
  if (!document.execCommand("insertText", false, text)) {
    script.setRangeText(text, start, end, "end");
    script.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (mark.to) script.setSelectionRange(start + before.length + mark.from, start + before.length + mark.to);
}

if (script && menu) {
  menu.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    menu.open = false;
    insert(button.dataset.insert);
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}
