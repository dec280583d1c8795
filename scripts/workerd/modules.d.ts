/** For tests and storms only: workerd shows it to services with the flag `unsafe_module`. */
declare module 'workerd:unsafe' {
  const unsafe: { abortAllDurableObjects(): Promise<void> }
  // biome-ignore lint/style/noDefaultExport: that is how workerd exports it
  export default unsafe
}
