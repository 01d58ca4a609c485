import type { OverlayCase } from "../support/overlay-case.js";

/** A small tree and a task that makes every kind of change there is; `f.composed` see `commit-case.ts`. */
export const everyKind: OverlayCase = {
  base: [
    "kept=kept",
    "edited=old",
    "mode@600=x",
    "gone=gone",
    "dir/a=1",
    "dir/b=2",
    "dir/sub/c=3",
    "emptied/x=x",
    "emptied/y=y",
    "tofile/inner=i",
    "todir=file",
    "link->kept",
    "tolink=file",
    "pipe|",
    "again/one=1",
    "again/two=2",
    "chmodded/",
    "pair1=pair",
    "f.composed=base",
  ],
  prepare: `ln pair1 pair2; setfattr -n user.note -v base edited; setfattr -n user.d -v base chmodded
    touch -d '2001-02-03 04:05:06.123456789' kept edited gone dir/a chmodded dir emptied again .`,
  edit: `echo new > edited; chmod 755 mode; rm gone; rm -r dir/sub; echo 4 > dir/d
    rm emptied/x; rm -r tofile; echo now > tofile; rm todir; mkdir todir; echo in > todir/in
    ln -sfn edited link; rm tolink; ln -s nowhere tolink; rm pipe; mkfifo other; echo p > pipe
    rm -r again; mkdir again; echo 3 > again/three; chmod 750 chmodded; setfattr -n user.d -v new chmodded
    mkdir -p deep/er/est; echo leaf > deep/er/est/leaf; ln deep/er/est/leaf deep/hard
    mkdir -m 555 locked; setfattr -n user.mark -v hello deep/hard
    chmod 755 locked; echo l > locked/l; chmod 555 locked
    printf '%s' x > "$(printf 'odd\\n\\377name')"
    truncate -s 1M holes; printf end >> holes
    touch -d '1969-12-31 23:59:58.5' deep/old; touch -d '2030-01-01 00:00:00.000000001' deep/er
    rm pair1; echo single > pair1; echo made > f.composed`,
};

/** The same with a directory that is read-only before and after, as are files in it: too many changes for tests that commit each alone. */
export const everyKindSealed: OverlayCase = {
  ...everyKind,
  prepare: `mkdir sealed; echo 1 > sealed/a; echo 2 > sealed/b; chmod 444 sealed/a; chmod 555 sealed
    ${everyKind.prepare}`,
  edit: `chmod 755 sealed; rm -f sealed/a; echo now > sealed/a; chmod 444 sealed/a; rm sealed/b; echo 3 > sealed/c; chmod 555 sealed
    ${everyKind.edit}`,
};
