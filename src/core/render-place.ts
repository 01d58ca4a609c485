/** `HOST:PORT`, IPv6 in brackets. */
export function renderPlace(host: string, port: string | number | undefined): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return port === undefined ? shown : `${shown}:${port}`;
}
