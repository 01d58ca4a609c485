/* Planted on the host as root's, mode 4755: says whose rights it runs with. */
#include "say.h"

int main(void) {
  if (geteuid() == 0 && getuid() != 0) reached("runs with root's rights");
  held("runs with the caller's rights");
}
