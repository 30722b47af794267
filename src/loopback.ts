/** Whether an address to listen on is reached from this machine only. */
export const isLoopback = (bind: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/.test(bind)
