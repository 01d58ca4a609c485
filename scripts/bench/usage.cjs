// Required into a Node program that is measured: at its end it writes what it used to a file, as JSON: its peak of resident
// memory (KiB, from /proc/self/status: the figure of getrusage(2) is inherited from whoever started the program), its time on
// processors (ms), what it handed to write(2) and what of it went to a disk (bytes, from /proc/self/io; see proc(5)).
const fs = require("node:fs");
process.on("exit", () => {
  const io = fs.readFileSync("/proc/self/io", "utf8");
  const { user, system } = process.cpuUsage();
  const usage = {
    peakKib: find(fs.readFileSync("/proc/self/status", "utf8"), /VmHWM:\s*(\d+)/),
    cpuMs: (user + system) / 1000,
    wchar: find(io, /^wchar: (\d+)/m),
    writeBytes: find(io, /^write_bytes: (\d+)/m),
  };
  fs.writeFileSync(process.env.BENCH_USAGE, JSON.stringify(usage));
});

function find(text, pattern) {
  return Number(pattern.exec(text)[1]);
}
