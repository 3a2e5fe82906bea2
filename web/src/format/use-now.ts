import { useSyncExternalStore } from 'react';

/** One clock for the whole page, so that a hundred running times cost one timer. */
const subscribers = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(subscriber: () => void): () => void {
  subscribers.add(subscriber);
  if (timer === undefined) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const one of subscribers) one();
    }, 1_000);
  }
  return () => {
    subscribers.delete(subscriber);
    if (!subscribers.size) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time in milliseconds since 1970, updated every second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
