/** One JSON line for each answered request. */
export function requestLog(write) {
  return (request, status) => {
    write(`${JSON.stringify({ at: new Date().toISOString(), method: request.method, url: request.url, status })}\n`);
  };
}
