// Questions to the server that the page asks by itself.

/**
 * What an address answers: its body, or else a sentence on what is wrong. Addresses are relative to the page, so that
 * they hold behind a proxy that puts a prefix in front of the app, too.
 * @param {string} address
 * @param {RequestCache} [cache] "default" for what never changes
 * @returns {Promise<{ body?: ArrayBuffer, problem?: string }>}
 */
export async function fetchBody(address, cache = "no-store") {
  const { pathname } = new URL(address, document.baseURI);
  let problem = "there is no connection.";
  try {
    const answer = await fetch(address, { cache, signal: AbortSignal.timeout(20_000) });
    const type = answer.headers.get("content-type") ?? "";
    const isPage = type.startsWith("text/html"); // a server that does not know the address
    if (answer.ok && !isPage) return { body: await answer.arrayBuffer() };
    if (type.startsWith("text/plain")) return { problem: await answer.text() }; // the app's own sentence
    problem = `the answer is ${isPage ? "another page" : answer.status}. A proxy in front of the app must pass it on.`;
  } catch {
    // The problem is the connection.
  }
  return { problem: `${pathname} cannot be fetched: ${problem}` };
}

/**
 * Ask the server every so many seconds while the page is looked at; an answer after the lifetime's end is dropped.
 * @param {import("./lifetime.js").Lifetime} lifetime
 * @param {() => string} addressOf
 * @param {number} seconds 0 asks never
 * @param {(body: ArrayBuffer | null, problem: string) => void} receive gets a body, or null and what is wrong
 */
export function poll(lifetime, addressOf, seconds, receive) {
  if (!seconds) return;
  let isWaiting = false;
  let hasEnded = false;
  lifetime.onEnd(() => {
    hasEnded = true;
  });
  lifetime.interval(async () => {
    if (document.hidden || isWaiting) return;
    isWaiting = true;
    const { body = null, problem = "" } = await fetchBody(addressOf());
    isWaiting = false;
    if (!hasEnded) receive(body, problem);
  }, 1000 * seconds);
}

/** @param {ArrayBuffer} body */
export const decodeText = (body) => new TextDecoder().decode(body);
