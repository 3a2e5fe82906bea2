import type { NextConfig } from 'next'

const config: NextConfig = {
  // As in today's template; the tests build the app without it as well.
  cacheComponents: true,
  // Else Next.js takes the nearest parent folder with a lock file for the root, and warns of it.
  turbopack: { root: process.cwd() },
}

export default config
