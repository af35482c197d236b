// Tells the length of a programme while it is put together: the form as typed is sent, a piece of the page comes back.

const form = document.getElementById("chuong-trinh");
const told = document.getElementById("do-dai");
let timer = null;
let newest = 0;

function showItems() {
  const short = told.querySelector("[data-length-short]");
  if (short) document.querySelector("[data-length-here]").textContent = short.textContent;
  const words = [...told.querySelectorAll(".length-items li")].map((one) => one.textContent);
  for (const place of form.querySelectorAll("[data-item-length]")) {
    place.textContent = words[Number(place.dataset.itemLength)] || "";
  }
}

async function ask() {
  const own = ++newest;
  try {
    const answer = await fetch(form.dataset.length, {
      method: "POST", body: new FormData(form), headers: { "TL-Fragment": "1" },
    });
    if (!answer.ok || own !== newest) return;
    told.innerHTML = await answer.text();
    showItems();
  } catch {
    // The length is a help only; the page that is saved tells it again.
  }
}

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, 350);
});
