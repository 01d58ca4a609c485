import { type Ownership, toContainerName } from "./labels.js";
import type { Daemon } from "./open-daemon.js";

/** An image that we make: of the content that its name says. */
export interface OwnImage {
  readonly name: string;
  /** Makes it anew and returns its id. */
  make(daemon: Daemon, ownership: Ownership): Promise<string>;
}

/** A container that is to be created of an image of ours. */
interface OwnContainer {
  readonly image: OwnImage;
  readonly ownership: Ownership;
  /** What it is, for its name. */
  readonly purpose: string;
  /** Without the image. */
  readonly body: object;
  /** For messages: `create the container`. */
  readonly doing: string;
  readonly abort?: AbortSignal;
}

/**
 * Creates a container of an image of ours, which is made where it is not there. It is taken by the id that we got when we made it: a
 * name anybody who may use the daemon can give to another image.
 */
export async function createOfOwn(daemon: Daemon, container: OwnContainer): Promise<unknown> {
  const { image, ownership, purpose, body, doing, abort } = container;
  const create = (id: string): Promise<unknown> =>
    daemon.request({
      ...{ method: "POST", path: "/containers/create", doing, tolerate: [404] },
      query: { name: toContainerName(ownership, purpose) },
      body: { ...body, Image: id },
      ...(abort === undefined ? {} : { abort }),
    });
  const known = daemon.images.find(image.name);
  const answer = known === undefined ? undefined : await create(known);
  if (answer !== undefined) return answer;
  return await create(await makeOnce(daemon, { image, ownership, gone: known }));
}

async function makeOnce(
  daemon: Daemon,
  o: Pick<OwnContainer, "image" | "ownership"> & { readonly gone: string | undefined },
): Promise<string> {
  using _lock = await daemon.images.lock();
  const known = daemon.images.find(o.image.name);
  if (known !== undefined && known !== o.gone) return known;
  const id = await o.image.make(daemon, o.ownership);
  daemon.images.remember(o.image.name, id);
  return id;
}
