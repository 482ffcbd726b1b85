/*
 * backend_small.c - jemalloc's small blocks: of 16 bytes at least, and refused
 * only when nothing is idle.
 *
 * jemalloc has a size class of 8 bytes, aligned to 8; malloc's callers, as
 * glibc's do, count on 16. Instead of rounding every small request up, the
 * table by which jemalloc finds the class of a size is changed once, so that
 * the class is never used.
 */
#include "backend.h"
#include "backend_je.h"

enum { CLASS_16 = 1, SIZES_TO_8 = 2 /* 0, and 1 to 8 */ };

void
backend_je_sz_boot(const void *classes, bool oblivious)
{
    je_sz_boot(classes, oblivious);
    for (unsigned i = 0; i < SIZES_TO_8; i++)
        je_sz_size2index_tab[i] = CLASS_16;
}

/*
 * The exported functions jump to jemalloc's for a small block, so that they do
 * not see a refusal. It is seen here, where jemalloc holds no lock.
 */
void *
backend_je_tcache_alloc_small_hard(void *tsd, void *arena, void *tcache,
                                   void *bin, unsigned class_index,
                                   bool *success)
{
    int kept = errno;
    void *ptr = je_tcache_alloc_small_hard(tsd, arena, tcache, bin, class_index,
                                           success);

    if (__builtin_expect(ptr != NULL, 1))
        return ptr;
    backend_give_back();
    ptr = je_tcache_alloc_small_hard(tsd, arena, tcache, bin, class_index,
                                     success);
    errno = kept;
    return ptr;
}
