/**
 * How hosts are listed: `api.example.com`, `*.example.com`, an address or range (`127.0.0.1`, `10.0.0.0/8`, `[::1]`), each with
 * `:port` or without, and `*` for every public host.
 */
export const HOST_PATTERN = /^(\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(\/\d{1,2})?(:\d{1,5})?|\[[0-9a-f:.]+\](\/\d{1,3})?(:\d{1,5})?)$/i;
export const HOST_RULE = 'a host is listed like "api.example.com", "*.example.com", "127.0.0.1:8080", "10.0.0.0/8", "[::1]" or "*"';
