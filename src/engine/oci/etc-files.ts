/**
 * Files of the host's `/etc` that a task may read; the rest of it does not exist inside. Nothing that names people,
 * machines, networks or secrets, and nothing that makes programs run other programs.
 */
export const ETC_FILES: readonly string[] = [
  "bash.bashrc",
  "bindresvport.blacklist",
  "ca-certificates.conf",
  "debian_version",
  "ethertypes",
  "gai.conf",
  "host.conf",
  "inputrc",
  "ld.so.cache",
  "ld.so.conf",
  "locale.alias",
  "locale.conf",
  "localtime",
  "login.defs",
  "lsb-release",
  "magic",
  "magic.mime",
  "mime.types",
  "netconfig",
  "networks",
  "os-release",
  "papersize",
  "profile",
  "protocols",
  "rpc",
  "services",
  "shells",
  "ssl/openssl.cnf",
  "timezone",
];

/** Directories of the host's `/etc` that a task may read. */
export const ETC_DIRECTORIES: readonly string[] = [
  "alternatives",
  "fonts",
  "ld.so.conf.d",
  "maven",
  "ssl/certs",
  "xml",
];

/** Names of version-numbered directories in `/etc`, by their beginning. */
export const ETC_PREFIXES: readonly string[] = [
  "java",
  "python",
  "emacs",
  "php",
  "ruby",
  "ImageMagick",
  "texmf",
];
