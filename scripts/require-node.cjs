// Loaded before every script, and CommonJS so that any Node can read it: an old Node would otherwise stop at the first
// `.ts` file with an error that helps nobody.
const NEEDED = [22, 18]
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(
    `This script runs on Node ${process.versions.node} and needs ${NEEDED.join('.')} or newer.
npm normally brings Node 24 along, in the package "node"; here its install script did not run.
Run: npm rebuild node   (and start scripts through npm, as in: npm run dev)
Or install Node 24 yourself: https://nodejs.org`,
  )
  process.exit(1)
}
