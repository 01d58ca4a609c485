const minded = new WeakSet<NodeJS.WriteStream>();

/** A reader that went away (`| head`) is no error of ours. */
export function mindClosedPipe(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (minded.has(stream)) return stream;
  minded.add(stream);
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  return stream;
}
