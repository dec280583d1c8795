/** Ends the deploy. The message is for the person at the terminal: what is wrong, and what to do. */
export class DeployStop extends Error {
  override readonly name = 'DeployStop'
}
