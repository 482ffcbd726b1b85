/*
 * vdso.h - functions that the kernel maps into every process.
 */
#ifndef MIDPOOL_POOL_VDSO_H
#define MIDPOOL_POOL_VDSO_H

/*
 * The function of that name, or NULL: valgrind, for one, hides them all.
 * Allocates nothing and may be used before relocation.
 */
void (*vdso_find(const char *name))(void);

#endif
