/*
 * page_bytes.c - the size of pages that the environment names, in a program
 * that links the pool's archive.
 *
 * The pool follows the system's rules for pages of that size by itself
 * (pool/os/os.c), so that a system with small pages stands for one with large
 * ones. It asks the program's getauxval, which is this, in place of libc's.
 */
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

unsigned long
getauxval(unsigned long type)
{
    const char *bytes = getenv("MIDPOOL_TEST_PAGE_BYTES");

    if (type != AT_PAGESZ)
        return 0;
    return bytes != NULL ? strtoul(bytes, NULL, 10)
                         : (unsigned long)sysconf(_SC_PAGESIZE);
}
