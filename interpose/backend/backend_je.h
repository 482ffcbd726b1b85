/*
 * backend_je.h - between the backend and the embedded jemalloc.
 *
 * Purpose   Declares what backend_*.c uses of jemalloc beyond backend.h, and
 *           what jemalloc, as renamed by backend_embed.sh, calls instead of
 *           libc's functions. No other file includes it.
 */
#ifndef MIDPOOL_INTERPOSE_BACKEND_JE_H
#define MIDPOOL_INTERPOSE_BACKEND_JE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* The fork handlers, which jemalloc alone would give to pthread_atfork. */
void je_jemalloc_prefork(void);
void je_jemalloc_postfork_parent(void);
void je_jemalloc_postfork_child(void);

/* Per-thread set-up, for backend_thread.c. */
struct je_tsd;
extern bool je_opt_tcache;
extern unsigned je_narenas_auto;
bool je_tsd_tcache_enabled_data_init(struct je_tsd *tsd);
void *je_a0malloc(size_t size);
void je_a0dalloc(void *ptr);

/*
 * Set-up of the table that gives the class of (size + 7) / 8; see
 * backend_small.c. jemalloc before 5.3 has no second parameter.
 */
void je_sz_boot(const void *classes, bool oblivious);
void backend_je_sz_boot(const void *classes, bool oblivious);
extern uint8_t je_sz_size2index_tab[];

/*
 * Each jemalloc arena keeps the address space of the memory that it purges, so
 * that other arenas and the pools never get it. From this call on purged memory
 * is unmapped instead, where a filter allows that; see backend_map.c.
 */
extern bool je_opt_retain;
void backend_unmap_purged(void);

/*
 * Every small block that is not in the thread's cache comes from here; see
 * backend_small.c. NULL: memory was refused.
 */
void *je_tcache_alloc_small_hard(void *tsd, void *arena, void *tcache,
                                 void *bin, unsigned class_index,
                                 bool *success);
void *backend_je_tcache_alloc_small_hard(void *tsd, void *arena, void *tcache,
                                         void *bin, unsigned class_index,
                                         bool *success);

/*
 * Locks. The storage is a pthread_mutex_t's, zeroed or initialised by one of
 * glibc's static initialisers, which leave the first 16 bytes zero.
 */
struct backend_mutex {
    uintptr_t state; /* 0 free; see backend_mutex.c */
    uintptr_t depth; /* further locks by the owner; owner only */
};

int backend_je_pthread_mutex_init(struct backend_mutex *mutex,
                                  const pthread_mutexattr_t *attributes);
int backend_je_pthread_mutex_lock(struct backend_mutex *mutex);
int backend_je_pthread_mutex_trylock(struct backend_mutex *mutex);
int backend_je_pthread_mutex_unlock(struct backend_mutex *mutex);

/*
 * Sets the thread that forks; 0: none. It may take its locks again, and does
 * not wait for a lock whose owner waits for it; see backend_mutex.c.
 */
void backend_mutex_fork(uintptr_t thread);

/*
 * Notes that the calling thread waits for the owner of mutex. Returns NULL when
 * the table is full: a forking thread then cannot see this wait.
 */
struct backend_wait;
struct backend_wait *backend_wait_begin(const struct backend_mutex *mutex);
void backend_wait_end(struct backend_wait *wait);

/* Forgets who waits, in a forked child. */
void backend_mutex_fork_child(void);

/* Condition variables, which only jemalloc's background threads use. */
struct backend_cond {
    uint32_t sequence;
};

int backend_je_pthread_cond_init(struct backend_cond *cond,
                                 const pthread_condattr_t *attributes);
int backend_je_pthread_cond_signal(struct backend_cond *cond);
int backend_je_pthread_cond_wait(struct backend_cond *cond,
                                 struct backend_mutex *mutex);
int backend_je_pthread_cond_timedwait(struct backend_cond *cond,
                                      struct backend_mutex *mutex,
                                      const struct timespec *until);

/*
 * Memory; see backend_map.c. All of these keep errno, except a munmap that
 * fails. jemalloc then passes errno to backend_je_strerror_r to describe the
 * error. errno therefore holds the error and, in its upper bits, the former
 * errno with a mark; strerror_r restores that, so that free keeps errno.
 */
enum {
    BACKEND_ERRNO_BITS = 16,      /* of the error */
    BACKEND_ERRNO_KEPT = 1 << 14, /* the errno of before is below this */
    BACKEND_ERRNO_MARK = 1 << 30,
};
void *backend_je_mmap(void *addr, size_t bytes, int prot, int flags, int fd,
                      off_t offset);
int backend_je_munmap(void *addr, size_t bytes);
int backend_je_madvise(void *addr, size_t bytes, int advice);
void *backend_je_sbrk(intptr_t bytes);

/*
 * The thread that may use the emergency reserve: one that starts while no
 * memory is to be had. 0: none.
 */
void backend_map_emergency(uintptr_t thread);
/* True once the emergency reserve was used. */
bool backend_map_is_scarce(void);

/* Per-thread set-up; see backend_thread.c. */
bool backend_je_tsd_tcache_enabled_data_init(struct je_tsd *tsd);
void backend_thread_fork_child(void);

/* The rest of libc; see backend_libc.c. */
int backend_je_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                              void (*child)(void));
void *backend_je_dlsym(void *handle, const char *name);
int backend_je_atexit(void (*function)(void));
int backend_je_clock_gettime(clockid_t clock, struct timespec *now);
char *backend_je_strerror_r(int error, char *buffer, size_t bytes);
double backend_je_exp(double x);
double backend_je_log(double x);
double backend_je_round(double x);

#endif
