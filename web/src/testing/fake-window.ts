/** What a page sees of its window, which jsdom has not: every element is shown whole until a test says otherwise. */
export class FakeIntersectionObserver implements IntersectionObserver {
  static readonly #all = new Set<FakeIntersectionObserver>();
  static #share = 1;
  static #hidden: string | null = null;
  readonly root = null;
  readonly rootMargin = '';
  readonly scrollMargin = '';
  readonly thresholds = [];
  readonly #callback: IntersectionObserverCallback;
  #target: Element | undefined;

  constructor(callback: IntersectionObserverCallback) {
    this.#callback = callback;
    FakeIntersectionObserver.#all.add(this);
  }

  /** So much of every element is in the window now, from 0 to 1. */
  static showAll(share: number): void {
    this.#share = share;
    for (const observer of this.#all) observer.#tell();
  }

  /** What this selects is out of the window, whatever else is in it; null: nothing is. */
  static hide(selector: string | null): void {
    this.#hidden = selector;
    for (const observer of this.#all) observer.#tell();
  }

  observe(target: Element): void {
    this.#target = target;
    this.#tell();
  }

  disconnect(): void {
    FakeIntersectionObserver.#all.delete(this);
  }

  unobserve(): void {}

  takeRecords(): IntersectionObserverEntry[] {
    return [];
  }

  #tell(): void {
    if (!this.#target) return;
    const hidden = FakeIntersectionObserver.#hidden;
    const intersectionRatio = hidden !== null && this.#target.matches(hidden) ? 0 : FakeIntersectionObserver.#share;
    this.#callback(
      [
        {
          target: this.#target,
          intersectionRatio,
          isIntersecting: intersectionRatio > 0,
        } as unknown as IntersectionObserverEntry,
      ],
      this,
    );
  }
}
