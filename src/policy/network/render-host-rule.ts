import { renderPlace } from "../../core/render-place.js";
import type { HostRule } from "../../core/send.js";

/** A rule as one could write it: `HOST[:PORT,…] [METHOD,…] [/PATH,…]`. */
export function renderHostRule({ host, ports, methods, paths }: HostRule): string {
  const place = renderPlace(host, ports?.join(","));
  return [place, methods?.join(","), paths?.join(",")]
    .filter((part) => part !== undefined)
    .join(" ");
}
