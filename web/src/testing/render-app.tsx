import { render } from '@testing-library/react';
import type { ApiClient } from '@/api/client';
import { App } from '@/app';
import { makeRouter } from '@/router';

/** The whole page at this address (`/orchestrators/orch-1?q=x`), with a client of the test's. */
export function renderApp(address: string, api: ApiClient) {
  location.hash = `#${address}`;
  const router = makeRouter();
  return { ...render(<App router={router} api={api} />), router };
}
