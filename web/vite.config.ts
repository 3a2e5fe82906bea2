import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env['ORCHESTRATOR_URL'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // Relative, so that the page works wherever a proxy puts it.
  base: './',
  resolve: { alias: { '@': import.meta.dirname + '/src' } },
  build: {
    outDir: '../src/orchestrator/api/dashboard',
    emptyOutDir: true,
    assetsDir: 'dashboard',
    // Content-Security-Policy: no data: URLs, no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: true,
    reportCompressedSize: true,
  },
  // `npm run dev` beside `orchestrator serve`.
  server: {
    proxy: {
      '/api': { target: server, ws: true, changeOrigin: true },
      '/health': { target: server, changeOrigin: true },
    },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/testing/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    testTimeout: 30_000,
    expect: { poll: { timeout: 10_000 } },
  },
});
