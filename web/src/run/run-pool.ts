import type { ApiClient } from '@/api/client';
import { RunStore } from '@/run/run-store';

const LINGER_MS = 30_000;

interface Entry {
  store: RunStore;
  users: number;
  timer?: ReturnType<typeof setTimeout>;
}

/** The runs that are being watched, one store each, however many parts of the page show it. */
export class RunPool {
  readonly #api: ApiClient;
  readonly #runs = new Map<string, Entry>();

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** The run's store; hand it back with `release`. It lingers a while, so that going back and forth costs nothing. */
  take(id: string): RunStore {
    const entry = this.#entry(id);
    clearTimeout(entry.timer);
    entry.users += 1;
    entry.store.open();
    return entry.store;
  }

  /** The run's store without taking it: for the first look, before an effect can take it. */
  peek(id: string): RunStore {
    return this.#entry(id).store;
  }

  release(id: string): void {
    const entry = this.#runs.get(id);
    if (!entry || --entry.users > 0) return;
    entry.timer = setTimeout(() => {
      entry.store.close();
      this.#runs.delete(id);
    }, LINGER_MS);
  }

  /** The server does not answer: a stream that seems to live may be dead without knowing it yet, and is made again. */
  doubt(): void {
    for (const { store } of this.#runs.values()) if (store.view.watch.state === 'live') store.reopen();
  }

  close(): void {
    for (const { store, timer } of this.#runs.values()) {
      clearTimeout(timer);
      store.close();
    }
    this.#runs.clear();
  }
  #entry(id: string): Entry {
    let entry = this.#runs.get(id);
    if (!entry) {
      entry = { store: new RunStore(this.#api, id), users: 0 };
      this.#runs.set(id, entry);
    }
    return entry;
  }
}
