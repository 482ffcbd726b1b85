/*
 * atfork.c - atfork handlers that allocate, registered early.
 *
 * Preloaded beside midpool (before or after it) and used by fork_handlers.c,
 * which registers more of them from main.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
allocate(void)
{
    for (size_t size = 10; size < 300000; size = size * 5 / 2) {
        char *block = malloc(size);
        if (!block)
            _exit(98);
        memset(block, 1, size);
        free(block);
    }
}

__attribute__((constructor(101))) static void
begin(void)
{
    pthread_atfork(allocate, allocate, allocate);
}
