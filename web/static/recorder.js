// Recording in the browser: what the microphone gives goes into the form's own file field, to be heard and then sent.
// Where there is no microphone or no right to it (a page without https, say), the file field alone remains.

const KINDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"];
const REFUSALS = {
  NotAllowedError: "Trình duyệt chưa được phép dùng micro. Hãy cho phép ở thanh địa chỉ rồi bấm thu lại.",
  NotFoundError: "Máy này không có micro. Hãy cắm micro, hoặc chọn một tệp thu âm.",
  NotReadableError: "Micro đang được chương trình khác dùng. Hãy đóng chương trình ấy rồi bấm thu lại.",
};
let stopOther = () => {};

function spoken(seconds) {
  const minutes = String(Math.floor(seconds / 60)).padStart(2, "0");
  return `${minutes}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

function prepare(box) {
  const [start, stop] = box.querySelectorAll("button");
  const state = box.querySelector("[role=status]");
  const clock = box.querySelector("[data-time]");
  const audio = box.querySelector("audio");
  const field = box.closest("form").querySelector("input[type=file]");
  const longest = Number(box.dataset.longest);
  let held = "";

  function swap(recording) {
    start.hidden = recording;
    stop.hidden = !recording;
    (recording ? stop : start).focus();
  }

  function keep(parts, type, seconds) {
    const name = `thu.${type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm"}`;
    const files = new DataTransfer();
    files.items.add(new File(parts, name, { type: type.split(";")[0] }));
    field.files = files.files;
    URL.revokeObjectURL(held);
    held = URL.createObjectURL(field.files[0]);
    audio.src = held;
    audio.hidden = false;
    start.querySelector("span").textContent = "Thu lại";
    clock.textContent = "";
    state.textContent = `Đã thu ${spoken(seconds)}. Hãy nghe lại, rồi bấm «Gửi bản thu».`;
  }

  async function record() {
    stopOther();
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch (error) {
      state.textContent = REFUSALS[error.name] || "Chưa thu được từ micro. Hãy thử lại, hoặc chọn một tệp thu âm.";
      return;
    }
    const recorder = new MediaRecorder(stream, { mimeType: KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)) });
    const parts = [];
    const begun = performance.now();
    const seconds = () => (performance.now() - begun) / 1000;
    const timer = setInterval(() => {
      clock.textContent = `${spoken(seconds())} / ${spoken(longest)}`;
      if (seconds() >= longest) stopOther();
    }, 250);
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      keep(parts, recorder.mimeType, seconds());
      swap(false);
    });
    stopOther = () => {
      if (recorder.state !== "inactive") recorder.stop();
    };
    audio.pause();
    audio.hidden = true;
    state.textContent = "Đang thu. Hãy đọc câu này.";
    recorder.start();
    swap(true);
  }

  box.hidden = false;
  start.addEventListener("click", record);
  stop.addEventListener("click", () => stopOther());
}

if (navigator.mediaDevices && window.MediaRecorder && window.DataTransfer) {
  document.querySelectorAll("[data-recorder]").forEach(prepare);
}
