// Streamlit enters a page's bare path into the history and our parameters after it: that is one step back, not two.
const push = history.pushState;
if (push.name === "pushState") {
  let entered = true;
  history.pushState = function enter(state, title, url) {
    const to = new URL(url ?? "", location.href);
    const same = to.pathname === location.pathname;
    const completes =
      same &&
      entered &&
      [...new URLSearchParams(location.search)].every(([key, value]) => to.searchParams.get(key) === value);
    entered = !same;
    (completes ? history.replaceState : push).call(history, state, title, url);
  };
}

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
    timer = setTimeout(() => {
      done.textContent = "";
    }, 2500);
  };
  return () => clearTimeout(timer);
}
