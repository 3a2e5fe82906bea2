import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const server = process.env['ORCHESTRATOR_URL'] ?? 'http://127.0.0.1:8000';

const COMPRESSED_BYTES_MIN = 1_000;

/** Puts each file's codings beside it, for the server to send: it compresses nothing that does not change. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir = '' }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const plain = readFileSync(join(dir, name));
        if (plain.length < COMPRESSED_BYTES_MIN) continue;
        // Node's own settings are the best ones for brotli (quality 11), and not for gzip.
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(plain));
        writeFileSync(join(dir, `${name}.gz`), gzipSync(plain, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), compressed()],
  // Relative, so that the page works wherever a proxy puts it.
  base: './',
  resolve: { alias: { '@': import.meta.dirname + '/src' } },
  build: {
    outDir: '../src/orchestrator/api/dashboard',
    emptyOutDir: true,
    assetsDir: 'dashboard',
    // Content-Security-Policy: no data: URLs (but for images, as the icon in index.html is one), no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: true,
    reportCompressedSize: true,
    rolldownOptions: {
      output: {
        // What several pages use is one file: each file costs a page a request, and a file of 200 bytes as much as
        // one of 200 kB. What one page uses comes with it, and Markdown when there is some to show.
        codeSplitting: { groups: [{ name: 'shared', minShareCount: 2 }] },
      },
    },
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
