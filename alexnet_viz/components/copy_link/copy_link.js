// Copies the address of the page. Browsers offer navigator.clipboard on https and on this machine alone; to everybody
// else in the room the old way is open.
export default function ({ parentElement }) {
  const done = parentElement.querySelector(".done");
  let timer;

  const oldWay = (text) => {
    const field = document.createElement("textarea");
    field.value = text;
    field.style.position = "fixed";
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    return copied;
  };

  parentElement.querySelector("button").onclick = async () => {
    const address = window.location.href;
    let copied;
    try {
      await navigator.clipboard.writeText(address);
      copied = true;
    } catch {
      copied = oldWay(address);
    }
    done.textContent = copied ? "Link copied" : "Copy the address above the page";
    clearTimeout(timer);
    timer = setTimeout(() => { done.textContent = ""; }, 2500);
  };
  return () => clearTimeout(timer);
}
