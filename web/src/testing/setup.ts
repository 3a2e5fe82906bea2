import { cleanup, configure } from '@testing-library/react';
import { afterEach } from 'vitest';
import { FakeIntersectionObserver } from '@/testing/fake-window';

afterEach(() => {
  FakeIntersectionObserver.hide(null);
  FakeIntersectionObserver.showAll(1);
});

// What is waited for comes at once on an idle machine, and later on a busy one.
configure({ asyncUtilTimeout: 10_000 });
afterEach(cleanup);

// jsdom has none of these, and the pages only want to know of them.
globalThis.matchMedia ??= (query: string) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList;
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
globalThis.IntersectionObserver ??= FakeIntersectionObserver;
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView ??= () => undefined;
