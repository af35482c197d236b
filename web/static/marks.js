// The menu of script marks: a mark goes in at the caret, or around what is selected.

const script = document.getElementById("script");
const menu = document.querySelector("[data-marks]");

function around(example, chosen) {
  if (!chosen) return example;
  const pair = example.match(/^(\[[^\]]+\]).*(\[[^\]]+\])$/);
  if (pair) return `${pair[1]} ${chosen} ${pair[2]}`;
  const filled = example.match(/^(\[[^:\]]+: )[^|\]]+?( \|[^\]]*)?\]$/);
  return filled ? `${filled[1]}${chosen}${filled[2] || ""}]` : `${chosen} ${example}`;
}

function insert(example) {
  const { selectionStart: start, selectionEnd: end, value } = script;
  const before = start > 0 && !/\s/.test(value[start - 1]) ? " " : "";
  const after = end < value.length && !/[\s.,;:?!]/.test(value[end]) ? " " : "";
  const text = before + around(example, value.slice(start, end)) + after;
  script.focus();
  script.setSelectionRange(start, end);
  // Only this way can the browser take the insertion back with Ctrl+Z.
  if (!document.execCommand("insertText", false, text)) {
    script.setRangeText(text, start, end, "end");
    script.dispatchEvent(new Event("input", { bubbles: true }));
  }
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
