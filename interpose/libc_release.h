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

#endif
