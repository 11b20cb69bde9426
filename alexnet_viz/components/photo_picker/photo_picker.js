// The strip of photos to choose from, and pictures from the clipboard.
export default function ({ parentElement, data, setTriggerValue }) {
  const strip = parentElement.querySelector(".strip");
  const button = parentElement.querySelector(".paste");
  const message = parentElement.querySelector(".message");

  strip.replaceChildren(
    ...data.photos.map((photo) => {
      const choice = document.createElement("button");
      choice.type = "button";
      choice.title = photo.title;
      choice.dataset.photo = photo.key;
      choice.setAttribute("role", "option");
      choice.setAttribute("aria-label", photo.title);
      choice.setAttribute("aria-selected", String(photo.key === data.selected));
      choice.onclick = () => setTriggerValue("chosen", photo.key);
      const picture = document.createElement("img");
      picture.src = photo.thumbnail;
      picture.alt = "";
      choice.append(picture);
      return choice;
    }),
  );

  const send = (blob) => {
    if (blob.size > data.limit) {
      message.textContent = `The picture is larger than ${Math.round(data.limit / 2 ** 20)} MB: paste a smaller one.`;
      return;
    }
    const reader = new FileReader();
    reader.onload = () => {
      message.textContent = "";
      setTriggerValue("pasted", { type: blob.type, base64: String(reader.result).split(",")[1] });
    };
    reader.readAsDataURL(blob);
  };

  button.onclick = async () => {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((one) => one.startsWith("image/"));
        if (type) return send(await item.getType(type));
      }
      message.textContent = "The clipboard holds no picture: copy one first.";
    } catch {
      message.textContent = "The browser does not let this page read the clipboard: press Ctrl+V (⌘V) instead.";
    }
  };

  const onPaste = (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    if (file) {
      event.preventDefault();
      send(file);
    }
  };
  // This function runs again whenever the data change: one listener, always the latest.
  if (parentElement.onPaste) document.removeEventListener("paste", parentElement.onPaste);
  parentElement.onPaste = onPaste;
  document.addEventListener("paste", onPaste);
  return () => document.removeEventListener("paste", onPaste);
}
