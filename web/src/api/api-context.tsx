import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { ApiError, createApiClient, type ApiClient } from '@/api/client';
import { RunPool } from '@/run/run-pool';

const TOKEN_KEY = 'orchestrator.token';

/** What every page may use: the client, the runs that are being watched, and the server's token. */
export interface Server {
  api: ApiClient;
  runs: RunPool;
  /** The server asked for a token and has none, or a wrong one. */
  needsToken: boolean;
  /** Requests carry a token; a plain link does not. */
  hasToken: boolean;
  setToken: (token: string) => void;
}

const ServerContext = createContext<Server | null>(null);

/** The API lies where the page lies, also under a path that a proxy gave it. */
export function pageBase(): string {
  return location.origin + location.pathname.replace(/\/[^/]*$/, '');
}

function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        // What the server refuses, it refuses again.
        retry: (failures, error) =>
          !(error instanceof ApiError && error.status >= 400 && error.status < 500) && failures < 2,
        retryDelay: (failures) => 500 * 2 ** failures,
        // The server is on this machine more often than not: being offline says nothing about it.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });
}

/** Gives the pages their server. Tests hand in a client of their own. */
export function ServerProvider({ children, api: given }: { children: ReactNode; api?: ApiClient }) {
  const [token, setToken] = useState(() => sessionStorage.getItem(TOKEN_KEY) ?? undefined);
  const [needsToken, setNeedsToken] = useState(false);
  const queries = useMemo(makeQueryClient, [token]);
  const server = useMemo<Server>(() => {
    const onError = (error: ApiError) => {
      if (error.status === 401) setNeedsToken(true);
    };
    const api = given ?? createApiClient({ baseUrl: pageBase(), token, onError });
    return {
      api,
      runs: new RunPool(api),
      needsToken,
      hasToken: token !== undefined,
      setToken(value: string) {
        sessionStorage.setItem(TOKEN_KEY, value);
        setNeedsToken(false);
        setToken(value);
      },
    };
    // A new client for a new token only; `needsToken` is put in below.
  }, [given, token]);
  const value = useMemo(() => ({ ...server, needsToken }), [server, needsToken]);
  useEffect(() => () => server.runs.close(), [server]);
  return (
    <QueryClientProvider client={queries}>
      <ServerContext value={value}>{children}</ServerContext>
    </QueryClientProvider>
  );
}

export function useServer(): Server {
  const server = useContext(ServerContext);
  if (!server) throw new Error('useServer outside of a ServerProvider');
  return server;
}

export function useApi(): ApiClient {
  return useServer().api;
}
