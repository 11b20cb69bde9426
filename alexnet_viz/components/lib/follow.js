// What an address answers: its body, and else a sentence on what is wrong. Addresses are relative to the page, so that
// they hold behind a proxy that puts a prefix in front of the app, too.
export const fetched = async (address) => {
  let problem = "there is no connection.";
  try {
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(20_000) });
    const isPage = answer.headers.get("content-type")?.startsWith("text/html"); // of a server that knows no such address
    if (answer.ok && !isPage) return { body: await answer.arrayBuffer() };
    problem = `the answer is ${isPage ? "another page" : answer.status}. A proxy in front of the app must pass it on.`;
  } catch {
    // The problem is the connection.
  }
  return { problem: `${new URL(address, document.baseURI).pathname} cannot be fetched: ${problem}` };
};

// Ask the server for news every so many seconds, never if that is 0, while the page is looked at; `take` gets a body, or
// null and a sentence on what is wrong. Returns what ends the asking.
export const follow = (view, source, every, take) => {
  const end = () => {
    clearInterval(view.asking);
    view.asking = null; // an answer that is on its way comes too late
  };
  end();
  if (!every) return () => {};
  let waiting = false;
  const mine = setInterval(async () => {
    if (document.hidden || waiting) return;
    waiting = true;
    const { body = null, problem = "" } = await fetched(typeof source === "function" ? source() : source);
    waiting = false;
    if (view.asking === mine) take(body, problem);
  }, 1000 * every);
  view.asking = mine;
  return () => {
    if (view.asking === mine) end();
  };
};
export const words = (body) => new TextDecoder().decode(body);
