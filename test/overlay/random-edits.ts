import fc from "fast-check";

const name = fc.constantFrom("a", "b", "c");
const place = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
const word = fc.constantFrom("1", "22", "333");
const mode = fc.constantFrom("600", "644", "700", "755", "4755");

/** A FIFO is never written to: that waits for a reader. Any edit may fail (no parent, a directory in the way): what the task then sees is what counts. */
const edit = fc.oneof(
  fc.tuple(place, word).map(([at, text]) => `[ -p ${at} ] || printf ${text} > ${at}`),
  fc.tuple(place, word).map(([at, text]) => `[ -p ${at} ] || printf ${text} >> ${at}`),
  fc.tuple(place, word).map(([at, text]) => `rm -f ${at}; printf ${text} > ${at}`),
  place.map((at) => `rm -rf ${at}`),
  place.map((at) => `rm -rf ${at}; mkdir ${at}`),
  place.map((at) => `mkdir -p ${at}`),
  place.map((at) => `mkfifo ${at}`),
  place.map((at) => `touch -c -d @1 ${at}`),
  fc.tuple(place, word).map(([at, text]) => `ln -s ${text} ${at}`),
  fc.tuple(place, place).map(([from, to]) => `ln -P ${from} ${to}`),
  fc.tuple(place, place).map(([from, to]) => `mv -T ${from} ${to}`),
  fc
    .tuple(place, mode)
    .map(
      ([at, bits]) =>
        `[ -L ${at} ] || if [ -d ${at} ]; then chmod 7${bits.slice(-2)} ${at}; else chmod ${bits} ${at}; fi`,
    ),
  fc.tuple(place, word).map(([at, text]) => `setfattr -h -n user.t -v ${text} ${at}`),
  place.map((at) => `setfattr -h -x user.t ${at}`),
);
/** A script of random edits in a small tree. */
export const edits = (maxLength: number) =>
  fc
    .array(edit, { maxLength })
    .map((all) => all.map((one) => `(${one}) 2>/dev/null || true`).join("\n"));
