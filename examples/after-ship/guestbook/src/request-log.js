/** One JSON line for each answered request. */
export function requestLog(write) {
  return ({ method, path, status, ms, error }) => {
    const level = status >= 500 ? "error" : "info";
    const message = error ? `${error.name}: ${error.message}` : `${method} ${path}`;
    write(`${JSON.stringify({ time: new Date().toISOString(), level, message, method, path, status, ms })}\n`);
  };
}
