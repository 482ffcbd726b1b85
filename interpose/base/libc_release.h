/*
 * libc_release.h - which glibc the process runs on.
 *
 * A library that was built on one release of Debian runs on others, so that
 * the answer is found at run time.
 */
#ifndef MIDPOOL_INTERPOSE_LIBC_RELEASE_H
#define MIDPOOL_INTERPOSE_LIBC_RELEASE_H

#include <stdbool.h>

/*
 * Is it glibc 2.MINOR or a newer one? Reads a constant of libc: may be called
 * at any time, by any thread.
 */
bool libc_release_since(unsigned minor);

/*
 * Does text begin with a release, as "6.12.3", that is MAJOR.MINOR or a newer
 * one? A missing number counts as 0. For the kernel's too; strtoul would tie
 * the library to the glibc that it was built on.
 */
bool release_since(const char *text, unsigned major, unsigned minor);

#endif
