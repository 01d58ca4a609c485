// Required into a Node program that is measured: at its end it writes its peak of resident memory (KiB) to a file.
// From /proc/self/status: the figure of getrusage(2) is inherited from whoever started the program.
const fs = require("node:fs");
process.on("exit", () => {
  const [, peak] = /VmHWM:\s*(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"));
  fs.writeFileSync(process.env.BENCH_PEAK_MEMORY, peak);
});
