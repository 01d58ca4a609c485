/** One kind of edit: shell lines (busybox's own tools alone) that run in a directory of that name. */
export interface EditPart {
  readonly name: string;
  /** Makes what is there before. */
  readonly base: string;
  /** What the task does to it. */
  readonly edit: string;
}

/** No program but the shell's own tools, the same everywhere. Any step that fails ends it. */
const PRELUDE = "set -e; umask 022; PATH=/none\n";

/** A script that makes what the edits start from, in an empty directory. */
export const toBaseScript = (parts: readonly EditPart[]): string =>
  `${PRELUDE}${parts.map((part) => `mkdir ${part.name}; cd ${part.name}\n${part.base}\ncd ..`).join("\n")}`;

/** A script of all the edits, for the directory that the base script filled. */
export const toEditScript = (parts: readonly EditPart[]): string =>
  `${PRELUDE}${parts.map((part) => `cd ${part.name}\n${part.edit}\ncd ..`).join("\n")}`;

/** What every backend can do. */
export const EDIT_PARTS: readonly EditPart[] = [
  {
    name: "content",
    base: `printf aaaa >same-size; echo line >grown; echo 123456 >cut; echo x >emptied; echo old >replaced
      echo x >gone; echo x >kept; mkdir d; echo x >d/gone; echo x >d/kept; : >nothing; printf x >refilled`,
    edit: `printf bbbb >same-size; echo more >>grown; truncate -s 3 cut; : >emptied; rm gone d/gone
      echo new >.replaced.tmp; mv .replaced.tmp replaced; echo 1 >added; : >d/added; printf y >nothing
      rm refilled; printf z >refilled`,
  },
  {
    name: "no-change",
    base: `for f in touched rewritten chmodded renamed again; do echo "$f" >$f; done
      mkdir d emptied; echo x >d/f; echo x >emptied/f; ln -s there link`,
    edit: `touch touched d; echo rewritten >rewritten; chmod 600 chmodded; chmod 644 chmodded
      mv renamed elsewhere; mv elsewhere renamed; rm again; echo again >again; chmod 700 d; chmod 755 d
      echo x >passing; rm passing; mkdir passing; rmdir passing; rm -rf d; mkdir d; echo x >d/f
      rm link; ln -s there link`,
  },
  {
    name: "types",
    base: `for f in file-dir file-link; do echo x >$f; done
      for d in dir-file dir-link; do mkdir $d; echo x >$d/a; mkdir $d/b; echo x >$d/b/c; done
      ln -s x link-file; ln -s x link-dir; ln -s x link-link`,
    edit: `for f in *; do rm -r $f; done
      mkdir file-dir link-dir; echo y >file-dir/in; echo y >dir-file; echo y >link-file
      ln -s y file-link; ln -s y dir-link; ln -s y link-link`,
  },
  {
    name: "symlinks",
    base: "ln -s nowhere gone; echo x >target; mkdir d; ln -s ../target d/up",
    edit: `rm gone; ln -s nowhere dangling; ln -s /etc/passwd absolute; ln -s ../../../.. leaving; ln -s self self
      ln -s d to-dir; ln -s "$(printf 'odd\\n\\033[31m \\377')" odd; echo through >to-dir/made; echo more >>d/up`,
  },
  {
    name: "opaque",
    base: `for d in empty same other nested over/a over/b deep/x/y back; do mkdir -p $d; echo x >$d/f; mkdir $d/sub; echo x >$d/sub/g; done`,
    edit: `for d in empty same other nested; do rm -rf $d; mkdir $d; done
      echo x >same/f; mkdir same/sub; echo x >same/sub/g; echo y >other/h; mkdir other/sub; echo y >other/sub/i
      mkdir -p nested/sub/sub; echo y >nested/sub/sub/f; rm -rf over/a; mv over/b over/a
      rm -rf deep/x; mkdir -p deep/x/y; echo y >deep/x/y/f; rm -rf back; cp -r same back; rm -rf back/sub`,
  },
  {
    name: "hard-links",
    base: `mkdir d; echo x >one; echo x >to-link; echo x >pair-a; ln pair-a pair-b; echo x >two-a; ln two-a d/two-b
      echo x >cut-a; ln cut-a cut-b; echo x >three-a; ln three-a three-b`,
    edit: `echo y >n1; ln n1 n2; ln n1 d/n3; ln to-link linked; ln one d/one; echo more >>d/one; echo more >>pair-a
      rm cut-b; ln three-a three-c; echo p >z2; ln z2 a2; rm z2; ln -s one soft; ln soft soft2
      chmod 600 two-a; mv n2 n4`,
  },
  {
    name: "modes",
    base: `for f in private run readable both; do echo x >$f; done; echo x >was-run; chmod 755 was-run
      mkdir d sticky closed; chmod 700 closed; echo x >closed/f; mkdir shared; chmod 2775 shared`,
    edit: `chmod 600 private; chmod 755 run; chmod 400 readable; chmod 644 was-run; chmod 700 d; chmod 1777 sticky
      chmod 755 closed; echo y >both; chmod 640 both; (umask 077; echo y >hidden; mkdir hidden-dir; echo y >hidden-dir/f)
      echo y >new-run; chmod 755 new-run; mkdir new-sticky; chmod 1777 new-sticky; (umask 0; : >open; mkdir open-dir)
      chmod 755 shared; mkdir new-shared; chmod 2775 new-shared; echo x >setgid; chmod 2755 setgid`,
  },
  {
    name: "sparse",
    base: "truncate -s 4M hole; truncate -s 1M cut",
    edit: `truncate -s 3M new; printf end | dd of=hole bs=1 seek=2000000 conv=notrunc 2>/dev/null
      printf middle | dd of=new bs=1 seek=1000000 conv=notrunc 2>/dev/null; truncate -s 5000 cut; printf x >tail; truncate -s 70000 tail`,
  },
  {
    name: "names",
    base: `echo x >"$(printf 'line\\nfeed')"; echo x >"$(printf 'byte\\377')"; echo x >-dash; echo x >.wh.base; mkdir "$(printf 'dir\\033')"`,
    edit: `for n in 'new\\nline' '-dash' 'esc\\033[31m' '\\303\\251' 'e\\314\\201' 'byte\\200\\377' '\\360\\237\\222\\251' 'tab\\t ' ' ' "quote'\\"" 'back\\\\slash' '.wh.f' '.wh..wh..opq' '*' 'a:b,c=d' '%%' '\\357\\273\\277'; do echo "y" >"./$(printf -- "$n")"; done
      rm "$(printf 'line\\nfeed')"; echo more >>"$(printf 'byte\\377')"; rm .wh.base; echo y >"$(printf 'dir\\033')/f"
      echo y >"$(printf %0250d 7)"; mkdir "$(printf %0255d 8)"; echo y >"$(printf %0255d 8)/$(printf %0255d 9)"`,
  },
  {
    name: "renames",
    base: `echo 1 >a; echo 2 >b; echo 3 >c; mkdir d e; echo 4 >d/f; mkdir d/sub; echo 5 >d/sub/g; echo 6 >swap1; echo 7 >swap2`,
    edit: `mv a a2; mv b c; mv d/f e/f; mv d moved; mkdir n; echo y >n/f; mkdir n/s; echo y >n/s/f; mv n n2; mv n2 e/n3
      mv swap1 t; mv swap2 swap1; mv t swap2`,
  },
  {
    name: "deep",
    base: `p=.; for i in 1 2 3 4 5 6 7 8; do p=$p/level$i; mkdir $p; echo x >$p/f; done; mkdir -p gone/a/b/c; echo x >gone/a/b/c/f`,
    edit: `p=.; for i in 1 2 3 4 5 6 7 8; do p=$p/level$i; done; echo y >$p/f; echo y >$p/g; rm level1/level2/f
      p=.; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do p=$p/directory$i; mkdir $p; done; echo y >$p/f; rm -rf gone`,
  },
  {
    name: "empty",
    base: `mkdir emptied gone kept; echo x >emptied/f`,
    edit: `rm emptied/f; rmdir gone; mkdir new; mkdir -p nested/a/b; : >none`,
  },
  {
    name: "large",
    base: "yes base | head -c 5000000 >changed; yes old | head -c 3000000 >cut",
    edit: `yes line | head -c 5000000 >new; printf here | dd of=changed bs=1 seek=2500000 conv=notrunc 2>/dev/null; truncate -s 1000001 cut; cp changed copy`,
  },
  {
    name: "many",
    base: "i=0; while [ $i -lt 120 ]; do echo $i >f$i; i=$((i+1)); done",
    edit: "rm f*3; i=0; while [ $i -lt 60 ]; do echo $i >g$i; echo $i >>f$i; i=$((i+5)); done",
  },
];

/** What gVisor of Debian 12 cannot do: FIFOs of the host's cannot be opened through its file server, which therefore refuses them, and makes none. */
export const FIFO_PARTS: readonly EditPart[] = [
  {
    name: "fifos",
    base: "mkfifo gone to-file chmodded; echo x >from-file; mkdir from-dir; echo x >from-dir/f",
    edit: `rm gone to-file from-file; echo y >to-file; mkfifo from-file; chmod 600 chmodded
      rm -r from-dir; mkfifo from-dir; mkfifo -m 640 added; mkfifo one; ln one two`,
  },
];

/** Extended attributes, set by `program` (`set-xattr.c`): no shell has a tool for them. */
export const toXattrParts = (program: string): readonly EditPart[] => [
  {
    name: "xattrs",
    base: `cp ${program} tool; for f in changed removed written kept; do echo x >$f; ./tool $f user.base 1; done
      mkdir d; ./tool d user.dir 1; echo x >plain`,
    edit: `./tool changed user.base 2; ./tool removed user.base; echo more >>written; ./tool plain user.new "of the task"
      ./tool d user.dir; ./tool d user.other 3; echo y >made; ./tool made user.a 1; ./tool made user.b ""
      mkdir made-dir; ./tool made-dir user.dir 4; ./tool kept user.base 2; ./tool kept user.base 1`,
  },
];
