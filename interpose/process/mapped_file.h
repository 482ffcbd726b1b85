/*
 * mapped_file.h - finds the file that is mapped at an address.
 */
#ifndef MIDPOOL_INTERPOSE_MAPPED_FILE_H
#define MIDPOOL_INTERPOSE_MAPPED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies the path, as /proc/self/maps shows it, into out, which has size bytes;
 * a longer one is cut. False: there is no file, or no /proc. Allocates nothing;
 * makes a system call for each byte that it reads.
 */
bool mapped_file(uintptr_t address, char *out, size_t size);

#endif
