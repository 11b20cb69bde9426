// Ask the server for news every so many seconds, never if that is 0, while the page is looked at; `take` gets null where
// the server has nothing to give. Returns what ends the asking.
export const follow = (view, source, every, take) => {
  const end = () => {
    clearInterval(view.asking);
    view.asking = null; // an answer that is on its way comes too late
  };
  end();
  if (!every) return end;
  let waiting = false;
  const mine = setInterval(async () => {
    if (document.hidden || waiting) return;
    waiting = true;
    try {
      const answer = await fetch(typeof source === "function" ? source() : source, { cache: "no-store", signal: AbortSignal.timeout(20_000) });
      const body = answer.ok ? await answer.arrayBuffer() : null;
      if (view.asking === mine) take(body);
    } catch {
      // The server is away: Streamlit says so.
    } finally {
      waiting = false;
    }
  }, 1000 * every);
  view.asking = mine;
  return end;
};
export const words = (body) => new TextDecoder().decode(body);
