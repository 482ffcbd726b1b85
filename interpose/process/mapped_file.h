/*
 * mapped_file.h - which file is mapped at an address.
 */
#ifndef MIDPOOL_INTERPOSE_MAPPED_FILE_H
#define MIDPOOL_INTERPOSE_MAPPED_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Copies the path, as /proc/self/maps shows it, into out, which has size bytes;
 * a longer one is cut. False: there is no file, or /proc is not there. Makes
 * three system calls or more, and allocates nothing.
 */
bool mapped_file(uintptr_t address, char *out, size_t size);

#endif
