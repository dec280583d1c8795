import { defineConfig } from 'drizzle-kit'

/** `npm run db:generate` writes the next migration from the schema; it is then read and reviewed like code. */
export default defineConfig({ dialect: 'postgresql', schema: './src/db/schema.ts', out: './migrations' })
