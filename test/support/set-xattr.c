#include <string.h>
#include <sys/xattr.h>

/* set-xattr FILE NAME VALUE, or without VALUE to remove it: busybox has no tool for either. */
int main(int argc, char **argv) {
	if (argc == 4) return setxattr(argv[1], argv[2], argv[3], strlen(argv[3]), 0) != 0;
	return argc != 3 || removexattr(argv[1], argv[2]) != 0;
}
